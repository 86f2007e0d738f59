/* SPDX-License-Identifier: MIT */
#include "host/project.h"
#include "core/le.h"
#include "host/walk.h"
#include <string.h>

struct projector {
    const struct fota_projection *how;
    struct fota_bytes image;
    bool is_old;
    uint8_t *out;
    uint8_t *weak;
};

static void put(struct projector *p, uint32_t off, uint32_t word, uint32_t n_bytes)
{
    uint8_t bytes[4];
    fota_put_le32(bytes, word);
    memcpy(p->out + off, bytes, n_bytes);
    if (p->weak != NULL) memset(p->weak + off, 1, n_bytes);
}

static uint32_t moved(const struct projector *p, const struct fota_map *map, uint32_t target)
{
    return p->is_old ? target - fota_map_diagonal(map, target) : target;
}

/* A pointer into the image or into RAM. */
static bool
project_pointer(struct projector *p, const struct fota_walk *walk, uint32_t off, bool in_pool)
{
    const struct fota_delta_space *space = p->how->space;
    uint32_t word = fota_walk_data(walk, off);
    uint32_t target = word - space->base;
    uint32_t ram_off = word - space->ram_begin;
    const struct fota_map *map = p->how->map;
    if (target < p->image.n_bytes && (space->base >= 0x1000 || target >= 0x400)) {
        put(p, off, map == NULL ? 0x11111111 : moved(p, map, target) + space->base, 4);
        return true;
    }
    if (!(in_pool || walk->isa->words_anywhere) || ram_off >= space->ram_bytes) return false;
    put(p, off,
        map == NULL ? 0x22222222 : moved(p, p->how->ram_map, ram_off) + space->ram_begin, 4);
    return true;
}

/* The opcode on top, the target below it. */
static void project_reference(struct projector *p, const struct fota_walk_item *item)
{
    uint32_t target = item->ref.target;
    uint32_t bits = 8U * (item->ref.n_bytes - 1U);
    uint32_t opcode = (uint32_t)item->ref.opcode << bits;
    if (p->how->map == NULL) {
        put(p, item->off, opcode, item->ref.n_bytes);
    } else if (target < p->image.n_bytes) {
        target = moved(p, p->how->map, target);
        put(p, item->off, (target & ((1U << bits) - 1)) | opcode, item->ref.n_bytes);
    }
}

static bool is_far(const struct fota_walk_item *item)
{
    switch ((enum fota_ref_kind)item->ref.kind) {
    case FOTA_REF_NONE:
    case FOTA_REF_ADJUST:
    case FOTA_REF_LOAD:
        return false;
    case FOTA_REF_CALL:
    case FOTA_REF_FAR:
    case FOTA_REF_WORD:
    case FOTA_REF_HIGH:
    case FOTA_REF_LOW:
        break;
    }
    return true;
}

static void
project_item(struct projector *p, struct fota_walk *walk, const struct fota_walk_item *item)
{
    uint32_t at = (item->off + 3U) & ~3U;
    if ((at == item->off || walk->isa->words_anywhere) && at < walk->next &&
        at + 4 <= p->image.n_bytes && project_pointer(p, walk, at, item->in_pool))
        fota_walk_skip_to(walk, at + 4);
    else if (!item->in_pool && is_far(item))
        project_reference(p, item);
}

enum fota_err fota_project(uint8_t *out, uint8_t *weak, struct fota_bytes image, bool is_old,
                           const struct fota_projection *how)
{
    struct projector p = {
        .how = how, .image = image, .is_old = is_old, .out = out, .weak = weak};
    memcpy(out, image.at, image.n_bytes);
    if (weak != NULL) memset(weak, 0, image.n_bytes);
    if (how->arch == FOTA_ARCH_DATA) return FOTA_OK;
    struct fota_walk walk;
    struct fota_walk_item item;
    enum fota_err err = fota_walk_open(&walk, image, how->arch, how->space->base);
    if (err != FOTA_OK) return err;
    while (fota_walk_next(&walk, &item))
        project_item(&p, &walk, &item);
    fota_walk_close(&walk);
    return FOTA_OK;
}
