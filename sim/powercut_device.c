/* SPDX-License-Identifier: MIT */
#include "sim/powercut_device.h"
#include "core/crc32.h"
#include <stdlib.h>
#include <string.h>

static void cut(void *ctx)
{
    struct fota_sim_device *d = ctx;
    longjmp(d->cut, 1);
}

/* ---- building ---- */

static uint32_t bytes_of(const struct fota_profile_flash *flash)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < flash->n_runs; i++)
        n += flash->runs[i].n_sectors * flash->runs[i].sector_bytes;
    return n;
}

static void build_flash(struct fota_sim_device *d, bool lies)
{
    uint8_t *at = d->memory;
    for (uint32_t i = 0; i < d->n_flash; i++) {
        const struct fota_profile_flash *from = &d->profile.flash[i];
        const struct fota_sim_geometry geometry = {
            .runs = from->runs,
            .n_runs = from->n_runs,
            .program_bytes = from->program_bytes,
            .page_bytes = from->page_bytes,
            .erased = from->erased,
            .write_once = from->write_once,
        };
        uint32_t n = bytes_of(from);
        memset(at, from->erased, n);
        fota_sim_flash_init(&d->flash[i], &d->power, &geometry, at, lies ? at + n : NULL,
                            at + 2 * (size_t)n);
        at += 3 * (size_t)n;
    }
}

bool fota_sim_is_recommit(const uint8_t *src, uint32_t n_bytes)
{
    return n_bytes >= FOTA_JOURNAL_RECORD_BYTES && memcmp(src, "FJ01", 4) == 0 &&
           (src[8] & 1) != 0;
}

static void build_areas(struct fota_sim_device *d)
{
    for (unsigned i = 0; i < FOTA_AREA_COUNT; i++) {
        const struct fota_profile_area *from = &d->profile.area[i];
        if (from->n_bytes == 0) continue;
        d->device.area[i].flash = &d->flash[from->flash].port;
        d->device.area[i].addr = from->addr;
        d->device.area[i].n_bytes = from->n_bytes;
    }
    for (uint32_t i = 0; i < d->n_flash; i++)
        d->flash[i].is_excepted = fota_sim_is_recommit;
}

enum fota_err
fota_sim_device_init(struct fota_sim_device *d, const struct fota_profile *profile, bool lies,
                     const struct fota_verifier *verifier, const char *product)
{
    struct fota_profile_fault fault;
    memset(d, 0, sizeof *d);
    enum fota_err err = fota_profile_check(profile, &fault);
    if (err < 0) return err;
    d->profile = *profile;
    d->n_flash = profile->n_flash;
    size_t n_bytes = 1;
    for (uint32_t i = 0; i < d->n_flash; i++)
        n_bytes += 3 * (size_t)bytes_of(&profile->flash[i]);
    d->memory = malloc(n_bytes);
    d->work = malloc(profile->decoder_bytes);
    if (d->memory == NULL || d->work == NULL) {
        fota_sim_device_free(d);
        return FOTA_E_NOMEM;
    }
    d->power.cut = cut;
    d->power.cut_ctx = d;
    build_flash(d, lies);
    build_areas(d);
    d->device.verifier = verifier;
    d->device.product = product;
    d->device.decoder_bytes = profile->decoder_bytes;
    d->device.vendor = "Quectel_Ltd";
    d->device.brand = "Quectel";
    d->device.model = "Quectel_M95";
    d->device.serial = "490154203237518";
    return FOTA_OK;
}

void fota_sim_device_free(struct fota_sim_device *d)
{
    free(d->memory);
    free(d->work);
    d->memory = NULL;
    d->work = NULL;
}

static void write_image(const struct fota_area *slot, struct fota_sim_bytes image)
{
    uint32_t page = slot->flash->page_bytes;
    for (uint32_t off = 0; off < image.n_bytes; off += page) {
        uint8_t bytes[FOTA_PAGE_MAX];
        uint32_t n = image.n_bytes - off < page ? image.n_bytes - off : page;
        memset(bytes, slot->flash->erased, sizeof bytes);
        memcpy(bytes, image.at + off, n);
        if (fota_area_program(slot, off, bytes, page) < 0) abort();
    }
}

