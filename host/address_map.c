/* SPDX-License-Identifier: MIT */
#include "host/address_map.h"
#include "core/le.h"
#include "host/walk.h"
#include <stdlib.h>
#include <string.h>

#define LEN_MIN          8U  /* of an op in the map */
#define REFERENCE_WEIGHT 16U /* of one reference, against bytes of code */
#define LOSS_MIN         16U

struct candidate {
    uint32_t n_bytes;
    uint32_t op;
};

static int longer_first(const void *a, const void *b)
{
    const struct candidate *x = a;
    const struct candidate *y = b;
    if (x->n_bytes != y->n_bytes) return x->n_bytes < y->n_bytes ? 1 : -1;
    return (x->op > y->op) - (x->op < y->op);
}

/* Mark the op unless longer ones cover it by half. */
static bool mark(struct fota_op *op, uint8_t *covered)
{
    uint32_t n = 0;
    for (uint32_t k = 0; k < op->n_bytes; k++)
        n += covered[op->src_off + k];
    if (n > op->n_bytes / 2) return false;
    memset(covered + op->src_off, 1, op->n_bytes);
    op->in_map = true;
    return true;
}

/* Mark all ops that have something to say of their own. */
static enum fota_err mark_all(struct fota_ops *ops, uint32_t src_bytes, uint32_t *n_marked)
{
    struct candidate *order = malloc(((size_t)ops->n + 1) * sizeof *order);
    uint8_t *covered = calloc((size_t)src_bytes + 1, 1);
    *n_marked = 0;
    if (order == NULL || covered == NULL) {
        free(order);
        free(covered);
        return FOTA_E_NOMEM;
    }
    for (uint32_t i = 0; i < ops->n; i++) {
        order[i] = (struct candidate){ops->at[i].n_bytes, i};
        ops->at[i].in_map = false;
    }
    qsort(order, ops->n, sizeof *order, longer_first);
    for (uint32_t i = 0; i < ops->n && order[i].n_bytes >= LEN_MIN; i++)
        *n_marked += mark(&ops->at[order[i].op], covered);
    free(order);
    free(covered);
    return FOTA_OK;
}

struct segment {
    uint32_t op;
    uint32_t begin;
    uint32_t diagonal;
    uint32_t weight; /* what is lost when the segment before it stands for it */
    uint32_t before; /* its neighbours that are left; the list's ends are the array's */
    uint32_t behind;
};

static int by_begin(const void *a, const void *b)
{
    const struct segment *x = a;
    const struct segment *y = b;
    if (x->begin != y->begin) return x->begin < y->begin ? -1 : 1;
    return (x->op > y->op) - (x->op < y->op);
}

/* Place of the segment that is missed least. */
static uint32_t least(const struct segment *s, uint32_t n, uint32_t *loss)
{
    uint32_t best = 0;
    *loss = UINT32_MAX;
    for (uint32_t i = s[0].behind; i < n; i = s[i].behind) {
        uint32_t lost = s[i].diagonal == s[s[i].before].diagonal ? 0 : s[i].weight;
        if (lost >= *loss) continue;
        *loss = lost;
        best = i;
    }
    return best;
}

/* Unmark those that are missed least, down to `room`, and all that are hardly missed. */
static uint32_t prune(struct segment *s, uint32_t n, uint32_t room, struct fota_ops *ops)
{
    uint32_t left = n;
    while (left > 1) {
        uint32_t loss;
        uint32_t i = least(s, n, &loss);
        if (loss > LOSS_MIN && left <= room) break;
        ops->at[s[i].op].in_map = false;
        s[s[i].before].behind = s[i].behind;
        if (s[i].behind < n) s[s[i].behind].before = s[i].before;
        left--;
    }
    return left;
}

enum fota_err fota_address_map_mark(struct fota_ops *ops, const uint32_t *references,
                                    uint32_t src_bytes, uint32_t room, uint32_t *n_marked)
{
    enum fota_err err = mark_all(ops, src_bytes, n_marked);
    if (err != FOTA_OK || *n_marked == 0) return err;
    struct segment *s = malloc(*n_marked * sizeof *s);
    if (s == NULL) return FOTA_E_NOMEM;
    uint32_t n = 0;
    for (uint32_t i = 0; i < ops->n; i++) {
        const struct fota_op *op = &ops->at[i];
        if (!op->in_map) continue;
        uint32_t hits = references[op->src_off + op->n_bytes] - references[op->src_off];
        s[n++] = (struct segment){.op = i,
                                  .begin = op->src_off,
                                  .diagonal = op->src_off - op->new_off,
                                  .weight = hits * REFERENCE_WEIGHT + op->n_bytes};
    }
    qsort(s, n, sizeof *s, by_begin);
    for (uint32_t i = 0; i < n; i++) {
        s[i].before = i > 0 ? i - 1 : 0;
        s[i].behind = i + 1;
    }
    *n_marked = prune(s, n, room > 0 ? room : 1, ops);
    free(s);
    return FOTA_OK;
}

