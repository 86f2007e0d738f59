/* SPDX-License-Identifier: MIT */
/* The client against the real server over a line that splits, delays, drops, doubles and
 * damages, and a small device that receives, checks and "updates".  Time is simulated.  A
 * failing run prints its number; FOTA_LINK_RUN=<number> in the environment repeats it alone. */
#include "core/at_client.h"
#include "core/at_server.h"
#include "core/crc32.h"
#include "core/le.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PAGE          256U
#define PACKAGE_BYTES 3000U
#define STAGING_BYTES 8192U
#define TICK_MS       10U
#define OLD           "M95FAR02A07"
#define NEW           "M95FAR02A08"

static uint8_t package[PACKAGE_BYTES];

static void make_package(void)
{
    for (size_t i = 0; i < sizeof package; i++) {
        package[i] = (uint8_t)(i * 131 + (i >> 7));
    }
    fota_put_le32(package, PACKAGE_BYTES);
}

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525U + 1013904223U;
    return *seed >> 8;
}

static bool happens(uint32_t *seed, unsigned per_100000)
{
    return next_random(seed) % 100000 < per_100000;
}

/* ---- the line, one direction ---- */

struct faults {
    unsigned drop; /* per 100,000 bytes */
    unsigned twice;
    unsigned flip;
    unsigned drop_line; /* per 100,000 line ends: the next line is lost */
    unsigned pause;     /* per 100,000 ticks: up to 3 s */
};

struct wire {
    struct faults faults;
    uint8_t bytes[65536];
    size_t n;
    uint32_t paused_ms;
    bool losing_line;
};

static void wire_put(struct wire *w, uint32_t *seed, uint8_t byte)
{
    if (byte == '\n') {
        w->losing_line = happens(seed, w->faults.drop_line);
    }
    if (w->losing_line || happens(seed, w->faults.drop)) {
        return;
    }
    if (happens(seed, w->faults.flip)) {
        byte ^= (uint8_t)(1U << next_random(seed) % 8);
    }
    for (unsigned i = happens(seed, w->faults.twice) ? 2 : 1; i > 0; i--) {
        assert_true(w->n < sizeof w->bytes);
        w->bytes[w->n++] = byte;
    }
}

/* How many bytes arrive in this tick: any number. */
static size_t wire_arriving(struct wire *w, uint32_t *seed)
{
    if (happens(seed, w->faults.pause)) {
        w->paused_ms = next_random(seed) % 3000;
    }
    if (w->paused_ms >= TICK_MS) {
        w->paused_ms -= TICK_MS;
        return 0;
    }
    size_t n = next_random(seed) % 4 == 0 ? 1 : 1 + next_random(seed) % 200;
    return n < w->n ? n : w->n;
}

static void wire_took(struct wire *w, size_t n)
{
    memmove(w->bytes, w->bytes + n, w->n - n);
    w->n -= n;
}

/* ---- the device ---- */

struct scenario {
    const char *name;
    struct faults up;   /* MCU to module */
    struct faults down; /* module to MCU */
    unsigned resets;    /* per 100,000 ticks while a package is received */
    bool old_module;    /* knows the seed's commands only, and no AT+CMEE */
    bool must_succeed;
    bool clean_up; /* nothing is damaged towards the module: it never receives a wrong byte */
};

struct device {
    const struct scenario *scenario;
    uint32_t run;
    struct fota_at_server at;
    struct fota_at_device port;
    struct wire *down;
    uint32_t *seed;
    uint32_t now_ms;
    uint8_t staging[STAGING_BYTES];
    uint32_t n_received;
    bool receiving;
    bool accepted;
    bool data_mode;
    uint32_t busy_until_ms; /* a command is pending */
    enum fota_at_answer then;
    unsigned update_step; /* lines printed after the acceptance */
    uint32_t next_line_ms;
    const char *version;
};

static struct device *device_of(struct fota_at_server *s)
{
    return s->device->ctx;
}

static void device_put(void *ctx, const char *bytes, size_t n)
{
    struct device *d = ctx;
    for (size_t i = 0; i < n; i++) {
        wire_put(d->down, d->seed, (uint8_t)bytes[i]);
    }
}

static uint32_t durable(const struct device *d)
{
    return d->n_received / PAGE * PAGE;
}

