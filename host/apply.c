/* SPDX-License-Identifier: MIT */
#include "host/apply.h"
#include "core/identity.h"
#include "core/journal.h"
#include "core/package_check.h"
#include "core/updater.h"
#include "port/monocypher/monocypher_verifier.h"
#include "sim/flash_sim.h"
#include <stdlib.h>
#include <string.h>

#define OTHER_SECTOR_BYTES 4096U /* of the made layout: everything but the slots */

/* The simulated device.  Large, and points into itself: on the heap. */
struct bench {
    struct fota_layout made; /* when none is given */
    const struct fota_layout *layout;
    struct fota_sim_power power;
    struct fota_sim_flash sim[FOTA_PROFILE_FLASHES_MAX];
    uint8_t *data[FOTA_PROFILE_FLASHES_MAX];
    uint8_t *units[FOTA_PROFILE_FLASHES_MAX];
    struct fota_flash flash[FOTA_PROFILE_FLASHES_MAX]; /* what the areas refer to */
    struct fota_trusted_keys trusted;
    struct fota_verifier verifier;
    struct fota_device device;
    void *work; /* of the decoder */
    struct fota_journal journal;
    union {
        struct fota_package_check check;
        struct fota_record_write record;
        struct fota_updater updater;
    } u;
};

static enum fota_err refuse(const struct fota_apply_spec *spec, enum fota_err err,
                            const char *why, struct fota_fault *fault)
{
    (void)fota_fault_set(fault, err, spec->path, "%s", why);
    return err;
}

/* A layout with the package's slot on one flash and everything else, large enough, on another.
 */
static enum fota_err
make_layout(struct bench *b, const struct fota_apply_spec *spec, struct fota_fault *fault)
{
    const struct fota_package *pkg = &spec->file->pkg;
    struct fota_flash_run run;
    struct fota_profile p;
    if (!fota_package_file_geometry(&run, spec->file)) {
        return refuse(spec, FOTA_E_GEOMETRY, "the slot's sectors are not known: give --device",
                      fault);
    }
    bool two_slots = (pkg->features & FOTA_FEATURE_TWO_SLOTS) != 0;
    uint32_t sector =
        run.sector_bytes > OTHER_SECTOR_BYTES ? run.sector_bytes : OTHER_SECTOR_BYTES;
    uint32_t staging = spec->file->n_bytes / sector + 1;
    uint32_t scratch = fota_package_most_scratch(pkg);
    if (scratch == 0) scratch = 1;
    fota_profile_simple(&p, sector, scratch, two_slots ? 2 : 1, staging * sector);
    p.flash[1] = p.flash[0];
    p.n_flash = 2;
    uint32_t slot_bytes = run.n_sectors * run.sector_bytes;
    p.flash[0].runs[0] = (struct fota_flash_run){two_slots ? 2 * run.n_sectors : run.n_sectors,
                                                 run.sector_bytes};
    for (unsigned i = 0; i < FOTA_AREA_COUNT; i++) {
        p.area[i].flash = 1;
    }
    p.area[FOTA_AREA_SLOT] = (struct fota_profile_area){.n_bytes = slot_bytes};
    if (two_slots) {
        p.area[FOTA_AREA_SLOT2] =
            (struct fota_profile_area){.addr = slot_bytes, .n_bytes = slot_bytes};
    }
    uint32_t needed = fota_package_most_kib(pkg) * 1024U;
    if (needed > p.decoder_bytes) p.decoder_bytes = needed;
    return fota_layout_of(&b->made, &p, spec->path, fault);
}

static void
fill(const struct bench *b, enum fota_area_id id, const uint8_t *bytes, uint32_t n_bytes)
{
    const struct fota_profile_area *area = &b->layout->profile.area[id];
    memcpy(b->data[area->flash] + area->addr, bytes, n_bytes);
}

