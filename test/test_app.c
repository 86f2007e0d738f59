/* SPDX-License-Identifier: MIT */
#include "test/app_device.h"

static void commands_take_a_package_of_any_chunk_size(void **state)
{
    static const uint32_t sizes[] = {1, 7, 255, 256, 257, 449, 450};
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        (void)set_up(state);
        assert_string_equal(ask("AT+QFAI"), ok);
        for (uint32_t off = 0; off < package_bytes; off += sizes[s]) {
            uint32_t left = package_bytes - off;
            assert_string_equal(ask_chunk(off, left < sizes[s] ? left : sizes[s]), ok);
        }
        assert_string_equal(ask("AT+QFAU"), finish);
        assert_int_equal(settle(), FOTA_APP_RESET);
        assert_int_equal(phase_found(), FOTA_PHASE_RUN);
    }
}

static void data_mode_takes_a_package_in_pieces_of_any_size(void **state)
{
    static const size_t sizes[] = {1, 2, 11, 12, 13, 255, 256, 257, 1000, 100000};
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        (void)set_up(state);
        assert_string_equal(ask("AT+QFUA"), "\r\nOK\r\n\r\nCONNECT\r\n");
        n_said = 0;
        for (size_t off = 0; off < package_bytes; off += sizes[s]) {
            size_t left = package_bytes - off;
            (void)feed(package + off, left < sizes[s] ? left : sizes[s]);
        }
        assert_int_equal(feed("+++", 3), FOTA_APP_RESET);
        assert_string_equal(said, finish);
        assert_int_equal(phase_found(), FOTA_PHASE_RUN);
    }
}

static void escape_may_come_in_any_pieces(void **state)
{
    static const char *const pieces[][3] = {{"+", "++", ""}, {"++", "+", ""}, {"+", "+", "+"}};
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        (void)set_up(state);
        (void)ask("AT+QFUA");
        n_said = 0;
        (void)feed(package, package_bytes);
        for (size_t k = 0; k < 3; k++) {
            assert_int_equal(n_said, 0);
            (void)feed(pieces[i][k], strlen(pieces[i][k]));
            wait_ms((uint32_t)i *
                    FOTA_AT_GUARD_MS); /* no silence is needed, and none does harm */
            if (k == 1 && pieces[i][2][0] == '\0') {
                break;
            }
        }
        assert_string_equal(said, finish);
    }
    (void)set_up(state); /* the last byte and the escape in one piece */
    (void)ask("AT+QFUA");
    n_said = 0;
    (void)feed(package, package_bytes - 1);
    const uint8_t end[] = {package[package_bytes - 1], '+', '+', '+', 'A', 'T', '\r'};
    (void)fota_app_feed(&app, end, sizeof end, clock_ms);
    assert_int_equal(settle(), FOTA_APP_RESET);
    assert_string_equal(said, finish);
}

/* As the boot loader leaves it: the image that runs is on trial. */
static void put_on_trial(void)
{
    struct fota_journal j;
    enum fota_err err;
    struct fota_snapshot trial = {
        .phase = FOTA_PHASE_TRIAL, .trials = 2, .cuts = 4, .counter = 9};
    for (uint8_t i = 0; i < 8; i++) {
        trial.from_id[i] = (uint8_t)(0x10 + i);
        trial.to_id[i] = (uint8_t)(0xA8 + i);
    }
    assert_int_equal(fota_journal_load(&j, &device.area[FOTA_AREA_JOURNAL]), FOTA_OK);
    fota_journal_open(&j, &trial);
    do
        err = fota_journal_step(&j);
    while (err > 0);
    assert_int_equal(err, FOTA_OK);
    start(false);
}

static uint32_t device_counter(void)
{
    struct fota_identity id;
    assert_int_equal(fota_identity_read(&id, &device.area[FOTA_AREA_IDENTITY]), FOTA_OK);
    return id.security_counter;
}

#define IDS ",\"1011121314151617\",\"A8A9AAABACADAEAF\"\r\n\r\nOK\r\n"

