/* SPDX-License-Identifier: MIT */
/* Dynamic programming over the new image.  A lane is a diagonal (or the literals) on which the
 * cheapest way so far ends; at each byte a lane goes on, ends, or is opened from the cheapest.
 * The ways are kept as a tree of nodes (lane, begin, parent) that is swept when it grows.
 * Costs are 1/256 bit. */
#include "host/parse.h"
#include "host/seeds.h"
#include <stdlib.h>
#include <string.h>

#define BIT           256
#define COST_EQUAL    10
#define COST_WEAK     150
#define COST_DIFFERS  (9 * BIT)
#define COST_RECENT   (11 * BIT)
#define COST_LITERAL  (2 * BIT) /* to begin literals */
#define LITERAL_MAX   2560U     /* 10 bits */
#define SLACK         (32 * BIT)
#define LANES_MAX     64U
#define LANES_LARGE   24U
#define LARGE_BYTES   (2U << 20)
#define SWEEP_NODES   (1U << 15)
#define CERTAIN_BYTES 32U         /* on such a match nothing better is looked for */
#define LITERAL       0x80000000U /* no diagonal: images are far smaller */
#define NO_NODE       UINT32_MAX

struct node {
    uint32_t parent;
    uint32_t start; /* new offset */
    uint32_t diagonal;
};

struct lane {
    uint32_t diagonal; /* src_off - new_off, or LITERAL */
    int32_t cost;
    uint32_t node;
    uint32_t until; /* new offset up to which it is known to be readable */
};

struct parser {
    const struct fota_parse_job *job;
    struct fota_seeds seeds;
    struct node *nodes;
    uint32_t n_nodes;
    uint32_t room;
    uint32_t sweep_at;
    struct lane lanes[LANES_MAX + 1]; /* 0: literals */
    uint32_t n_lanes;
    uint32_t lanes_max;
    uint16_t *literal_cost;
    uint32_t equal_until; /* the best diagonal matches up to here ... */
    uint32_t equal_on;    /* ... which is this one */
};

uint32_t fota_log2_256(uint32_t v)
{
    uint32_t whole = 0;
    while ((v >> whole) > 1)
        whole++;
    uint64_t x = ((uint64_t)v << 31) >> whole; /* 1.31 fixed point, 1 <= x < 2 */
    uint32_t fraction = 0;
    for (int i = 0; i < 8; i++) {
        x = (x * x) >> 31;
        fraction <<= 1;
        if (x >> 32) {
            fraction |= 1;
            x >>= 1;
        }
    }
    return whole * 256 + fraction;
}

/* What a literal costs: order 1 with order 0 as its prior, both over the whole new image. */
static enum fota_err literal_costs(struct parser *p)
{
    const uint8_t *b = p->job->literal_from;
    uint32_t n = p->job->dst.n_bytes;
    uint32_t *pairs = calloc((size_t)256 * 256, sizeof *pairs);
    uint32_t *after = calloc(256, sizeof *after);
    uint32_t *single = calloc(256, sizeof *single);
    p->literal_cost = malloc((size_t)n * sizeof *p->literal_cost);
    if (pairs == NULL || after == NULL || single == NULL || p->literal_cost == NULL) {
        free(pairs);
        free(after);
        free(single);
        return FOTA_E_NOMEM;
    }
    for (uint32_t i = 0; i < n; i++) {
        uint32_t before = i > 0 ? b[i - 1] : 0;
        single[b[i]]++;
        pairs[(size_t)before * 256 + b[i]]++;
        after[before]++;
    }
    for (uint32_t i = 0; i < n; i++) {
        uint32_t before = i > 0 ? b[i - 1] : 0;
        uint64_t prior = ((uint64_t)single[b[i]] * 64 * 256 + n) / n; /* 1/256, of 64 */
        uint64_t hits = (uint64_t)pairs[(size_t)before * 256 + b[i]] * 256 / 4 + prior;
        uint64_t of = (uint64_t)after[before] * 256 / 4 + 16384;
        uint64_t cost =
            fota_log2_256((uint32_t)of) - fota_log2_256((uint32_t)(hits < of ? hits : of));
        if (cost < BIT) cost = BIT;
        p->literal_cost[i] = cost < LITERAL_MAX ? (uint16_t)cost : (uint16_t)LITERAL_MAX;
    }
    free(pairs);
    free(after);
    free(single);
    return FOTA_OK;
}

