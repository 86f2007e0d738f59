/* SPDX-License-Identifier: MIT */
#include "core/mem.h"
#include "core/updater_unit.h"

const struct fota_area *fota_updater_slot(const struct fota_updater *u)
{
    return fota_device_slot(u->device, u->now.target_slot);
}

void fota_updater_open(struct fota_updater *u, const struct fota_device *device,
                       struct fota_journal *journal, void *work)
{
    memset(u, 0, sizeof *u);
    u->device = device;
    u->journal = journal;
    u->work = work;
    u->now = *fota_journal_last(journal);
    u->stage = FOTA_UPDATER_CHECK;
    bool touched = u->now.progress == FOTA_PROGRESS_TOUCHED;
    fota_package_check_begin(&u->check, device, UINT32_MAX, !touched);
    if (touched) u->check.target = u->now.target_slot;
    fota_updater_source_init(u);
}

/* ---- failing ---- */

enum fota_err fota_updater_fail(struct fota_updater *u, enum fota_err err)
{
    const struct fota_identity *id = &u->check.identity;
    u->failed = err;
    u->stage = FOTA_UPDATER_FAILED;
    if (!u->check.has_identity) return FOTA_MORE;
    fota_image_hash_begin(&u->buf.hash, fota_device_slot(u->device, id->slot), id->image_bytes);
    u->stage = FOTA_UPDATER_FAIL_HASH;
    return FOTA_MORE;
}

