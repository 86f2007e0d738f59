/* SPDX-License-Identifier: MIT */
#include "test/tiny.h"
#include <setjmp.h>
#include <stdio.h>

static struct tiny t;

static const char profile[] = "profile tiny\n"
                              "flash nor sectors=20x256,20x512 program=16 page=256\n"
                              "area slot nor 0 4096\n"
                              "area scratch nor 4096 1024\n"
                              "area staging nor 5120 6144\n"
                              "area journal nor 11264 1536\n"
                              "area identity nor 12800 1024\n"
                              "area settings nor 13824 1024\n"
                              "decoder 2048\n";

static const struct tiny_options options = {
    .profile = profile, .old_bytes = 3500, .new_bytes = 3800, .scratch = 4, .unit_sectors = 2};

static void set_up(void)
{
    tiny_init(&t, &options);
}

static void receive_first(void)
{
    assert_int_equal(fota_sim_device_receive(&t.d, t.packages[0]), FOTA_SIM_RESET);
}

static void the_provisioned_image_starts_without_a_word(void **state)
{
    (void)state;
    set_up();
    assert_int_equal(fota_sim_device_boot(&t.d), FOTA_SIM_STARTED);
    assert_int_equal(t.d.slot, 0);
    assert_string_equal(t.d.console, "");
    assert_int_equal(t.d.power.n_ops, 0);
    tiny_free(&t);
}

/* Every line of the seed (2.3.1), each number once, CR LF at the end. */
static void an_update_prints_the_lines_of_the_seed(void **state)
{
    (void)state;
    char expected[4096];
    int n = snprintf(expected, sizeof expected,
                     " Quectel firmware update is processing....\r\n"
                     ".......RunFirmwareUpdate......\r\n");
    for (unsigned i = 1; i <= 100; i++)
        n += snprintf(expected + n, sizeof expected - (size_t)n, " Update  percent = %u%%\r\n",
                      i);
    (void)snprintf(expected + n, sizeof expected - (size_t)n,
                   " Quectel firmware update success. status=0\r\n"
                   "Rebooting....\r\n");
    set_up();
    receive_first();
    assert_int_equal(fota_sim_device_boot(&t.d), FOTA_SIM_RESET);
    assert_string_equal(t.d.console, expected);
    assert_int_equal(t.d.most_ops_in_a_poll, 1);
    assert_int_equal(fota_sim_device_boot(&t.d), FOTA_SIM_STARTED);
    assert_string_equal(t.d.console, "");
    assert_true(fota_sim_device_holds(&t.d, 0, t.images[1]));
    tiny_free(&t);
}

static void the_brand_is_data(void **state)
{
    (void)state;
    set_up();
    t.d.device.brand = "Acme";
    receive_first();
    assert_int_equal(fota_sim_device_boot(&t.d), FOTA_SIM_RESET);
    assert_non_null(strstr(t.d.console, " Acme firmware update is processing....\r\n"));
    assert_non_null(strstr(t.d.console, " Acme firmware update success. status=0\r\n"));
    assert_null(strstr(t.d.console, "Quectel"));
    tiny_free(&t);
}

/* The numbers printed, in order; returns how many. */
static unsigned numbers_of(const char *console, unsigned *first, unsigned *last)
{
    unsigned count = 0;
    *first = 0;
    *last = 0;
    for (const char *at = strstr(console, "percent = "); at != NULL;
         at = strstr(at + 1, "percent = ")) {
        unsigned number = 0;
        assert_int_equal(sscanf(at, "percent = %u%%", &number), 1);
        if (count > 0) assert_int_equal(number, *last + 1);
        if (count == 0) *first = number;
        *last = number;
        count++;
    }
    return count;
}

/* Cut anywhere: strictly rising, never back, and 100 at the end. */
static void after_a_cut_the_percent_goes_on_where_it_was(void **state)
{
    (void)state;
    set_up();
    receive_first();
    assert_int_equal(fota_sim_device_boot(&t.d), FOTA_SIM_RESET);
    uint64_t n_ops = t.d.power.n_ops;
    tiny_free(&t);
    unsigned n_cuts = 0;
    unsigned n_lost = 0;
    for (uint64_t at = 1; at < n_ops; at++) {
        unsigned first;
        unsigned last;
        set_up();
        receive_first();
        t.d.power.cut_at = t.d.power.n_ops + at;
        t.d.power.when = FOTA_SIM_AFTER;
        enum fota_sim_end end = fota_sim_device_boot(&t.d);
        if (end == FOTA_SIM_RESET) {
            tiny_free(&t);
            break;
        }
        assert_int_equal(end, FOTA_SIM_POWER_CUT);
        n_cuts++;
        numbers_of(t.d.console, &first, &last);
        unsigned before = last;
        assert_true(before < 100);
        end = fota_sim_device_boot(&t.d);
        n_lost += end == FOTA_SIM_STARTED; /* cut behind the first result record: it was done */
        if (end == FOTA_SIM_RESET) {
            numbers_of(t.d.console, &first, &last);
            assert_in_range(first, before + 1, before + 5); /* a record's worth may be lost */
            assert_int_equal(last, 100);
        }
        tiny_free(&t);
    }
    assert_true(n_cuts > 60);
    assert_int_equal(n_lost, 2);
}