enum fota_err fota_count_references(uint32_t *counts, struct fota_bytes image,
                                    enum fota_arch arch, const struct fota_delta_space *space)
{
    struct fota_walk walk;
    struct fota_walk_item item;
    memset(counts, 0, (image.n_bytes + 1U) * sizeof *counts);
    enum fota_err err = fota_walk_open(&walk, image, arch, space->base);
    if (err != FOTA_OK) return err;
    for (uint32_t off = 0; off + 4 <= image.n_bytes; off += 4) {
        uint32_t target = fota_walk_data(&walk, off) - space->base;
        if (target < image.n_bytes && (space->base >= 0x1000 || target >= 0x400))
            counts[target + 1]++;
    }
    while (fota_walk_next(&walk, &item))
        if (!item.in_pool && item.ref.kind != FOTA_REF_NONE && item.ref.target < image.n_bytes)
            counts[item.ref.target + 1]++;
    for (uint32_t i = 0; i < image.n_bytes; i++)
        counts[i + 1] += counts[i];
    fota_walk_close(&walk);
    return FOTA_OK;
}

static enum fota_err make_room(struct fota_map *map, uint32_t room)
{
    *map = (struct fota_map){.room = room};
    map->at = malloc(room * FOTA_MAP_SEGMENT_BYTES + 1U);
    return map->at != NULL ? FOTA_OK : FOTA_E_NOMEM;
}

enum fota_err
fota_address_map_build(struct fota_map *map, const struct fota_ops *ops, uint32_t n_marked)
{
    enum fota_err err = make_room(map, n_marked);
    for (uint32_t i = 0; err == FOTA_OK && i < ops->n; i++)
        if (ops->at[i].in_map)
            err =
                fota_map_add(map, ops->at[i].src_off, ops->at[i].src_off - ops->at[i].new_off);
    return err;
}

struct ram_pair {
    uint32_t old_off; /* from the begin of RAM */
    uint32_t diagonal;
    uint32_t count;
};

static int by_old_off(const void *a, const void *b)
{
    const struct ram_pair *x = a;
    const struct ram_pair *y = b;
    if (x->old_off != y->old_off) return x->old_off < y->old_off ? -1 : 1;
    return (x->diagonal > y->diagonal) - (x->diagonal < y->diagonal);
}

/* Words of copies that are RAM addresses in both images, sorted; equal pairs joined, and of the
 * pairs of one address the most frequent kept. */
static uint32_t
gather_pairs(struct ram_pair *pairs, const struct fota_ops *ops, const uint8_t *old_image,
             const uint8_t *new_image, const struct fota_delta_space *space)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < ops->n; i++) {
        const struct fota_op *op = &ops->at[i];
        for (uint32_t k = (0U - op->src_off) % 4; k + 4 <= op->n_bytes; k += 4) {
            uint32_t a = fota_le32(old_image + op->src_off + k) - space->ram_begin;
            uint32_t b = fota_le32(new_image + op->new_off + k) - space->ram_begin;
            if (a < space->ram_bytes && b + 0x10000U < space->ram_bytes + 0x20000U)
                pairs[n++] = (struct ram_pair){a, a - b, 1};
        }
    }
    qsort(pairs, n, sizeof *pairs, by_old_off);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < n;) {
        struct ram_pair best = {0};
        uint32_t old_off = pairs[i].old_off;
        while (i < n && pairs[i].old_off == old_off) {
            struct ram_pair p = pairs[i++];
            for (; i < n && pairs[i].old_off == old_off && pairs[i].diagonal == p.diagonal; i++)
                p.count++;
            if (p.count > best.count) best = p;
        }
        pairs[kept++] = best;
    }
    return kept;
}

/* Join neighbours of one diagonal to runs; drop runs that lie between others of one diagonal
 * and that a single word asks for. */
static uint32_t join_runs(struct ram_pair *pairs, uint32_t n)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (kept > 0 && pairs[kept - 1].diagonal == pairs[i].diagonal)
            pairs[kept - 1].count += pairs[i].count;
        else
            pairs[kept++] = pairs[i];
    }
    n = kept;
    kept = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (kept > 0 && pairs[i].count == 1 && i + 1 < n) continue;
        if (kept > 0 && pairs[kept - 1].diagonal == pairs[i].diagonal) continue;
        pairs[kept++] = pairs[i];
    }
    return kept;
}

enum fota_err fota_ram_map_build(struct fota_map *map, const struct fota_ops *ops,
                                 struct fota_bytes old_image, struct fota_bytes new_image,
                                 const struct fota_delta_space *space, uint32_t room)
{
    enum fota_err err = make_room(map, room);
    struct ram_pair *pairs = malloc((new_image.n_bytes / 4 + 1U) * sizeof *pairs);
    if (err == FOTA_OK && pairs == NULL) err = FOTA_E_NOMEM;
    if (err == FOTA_OK && space->ram_bytes > 0) {
        uint32_t n = gather_pairs(pairs, ops, old_image.at, new_image.at, space);
        n = join_runs(pairs, n);
        bool moves = n > 1 || (n == 1 && pairs[0].diagonal != 0);
        for (uint32_t i = 0; moves && i < n && i < room && err == FOTA_OK; i++)
            err = fota_map_add(map, pairs[i].old_off, pairs[i].diagonal);
    }
    map->room = map->n;
    free(pairs);
    return err;
}
