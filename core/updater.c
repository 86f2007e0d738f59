/* SPDX-License-Identifier: MIT */
#include "core/mem.h"
#include "core/updater_unit.h"

const struct fota_area *fota_updater_slot(const struct fota_updater *u)
{
    return fota_device_slot(u->device, u->now.target_slot);
}

/* A trial has failed: the same package, the other way, from its begin. */
static void turn_back(struct fota_updater *u)
{
    struct fota_snapshot *now = &u->now;
    now->phase = FOTA_PHASE_BACK;
    now->progress = FOTA_PROGRESS_ASKED;
    now->unit = 0;
    now->step = 0;
    if (fota_device_has_two_slots(u->device)) now->target_slot = 1U - now->target_slot;
}

void fota_updater_open(struct fota_updater *u, const struct fota_device *device,
                       struct fota_journal *journal, void *work)
{
    memset(u, 0, sizeof *u);
    u->device = device;
    u->journal = journal;
    u->work = work;
    u->now = *fota_journal_last(journal);
    if (u->now.phase == FOTA_PHASE_TRIAL) turn_back(u);
    u->stage = FOTA_UPDATER_CHECK;
    bool touched = u->now.progress == FOTA_PROGRESS_TOUCHED;
    fota_package_check_begin(&u->check, device, UINT32_MAX, !touched);
    u->check.back = u->now.phase == FOTA_PHASE_BACK;
    if (touched || u->check.back) u->check.target = u->now.target_slot;
    fota_updater_source_init(u);
}

/* ---- before the first write ---- */

static enum fota_err accept(struct fota_updater *u)
{
    const struct fota_package_check *c = &u->check;
    struct fota_snapshot *now = &u->now;
    bool full = (c->pkg.features & FOTA_FEATURE_FULL) != 0;
    bool two_slots = fota_device_has_two_slots(u->device);
    if (memcmp(c->pkg.id, now->package_id, sizeof now->package_id) != 0)
        return fota_updater_fail(u, FOTA_E_CODED);
    if (now->target_slot != c->target || now->unit > c->pkg.n_units)
        return fota_updater_fail(u, FOTA_E_INTERNAL);
    if (now->progress != FOTA_PROGRESS_ASKED && now->cuts < UINT16_MAX) now->cuts++;
    if (now->progress == FOTA_PROGRESS_ASKED) {
        now->progress = FOTA_PROGRESS_BEGUN;
        now->unit_off = c->pkg.prologue_bytes;
        if (c->back && c->image.known) now->counter = c->image.security_counter;
    }
    if (full && !two_slots) now->progress = FOTA_PROGRESS_TOUCHED;
    bool trial = c->pkg.trial_boots != 0; /* which alone does not raise the counter */
    if (!trial && c->pkg.security_counter > now->counter)
        now->counter = c->pkg.security_counter;
    if (c->image.known && c->image.security_counter > now->counter)
        now->counter = c->image.security_counter;
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
    u->percent = (uint8_t)(100U * done / (u->check.n_steps + 1U));
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
    enum fota_err err = FOTA_OK;
    if (pkg->n_units > 0)
        err =
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

/* OPENING and RECORD: the snapshot `now` is on its way to the journal. */
static enum fota_err step_record(struct fota_updater *u)
{
    enum fota_err err = fota_journal_step(u->journal);
    if (err < 0) return fota_updater_fail(u, err);
    if (err != FOTA_OK) return err;
    bool opening = u->stage == FOTA_UPDATER_OPENING;
    note_percent(u);
    if (u->now.unit == u->check.pkg.n_units) return fota_updater_begin_end(u);
    if (!opening) return fota_updater_after_record(u);
    u->stage = FOTA_UPDATER_UNIT;
    return FOTA_MORE;
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
    case FOTA_UPDATER_IDENTITY:
    case FOTA_UPDATER_RESULT:
    case FOTA_UPDATER_DONE:
    case FOTA_UPDATER_FAIL_HASH:
    case FOTA_UPDATER_FAIL_RESULT:
    case FOTA_UPDATER_FAILED:
        return fota_updater_end_step(u);
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
