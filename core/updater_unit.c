/* SPDX-License-Identifier: MIT */
/* One unit: stash the old content of what it writes, then decode it into its place. */
#include "core/updater_unit.h"
#include "core/crc32.h"
#include "core/mem.h"

enum { STEP_BYTES = 1024 };

/* ---- the unit's parts ---- */

/* Slot sector of the unit's stash step `step`: the n-th written one that holds base bytes. */
static uint16_t stash_sector(const struct fota_updater *u, uint32_t step)
{
    uint32_t index = u->unit.first_sector;
    for (uint32_t i = 0; i < u->unit.n_sectors; i++) {
        index = u->unit.first_sector + i;
        if (!fota_unit_writes(&u->unit, i)) continue;
        if (!fota_package_stashes(&u->check.pkg, fota_updater_slot(u), index)) continue;
        if (step-- == 0) break;
    }
    return (uint16_t)index;
}

/* Place of the unit in the new image. */
static enum fota_err
unit_span(const struct fota_updater *u, uint32_t *new_off, uint32_t *n_bytes)
{
    struct fota_sector first;
    struct fota_sector last;
    const struct fota_area *slot = fota_updater_slot(u);
    enum fota_err err = fota_area_sector(slot, u->unit.first_sector, &first);
    if (err < 0) return err;
    err = fota_area_sector(slot, u->unit.first_sector + u->unit.n_sectors - 1U, &last);
    if (err < 0) return err;
    uint32_t left = u->check.pkg.new_bytes - last.off;
    *new_off = first.off;
    *n_bytes = last.off - first.off + (left < last.n_bytes ? left : last.n_bytes);
    return FOTA_OK;
}

/* Which of the unit's written sectors `sector` is, from 0. */
static uint32_t write_index(const struct fota_updater *u, uint32_t sector)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < sector - u->unit.first_sector; i++)
        if (fota_unit_writes(&u->unit, i)) n++;
    return n;
}

/* Whether the sector is yet to be written: the unit writes it, and no former boot did. */
static bool is_due(const struct fota_updater *u, uint32_t sector)
{
    return fota_unit_writes(&u->unit, sector - u->unit.first_sector) &&
           write_index(u, sector) >= u->now.step - u->n_stash;
}

/* ---- head and coded bytes ---- */

static enum fota_err step_unit(struct fota_updater *u)
{
    const struct fota_package *pkg = &u->check.pkg;
    enum fota_err err = fota_package_unit_at(&u->unit, &u->device->area[FOTA_AREA_STAGING], pkg,
                                             u->now.unit_off);
    if (err < 0) return fota_updater_fail(u, err);
    u->n_stash = fota_package_n_stash(pkg, fota_updater_slot(u), &u->unit);
    if (u->now.step >= u->n_stash + u->unit.n_written)
        return fota_updater_fail(u, FOTA_E_INTERNAL);
    for (uint32_t i = 0; i < u->n_stash; i++)
        u->ring[(u->n_stashed_before + i) % pkg->scratch_sectors] =
            (uint16_t)stash_sector(u, i);
    u->unit_tries = 0;
    u->tries = 0;
    u->done_bytes = 0;
    u->crc = u->unit.head_crc;
    u->stage = FOTA_UPDATER_CODED;
    return FOTA_MORE;
}

/* Decode the unit from its begin. */
static enum fota_err begin_pass(struct fota_updater *u)
{
    struct fota_delta_unit place;
    enum fota_err err = unit_span(u, &place.new_off, &place.new_bytes);
    if (err < 0) return fota_updater_fail(u, err);
    place.coded_off = u->now.unit_off + u->unit.head_bytes;
    place.coded_bytes = u->unit.coded_bytes;
    u->sector = (uint16_t)u->unit.first_sector;
    u->off = 0;
    u->done_bytes = 0;
    err = fota_delta_begin(u->delta, &place);
    if (err < 0) return fota_updater_fail(u, err);
    u->stage = FOTA_UPDATER_DECODE;
    return FOTA_MORE;
}

