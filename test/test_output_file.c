/* SPDX-License-Identifier: MIT */
#include "host/output_file.h"
#include "test/temp_dir.h"
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cmocka.h>

static void assert_content(const char *path, const char *expected)
{
    char got[64] = "";
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    size_t n = fread(got, 1, sizeof got - 1, f);
    (void)fclose(f);
    assert_int_equal(n, strlen(expected));
    assert_string_equal(got, expected);
}

static mode_t mode_of(const char *path)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return st.st_mode & 0777;
}

static enum fota_err
write_text(const char *path, bool replace, const char *text, struct fota_fault *fault)
{
    const struct fota_output_file file = {path, replace, false};
    return fota_output_file_write(&file, text, strlen(text), fault);
}

static void a_file_appears_whole_with_its_mode(void **state)
{
    (void)state;
    struct fota_fault fault;
    mode_t before = umask(027);
    assert_int_equal(write_text("a", false, "text", &fault), FOTA_OK);
    assert_content("a", "text");
    assert_int_equal(mode_of("a"), 0640);
    const struct fota_output_file secret = {"./b", false, true};
    assert_int_equal(fota_output_file_write(&secret, "key", 3, &fault), FOTA_OK);
    assert_int_equal(mode_of("b"), 0600);
    assert_int_equal(temp_dir_count(), 2);
    (void)umask(before);
    (void)unlink("a");
    (void)unlink("b");
}

static void an_existing_file_is_replaced_only_on_request(void **state)
{
    (void)state;
    struct fota_fault fault;
    assert_int_equal(write_text("a", false, "old", &fault), FOTA_OK);
    assert_int_equal(write_text("a", false, "new", &fault), FOTA_E_EXISTS);
    assert_string_equal(fault.file, "a");
    assert_content("a", "old");
    assert_int_equal(write_text("a", true, "new", &fault), FOTA_OK);
    assert_content("a", "new");
    assert_int_equal(temp_dir_count(), 1);
    /* Behind a symbolic link the file is replaced and the link stays. */
    assert_int_equal(symlink("a", "link"), 0);
    assert_int_equal(write_text("link", false, "newer", &fault), FOTA_E_EXISTS);
    assert_int_equal(write_text("link", true, "newer", &fault), FOTA_OK);
    assert_content("a", "newer");
    struct stat st;
    assert_true(lstat("link", &st) == 0 && S_ISLNK(st.st_mode));
    (void)unlink("link");
    (void)unlink("a");
}

static void a_place_that_cannot_be_written_is_refused_with_the_reason(void **state)
{
    (void)state;
    static const struct {
        const char *path, *detail;
    } cases[] = {
        {".", "Is a directory"},
        {"nowhere/a", "No such file or directory"},
        {"/dev/null/a", "Not a directory"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fota_fault fault;
        const struct fota_output_file file = {cases[i].path, true, false};
        assert_int_equal(fota_output_file_check(&file, &fault), FOTA_E_IO);
        assert_string_equal(fault.detail, cases[i].detail);
        assert_int_equal(write_text(cases[i].path, true, "x", &fault), FOTA_E_IO);
        assert_string_equal(fault.detail, cases[i].detail);
    }
}

static void a_full_disk_leaves_nothing_and_the_old_file_whole(void **state)
{
    (void)state;
    struct fota_fault fault;
    assert_int_equal(write_text("a", false, "old", &fault), FOTA_OK);
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    struct rlimit little = {4, before.rlim_max};
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
    enum fota_err replaced = write_text("a", true, "longer than that", &fault);
    enum fota_err made = write_text("b", false, "longer than that", &fault);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(replaced, FOTA_E_IO);
    assert_int_equal(made, FOTA_E_IO);
    assert_string_equal(fault.detail, "File too large");
    assert_content("a", "old");
    assert_int_equal(temp_dir_count(), 1);
    (void)unlink("a");
    assert_int_equal(write_text("/dev/full", false, "x", &fault), FOTA_E_IO);
    assert_string_equal(fault.detail, "No space left on device");
}

static void a_special_file_is_written_to_as_it_is(void **state)
{
    (void)state;
    struct fota_fault fault;
    assert_int_equal(mkfifo("pipe", 0600), 0);
    int fd = open("pipe", O_RDONLY | O_NONBLOCK);
    assert_true(fd >= 0);
    assert_int_equal(write_text("pipe", false, "text", &fault), FOTA_OK);
    char got[8] = "";
    assert_int_equal(read(fd, got, sizeof got), 4);
    assert_string_equal(got, "text");
    (void)close(fd);
    struct stat st;
    assert_true(stat("pipe", &st) == 0 && S_ISFIFO(st.st_mode));
    (void)unlink("pipe");
}

int main(void)
{
    struct temp_dir dir;
    temp_dir_enter(&dir);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_appears_whole_with_its_mode),
        cmocka_unit_test(an_existing_file_is_replaced_only_on_request),
        cmocka_unit_test(a_place_that_cannot_be_written_is_refused_with_the_reason),
        cmocka_unit_test(a_full_disk_leaves_nothing_and_the_old_file_whole),
        cmocka_unit_test(a_special_file_is_written_to_as_it_is),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    temp_dir_leave(&dir);
    return failed;
}
