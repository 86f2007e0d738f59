/* SPDX-License-Identifier: MIT */
#include "core/crc32.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* Expected values: Python's zlib.crc32(). */
static void equals_zlib(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t crc;
    } rows[] = {
        {"", 0x00000000U},
        {"a", 0xE8B7BE43U},
        {"123456789", 0xCBF43926U},
        {"The quick brown fox jumps over the lazy dog", 0x414FA339U},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const uint8_t *bytes = (const uint8_t *)rows[i].text;
        assert_int_equal(fota_crc32(0, bytes, strlen(rows[i].text)), rows[i].crc);
    }
    uint8_t all[256];
    for (unsigned i = 0; i < sizeof all; i++)
        all[i] = (uint8_t)i;
    assert_int_equal(fota_crc32(0, all, sizeof all), 0x29058C73U);
}

static void pieces_give_the_crc_of_the_whole(void **state)
{
    (void)state;
    const uint8_t text[] = "123456789";
    for (size_t cut = 0; cut <= 9; cut++) {
        uint32_t crc = fota_crc32(0, text, cut);
        assert_int_equal(fota_crc32(crc, text + cut, 9 - cut), 0xCBF43926U);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_zlib),
        cmocka_unit_test(pieces_give_the_crc_of_the_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
