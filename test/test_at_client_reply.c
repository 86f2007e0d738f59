/* SPDX-License-Identifier: MIT */
#include "core/at_client_reply.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct row {
    const char *line;
    struct fota_at_reply reply;
};

/* clang-format off */
static const struct row rows[] = {
    {"OK", {.kind = FOTA_AT_REPLY_OK}},
    {"OKAY", {.kind = FOTA_AT_REPLY_TEXT}},
    {"CONNECT", {.kind = FOTA_AT_REPLY_CONNECT}},
    {"CONNECT 115200", {.kind = FOTA_AT_REPLY_CONNECT}},
    {"ERROR", {.kind = FOTA_AT_REPLY_ERROR}},
    {"NO CARRIER", {.kind = FOTA_AT_REPLY_ERROR}},
    {"+CME ERROR: 617", {.kind = FOTA_AT_REPLY_ERROR, .error = FOTA_E_BASE}},
    {"+CME ERROR: 3", {.kind = FOTA_AT_REPLY_ERROR, .error = FOTA_E_NO_TRANSFER}},
    {"+CME ERROR:20", {.kind = FOTA_AT_REPLY_ERROR, .error = FOTA_E_STAGING_SPACE}},
    {"+CME ERROR: 100", {.kind = FOTA_AT_REPLY_ERROR, .error = FOTA_E_SYNTAX}},
    {"+CME ERROR: 601", {.kind = FOTA_AT_REPLY_ERROR, .error = FOTA_E_INTERNAL}},
    {"+CME ERROR: 608", {.kind = FOTA_AT_REPLY_ERROR}},
    {"+CME ERROR: 30", {.kind = FOTA_AT_REPLY_ERROR}},
    {"+CME ERROR: 99999999999", {.kind = FOTA_AT_REPLY_ERROR}},
    {"+CME ERROR: 617x", {.kind = FOTA_AT_REPLY_ERROR}},
    {"+CME ERROR: signature wrong", {.kind = FOTA_AT_REPLY_ERROR}},
    {"AT", {.kind = FOTA_AT_REPLY_ECHO}},
    {"ati", {.kind = FOTA_AT_REPLY_ECHO}},
    {"AT+QFAI?", {.kind = FOTA_AT_REPLY_ECHO}},
    {"Revision: M95FAR02A08", {.kind = FOTA_AT_REPLY_REVISION, .text = "M95FAR02A08"}},
    {"Revision:EC25EFAR06A03M4G", {.kind = FOTA_AT_REPLY_REVISION, .text = "EC25EFAR06A03M4G"}},
    {"Quectel_M95", {.kind = FOTA_AT_REPLY_TEXT}},
    {"+IFC: 2,2", {.kind = FOTA_AT_REPLY_FLOW, .number = 2}},
    {"+IFC: 2,0", {.kind = FOTA_AT_REPLY_FLOW, .number = 0}},
    {"+IFC: 2;2", {.kind = FOTA_AT_REPLY_TEXT}},
    {"+IFC: 2", {.kind = FOTA_AT_REPLY_TEXT}},
    {"+IFC: (0,2),(0,2)", {.kind = FOTA_AT_REPLY_TEXT}},
    {"+QFAI: 4096,31337,\"00C0FFEE\"", {.kind = FOTA_AT_REPLY_RECEIVED, .number = 4096, .total = 31337, .crc = 0xC0FFEE}},
    {"+QFAI: 0, 0, \"00000000\"", {.kind = FOTA_AT_REPLY_RECEIVED}},
    {"+QFAI: 1,2,\"00C0FFE\"", {.kind = FOTA_AT_REPLY_TEXT}},
    {"+QFAI: 1,2,\"00C0FFEE", {.kind = FOTA_AT_REPLY_TEXT}},
    {"+QFAI: 1,2", {.kind = FOTA_AT_REPLY_TEXT}},
    {"+QFAI: 1", {.kind = FOTA_AT_REPLY_TEXT}},
    {"+QFAI: ", {.kind = FOTA_AT_REPLY_TEXT}},
    {"+QFAI: 4294967296,2,\"00C0FFEE\"", {.kind = FOTA_AT_REPLY_TEXT}},
    /* seed 2.3.1, as it prints them and in what may become of blanks; 2.3.2 leaves one out */
    {"Finish data downloading, rebooting....", {.kind = FOTA_AT_REPLY_FINISH}},
    {" Quectel firmware update is processing....", {.kind = FOTA_AT_REPLY_TEXT}},
    {"Quectel firmware update is processing....", {.kind = FOTA_AT_REPLY_TEXT}},
    {".......RunFirmwareUpdate......", {.kind = FOTA_AT_REPLY_TEXT}},
    {".......", {.kind = FOTA_AT_REPLY_TEXT}},
    {" Update  percent = 1%", {.kind = FOTA_AT_REPLY_PERCENT, .number = 1}},
    {"Update percent=99 %", {.kind = FOTA_AT_REPLY_PERCENT, .number = 99}},
    {"  Update  percent = 100%", {.kind = FOTA_AT_REPLY_PERCENT, .number = 100}},
    {" Update  percent = 0%", {.kind = FOTA_AT_REPLY_TEXT}},
    {" Update  percent = 101%", {.kind = FOTA_AT_REPLY_TEXT}},
    {" Update  percent = 1", {.kind = FOTA_AT_REPLY_TEXT}},
    {" Update  percent = ", {.kind = FOTA_AT_REPLY_TEXT}},
    {" Quectel firmware update success. status=0", {.kind = FOTA_AT_REPLY_SUCCESS, .number = 0}},
    {"Quectel firmware update success. status=0", {.kind = FOTA_AT_REPLY_SUCCESS, .number = 0}},
    {"Acme firmware update success. status = 7", {.kind = FOTA_AT_REPLY_SUCCESS, .number = 7, .error = FOTA_OK}},
    {" Quectel firmware update success. status=", {.kind = FOTA_AT_REPLY_TEXT}},
    {" Quectel firmware update failed. status=24", {.kind = FOTA_AT_REPLY_FAILED, .number = 24, .error = FOTA_E_BODY_HASH}},
    {"Quectel firmware update failed. status=1", {.kind = FOTA_AT_REPLY_FAILED, .number = 1, .error = FOTA_E_INTERNAL}},
    {"Quectel firmware update failed. status=0", {.kind = FOTA_AT_REPLY_FAILED}},
    {"Quectel firmware update failed. status=126", {.kind = FOTA_AT_REPLY_FAILED, .number = 126}},
    {" Quectel firmware update failed. status=4000", {.kind = FOTA_AT_REPLY_FAILED, .number = 4000}},
    {"Rebooting....", {.kind = FOTA_AT_REPLY_REBOOTING}},
    {"RDY", {.kind = FOTA_AT_REPLY_READY}},
    {"RDYX", {.kind = FOTA_AT_REPLY_TEXT}},
    {"", {.kind = FOTA_AT_REPLY_TEXT}},
    {"A", {.kind = FOTA_AT_REPLY_TEXT}},
    {"0", {.kind = FOTA_AT_REPLY_TEXT}},
};
/* clang-format on */

static void every_line_is_understood(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct fota_at_reply *expected = &rows[i].reply;
        struct fota_at_reply r = fota_at_client_reply(rows[i].line);
        if (r.kind != expected->kind) {
            fail_msg("%s: %d", rows[i].line, (int)r.kind);
        }
        if (r.kind == FOTA_AT_REPLY_TEXT) {
            continue;
        }
        assert_int_equal(r.number, expected->number);
        assert_int_equal(r.total, expected->total);
        assert_int_equal(r.crc, expected->crc);
        if (r.kind != FOTA_AT_REPLY_SUCCESS) {
            assert_int_equal(r.error, expected->error);
        }
        if (expected->text != NULL) {
            assert_string_equal(r.text, expected->text);
        }
    }
}

/* Read at the end of an exact allocation by the address sanitizer. */
static void prefixes_of_lines_are_read_within_their_bounds(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (size_t n = 0; n <= strlen(rows[i].line); n++) {
            char line[64];
            char *exact = line + sizeof line - (n + 1);
            memcpy(exact, rows[i].line, n);
            exact[n] = '\0';
            (void)fota_at_client_reply(exact);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_line_is_understood),
        cmocka_unit_test(prefixes_of_lines_are_read_within_their_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