/* Turn to the step that `now` says is next; the unit's head is known. */
static enum fota_err enter_step(struct fota_updater *u)
{
    if (u->now.step >= u->n_stash) return begin_pass(u);
    u->sector = stash_sector(u, u->now.step);
    u->off = 0;
    u->stage = FOTA_UPDATER_STASH_ERASE;
    return FOTA_MORE;
}

/* The coded bytes are checked before the unit's first erase. */
static enum fota_err step_coded(struct fota_updater *u)
{
    const struct fota_package *pkg = &u->check.pkg;
    const struct fota_unit *unit = &u->unit;
    uint32_t base = pkg->body_off + u->now.unit_off + unit->head_bytes;
    for (uint32_t n_read = 0; n_read < STEP_BYTES && u->done_bytes < unit->coded_bytes;) {
        uint32_t left = unit->coded_bytes - u->done_bytes;
        uint32_t n = left < sizeof u->buf.page ? left : (uint32_t)sizeof u->buf.page;
        enum fota_err err = fota_package_read(&u->device->area[FOTA_AREA_STAGING], &pkg->prefix,
                                              base + u->done_bytes, u->buf.page, n);
        if (err < 0) return fota_updater_fail(u, FOTA_E_CODED);
        u->crc = fota_crc32(u->crc, u->buf.page, n);
        u->done_bytes += n;
        n_read += n;
    }
    if (u->done_bytes < unit->coded_bytes) return FOTA_MORE;
    if (u->crc != unit->coded_crc) return fota_updater_fail(u, FOTA_E_CODED);
    return enter_step(u);
}

/* ---- stash ---- */

static uint32_t ring_sector(const struct fota_updater *u)
{
    return (u->n_stashed_before + u->now.step) % u->check.pkg.scratch_sectors;
}

/* A sector was not written as it should be: erase again and redo, or give up. */
static enum fota_err redo(struct fota_updater *u, enum fota_updater_stage from)
{
    u->tries++;
    if (u->tries >= FOTA_UPDATER_TRIES_MAX) return fota_updater_fail(u, FOTA_E_WORN);
    u->off = 0;
    u->stage = (uint8_t)from;
    return FOTA_MORE;
}

static enum fota_err step_stash_erase(struct fota_updater *u)
{
    enum fota_err err = fota_area_erase(&u->device->area[FOTA_AREA_SCRATCH], ring_sector(u));
    if (err == FOTA_BUSY) return FOTA_BUSY;
    if (err < 0) return redo(u, FOTA_UPDATER_STASH_ERASE);
    u->off = 0;
    u->stage = FOTA_UPDATER_STASH_COPY;
    return FOTA_MORE;
}

/* The stash step is done.  After the unit's last one the base will be written over. */
static enum fota_err end_stash_step(struct fota_updater *u)
{
    u->tries = 0;
    u->now.step++;
    if (u->now.step == u->n_stash) u->now.progress = FOTA_PROGRESS_TOUCHED;
    return fota_updater_record(u);
}

static enum fota_err step_stash_copy(struct fota_updater *u)
{
    const struct fota_area *scratch = &u->device->area[FOTA_AREA_SCRATCH];
    struct fota_sector from;
    struct fota_sector to;
    enum fota_err err = fota_area_sector(fota_updater_slot(u), u->sector, &from);
    if (err == FOTA_OK) err = fota_area_sector(scratch, ring_sector(u), &to);
    if (err != FOTA_OK) return fota_updater_fail(u, err);
    uint32_t left = u->check.pkg.base_bytes - from.off;
    uint32_t n_bytes = left < from.n_bytes ? left : from.n_bytes;
    uint32_t n = n_bytes - u->off;
    if (n > scratch->flash->page_bytes) n = scratch->flash->page_bytes;
    err = fota_area_read(fota_updater_slot(u), from.off + u->off, u->buf.page, n);
    if (err < 0) return fota_updater_fail(u, err == FOTA_E_TORN ? FOTA_E_DECODED : err);
    uint32_t n_program = fota_flash_round_up(scratch->flash, n);
    memset(u->buf.page + n, scratch->flash->erased, n_program - n);
    err = fota_area_program(scratch, to.off + u->off, u->buf.page, n_program);
    if (err < 0) return redo(u, FOTA_UPDATER_STASH_ERASE);
    u->off += n;
    return u->off < n_bytes ? FOTA_MORE : end_stash_step(u);
}