static enum fota_err
make_flash(struct bench *b, const struct fota_apply_spec *spec, struct fota_fault *fault)
{
    const struct fota_profile *p = &b->layout->profile;
    for (uint32_t i = 0; i < p->n_flash; i++) {
        uint32_t n_bytes = fota_flash_bytes(&b->layout->flash[i]);
        b->data[i] = malloc(n_bytes);
        b->units[i] = malloc(n_bytes / p->flash[i].program_bytes);
        if (b->data[i] == NULL || b->units[i] == NULL)
            return refuse(spec, FOTA_E_NOMEM, "", fault);
        memset(b->data[i], p->flash[i].erased, n_bytes);
    }
    if (spec->old_image.n_bytes > p->area[FOTA_AREA_SLOT].n_bytes) {
        return refuse(spec, FOTA_E_BASE, "the old image is larger than the slot", fault);
    }
    if (spec->file->n_bytes > p->area[FOTA_AREA_STAGING].n_bytes) {
        return refuse(spec, FOTA_E_STAGING_SPACE, "", fault);
    }
    if (spec->old_image.n_bytes != 0) {
        fill(b, FOTA_AREA_SLOT, spec->old_image.at, spec->old_image.n_bytes);
    }
    fill(b, FOTA_AREA_STAGING, spec->file->masked, spec->file->n_bytes);
    for (uint32_t i = 0; i < p->n_flash; i++) {
        const struct fota_profile_flash *f = &p->flash[i];
        const struct fota_sim_geometry geometry = {f->runs,       f->n_runs, f->program_bytes,
                                                   f->page_bytes, f->erased, f->write_once};
        fota_sim_flash_init(&b->sim[i], &b->power, &geometry, b->data[i], NULL, b->units[i]);
        b->flash[i] = b->sim[i].port;
    }
    return FOTA_OK;
}

static enum fota_err
make_device(struct bench *b, const struct fota_apply_spec *spec, struct fota_fault *fault)
{
    const struct fota_profile *p = &b->layout->profile;
    b->trusted = spec->keys;
    b->verifier = fota_monocypher_verifier(&b->trusted);
    b->device = (struct fota_device){.verifier = &b->verifier,
                                     .product = spec->file->pkg.product,
                                     .decoder_bytes = p->decoder_bytes,
                                     .vendor = "",
                                     .brand = "",
                                     .model = "",
                                     .serial = ""};
    fota_profile_areas(p, b->flash, b->device.area);
    b->work = malloc(p->decoder_bytes);
    return b->work != NULL ? FOTA_OK : refuse(spec, FOTA_E_NOMEM, "", fault);
}

/* Poll something until it is no longer under way. */
#define RUN_TO_END(err, step)                                                                  \
    do {                                                                                       \
        (err) = (step);                                                                        \
    } while ((err) == FOTA_MORE || (err) == FOTA_BUSY)

/* What the factory writes: what is in the slot. */
static enum fota_err provision(struct bench *b, const struct fota_apply_spec *spec)
{
    struct fota_identity identity = {.image_bytes = spec->old_image.n_bytes};
    uint8_t record[FOTA_IDENTITY_BYTES];
    struct fota_sha256 sha;
    enum fota_err err;
    if (spec->old_image.n_bytes == 0) return FOTA_OK; /* an empty device: no identity */
    const struct fota_package *pkg = &spec->file->pkg;
    memcpy(identity.product, pkg->product, sizeof identity.product);
    memcpy(identity.version, pkg->from_version, sizeof identity.version);
    fota_sha256_init(&sha);
    fota_sha256_update(&sha, spec->old_image.at, spec->old_image.n_bytes);
    fota_sha256_final(&sha, identity.image_sha256);
    fota_identity_encode(&identity, record);
    fota_record_write_begin(&b->u.record, &b->device.area[FOTA_AREA_IDENTITY], record,
                            sizeof record, 0);
    RUN_TO_END(err, fota_record_write_step(&b->u.record));
    return err;
}

/* What the application does with a received package: check it, ask the boot loader. */
static enum fota_err accept(struct bench *b, const struct fota_apply_spec *spec)
{
    struct fota_snapshot ask;
    const struct fota_snapshot idle = {.phase = FOTA_PHASE_IDLE};
    enum fota_err err;
    fota_package_check_begin(&b->u.check, &b->device, spec->file->n_bytes, true);
    RUN_TO_END(err, fota_package_check_step(&b->u.check));
    if (err < 0) return err;
    fota_package_check_ask(&b->u.check, &ask);
    err = fota_journal_load(&b->journal, &b->device.area[FOTA_AREA_JOURNAL]);
    if (err < 0) return err;
    fota_journal_open(&b->journal, &idle);
    RUN_TO_END(err, fota_journal_step(&b->journal));
    if (err < 0) return err;
    fota_journal_append(&b->journal, &ask);
    RUN_TO_END(err, fota_journal_step(&b->journal));
    return err;
}

