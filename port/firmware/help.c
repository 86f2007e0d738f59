/* SPDX-License-Identifier: MIT */
/* AT+QHELP and AT+QHELP="+QFAW": what the commands do. */
#include "port/firmware/firmware.h"
#include "port/firmware/language.h"
#include "port/firmware/text.h"

struct help {
    const char *name;
    const char *form;
    const char *text;
};

static const struct help table[] = {
    {"I", "ATI",
     "Vendor, model and revision. The revision is that of the identity record, "
     "which the boot loader has compared with the image by SHA-256."},
    {"E", "ATE<0|1>", "Echo of what is received: 1 on, 0 off."},
    {"V", "ATV<0|1>", "Result codes: 1 as words, 0 as numbers."},
    {"Q", "ATQ<0|1>", "Result codes: 0 sent, 1 suppressed."},
    {"S3", "ATS3=<n>", "Character that ends a command line; 13 is carriage return."},
    {"S4", "ATS4=<n>", "Character behind the line end in answers; 10 is line feed."},
    {"S5", "ATS5=<n>", "Character that deletes the one before; 8 is backspace."},
    {"Z", "ATZ", "Settings as they were stored by AT&W."},
    {"&F", "AT&F", "Settings of the factory; not stored until AT&W."},
    {"&W", "AT&W", "Store the settings; they survive the reset and the update."},
    {"+CMEE", "AT+CMEE=<0|1|2>", "Errors: 0 plain ERROR, 1 with a number, 2 with a text."},
    {"+IFC", "AT+IFC=<0|2>,<0|2>", "Flow control of either direction: 0 none, 2 RTS/CTS."},
    {"+IPR", "AT+IPR=<rate>", "Rate of the serial line in bits per second."},
    {"+CGMI", "AT+CGMI", "Name of the manufacturer."},
    {"+CGMM", "AT+CGMM", "Name of the model."},
    {"+CGMR", "AT+CGMR", "Revision of the firmware, as the third line of ATI."},
    {"+CGSN", "AT+CGSN", "International mobile equipment identity: 15 digits."},
    {"+CFUN", "AT+CFUN=<0|1|4>[,1]",
     "Functionality: 0 minimum, 1 full, 4 no radio; with 1 "
     "behind it the module resets first."},
    {"+QFUA", "AT+QFUA[=<offset>]",
     "Receive an update package in data mode. Wait for CONNECT, "
     "send the package as it is, then +++. With an offset: go on "
     "with a broken transfer."},
    {"+QFAI", "AT+QFAI[=<0|1>]",
     "Begin to receive an update package by commands; 1 goes on with "
     "a broken transfer. The read form names the bytes that are "
     "durable, their total and their CRC-32."},
    {"+QFAW", "AT+QFAW=\"<digits>\"",
     "The next 1 to 450 bytes of the package, each as two "
     "hexadecimal digits."},
    {"+QFAU", "AT+QFAU", "The package is complete: validate it, reboot and update."},
    {"+QHELP", "AT+QHELP[=\"<command>\"]", "This help, of all commands or of one."},
    {"+QERR", "AT+QERR[=<code>]",
     "Meaning and remedy of the codes in 'status=' and in +CME "
     "ERROR texts; of all codes or of one."},
    {"+CLAN", "AT+CLAN=\"<en|de>\"", "Language of the help and of the texts of AT+QERR."},
    {"+QTEST", "AT+QTEST",
     "Self-test: known answers of SHA-256, CRC-32 and Ed25519, the text "
     "functions, and the hash of the image in the slot."},
    {"+COPN", "AT+COPN", "Names of the operators that the module knows."},
    {"+QMCC", "AT+QMCC=<code>",
     "Country of a mobile country code, its ISO and telephone codes."},
    {"+QGSM", "AT+QGSM=\"<text>\"", "The text in the packed 7 bit alphabet of short messages."},
    {"+QDAY", "AT+QDAY=\"<yyyy-mm-dd>\"", "Day of the week, day of the year, days since 1970."},
    {"+QSH", "AT+QSH=\"<words>\"",
     "Diagnosis: 'identity', 'journal', 'areas', 'sector <area> "
     "<n>', 'dump <area> <offset>', 'crc <area> <offset> "
     "<bytes>', 'uptime'."},
    {"+QHANG", "AT+QHANG", "Stop feeding the watchdog: it resets the module. For tests."},
#ifdef FIRMWARE_TONES
    {"+QTONE", "AT+QTONE=\"<key>\"",
     "Samples of a tone, the loudest of them, and their CRC-32."},
#endif
#if FIRMWARE_RELEASE >= 8
    {"+QCALC", "AT+QCALC=\"<expression>\"",
     "Integer arithmetic: + - * / % ( ) sqrt(). Numbers "
     "decimal or 0x hexadecimal. New in this release."},
#endif
};

static void print_help(struct fota_at_server *s, const struct help *h)
{
    char line[256];
    struct firmware_text t = firmware_text_begin(line, sizeof line);
    firmware_text_add(&t, h->form);
    firmware_text_add(&t, "  ");
    firmware_text_add(&t, firmware_help_text(h->name, h->text));
    fota_at_server_info(s, line);
}

enum fota_at_answer firmware_on_help(struct fota_at_server *s, enum fota_at_form form,
                                     const char *args, size_t n_args)
{
    (void)n_args;
    char name[16];
    if (form == FOTA_AT_WRITE && !firmware_text_unquote(args, name, sizeof name)) {
        s->error = FOTA_E_SYNTAX;
        return FOTA_AT_DONE_ERROR;
    }
    bool found = false;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (form == FOTA_AT_EXEC || firmware_text_equal(table[i].name, name)) {
            print_help(s, &table[i]);
            found = true;
        }
    }
    s->error = FOTA_E_SYNTAX;
    return found ? FOTA_AT_DONE_OK : FOTA_AT_DONE_ERROR;
}
