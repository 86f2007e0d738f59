/* SPDX-License-Identifier: MIT */
#include "core/err.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void codes_rise_and_fit_an_exit_code(void **state)
{
    (void)state;
    unsigned last = 0;
    const struct fota_err_row *row;
    for (unsigned i = 0; (row = fota_err_row_at(i)) != NULL; i++) {
        unsigned code = fota_err_code(row->err);
        assert_true(code > last && code <= 125);
        last = code;
    }
    assert_true(last > 50);
}

static void every_row_says_what_and_what_to_do(void **state)
{
    (void)state;
    const struct fota_err_row *row;
    for (unsigned i = 0; (row = fota_err_row_at(i)) != NULL; i++) {
        assert_ptr_equal(fota_err_row(row->err), row);
        assert_int_equal(fota_err_from_code(fota_err_code(row->err)), row->err);
        assert_true(strlen(row->text) > 4 && row->text[strlen(row->text) - 1] != '.');
        assert_true(strlen(row->remedy) > 4 && strlen(row->text) < 80);
        assert_true(fota_err_cme(row->err) > 0);
    }
    assert_int_equal(fota_err_from_code(126), FOTA_E_INTERNAL);
}

static void cme_numbers_are_those_of_27007_where_it_has_one(void **state)
{
    (void)state;
    assert_int_equal(fota_err_cme(FOTA_E_NO_TRANSFER), 3);
    assert_int_equal(fota_err_cme(FOTA_E_BASE), 617);
    assert_int_equal(fota_err_cme((enum fota_err) - 126), 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_rise_and_fit_an_exit_code),
        cmocka_unit_test(every_row_says_what_and_what_to_do),
        cmocka_unit_test(cme_numbers_are_those_of_27007_where_it_has_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
