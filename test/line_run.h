/* SPDX-License-Identifier: MIT */
/* For tests of a faulty line: the AT client of core/ and a whole device (application, boot
 * loader, simulated flash) in one process, a line between them that does one thing wrong, and a
 * clock that only moves when nothing else does. */
#ifndef FOTA_TEST_LINE_RUN_H
#define FOTA_TEST_LINE_RUN_H

#include "core/at_client.h"
#include "core/boot.h"
#include "test/app_device.h"

enum fault {
    FAULT_NONE,
    /* at byte `at` of what the host sends */
    FAULT_LOST,
    FAULT_DOUBLED,
    FAULT_FLIPPED, /* one bit */
    FAULT_SWAPPED, /* with the next byte */
    FAULT_ESCAPE,  /* +++ before it */
    FAULT_NOISE,   /* something before it */
    FAULT_HOST,    /* the host dies before it, another takes over */
    FAULT_RESET,   /* the module resets behind it */
    /* at byte `at` of what the module says */
    FAULT_DOWN_LOST,
    FAULT_DOWN_DOUBLED,
    FAULT_DOWN_FLIPPED,
    FAULT_DOWN_NOISE,
    /* everything the module says to the host's command number `at` */
    FAULT_REPLY,
    FAULT_COUNT
};

struct line_run {
    enum fota_client_mode mode;
    enum fault fault;
    uint32_t at;
    struct fota_at_client client;
    uint32_t now_ms;
    uint32_t n_up; /* bytes the host has sent */
    uint32_t n_down;
    uint32_t n_commands;
    bool done;   /* the fault has been injected */
    bool broken; /* host or module is to be replaced now */
    bool held;   /* for SWAPPED */
    uint8_t held_byte;
    uint32_t n_fifo;
    uint8_t fifo[2048];
    uint32_t n_said;
    uint8_t said[16384];
    /* seen */
    uint32_t durable; /* at the break, as the module will know it; 0: nothing */
    uint32_t up_at_break;
    uint32_t resumed_off;
    bool resumed;
    bool accepted;
};

/* One update in so many is made by the boot loader; the others repeat what it left the first
 * time, since it sees the same: the old image, and the package in staging. */
#define REAL_BOOTS 32U

static const char noise[] = "\r\n\xff\x80?+CREG: 0\r\n";

/* ---- the line ---- */

static inline void say_byte(struct line_run *r, uint8_t byte)
{
    assert_true(r->n_said < sizeof r->said);
    r->said[r->n_said++] = byte;
}

/* The module's bytes towards the host. */
static inline void put_down(void *ctx, const char *bytes, size_t n)
{
    struct line_run *r = ctx;
    for (size_t i = 0; i < n; i++) {
        uint8_t byte = (uint8_t)bytes[i];
        bool hit = r->n_down++ == r->at;
        if (r->fault == FAULT_REPLY && r->n_commands == r->at + 1) {
            r->done = true;
            continue;
        }
        if (hit && r->fault == FAULT_DOWN_NOISE) {
            for (size_t k = 0; k < sizeof noise - 1; k++) {
                say_byte(r, (uint8_t)noise[k]);
            }
        }
        r->done = r->done || (hit && r->fault >= FAULT_DOWN_LOST);
        if (hit && r->fault == FAULT_DOWN_FLIPPED) {
            byte ^= (uint8_t)(1U << r->at % 8);
        }
        if (hit && r->fault == FAULT_DOWN_DOUBLED) {
            say_byte(r, byte);
        }
        if (!hit || r->fault != FAULT_DOWN_LOST) {
            say_byte(r, byte);
        }
    }
}

static inline void fifo_put(struct line_run *r, const char *bytes, size_t n)
{
    assert_true(n <= sizeof r->fifo - r->n_fifo);
    memcpy(r->fifo + r->n_fifo, bytes, n);
    r->n_fifo += (uint32_t)n;
}

