/* SPDX-License-Identifier: MIT */
#include "core/crc32.h"
#include "core/journal.h"
#include "core/le.h"
#include "test/sim_area.h"
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct fota_flash_run two[] = {{2, 512}};
static const struct fota_flash_run three[] = {{3, 512}};
static const struct fota_flash_run three_big[] = {{3, 2048}};
static const struct fota_sim_geometry geometries[] = {
    {three, 1, 1, 256, 0xFF, false}, {two, 1, 8, 64, 0xFF, true},
    {two, 1, 16, 16, 0x00, true},    {three_big, 1, 256, 256, 0xFF, true},
    {three, 1, 64, 64, 0x00, false},
};
enum { N_GEOMETRIES = sizeof geometries / sizeof geometries[0] };
static struct sim_area s;

static bool is_copy(const uint8_t *src, uint32_t n_bytes)
{
    return n_bytes >= 16 && memcmp(src, "FJ01", 4) == 0 && (src[8] & 1) != 0;
}

static void set_up(const struct fota_sim_geometry *g)
{
    sim_area_init(&s, g);
    s.flash.is_excepted = is_copy;
}

static enum fota_err step_all(struct fota_journal *j)
{
    enum fota_err err;
    do {
        uint64_t before = s.power.n_ops;
        err = fota_journal_step(j);
        assert_true(s.power.n_ops - before <= 1);
    } while (err == FOTA_MORE || err == FOTA_BUSY);
    return err;
}

static struct fota_snapshot run_at(uint32_t step)
{
    struct fota_snapshot snapshot;
    memset(&snapshot, 0, sizeof snapshot);
    snapshot.phase = FOTA_PHASE_RUN;
    snapshot.progress = FOTA_PROGRESS_TOUCHED;
    snapshot.unit = step / 7;
    snapshot.step = step;
    snapshot.unit_off = step * 1000;
    snapshot.target_slot = 1;
    snapshot.cuts = 300;
    snapshot.counter = 0xFEDCBA98;
    memset(snapshot.package_id, 0x11, sizeof snapshot.package_id);
    memset(snapshot.from_id, 0x22, sizeof snapshot.from_id);
    memset(snapshot.to_id, 0x33, sizeof snapshot.to_id);
    return snapshot;
}

static struct fota_snapshot final(enum fota_phase phase)
{
    struct fota_snapshot snapshot = run_at(0);
    snapshot.phase = phase;
    snapshot.result = 42;
    return snapshot;
}

static void boot(struct fota_journal *j)
{
    s.power.boot++;
    assert_int_equal(fota_journal_load(j, &s.area), FOTA_OK);
}

static void open_and_append(struct fota_journal *j, uint32_t from, uint32_t to)
{
    struct fota_snapshot snapshot = run_at(from);
    fota_journal_open(j, &snapshot);
    assert_int_equal(step_all(j), FOTA_OK);
    for (uint32_t step = from + 1; step <= to; step++) {
        snapshot = run_at(step);
        fota_journal_append(j, &snapshot);
        assert_int_equal(step_all(j), FOTA_OK);
    }
}

static void expect_step(struct fota_journal *j, uint32_t step)
{
    boot(j);
    assert_non_null(fota_journal_last(j));
    assert_int_equal(fota_journal_last(j)->phase, FOTA_PHASE_RUN);
    assert_int_equal(fota_journal_last(j)->step, step);
}

static void a_blank_journal_is_final_and_says_nothing(void **state)
{
    (void)state;
    struct fota_journal j;
    for (size_t g = 0; g < N_GEOMETRIES; g++) {
        set_up(&geometries[g]);
        boot(&j);
        assert_null(fota_journal_last(&j));
        assert_true(fota_journal_is_final(&j));
        assert_false(fota_journal_is_open(&j));
        assert_int_equal(fota_journal_step(&j), FOTA_E_INTERNAL);
        assert_int_equal(s.power.n_ops, 0);
    }
}

static void all_fields_come_back(void **state)
{
    (void)state;
    struct fota_journal j;
    set_up(&geometries[0]);
    boot(&j);
    open_and_append(&j, 5, 6);
    boot(&j);
    struct fota_snapshot expected = run_at(6);
    const struct fota_snapshot *got = fota_journal_last(&j);
    assert_int_equal(got->phase, expected.phase);
    assert_int_equal(got->progress, expected.progress);
    assert_memory_equal(got->package_id, expected.package_id, sizeof got->package_id);
    assert_int_equal(got->unit_off, expected.unit_off);
    assert_int_equal(got->target_slot, 1);
    assert_int_equal(got->cuts, 300);
    assert_int_equal(got->counter, 0xFEDCBA98);
    assert_memory_equal(got->from_id, expected.from_id, sizeof got->from_id);
    assert_memory_equal(got->to_id, expected.to_id, sizeof got->to_id);
}

