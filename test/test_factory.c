/* SPDX-License-Identifier: MIT */
#include "module/factory.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct factory factory;
static char page[FACTORY_BYTES];

static int set_up(void **state)
{
    (void)state;
    struct fota_profile profile;
    memset(&factory, 0, sizeof factory);
    (void)snprintf(factory.product, sizeof factory.product, "M95");
    (void)snprintf(factory.vendor, sizeof factory.vendor, "Quectel_Ltd");
    (void)snprintf(factory.brand, sizeof factory.brand, "Quectel");
    (void)snprintf(factory.model, sizeof factory.model, "A model, with blanks");
    (void)snprintf(factory.serial, sizeof factory.serial, "867223020000000");
    memset(factory.keys[0], 0xA5, sizeof factory.keys[0]);
    memset(factory.keys[1], 0x0F, sizeof factory.keys[1]);
    factory.n_keys = 2;
    fota_profile_simple(&profile, 4096, 8, 1, 65536);
    assert_int_equal(factory_print_profile(&profile, factory.profile_text), FOTA_OK);
    assert_int_equal(factory_print(&factory, page), FOTA_OK);
    return 0;
}

static void page_is_read_back_as_it_was_printed(void **state)
{
    (void)state;
    struct factory back;
    const char *reason = NULL;
    assert_int_equal(factory_parse(&back, page, &reason), FOTA_OK);
    assert_string_equal(back.product, factory.product);
    assert_string_equal(back.vendor, factory.vendor);
    assert_string_equal(back.brand, factory.brand);
    assert_string_equal(back.model, factory.model);
    assert_string_equal(back.serial, factory.serial);
    assert_int_equal(back.n_keys, 2);
    assert_memory_equal(back.keys, factory.keys, sizeof factory.keys);
    assert_string_equal(back.profile_text, factory.profile_text);
}

static void simple_profiles_are_printed_without_loss(void **state)
{
    (void)state;
    for (uint32_t slots = 1; slots <= 2; slots++) {
        struct fota_profile profile;
        struct fota_profile back;
        struct fota_profile_fault fault;
        char text[FACTORY_PROFILE_MAX + 1];
        fota_profile_simple(&profile, 2048, 5, slots, 100000);
        assert_int_equal(factory_print_profile(&profile, text), FOTA_OK);
        assert_int_equal(fota_profile_parse(&back, text, strlen(text), &fault), FOTA_OK);
        assert_int_equal(fota_profile_check(&back, &fault), FOTA_OK);
        for (size_t i = 0; i < FOTA_AREA_COUNT; i++) {
            assert_int_equal(back.area[i].n_bytes, profile.area[i].n_bytes);
            if (profile.area[i].n_bytes != 0) {
                assert_int_equal(back.area[i].addr, profile.area[i].addr);
            }
        }
        assert_int_equal(back.n_flash, profile.n_flash);
        assert_memory_equal(back.flash[0].runs, profile.flash[0].runs,
                            sizeof profile.flash[0].runs[0]);
        assert_int_equal(back.flash[0].program_bytes, profile.flash[0].program_bytes);
        assert_int_equal(back.flash[0].page_bytes, profile.flash[0].page_bytes);
        assert_int_equal(back.flash[0].erased, profile.flash[0].erased);
        assert_int_equal(back.decoder_bytes, profile.decoder_bytes);
    }
}

static void every_shorter_page_is_refused(void **state)
{
    size_t n = strlen(page);
    for (size_t cut = 0; cut + 1 < n; cut++) {
        struct factory back;
        const char *reason = NULL;
        (void)set_up(state);
        memset(page + cut, 0, sizeof page - cut);
        enum fota_err err = factory_parse(&back, page, &reason);
        /* what is lost at the end may be the decoder line, which has a default */
        if (err == FOTA_OK) {
            assert_true(cut >= n - sizeof "decoder 16384\n");
        } else {
            assert_non_null(reason);
        }
    }
}

static void hostile_pages_are_refused(void **state)
{
    struct factory back;
    const char *reason = NULL;
    memset(page, 'x', sizeof page);
    assert_int_equal(factory_parse(&back, page, &reason), FOTA_E_FORMAT);
    (void)set_up(state);
    memset(page + strlen(page), '#', sizeof page - strlen(page));
    assert_int_equal(factory_parse(&back, page, &reason), FOTA_E_FORMAT); /* no end */
    (void)set_up(state);
    *strstr(page, "a5a5") = 'g';
    assert_int_equal(factory_parse(&back, page, &reason), FOTA_E_FORMAT);
    (void)set_up(state);
    strstr(page, "product M95")[9] = '"';
    assert_int_equal(factory_parse(&back, page, &reason), FOTA_E_FORMAT);
}

static void strings_that_a_line_or_package_cannot_show_are_invalid(void **state)
{
    (void)state;
    assert_true(factory_string_valid("M95FAR02A07"));
    assert_true(factory_string_valid("1234567890123456789012345678901"));
    assert_false(factory_string_valid("12345678901234567890123456789012"));
    assert_false(factory_string_valid(""));
    assert_false(factory_string_valid("a\"b"));
    assert_false(factory_string_valid("a\nb"));
    assert_false(factory_string_valid("\xC3\xA4"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(page_is_read_back_as_it_was_printed, set_up),
        cmocka_unit_test_setup(simple_profiles_are_printed_without_loss, set_up),
        cmocka_unit_test_setup(every_shorter_page_is_refused, set_up),
        cmocka_unit_test_setup(hostile_pages_are_refused, set_up),
        cmocka_unit_test(strings_that_a_line_or_package_cannot_show_are_invalid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
