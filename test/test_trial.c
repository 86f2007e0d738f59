/* SPDX-License-Identifier: MIT */
/* A trial from its first boot to its end: what is started, printed, recorded.  Power cuts:
 * test_powercut. */
#include "core/record_store.h"
#include "test/tiny.h"
#include <setjmp.h>

static struct tiny t;

#define AREAS                                                                                  \
    "area staging nor 2560 2048\n"                                                             \
    "area journal nor 4608 1536\n"                                                             \
    "area identity nor 6144 1024\n"                                                            \
    "area settings nor 7168 1024\n"                                                            \
    "decoder 2048\n"
enum { STAGING = 2560, JOURNAL = 4608 };

static const struct tiny_options kinds[] = {
    {.profile = "profile one\n"
                "flash nor sectors=10x256,11x512 program=16 page=256\n"
                "area slot nor 0 1024\n"
                "area scratch nor 2048 512\n" AREAS,
     .old_bytes = 700,
     .new_bytes = 760,
     .scratch = 2,
     .same = 256,
     .trial_boots = 3},
    {.profile = "profile two\n"
                "flash nor sectors=10x256,11x512 program=16 page=256\n"
                "area slot nor 0 1024\n"
                "area slot2 nor 1024 1024\n" AREAS,
     .old_bytes = 700,
     .new_bytes = 760,
     .features = 4,
     .trial_boots = 3},
};
enum { ONE, TWO, N_KINDS };

#define BEGIN " Quectel firmware update is processing....\r\n.......RunFirmwareUpdate......\r\n"

/* The new image in its place, no boot of the trial used up. */
static void begin_trial(unsigned kind)
{
    tiny_init(&t, &kinds[kind]);
    assert_int_equal(fota_sim_device_receive(&t.d, t.packages[0]), FOTA_SIM_RESET);
    assert_int_equal(fota_sim_device_boot(&t.d), FOTA_SIM_RESET);
    assert_non_null(strstr(t.d.console, "percent = 100%\r\n"));
    assert_non_null(strstr(t.d.console, "success. status=0\r\nRebooting....\r\n"));
}

static const struct fota_snapshot *last(void)
{
    return fota_journal_last(&t.d.boot.journal);
}

static uint32_t counter(void)
{
    struct fota_identity id;
    assert_int_equal(fota_identity_read(&id, &t.d.device.area[FOTA_AREA_IDENTITY]), FOTA_OK);
    return id.security_counter;
}

static void expect_start(unsigned image)
{
    assert_int_equal(fota_sim_device_boot(&t.d), FOTA_SIM_STARTED);
    assert_true(fota_sim_device_holds(&t.d, t.d.slot, t.images[image]));
    assert_int_equal(t.d.most_ops_in_a_poll, 1);
}

static void expect_quiet_start(unsigned image)
{
    uint64_t before = t.d.power.n_ops;
    expect_start(image);
    assert_string_equal(t.d.console, "");
    assert_int_equal(t.d.power.n_ops, before);
}

static void without_confirmation_the_old_image_comes_back(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < N_KINDS; kind++) {
        begin_trial(kind);
        for (unsigned left = 3; left-- > 0;) {
            expect_start(1);
            assert_string_equal(t.d.console, "");
            assert_int_equal(last()->phase, FOTA_PHASE_TRIAL);
            assert_int_equal(last()->trials, left);
            assert_int_equal(counter(), TINY_COUNTER_OLD);
        }
        assert_int_equal(fota_sim_device_boot(&t.d), FOTA_SIM_RESET);
        assert_memory_equal(t.d.console, BEGIN, strlen(BEGIN));
        assert_non_null(strstr(t.d.console, "percent = 100%\r\n Quectel firmware update "
                                            "failed. status=47\r\nRebooting....\r\n"));
        expect_quiet_start(0);
        assert_int_equal(last()->phase, FOTA_PHASE_RESULT);
        assert_int_equal(last()->result, 47);
        assert_int_equal(last()->trials, 0);
        assert_int_equal(counter(), TINY_COUNTER_OLD);
        tiny_free(&t);
    }
}

static void a_confirmed_image_stays_and_raises_the_counter(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < N_KINDS; kind++) {
        begin_trial(kind);
        expect_start(1);
        expect_start(1);
        assert_int_equal(fota_sim_device_confirm(&t.d), FOTA_SIM_RESET);
        assert_int_equal(counter(), TINY_COUNTER_NEW);
        for (unsigned i = 0; i < 5; i++)
            expect_quiet_start(1);
        assert_int_equal(last()->phase, FOTA_PHASE_RESULT);
        assert_int_equal(last()->result, 0);
        assert_true(fota_journal_is_final(&t.d.boot.journal));
        tiny_free(&t);
    }
}

