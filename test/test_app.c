/* SPDX-License-Identifier: MIT */
#include "core/app.h"
#include "core/crc32.h"
#include "core/record_store.h"
#include "host/package_write.h"
#include "port/monocypher/monocypher_verifier.h"
#include "test/images.h"
#include "test/sim_area.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SECTOR = 512, SLOT_BYTES = 16384, OLD_BYTES = 6000, NEW_BYTES = 6300 };

/* ---- a device, its application, and what it has said ---- */

static struct sim_area sim;
static struct fota_profile profile;
static struct fota_device device;
static struct fota_app app;
static char said[8192];
static size_t n_said;
static uint64_t n_ops_at_finish; /* operations when acceptance was said */
static uint32_t clock_ms;
static uint8_t *package;
static uint32_t package_bytes;
static uint8_t old_image[SLOT_BYTES];

static const char *error_text(enum fota_err err)
{
    return fota_err_row(err)->text;
}

static void put(void *ctx, const char *bytes, size_t n)
{
    (void)ctx;
    assert_true(n < sizeof said - n_said);
    memcpy(said + n_said, bytes, n);
    n_said += n;
    said[n_said] = '\0';
    if (n_ops_at_finish == 0 && strstr(said, "Finish") != NULL) {
        n_ops_at_finish = sim.power.n_ops;
    }
}

static void start(bool recovery)
{
    sim.power.boot++;
    n_said = 0;
    said[0] = '\0';
    fota_app_init(&app, &device, recovery, put, NULL);
}

/* Poll until there is nothing to do; no poll makes more than one operation. */
static enum fota_app_next settle(void)
{
    for (;;) {
        uint64_t before = sim.power.n_ops;
        enum fota_app_next next = fota_app_poll(&app, clock_ms);
        assert_true(sim.power.n_ops - before <= 1);
        if (next != FOTA_APP_AGAIN) {
            return next;
        }
    }
}

static enum fota_app_next feed(const void *bytes, size_t n)
{
    const uint8_t *at = bytes;
    while (n > 0) {
        size_t taken = fota_app_feed(&app, at, n, clock_ms);
        at += taken;
        n -= taken;
        enum fota_app_next next = settle();
        if (next == FOTA_APP_RESET) {
            return next;
        }
    }
    return settle();
}

/* What is said to a command line, without its echo; valid until the next one. */
static const char *ask(const char *command)
{
    n_said = 0;
    said[0] = '\0';
    (void)feed(command, strlen(command));
    (void)feed("\r", 1);
    assert_memory_equal(said, command, strlen(command));
    return said + strlen(command) + 1;
}

static void wait_ms(uint32_t ms)
{
    clock_ms += ms;
    (void)settle();
}

static void set_up_identity(const char *version)
{
    struct fota_identity id = {.image_bytes = OLD_BYTES};
    struct fota_sha256 sha;
    (void)snprintf(id.product, sizeof id.product, "M95");
    (void)snprintf(id.version, sizeof id.version, "%s", version);
    fota_sha256_init(&sha);
    fota_sha256_update(&sha, old_image, OLD_BYTES);
    fota_sha256_final(&sha, id.image_sha256);
    uint8_t payload[FOTA_IDENTITY_BYTES];
    struct fota_record_write w;
    fota_identity_encode(&id, payload);
    fota_record_write_begin(&w, &device.area[FOTA_AREA_IDENTITY], payload, sizeof payload, 0);
    while (fota_record_write_step(&w) > 0) {
    }
}

/* A device with the old image, fresh from the factory, and its application started. */
static int set_up(void **state)
{
    (void)state;
    static struct fota_sim_geometry geometry;
    fota_profile_simple(&profile, SECTOR, 4, 1, SLOT_BYTES);
    geometry = (struct fota_sim_geometry){.runs = profile.flash[0].runs,
                                          .n_runs = profile.flash[0].n_runs,
                                          .program_bytes = 1,
                                          .page_bytes = 256,
                                          .erased = 0xFF};
    sim_area_init(&sim, &geometry);
    for (size_t i = 0; i < FOTA_AREA_COUNT; i++) {
        device.area[i] =
            (struct fota_area){&sim.flash.port, profile.area[i].addr, profile.area[i].n_bytes};
    }
    const struct fota_area *journal = &device.area[FOTA_AREA_JOURNAL];
    sim.flash.retouch_addr = journal->addr;
    sim.flash.retouch_bytes = journal->n_bytes;
    memcpy(sim.data + profile.area[FOTA_AREA_SLOT].addr, old_image, OLD_BYTES);
    set_up_identity("A07");
    sim.power.n_ops = 0;
    n_ops_at_finish = 0;
    clock_ms = UINT32_MAX - 500; /* it may wrap */
    start(false);
    return 0;
}

static bool slot_is_old(void)
{
    return memcmp(sim.data + profile.area[FOTA_AREA_SLOT].addr, old_image, OLD_BYTES) == 0;
}

