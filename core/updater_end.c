/* SPDX-License-Identifier: MIT */
/* How an update ends: the image's hash, the identity record, the result; or why it failed. */
#include "core/mem.h"
#include "core/updater_unit.h"

/* ---- failing ---- */

enum fota_err fota_updater_fail(struct fota_updater *u, enum fota_err err)
{
    const struct fota_device_image *image = &u->check.image;
    u->failed = err;
    u->stage = FOTA_UPDATER_FAILED;
    if (!image->known) return FOTA_MORE;
    fota_image_hash_begin(&u->buf.hash, fota_device_slot(u->device, image->slot),
                          image->n_bytes);
    u->stage = FOTA_UPDATER_FAIL_HASH;
    return FOTA_MORE;
}

/* Only an update that left the old firmware whole has ended; else there is still work. */
static enum fota_err step_fail_hash(struct fota_updater *u)
{
    enum fota_err err = fota_image_hash_step(&u->buf.hash, u->check.image.sha256);
    if (err == FOTA_MORE) return FOTA_MORE;
    u->stage = FOTA_UPDATER_FAILED;
    if (err < 0) return FOTA_MORE;
    u->slot_valid = true;
    u->now.phase = FOTA_PHASE_RESULT;
    u->now.result = (uint8_t)fota_err_code(u->failed);
    u->n_results = fota_journal_is_open(u->journal) ? 2 : 1; /* OPEN writes its state twice */
    fota_journal_open(u->journal, &u->now);
    u->stage = FOTA_UPDATER_FAIL_RESULT;
    return FOTA_MORE;
}

/* One of the result records, until none is left to write. */
static enum fota_err step_results(struct fota_updater *u, enum fota_updater_stage then)
{
    enum fota_err err = fota_journal_step(u->journal);
    if (err != FOTA_OK) return err;
    u->n_results--;
    if (u->n_results > 0)
        fota_journal_append(u->journal, &u->now);
    else
        u->stage = (uint8_t)then;
    return FOTA_MORE;
}

static enum fota_err step_fail_result(struct fota_updater *u)
{
    enum fota_err err = step_results(u, FOTA_UPDATER_FAILED);
    if (err >= 0) return err;
    u->stage = FOTA_UPDATER_FAILED; /* not recorded, but the old firmware is whole */
    return FOTA_MORE;
}

/* ---- success ---- */

enum fota_err fota_updater_begin_end(struct fota_updater *u)
{
    fota_image_hash_begin(&u->buf.hash, fota_updater_slot(u), u->check.pkg.new_bytes);
    u->stage = FOTA_UPDATER_IMAGE;
    return FOTA_MORE;
}

static void begin_identity(struct fota_updater *u)
{
    const struct fota_package *pkg = &u->check.pkg;
    struct fota_identity id;
    uint8_t bytes[FOTA_IDENTITY_BYTES];
    memset(&id, 0, sizeof id);
    memcpy(id.product, pkg->product, sizeof id.product);
    memcpy(id.version, pkg->to_version, sizeof id.version);
    memcpy(id.image_sha256, pkg->new_sha256, sizeof id.image_sha256);
    id.image_bytes = pkg->new_bytes;
    id.security_counter = u->now.counter;
    id.slot = u->now.target_slot;
    fota_identity_encode(&id, bytes);
    fota_record_write_begin(&u->buf.identity, &u->device->area[FOTA_AREA_IDENTITY], bytes,
                            sizeof bytes, fota_journal_epoch(u->journal));
    u->stage = FOTA_UPDATER_IDENTITY;
}

static enum fota_err step_image(struct fota_updater *u)
{
    enum fota_err err = fota_image_hash_step(&u->buf.hash, u->check.pkg.new_sha256);
    if (err == FOTA_MORE) return FOTA_MORE;
    if (err < 0) return fota_updater_fail(u, err);
    begin_identity(u);
    return FOTA_MORE;
}

static enum fota_err step_identity(struct fota_updater *u)
{
    enum fota_err err = fota_record_write_step(&u->buf.identity);
    if (err < 0) return fota_updater_fail(u, err);
    if (err != FOTA_OK) return err;
    bool back = u->now.phase == FOTA_PHASE_BACK;
    bool trial = u->check.pkg.trial_boots != 0 && u->now.phase == FOTA_PHASE_RUN;
    u->now.phase = trial ? FOTA_PHASE_TRIAL : FOTA_PHASE_RESULT;
    if (trial && u->check.pkg.security_counter > u->now.counter)
        u->now.counter = u->check.pkg.security_counter;
    u->now.trials = trial ? u->check.pkg.trial_boots : 0;
    u->now.result = back ? (uint8_t)fota_err_code(FOTA_E_UNCONFIRMED) : 0;
    u->n_results = trial ? 1 : 2;
    fota_journal_append(u->journal, &u->now);
    u->stage = FOTA_UPDATER_RESULT;
    return FOTA_MORE;
}

static enum fota_err step_result(struct fota_updater *u)
{
    enum fota_err err = step_results(u, FOTA_UPDATER_DONE);
    if (err < 0) return fota_updater_fail(u, err);
    if (u->stage != FOTA_UPDATER_DONE) return err;
    u->percent = 100;
    return FOTA_OK;
}

enum fota_err fota_updater_end_step(struct fota_updater *u)
{
    switch (u->stage) {
    case FOTA_UPDATER_IMAGE:
        return step_image(u);
    case FOTA_UPDATER_IDENTITY:
        return step_identity(u);
    case FOTA_UPDATER_RESULT:
        return step_result(u);
    case FOTA_UPDATER_DONE:
        return FOTA_OK;
    case FOTA_UPDATER_FAIL_HASH:
        return step_fail_hash(u);
    case FOTA_UPDATER_FAIL_RESULT:
        return step_fail_result(u);
    case FOTA_UPDATER_FAILED:
        return u->failed;
    default:
        return FOTA_E_INTERNAL;
    }
}