static void a_trial_is_confirmed_by_command(void **state)
{
    (void)state;
    assert_string_equal(ask("AT+QFUR?"), "\r\n+QFUR: 0\r\n\r\nOK\r\n");
    assert_string_equal(ask("AT+QFUC"), ok); /* nothing to confirm */
    put_on_trial();
    assert_true(fota_app_is_on_trial(&app));
    assert_string_equal(ask("AT+QFUR?"), "\r\n+QFUR: 2,0,4,2" IDS);
    assert_string_equal(ask("AT+QFAI"), "\r\n+CME ERROR: an update is under way\r\n");
    assert_string_equal(ask("AT+QFUC;+QFUR?"), "\r\n+QFUR: 1,0,4,0" IDS);
    assert_false(fota_app_is_on_trial(&app));
    assert_int_equal(device_counter(), 9);
    assert_int_equal(phase_found(), FOTA_PHASE_RESULT);
    uint64_t before = sim.power.n_ops;
    assert_string_equal(ask("AT+QFUC"), ok);
    assert_int_equal(sim.power.n_ops, before);
    assert_string_equal(ask("AT+QFAI"), ok);
    start(false); /* the result outlives the transfer that follows */
    assert_string_equal(ask("AT+QFUR?"), "\r\n+QFUR: 1,0,4,0" IDS);
}

static void a_trial_is_confirmed_by_the_firmware_and_input_waits(void **state)
{
    (void)state;
    assert_int_equal(fota_app_confirm(&app), FOTA_OK);
    assert_int_equal(settle(), FOTA_APP_IDLE);
    assert_int_equal(sim.power.n_ops, 0);
    put_on_trial();
    assert_int_equal(fota_app_confirm(&app), FOTA_OK);
    assert_int_equal(fota_app_confirm(&app), FOTA_OK);
    assert_int_equal(fota_app_feed(&app, (const uint8_t *)"AT&W\r", 5, clock_ms), 0);
    assert_int_equal(settle(), FOTA_APP_IDLE);
    assert_string_equal(said, "");
    assert_int_equal(device_counter(), 9);
    assert_string_equal(ask("AT&W"), ok);
    put_on_trial(); /* a command is worked at */
    assert_int_equal(fota_app_feed(&app, (const uint8_t *)"AT&W\r", 5, clock_ms), 5);
    assert_int_equal(fota_app_confirm(&app), FOTA_E_BUSY);
    assert_int_equal(settle(), FOTA_APP_IDLE);
    assert_int_equal(fota_app_confirm(&app), FOTA_OK);
}

static void a_confirmation_that_cannot_be_written_is_told(void **state)
{
    (void)state;
    put_on_trial();
    sim.flash.worn_addr = profile.area[FOTA_AREA_JOURNAL].addr;
    sim.flash.worn_bytes = profile.area[FOTA_AREA_JOURNAL].n_bytes;
    assert_string_equal(ask("AT+QFUC"), "\r\n+CME ERROR: update journal cannot be written\r\n");
    sim.flash.worn_bytes = 0;
    assert_int_equal(device_counter(), 0);
    assert_string_equal(ask("AT+QFUC"), ok);
    assert_int_equal(device_counter(), 9);
}

static void recovery_confirms_nothing(void **state)
{
    (void)state;
    put_on_trial();
    start(true);
    assert_false(fota_app_is_on_trial(&app));
    assert_string_equal(ask("AT+QFUR?"), "\r\n+QFUR: 3,0,4,2" IDS);
    assert_string_equal(ask("AT+QFUC"), ok);
    assert_int_equal(phase_found(), FOTA_PHASE_TRIAL);
    assert_string_equal(ask("AT+QFAI"), ok); /* given up */
    assert_string_equal(ask("AT+QFUR?"), "\r\n+QFUR: 1,45,4,0" IDS);
}

static void acceptance_is_said_when_it_is_durable_and_nothing_is_written_behind_it(void **state)
{
    (void)state;
    assert_string_equal(ask("AT+QFAI"), ok);
    send_chunks(0, package_bytes);
    assert_int_equal(phase_found(), FOTA_PHASE_IDLE);
    (void)ask("AT+QFAU");
    assert_int_equal(phase_found(), FOTA_PHASE_RUN);
    assert_int_equal(n_ops_at_finish, sim.power.n_ops);
    assert_int_equal(fota_app_feed(&app, (const uint8_t *)"ATI\r", 4, clock_ms), 0);
    assert_true(slot_is_old());
}

