/* SPDX-License-Identifier: MIT */
#include "core/crc32.h"
#include "core/staging.h"
#include "test/sim_area.h"
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct fota_flash_run runs[] = {{4, 256}, {2, 1024}};
static const struct fota_sim_geometry geometries[] = {
    {runs, 2, 1, 256, 0xFF, false},
    {runs, 2, 8, 64, 0xFF, true},
    {runs, 2, 64, 64, 0x00, true},
};
enum { N_GEOMETRIES = sizeof geometries / sizeof geometries[0], CAPACITY = 3072 };
static struct sim_area s;
static uint8_t package[CAPACITY + 1];

/* Bytes that begin like a package of `total`. */
static void make_package(uint32_t total)
{
    static const uint8_t prefix[8] = {'F', 'O', 'T', 'A', 0, 0x11, 200, 0};
    for (uint32_t i = 0; i < sizeof package; i++)
        package[i] = (uint8_t)(i * 31 + i / 256);
    memcpy(package, prefix, sizeof prefix);
    package[8] = (uint8_t)total;
    package[9] = (uint8_t)(total >> 8);
    package[10] = 0;
    package[11] = 0;
}

static void erase_all(struct fota_staging *st)
{
    enum fota_err err;
    do {
        uint64_t before = s.power.n_ops;
        err = fota_staging_erase_step(st);
        assert_true(s.power.n_ops - before <= 1);
    } while (err == FOTA_MORE || err == FOTA_BUSY);
    assert_int_equal(err, FOTA_OK);
}

/* Hand over bytes [from, to) as the application does. */
static enum fota_err receive(struct fota_staging *st, uint32_t from, uint32_t to)
{
    while (from < to) {
        from += fota_staging_put(st, package + from, to - from > 100 ? 100 : to - from);
        assert_int_equal(st->durable_bytes + st->fill, from);
        uint64_t before = s.power.n_ops;
        enum fota_err err = fota_staging_flush_step(st, false);
        assert_true(s.power.n_ops - before <= 1);
        if (err < 0) return err;
    }
    return FOTA_OK;
}

static enum fota_err finish(struct fota_staging *st)
{
    enum fota_err err;
    do
        err = fota_staging_flush_step(st, true);
    while (err == FOTA_MORE);
    return err;
}

static void begin_afresh(struct fota_staging *st)
{
    assert_int_equal(fota_staging_scan(st, &s.area), FOTA_OK);
    assert_int_equal(fota_staging_begin(st, 0), FOTA_OK);
    erase_all(st);
}

static void whole_packages_of_any_size_are_kept(void **state)
{
    (void)state;
    static const uint32_t sizes[] = {1, 63, 64, 65, 255, 256, 257, 1000, 1024, 2999, CAPACITY};
    for (size_t g = 0; g < N_GEOMETRIES; g++) {
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            struct fota_staging st;
            sim_area_init(&s, &geometries[g]);
            s.power.busy = 1;
            make_package(sizes[i]);
            begin_afresh(&st);
            assert_int_equal(receive(&st, 0, sizes[i]), FOTA_OK);
            assert_int_equal(finish(&st), FOTA_OK);
            assert_int_equal(st.durable_bytes, sizes[i]);
            assert_int_equal(st.crc, fota_crc32(0, package, sizes[i]));
            assert_memory_equal(s.data, package, sizes[i]);
            assert_int_equal(s.flash.n_violations, 0);
        }
    }
}

static void what_does_not_fit_is_refused(void **state)
{
    (void)state;
    struct fota_staging st;
    sim_area_init(&s, &geometries[0]);
    make_package(CAPACITY + 1);
    begin_afresh(&st);
    assert_int_equal(receive(&st, 0, CAPACITY + 1), FOTA_OK);
    assert_int_equal(finish(&st), FOTA_E_STAGING_SPACE);
}

/* A reset after any number of bytes: the transfer goes on at the begin of a sector, not past
 * what was durable, with the right CRC, and ends with the package. */