static inline void insert(struct line_run *r)
{
    if (r->fault == FAULT_ESCAPE) {
        fifo_put(r, "+++", 3);
    } else if (r->fault == FAULT_NOISE) {
        fifo_put(r, noise, sizeof noise - 1);
    }
}

/* A byte of the host; false: it dies before it. */
static inline bool put_up(struct line_run *r, uint8_t byte)
{
    char c = (char)byte;
    if (r->n_up != r->at || r->done) {
        r->n_up++;
        fifo_put(r, &c, 1);
        if (r->held) {
            fifo_put(r, (const char *)&r->held_byte, 1);
            r->held = false;
        }
        return true;
    }
    r->done = r->fault < FAULT_DOWN_LOST;
    insert(r);
    if (r->fault == FAULT_HOST) {
        r->broken = true;
        return false;
    }
    r->n_up++;
    if (r->fault == FAULT_SWAPPED) {
        r->held = true;
        r->held_byte = byte;
        return true;
    }
    if (r->fault == FAULT_FLIPPED) {
        c = (char)(byte ^ 1U << r->at % 8);
    }
    if (r->fault != FAULT_LOST) {
        fifo_put(r, &c, 1);
    }
    if (r->fault == FAULT_DOUBLED) {
        fifo_put(r, &c, 1);
    }
    r->broken = r->fault == FAULT_RESET;
    return !r->broken;
}

/* ---- the device ---- */

/* What the boot loader made of an accepted package once. */
static struct {
    bool known;
    struct sim_area after;
    char lines[4096];
    uint32_t n_lines;
} recorded;

static inline void put_recorded(void *ctx, const char *bytes, size_t n)
{
    assert_true(n <= sizeof recorded.lines - recorded.n_lines);
    memcpy(recorded.lines + recorded.n_lines, bytes, n);
    recorded.n_lines += (uint32_t)n;
    put_down(ctx, bytes, n);
}

/* Whether the flash is what the recorded boot began with, but for what does not matter to it:
 * the journal's epochs, and what is behind the package. */
static inline bool is_recorded(void)
{
    return recorded.known && slot_is_old() && phase_found() == FOTA_PHASE_RUN &&
           memcmp(sim.data + profile.area[FOTA_AREA_STAGING].addr, package, package_bytes) == 0;
}

static inline void replay(struct line_run *r)
{
    memcpy(sim.data, recorded.after.data, sizeof sim.data);
    memcpy(sim.other, recorded.after.other, sizeof sim.other);
    memcpy(sim.units, recorded.after.units, sizeof sim.units);
    put_down(r, recorded.lines, recorded.n_lines);
}

static inline void run_boot_loader(struct line_run *r)
{
    static struct fota_boot boot;
    static uint32_t work[16384 / 4];
    enum fota_boot_next next = FOTA_BOOT_RESET;
    bool record = !recorded.known && phase_found() == FOTA_PHASE_RUN;
    while (next == FOTA_BOOT_RESET) {
        sim.power.boot++;
        fota_boot_init(&boot, &device, record ? put_recorded : put_down, r, work);
        while ((next = fota_boot_poll(&boot)) == FOTA_BOOT_AGAIN) {
        }
    }
    assert_int_equal(next, FOTA_BOOT_START);
    if (record) {
        recorded.known = true;
        memcpy(&recorded.after, &sim, sizeof sim);
    }
}

static inline void power_up(struct line_run *r)
{
    r->n_fifo = 0; /* nobody reads it */
    if (r->at % REAL_BOOTS != 0 && is_recorded()) {
        replay(r);
    } else {
        run_boot_loader(r);
    }
    sim.power.boot++;
    fota_app_init(&app, &device, false, put_down, r);
    fota_app_ready(&app);
}