static enum fota_at_answer later(struct device *d, enum fota_at_answer then)
{
    d->busy_until_ms = d->now_ms + next_random(d->seed) % 2000;
    d->then = then;
    return FOTA_AT_PENDING;
}

static void store(struct device *d, const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n && d->n_received < STAGING_BYTES; i++) {
        if (d->scenario->clean_up &&
            (d->n_received >= PACKAGE_BYTES || bytes[i] != package[d->n_received])) {
            fail_msg("%s, run %u: wrong byte at %u", d->scenario->name, (unsigned)d->run,
                     (unsigned)d->n_received);
        }
        d->staging[d->n_received++] = bytes[i];
    }
}

static uint32_t total(const struct device *d)
{
    return d->n_received < 4 ? 0 : fota_le32(d->staging);
}

static size_t device_data(void *ctx, const uint8_t *bytes, size_t n)
{
    struct device *d = ctx;
    size_t taken = next_random(d->seed) % (n + 1);
    store(d, bytes, taken);
    return taken;
}

static bool device_complete(void *ctx)
{
    const struct device *d = ctx;
    return d->n_received == total(d);
}

/* Takes the place of length, signature and hashes. */
static enum fota_at_answer check(struct fota_at_server *s)
{
    struct device *d = device_of(s);
    d->receiving = false;
    if (d->n_received < PACKAGE_BYTES) {
        s->error = d->n_received == 0 ? FOTA_E_EMPTY : FOTA_E_TRUNCATED;
    } else if (d->n_received > PACKAGE_BYTES) {
        s->error = FOTA_E_OVERLONG;
    } else if (memcmp(d->staging, package, PACKAGE_BYTES) != 0) {
        s->error = FOTA_E_BODY_HASH;
    } else {
        return later(d, FOTA_AT_SILENT);
    }
    return later(d, FOTA_AT_DONE_ERROR);
}

static enum fota_at_answer device_data_end(void *ctx, struct fota_at_server *s, bool timed_out)
{
    struct device *d = ctx;
    d->data_mode = false;
    if (timed_out) {
        d->receiving = false;
        s->error = FOTA_E_TIMEOUT;
        return later(d, FOTA_AT_DONE_ERROR);
    }
    return check(s);
}

static enum fota_at_answer
on_ati(struct fota_at_server *s, enum fota_at_form form, const char *args, size_t n_args)
{
    (void)form;
    (void)args;
    (void)n_args;
    fota_at_server_info_begin(s);
    fota_at_server_text(s, "Quectel_Ltd");
    fota_at_server_info_newline(s);
    fota_at_server_text(s, "Quectel_M95");
    fota_at_server_info_newline(s);
    fota_at_server_text(s, "Revision: ");
    fota_at_server_text(s, device_of(s)->version);
    fota_at_server_info_end(s);
    return FOTA_AT_DONE_OK;
}

static void print_received(struct fota_at_server *s)
{
    struct device *d = device_of(s);
    fota_at_server_info_begin(s);
    fota_at_server_text(s, "+QFAI: ");
    fota_at_server_number(s, durable(d));
    fota_at_server_text(s, ",");
    fota_at_server_number(s, durable(d) == 0 ? 0 : total(d));
    fota_at_server_text(s, ",\"");
    fota_at_server_hex32(s, fota_crc32(0, d->staging, durable(d)));
    fota_at_server_text(s, "\"");
    fota_at_server_info_end(s);
}

static enum fota_at_answer
on_qfai(struct fota_at_server *s, enum fota_at_form form, const char *args, size_t n_args)
{
    struct device *d = device_of(s);
    (void)n_args;
    if (form != FOTA_AT_EXEC && d->scenario->old_module) {
        return FOTA_AT_DONE_ERROR;
    }
    if (form == FOTA_AT_READ) {
        print_received(s);
        return FOTA_AT_DONE_OK;
    }
    d->receiving = true;
    d->n_received = form == FOTA_AT_WRITE && strcmp(args, "1") == 0 ? durable(d) : 0;
    if (form == FOTA_AT_WRITE) {
        print_received(s);
    }
    return later(d, FOTA_AT_DONE_OK);
}