static void the_last_of_any_number_of_records_is_found(void **state)
{
    (void)state;
    for (size_t g = 0; g < N_GEOMETRIES; g++) {
        for (uint32_t n = 0; n < 40; n++) {
            struct fota_journal j;
            set_up(&geometries[g]);
            s.power.busy = n % 3;
            boot(&j);
            open_and_append(&j, 100, 100 + n);
            expect_step(&j, 100 + n);
            assert_false(fota_journal_is_final(&j));
            open_and_append(&j, 300, 300 + n);
            expect_step(&j, 300 + n);
            assert_int_equal(s.flash.n_violations, 0);
        }
    }
}

static void final_means_two_equal_final_records(void **state)
{
    (void)state;
    struct fota_journal j;
    struct fota_snapshot idle = final(FOTA_PHASE_IDLE);
    struct fota_snapshot result = final(FOTA_PHASE_RESULT);
    struct fota_snapshot other = result;
    other.result = 0;
    set_up(&geometries[0]);
    boot(&j);
    fota_journal_open(&j, &idle);
    assert_int_equal(step_all(&j), FOTA_OK);
    boot(&j);
    assert_true(fota_journal_is_final(&j)); /* OPEN writes its state twice */
    open_and_append(&j, 1, 2);
    boot(&j);
    assert_false(fota_journal_is_final(&j));
    open_and_append(&j, 1, 2);
    static const struct {
        bool other;
        bool final_then;
    } rows[] = {{false, false}, {true, false}, {false, false}, {false, true}, {false, true}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fota_journal again;
        fota_journal_append(&j, rows[i].other ? &other : &result);
        assert_int_equal(step_all(&j), FOTA_OK);
        assert_int_equal(fota_journal_load(&again, &s.area), FOTA_OK);
        assert_int_equal(fota_journal_is_final(&again), rows[i].final_then);
    }
}

static void open_at_9(void *j)
{
    open_and_append(j, 9, 9);
    s.power.cut_at = 0;
}

/* An OPEN never erases the ruling sector; a cut in it leaves the old or the new state. */
static void a_cut_in_open_leaves_the_old_or_the_new_state(void **state)
{
    (void)state;
    for (size_t g = 0; g < N_GEOMETRIES; g++) {
        for (uint64_t at = 1; at < 16; at++) {
            for (unsigned outcome = 0; outcome < FOTA_SIM_P_COUNT; outcome++) {
                struct fota_journal j;
                set_up(&geometries[g]);
                boot(&j);
                open_and_append(&j, 1, 3);
                boot(&j);
                open_and_append(&j, 4, 8);
                boot(&j);
                s.power.cut_at = s.power.n_ops + at;
                s.power.when = FOTA_SIM_TORN;
                s.power.outcome = outcome;
                s.power.seed = at;
                const uint32_t least = sim_area_survives(&s, open_at_9, &j) ? 9 : 8;
                for (unsigned i = 0; i < 4; i++) {
                    boot(&j);
                    assert_in_range(fota_journal_last(&j)->step, least, 9);
                }
                open_and_append(&j, 10, 11);
                expect_step(&j, 11);
                assert_int_equal(s.flash.n_violations, 0);
            }
        }
    }
}

/* Rule 3a: where a marginal copy is the only proof, it is doubled before anything is erased,
 * two slots behind the last one that is not blank. */
static void a_lonely_copy_is_doubled_before_its_rival_is_erased(void **state)
{
    (void)state;
    struct fota_journal j;
    set_up(&geometries[0]);
    boot(&j);
    open_and_append(&j, 1, 1);
    boot(&j);
    struct fota_snapshot snapshot = run_at(2);
    fota_journal_open(&j, &snapshot);
    uint32_t ruling = j.ruling;
    assert_int_equal(fota_journal_step(&j), FOTA_MORE);
    assert_int_equal(s.flash.n_erases, 1); /* of the first OPEN */
    assert_int_equal(s.data[ruling * 512 + 2 * 64], 0xFF);
    assert_memory_equal(s.data + ruling * 512 + 3 * 64, s.data + ruling * 512 + 64, 64);
    assert_int_equal(step_all(&j), FOTA_OK);
    expect_step(&j, 2);
    open_and_append(&j, 3, 4);
    boot(&j);
    uint64_t programs = s.flash.n_programs;
    fota_journal_open(&j, &snapshot);
    assert_int_equal(step_all(&j), FOTA_OK);
    assert_int_equal(s.flash.n_programs - programs, 2); /* nothing to double */
}

static void a_head_alone_does_not_count_but_its_epoch_is_left_behind(void **state)
{
    (void)state;
    struct fota_journal j;
    set_up(&geometries[0]);
    boot(&j);
    open_and_append(&j, 1, 2);
    boot(&j);
    uint32_t ruling = j.ruling;
    uint32_t epoch = fota_journal_epoch(&j);
    uint32_t next = (ruling + 1) % 3;
    open_and_append(&j, 3, 3);
    memset(s.data + next * 512 + 64, 0xFF, 448); /* its copy is gone */
    expect_step(&j, 2);
    assert_int_equal(j.ruling, ruling);
    open_and_append(&j, 4, 4);
    assert_int_equal(fota_journal_epoch(&j), epoch + 2);
    expect_step(&j, 4);
}