/* ---- decode and write ---- */

/* Decode up to a page of `u->sector` into the page buffer. */
static enum fota_err decode_page(struct fota_updater *u, uint32_t *n_bytes, uint32_t *n_sector)
{
    const struct fota_area *slot = fota_updater_slot(u);
    struct fota_sector sector;
    enum fota_err err = fota_area_sector(slot, u->sector, &sector);
    if (err < 0) return err;
    uint32_t left = u->check.pkg.new_bytes - sector.off;
    *n_sector = left < sector.n_bytes ? left : sector.n_bytes;
    *n_bytes = *n_sector - u->off;
    if (*n_bytes > slot->flash->page_bytes) *n_bytes = slot->flash->page_bytes;
    return fota_delta_read(u->delta, u->buf.page, *n_bytes);
}

/* A page of the sector is done; at its end turn to the next one. */
static bool advance(struct fota_updater *u, uint32_t n_bytes, uint32_t n_sector)
{
    u->off += n_bytes;
    u->done_bytes += n_bytes;
    if (u->off < n_sector) return false;
    u->sector++;
    u->off = 0;
    return true;
}

static enum fota_err end_pass(struct fota_updater *u)
{
    enum fota_err err = fota_delta_end(u->delta);
    if (err < 0) return fota_updater_fail(u, err);
    u->done_bytes = 0;
    u->crc = 0;
    u->stage = FOTA_UPDATER_READ_BACK;
    return FOTA_MORE;
}

static enum fota_err step_decode(struct fota_updater *u)
{
    uint32_t n_bytes = 0;
    uint32_t n_sector = 0;
    if (u->sector == u->unit.first_sector + u->unit.n_sectors) return end_pass(u);
    if (u->off == 0 && is_due(u, u->sector)) {
        u->stage = FOTA_UPDATER_WRITE_ERASE;
        return FOTA_MORE;
    }
    enum fota_err err = decode_page(u, &n_bytes, &n_sector);
    if (err < 0) return fota_updater_fail(u, err);
    advance(u, n_bytes, n_sector);
    return FOTA_MORE;
}

static enum fota_err step_write_erase(struct fota_updater *u)
{
    enum fota_err err = fota_area_erase(fota_updater_slot(u), u->sector);
    if (err == FOTA_BUSY) return FOTA_BUSY;
    if (err < 0) return redo(u, FOTA_UPDATER_WRITE_ERASE);
    u->stage = FOTA_UPDATER_WRITE_PAGE;
    return FOTA_MORE;
}

/* The decoder does not go back: to write a sector again is to decode the unit again. */
static enum fota_err redo_pass(struct fota_updater *u)
{
    enum fota_err err = redo(u, FOTA_UPDATER_DECODE);
    return u->stage == FOTA_UPDATER_DECODE ? begin_pass(u) : err;
}

static enum fota_err step_write_page(struct fota_updater *u)
{
    const struct fota_area *slot = fota_updater_slot(u);
    struct fota_sector sector;
    uint32_t n_bytes = 0;
    uint32_t n_sector = 0;
    enum fota_err err = fota_area_sector(slot, u->sector, &sector);
    if (err == FOTA_OK) err = decode_page(u, &n_bytes, &n_sector);
    if (err < 0) return fota_updater_fail(u, err);
    uint32_t n_program = fota_flash_round_up(slot->flash, n_bytes);
    memset(u->buf.page + n_bytes, slot->flash->erased, n_program - n_bytes);
    err = fota_area_program(slot, sector.off + u->off, u->buf.page, n_program);
    if (err < 0) return redo_pass(u);
    if (!advance(u, n_bytes, n_sector)) return FOTA_MORE;
    u->tries = 0;
    u->stage = FOTA_UPDATER_DECODE;
    /* The unit's last write step is recorded when the whole unit has been read back. */
    if (u->now.step + 1U == u->n_stash + u->unit.n_written) return FOTA_MORE;
    u->now.step++;
    return fota_updater_record(u);
}