static enum fota_at_answer
on_qfaw(struct fota_at_server *s, enum fota_at_form form, const char *args, size_t n_args)
{
    struct device *d = device_of(s);
    (void)form;
    if (!d->receiving) {
        s->error = FOTA_E_NO_TRANSFER;
        return FOTA_AT_DONE_ERROR;
    }
    store(d, (const uint8_t *)args, n_args);
    return next_random(d->seed) % 4 == 0 ? later(d, FOTA_AT_DONE_OK) : FOTA_AT_DONE_OK;
}

static enum fota_at_answer
on_qfau(struct fota_at_server *s, enum fota_at_form form, const char *args, size_t n_args)
{
    (void)form;
    (void)args;
    (void)n_args;
    if (!device_of(s)->receiving) {
        s->error = FOTA_E_NO_TRANSFER;
        return FOTA_AT_DONE_ERROR;
    }
    return check(s);
}

static enum fota_at_answer
on_qfua(struct fota_at_server *s, enum fota_at_form form, const char *args, size_t n_args)
{
    struct device *d = device_of(s);
    uint32_t off = 0;
    (void)n_args;
    if (form == FOTA_AT_WRITE &&
        (d->scenario->old_module || !fota_at_parse_number(&args, &off))) {
        return FOTA_AT_DONE_ERROR;
    }
    if (off != 0 && off != durable(d)) {
        s->error = FOTA_E_OFFSET;
        return FOTA_AT_DONE_ERROR;
    }
    d->receiving = true;
    d->n_received = off;
    return later(d, FOTA_AT_DATA);
}

static enum fota_at_answer
on_cmee(struct fota_at_server *s, enum fota_at_form form, const char *args, size_t n_args)
{
    (void)n_args;
    if (form != FOTA_AT_WRITE || device_of(s)->scenario->old_module) {
        return FOTA_AT_DONE_ERROR;
    }
    s->settings.cmee = (uint8_t)(args[0] - '0');
    return FOTA_AT_DONE_OK;
}

static const struct fota_at_command commands[] = {
    {"I", FOTA_AT_EXEC, on_ati, NULL},
    {"+QFAI", FOTA_AT_EXEC | FOTA_AT_READ | FOTA_AT_WRITE, on_qfai, NULL},
    {"+QFAW", FOTA_AT_HEX, on_qfaw, NULL},
    {"+QFAU", FOTA_AT_EXEC, on_qfau, NULL},
    {"+QFUA", FOTA_AT_EXEC | FOTA_AT_WRITE, on_qfua, NULL},
    {"+CMEE", FOTA_AT_WRITE, on_cmee, NULL},
};

/* What is durable stays; everything else is gone. */
static void device_start(struct device *d)
{
    struct fota_at_settings settings;
    fota_at_settings_factory(&settings, 0);
    settings.cmee = d->scenario->old_module ? 0 : 2;
    d->n_received = durable(d);
    d->receiving = false;
    d->accepted = false;
    d->busy_until_ms = 0;
    fota_at_server_init(&d->at, &d->port, &settings);
}

static void device_ready(struct device *d)
{
    fota_at_server_text(&d->at, "\r\nRDY\r\n");
}

static void device_open(struct device *d, const struct scenario *scenario, struct wire *down,
                        uint32_t *seed)
{
    memset(d, 0, sizeof *d);
    d->scenario = scenario;
    d->down = down;
    d->seed = seed;
    d->version = OLD;
    d->port = (struct fota_at_device){
        .ctx = d,
        .commands = commands,
        .n_commands = sizeof commands / sizeof commands[0],
        .put = device_put,
        .data = device_data,
        .data_complete = device_complete,
        .data_end = device_data_end,
    };
    device_start(d);
}

static void device_update(struct device *d)
{
    static const char *const lines[] = {
        " Quectel firmware update is processing....",
        ".......RunFirmwareUpdate......",
        " Update  percent = 1%",
        " Update  percent = 50%",
        " Update  percent = 100%",
        " Quectel firmware update success. status=0",
        "Rebooting....",
    };
    if (d->now_ms < d->next_line_ms) {
        return;
    }
    d->next_line_ms = d->now_ms + next_random(d->seed) % 3000;
    if (d->update_step < sizeof lines / sizeof lines[0]) {
        fota_at_server_text(&d->at, lines[d->update_step++]);
        fota_at_server_text(&d->at, "\r\n");
        return;
    }
    assert_memory_equal(d->staging, package, PACKAGE_BYTES);
    d->version = NEW;
    device_start(d);
    device_ready(d);
}

