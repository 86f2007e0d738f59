/* SPDX-License-Identifier: MIT */
#include "host/plan.h"
#include <stdlib.h>
#include <string.h>

static uint32_t min_u32(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static enum fota_err list_sectors(struct fota_plan *p, const struct fota_area *slot)
{
    uint32_t n = fota_area_n_sectors(slot);
    uint32_t reach = p->new_bytes > p->old_bytes ? p->new_bytes : p->old_bytes;
    p->sector_off = calloc((size_t)n + 1, sizeof *p->sector_off);
    if (p->sector_off == NULL) return FOTA_E_NOMEM;
    for (uint32_t i = 0; i < n && p->sector_off[i] < reach; i++) {
        struct fota_sector sector;
        enum fota_err err = fota_area_sector(slot, i, &sector);
        if (err != FOTA_OK) return err;
        p->sector_off[i + 1] = sector.off + sector.n_bytes;
        p->n_sectors = i + 1;
        if (sector.off < p->new_bytes) p->n_new_sectors = i + 1;
    }
    return p->sector_off[p->n_sectors] >= reach ? FOTA_OK : FOTA_E_SLOT_SPACE;
}

/* In place a sector is written when its content changes; otherwise always.  One at least. */
static void mark_changed(struct fota_plan *p, const uint8_t *old, const uint8_t *new)
{
    uint32_t n_changed = 0;
    for (uint32_t i = 0; i < p->n_new_sectors; i++) {
        uint32_t off = p->sector_off[i];
        uint32_t end = min_u32(p->sector_off[i + 1], p->new_bytes);
        p->changed[i] = p->mode != FOTA_ENCODE_IN_PLACE || end > p->old_bytes ||
                        memcmp(old + off, new + off, end - off) != 0;
        n_changed += p->changed[i];
    }
    if (n_changed == 0) p->changed[0] = true;
}

/* The unit that begins at the changed sector `first`. */
static void make_unit(const struct fota_plan *p, struct fota_plan_unit *u, uint32_t first,
                      uint32_t unit_sectors)
{
    *u = (struct fota_plan_unit){.first_sector = first, .new_off = p->sector_off[first]};
    uint32_t gap = 0;
    uint32_t most = min_u32(FOTA_UNIT_SPAN_MAX, p->n_new_sectors - first);
    for (uint32_t i = 0; i < most && gap <= FOTA_PLAN_GAP_MAX && u->n_written < unit_sectors;
         i++) {
        gap = p->changed[first + i] ? 0 : gap + 1;
        if (gap != 0) continue;
        u->written[i / 8] |= (uint8_t)(1U << (i % 8));
        u->n_written++;
        u->n_sectors = i + 1;
        if (p->mode == FOTA_ENCODE_IN_PLACE && p->sector_off[first + i] < p->old_bytes)
            u->n_stash++;
    }
    u->new_bytes = min_u32(p->sector_off[first + u->n_sectors], p->new_bytes) - u->new_off;
}

/* Ascending, as large as they may be. */
static void list_units(struct fota_plan *p, uint32_t most)
{
    if (most == 0 || most > FOTA_UNIT_SPAN_MAX) most = FOTA_UNIT_SPAN_MAX;
    for (uint32_t at = 0; at < p->n_new_sectors;) {
        struct fota_plan_unit *u = &p->units[p->n_units++];
        make_unit(p, u, at, most);
        at += u->n_sectors;
    }
}

static enum fota_err
make_units(struct fota_plan *p, const struct fota_plan_choice *how, uint32_t unit_sectors)
{
    if (how->n_runs > UINT16_MAX) return FOTA_E_IMAGE;
    if (how->n_runs == 0) list_units(p, unit_sectors);
    for (uint32_t i = 0; i < how->n_runs; i++)
        make_unit(p, &p->units[p->n_units++], how->runs[i].first_sector,
                  how->runs[i].n_changed);
    for (uint32_t i = 0; i < p->n_units; i++)
        for (uint32_t k = 0; k < p->units[i].n_sectors; k++)
            p->unit_of[p->units[i].first_sector + k] = (uint16_t)(i + 1);
    return FOTA_OK;
}

static bool writes(const struct fota_plan_unit *u, uint32_t i)
{
    return (u->written[i / 8] >> (i % 8)) & 1U;
}

/* Play the stashing: per unit, which sectors' old content can be read. */
static enum fota_err mark_readable(struct fota_plan *p)
{
    uint32_t ring[FOTA_PACKAGE_SCRATCH_MAX];
    uint32_t n_stashed = 0;
    uint8_t *in_slot = malloc((size_t)p->n_sectors + 1);
    p->readable = malloc((size_t)p->n_units * p->n_sectors + 1);
    if (in_slot == NULL || p->readable == NULL) {
        free(in_slot);
        return FOTA_E_NOMEM;
    }
    memset(in_slot, 1, p->n_sectors);
    for (uint32_t u = 0; u < p->n_units; u++) {
        const struct fota_plan_unit *unit = &p->units[u];
        uint8_t *row = p->readable + (size_t)u * p->n_sectors;
        for (uint32_t i = 0; i < unit->n_sectors; i++) {
            uint32_t sector = unit->first_sector + i;
            if (!writes(unit, i)) continue;
            in_slot[sector] = 0;
            if (p->sector_off[sector] < p->old_bytes)
                ring[n_stashed++ % p->scratch_sectors] = sector;
        }
        memcpy(row, in_slot, p->n_sectors);
        for (uint32_t i = 0; i < min_u32(n_stashed, p->scratch_sectors); i++)
            row[ring[i]] = 1;
    }
    free(in_slot);
    return FOTA_OK;
}

/* The least ring with which the plan stays as it is. */
static void trim_scratch(struct fota_plan *p)
{
    uint32_t stashes = 0;
    for (uint32_t i = 0; i < p->n_units; i++)
        stashes += p->units[i].n_stash;
    if (stashes < p->scratch_sectors) p->scratch_sectors = stashes > 0 ? stashes : 1;
}

enum fota_err
fota_plan_begin(struct fota_plan *plan, struct fota_bytes old_image,
                struct fota_bytes new_image, const struct fota_encode_options *options)
{
    *plan = (struct fota_plan){.mode = options->mode,
                               .old_bytes = old_image.n_bytes,
                               .new_bytes = new_image.n_bytes,
                               .scratch_sectors = options->scratch_sectors};
    enum fota_err err = list_sectors(plan, options->slot);
    if (err == FOTA_OK) {
        plan->changed = calloc(plan->n_new_sectors, sizeof *plan->changed);
        if (plan->changed == NULL) err = FOTA_E_NOMEM;
    }
    if (err == FOTA_OK)
        mark_changed(plan, old_image.at, new_image.at);
    else
        fota_plan_free(plan);
    return err;
}

enum fota_err
fota_plan_make(struct fota_plan *plan, struct fota_bytes old_image, struct fota_bytes new_image,
               const struct fota_encode_options *options, const struct fota_plan_choice *how)
{
    enum fota_err err = fota_plan_begin(plan, old_image, new_image, options);
    if (err != FOTA_OK) return err;
    plan->unit_of = calloc(plan->n_new_sectors, sizeof *plan->unit_of);
    plan->units = calloc(plan->n_new_sectors, sizeof *plan->units);
    if (plan->unit_of == NULL || plan->units == NULL) err = FOTA_E_NOMEM;
    if (err == FOTA_OK) err = make_units(plan, how, options->unit_sectors);
    if (err == FOTA_OK && plan->mode == FOTA_ENCODE_IN_PLACE) {
        trim_scratch(plan);
        err = mark_readable(plan);
    }
    if (err != FOTA_OK) fota_plan_free(plan);
    return err;
}

void fota_plan_free(struct fota_plan *plan)
{
    free(plan->sector_off);
    free(plan->changed);
    free(plan->unit_of);
    free(plan->units);
    free(plan->readable);
    *plan = (struct fota_plan){0};
}

uint32_t fota_plan_sector_at(const struct fota_plan *plan, uint32_t off)
{
    uint32_t low = 0;
    uint32_t high = plan->n_sectors;
    while (high - low > 1) {
        uint32_t mid = low + (high - low) / 2;
        if (plan->sector_off[mid] <= off)
            low = mid;
        else
            high = mid;
    }
    return low;
}

uint32_t fota_plan_old_readable(const struct fota_plan *plan, uint32_t unit, uint32_t off)
{
    if (off >= plan->old_bytes) return 0;
    if (plan->mode != FOTA_ENCODE_IN_PLACE) return plan->old_bytes - off;
    uint32_t sector = fota_plan_sector_at(plan, off);
    if (!plan->readable[(size_t)unit * plan->n_sectors + sector]) return 0;
    return min_u32(plan->sector_off[sector + 1], plan->old_bytes) - off;
}

uint32_t fota_plan_copyable(const struct fota_plan *plan, uint32_t dst_off, uint32_t src_off)
{
    if (plan->mode == FOTA_ENCODE_FULL)
        return src_off < dst_off && dst_off - src_off >= FOTA_PAGE_MAX
                   ? plan->new_bytes - dst_off
                   : 0;
    if (src_off >= plan->old_bytes || dst_off >= plan->new_bytes) return 0;
    if (plan->mode == FOTA_ENCODE_TWO_SLOTS || plan->units == NULL)
        return min_u32(plan->old_bytes - src_off, plan->new_bytes - dst_off);
    uint32_t sector = fota_plan_sector_at(plan, dst_off);
    uint32_t left = min_u32(plan->sector_off[sector + 1], plan->new_bytes) - dst_off;
    uint32_t unit = plan->unit_of[sector];
    if (unit == 0) return src_off == dst_off ? left : 0; /* nobody decodes this */
    return min_u32(left, fota_plan_old_readable(plan, unit - 1, src_off));
}