void fota_sim_device_provision(struct fota_sim_device *d, struct fota_sim_bytes image,
                               const char *version, uint32_t security_counter)
{
    struct fota_identity id;
    struct fota_sha256 sha;
    struct fota_record_write write;
    uint8_t bytes[FOTA_IDENTITY_BYTES];
    write_image(&d->device.area[FOTA_AREA_SLOT], image);
    memset(&id, 0, sizeof id);
    strncpy(id.product, d->device.product, FOTA_PACKAGE_STRING_MAX);
    strncpy(id.version, version, FOTA_PACKAGE_STRING_MAX);
    id.image_bytes = image.n_bytes;
    id.security_counter = security_counter;
    fota_sha256_init(&sha);
    fota_sha256_update(&sha, image.at, image.n_bytes);
    fota_sha256_final(&sha, id.image_sha256);
    fota_identity_encode(&id, bytes);
    fota_record_write_begin(&write, &d->device.area[FOTA_AREA_IDENTITY], bytes, sizeof bytes,
                            0);
    enum fota_err err;
    do {
        err = fota_record_write_step(&write);
        if (err < 0) abort();
    } while (err != FOTA_OK);
}

bool fota_sim_device_holds(struct fota_sim_device *d, unsigned slot,
                           struct fota_sim_bytes image)
{
    uint8_t bytes[FOTA_PAGE_MAX];
    for (uint32_t off = 0; off < image.n_bytes;) {
        uint32_t left = image.n_bytes - off;
        uint32_t n = left < sizeof bytes ? left : (uint32_t)sizeof bytes;
        if (fota_area_read(fota_device_slot(&d->device, slot), off, bytes, n) < 0) return false;
        if (memcmp(bytes, image.at + off, n) != 0) return false;
        off += n;
    }
    return true;
}

uint64_t fota_sim_device_violations(const struct fota_sim_device *d)
{
    uint64_t n = 0;
    for (uint32_t i = 0; i < d->n_flash; i++)
        n += d->flash[i].n_violations;
    return n;
}

/* ---- the boot loader ---- */

static void put(void *ctx, const char *text, size_t n_bytes)
{
    struct fota_sim_device *d = ctx;
    size_t room = sizeof d->console - 1 - d->console_bytes;
    size_t n = n_bytes < room ? n_bytes : room;
    memcpy(d->console + d->console_bytes, text, n);
    d->console_bytes += n;
    d->console[d->console_bytes] = '\0';
}

static void note_ops(struct fota_sim_device *d, uint64_t before)
{
    unsigned n = (unsigned)(d->power.n_ops - before);
    if (n > d->most_ops_in_a_poll) d->most_ops_in_a_poll = n;
}

static enum fota_sim_end run_boot(struct fota_sim_device *d)
{
    fota_boot_init(&d->boot, &d->device, put, d, d->work);
    for (uint32_t i = 0; i < FOTA_SIM_POLLS_MAX; i++) {
        uint64_t before = d->power.n_ops;
        enum fota_boot_next next = fota_boot_poll(&d->boot);
        note_ops(d, before);
        switch (next) {
        case FOTA_BOOT_AGAIN:
            break;
        case FOTA_BOOT_START:
            d->slot = fota_boot_slot(&d->boot);
            return FOTA_SIM_STARTED;
        case FOTA_BOOT_RESET:
            return FOTA_SIM_RESET;
        case FOTA_BOOT_RECOVER:
            return FOTA_SIM_RECOVERY;
        }
    }
    return FOTA_SIM_STUCK;
}

static void reset(struct fota_sim_device *d)
{
    d->power.boot++;
    for (uint32_t i = 0; i < d->n_flash; i++)
        d->flash[i].busy_left = 0;
    d->console_bytes = 0;
    d->console[0] = '\0';
    d->err = FOTA_OK;
}

enum fota_sim_end fota_sim_device_boot(struct fota_sim_device *d)
{
    reset(d);
    if (setjmp(d->cut) != 0) return FOTA_SIM_POWER_CUT;
    return run_boot(d);
}