static void staging_is_erased_behind_a_durable_idle_record_only(void **state)
{
    (void)state;
    const struct fota_profile_area *staging = &profile.area[FOTA_AREA_STAGING];
    memset(sim.data + staging->addr, 0x55, staging->n_bytes);
    (void)fota_app_feed(&app, (const uint8_t *)"AT+QFAI\r", 8, clock_ms);
    while (sim.data[staging->addr] == 0x55) {
        assert_int_equal(fota_app_poll(&app, clock_ms), FOTA_APP_AGAIN);
    }
    struct fota_journal j;
    assert_int_equal(fota_journal_load(&j, &device.area[FOTA_AREA_JOURNAL]), FOTA_OK);
    assert_non_null(fota_journal_last(&j));
    assert_int_equal(fota_journal_last(&j)->phase, FOTA_PHASE_IDLE);
    assert_true(fota_journal_is_final(&j));
}

/* How a transfer by data mode that is refused ends. */
static void assert_refused(const void *bytes, size_t n, enum fota_err err)
{
    char expected[200];
    (void)snprintf(expected, sizeof expected,
                   "\r\n Quectel firmware update failed. status=%u\r\n\r\n+CME ERROR: %s\r\n",
                   fota_err_code(err), error_text(err));
    (void)ask("AT+QFUA");
    n_said = 0;
    (void)feed(bytes, n);
    assert_int_equal(feed("+++", 3), FOTA_APP_IDLE);
    wait_ms(FOTA_AT_GUARD_MS + 1); /* restart of the clock at the first poll, see at_server */
    wait_ms(FOTA_AT_GUARD_MS + 1);
    assert_string_equal(said, expected);
    assert_true(slot_is_old());
    assert_string_equal(ask("AT+CGMR"), "\r\nRevision: A07\r\n\r\nOK\r\n");
}

static void transfers_end_with_the_error_of_their_own(void **state)
{
    (void)state;
    uint8_t *bad = malloc(package_bytes + 100);
    assert_refused("", 0, FOTA_E_EMPTY);
    assert_refused("F", 1, FOTA_E_TRUNCATED);
    assert_refused("FOTx", 4, FOTA_E_FORMAT);
    assert_refused("some other text", 15, FOTA_E_FORMAT);
    for (uint32_t n = 12; n < package_bytes; n += 97) {
        assert_refused(package, n, FOTA_E_TRUNCATED);
    }
    memcpy(bad, package, package_bytes);
    memset(bad + package_bytes, 'x', 100);
    assert_refused(bad, package_bytes + 1, FOTA_E_OVERLONG);
    assert_refused(bad, package_bytes + 100, FOTA_E_OVERLONG);
    bad[package_bytes - 1] ^= 1;
    assert_refused(bad, package_bytes, FOTA_E_BODY_HASH);
    memcpy(bad, package, package_bytes);
    bad[9] = 0x41; /* total_bytes: 16640 and more */
    assert_refused(bad, package_bytes, FOTA_E_STAGING_SPACE);
    free(bad);
}

static void refused_transfer_by_commands_names_the_error_at_once_and_at_the_end(void **state)
{
    (void)state;
    const char refused[] = "\r\n+CME ERROR: not a fota package, or its head is damaged\r\n";
    assert_string_equal(ask("AT+QFAI"), ok);
    assert_string_equal(ask("AT+QFAW=\"00112233445566778899AA\""), ok);
    assert_string_equal(ask("AT+QFAW=\"BB\""), refused);
    assert_string_equal(ask("AT+QFAW=\"CC\""), refused);
    assert_string_equal(ask("AT+QFAU"), "\r\n Quectel firmware update failed. status=10\r\n"
                                        "\r\n+CME ERROR: not a fota package, or its head is "
                                        "damaged\r\n");
    assert_string_equal(ask("AT+QFAU"), "\r\n+CME ERROR: no transfer begun\r\n");
}

