/* SPDX-License-Identifier: MIT */
#include "host/prove.h"
#include "core/crc32.h"
#include "core/delta.h"
#include "core/le.h"
#include "core/package.h"
#include <stdlib.h>

struct sector {
    uint32_t off;
    uint32_t n_bytes;
    bool in_unit;   /* some unit writes it */
    bool is_new;    /* written by an earlier unit or the current one */
    bool current;   /* in the current unit's span */
    uint32_t stash; /* 1 + its place among all stashed ones, 0: never */
};

struct unit {
    uint32_t first;
    uint32_t n_sectors;
    uint32_t new_crc;
    const uint8_t *written;
    struct fota_delta_unit place;
};

struct proof {
    const struct fota_encoded *encoded;
    struct fota_bytes old_image;
    struct fota_bytes new_image;
    enum fota_encode_mode mode;
    struct sector *sectors;
    uint32_t n_sectors;
    uint32_t sector_max;
    uint8_t *slot; /* what is being written */
    uint8_t *ring;
    uint32_t n_stashed;
    uint32_t pos; /* decoded so far */
    struct fota_delta_source source;
    struct fota_delta *delta;
    void *work;
};

static const struct sector *sector_at(const struct proof *p, uint32_t off)
{
    for (uint32_t low = 0, high = p->n_sectors; low < high;) {
        uint32_t mid = low + (high - low) / 2;
        const struct sector *s = &p->sectors[mid];
        if (off < s->off)
            high = mid;
        else if (off - s->off >= s->n_bytes)
            low = mid + 1;
        else
            return s;
    }
    return NULL;
}

static enum fota_err read_body(void *ctx, uint32_t off, uint8_t *dst, uint32_t n_bytes)
{
    const struct proof *p = ctx;
    uint32_t size = p->encoded->body_bytes;
    if (off > size || n_bytes > size - off) return FOTA_E_BODY;
    memcpy(dst, p->encoded->body + off, n_bytes);
    return FOTA_OK;
}

/* Where the old content of `s` is now, or null. */
static const uint8_t *old_place(const struct proof *p, const struct sector *s)
{
    if (p->mode == FOTA_ENCODE_TWO_SLOTS) return p->old_image.at + s->off;
    if (!s->is_new) return p->slot + s->off;
    uint32_t n_ring = p->encoded->scratch_sectors;
    if (s->stash == 0 || p->n_stashed - s->stash >= n_ring) return NULL;
    return p->ring + (size_t)((s->stash - 1) % n_ring) * p->sector_max;
}

static uint32_t old_readable(void *ctx, uint32_t off)
{
    const struct proof *p = ctx;
    const struct sector *s = off < p->old_image.n_bytes ? sector_at(p, off) : NULL;
    if (s == NULL || old_place(p, s) == NULL) return 0;
    uint32_t end = s->off + s->n_bytes;
    return (end < p->old_image.n_bytes ? end : p->old_image.n_bytes) - off;
}

static enum fota_err read_old(void *ctx, uint32_t off, uint8_t *dst, uint32_t n_bytes)
{
    const struct proof *p = ctx;
    while (n_bytes > 0) {
        uint32_t n = old_readable(ctx, off);
        if (n == 0) return FOTA_E_BODY;
        if (n > n_bytes) n = n_bytes;
        const struct sector *s = sector_at(p, off);
        memcpy(dst, old_place(p, s) + (off - s->off), n);
        off += n;
        dst += n;
        n_bytes -= n;
    }
    return FOTA_OK;
}

static uint32_t new_readable(void *ctx, uint32_t off)
{
    const struct proof *p = ctx;
    const struct sector *s = off < p->new_image.n_bytes ? sector_at(p, off) : NULL;
    if (s == NULL) return 0;
    uint32_t end = s->off + s->n_bytes;
    if (end > p->new_image.n_bytes) end = p->new_image.n_bytes;
    if (s->current) {
        uint32_t page = p->pos - p->pos % FOTA_DELTA_PAGE;
        end = page < end ? page : end;
        return off < end ? end - off : 0;
    }
    return s->is_new || !s->in_unit ? end - off : 0;
}

