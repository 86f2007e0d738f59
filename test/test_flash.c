/* SPDX-License-Identifier: MIT */
#include "core/crc32.h"
#include "core/flash.h"
#include "test/sim_area.h"
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* 4 sectors of 256, 2 of 1024, 3 of 512: bytes 0, 1024, 3072 .. 4608 */
static const struct fota_flash_run runs[] = {{4, 256}, {2, 1024}, {3, 512}};
static const struct fota_sim_geometry geometry = {runs, 3, 8, 64, 0xFF, false};
static struct sim_area s;

static struct fota_area area_of(uint32_t addr, uint32_t n_bytes)
{
    return (struct fota_area){&s.flash.port, addr, n_bytes};
}

static void areas_are_made_of_whole_sectors(void **state)
{
    (void)state;
    static const struct {
        uint32_t addr, n_bytes, n_sectors;
    } rows[] = {
        {0, 4608, 9},         {0, 256, 1},     {256, 512, 2},  {768, 1280, 2},
        {1024, 3584, 5},      {2048, 1536, 2}, {4096, 512, 1}, {0, 0, 0},
        {128, 256, 0},        {0, 300, 0},     {1024, 512, 0}, {1280, 256, 0},
        {4096, 1024, 0},      {4608, 256, 0},  {8192, 256, 0}, {0, 0xFFFFFF00, 0},
        {256, 0xFFFFFF00, 0},
    };
    sim_area_init(&s, &geometry);
    assert_int_equal(fota_flash_bytes(&s.flash.port), 4608);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fota_area area = area_of(rows[i].addr, rows[i].n_bytes);
        assert_int_equal(fota_area_n_sectors(&area), rows[i].n_sectors);
    }
    struct fota_area absent = {NULL, 0, 0};
    uint32_t index;
    struct fota_sector sector;
    assert_int_equal(fota_area_n_sectors(&absent), 0);
    assert_int_equal(fota_area_sector(&absent, 0, &sector), FOTA_E_RANGE);
    assert_int_equal(fota_area_sector_at(&absent, 0, &index), FOTA_E_RANGE);
    assert_int_equal(fota_area_read(&absent, 0, s.other, 0), FOTA_E_RANGE);
    assert_int_equal(fota_area_geometry_id(&absent), 0);
}

static void every_byte_lies_in_its_sector(void **state)
{
    (void)state;
    sim_area_init(&s, &geometry);
    struct fota_area area = area_of(768, 3328);
    static const uint32_t sizes[] = {256, 1024, 1024, 512, 512};
    uint32_t off = 0;
    for (uint32_t i = 0; i < 5; i++) {
        struct fota_sector sector;
        assert_int_equal(fota_area_sector(&area, i, &sector), FOTA_OK);
        assert_int_equal(sector.off, off);
        assert_int_equal(sector.n_bytes, sizes[i]);
        uint32_t index;
        assert_int_equal(fota_area_sector_at(&area, off, &index), FOTA_OK);
        assert_int_equal(index, i);
        off += sizes[i];
        assert_int_equal(fota_area_sector_at(&area, off - 1, &index), FOTA_OK);
        assert_int_equal(index, i);
    }
    struct fota_sector sector;
    uint32_t index;
    assert_int_equal(fota_area_sector(&area, 5, &sector), FOTA_E_RANGE);
    assert_int_equal(fota_area_sector_at(&area, off, &index), FOTA_E_RANGE);
    assert_int_equal(fota_area_sector_at(&area, UINT32_MAX, &index), FOTA_E_RANGE);
}

static void nothing_outside_the_area_is_reached(void **state)
{
    (void)state;
    static const struct {
        uint32_t off, n_bytes;
    } rows[] = {
        {1024, 8}, {1016, 16}, {UINT32_MAX - 7, 16}, {0, UINT32_MAX}, {8, UINT32_MAX - 7}};
    sim_area_init(&s, &geometry);
    struct fota_area area = area_of(1024, 1024);
    uint8_t buf[64] = {0};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(fota_area_read(&area, rows[i].off, buf, rows[i].n_bytes),
                         FOTA_E_RANGE);
        assert_int_equal(fota_area_program(&area, rows[i].off, buf, rows[i].n_bytes),
                         FOTA_E_RANGE);
    }
    assert_int_equal(fota_area_erase(&area, 1), FOTA_E_RANGE);
    assert_int_equal(s.power.n_ops, 0);
    assert_int_equal(s.flash.n_violations, 0);
}