static void silence_leaves_data_mode(void **state)
{
    (void)state;
    (void)ask("AT+QFUA");
    (void)feed(package, 600);
    n_said = 0;
    wait_ms(FOTA_AT_IDLE_MS - 1);
    assert_int_equal(n_said, 0);
    wait_ms(2);
    assert_non_null(strstr(said, "status=36\r\n"));
    assert_non_null(strstr(ask("AT+QFAI?"), "+QFAI: 512,"));
}

static void assert_durable(const char *answer, uint32_t durable, uint32_t total)
{
    char expected[80];
    (void)snprintf(expected, sizeof expected, "\r\n+QFAI: %lu,%lu,\"%08lX\"\r\n\r\nOK\r\n",
                   (unsigned long)durable, (unsigned long)total,
                   (unsigned long)fota_crc32(0, package, durable));
    assert_string_equal(answer, expected);
}

static void transfer_goes_on_in_the_same_boot(void **state)
{
    (void)state;
    assert_durable(ask("AT+QFAI?"), 0, 0);
    (void)ask("AT+QFAI");
    send_chunks(0, 900);
    assert_durable(ask("AT+QFAI?"), 768, package_bytes);
    uint64_t n_erases = sim.flash.n_erases;
    assert_durable(ask("AT+QFAI=1"), 768, package_bytes);
    assert_int_equal(sim.flash.n_erases, n_erases);
    send_chunks(768, package_bytes);
    assert_string_equal(ask("AT+QFAU"), finish);
}

static void transfer_goes_on_after_a_reset_in_either_mode(void **state)
{
    (void)state;
    (void)ask("AT+QFAI");
    send_chunks(0, 1350);
    start(false);
    assert_durable(ask("AT+QFAI?"), 1024, package_bytes);
    uint64_t n_ops = sim.power.n_ops;
    assert_non_null(strstr(ask("AT+QFUA=512"), "cannot go on at this offset"));
    assert_int_equal(sim.power.n_ops, n_ops);
    assert_string_equal(ask("AT+QFUA=1024"), "\r\nOK\r\n\r\nCONNECT\r\n");
    (void)feed(package + 1024, 300);
    start(false);
    assert_durable(ask("AT+QFAI=1"), 1024, package_bytes);
    send_chunks(1024, package_bytes);
    assert_string_equal(ask("AT+QFAU"), finish);
}

static void truncated_transfer_goes_on_where_it_stood(void **state)
{
    (void)state;
    (void)ask("AT+QFAI");
    send_chunks(0, 900);
    assert_non_null(strstr(ask("AT+QFAU"), "status=11\r\n"));
    uint64_t n_erases = sim.flash.n_erases;
    assert_durable(ask("AT+QFAI=1"), 768, package_bytes);
    assert_int_equal(sim.flash.n_erases, n_erases);
    send_chunks(768, package_bytes);
    assert_string_equal(ask("AT+QFAU"), finish);
}

static void package_that_can_never_fit_is_not_gone_on_with(void **state)
{
    (void)state;
    uint8_t *staging = sim.data + profile.area[FOTA_AREA_STAGING].addr;
    memcpy(staging, package, 3 * SECTOR);
    staging[9] = 0x41;
    start(false);
    assert_non_null(strstr(ask("AT+QFAI=1"), "OK"));
    assert_string_equal(ask("AT+QFAW=\"00\""),
                        "\r\n+CME ERROR: package too large for the staging area\r\n");
}

static void other_firmware_than_the_package_s_base_is_seen(void **state)
{
    (void)state;
    sim.data[profile.area[FOTA_AREA_SLOT].addr + 1234] ^= 1;
    (void)ask("AT+QFAI");
    send_chunks(0, package_bytes);
    assert_non_null(strstr(ask("AT+QFAU"), "status=17\r\n"));
}

/* A RUN record that could not be written may still show up later: the next transfer records
 * IDLE again before it erases the package that RUN would want. */