static enum fota_err read_new(void *ctx, uint32_t off, uint8_t *dst, uint32_t n_bytes)
{
    const struct proof *p = ctx;
    for (uint32_t done = 0; done < n_bytes;) {
        uint32_t n = new_readable(ctx, off + done);
        if (n == 0) return FOTA_E_BODY;
        done = n < n_bytes - done ? done + n : n_bytes;
    }
    memcpy(dst, p->slot + off, n_bytes);
    return FOTA_OK;
}

static bool parse_unit(struct unit *u, const struct proof *p, uint32_t *off)
{
    const uint8_t *body = p->encoded->body;
    struct fota_reader r = {.at = body + *off, .left = p->encoded->body_bytes - *off};
    const uint8_t *head = fota_take(&r, 10);
    if (head == NULL) return false;
    *u = (struct unit){
        .first = fota_le16(head), .n_sectors = head[2], .new_crc = fota_le32(head + 6)};
    u->place.coded_bytes = fota_le16(head + 3) | ((uint32_t)head[5] << 16);
    u->written = fota_take(&r, (u->n_sectors + 7) / 8);
    const uint8_t *crc = fota_take(&r, 4);
    const uint8_t *coded = fota_take(&r, u->place.coded_bytes);
    if (r.overrun || u->n_sectors == 0 || u->first + u->n_sectors > p->n_sectors) return false;
    uint32_t head_crc = fota_crc32(0, head, (size_t)(crc - head));
    if (fota_crc32(head_crc, coded, u->place.coded_bytes) != fota_le32(crc)) return false;
    const struct sector *last = &p->sectors[u->first + u->n_sectors - 1];
    uint32_t end = last->off + last->n_bytes;
    if (end > p->new_image.n_bytes) end = p->new_image.n_bytes;
    u->place.new_off = p->sectors[u->first].off;
    u->place.new_bytes = end - u->place.new_off;
    u->place.coded_off = (uint32_t)(coded - body);
    *off = u->place.coded_off + u->place.coded_bytes;
    return end > u->place.new_off;
}

static bool unit_writes(const struct unit *u, uint32_t i)
{
    return (u->written[i / 8] >> (i % 8)) & 1U;
}

/* Stash and erase: afterwards no byte of a written sector is left in the slot. */
static enum fota_err enter_unit(struct proof *p, const struct unit *u)
{
    uint32_t n_stashed = 0;
    for (uint32_t i = 0; i < u->n_sectors; i++) {
        struct sector *s = &p->sectors[u->first + i];
        s->current = true;
        if (!unit_writes(u, i)) continue;
        if (s->is_new) return FOTA_E_INTERNAL; /* written twice */
        if (p->mode == FOTA_ENCODE_IN_PLACE && s->off < p->old_image.n_bytes) {
            uint32_t n_ring = p->encoded->scratch_sectors;
            if (n_stashed++ == n_ring) return FOTA_E_INTERNAL;
            memcpy(p->ring + (size_t)(p->n_stashed % n_ring) * p->sector_max, p->slot + s->off,
                   s->n_bytes);
            s->stash = ++p->n_stashed;
        }
        s->is_new = true;
        memset(p->slot + s->off, 0xA5, s->n_bytes);
    }
    return FOTA_OK;
}

static enum fota_err decode_unit(struct proof *p, const struct unit *u)
{
    uint8_t page[FOTA_DELTA_PAGE];
    uint32_t end = u->place.new_off + u->place.new_bytes;
    uint32_t crc = 0;
    p->pos = u->place.new_off;
    enum fota_err err = fota_delta_begin(p->delta, &u->place);
    while (err == FOTA_OK && p->pos < end) {
        const struct sector *s = sector_at(p, p->pos);
        uint32_t n = FOTA_DELTA_PAGE - p->pos % FOTA_DELTA_PAGE;
        if (n > s->off + s->n_bytes - p->pos) n = s->off + s->n_bytes - p->pos;
        if (n > end - p->pos) n = end - p->pos;
        err = fota_delta_read(p->delta, page, n);
        if (err != FOTA_OK) break;
        crc = fota_crc32(crc, page, n);
        if (unit_writes(u, (uint32_t)(s - p->sectors) - u->first))
            memcpy(p->slot + p->pos, page, n);
        else if (memcmp(p->slot + p->pos, page, n) != 0)
            return FOTA_E_INTERNAL;
        p->pos += n;
    }
    if (err == FOTA_OK) err = fota_delta_end(p->delta);
    for (uint32_t i = 0; i < u->n_sectors; i++)
        p->sectors[u->first + i].current = false;
    return err == FOTA_OK && crc != u->new_crc ? FOTA_E_INTERNAL : err;
}