static void after_a_reset_the_transfer_goes_on(void **state)
{
    (void)state;
    for (size_t g = 0; g < N_GEOMETRIES; g++) {
        for (uint32_t got = 0; got < 2500; got += 37) {
            struct fota_staging st;
            sim_area_init(&s, &geometries[g]);
            make_package(2500);
            begin_afresh(&st);
            assert_int_equal(receive(&st, 0, got), FOTA_OK);
            uint32_t durable = st.durable_bytes;
            assert_int_equal(fota_staging_scan(&st, &s.area), FOTA_OK);
            assert_true(st.durable_bytes <= durable && st.durable_bytes % 256 == 0);
            assert_true(durable - st.durable_bytes <= 1024);
            assert_int_equal(st.crc, fota_crc32(0, package, st.durable_bytes));
            uint32_t from = st.durable_bytes;
            assert_int_equal(fota_staging_begin(&st, from), FOTA_OK);
            erase_all(&st);
            assert_int_equal(receive(&st, from, 2500), FOTA_OK);
            assert_int_equal(finish(&st), FOTA_OK);
            assert_memory_equal(s.data, package, 2500);
            assert_int_equal(st.crc, fota_crc32(0, package, 2500));
            assert_int_equal(s.flash.n_violations, 0);
        }
    }
}

static void receive_all(void *st)
{
    begin_afresh(st);
    (void)receive(st, 0, 2500);
    (void)finish(st);
}

static void a_cut_anywhere_costs_at_most_a_sector(void **state)
{
    (void)state;
    for (size_t g = 0; g < N_GEOMETRIES; g++) {
        unsigned n_cuts = 0;
        for (uint64_t at = 1; at < 60; at++) {
            for (unsigned outcome = 0; outcome < FOTA_SIM_P_COUNT; outcome++) {
                struct fota_staging st;
                sim_area_init(&s, &geometries[g]);
                make_package(2500);
                s.power.cut_at = at;
                s.power.when = FOTA_SIM_TORN;
                s.power.outcome = outcome;
                if (!sim_area_survives(&s, receive_all, &st)) n_cuts++;
                s.power.boot++;
                assert_int_equal(fota_staging_scan(&st, &s.area), FOTA_OK);
                uint32_t from = st.durable_bytes;
                assert_int_equal(fota_staging_begin(&st, from), FOTA_OK);
                erase_all(&st);
                assert_int_equal(receive(&st, from, 2500), FOTA_OK);
                assert_int_equal(finish(&st), FOTA_OK);
                assert_memory_equal(s.data, package, 2500);
                assert_int_equal(s.flash.n_violations, 0);
            }
        }
        assert_true(n_cuts > 15 * FOTA_SIM_P_COUNT);
    }
}

static void what_is_no_package_is_not_built_on(void **state)
{
    (void)state;
    struct fota_staging st;
    sim_area_init(&s, &geometries[0]);
    make_package(2500);
    begin_afresh(&st);
    assert_int_equal(receive(&st, 0, 2048), FOTA_OK);
    assert_int_equal(fota_staging_scan(&st, &s.area), FOTA_OK);
    assert_int_equal(st.durable_bytes, 1024);
    s.data[9] = 0; /* total 196: less than lies there */
    assert_int_equal(fota_staging_scan(&st, &s.area), FOTA_OK);
    assert_int_equal(st.durable_bytes, 0);
    s.data[9] = 9;
    s.data[0] = 'X';
    assert_int_equal(fota_staging_scan(&st, &s.area), FOTA_OK);
    assert_int_equal(st.durable_bytes, 0);
    assert_int_equal(fota_staging_begin(&st, 1024), FOTA_E_OFFSET);
}

static void torn_pages_are_not_durable(void **state)
{
    (void)state;
    struct fota_staging st;
    sim_area_init(&s, &geometries[0]);
    s.flash.ecc = true;
    make_package(2500);
    begin_afresh(&st);
    assert_int_equal(receive(&st, 0, 2048), FOTA_OK);
    s.flash.units[300] = 3;
    assert_int_equal(fota_staging_scan(&st, &s.area), FOTA_OK);
    assert_int_equal(st.durable_bytes, 0);
    s.flash.units[300] = 1;
    s.flash.units[2999] = 3; /* a torn, blank-looking page is not blank */
    assert_int_equal(fota_staging_scan(&st, &s.area), FOTA_OK);
    assert_int_equal(st.durable_bytes, 2048);
}