static void device_run(struct device *d, struct wire *up)
{
    if (d->accepted) {
        wire_took(up, up->n); /* it answers nothing while it updates */
        device_update(d);
        return;
    }
    if (d->receiving && happens(d->seed, d->scenario->resets)) {
        device_start(d);
        device_ready(d);
    }
    if (fota_at_server_is_pending(&d->at) && d->now_ms >= d->busy_until_ms) {
        if (d->then == FOTA_AT_SILENT) {
            fota_at_server_text(&d->at, "Finish data downloading, rebooting....\r\n");
            d->accepted = true;
        } else if (d->then == FOTA_AT_DONE_ERROR) {
            fota_at_server_text(&d->at, " Quectel firmware update failed. status=");
            fota_at_server_number(&d->at, fota_err_code(d->at.error));
            fota_at_server_text(&d->at, "\r\n");
        }
        fota_at_server_finish(&d->at, d->then);
    }
    size_t n = wire_arriving(up, d->seed);
    wire_took(up, fota_at_server_feed(&d->at, up->bytes, n, d->now_ms));
    fota_at_server_poll(&d->at, d->now_ms);
}

/* ---- a run ---- */

static enum fota_err source_read(void *ctx, uint32_t off, uint8_t *dst, uint32_t n)
{
    (void)ctx;
    assert_true(off <= PACKAGE_BYTES && n <= PACKAGE_BYTES - off);
    memcpy(dst, package + off, n);
    return FOTA_OK;
}

static void client_run(struct fota_at_client *c, struct wire *up, struct wire *down,
                       uint32_t *seed, uint32_t now_ms)
{
    const uint8_t *bytes;
    size_t n = wire_arriving(down, seed);
    fota_at_client_feed(c, down->bytes, n, now_ms);
    wire_took(down, n);
    n = fota_at_client_output(c, &bytes);
    if (up->n > 2048) {
        n = 0; /* flow control */
    }
    for (size_t i = 0; i < n; i++) {
        wire_put(up, seed, bytes[i]);
    }
    fota_at_client_sent(c, n, now_ms);
}

/* A module's errors that a damaged line may bring about. */
static bool is_clear(enum fota_err result)
{
    return result == FOTA_OK || result == FOTA_E_REFUSED || result == FOTA_E_NO_ANSWER ||
           result == FOTA_E_NONSENSE || result == FOTA_E_LINK || result == FOTA_E_UNPROVEN ||
           result == FOTA_E_FAILED_UPDATE || result == FOTA_E_ALREADY;
}

static enum fota_err run(const struct scenario *scenario, uint32_t number)
{
    static struct device device;
    static struct fota_at_client client;
    static struct wire up;
    static struct wire down;
    const struct fota_package_source source = {.n_bytes = PACKAGE_BYTES, .read = source_read};
    const struct fota_client_options options = {
        .mode = number % 2 == 0 ? FOTA_CLIENT_QFUA : FOTA_CLIENT_QFAW,
        .resume = number % 3 == 0,
        .expect_version = NEW,
    };
    uint32_t seed = number;
    enum fota_err result = FOTA_MORE;
    memset(&up, 0, sizeof up);
    memset(&down, 0, sizeof down);
    up.faults = scenario->up;
    down.faults = scenario->down;
    device_open(&device, scenario, &down, &seed);
    device.run = number;
    fota_at_client_begin(&client, &source, &options, NULL, NULL);
    for (uint32_t ticks = 0; result == FOTA_MORE; ticks++) {
        if (ticks > 3600000 / TICK_MS) {
            fail_msg("%s, run %u: no end within an hour", scenario->name, (unsigned)number);
        }
        device.now_ms = ticks * TICK_MS;
        device_run(&device, &up);
        client_run(&client, &up, &down, &seed, device.now_ms);
        result = fota_at_client_poll(&client, device.now_ms);
    }
    bool wrong = !is_clear(result) || (scenario->must_succeed && result != FOTA_OK) ||
                 (result == FOTA_OK && strcmp(device.version, NEW) != 0);
    if (wrong) {
        fail_msg("%s, run %u: %d", scenario->name, (unsigned)number, (int)result);
    }
    return result;
}

