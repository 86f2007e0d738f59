/* SPDX-License-Identifier: MIT */
#include "source/http_header.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define NONE FOTA_TOTAL_UNKNOWN

static struct fota_http_header take(const char *line)
{
    struct fota_http_header h;
    fota_http_header_reset(&h);
    fota_http_header_line(&h, line, strlen(line));
    return h;
}

static void content_range_is_taken_only_if_well_formed(void **state)
{
    static const struct {
        const char *line;
        bool has_range;
        uint64_t first;
        uint64_t last;
        uint64_t total;
    } rows[] = {
        {"Content-Range: bytes 5-9/10\r\n", true, 5, 9, 10},
        {"content-range:bytes 0-0/1\r\n", true, 0, 0, 1},
        {"CONTENT-RANGE: \t BYTES 5-9/* \r\n", true, 5, 9, NONE},
        {"Content-Range: bytes */10\r\n", false, 0, 0, 10},
        {"Content-Range: bytes */*\r\n", false, 0, 0, NONE},
        {"Content-Range: bytes 9-5/10\r\n", false, 0, 0, NONE},
        {"Content-Range: bytes 5-10/10\r\n", false, 0, 0, NONE},
        {"Content-Range: bytes 5-9/5\r\n", false, 0, 0, NONE},
        {"Content-Range: bytes 5-9\r\n", false, 0, 0, NONE},
        {"Content-Range: bytes 5-/10\r\n", false, 0, 0, NONE},
        {"Content-Range: bytes -9/10\r\n", false, 0, 0, NONE},
        {"Content-Range: bytes 5-9/10x\r\n", false, 0, 0, NONE},
        {"Content-Range: bytes 5-9/\r\n", false, 0, 0, NONE},
        {"Content-Range: bytes  5-9/10\r\n", false, 0, 0, NONE},
        {"Content-Range: bytes +5-9/10\r\n", false, 0, 0, NONE},
        {"Content-Range: items 5-9/10\r\n", false, 0, 0, NONE},
        {"Content-Range: bytes 18446744073709551616-9/10\r\n", false, 0, 0, NONE},
        {"Content-Range: \r\n", false, 0, 0, NONE},
        {"Content-Range\r\n", false, 0, 0, NONE},
        {"X-Content-Range: bytes 5-9/10\r\n", false, 0, 0, NONE},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct fota_http_header h = take(rows[i].line);
        assert_int_equal(h.has_range, rows[i].has_range);
        assert_int_equal(h.first, rows[i].first);
        assert_int_equal(h.last, rows[i].last);
        assert_int_equal(h.total, rows[i].total);
    }
}

static void content_length_is_a_number_or_unknown(void **state)
{
    (void)state;
    assert_int_equal(take("Content-Length: 1234\r\n").content_length, 1234);
    assert_int_equal(take("Content-Length: 0").content_length, 0);
    assert_int_equal(take("Content-Length: -1\r\n").content_length, NONE);
    assert_int_equal(take("Content-Length: 12a\r\n").content_length, NONE);
    assert_int_equal(take("Content-Length: 99999999999999999999\r\n").content_length, NONE);
}

static void validators_are_strong_only_as_strong_entity_tags(void **state)
{
    static const struct {
        const char *line;
        const char *text;
        bool strong;
        bool in_if_range;
    } rows[] = {
        {"ETag: \"abc\"\r\n", "\"abc\"", true, true},
        {"ETag: \"\"\r\n", "\"\"", true, true},
        {"ETag: W/\"abc\"\r\n", "W/\"abc\"", false, false},
        {"ETag: abc\r\n", "", false, false},
        {"ETag: \"abc\r\n", "", false, false},
        {"ETag: \"\r\n", "", false, false},
        {"ETag: \"a\tb\"\r\n", "", false, false},
        {"ETag: \"\xC3\xA4\"\r\n", "", false, false},
        {"Last-Modified: Tue, 01 Jul 2025 10:00:00 GMT\r\n", "Tue, 01 Jul 2025 10:00:00 GMT",
         false, true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct fota_http_header h = take(rows[i].line);
        assert_string_equal(h.validator.text, rows[i].text);
        assert_int_equal(h.validator.strong, rows[i].strong);
        assert_int_equal(fota_http_usable_in_if_range(&h.validator), rows[i].in_if_range);
    }
}

static void an_entity_tag_goes_before_a_date_in_either_order(void **state)
{
    static const char tag[] = "ETag: \"x\"\r\n";
    static const char date[] = "Last-Modified: Tue, 01 Jul 2025 10:00:00 GMT\r\n";
    struct fota_http_header h;
    (void)state;
    fota_http_header_reset(&h);
    fota_http_header_line(&h, tag, sizeof tag - 1);
    fota_http_header_line(&h, date, sizeof date - 1);
    assert_string_equal(h.validator.text, "\"x\"");
    fota_http_header_reset(&h);
    fota_http_header_line(&h, date, sizeof date - 1);
    fota_http_header_line(&h, tag, sizeof tag - 1);
    assert_string_equal(h.validator.text, "\"x\"");
}

static void long_fields_and_fields_with_nul_are_passed_over(void **state)
{
    char line[1024] = "ETag: \"";
    static const char with_nul[] = "ETag: \"a\0b\"\r\n";
    struct fota_http_header h;
    (void)state;
    memset(line + 7, 'x', sizeof line - 9);
    line[sizeof line - 2] = '"';
    assert_string_equal(take(line).validator.text, "");
    line[7 + FOTA_VALIDATOR_MAX - 2] = '"';
    line[7 + FOTA_VALIDATOR_MAX - 1] = '\0';
    assert_int_equal(strlen(take(line).validator.text), FOTA_VALIDATOR_MAX);
    fota_http_header_reset(&h);
    fota_http_header_line(&h, with_nul, sizeof with_nul - 1);
    assert_string_equal(h.validator.text, "");
}

static void a_status_line_forgets_the_answer_before(void **state)
{
    static const char status[] = "HTTP/1.1 200 OK\r\n";
    (void)state;
    struct fota_http_header h = take("ETag: \"x\"\r\n");
    fota_http_header_line(&h, status, sizeof status - 1);
    assert_string_equal(h.validator.text, "");
}

static void other_codings_than_identity_are_noticed(void **state)
{
    (void)state;
    assert_true(take("Content-Encoding: gzip\r\n").recoded);
    assert_false(take("Content-Encoding: identity\r\n").recoded);
    assert_false(take("Content-Type: gzip\r\n").recoded);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(content_range_is_taken_only_if_well_formed),
        cmocka_unit_test(content_length_is_a_number_or_unknown),
        cmocka_unit_test(validators_are_strong_only_as_strong_entity_tags),
        cmocka_unit_test(an_entity_tag_goes_before_a_date_in_either_order),
        cmocka_unit_test(long_fields_and_fields_with_nul_are_passed_over),
        cmocka_unit_test(a_status_line_forgets_the_answer_before),
        cmocka_unit_test(other_codings_than_identity_are_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
