/* SPDX-License-Identifier: MIT */
#include "source/source.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define N_BYTES 1000U

static char path[64];

static void write_file(const char *name, const char *mode, uint8_t byte, size_t n)
{
    FILE *file = fopen(name, mode);
    assert_non_null(file);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(fputc(byte, file), byte);
    }
    assert_int_equal(fclose(file), 0);
}

static int make_file(void **state)
{
    (void)state;
    (void)snprintf(path, sizeof path, "/tmp/fota-test-local-%ld", (long)getpid());
    write_file(path, "wb", 'a', N_BYTES);
    return 0;
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(path);
}

static struct fota_source opened(void)
{
    const struct fota_source_options options = {.cache_path = NULL};
    struct fota_source source;
    uint8_t bytes[10];
    assert_int_equal(fota_source_open(&source, path, &options), FOTA_OK);
    assert_int_equal(source.package.n_bytes, N_BYTES);
    assert_int_equal(fota_source_read(&source, 0, bytes, sizeof bytes), FOTA_OK);
    return source;
}

static enum fota_err read_again(struct fota_source *source)
{
    uint8_t bytes[10];
    const enum fota_err err = fota_source_read(source, 500, bytes, sizeof bytes);
    fota_source_close(source);
    return err;
}

static void a_file_that_grows_is_given_up(void **state)
{
    (void)state;
    struct fota_source source = opened();
    write_file(path, "ab", 'b', 1);
    assert_int_equal(read_again(&source), FOTA_E_CHANGED);
}

static void a_file_that_is_truncated_is_given_up(void **state)
{
    (void)state;
    struct fota_source source = opened();
    write_file(path, "wb", 'a', 100);
    assert_int_equal(read_again(&source), FOTA_E_CHANGED);
}

static void a_file_written_over_in_the_same_size_is_given_up(void **state)
{
    (void)state;
    struct fota_source source = opened();
    (void)usleep(20000); /* file times may be as coarse as a clock tick */
    write_file(path, "wb", 'b', N_BYTES);
    assert_int_equal(read_again(&source), FOTA_E_CHANGED);
}

static void a_file_replaced_by_rename_is_read_on_as_it_was(void **state)
{
    char other[80];
    (void)state;
    struct fota_source source = opened();
    (void)snprintf(other, sizeof other, "%s.new", path);
    write_file(other, "wb", 'b', N_BYTES);
    assert_int_equal(rename(other, path), 0);
    uint8_t byte = 0;
    assert_int_equal(fota_source_read(&source, N_BYTES - 1, &byte, 1), FOTA_OK);
    assert_int_equal(byte, 'a');
    assert_int_equal(read_again(&source), FOTA_OK);
}

static void reads_outside_the_file_are_refused(void **state)
{
    uint8_t bytes[10];
    (void)state;
    struct fota_source source = opened();
    assert_int_equal(fota_source_read(&source, N_BYTES, bytes, 0), FOTA_OK);
    assert_int_equal(fota_source_read(&source, N_BYTES, bytes, 1), FOTA_E_RANGE);
    assert_int_equal(fota_source_read(&source, N_BYTES - 9, bytes, 10), FOTA_E_RANGE);
    assert_int_equal(fota_source_read(&source, UINT32_MAX, bytes, 10), FOTA_E_RANGE);
    fota_source_close(&source);
}

static void passwords_do_not_show_in_the_place(void **state)
{
    static const struct {
        const char *url;
        const char *place;
    } rows[] = {
        {"ftp://me:secret@127.0.0.1:1/x@y", "ftp://127.0.0.1:1/x@y"},
        {"http://me:p@ss@127.0.0.1:1/x", "http://127.0.0.1:1/x"},
        {"http://127.0.0.1:1?a=b@c", "http://127.0.0.1:1?a=b@c"},
    };
    const struct fota_source_options options = {.tries = 1};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fota_source source;
        assert_true(fota_source_open(&source, rows[i].url, &options) < 0);
        assert_string_equal(source.place, rows[i].place);
        assert_null(strstr(source.detail, "secret"));
    }
}

static void addresses_that_are_none_are_refused(void **state)
{
    static const char *const urls[] = {
        "gopher://x/y",  "tcp://x/y",  "tcp://x:99999/y", "tcp://x:1/a/b",      "tcp://x:1/..",
        "tcp://::1:1/x", "tcp://x:/y", "fat:image",       "fat:image/no/colon", "tcp://x:1x/y",
    };
    const struct fota_source_options options = {.tries = 1};
    (void)state;
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        struct fota_source source;
        assert_int_equal(fota_source_open(&source, urls[i], &options), FOTA_E_USAGE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_file_that_grows_is_given_up, make_file, remove_file),
        cmocka_unit_test_setup_teardown(a_file_that_is_truncated_is_given_up, make_file,
                                        remove_file),
        cmocka_unit_test_setup_teardown(a_file_written_over_in_the_same_size_is_given_up,
                                        make_file, remove_file),
        cmocka_unit_test_setup_teardown(a_file_replaced_by_rename_is_read_on_as_it_was,
                                        make_file, remove_file),
        cmocka_unit_test_setup_teardown(reads_outside_the_file_are_refused, make_file,
                                        remove_file),
        cmocka_unit_test(passwords_do_not_show_in_the_place),
        cmocka_unit_test(addresses_that_are_none_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