/* ---- read back ---- */

static enum fota_err end_unit(struct fota_updater *u)
{
    for (uint32_t i = 0; i < u->unit.n_sectors; i++)
        if (fota_unit_writes(&u->unit, i))
            fota_sector_bit_set(u->written, u->unit.first_sector + i);
    u->n_stashed_before += u->n_stash;
    u->steps_before += u->n_stash + u->unit.n_written;
    u->n_stash = 0;
    u->unit_tries = 0;
    u->now.unit++;
    u->now.step = 0;
    u->now.unit_off += u->unit.head_bytes + u->unit.coded_bytes;
    /* With everything in place the identity may change: no way back. */
    if (u->now.unit == u->check.pkg.n_units) u->now.progress = FOTA_PROGRESS_TOUCHED;
    return fota_updater_record(u);
}

/* The ring still holds what the unit reads: write all of it once more, or give up. */
static enum fota_err redo_unit(struct fota_updater *u)
{
    u->unit_tries++;
    if (u->unit_tries >= FOTA_UPDATER_TRIES_MAX) return fota_updater_fail(u, FOTA_E_DECODED);
    u->now.step = u->n_stash;
    return fota_updater_record(u);
}

static enum fota_err step_read_back(struct fota_updater *u)
{
    uint32_t new_off;
    uint32_t n_unit;
    enum fota_err err = unit_span(u, &new_off, &n_unit);
    if (err < 0) return fota_updater_fail(u, err);
    for (uint32_t n_read = 0; n_read < STEP_BYTES && u->done_bytes < n_unit;) {
        uint32_t left = n_unit - u->done_bytes;
        uint32_t n = left < sizeof u->buf.page ? left : (uint32_t)sizeof u->buf.page;
        err = fota_area_read(fota_updater_slot(u), new_off + u->done_bytes, u->buf.page, n);
        if (err < 0) return redo_unit(u);
        u->crc = fota_crc32(u->crc, u->buf.page, n);
        u->done_bytes += n;
        n_read += n;
    }
    if (u->done_bytes < n_unit) return FOTA_MORE;
    return u->crc == u->unit.new_crc ? end_unit(u) : redo_unit(u);
}

enum fota_err fota_updater_after_record(struct fota_updater *u)
{
    if (u->now.step == 0 && u->unit_tries == 0) {
        u->stage = FOTA_UPDATER_UNIT;
        return FOTA_MORE;
    }
    if (u->now.step <= u->n_stash) return enter_step(u);
    u->stage = FOTA_UPDATER_DECODE;
    return FOTA_MORE;
}

enum fota_err fota_updater_unit_step(struct fota_updater *u)
{
    switch (u->stage) {
    case FOTA_UPDATER_UNIT:
        return step_unit(u);
    case FOTA_UPDATER_CODED:
        return step_coded(u);
    case FOTA_UPDATER_STASH_ERASE:
        return step_stash_erase(u);
    case FOTA_UPDATER_STASH_COPY:
        return step_stash_copy(u);
    case FOTA_UPDATER_DECODE:
        return step_decode(u);
    case FOTA_UPDATER_WRITE_ERASE:
        return step_write_erase(u);
    case FOTA_UPDATER_WRITE_PAGE:
        return step_write_page(u);
    case FOTA_UPDATER_READ_BACK:
        return step_read_back(u);
    default:
        return FOTA_E_INTERNAL;
    }
}