/* Keep only nodes that a lane still needs. */
static void sweep(struct parser *p)
{
    uint32_t *place = calloc(p->n_nodes, sizeof *place);
    if (place == NULL) {
        p->sweep_at = UINT32_MAX; /* cannot: let it grow */
        return;
    }
    for (uint32_t i = 0; i < p->n_lanes; i++)
        for (uint32_t at = p->lanes[i].node; at != NO_NODE && place[at] == 0;
             at = p->nodes[at].parent)
            place[at] = 1;
    uint32_t n = 0;
    for (uint32_t i = 0; i < p->n_nodes; i++) {
        if (place[i] == 0) continue;
        struct node node = p->nodes[i];
        if (node.parent != NO_NODE) node.parent = place[node.parent];
        place[i] = n;
        p->nodes[n++] = node;
    }
    for (uint32_t i = 0; i < p->n_lanes; i++)
        p->lanes[i].node = place[p->lanes[i].node];
    p->n_nodes = n;
    p->sweep_at = n + SWEEP_NODES;
    free(place);
}

static uint32_t add_node(struct parser *p, uint32_t parent, uint32_t start, uint32_t diagonal)
{
    if (p->n_nodes == p->room) {
        uint32_t room = p->room * 2;
        struct node *nodes = realloc(p->nodes, room * sizeof *nodes);
        if (nodes == NULL) return NO_NODE;
        p->nodes = nodes;
        p->room = room;
    }
    p->nodes[p->n_nodes] = (struct node){parent, start, diagonal};
    return p->n_nodes++;
}

/* What it costs to begin a copy on `diagonal` behind the way that ends in `node`. */
static int32_t open_cost(const struct parser *p, uint32_t node, uint32_t diagonal)
{
    uint32_t nearest = UINT32_MAX;
    uint32_t seen = 0;
    for (int steps = 0; node != NO_NODE && seen < 4 && steps < 8; steps++) {
        const struct node *at = &p->nodes[node];
        if (at->diagonal != LITERAL) {
            uint32_t apart = diagonal - at->diagonal;
            if (apart == 0) return COST_RECENT;
            if (seen++ == 0) nearest = apart >> 31 ? 0U - apart : apart;
        }
        node = at->parent;
    }
    uint32_t bits = 2 * BIT + fota_log2_256(nearest == 0 ? 1 : nearest);
    if (bits > 20 * BIT) bits = 20 * BIT;
    return (int32_t)(COST_RECENT + bits * 6 / 10);
}

static uint32_t best_lane(const struct parser *p)
{
    uint32_t best = 0;
    for (uint32_t i = 1; i < p->n_lanes; i++)
        if (p->lanes[i].cost < p->lanes[best].cost) best = i;
    return best;
}

static bool open_lane(struct parser *p, const struct lane *from, uint32_t pos, uint32_t src_off)
{
    uint32_t diagonal = src_off - pos;
    int32_t cost = from->cost + open_cost(p, from->node, diagonal);
    uint32_t i = 1;
    while (i < p->n_lanes && p->lanes[i].diagonal != diagonal)
        i++;
    if (i < p->n_lanes ? p->lanes[i].cost <= cost : i > p->lanes_max) return true;
    uint32_t node = add_node(p, from->node, pos, diagonal);
    if (node == NO_NODE) return false;
    if (i == p->n_lanes) p->n_lanes++;
    p->lanes[i] = (struct lane){diagonal, cost, node, pos};
    return true;
}

/* Whether the best way is on a diagonal that goes on to match for long. */
static bool is_certain(struct parser *p, const struct lane *best, uint32_t pos)
{
    const struct fota_parse_job *job = p->job;
    if (best->diagonal == LITERAL) return false;
    if (p->equal_on != best->diagonal || p->equal_until < pos) {
        p->equal_on = best->diagonal;
        p->equal_until = pos;
    }
    uint32_t limit =
        job->dst.n_bytes - pos < CERTAIN_BYTES ? job->dst.n_bytes : pos + CERTAIN_BYTES;
    while (p->equal_until < limit) {
        uint32_t src = p->equal_until + best->diagonal;
        if (src >= job->src.n_bytes || job->src.at[src] != job->dst.at[p->equal_until] ||
            job->readable(job->ctx, p->equal_until, src) == 0)
            break;
        p->equal_until++;
    }
    return p->equal_until == limit;
}