/* ---- the application ---- */

/* Step a machine of the core to its end. */
#define STEP_TO_END(d, call)                                                                   \
    do {                                                                                       \
        uint64_t before_ = (d)->power.n_ops;                                                   \
        (d)->err = (call);                                                                     \
        note_ops(d, before_);                                                                  \
    } while ((d)->err == FOTA_MORE || (d)->err == FOTA_BUSY)

/* OPEN(IDLE, last result): the old update is durably dead before staging changes. */
static bool open_idle(struct fota_sim_device *d)
{
    const struct fota_snapshot *last = fota_journal_last(&d->journal);
    struct fota_snapshot idle;
    memset(&idle, 0, sizeof idle);
    if (last != NULL) idle = *last;
    idle.phase = FOTA_PHASE_IDLE;
    fota_journal_open(&d->journal, &idle);
    STEP_TO_END(d, fota_journal_step(&d->journal));
    return d->err == FOTA_OK;
}

/* Where the transfer may go on: 0 unless staging holds a begin of this very package. */
static uint32_t resume_off(const struct fota_staging *s, struct fota_sim_bytes package)
{
    if (s->durable_bytes >= package.n_bytes) return 0;
    return fota_crc32(0, package.at, s->durable_bytes) == s->crc ? s->durable_bytes : 0;
}

static bool stage_package(struct fota_sim_device *d, struct fota_sim_bytes package)
{
    struct fota_staging *s = &d->staging;
    d->err = fota_staging_scan(s, &d->device.area[FOTA_AREA_STAGING]);
    if (d->err < 0) return false;
    uint32_t off = resume_off(s, package);
    d->err = fota_staging_begin(s, off);
    if (d->err < 0) return false;
    STEP_TO_END(d, fota_staging_erase_step(s));
    if (d->err < 0) return false;
    while (off < package.n_bytes) {
        off += fota_staging_put(s, package.at + off, package.n_bytes - off);
        STEP_TO_END(d, fota_staging_flush_step(s, off == package.n_bytes));
        if (d->err < 0) return false;
    }
    return true;
}

static enum fota_sim_end run_receive(struct fota_sim_device *d, struct fota_sim_bytes package)
{
    struct fota_snapshot ask;
    d->err = fota_journal_load(&d->journal, &d->device.area[FOTA_AREA_JOURNAL]);
    if (d->err < 0 || !open_idle(d)) return FOTA_SIM_REFUSED;
    if (!stage_package(d, package)) return FOTA_SIM_REFUSED;
    fota_package_check_begin(&d->check, &d->device, package.n_bytes, true);
    STEP_TO_END(d, fota_package_check_step(&d->check));
    if (d->err < 0) return FOTA_SIM_REFUSED;
    fota_package_check_ask(&d->check, &ask);
    fota_journal_append(&d->journal, &ask);
    STEP_TO_END(d, fota_journal_step(&d->journal));
    return d->err < 0 ? FOTA_SIM_REFUSED : FOTA_SIM_RESET;
}

enum fota_sim_end
fota_sim_device_receive(struct fota_sim_device *d, struct fota_sim_bytes package)
{
    reset(d);
    if (setjmp(d->cut) != 0) return FOTA_SIM_POWER_CUT;
    return run_receive(d, package);
}

static enum fota_sim_end run_confirm(struct fota_sim_device *d)
{
    d->err = fota_journal_load(&d->journal, &d->device.area[FOTA_AREA_JOURNAL]);
    if (d->err < 0) return FOTA_SIM_REFUSED;
    fota_trial_confirm(&d->trial, &d->journal, &d->device.area[FOTA_AREA_IDENTITY]);
    STEP_TO_END(d, fota_trial_step(&d->trial));
    return d->err < 0 ? FOTA_SIM_REFUSED : FOTA_SIM_RESET;
}

enum fota_sim_end fota_sim_device_confirm(struct fota_sim_device *d)
{
    reset(d);
    if (setjmp(d->cut) != 0) return FOTA_SIM_POWER_CUT;
    return run_confirm(d);
}