static void failed_acceptance_is_followed_by_idle(void **state)
{
    (void)state;
    (void)ask("AT+QFAI");
    send_chunks(0, package_bytes);
    sim.flash.worn_addr = profile.area[FOTA_AREA_JOURNAL].addr;
    sim.flash.worn_bytes = profile.area[FOTA_AREA_JOURNAL].n_bytes;
    assert_non_null(strstr(ask("AT+QFAU"), "status=43\r\n"));
    sim.flash.worn_bytes = 0;
    struct fota_journal before;
    struct fota_journal after;
    assert_int_equal(fota_journal_load(&before, &device.area[FOTA_AREA_JOURNAL]), FOTA_OK);
    assert_string_equal(ask("AT+QFAI"), ok);
    assert_int_equal(fota_journal_load(&after, &device.area[FOTA_AREA_JOURNAL]), FOTA_OK);
    assert_true(fota_journal_epoch(&after) != fota_journal_epoch(&before));
    assert_int_equal(phase_found(), FOTA_PHASE_IDLE);
    send_chunks(0, package_bytes);
    assert_string_equal(ask("AT+QFAU"), finish);
    assert_int_equal(phase_found(), FOTA_PHASE_RUN);
}

static void full_pages_are_programmed_at_the_next_poll(void **state)
{
    (void)state;
    (void)ask("AT+QFUA");
    assert_int_equal(fota_app_feed(&app, package, 300, clock_ms), 256);
    assert_int_equal(fota_app_feed(&app, package + 256, 44, clock_ms), 0);
    assert_int_equal(fota_app_poll(&app, clock_ms), FOTA_APP_AGAIN);
    assert_int_equal(fota_app_feed(&app, package + 256, 44, clock_ms), 44);
    assert_int_equal(fota_app_poll(&app, clock_ms), FOTA_APP_IDLE);
}

static void finished_transfer_can_be_begun_again(void **state)
{
    (void)state;
    (void)ask("AT+QFAI");
    send_chunks(0, package_bytes);
    device.product = "M96";
    assert_non_null(strstr(ask("AT+QFAU"), "status=16\r\n"));
    device.product = "M95";
    const char *answer = ask("AT+QFAI=1");
    assert_non_null(strstr(answer, "OK"));
    send_chunks(app.staging.durable_bytes, package_bytes);
    assert_string_equal(ask("AT+QFAU"), finish);
}

struct cut_run {
    bool accepted;
};

static void whole_transfer(void *arg)
{
    struct cut_run *run = arg;
    (void)ask("AT+QFUA");
    (void)feed(package, package_bytes);
    run->accepted = feed("+++", 3) == FOTA_APP_RESET;
}

/* One transfer whose power is cut, and one made anew after it. */
static void cut_transfer(void **state, uint64_t cut, enum fota_sim_when when, unsigned outcome,
                         uint64_t seed)
{
    struct cut_run run = {false};
    (void)set_up(state);
    sim.power.cut_at = cut;
    sim.power.when = when;
    sim.power.outcome = outcome;
    sim.power.seed = seed;
    assert_false(sim_area_survives(&sim, whole_transfer, &run));
    sim.power.cut_at = 0;
    assert_true(slot_is_old());
    start(false);
    assert_string_equal(ask("AT+CGMR"), "\r\nRevision: A07\r\n\r\nOK\r\n");
    if (phase_found() == FOTA_PHASE_RUN) {
        return; /* the boot loader's */
    }
    whole_transfer(&run);
    assert_true(run.accepted);
    assert_int_equal(phase_found(), FOTA_PHASE_RUN);
    assert_true(slot_is_old());
}

/* Whatever a cut leaves, the firmware is the old one, and after it a transfer can be made,
 * unless the update was accepted: only the last operation can have done that. */
static void power_cut_at_every_operation_of_a_transfer(void **state)
{
    struct cut_run run = {false};
    whole_transfer(&run);
    assert_true(run.accepted);
    uint64_t n_ops = sim.power.n_ops;
    assert_true(n_ops > 40);
    for (uint64_t cut = 1; cut <= n_ops; cut++) {
        cut_transfer(state, cut, FOTA_SIM_BEFORE, 0, 0);
        assert_int_equal(phase_found(), FOTA_PHASE_RUN);
        cut_transfer(state, cut, FOTA_SIM_AFTER, 0, 0);
        bool all = cut <= 4 || cut > n_ops - 3; /* the journal's, and the last page */
        for (unsigned i = 0; i < (all ? (unsigned)FOTA_SIM_P_COUNT : 2U); i++) {
            for (uint64_t seed = 0; seed < (all ? 4U : 1U); seed++) {
                cut_transfer(state, cut, FOTA_SIM_TORN, all ? i : FOTA_SIM_ANY,
                             cut * 64 + i * 4 + seed);
            }
        }
    }
    assert_int_equal(sim.flash.n_violations, 0);
}

