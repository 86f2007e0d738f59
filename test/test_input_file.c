/* SPDX-License-Identifier: MIT */
#include "host/input_file.h"
#include "test/temp_dir.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void make_file(const char *path, size_t n)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    for (size_t i = 0; i < n; i++) {
        (void)fputc((int)(i * 7 & 0xFF), f);
    }
    assert_int_equal(fclose(f), 0);
}

static void files_of_any_length_are_read_whole(void **state)
{
    (void)state;
    static const size_t lengths[] = {0, 1, 65535, 65536, 65537, 300000};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        struct fota_input_file file;
        struct fota_fault fault;
        make_file("in", lengths[i]);
        assert_int_equal(fota_input_file_read(&file, "in", 300000, FOTA_E_IMAGE, &fault),
                         FOTA_OK);
        assert_int_equal(file.n_bytes, lengths[i]);
        for (size_t k = 0; k < file.n_bytes; k += 97) {
            assert_int_equal(file.at[k], k * 7 & 0xFF);
        }
        fota_input_file_free(&file);
        assert_null(file.at);
    }
}

static void what_cannot_be_read_is_named(void **state)
{
    (void)state;
    struct fota_input_file file;
    struct fota_fault fault;
    make_file("in", 11);
    assert_int_equal(fota_input_file_read(&file, "in", 10, FOTA_E_IMAGE, &fault), FOTA_E_IMAGE);
    assert_string_equal(fault.detail, "more than 10 bytes");
    assert_string_equal(fault.file, "in");
    assert_int_equal(fota_input_file_read(&file, "nowhere", 10, FOTA_E_IMAGE, &fault),
                     FOTA_E_IO);
    assert_string_equal(fault.detail, "No such file or directory");
    assert_int_equal(fota_input_file_read(&file, ".", 10, FOTA_E_IMAGE, &fault), FOTA_E_IO);
    assert_string_equal(fault.detail, "Is a directory");
    assert_null(file.at);
}

int main(void)
{
    struct temp_dir dir;
    temp_dir_enter(&dir);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_of_any_length_are_read_whole),
        cmocka_unit_test(what_cannot_be_read_is_named),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    temp_dir_leave(&dir);
    return failed;
}