static enum fota_err set_up(struct proof *p, const struct fota_area *slot)
{
    uint32_t total = 0;
    p->n_sectors = fota_area_n_sectors(slot);
    p->sectors = calloc(p->n_sectors, sizeof *p->sectors);
    if (p->sectors == NULL) return FOTA_E_NOMEM;
    for (uint32_t i = 0; i < p->n_sectors; i++) {
        struct fota_sector sector;
        enum fota_err err = fota_area_sector(slot, i, &sector);
        if (err != FOTA_OK) return err;
        p->sectors[i].off = sector.off;
        p->sectors[i].n_bytes = sector.n_bytes;
        if (sector.n_bytes > p->sector_max) p->sector_max = sector.n_bytes;
        total = sector.off + sector.n_bytes;
    }
    p->slot = malloc(total);
    p->ring = malloc((size_t)p->sector_max * p->encoded->scratch_sectors + 1);
    p->work = malloc(p->encoded->decoder_bytes);
    if (p->slot == NULL || p->ring == NULL || p->work == NULL) return FOTA_E_NOMEM;
    memset(p->slot, 0xFF, total);
    if (p->mode == FOTA_ENCODE_IN_PLACE) memcpy(p->slot, p->old_image.at, p->old_image.n_bytes);
    return FOTA_OK;
}

static enum fota_err open_decoder(struct proof *p)
{
    struct fota_delta_params params = {.codec = p->encoded->codec,
                                       .arch = p->encoded->arch,
                                       .old_bytes = p->old_image.n_bytes,
                                       .new_bytes = p->new_image.n_bytes,
                                       .prologue_bytes = p->encoded->prologue_bytes};
    p->source = (struct fota_delta_source){.ctx = p,
                                           .body = read_body,
                                           .old_image = read_old,
                                           .old_readable = old_readable,
                                           .new_image = read_new,
                                           .new_readable = new_readable};
    uint32_t need = 0;
    enum fota_err err = fota_delta_workspace_bytes(&need, &params, &p->source);
    if (err == FOTA_OK && need != p->encoded->decoder_bytes) err = FOTA_E_INTERNAL;
    if (err == FOTA_OK)
        err =
            fota_delta_open(&p->delta, p->work, p->encoded->decoder_bytes, &params, &p->source);
    return err;
}

static enum fota_err play(struct proof *p)
{
    struct unit u;
    uint32_t off = p->encoded->prologue_bytes;
    for (uint32_t i = 0; i < p->encoded->n_units; i++) {
        if (!parse_unit(&u, p, &off)) return FOTA_E_INTERNAL;
        for (uint32_t k = 0; k < u.n_sectors; k++)
            if (unit_writes(&u, k)) p->sectors[u.first + k].in_unit = true;
    }
    if (off != p->encoded->body_bytes) return FOTA_E_INTERNAL;
    off = p->encoded->prologue_bytes;
    enum fota_err err = open_decoder(p);
    for (uint32_t i = 0; err == FOTA_OK && i < p->encoded->n_units; i++) {
        if (!parse_unit(&u, p, &off)) return FOTA_E_INTERNAL;
        err = enter_unit(p, &u);
        if (err == FOTA_OK) err = decode_unit(p, &u);
    }
    if (err == FOTA_OK && memcmp(p->slot, p->new_image.at, p->new_image.n_bytes) != 0)
        err = FOTA_E_INTERNAL;
    return err;
}

enum fota_err fota_prove(const struct fota_encoded *encoded, struct fota_bytes old_image,
                         struct fota_bytes new_image, const struct fota_encode_options *options)
{
    struct proof p = {.encoded = encoded,
                      .old_image = old_image,
                      .new_image = new_image,
                      .mode = options->mode};
    enum fota_err err = set_up(&p, options->slot);
    if (err == FOTA_OK) err = play(&p);
    free(p.sectors);
    free(p.slot);
    free(p.ring);
    free(p.work);
    return err == FOTA_OK || err == FOTA_E_NOMEM ? err : FOTA_E_INTERNAL;
}
