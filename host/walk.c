/* SPDX-License-Identifier: MIT */
#include "host/walk.h"
#include "core/le.h"
#include <stdlib.h>

static int32_t old_byte(void *ctx, uint32_t off)
{
    const struct fota_walk *w = ctx;
    return off < w->image.n_bytes ? w->image.at[off] : -1;
}

static void mark(struct fota_walk *w, const struct fota_walk_item *item)
{
    uint32_t target = item->ref.target;
    bool back = item->ref.kind == FOTA_REF_WORD;
    if ((item->ref.kind == FOTA_REF_LOAD || back) && target % 4 == 0 &&
        (target > item->off || back) && target < w->image.n_bytes - 3)
        w->pool[target / 4] = 1;
}

enum fota_err
fota_walk_open(struct fota_walk *w, struct fota_bytes image, enum fota_arch arch, uint32_t base)
{
    *w = (struct fota_walk){.isa = fota_isa_of((uint8_t)arch), .image = image, .base = base};
    w->pool = calloc(image.n_bytes / 4 + 1, 1);
    if (w->pool == NULL) return FOTA_E_NOMEM;
    struct fota_walk_item item;
    while (fota_walk_next(w, &item))
        if (!item.in_pool) mark(w, &item);
    fota_walk_rewind(w);
    return FOTA_OK;
}

void fota_walk_close(struct fota_walk *w)
{
    free(w->pool);
    w->pool = NULL;
}

void fota_walk_rewind(struct fota_walk *w)
{
    w->next = 0;
    w->state = (struct fota_isa_state){0};
}

void fota_walk_skip_to(struct fota_walk *w, uint32_t off)
{
    w->next = off;
}

uint32_t fota_walk_data(const struct fota_walk *w, uint32_t off)
{
    uint32_t word = fota_le32(w->image.at + off);
    return w->isa->big_endian ? fota_isa_swap(word) : word;
}

bool fota_walk_next(struct fota_walk *w, struct fota_walk_item *item)
{
    if (w->image.n_bytes < 4 || w->next > w->image.n_bytes - 4) return false;
    uint32_t off = w->next;
    *item = (struct fota_walk_item){.off = off, .word = fota_le32(w->image.at + off)};
    item->in_pool = off % 4 == 0 && w->pool[off / 4] != 0;
    if (item->in_pool) {
        w->next += 4;
        return true;
    }
    struct fota_isa_place p = {.src = off,
                               .pos = off,
                               .word = item->word,
                               .n_bytes = 4,
                               .base = w->base,
                               .ctx = w,
                               .old_byte = old_byte};
    item->ref = w->isa->find(&w->state, &p);
    if (w->isa->done != NULL) w->isa->done(&w->state, &item->ref, &p, item->word);
    w->next += item->ref.n_bytes;
    return true;
}
