/* SPDX-License-Identifier: MIT */
#include "core/at_line.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void numbers_are_decimal_and_at_most_32_bits(void **state)
{
    static const struct {
        const char *text;
        bool ok;
        uint32_t value;
        size_t n_used;
    } rows[] = {
        {"0", true, 0, 1},
        {"00012x", true, 12, 5},
        {"4294967295", true, UINT32_MAX, 10},
        {"4294967296", false, 0, 0},
        {"4294967300", false, 0, 0},
        {"99999999999999999999", false, 0, 0},
        {"", false, 0, 0},
        {"-1", false, 0, 0},
        {" 1", false, 0, 0},
        {"/", false, 0, 0},
        {":", false, 0, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *at = rows[i].text;
        uint32_t value = 77;
        assert_int_equal(fota_at_parse_number(&at, &value), rows[i].ok);
        assert_int_equal(value, rows[i].ok ? rows[i].value : 77);
        assert_int_equal(at - rows[i].text, rows[i].n_used);
    }
}

static void eight_hexadecimal_digits_make_a_word(void **state)
{
    static const struct {
        const char *text;
        bool ok;
        uint32_t value;
    } rows[] = {
        {"00000000", true, 0}, {"DEADbeef\"", true, 0xDEADBEEF},
        {"DEADBEE", false, 0}, {"DEADBEEG", false, 0},
        {"", false, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *at = rows[i].text;
        uint32_t value = 77;
        assert_int_equal(fota_at_parse_hex32(&at, &value), rows[i].ok);
        assert_int_equal(value, rows[i].ok ? rows[i].value : 77);
        assert_int_equal(at - rows[i].text, rows[i].ok ? 8 : 0);
    }
}

static void only_the_22_hexadecimal_characters_are_digits(void **state)
{
    static const char digits[] = "0123456789abcdefABCDEF";
    (void)state;
    for (unsigned c = 0; c < 256; c++) {
        const char *found = c != 0 ? strchr(digits, (int)c) : NULL;
        unsigned expected = 16;
        if (found != NULL) {
            expected = (unsigned)(found - digits);
            expected -= expected > 15 ? 6 : 0;
        }
        assert_int_equal(fota_at_hex_digit((uint8_t)c), expected);
    }
}

static void printed_numbers_are_read_back(void **state)
{
    static const uint32_t values[] = {0,    9,         10,         99,        100,
                                      4711, 123456789, 1000000000, UINT32_MAX};
    char text[FOTA_AT_NUMBER_MAX];
    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        const char *at = text;
        uint32_t value = 0;
        char *end = fota_at_print_number(text, values[i]);
        assert_int_equal(*end, '\0');
        assert_int_equal(end - text, strlen(text));
        assert_true(fota_at_parse_number(&at, &value));
        assert_int_equal(value, values[i]);
        at = text;
        end = fota_at_print_hex32(text, values[i]);
        assert_int_equal(end - text, 8);
        assert_int_equal(strlen(text), 8);
        assert_true(fota_at_parse_hex32(&at, &value));
        assert_int_equal(value, values[i]);
    }
    (void)fota_at_print_number(text, UINT32_MAX);
    assert_string_equal(text, "4294967295");
    (void)fota_at_print_hex32(text, 0x0123ABCD);
    assert_string_equal(text, "0123ABCD");
}

static void prefixes_are_skipped_whole_or_not_at_all(void **state)
{
    const char *text = "+QFAI: 12";
    (void)state;
    assert_string_equal(fota_at_skip(text, "+QFAI: "), "12");
    assert_string_equal(fota_at_skip(text, ""), text);
    assert_string_equal(fota_at_skip(text, text), "");
    assert_null(fota_at_skip(text, "+QFAW: "));
    assert_null(fota_at_skip("+QF", text));
    assert_true(fota_at_equals(text, "+QFAI: 12"));
    assert_false(fota_at_equals(text, "+QFAI: 1"));
    assert_false(fota_at_equals(text, "+QFAI: 123"));
    assert_true(fota_at_equals("", ""));
    assert_int_equal(fota_at_length(text), strlen(text));
    assert_int_equal(fota_at_length(""), 0);
}

/* Seed 2.3.2: "%02X" of each byte, terminated. */
static void the_seed_converts_bytes_to_upper_case_digits(void **state)
{
    static const uint8_t seed[6] = {0x05, 0xA5, 0xD9, 0x85, 0xB1, 0x9D};
    char text[513];
    uint8_t all[256];
    (void)state;
    fota_convert_hex_to_string(seed, 3, text);
    assert_string_equal(text, "05A5D9");
    fota_convert_hex_to_string(seed + 3, 3, text);
    assert_string_equal(text, "85B19D");
    fota_convert_hex_to_string(seed, 0, text);
    assert_string_equal(text, "");
    for (unsigned i = 0; i < 256; i++) {
        all[i] = (uint8_t)i;
    }
    memset(text, 'x', sizeof text);
    fota_convert_hex_to_string(all, 255, text);
    assert_int_equal(strlen(text), 510);
    assert_int_equal(text[511], 'x'); /* nothing behind the terminator */
    fota_convert_hex_to_string(all, sizeof all, text);
    assert_int_equal(strlen(text), 512);
    for (size_t i = 0; i < 256; i++) {
        assert_int_equal(fota_at_hex_digit((uint8_t)text[2 * i]) << 4 |
                             fota_at_hex_digit((uint8_t)text[2 * i + 1]),
                         i);
        assert_true(text[2 * i] < 'a' && text[2 * i + 1] < 'a');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_decimal_and_at_most_32_bits),
        cmocka_unit_test(eight_hexadecimal_digits_make_a_word),
        cmocka_unit_test(only_the_22_hexadecimal_characters_are_digits),
        cmocka_unit_test(printed_numbers_are_read_back),
        cmocka_unit_test(prefixes_are_skipped_whole_or_not_at_all),
        cmocka_unit_test(the_seed_converts_bytes_to_upper_case_digits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