/* Whether anything moved. */
static inline bool module_runs(struct line_run *r)
{
    size_t taken = fota_app_feed(&app, r->fifo, r->n_fifo, r->now_ms);
    memmove(r->fifo, r->fifo + taken, r->n_fifo - taken);
    r->n_fifo -= (uint32_t)taken;
    switch (fota_app_poll(&app, r->now_ms)) {
    case FOTA_APP_RESET:
        power_up(r);
        return true;
    case FOTA_APP_AGAIN:
        return true;
    case FOTA_APP_IDLE:
        break;
    }
    return taken > 0;
}

/* ---- the host ---- */

static inline void
seen(void *ctx, enum fota_client_event event, uint32_t number, const char *text)
{
    struct line_run *r = ctx;
    (void)text;
    r->accepted = r->accepted || event == FOTA_CLIENT_ACCEPTED;
    if (event == FOTA_CLIENT_RESUMED && r->broken) {
        r->resumed = true;
        r->resumed_off = number;
    }
}

static inline enum fota_err source_read(void *ctx, uint32_t off, uint8_t *dst, uint32_t n)
{
    (void)ctx;
    memcpy(dst, package + off, n);
    return FOTA_OK;
}

static struct fota_package_source package_source;

static inline void host_begins(struct line_run *r, bool resume)
{
    const struct fota_client_options options = {.mode = r->mode,
                                                .line_has_flow_control = true,
                                                .resume = resume,
                                                .expect_version = "A08"};
    package_source =
        (struct fota_package_source){.n_bytes = package_bytes, .read = source_read};
    fota_at_client_begin(&r->client, &package_source, &options, seen, r);
}

/* Host or module is gone, what is on its way to the module arrives or is lost with it. */
static inline void replace(struct line_run *r)
{
    r->up_at_break = r->n_up;
    if (r->fault == FAULT_HOST) {
        r->durable = app.stage < FOTA_APP_STAGE_RUN ? app.staging.durable_bytes : 0;
        host_begins(r, true);
        return;
    }
    while (r->n_fifo > 0 && app.stage != FOTA_APP_STAGE_RESET) {
        (void)module_runs(r);
    }
    uint32_t durable = app.stage < FOTA_APP_STAGE_RUN ? app.staging.durable_bytes : 0;
    r->durable = durable > 0 ? (durable - 1) / SECTOR * SECTOR : 0;
    power_up(r);
}

static inline bool host_runs(struct line_run *r)
{
    const uint8_t *bytes;
    uint32_t n_in = r->n_said;
    r->n_said = 0;
    fota_at_client_feed(&r->client, r->said, n_in, r->now_ms);
    size_t n = r->n_fifo == 0 ? fota_at_client_output(&r->client, &bytes) : 0;
    r->n_commands += n > 0;
    size_t sent = 0;
    bool alive = true;
    while (sent < n && alive) {
        alive = put_up(r, bytes[sent++]);
    }
    fota_at_client_sent(&r->client, sent, r->now_ms);
    if (!alive) {
        replace(r);
    }
    return n_in > 0 || n > 0;
}

/* ---- a run ---- */

static struct sim_area pristine;

/* A device that has been switched on long ago, and the host begins. */
static inline enum fota_err
run_line(struct line_run *r, enum fota_client_mode mode, enum fault fault, uint32_t at)
{
    memset(r, 0, sizeof *r);
    r->mode = mode;
    r->fault = fault;
    r->at = UINT32_MAX;
    r->now_ms = 4294900000U; /* it wraps */
    memcpy(&sim, &pristine, sizeof sim);
    fota_app_init(&app, &device, false, put_down, r);
    fota_app_ready(&app);
    r->n_said = 0;
    r->n_down = 0;
    r->at = at;
    host_begins(r, false);
    enum fota_err result = FOTA_MORE;
    for (uint32_t idle_ms = 0; result == FOTA_MORE;) {
        bool moved = host_runs(r);
        moved = module_runs(r) || moved;
        result = fota_at_client_poll(&r->client, r->now_ms);
        if (!moved && fota_at_client_is_waiting(&r->client)) {
            r->now_ms += 100;
            idle_ms += 100;
            assert_true(idle_ms < 3600000);
        }
    }
    return result;
}

#endif
