/* SPDX-License-Identifier: MIT */
#include "host/profile_file.h"
#include "test/temp_dir.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const char text[] = "profile m95\n"
                           "flash nor sectors=512x4096\n"
                           "area slot     nor 0x000000 0x080000\n"
                           "area staging  nor 0x080000 0x080000\n"
                           "area scratch  nor 0x100000 0x008000\n"
                           "area journal  nor 0x108000 0x003000\n"
                           "area identity nor 0x10b000 0x002000\n"
                           "area settings nor 0x10d000 0x002000\n";

static void put(const char *path, const char *content)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    (void)fputs(content, f);
    assert_int_equal(fclose(f), 0);
}

static void a_profile_becomes_areas(void **state)
{
    (void)state;
    static struct fota_layout layout;
    struct fota_fault fault;
    put("m95", text);
    assert_int_equal(fota_layout_read(&layout, "m95", &fault), FOTA_OK);
    assert_string_equal(layout.profile.name, "m95");
    assert_ptr_equal(layout.area[FOTA_AREA_SLOT].flash, &layout.flash[0]);
    assert_int_equal(fota_area_n_sectors(&layout.area[FOTA_AREA_SCRATCH]), 8);
    uint32_t id = fota_area_geometry_id(&layout.area[FOTA_AREA_SLOT]);
    assert_int_equal(fota_layout_simple(&layout, 4096, 8, 1, 0x80000, &fault), FOTA_OK);
    assert_int_equal(fota_area_geometry_id(&layout.area[FOTA_AREA_SLOT]), id);
    assert_int_equal(fota_layout_simple(&layout, 4096, 8, 2, 0x80000, &fault), FOTA_OK);
    assert_int_equal(layout.area[FOTA_AREA_SLOT2].n_bytes, 0x80000);
}

static void faults_name_file_and_line(void **state)
{
    (void)state;
    static struct fota_layout layout;
    struct fota_fault fault;
    put("bad", "profile m95\nflash nor\n");
    assert_int_equal(fota_layout_read(&layout, "bad", &fault), FOTA_E_PROFILE);
    assert_int_equal(fault.place, FOTA_FAULT_AT_LINE);
    assert_int_equal(fault.at, 2);
    assert_string_equal(fault.file, "bad");
    assert_string_equal(fault.detail,
                        "wanted: flash NAME sectors=NxBYTES[,NxBYTES...] [option]...");
    put("bad", "profile m95\nflash nor sectors=2x4096\narea slot nor 0 0x3000\n");
    assert_int_equal(fota_layout_read(&layout, "bad", &fault), FOTA_E_PROFILE);
    assert_int_equal(fault.at, 3);
    assert_string_equal(fault.detail, "the area lies outside its flash");
    put("bad", "profile m95\n");
    assert_int_equal(fota_layout_read(&layout, "bad", &fault), FOTA_E_PROFILE);
    assert_int_equal(fault.place, FOTA_FAULT_NOWHERE);
    assert_int_equal(fota_layout_read(&layout, "nowhere", &fault), FOTA_E_IO);
    assert_int_equal(fota_layout_simple(&layout, 100, 8, 1, 4096, &fault), FOTA_E_PROFILE);
    assert_null(fault.file);
}

int main(void)
{
    struct temp_dir dir;
    temp_dir_enter(&dir);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_profile_becomes_areas),
        cmocka_unit_test(faults_name_file_and_line),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    temp_dir_leave(&dir);
    return failed;
}