static void programs_are_whole_units_in_one_page(void **state)
{
    (void)state;
    static const struct {
        uint32_t off, n_bytes;
        enum fota_err expected;
    } rows[] = {
        {0, 8, FOTA_OK},         {8, 56, FOTA_OK},        {64, 64, FOTA_OK},
        {128, 0, FOTA_E_RANGE},  {128, 4, FOTA_E_RANGE},  {132, 8, FOTA_E_RANGE},
        {184, 16, FOTA_E_RANGE}, {128, 72, FOTA_E_RANGE},
    };
    sim_area_init(&s, &geometry);
    uint8_t bytes[72];
    memset(bytes, 0x5A, sizeof bytes);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(fota_area_program(&s.area, rows[i].off, bytes, rows[i].n_bytes),
                         rows[i].expected);
    assert_int_equal(s.flash.n_violations, 0);
    assert_int_equal(s.power.n_ops, 3);
    assert_int_equal(s.data[127], 0x5A);
    assert_int_equal(s.data[128], 0xFF);
}

static void what_does_not_stick_is_seen(void **state)
{
    (void)state;
    uint8_t bytes[64];
    memset(bytes, 0, sizeof bytes);
    for (unsigned kind = 0; kind < 2; kind++) {
        enum fota_err reported = kind == 0 ? FOTA_E_FLASH : FOTA_E_WORN;
        sim_area_init(&s, &geometry);
        s.power.fail_at = 1;
        s.power.n_fail = 2;
        s.power.failure = kind == 0 ? FOTA_SIM_REPORTED : FOTA_SIM_SILENT;
        assert_int_equal(fota_area_program(&s.area, 0, bytes, 64), reported);
        assert_int_equal(fota_area_erase(&s.area, 0), reported);
        assert_int_equal(fota_area_erase(&s.area, 0), FOTA_OK);
        assert_int_equal(fota_area_program(&s.area, 0, bytes, 64), FOTA_OK);
    }
}

static void torn_content_is_not_what_was_written(void **state)
{
    (void)state;
    uint8_t bytes[64] = {0};
    sim_area_init(&s, &geometry);
    s.flash.ecc = true;
    s.power.fail_at = 1;
    s.power.n_fail = 1;
    s.power.failure = FOTA_SIM_SILENT;
    assert_int_equal(fota_area_program(&s.area, 0, bytes, 64), FOTA_E_WORN);
    assert_int_equal(fota_area_read(&s.area, 0, bytes, 8), FOTA_E_TORN);
    assert_int_equal(fota_area_erase(&s.area, 0), FOTA_OK);
}

static void a_busy_erase_is_asked_again_and_done_once(void **state)
{
    (void)state;
    sim_area_init(&s, &geometry);
    s.power.busy = 3;
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(fota_area_erase(&s.area, 4), FOTA_BUSY);
    assert_int_equal(fota_area_erase(&s.area, 4), FOTA_OK);
    assert_int_equal(s.flash.n_erases, 1);
}

static uint32_t crc_of_words(const uint32_t *words, size_t n)
{
    uint32_t crc = 0;
    for (size_t i = 0; i < n; i++) {
        uint8_t b[4] = {(uint8_t)words[i], (uint8_t)(words[i] >> 8), (uint8_t)(words[i] >> 16),
                        (uint8_t)(words[i] >> 24)};
        crc = fota_crc32(crc, b, sizeof b);
    }
    return crc;
}

static void the_geometry_id_is_that_of_the_merged_runs(void **state)
{
    (void)state;
    static const struct fota_flash_run split[] = {{3, 256}, {1, 256}, {2, 1024}, {3, 512}};
    static const struct fota_sim_geometry split_geometry = {split, 4, 8, 64, 0xFF, false};
    static const uint32_t words[] = {4, 256, 2, 1024, 3, 512};
    static const uint32_t inner[] = {2, 256, 1, 1024};
    sim_area_init(&s, &geometry);
    assert_int_equal(fota_area_geometry_id(&s.area), crc_of_words(words, 6));
    sim_area_init(&s, &split_geometry);
    assert_int_equal(fota_area_geometry_id(&s.area), crc_of_words(words, 6));
    struct fota_area area = area_of(512, 1536);
    assert_int_equal(fota_area_geometry_id(&area), crc_of_words(inner, 4));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(areas_are_made_of_whole_sectors),
        cmocka_unit_test(every_byte_lies_in_its_sector),
        cmocka_unit_test(nothing_outside_the_area_is_reached),
        cmocka_unit_test(programs_are_whole_units_in_one_page),
        cmocka_unit_test(what_does_not_stick_is_seen),
        cmocka_unit_test(torn_content_is_not_what_was_written),
        cmocka_unit_test(a_busy_erase_is_asked_again_and_done_once),
        cmocka_unit_test(the_geometry_id_is_that_of_the_merged_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
