/* SPDX-License-Identifier: MIT */
#include "core/record_store.h"
#include "test/sim_area.h"
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct fota_flash_run runs[] = {{2, 512}};
static struct sim_area s;

static enum fota_err write_record(const uint8_t *payload, uint32_t n, uint32_t least_epoch)
{
    struct fota_record_write w;
    enum fota_err err;
    fota_record_write_begin(&w, &s.area, payload, n, least_epoch);
    do {
        uint64_t before = s.power.n_ops;
        err = fota_record_write_step(&w);
        assert_true(s.power.n_ops - before <= 1);
    } while (err == FOTA_MORE || err == FOTA_BUSY);
    return err;
}

static const struct fota_sim_geometry geometries[] = {
    {runs, 1, 1, 256, 0xFF, false}, {runs, 1, 8, 64, 0xFF, true},
    {runs, 1, 64, 64, 0x00, false}, {runs, 1, 256, 256, 0xFF, true},
    {runs, 1, 16, 16, 0x00, true},
};
enum { N_GEOMETRIES = sizeof geometries / sizeof geometries[0] };

static void what_was_written_last_is_read(void **state)
{
    (void)state;
    for (size_t g = 0; g < N_GEOMETRIES; g++) {
        uint8_t got[FOTA_RECORD_BYTES_MAX];
        uint32_t epoch;
        sim_area_init(&s, &geometries[g]);
        s.power.busy = g == 0 ? 2 : 0;
        assert_int_equal(fota_record_read(&s.area, got, sizeof got, &epoch), FOTA_E_NO_IMAGE);
        assert_int_equal(epoch, 0);
        for (uint32_t i = 1; i <= 5; i++) {
            uint8_t payload[FOTA_RECORD_BYTES_MAX];
            memset(payload, (int)i, sizeof payload);
            assert_int_equal(write_record(payload, sizeof payload - i, 0), FOTA_OK);
            assert_int_equal(fota_record_read(&s.area, got, sizeof got, &epoch), FOTA_OK);
            assert_memory_equal(got, payload, sizeof payload - i);
            assert_int_equal(got[sizeof payload - i], 0);
            assert_int_equal(epoch, i);
        }
        assert_int_equal(s.flash.n_violations, 0);
    }
}

static void the_epoch_is_not_below_what_is_asked_for(void **state)
{
    (void)state;
    uint8_t b = 7;
    uint32_t epoch;
    sim_area_init(&s, &geometries[0]);
    assert_int_equal(write_record(&b, 1, 1000), FOTA_OK);
    assert_int_equal(fota_record_read(&s.area, &b, 1, &epoch), FOTA_OK);
    assert_int_equal(epoch, 1000);
    assert_int_equal(write_record(&b, 1, 3), FOTA_OK);
    assert_int_equal(fota_record_read(&s.area, &b, 1, &epoch), FOTA_OK);
    assert_int_equal(epoch, 1001);
}

static void epochs_wrap(void **state)
{
    (void)state;
    uint32_t epoch;
    sim_area_init(&s, &geometries[0]);
    for (uint8_t i = 0; i < 4; i++) {
        uint8_t got;
        assert_int_equal(write_record(&i, 1, i == 0 ? 0xFFFFFFFEU : 0xFFFFFFFDU), FOTA_OK);
        assert_int_equal(fota_record_read(&s.area, &got, 1, &epoch), FOTA_OK);
        assert_int_equal(got, i);
        assert_int_equal(epoch, 0xFFFFFFFEU + i);
    }
}

static void write_new(void *payload)
{
    (void)write_record(payload, 100, 0);
}

/* Whatever a cut leaves: old or new is read, and the next write works. */
static void a_cut_anywhere_leaves_old_or_new(void **state)
{
    (void)state;
    for (size_t g = 0; g < N_GEOMETRIES; g++) {
        unsigned n_cuts = 0;
        for (uint64_t at = 1; at < 20; at++) {
            for (unsigned outcome = 0; outcome < FOTA_SIM_P_COUNT; outcome++) {
                uint8_t old[100];
                uint8_t new[100];
                uint8_t got[100];
                uint32_t epoch;
                memset(old, 'o', sizeof old);
                memset(new, 'n', sizeof new);
                sim_area_init(&s, &geometries[g]);
                assert_int_equal(write_record(new, sizeof new, 0), FOTA_OK);
                assert_int_equal(write_record(old, sizeof old, 0), FOTA_OK);
                s.power.cut_at = s.power.n_ops + at;
                s.power.when = FOTA_SIM_TORN;
                s.power.outcome = outcome;
                s.power.seed = at;
                if (!sim_area_survives(&s, write_new, new)) n_cuts++;
                for (unsigned boot = 0; boot < 3; boot++) {
                    s.power.boot++;
                    assert_int_equal(fota_record_read(&s.area, got, sizeof got, &epoch),
                                     FOTA_OK);
                    assert_true(memcmp(got, old, sizeof got) == 0 ||
                                memcmp(got, new, sizeof got) == 0);
                }
                assert_int_equal(write_record(new, sizeof new, 0), FOTA_OK);
                assert_int_equal(fota_record_read(&s.area, got, sizeof got, &epoch), FOTA_OK);
                assert_memory_equal(got, new, sizeof new);
                assert_int_equal(s.flash.n_violations, 0);
            }
        }
        assert_true(n_cuts >= 2 * FOTA_SIM_P_COUNT);
    }
}

static void failing_operations_are_redone_at_most_three_times(void **state)
{
    (void)state;
    uint8_t b = 1;
    for (unsigned failure = 0; failure < 2; failure++) {
        for (uint64_t n_fail = 0; n_fail < 5; n_fail++) {
            sim_area_init(&s, &geometries[0]);
            memset(s.data, 0x77, 1024); /* an erase that fails is seen */
            s.power.failure = failure == 0 ? FOTA_SIM_REPORTED : FOTA_SIM_SILENT;
            s.power.fail_at = 1;
            s.power.n_fail = n_fail;
            assert_int_equal(write_record(&b, 1, 0), n_fail < 3 ? FOTA_OK : FOTA_E_WORN);
        }
    }
}

static void damaged_records_are_not_read(void **state)
{
    (void)state;
    uint8_t payload[20] = "payload";
    uint8_t got[20];
    uint32_t epoch;
    sim_area_init(&s, &geometries[0]);
    assert_int_equal(write_record(payload, sizeof payload, 0), FOTA_OK);
    for (uint32_t i = 0; i < 12 + 20 + 4; i++) {
        s.data[i] ^= 0x10;
        assert_int_equal(fota_record_read(&s.area, got, sizeof got, &epoch), FOTA_E_NO_IMAGE);
        s.data[i] ^= 0x10;
    }
    assert_int_equal(fota_record_read(&s.area, got, sizeof got, &epoch), FOTA_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_written_last_is_read),
        cmocka_unit_test(the_epoch_is_not_below_what_is_asked_for),
        cmocka_unit_test(epochs_wrap),
        cmocka_unit_test(a_cut_anywhere_leaves_old_or_new),
        cmocka_unit_test(failing_operations_are_redone_at_most_three_times),
        cmocka_unit_test(damaged_records_are_not_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