static void in_the_same_boot_it_goes_on_without_erasing(void **state)
{
    (void)state;
    struct fota_staging st;
    sim_area_init(&s, &geometries[1]);
    make_package(2500);
    begin_afresh(&st);
    assert_int_equal(receive(&st, 0, 1000), FOTA_OK);
    assert_int_equal(st.durable_bytes, 960); /* the rest waits in the page buffer: dropped */
    uint64_t erases = s.flash.n_erases;
    assert_int_equal(fota_staging_begin(&st, 900), FOTA_E_OFFSET);
    assert_int_equal(fota_staging_begin(&st, 960), FOTA_OK);
    erase_all(&st);
    assert_int_equal(s.flash.n_erases, erases);
    assert_int_equal(receive(&st, 960, 2500), FOTA_OK);
    assert_int_equal(finish(&st), FOTA_OK);
    assert_memory_equal(s.data, package, 2500);
    assert_int_equal(s.flash.n_violations, 0);
}

static void after_a_sealed_end_it_goes_back_to_the_sector(void **state)
{
    (void)state;
    struct fota_staging st;
    sim_area_init(&s, &geometries[1]);
    make_package(2500);
    begin_afresh(&st);
    assert_int_equal(receive(&st, 0, 1000), FOTA_OK);
    assert_int_equal(finish(&st), FOTA_OK);
    assert_int_equal(st.durable_bytes, 1000);
    assert_int_equal(fota_staging_put(&st, package, 1), 0);
    assert_int_equal(fota_staging_begin(&st, 1000), FOTA_E_OFFSET);
    assert_int_equal(st.durable_bytes, 768);
    assert_int_equal(fota_staging_begin(&st, 768), FOTA_OK);
    erase_all(&st);
    assert_int_equal(receive(&st, 768, 2500), FOTA_OK);
    assert_int_equal(finish(&st), FOTA_OK);
    assert_memory_equal(s.data, package, 2500);
    assert_int_equal(s.flash.n_violations, 0);
}

static void a_bad_page_goes_back_to_its_sector(void **state)
{
    (void)state;
    for (unsigned failure = 0; failure < 2; failure++) {
        struct fota_staging st;
        sim_area_init(&s, &geometries[1]);
        make_package(2500);
        begin_afresh(&st);
        s.power.failure = failure == 0 ? FOTA_SIM_REPORTED : FOTA_SIM_SILENT;
        s.power.fail_at = s.power.n_ops + 10;
        s.power.n_fail = 1;
        assert_true(receive(&st, 0, 2500) < 0);
        assert_int_equal(st.durable_bytes, 512);
        assert_int_equal(st.crc, fota_crc32(0, package, 512));
        assert_int_equal(fota_staging_begin(&st, 512), FOTA_OK);
        erase_all(&st);
        assert_int_equal(receive(&st, 512, 2500), FOTA_OK);
        assert_int_equal(finish(&st), FOTA_OK);
        assert_memory_equal(s.data, package, 2500);
        assert_int_equal(s.flash.n_violations, 0);
    }
}

static void a_bad_erase_is_redone_at_most_three_times(void **state)
{
    (void)state;
    for (uint64_t n_fail = 1; n_fail < 5; n_fail++) {
        struct fota_staging st;
        sim_area_init(&s, &geometries[0]);
        s.power.fail_at = 3;
        s.power.n_fail = n_fail;
        assert_int_equal(fota_staging_scan(&st, &s.area), FOTA_OK);
        assert_int_equal(fota_staging_begin(&st, 0), FOTA_OK);
        enum fota_err err;
        do
            err = fota_staging_erase_step(&st);
        while (err == FOTA_MORE);
        assert_int_equal(err, n_fail < 3 ? FOTA_OK : FOTA_E_WORN);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_packages_of_any_size_are_kept),
        cmocka_unit_test(what_does_not_fit_is_refused),
        cmocka_unit_test(after_a_reset_the_transfer_goes_on),
        cmocka_unit_test(a_cut_anywhere_costs_at_most_a_sector),
        cmocka_unit_test(what_is_no_package_is_not_built_on),
        cmocka_unit_test(torn_pages_are_not_durable),
        cmocka_unit_test(in_the_same_boot_it_goes_on_without_erasing),
        cmocka_unit_test(after_a_sealed_end_it_goes_back_to_the_sector),
        cmocka_unit_test(a_bad_page_goes_back_to_its_sector),
        cmocka_unit_test(a_bad_erase_is_redone_at_most_three_times),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
