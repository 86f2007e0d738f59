/* SPDX-License-Identifier: MIT */
/* What the decoder may read while a unit is applied: the rules of doc/package-format.md 5,
 * "What a unit may read", word for word. */
#include "core/updater_unit.h"

static bool is_in_place(const struct fota_updater *u)
{
    return fota_package_is_in_place(&u->check.pkg);
}

static bool is_in_span(const struct fota_updater *u, uint32_t index)
{
    return index >= u->unit.first_sector && index - u->unit.first_sector < u->unit.n_sectors;
}

static bool is_written_by_unit(const struct fota_updater *u, uint32_t index)
{
    return is_in_span(u, index) && fota_unit_writes(&u->unit, index - u->unit.first_sector);
}

/* Which ring sector holds the old content of slot sector `index`. */
static bool find_in_ring(const struct fota_updater *u, uint32_t index, uint32_t *ring_sector)
{
    uint32_t n_ring = u->check.pkg.scratch_sectors;
    uint32_t n_stashed = u->n_stashed_before + u->n_stash;
    uint32_t n = n_stashed < n_ring ? n_stashed : n_ring;
    for (uint32_t i = 0; i < n; i++) {
        if (u->ring[i] != index) continue;
        *ring_sector = i;
        return true;
    }
    return false;
}

/* Where the old byte at `off` lies now, and how many from there on lie in one piece. */
static enum fota_err locate_old(const struct fota_updater *u, uint32_t off,
                                struct fota_area *area, uint32_t *area_off, uint32_t *n_bytes)
{
    uint32_t base_bytes = u->check.pkg.base_bytes;
    const struct fota_area *slot = fota_updater_slot(u);
    if (off >= base_bytes) return FOTA_E_BODY;
    *n_bytes = base_bytes - off;
    *area_off = off;
    if (!is_in_place(u)) {
        *area = *fota_device_slot(u->device, 1U - u->now.target_slot);
        return FOTA_OK;
    }
    uint32_t index;
    uint32_t ring_sector;
    struct fota_sector sector;
    enum fota_err err = fota_area_sector_at(slot, off, &index);
    if (err == FOTA_OK) err = fota_area_sector(slot, index, &sector);
    if (err != FOTA_OK) return err;
    uint32_t left = sector.n_bytes - (off - sector.off);
    if (left < *n_bytes) *n_bytes = left;
    *area = *slot;
    bool gone = fota_sector_bit(u->written, index) || is_written_by_unit(u, index);
    if (!gone) return FOTA_OK;
    if (!find_in_ring(u, index, &ring_sector)) return FOTA_E_BODY;
    *area = u->device->area[FOTA_AREA_SCRATCH];
    *area_off = off - sector.off;
    err = fota_area_sector(area, ring_sector, &sector);
    *area_off += sector.off;
    return err;
}

/* Content that cannot be read is content lost. */
static enum fota_err lost_if_torn(enum fota_err err)
{
    return err == FOTA_E_TORN ? FOTA_E_DECODED : err;
}

static uint32_t old_readable(void *ctx, uint32_t off)
{
    struct fota_area area;
    uint32_t area_off;
    uint32_t n_bytes;
    return locate_old(ctx, off, &area, &area_off, &n_bytes) == FOTA_OK ? n_bytes : 0;
}

static enum fota_err read_old(void *ctx, uint32_t off, uint8_t *dst, uint32_t n_bytes)
{
    while (n_bytes > 0) {
        struct fota_area area;
        uint32_t area_off;
        uint32_t n;
        enum fota_err err = locate_old(ctx, off, &area, &area_off, &n);
        if (err < 0) return err;
        if (n > n_bytes) n = n_bytes;
        err = lost_if_torn(fota_area_read(&area, area_off, dst, n));
        if (err < 0) return err;
        off += n;
        dst += n;
        n_bytes -= n;
    }
    return FOTA_OK;
}

/* Image offset behind the last new byte of sector `index` that is readable now. */
static uint32_t
new_end(const struct fota_updater *u, uint32_t index, const struct fota_sector *sector)
{
    uint32_t new_bytes = u->check.pkg.new_bytes;
    uint32_t left = new_bytes - sector->off;
    uint32_t end = sector->off + (left < sector->n_bytes ? left : sector->n_bytes);
    if (is_in_span(u, index)) {
        struct fota_sector first;
        if (fota_area_sector(fota_updater_slot(u), u->unit.first_sector, &first) < 0) return 0;
        uint32_t now = first.off + u->done_bytes;
        uint32_t page = now - now % FOTA_DELTA_PAGE;
        return page < end ? page : end;
    }
    bool in_place =
        fota_sector_bit(u->written, index) || !fota_sector_bit(u->check.part.written, index);
    return in_place ? end : 0;
}

static uint32_t new_readable(void *ctx, uint32_t off)
{
    const struct fota_updater *u = ctx;
    uint32_t index;
    struct fota_sector sector;
    if (off >= u->check.pkg.new_bytes) return 0;
    if (fota_area_sector_at(fota_updater_slot(u), off, &index) < 0) return 0;
    if (fota_area_sector(fota_updater_slot(u), index, &sector) < 0) return 0;
    uint32_t end = new_end(u, index, &sector);
    return off < end ? end - off : 0;
}

static enum fota_err read_new(void *ctx, uint32_t off, uint8_t *dst, uint32_t n_bytes)
{
    const struct fota_updater *u = ctx;
    while (n_bytes > 0) {
        uint32_t n = new_readable(ctx, off);
        if (n == 0) return FOTA_E_BODY;
        if (n > n_bytes) n = n_bytes;
        enum fota_err err = lost_if_torn(fota_area_read(fota_updater_slot(u), off, dst, n));
        if (err < 0) return err;
        off += n;
        dst += n;
        n_bytes -= n;
    }
    return FOTA_OK;
}

static enum fota_err read_body(void *ctx, uint32_t off, uint8_t *dst, uint32_t n_bytes)
{
    const struct fota_updater *u = ctx;
    const struct fota_package *pkg = &u->check.pkg;
    if (n_bytes > pkg->body_bytes || off > pkg->body_bytes - n_bytes) return FOTA_E_BODY;
    enum fota_err err = fota_package_read(&u->device->area[FOTA_AREA_STAGING], &pkg->prefix,
                                          pkg->body_off + off, dst, n_bytes);
    return err == FOTA_E_TORN ? FOTA_E_CODED : err;
}

void fota_updater_source_init(struct fota_updater *u)
{
    u->source.ctx = u;
    u->source.body = read_body;
    u->source.old_image = read_old;
    u->source.old_readable = old_readable;
    u->source.new_image = read_new;
    u->source.new_readable = new_readable;
}