static void unfinished_update_is_not_disturbed(void **state)
{
    (void)state;
    (void)ask("AT+QFAI");
    send_chunks(0, package_bytes);
    (void)ask("AT+QFAU");
    start(false);
    uint64_t n_ops = sim.power.n_ops;
    assert_string_equal(ask("AT+QFAI"), "\r\n+CME ERROR: an update is under way\r\n");
    assert_string_equal(ask("AT+QFUA"), "\r\n+CME ERROR: an update is under way\r\n");
    assert_int_equal(sim.power.n_ops, n_ops);
    start(true); /* but recovery gives up what cannot be finished */
    assert_string_equal(ask("AT+QFAI"), ok);
    assert_int_equal(phase_found(), FOTA_PHASE_IDLE);
}

static void worn_staging_refuses_the_package_and_nothing_else(void **state)
{
    (void)state;
    sim.power.failure = FOTA_SIM_SILENT;
    sim.flash.worn_addr = profile.area[FOTA_AREA_STAGING].addr + 2 * SECTOR;
    sim.flash.worn_bytes = SECTOR;
    memset(sim.data + sim.flash.worn_addr, 0, SECTOR);
    assert_string_equal(ask("AT+QFAI"), "\r\n+CME ERROR: flash does not keep what is written"
                                        "\r\n");
    sim.flash.worn_bytes = 0;
    (void)ask("AT+QFAI");
    sim.flash.worn_bytes = SECTOR;
    for (uint32_t off = 0; off + 450 <= 1350; off += 450) {
        (void)ask_chunk(off, 450);
    }
    assert_non_null(strstr(ask("AT+QFAU"), "status=42\r\n"));
    assert_string_equal(ask("AT"), ok);
    assert_true(slot_is_old());
}

static void slow_erases_are_waited_for(void **state)
{
    (void)state;
    sim.power.busy = 5;
    (void)ask("AT+QFAI");
    send_chunks(0, package_bytes);
    assert_string_equal(ask("AT+QFAU"), finish);
}

static void data_mode_wants_flow_control_towards_the_module(void **state)
{
    (void)state;
    static const struct {
        const char *ifc;
        bool taken;
    } rows[] = {{"AT+IFC=0,0", false}, {"AT+IFC=2,0", false}, {"AT+IFC=0,2", true}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        (void)set_up(state);
        (void)ask(rows[i].ifc);
        const char *answer = ask("AT+QFUA");
        assert_true(rows[i].taken ? strstr(answer, "CONNECT") != NULL
                                  : strstr(answer, "flow control is off") != NULL);
    }
}

static void stored_settings_outlive_resets_and_torn_writes(void **state)
{
    (void)state;
    assert_string_equal(ask("AT+CMEE=1;+IFC=0,2;+IPR=9600;&W"), ok);
    start(false);
    assert_string_equal(ask("AT+CMEE?;+IFC?;+IPR?"), "\r\n+CMEE: 1\r\n\r\n+IFC: 0,2\r\n\r\n"
                                                     "+IPR: 9600\r\n\r\nOK\r\n");
    (void)feed("ATS3=65S4=66S5=67&W\r", 20); /* would make it deaf: not stored */
    start(false);
    assert_string_equal(ask("ATS3?S4?S5?"), "\r\n013\r\n\r\n010\r\n\r\n008\r\n\r\nOK\r\n");
    assert_string_equal(ask("AT&F"), ok);
    assert_string_equal(ask("AT+CMEE?"), "\r\n+CMEE: 2\r\n\r\nOK\r\n");
    assert_string_equal(ask("ATZ"), ok);
    assert_string_equal(ask("AT+CMEE?"), "\r\n+CMEE: 1\r\n\r\nOK\r\n");
    memset(sim.data + profile.area[FOTA_AREA_SETTINGS].addr, 0, 2 * SECTOR);
    start(false);
    assert_string_equal(ask("AT+CMEE?"), "\r\n+CMEE: 2\r\n\r\nOK\r\n");
}