static void a_changed_byte_of_the_image_is_not_started(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < options.old_bytes; i += 333) {
        set_up();
        t.d.flash[0].data[i] ^= 0x80;
        assert_int_equal(fota_sim_device_boot(&t.d), FOTA_SIM_RECOVERY);
        assert_int_equal(t.d.power.n_ops, 0);
        tiny_free(&t);
    }
    set_up();
    t.d.flash[0].data[options.old_bytes] ^= 0x80; /* behind the image */
    assert_int_equal(fota_sim_device_boot(&t.d), FOTA_SIM_STARTED);
    tiny_free(&t);
}

static void without_an_identity_nothing_is_started(void **state)
{
    (void)state;
    set_up();
    memset(t.d.flash[0].data + 12800, 0xFF, 1024);
    assert_int_equal(fota_sim_device_boot(&t.d), FOTA_SIM_RECOVERY);
    tiny_free(&t);
}

/* The package rots between the application's check and the boot loader's. */
static void a_refused_package_leaves_the_old_firmware(void **state)
{
    (void)state;
    set_up();
    receive_first();
    t.d.flash[0].data[5120 + 700] ^= 1;
    assert_int_equal(fota_sim_device_boot(&t.d), FOTA_SIM_STARTED);
    assert_string_equal(t.d.console, " Quectel firmware update is processing....\r\n"
                                     ".......RunFirmwareUpdate......\r\n"
                                     " Quectel firmware update failed. status=24\r\n");
    assert_true(fota_sim_device_holds(&t.d, 0, t.images[0]));
    uint64_t before = t.d.power.n_ops;
    assert_int_equal(fota_sim_device_boot(&t.d), FOTA_SIM_STARTED);
    assert_string_equal(t.d.console, "");
    assert_int_equal(t.d.power.n_ops, before);
    const struct fota_snapshot *last = fota_journal_last(&t.d.boot.journal);
    assert_int_equal(last->phase, FOTA_PHASE_RESULT);
    assert_int_equal(last->result, 24);
    tiny_free(&t);
}

static void a_journal_that_cannot_be_read_says_nothing(void **state)
{
    (void)state;
    set_up();
    t.d.device.area[FOTA_AREA_JOURNAL].addr = 1U << 20;
    assert_int_equal(fota_sim_device_boot(&t.d), FOTA_SIM_STARTED);
    tiny_free(&t);
}

static void a_single_result_is_written_again(void **state)
{
    (void)state;
    set_up();
    receive_first();
    assert_int_equal(fota_sim_device_boot(&t.d), FOTA_SIM_RESET);
    uint64_t n_ops = t.d.power.n_ops;
    tiny_free(&t);
    set_up();
    receive_first();
    t.d.power.cut_at = n_ops;
    t.d.power.when = FOTA_SIM_BEFORE;
    assert_int_equal(fota_sim_device_boot(&t.d), FOTA_SIM_POWER_CUT);
    assert_int_equal(fota_sim_device_boot(&t.d), FOTA_SIM_STARTED);
    assert_int_equal(t.d.power.n_ops, n_ops + 3); /* erase, head, copy */
    assert_string_equal(t.d.console, "");
    assert_int_equal(fota_sim_device_boot(&t.d), FOTA_SIM_STARTED);
    assert_int_equal(t.d.power.n_ops, n_ops + 3);
    tiny_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_provisioned_image_starts_without_a_word),
        cmocka_unit_test(an_update_prints_the_lines_of_the_seed),
        cmocka_unit_test(the_brand_is_data),
        cmocka_unit_test(after_a_cut_the_percent_goes_on_where_it_was),
        cmocka_unit_test(a_changed_byte_of_the_image_is_not_started),
        cmocka_unit_test(without_an_identity_nothing_is_started),
        cmocka_unit_test(a_refused_package_leaves_the_old_firmware),
        cmocka_unit_test(a_journal_that_cannot_be_read_says_nothing),
        cmocka_unit_test(a_single_result_is_written_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