static void run_many(const struct scenario *scenario, uint32_t n_runs, uint32_t min_ok)
{
    const char *only = getenv("FOTA_LINK_RUN");
    uint32_t n_ok = 0;
    if (only != NULL) {
        (void)run(scenario, (uint32_t)strtoul(only, NULL, 10));
        return;
    }
    for (uint32_t number = 0; number < n_runs; number++) {
        n_ok += run(scenario, number) == FOTA_OK;
    }
    print_message("%s: %u of %u succeeded\n", scenario->name, (unsigned)n_ok, (unsigned)n_runs);
    assert_true(n_ok >= min_ok);
}

#if defined(__SANITIZE_ADDRESS__)
#define RUNS 60U
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define RUNS 60U
#endif
#endif
#ifndef RUNS
#define RUNS 300U
#endif

static void a_line_that_only_splits_and_delays_always_succeeds(void **state)
{
    static const struct scenario s = {.name = "split and delayed",
                                      .up = {.pause = 200},
                                      .down = {.pause = 200},
                                      .must_succeed = true,
                                      .clean_up = true};
    (void)state;
    run_many(&s, RUNS, RUNS);
}

static void an_old_module_over_such_a_line_always_succeeds(void **state)
{
    static const struct scenario s = {.name = "old module",
                                      .up = {.pause = 200},
                                      .down = {.pause = 200},
                                      .old_module = true,
                                      .must_succeed = true,
                                      .clean_up = true};
    (void)state;
    run_many(&s, RUNS, RUNS);
}

static void lost_answers_never_skip_or_double_a_byte(void **state)
{
    static const struct scenario s = {
        .name = "lost answers", .down = {.drop_line = 5000, .pause = 100}, .clean_up = true};
    static const struct scenario old = {.name = "lost answers, old module",
                                        .down = {.drop_line = 2000, .pause = 100},
                                        .old_module = true,
                                        .clean_up = true};
    (void)state;
    run_many(&s, RUNS, RUNS * 95 / 100);
    run_many(&old, RUNS, RUNS * 95 / 100);
}

static void damaged_answers_never_skip_or_double_a_byte(void **state)
{
    static const struct scenario s = {.name = "damaged answers",
                                      .down = {.drop = 300, .twice = 300, .flip = 300},
                                      .clean_up = true};
    (void)state;
    run_many(&s, RUNS, RUNS * 9 / 10);
}

static void resets_of_the_module_never_skip_or_double_a_byte(void **state)
{
    static const struct scenario s = {.name = "resets", .resets = 300, .clean_up = true};
    static const struct scenario old = {
        .name = "resets, old module", .resets = 100, .old_module = true, .clean_up = true};
    (void)state;
    run_many(&s, RUNS, RUNS * 9 / 10);
    run_many(&old, RUNS, RUNS * 9 / 10);
}

/* Then the module may receive wrong bytes; but it never starts an update with them (the device
 * checks), and the client ends with a clear error. */
static void damage_both_ways_ends_in_success_or_a_clear_error(void **state)
{
    static const struct scenario s = {.name = "damaged both ways",
                                      .up = {.drop = 10, .twice = 10, .flip = 10, .pause = 50},
                                      .down = {.drop = 100, .twice = 100, .flip = 100},
                                      .resets = 50};
    static const struct scenario worse = {
        .name = "damaged badly",
        .up = {.drop = 500, .twice = 500, .flip = 500, .drop_line = 1000, .pause = 500},
        .down = {.drop = 2000, .twice = 2000, .flip = 2000, .drop_line = 5000, .pause = 500},
        .resets = 500};
    (void)state;
    run_many(&s, RUNS, RUNS * 7 / 10);
    run_many(&worse, RUNS, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_that_only_splits_and_delays_always_succeeds),
        cmocka_unit_test(an_old_module_over_such_a_line_always_succeeds),
        cmocka_unit_test(lost_answers_never_skip_or_double_a_byte),
        cmocka_unit_test(damaged_answers_never_skip_or_double_a_byte),
        cmocka_unit_test(resets_of_the_module_never_skip_or_double_a_byte),
        cmocka_unit_test(damage_both_ways_ends_in_success_or_a_clear_error),
    };
    make_package();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
