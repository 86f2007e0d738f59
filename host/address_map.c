/* SPDX-License-Identifier: MIT */
#include "host/address_map.h"
#include "core/le.h"
#include <stdlib.h>
#include <string.h>

#define LEN_MIN 8U /* of an op in the map */

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

enum fota_err fota_address_map_mark(struct fota_ops *ops, uint32_t src_bytes, uint32_t room,
                                    uint32_t *n_marked)
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
    for (uint32_t i = 0; i < ops->n && *n_marked < room && order[i].n_bytes >= LEN_MIN; i++)
        *n_marked += mark(&ops->at[order[i].op], covered);
    free(order);
    free(covered);
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
