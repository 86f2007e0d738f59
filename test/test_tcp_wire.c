/* SPDX-License-Identifier: MIT */
#include "source/tcp_wire.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define HASH "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static void requests_survive_writing_and_parsing(void **state)
{
    static const struct fota_tcp_request rows[] = {
        {"", 0, 0},
        {"1.0-1.1.fota", 0, 65536},
        {"a b%/", 7, 1},
        {"\xC3\xA4\n\x7F", INT32_MAX, INT32_MAX},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char line[FOTA_TCP_LINE_MAX + 1];
        struct fota_tcp_request parsed;
        const size_t n = fota_tcp_write_request(line, &rows[i]);
        assert_int_equal(strlen(line), n);
        assert_int_equal(line[n - 1], '\n');
        line[n - 1] = '\0';
        assert_null(strchr(line, '\n'));
        if (strchr(rows[i].name, '/') != NULL) { /* written, but never accepted */
            assert_int_equal(fota_tcp_parse_request(&parsed, line), FOTA_E_SYNTAX);
            continue;
        }
        assert_int_equal(fota_tcp_parse_request(&parsed, line), FOTA_OK);
        assert_string_equal(parsed.name, rows[i].name);
        assert_int_equal(parsed.off, rows[i].off);
        assert_int_equal(parsed.n_bytes, rows[i].n_bytes);
    }
}

static void the_longest_name_fits_a_line(void **state)
{
    char line[FOTA_TCP_LINE_MAX + 1];
    struct fota_tcp_request request = {"", INT32_MAX, INT32_MAX};
    struct fota_tcp_request parsed;
    (void)state;
    memset(request.name, '\x01', FOTA_TCP_NAME_MAX);
    const size_t n = fota_tcp_write_request(line, &request);
    assert_true(n <= FOTA_TCP_LINE_MAX);
    line[n - 1] = '\0';
    assert_int_equal(fota_tcp_parse_request(&parsed, line), FOTA_OK);
    assert_string_equal(parsed.name, request.name);
}

static void malformed_requests_are_refused(void **state)
{
    static const char *const lines[] = {
        "",
        "GET",
        "GET a 0 1",
        "get /a 0 1",
        "GET /a",
        "GET /a 0",
        "GET /a 0 1 ",
        "GET /a 0 1 2",
        "GET /a  0 1",
        "GET /a -1 1",
        "GET /a 0 0x1",
        "GET /a 2147483648 1",
        "GET /a 0 99999999999999999999",
        "GET /.. 0 1",
        "GET /.a 0 1",
        "GET /a/b 0 1",
        "GET /a%2Fb 0 1",
        "GET /%2e%2e 0 1",
        "GET /a%00 0 1",
        "GET /a%0 0 1",
        "GET /a% 0 1",
        "GET /a%zz 0 1",
    };
    struct fota_tcp_request parsed;
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        assert_int_equal(fota_tcp_parse_request(&parsed, lines[i]), FOTA_E_SYNTAX);
    }
}

static void answers_survive_writing_and_parsing(void **state)
{
    char line[FOTA_TCP_LINE_MAX + 1];
    struct fota_tcp_answer answer = {
        .off = 450, .n_bytes = 65536, .total = INT32_MAX, .crc = 0xDEADBEEF};
    struct fota_tcp_answer parsed;
    (void)state;
    for (uint8_t i = 0; i < FOTA_SHA256_BYTES; i++) {
        answer.sha256[i] = i;
    }
    const size_t n = fota_tcp_write_answer(line, &answer);
    assert_string_equal(line, "OK 450 65536 2147483647 " HASH " deadbeef\n");
    line[n - 1] = '\0';
    assert_int_equal(fota_tcp_parse_answer(&parsed, line), FOTA_OK);
    assert_memory_equal(&parsed, &answer, sizeof answer);
    answer = (struct fota_tcp_answer){.code = fota_err_code(FOTA_E_NOT_FOUND)};
    line[fota_tcp_write_answer(line, &answer) - 1] = '\0';
    assert_string_equal(line, "ERR 61 no package or file of this name");
    assert_int_equal(fota_tcp_parse_answer(&parsed, line), FOTA_OK);
    assert_int_equal(parsed.code, 61);
}

static void malformed_answers_are_refused(void **state)
{
    static const char *const lines[] = {
        "",
        "OK",
        "OK 0 1 2",
        "OK 0 1 2 " HASH,
        "OK 0 1 2 " HASH " deadbee",
        "OK 0 1 2 " HASH " deadbeef ",
        "OK 0 1 2 " HASH "0 deadbeef",
        "OK 0 1 2 0" HASH " deadbeef",
        "OK 0 3 2 " HASH " deadbeef",         /* more than there is */
        "OK 3 0 2 " HASH " deadbeef",         /* behind the end */
        "OK 0 65537 99999 " HASH " deadbeef", /* more than a piece */
        "OK 0 1 2147483648 " HASH " deadbeef",
        "ERR",
        "ERR 0 fine",
        "ERR 126 x",
        "ERR x",
        "HTTP/1.1 200 OK",
    };
    struct fota_tcp_answer parsed;
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        assert_int_equal(fota_tcp_parse_answer(&parsed, lines[i]), FOTA_E_SYNTAX);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_survive_writing_and_parsing),
        cmocka_unit_test(the_longest_name_fits_a_line),
        cmocka_unit_test(malformed_requests_are_refused),
        cmocka_unit_test(answers_survive_writing_and_parsing),
        cmocka_unit_test(malformed_answers_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