static enum fota_phase phase_found(void)
{
    struct fota_journal j;
    assert_int_equal(fota_journal_load(&j, &device.area[FOTA_AREA_JOURNAL]), FOTA_OK);
    return fota_journal_last(&j) != NULL ? fota_journal_last(&j)->phase : FOTA_PHASE_IDLE;
}

/* ---- the package ---- */

static int make_package(void **state)
{
    static struct fota_trusted_keys trusted;
    static struct fota_verifier verifier;
    static struct fota_private_key key;
    const uint8_t seed[32] = {7};
    struct fota_encoded encoded;
    struct fota_fault fault;
    assert_int_equal(fota_private_key_from_seed(&key, seed), FOTA_OK);
    trusted.keys = (const uint8_t(*)[FOTA_ED25519_KEY_BYTES]) & key.public_key;
    trusted.n_keys = 1;
    verifier = fota_monocypher_verifier(&trusted);
    device = (struct fota_device){.verifier = &verifier,
                                  .product = "M95",
                                  .decoder_bytes = 16384,
                                  .vendor = "Quectel_Ltd",
                                  .brand = "Quectel",
                                  .model = "Quectel_M95",
                                  .serial = "867223020000000",
                                  .error_text = error_text};
    uint8_t *image = code_image(OLD_BYTES, 4);
    memcpy(old_image, image, OLD_BYTES);
    free(image);
    (void)set_up(state);
    uint8_t *new_image = code_image(NEW_BYTES, 12);
    for (size_t i = 0; i < 900; i++) { /* some bulk: more than two pages */
        new_image[i * 7] = (uint8_t)(i * i >> 3);
    }
    const struct fota_encode_options options = {.mode = FOTA_ENCODE_IN_PLACE,
                                                .slot = &device.area[FOTA_AREA_SLOT],
                                                .scratch_sectors = 4,
                                                .decoder_bytes = 16384};
    const struct fota_bytes from = {old_image, OLD_BYTES};
    const struct fota_bytes to = {new_image, NEW_BYTES};
    assert_int_equal(fota_encode(&encoded, from, to, &options), FOTA_OK);
    const struct fota_package_spec spec = {.product = "M95",
                                           .from_version = "A07",
                                           .to_version = "A08",
                                           .old_image = from,
                                           .new_image = to,
                                           .slot = &device.area[FOTA_AREA_SLOT],
                                           .encoded = &encoded,
                                           .keys = &key,
                                           .n_keys = 1};
    assert_int_equal(fota_package_write(&package, &package_bytes, &spec, &fault), FOTA_OK);
    assert_true(package_bytes > 3 * SECTOR);
    fota_encoded_free(&encoded);
    free(new_image);
    return 0;
}

static int free_package(void **state)
{
    (void)state;
    free(package);
    return 0;
}

/* AT+QFAW for [off, off + n) of the package. */
static const char *ask_chunk(uint32_t off, uint32_t n)
{
    char line[1000] = "AT+QFAW=\"";
    size_t at = strlen(line);
    for (uint32_t i = 0; i < n; i++) {
        at += (size_t)snprintf(line + at, sizeof line - at, "%02X", package[off + i]);
    }
    (void)snprintf(line + at, sizeof line - at, "\"");
    return ask(line);
}

static void send_chunks(uint32_t off, uint32_t end)
{
    while (off < end) {
        uint32_t n = end - off < 450 ? end - off : 450;
        assert_string_equal(ask_chunk(off, n), "\r\nOK\r\n");
        off += n;
    }
}

static const char ok[] = "\r\nOK\r\n";
static const char finish[] = "\r\nFinish data downloading, rebooting....\r\n";

/* ---- tests ---- */

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
    assert_non_null(strstr(ask("AT+QFUA=512"), "cannot go on at this offset"));
    assert_string_equal(ask("AT+QFUA=1024"), "\r\nOK\r\n\r\nCONNECT\r\n");
    (void)feed(package + 1024, 300);
    start(false);
    assert_durable(ask("AT+QFAI=1"), 1024, package_bytes);
    send_chunks(1024, package_bytes);
    assert_string_equal(ask("AT+QFAU"), finish);
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
    assert_string_equal(ask("ATS3=13S4=10S5=127&W"), ok);
    start(false);
    assert_string_equal(ask("ATS5?"), "\r\n127\r\n\r\nOK\r\n");
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
        cmocka_unit_test_setup(
            acceptance_is_said_when_it_is_durable_and_nothing_is_written_behind_it, set_up),
        cmocka_unit_test_setup(staging_is_erased_behind_a_durable_idle_record_only, set_up),
        cmocka_unit_test_setup(transfers_end_with_the_error_of_their_own, set_up),
        cmocka_unit_test_setup(
            refused_transfer_by_commands_names_the_error_at_once_and_at_the_end, set_up),
        cmocka_unit_test_setup(silence_leaves_data_mode, set_up),
        cmocka_unit_test_setup(transfer_goes_on_in_the_same_boot, set_up),
        cmocka_unit_test_setup(transfer_goes_on_after_a_reset_in_either_mode, set_up),
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