static void a_blank_slot_does_not_end_the_scan(void **state)
{
    (void)state;
    struct fota_journal j;
    set_up(&geometries[0]);
    boot(&j);
    open_and_append(&j, 1, 4);
    memset(s.data + 3 * 64, 0xFF, 64);
    expect_step(&j, 4);
    memset(s.data + 4 * 64, 0x00, 64);
    expect_step(&j, 2);
}

static void a_record_of_another_epoch_is_not_of_this_sector(void **state)
{
    (void)state;
    struct fota_journal j;
    set_up(&geometries[0]);
    boot(&j);
    open_and_append(&j, 1, 2);
    boot(&j);
    open_and_append(&j, 8, 9);
    memcpy(s.data + 512 + 3 * 64, s.data + 2 * 64, 64); /* step 2, epoch 1 */
    expect_step(&j, 9);
}

static void one_changed_bit_makes_a_record_invalid(void **state)
{
    (void)state;
    struct fota_journal j;
    set_up(&geometries[0]);
    boot(&j);
    open_and_append(&j, 1, 2);
    for (uint32_t bit = 0; bit < 64 * 8; bit++) {
        s.data[2 * 64 + bit / 8] ^= (uint8_t)(1U << (bit % 8));
        expect_step(&j, 1);
        s.data[2 * 64 + bit / 8] ^= (uint8_t)(1U << (bit % 8));
    }
}

static void torn_reads_are_torn_records(void **state)
{
    (void)state;
    struct fota_journal j;
    set_up(&geometries[0]);
    s.flash.ecc = true;
    boot(&j);
    open_and_append(&j, 1, 4);
    s.flash.units[5 * 64 + 5] = 3;
    expect_step(&j, 4);
    s.flash.units[4 * 64 + 5] = 3;
    expect_step(&j, 3);
    s.flash.units[0] = 3;
    boot(&j);
    assert_null(fota_journal_last(&j));
}

static void epochs_wrap(void **state)
{
    (void)state;
    struct fota_journal j;
    set_up(&geometries[0]);
    boot(&j);
    j.epoch = 0xFFFFFFFDU;
    open_and_append(&j, 1, 2);
    for (uint32_t i = 0; i < 6; i++) {
        boot(&j);
        open_and_append(&j, 10 * i, 10 * i + 1);
        expect_step(&j, 10 * i + 1);
    }
}

/* A slot or a sector that takes nothing is gone around; three sectors bear one dead one. */
static void bad_slots_and_sectors_are_gone_around(void **state)
{
    (void)state;
    for (uint32_t addr = 0; addr < 1536; addr += 64) {
        for (unsigned failure = 0; failure < 2; failure++) {
            struct fota_journal j;
            set_up(&geometries[0]);
            s.power.failure = failure == 0 ? FOTA_SIM_REPORTED : FOTA_SIM_SILENT;
            s.flash.worn_addr = addr;
            s.flash.worn_bytes = 64;
            for (uint32_t i = 0; i < 5; i++) {
                boot(&j);
                open_and_append(&j, 100 * i, 100 * i + 12);
                expect_step(&j, 100 * i + 12);
            }
        }
    }
}

static void a_dead_journal_is_reported(void **state)
{
    (void)state;
    struct fota_journal j;
    struct fota_snapshot snapshot = run_at(1);
    set_up(&geometries[0]);
    s.flash.worn_bytes = s.flash.n_bytes;
    boot(&j);
    fota_journal_open(&j, &snapshot);
    assert_int_equal(step_all(&j), FOTA_E_JOURNAL);
    assert_int_equal(step_all(&j), FOTA_E_JOURNAL);
    assert_int_equal(s.power.n_ops, 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_blank_journal_is_final_and_says_nothing),
        cmocka_unit_test(all_fields_come_back),
        cmocka_unit_test(the_last_of_any_number_of_records_is_found),
        cmocka_unit_test(final_means_two_equal_final_records),
        cmocka_unit_test(a_cut_in_open_leaves_the_old_or_the_new_state),
        cmocka_unit_test(a_lonely_copy_is_doubled_before_its_rival_is_erased),
        cmocka_unit_test(a_head_alone_does_not_count_but_its_epoch_is_left_behind),
        cmocka_unit_test(a_blank_slot_does_not_end_the_scan),
        cmocka_unit_test(a_record_of_another_epoch_is_not_of_this_sector),
        cmocka_unit_test(one_changed_bit_makes_a_record_invalid),
        cmocka_unit_test(torn_reads_are_torn_records),
        cmocka_unit_test(epochs_wrap),
        cmocka_unit_test(bad_slots_and_sectors_are_gone_around),
        cmocka_unit_test(a_dead_journal_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