static void identity_is_what_the_record_says(void **state)
{
    (void)state;
    const char ati[] = "\r\nQuectel_Ltd\r\nQuectel_M95\r\nRevision: A07\r\n\r\nOK\r\n";
    assert_string_equal(ask("ATI"), ati);
    assert_string_equal(ask("ATI0"), ati);
    assert_string_equal(ask("ATI1"), "\r\nERROR\r\n");
    assert_string_equal(ask("AT+CGSN"), "\r\n867223020000000\r\n\r\nOK\r\n");
    start(true);
    fota_app_ready(&app);
    assert_string_equal(said, "\r\nRDY\r\n");
    assert_non_null(strstr(ask("ATI"), "Revision: none\r\n"));
}

static void functionality_one_one_resets(void **state)
{
    (void)state;
    assert_string_equal(ask("AT+CFUN=4"), ok);
    assert_string_equal(ask("AT+CFUN?"), "\r\n+CFUN: 4\r\n\r\nOK\r\n");
    assert_string_equal(ask("AT+CFUN=1,0"), ok);
    assert_string_equal(ask("AT+CFUN=3"), "\r\nERROR\r\n");
    assert_string_equal(ask("AT+CFUN=4,1"), "\r\nERROR\r\n");
    assert_int_equal(settle(), FOTA_APP_IDLE);
    assert_string_equal(ask("AT+CFUN=1,1"), ok);
    assert_int_equal(settle(), FOTA_APP_RESET);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(commands_take_a_package_of_any_chunk_size, set_up),
        cmocka_unit_test_setup(data_mode_takes_a_package_in_pieces_of_any_size, set_up),
        cmocka_unit_test_setup(escape_may_come_in_any_pieces, set_up),
        cmocka_unit_test_setup(a_trial_is_confirmed_by_command, set_up),
        cmocka_unit_test_setup(a_trial_is_confirmed_by_the_firmware_and_input_waits, set_up),
        cmocka_unit_test_setup(a_confirmation_that_cannot_be_written_is_told, set_up),
        cmocka_unit_test_setup(recovery_confirms_nothing, set_up),
        cmocka_unit_test_setup(
            acceptance_is_said_when_it_is_durable_and_nothing_is_written_behind_it, set_up),
        cmocka_unit_test_setup(staging_is_erased_behind_a_durable_idle_record_only, set_up),
        cmocka_unit_test_setup(transfers_end_with_the_error_of_their_own, set_up),
        cmocka_unit_test_setup(
            refused_transfer_by_commands_names_the_error_at_once_and_at_the_end, set_up),
        cmocka_unit_test_setup(silence_leaves_data_mode, set_up),
        cmocka_unit_test_setup(transfer_goes_on_in_the_same_boot, set_up),
        cmocka_unit_test_setup(transfer_goes_on_after_a_reset_in_either_mode, set_up),
        cmocka_unit_test_setup(truncated_transfer_goes_on_where_it_stood, set_up),
        cmocka_unit_test_setup(package_that_can_never_fit_is_not_gone_on_with, set_up),
        cmocka_unit_test_setup(other_firmware_than_the_package_s_base_is_seen, set_up),
        cmocka_unit_test_setup(failed_acceptance_is_followed_by_idle, set_up),
        cmocka_unit_test_setup(full_pages_are_programmed_at_the_next_poll, set_up),
        cmocka_unit_test_setup(finished_transfer_can_be_begun_again, set_up),
        cmocka_unit_test_setup(power_cut_at_every_operation_of_a_transfer, set_up),
        cmocka_unit_test_setup(unfinished_update_is_not_disturbed, set_up),
        cmocka_unit_test_setup(worn_staging_refuses_the_package_and_nothing_else, set_up),
        cmocka_unit_test_setup(slow_erases_are_waited_for, set_up),
        cmocka_unit_test_setup(data_mode_wants_flow_control_towards_the_module, set_up),
        cmocka_unit_test_setup(stored_settings_outlive_resets_and_torn_writes, set_up),
        cmocka_unit_test_setup(identity_is_what_the_record_says, set_up),
        cmocka_unit_test_setup(functionality_one_one_resets, set_up),
    };
    return cmocka_run_group_tests(tests, make_package, free_package);
}