/* What the boot loader does after the reset. */
static enum fota_err update(struct bench *b, const struct fota_apply_spec *spec)
{
    enum fota_err err = fota_journal_load(&b->journal, &b->device.area[FOTA_AREA_JOURNAL]);
    if (err < 0) return err;
    b->power.boot++;
    fota_updater_open(&b->u.updater, &b->device, &b->journal, b->work);
    do {
        err = fota_updater_poll(&b->u.updater);
        if (spec->progress != NULL) {
            spec->progress(spec->progress_ctx, fota_updater_percent(&b->u.updater));
        }
    } while (err == FOTA_MORE || err == FOTA_BUSY);
    return err;
}

static enum fota_err read_image(struct fota_applied *out, struct bench *b,
                                const struct fota_apply_spec *spec, struct fota_fault *fault)
{
    struct fota_identity identity;
    enum fota_err err = fota_identity_read(&identity, &b->device.area[FOTA_AREA_IDENTITY]);
    if (err < 0) return refuse(spec, err, "after the update", fault);
    for (uint32_t i = 0; i < b->layout->profile.n_flash; i++) {
        out->n_erases += b->sim[i].n_erases;
        out->n_programs += b->sim[i].n_programs;
        if (b->sim[i].n_violations != 0) {
            return refuse(spec, FOTA_E_INTERNAL, b->sim[i].violation, fault);
        }
    }
    out->n_bytes = identity.image_bytes;
    out->image = malloc(identity.image_bytes);
    if (out->image == NULL) return refuse(spec, FOTA_E_NOMEM, "", fault);
    err = fota_area_read(fota_device_slot(&b->device, identity.slot), 0, out->image,
                         out->n_bytes);
    return err == FOTA_OK ? FOTA_OK : refuse(spec, err, "after the update", fault);
}

/* What becomes of a trial that nobody confirms. */
static enum fota_err
go_back(struct bench *b, const struct fota_apply_spec *spec, struct fota_fault *fault)
{
    struct fota_applied back = {.image = NULL};
    enum fota_err err = update(b, spec);
    if (err < 0) return refuse(spec, err, "by the simulated device, on the way back", fault);
    err = read_image(&back, b, spec, fault);
    if (err < 0) return err;
    bool same = back.n_bytes == spec->old_image.n_bytes &&
                memcmp(back.image, spec->old_image.at, back.n_bytes) == 0;
    free(back.image);
    return same ? FOTA_OK : refuse(spec, FOTA_E_INTERNAL, "does not lead back", fault);
}

static enum fota_err run(struct fota_applied *out, struct bench *b,
                         const struct fota_apply_spec *spec, struct fota_fault *fault)
{
    enum fota_err err = FOTA_OK;
    b->layout = spec->layout != NULL ? spec->layout : &b->made;
    if (spec->layout == NULL) err = make_layout(b, spec, fault);
    if (err == FOTA_OK) err = make_flash(b, spec, fault);
    if (err == FOTA_OK) err = make_device(b, spec, fault);
    if (err < 0) return err;
    err = provision(b, spec);
    if (err == FOTA_OK) err = accept(b, spec);
    if (err == FOTA_OK) err = update(b, spec);
    if (err < 0) return refuse(spec, err, "by the simulated device", fault);
    err = read_image(out, b, spec, fault);
    if (err < 0 || spec->file->pkg.trial_boots == 0) return err;
    return go_back(b, spec, fault);
}

enum fota_err fota_apply(struct fota_applied *out, const struct fota_apply_spec *spec,
                         struct fota_fault *fault)
{
    *out = (struct fota_applied){.image = NULL};
    struct bench *b = calloc(1, sizeof *b);
    if (b == NULL) return refuse(spec, FOTA_E_NOMEM, "", fault);
    enum fota_err err = run(out, b, spec, fault);
    for (unsigned i = 0; i < FOTA_PROFILE_FLASHES_MAX; i++) {
        free(b->data[i]);
        free(b->units[i]);
    }
    free(b->work);
    free(b);
    if (err < 0) {
        free(out->image);
        out->image = NULL;
    }
    return err;
}