static void a_confirmation_that_was_cut_is_finished_by_the_boot_loader(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < N_KINDS; kind++) {
        unsigned n_finished = 0;
        for (uint32_t at = 1; at <= 7; at++) {
            begin_trial(kind);
            expect_start(1);
            t.d.power.cut_at = t.d.power.n_ops + at;
            t.d.power.when = FOTA_SIM_AFTER;
            assert_int_equal(fota_sim_device_confirm(&t.d), FOTA_SIM_POWER_CUT);
            enum fota_sim_end end = fota_sim_device_boot(&t.d);
            n_finished += end == FOTA_SIM_RESET;
            if (end == FOTA_SIM_RESET) expect_start(1);
            /* In the first operations nothing is decided: recommit, erase, head. */
            assert_int_equal(last()->phase, at <= 3 ? FOTA_PHASE_TRIAL : FOTA_PHASE_RESULT);
            assert_int_equal(counter(), at <= 3 ? TINY_COUNTER_OLD : TINY_COUNTER_NEW);
            tiny_free(&t);
        }
        assert_int_equal(n_finished, 3); /* COPY, and the two of the identity */
    }
}

static void an_image_damaged_on_trial_is_not_started(void **state)
{
    (void)state;
    begin_trial(TWO); /* the old one stands in the other slot */
    expect_start(1);
    t.d.flash[0].data[1024 + 300] ^= 1;
    assert_int_equal(fota_sim_device_boot(&t.d), FOTA_SIM_RESET);
    expect_quiet_start(0);
    assert_int_equal(last()->result, 47);
    tiny_free(&t);
    begin_trial(ONE); /* the way back leads from the image that is no longer there */
    expect_start(1);
    t.d.flash[0].data[300] ^= 1;
    assert_int_equal(fota_sim_device_boot(&t.d), FOTA_SIM_RECOVERY);
    tiny_free(&t);
}

static void a_way_back_that_has_rotted_leaves_the_new_image(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < N_KINDS; kind++) {
        begin_trial(kind);
        for (unsigned i = 0; i < 3; i++)
            expect_start(1);
        /* the last byte of the way back; with two slots, of the head */
        uint32_t off = kind == ONE ? t.packages[0].n_bytes - 1 : 100;
        t.d.flash[0].data[STAGING + off] ^= 1;
        expect_start(1);
        assert_non_null(strstr(t.d.console, "failed. status="));
        expect_quiet_start(1);
        assert_int_equal(last()->phase, FOTA_PHASE_RESULT);
        assert_int_equal(last()->result, kind == ONE ? 24 : 14);
        tiny_free(&t);
    }
}

static void a_worn_journal_does_not_keep_the_image_from_starting(void **state)
{
    (void)state;
    begin_trial(TWO);
    expect_start(1);
    t.d.flash[0].worn_addr = JOURNAL;
    t.d.flash[0].worn_bytes = 1536;
    expect_start(1);
    expect_start(1);
    assert_int_equal(last()->trials, 2);
    tiny_free(&t);
}

/* Whoever can write the journal does not get an older image back with it. */
static void once_confirmed_there_is_no_way_back(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < N_KINDS; kind++) {
        static struct fota_journal j;
        enum fota_err err;
        begin_trial(kind);
        for (unsigned i = 0; i < 3; i++)
            expect_start(1);
        struct fota_snapshot forged = *last();
        assert_int_equal(forged.trials, 0);
        assert_int_equal(fota_sim_device_confirm(&t.d), FOTA_SIM_RESET);
        assert_int_equal(fota_journal_load(&j, &t.d.device.area[FOTA_AREA_JOURNAL]), FOTA_OK);
        fota_journal_open(&j, &forged);
        do
            err = fota_journal_step(&j);
        while (err == FOTA_MORE);
        assert_int_equal(err, FOTA_OK);
        expect_start(1);
        assert_non_null(strstr(t.d.console, "failed. status=19\r\n"));
        assert_int_equal(counter(), TINY_COUNTER_NEW);
        tiny_free(&t);
    }
}

/* Flash fails at the n-th operation of the way back, for every n: done again, or told. */
static void every_operation_of_the_way_back_may_fail(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < N_KINDS; kind++) {
        for (uint64_t at = 1; at < 60; at++) {
            begin_trial(kind);
            for (unsigned i = 0; i < 3; i++)
                expect_start(1);
            t.d.power.failure = FOTA_SIM_REPORTED;
            t.d.power.fail_at = t.d.power.n_ops + at;
            t.d.power.n_fail = 1;
            assert_int_equal(fota_sim_device_boot(&t.d), FOTA_SIM_RESET);
            expect_start(0);
            assert_int_equal(last()->result, 47);
            bool over = t.d.power.n_ops < t.d.power.fail_at;
            tiny_free(&t);
            if (over) break;
            assert_true(at < 59);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_confirmation_the_old_image_comes_back),
        cmocka_unit_test(a_confirmed_image_stays_and_raises_the_counter),
        cmocka_unit_test(a_confirmation_that_was_cut_is_finished_by_the_boot_loader),
        cmocka_unit_test(an_image_damaged_on_trial_is_not_started),
        cmocka_unit_test(a_way_back_that_has_rotted_leaves_the_new_image),
        cmocka_unit_test(a_worn_journal_does_not_keep_the_image_from_starting),
        cmocka_unit_test(once_confirmed_there_is_no_way_back),
        cmocka_unit_test(every_operation_of_the_way_back_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
