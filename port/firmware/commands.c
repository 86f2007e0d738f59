/* SPDX-License-Identifier: MIT */
#include "port/firmware/firmware.h"

const struct fota_at_command firmware_commands[] = {
    {"+QHELP", FOTA_AT_EXEC | FOTA_AT_WRITE | FOTA_AT_TEST, firmware_on_help, NULL},
    {"+QERR", FOTA_AT_EXEC | FOTA_AT_WRITE | FOTA_AT_TEST, firmware_on_errors,
     "+QERR: (1-125)"},
    {"+CLAN", FOTA_AT_READ | FOTA_AT_WRITE | FOTA_AT_TEST, firmware_on_language,
     "+CLAN: (\"en\",\"de\")"},
    {"+QTEST", FOTA_AT_EXEC | FOTA_AT_TEST, firmware_on_test, NULL},
    {"+COPN", FOTA_AT_EXEC | FOTA_AT_TEST, firmware_on_operators, NULL},
    {"+QMCC", FOTA_AT_WRITE | FOTA_AT_TEST, firmware_on_country, NULL},
    {"+QGSM", FOTA_AT_WRITE | FOTA_AT_TEST, firmware_on_alphabet, NULL},
    {"+QDAY", FOTA_AT_WRITE | FOTA_AT_TEST, firmware_on_day, NULL},
#ifdef FIRMWARE_TONES
    {"+QTONE", FOTA_AT_WRITE | FOTA_AT_TEST, firmware_on_tone, NULL},
#endif
#if FIRMWARE_RELEASE >= 8
    {"+QCALC", FOTA_AT_WRITE | FOTA_AT_TEST, firmware_on_calc, NULL},
#endif
    {"+QSH", FOTA_AT_WRITE | FOTA_AT_TEST, firmware_on_shell, NULL},
    {"+QHANG", FOTA_AT_EXEC, firmware_on_hang, NULL},
};
const uint32_t firmware_n_commands = sizeof firmware_commands / sizeof firmware_commands[0];