static bool open_lanes(struct parser *p, uint32_t pos)
{
    struct lane best = p->lanes[best_lane(p)];
    if (p->lanes[0].cost > best.cost + COST_LITERAL) {
        uint32_t node = add_node(p, best.node, pos, LITERAL);
        if (node == NO_NODE) return false;
        p->lanes[0] = (struct lane){LITERAL, best.cost + COST_LITERAL, node, UINT32_MAX};
    }
    if (is_certain(p, &best, pos)) return true;
    uint32_t src_off[FOTA_SEEDS_MAX];
    uint32_t n = fota_seeds_at(&p->seeds, pos, src_off);
    for (uint32_t i = 0; i < n; i++)
        if (!open_lane(p, &best, pos, src_off[i])) return false;
    return true;
}

/* Go on by the byte at `pos` on every lane; drop lanes that cannot or that are too dear. */
static void extend(struct parser *p, uint32_t pos)
{
    const struct fota_parse_job *job = p->job;
    p->lanes[0].cost += p->literal_cost[pos];
    int32_t best = p->lanes[0].cost;
    uint32_t kept = 1;
    int32_t equal = job->weak != NULL && job->weak[pos] ? COST_WEAK : COST_EQUAL;
    for (uint32_t i = 1; i < p->n_lanes; i++) {
        struct lane lane = p->lanes[i];
        uint32_t src = pos + lane.diagonal;
        if (lane.until <= pos) {
            uint32_t n = job->readable(job->ctx, pos, src);
            if (n == 0) continue;
            lane.until = pos + n;
        }
        lane.cost += job->src.at[src] == job->dst.at[pos] ? equal : COST_DIFFERS;
        if (lane.cost < best) best = lane.cost;
        p->lanes[kept++] = lane;
    }
    p->n_lanes = kept;
    kept = 1;
    for (uint32_t i = 1; i < p->n_lanes; i++)
        if (p->lanes[i].cost <= best + SLACK) p->lanes[kept++] = p->lanes[i];
    p->n_lanes = kept;
    for (uint32_t i = 0; i < p->n_lanes; i++)
        p->lanes[i].cost -= best;
}

/* The nodes of the best way, as ops. */
static enum fota_err collect(struct fota_ops *out, const struct parser *p)
{
    uint32_t first = p->lanes[best_lane(p)].node;
    uint32_t n = 0;
    for (uint32_t at = first; at != NO_NODE; at = p->nodes[at].parent)
        n += p->nodes[at].diagonal != LITERAL;
    out->at = malloc((n + 1) * sizeof *out->at);
    if (out->at == NULL) return FOTA_E_NOMEM;
    out->n = n;
    uint32_t end = p->job->dst.n_bytes;
    for (uint32_t at = first; at != NO_NODE; at = p->nodes[at].parent) {
        const struct node *node = &p->nodes[at];
        if (node->diagonal != LITERAL)
            out->at[--n] = (struct fota_op){.new_off = node->start,
                                            .n_bytes = end - node->start,
                                            .src_off = node->start + node->diagonal};
        end = node->start;
    }
    return FOTA_OK;
}

static enum fota_err run(struct fota_ops *out, struct parser *p)
{
    p->nodes = malloc(p->room * sizeof *p->nodes);
    if (p->nodes == NULL) return FOTA_E_NOMEM;
    uint32_t node = add_node(p, NO_NODE, 0, LITERAL);
    p->lanes[0] = (struct lane){LITERAL, 0, node, UINT32_MAX};
    p->n_lanes = 1;
    for (uint32_t pos = 0; pos < p->job->dst.n_bytes; pos++) {
        if (!open_lanes(p, pos)) return FOTA_E_NOMEM;
        extend(p, pos);
        if (p->n_nodes >= p->sweep_at) sweep(p);
    }
    return collect(out, p);
}

enum fota_err fota_parse(struct fota_ops *out, const struct fota_parse_job *job)
{
    struct parser *p = calloc(1, sizeof *p);
    if (p == NULL) return FOTA_E_NOMEM;
    *p = (struct parser){.job = job, .room = 4096, .sweep_at = SWEEP_NODES};
    p->lanes_max = job->level == 1 || job->dst.n_bytes > LARGE_BYTES ? LANES_LARGE : LANES_MAX;
    *out = (struct fota_ops){0};
    enum fota_err err = literal_costs(p);
    if (err == FOTA_OK) err = fota_seeds_open(&p->seeds, job);
    if (err == FOTA_OK) err = run(out, p);
    fota_seeds_close(&p->seeds);
    free(p->literal_cost);
    free(p->nodes);
    free(p);
    return err;
}

void fota_ops_free(struct fota_ops *ops)
{
    free(ops->at);
    *ops = (struct fota_ops){0};
}