/* Only an update that left the old firmware whole has ended; else there is still work. */
static enum fota_err step_fail_hash(struct fota_updater *u)
{
    enum fota_err err = fota_image_hash_step(&u->buf.hash, u->check.identity.image_sha256);
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

/* ---- before the first write ---- */

static enum fota_err accept(struct fota_updater *u)
{
    const struct fota_package_check *c = &u->check;
    struct fota_snapshot *now = &u->now;
    bool full = (c->pkg.features & FOTA_FEATURE_FULL) != 0;
    bool two_slots = u->device->area[FOTA_AREA_SLOT2].n_bytes != 0;
    if (memcmp(c->pkg.id, now->package_id, sizeof now->package_id) != 0)
        return fota_updater_fail(u, FOTA_E_CODED);
    if (now->target_slot != c->target || now->unit > c->pkg.n_units)
        return fota_updater_fail(u, FOTA_E_INTERNAL);
    if (now->progress != FOTA_PROGRESS_ASKED && now->cuts < UINT16_MAX) now->cuts++;
    if (now->progress == FOTA_PROGRESS_ASKED) now->progress = FOTA_PROGRESS_BEGUN;
    if (full && !two_slots) now->progress = FOTA_PROGRESS_TOUCHED;
    if (c->pkg.security_counter > now->counter) now->counter = c->pkg.security_counter;
    if (c->has_identity && c->identity.security_counter > now->counter)
        now->counter = c->identity.security_counter;
    u->n_walked = 0;
    u->off = c->pkg.prologue_bytes;
    u->stage = FOTA_UPDATER_PLAN;
    return FOTA_MORE;
}

static enum fota_err step_check(struct fota_updater *u)
{
    enum fota_err err = fota_package_check_step(&u->check);
    if (err == FOTA_MORE) return FOTA_MORE;
    if (err < 0) return fota_updater_fail(u, err);
    return accept(u);
}

static void note_percent(struct fota_updater *u)
{
    uint32_t done = u->steps_before + u->now.step;
    u->percent = 100U * done / (u->check.n_steps + 1U);
}

/* Look at one more unit that is done: what it stashed and wrote. */
static enum fota_err step_plan(struct fota_updater *u)
{
    const struct fota_package *pkg = &u->check.pkg;
    if (u->n_walked == u->now.unit) {
        if (u->off != u->now.unit_off) return fota_updater_fail(u, FOTA_E_INTERNAL);
        note_percent(u);
        u->stage = FOTA_UPDATER_DECODER;
        return FOTA_MORE;
    }
    struct fota_unit unit;
    enum fota_err err =
        fota_package_unit_at(&unit, &u->device->area[FOTA_AREA_STAGING], pkg, u->off);
    if (err < 0) return fota_updater_fail(u, err);
    for (uint32_t i = 0; i < unit.n_sectors; i++) {
        uint32_t index = unit.first_sector + i;
        if (!fota_unit_writes(&unit, i)) continue;
        fota_sector_bit_set(u->written, index);
        u->steps_before++;
        if (!fota_package_stashes(pkg, fota_updater_slot(u), index)) continue;
        u->ring[u->n_stashed_before % pkg->scratch_sectors] = (uint16_t)index;
        u->n_stashed_before++;
        u->steps_before++;
    }
    u->off += unit.head_bytes + unit.coded_bytes;
    u->n_walked++;
    return FOTA_MORE;
}

static enum fota_err step_decoder(struct fota_updater *u)
{
    const struct fota_package *pkg = &u->check.pkg;
    const struct fota_delta_params params = {
        .codec = pkg->codec,
        .arch = pkg->arch,
        .old_bytes = pkg->base_bytes,
        .new_bytes = pkg->new_bytes,
        .prologue_bytes = pkg->prologue_bytes,
    };
    enum fota_err err =
        fota_delta_open(&u->delta, u->work, u->device->decoder_bytes, &params, &u->source);
    if (err < 0) return fota_updater_fail(u, err);
    fota_journal_open(u->journal, &u->now);
    u->stage = FOTA_UPDATER_OPENING;
    return FOTA_MORE;
}

/* ---- recording ---- */

enum fota_err fota_updater_record(struct fota_updater *u)
{
    fota_journal_append(u->journal, &u->now);
    u->stage = FOTA_UPDATER_RECORD;
    return FOTA_MORE;
}

static enum fota_err begin_image(struct fota_updater *u)
{
    fota_image_hash_begin(&u->buf.hash, fota_updater_slot(u), u->check.pkg.new_bytes);
    u->stage = FOTA_UPDATER_IMAGE;
    return FOTA_MORE;
}

/* OPENING and RECORD: the snapshot `now` is on its way to the journal. */
static enum fota_err step_record(struct fota_updater *u)
{
    enum fota_err err = fota_journal_step(u->journal);
    if (err < 0) return fota_updater_fail(u, err);
    if (err != FOTA_OK) return err;
    bool opening = u->stage == FOTA_UPDATER_OPENING;
    note_percent(u);
    if (u->now.unit == u->check.pkg.n_units) return begin_image(u);
    if (!opening) return fota_updater_after_record(u);
    u->stage = FOTA_UPDATER_UNIT;
    return FOTA_MORE;
}

/* ---- the end ---- */

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
    u->now.phase = FOTA_PHASE_RESULT;
    u->now.result = 0;
    u->n_results = 2;
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

enum fota_err fota_updater_poll(struct fota_updater *u)
{
    switch ((enum fota_updater_stage)u->stage) {
    case FOTA_UPDATER_CHECK:
        return step_check(u);
    case FOTA_UPDATER_PLAN:
        return step_plan(u);
    case FOTA_UPDATER_DECODER:
        return step_decoder(u);
    case FOTA_UPDATER_OPENING:
    case FOTA_UPDATER_RECORD:
        return step_record(u);
    case FOTA_UPDATER_UNIT:
    case FOTA_UPDATER_CODED:
    case FOTA_UPDATER_STASH_ERASE:
    case FOTA_UPDATER_STASH_COPY:
    case FOTA_UPDATER_DECODE:
    case FOTA_UPDATER_WRITE_ERASE:
    case FOTA_UPDATER_WRITE_PAGE:
    case FOTA_UPDATER_READ_BACK:
        return fota_updater_unit_step(u);
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
    }
    return FOTA_E_INTERNAL;
}

bool fota_updater_slot_valid(const struct fota_updater *u)
{
    return u->slot_valid;
}

unsigned fota_updater_percent(const struct fota_updater *u)
{
    return u->percent;
}

bool fota_updater_has_begun(const struct fota_updater *u)
{
    return u->stage > FOTA_UPDATER_PLAN && u->stage <= FOTA_UPDATER_DONE;
}
