/* SPDX-License-Identifier: MIT */
#include "host/fault.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void a_fault_carries_code_place_and_detail(void **state)
{
    (void)state;
    struct fota_fault fault;
    assert_int_equal(fota_fault_set(&fault, FOTA_E_KEY, "k.pem", "%d of %s", 3, "x"),
                     FOTA_E_KEY);
    assert_int_equal(fault.err, FOTA_E_KEY);
    assert_int_equal(fault.place, FOTA_FAULT_NOWHERE);
    assert_string_equal(fault.file, "k.pem");
    assert_string_equal(fault.detail, "3 of x");
    assert_int_equal(
        fota_fault_set_at(&fault, FOTA_E_IMAGE, "a.hex", FOTA_FAULT_AT_LINE, 7, "why"),
        FOTA_E_IMAGE);
    assert_int_equal(fault.place, FOTA_FAULT_AT_LINE);
    assert_int_equal(fault.at, 7);
    assert_string_equal(fault.detail, "why");
}

static void a_long_detail_is_cut_with_its_terminator(void **state)
{
    (void)state;
    struct fota_fault fault;
    char text[1000];
    memset(text, 'y', sizeof text);
    text[sizeof text - 1] = '\0';
    (void)fota_fault_set(&fault, FOTA_E_IO, NULL, "%s", text);
    assert_int_equal(strlen(fault.detail), sizeof fault.detail - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fault_carries_code_place_and_detail),
        cmocka_unit_test(a_long_detail_is_cut_with_its_terminator),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
