/* SPDX-License-Identifier: MIT */
#include "module/factory.h"
#include "module/flash_file.h"
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static const char text[] = "profile two\n"
                           "flash a sectors=4x512,32x1024 program=4 page=256 write-once=yes\n"
                           "flash b sectors=32x1024 erased=0x00\n"
                           "area journal a 0 1536\n"
                           "area slot a 2048 8192\n"
                           "area scratch a 10240 4096\n"
                           "area identity a 14336 2048\n"
                           "area settings a 16384 2048\n"
                           "area staging b 0 16384\n";
static struct fota_profile profile;
static struct flash_file file;
static struct fota_area area[FOTA_AREA_COUNT];
static char page[FACTORY_BYTES] = "page";
static int fd = -1;

static int set_up(void **state)
{
    (void)state;
    struct fota_profile_fault fault;
    char name[] = "/tmp/fota-flash-XXXXXX";
    assert_int_equal(fota_profile_parse(&profile, text, sizeof text - 1, &fault), FOTA_OK);
    fd = mkstemp(name);
    assert_true(fd >= 0);
    assert_int_equal(unlink(name), 0);
    assert_int_equal(flash_file_format(fd, page, &profile), FOTA_OK);
    assert_int_equal(flash_file_open(&file, fd, &profile), FOTA_OK);
    flash_file_areas(&file, &profile, area);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    flash_file_close(&file);
    return close(fd);
}

static void open_again(void)
{
    flash_file_close(&file);
    assert_int_equal(flash_file_open(&file, fd, &profile), FOTA_OK);
    flash_file_areas(&file, &profile, area);
}

static uint8_t byte_at(const struct fota_area *a, uint32_t off)
{
    uint8_t byte = 0;
    assert_int_equal(fota_area_read(a, off, &byte, 1), FOTA_OK);
    return byte;
}

static void new_file_has_its_page_and_erased_devices(void **state)
{
    (void)state;
    assert_int_equal(lseek(fd, 0, SEEK_END), flash_file_bytes(&profile));
    assert_int_equal(flash_file_bytes(&profile), FACTORY_BYTES + 2048 + 32768 + 32768);
    char back[4];
    assert_int_equal(pread(fd, back, 4, 0), 4);
    assert_memory_equal(back, "page", 4);
    assert_int_equal(byte_at(&area[FOTA_AREA_SLOT], 0), 0xFF);
    assert_int_equal(byte_at(&area[FOTA_AREA_STAGING], 16383), 0);
}

static void operations_are_in_the_file_at_once(void **state)
{
    (void)state;
    const uint8_t bytes[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    uint8_t back[8];
    const struct fota_area *slot = &area[FOTA_AREA_SLOT];
    assert_int_equal(fota_area_program(slot, 1024, bytes, 8), FOTA_OK);
    assert_int_equal(pread(fd, back, 8, FACTORY_BYTES + 2048 + 1024), 8);
    assert_memory_equal(back, bytes, 8);
    assert_int_equal(fota_area_erase(slot, 1), FOTA_OK);
    assert_int_equal(pread(fd, back, 8, FACTORY_BYTES + 2048 + 1024), 8);
    assert_int_equal(back[0], 0xFF);
    assert_int_equal(fota_area_program(&area[FOTA_AREA_STAGING], 0, bytes, 8), FOTA_OK);
    assert_int_equal(pread(fd, back, 8, FACTORY_BYTES + 2048 + 32768), 8);
    assert_memory_equal(back, bytes, 8);
    assert_int_equal(file.power.n_ops, 3);
}

static void content_outlives_the_process(void **state)
{
    (void)state;
    const uint8_t bytes[4] = {9, 8, 7, 6};
    const struct fota_area *slot = &area[FOTA_AREA_SLOT];
    assert_int_equal(fota_area_program(slot, 0, bytes, 4), FOTA_OK);
    open_again();
    assert_int_equal(byte_at(slot, 3), 6);
    /* and so does that a unit is programmed only once */
    assert_int_equal(fota_area_program(slot, 0, bytes, 4), FOTA_E_FLASH);
    assert_int_equal(fota_area_program(slot, 4, bytes, 4), FOTA_OK);
}

static void what_is_no_sector_or_outside_is_refused(void **state)
{
    (void)state;
    const struct fota_flash *flash = area[FOTA_AREA_SLOT].flash;
    const uint8_t bytes[4] = {0};
    uint64_t before = file.power.n_ops;
    assert_int_equal(flash->erase(flash->ctx, 256), FOTA_E_RANGE);
    assert_int_equal(flash->erase(flash->ctx, 2560), FOTA_E_RANGE);
    assert_int_equal(flash->erase(flash->ctx, 34816), FOTA_E_RANGE);
    assert_int_equal(flash->program(flash->ctx, 34816, bytes, 4), FOTA_E_RANGE);
    assert_int_equal(flash->program(flash->ctx, UINT32_MAX, bytes, 4), FOTA_E_RANGE);
    assert_int_equal(file.power.n_ops, before);
}

/* Program one page of zeros in a child whose power is cut; returns how many bytes are zero. */
static unsigned zeros_after_cut(enum fota_sim_when when, uint64_t seed)
{
    uint8_t zeros[256] = {0};
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)fclose(stderr);
        file.power.cut_at = 1;
        file.power.when = when;
        file.power.seed = seed;
        (void)!fota_area_program(&area[FOTA_AREA_SLOT], 0, zeros, sizeof zeros);
        _exit(1);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), POWER_CUT_STATUS);
    open_again();
    unsigned n = 0;
    for (uint32_t i = 0; i < sizeof zeros; i++) {
        n += byte_at(&area[FOTA_AREA_SLOT], i) == 0;
    }
    assert_int_equal(fota_area_erase(&area[FOTA_AREA_SLOT], 0), FOTA_OK);
    open_again();
    return n;
}

static void power_is_cut_before_inside_and_after_an_operation(void **state)
{
    (void)state;
    bool in_part = false;
    assert_int_equal(zeros_after_cut(FOTA_SIM_BEFORE, 1), 0);
    assert_int_equal(zeros_after_cut(FOTA_SIM_AFTER, 1), 256);
    for (uint64_t seed = 0; seed < 20; seed++) {
        unsigned n = zeros_after_cut(FOTA_SIM_TORN, seed);
        in_part = in_part || (n > 0 && n < 256);
        assert_int_equal(zeros_after_cut(FOTA_SIM_TORN, seed), n); /* the seed says all */
    }
    assert_true(in_part);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(new_file_has_its_page_and_erased_devices, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(operations_are_in_the_file_at_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(content_outlives_the_process, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_sector_or_outside_is_refused, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(power_is_cut_before_inside_and_after_an_operation,
                                        set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
