/* SPDX-License-Identifier: MIT */
/* AT+COPN: the operator names that the module knows, by country and network code
 * (3GPP TS 27.007 7.21). */
#include "port/firmware/firmware.h"
#include "port/firmware/text.h"

struct network {
    const char *numeric;
    const char *name;
};

static const struct network operators[] = {
    {"20201", "COSMOTE"},      {"20205", "Vodafone GR"},
    {"20209", "NOVA"},         {"20404", "Vodafone NL"},
    {"20408", "KPN"},          {"20416", "T-Mobile NL"},
    {"20420", "Odido"},        {"20601", "Proximus"},
    {"20610", "Orange BE"},    {"20620", "BASE"},
    {"20801", "Orange F"},     {"20810", "SFR"},
    {"20815", "Free"},         {"20820", "Bouygues"},
    {"21401", "Vodafone ES"},  {"21403", "Orange ES"},
    {"21404", "Yoigo"},        {"21407", "Movistar"},
    {"21601", "Yettel HU"},    {"21630", "Telekom HU"},
    {"21670", "Vodafone HU"},  {"21901", "HT HR"},
    {"21902", "Telemach HR"},  {"21910", "A1 HR"},
    {"22201", "TIM"},          {"22210", "Vodafone IT"},
    {"22250", "Iliad"},        {"22288", "WINDTRE"},
    {"22601", "Vodafone RO"},  {"22603", "Telekom RO"},
    {"22610", "Orange RO"},    {"22801", "Swisscom"},
    {"22802", "Sunrise"},      {"22803", "Salt"},
    {"23001", "T-Mobile CZ"},  {"23002", "O2 CZ"},
    {"23003", "Vodafone CZ"},  {"23101", "Orange SK"},
    {"23102", "Telekom SK"},   {"23106", "O2 SK"},
    {"23201", "A1 AT"},        {"23203", "Magenta"},
    {"23205", "Drei AT"},      {"23410", "O2 UK"},
    {"23415", "Vodafone UK"},  {"23420", "3 UK"},
    {"23430", "EE"},           {"23801", "TDC"},
    {"23802", "Telenor DK"},   {"23806", "3 DK"},
    {"23820", "Telia DK"},     {"24001", "Telia SE"},
    {"24002", "3 SE"},         {"24007", "Tele2"},
    {"24008", "Telenor SE"},   {"24201", "Telenor NO"},
    {"24202", "Telia NO"},     {"24405", "Elisa"},
    {"24412", "DNA"},          {"24491", "Telia FI"},
    {"24601", "Telia LT"},     {"24602", "BITE LT"},
    {"24603", "Tele2 LT"},     {"24701", "LMT"},
    {"24702", "Tele2 LV"},     {"24705", "BITE LV"},
    {"24801", "Telia EE"},     {"24802", "Elisa EE"},
    {"24803", "Tele2 EE"},     {"25501", "Vodafone UA"},
    {"25503", "Kyivstar"},     {"25506", "lifecell"},
    {"26001", "Plus"},         {"26002", "T-Mobile PL"},
    {"26003", "Orange PL"},    {"26006", "Play"},
    {"26201", "Telekom DE"},   {"26202", "Vodafone DE"},
    {"26203", "O2 DE"},        {"26801", "Vodafone PT"},
    {"26803", "NOS"},          {"26806", "MEO"},
    {"27001", "POST LU"},      {"27077", "Tango"},
    {"27201", "Vodafone IE"},  {"27202", "3 IE"},
    {"27203", "eir"},          {"27401", "Siminn"},
    {"27402", "Vodafone IS"},  {"28001", "Cyta"},
    {"28401", "A1 BG"},        {"28403", "Vivacom"},
    {"28405", "Yettel BG"},    {"28601", "Turkcell"},
    {"28602", "Vodafone TR"},  {"28603", "Turk Telekom"},
    {"29340", "A1 SI"},        {"29341", "Telekom SI"},
    {"29370", "Telemach SI"},  {"302220", "Telus"},
    {"302610", "Bell"},        {"302720", "Rogers"},
    {"310260", "T-Mobile US"}, {"310410", "AT&T"},
    {"311480", "Verizon"},     {"334020", "Telcel"},
    {"40410", "Airtel"},       {"40420", "Vi"},
    {"405840", "Jio"},         {"44010", "NTT docomo"},
    {"44020", "SoftBank"},     {"44051", "au"},
    {"45005", "SK Telecom"},   {"45006", "LG U+"},
    {"45008", "KT"},           {"45400", "CSL"},
    {"45412", "CMHK"},         {"46000", "China Mobile"},
    {"46001", "China Unicom"}, {"46003", "China Telecom"},
    {"46692", "Chunghwa"},     {"50501", "Telstra"},
    {"50502", "Optus"},        {"50503", "Vodafone AU"},
    {"51010", "Telkomsel"},    {"52001", "AIS"},
    {"52501", "Singtel"},      {"53001", "One NZ"},
    {"53005", "Spark"},        {"60201", "Orange EG"},
    {"60202", "Vodafone EG"},  {"63902", "Safaricom"},
    {"65501", "Vodacom"},      {"65510", "MTN"},
    {"72405", "Claro BR"},     {"72406", "Vivo"},
    {"73001", "Entel"},
#if FIRMWARE_RELEASE >= 8
    {"21303", "Andorra Tel"},  {"22005", "Telenor RS"},
    {"25001", "MTS"},          {"26204", "Vodafone DE 2"},
    {"28201", "Geocell"},      {"42402", "Etisalat"},
    {"42501", "Partner"},      {"45204", "Viettel"},
    {"73402", "Digitel"},
#endif
};

enum fota_at_answer firmware_on_operators(struct fota_at_server *s, enum fota_at_form form,
                                          const char *args, size_t n_args)
{
    (void)form;
    (void)args;
    (void)n_args;
    for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++) {
        char line[48];
        struct firmware_text t = firmware_text_begin(line, sizeof line);
        firmware_text_add(&t, "+COPN: \"");
        firmware_text_add(&t, operators[i].numeric);
        firmware_text_add(&t, "\",\"");
        firmware_text_add(&t, operators[i].name);
        firmware_text_add_char(&t, '"');
        fota_at_server_info(s, line);
    }
    return FOTA_AT_DONE_OK;
}
