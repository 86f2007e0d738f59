/* SPDX-License-Identifier: MIT */
#include "host/project.h"
#include "core/le.h"
#include "core/thumb.h"
#include <string.h>

struct projector {
    const struct fota_projection *how;
    struct fota_bytes image;
    bool is_old;
    uint8_t *out;
    uint8_t *weak;
};

static void put(struct projector *p, uint32_t off, uint32_t word)
{
    fota_put_le32(p->out + off, word);
    if (p->weak != NULL) memset(p->weak + off, 1, 4);
}

static uint32_t moved(const struct projector *p, const struct fota_map *map, uint32_t target)
{
    return p->is_old ? target - fota_map_diagonal(map, target) : target;
}

/* A pointer into the image or into RAM. */
static bool project_pointer(struct projector *p, uint32_t off, uint32_t word, bool in_pool)
{
    const struct fota_delta_space *space = p->how->space;
    uint32_t target = word - space->base;
    uint32_t ram_off = word - space->ram_begin;
    const struct fota_map *map = p->how->map;
    if (target < p->image.n_bytes && (space->base >= 0x1000 || target >= 0x400)) {
        put(p, off, map == NULL ? 0x11111111 : moved(p, map, target) + space->base);
        return true;
    }
    if (!in_pool || ram_off >= space->ram_bytes) return false;
    put(p, off,
        map == NULL ? 0x22222222 : moved(p, p->how->ram_map, ram_off) + space->ram_begin);
    return true;
}

static void project_call(struct projector *p, uint32_t off, uint32_t word)
{
    uint32_t target = off + fota_thumb_call_offset(word);
    uint32_t opcode = ((word >> 24) & 0xD0U) | 0x0FU;
    if (p->how->map == NULL) {
        put(p, off, opcode << 24);
    } else if (target < p->image.n_bytes) {
        target = moved(p, p->how->map, target);
        put(p, off, (target & 0xFFFFFFU) | (opcode << 24));
    }
}

static enum fota_err project_thumb(struct projector *p)
{
    struct fota_thumb_walk walk;
    enum fota_err err = fota_thumb_walk_open(&walk, p->image);
    if (err != FOTA_OK) return err;
    for (uint32_t off = 0; off + 4 <= p->image.n_bytes;) {
        uint32_t word = fota_le32(p->image.at + off);
        bool in_pool = off % 4 == 0 && fota_thumb_walk_is_pool(&walk, off);
        if ((off % 4 == 0 && project_pointer(p, off, word, in_pool)) || in_pool) {
            off += 4;
        } else if (fota_thumb_is_call(word)) {
            project_call(p, off, word);
            off += 4;
        } else {
            off += fota_thumb_is_wide(word & 0xFFFFU) ? 4 : 2;
        }
    }
    fota_thumb_walk_close(&walk);
    return FOTA_OK;
}

enum fota_err fota_project(uint8_t *out, uint8_t *weak, struct fota_bytes image, bool is_old,
                           const struct fota_projection *how)
{
    struct projector p = {
        .how = how, .image = image, .is_old = is_old, .out = out, .weak = weak};
    memcpy(out, image.at, image.n_bytes);
    if (weak != NULL) memset(weak, 0, image.n_bytes);
    switch (how->arch) {
    case FOTA_ARCH_THUMB:
        return project_thumb(&p);
    case FOTA_ARCH_DATA:
        break;
    }
    return FOTA_OK;
}
