/* SPDX-License-Identifier: MIT */
/* A sequence says in which order the changed sectors are written; it is made of blocks of
 * neighbours, each ascending or descending, and is cut into units.  What it costs is estimated:
 * copies whose source is gone from slot and ring, which is played exactly, and what each unit
 * costs by itself.  Cuts are found by dynamic programming, and evenly; the sequence by hill
 * climbing from the ascending and the descending one.  Integers only, a bounded number of
 * steps. */
#include "host/order.h"
#include <stdlib.h>
#include <string.h>

#define BYTE         16U         /* costs are in 1/16 byte */
#define LOST         7U          /* a byte that can no longer be copied */
#define GAP_COST     (3U * BYTE) /* an unchanged sector inside a unit */
#define BLOCKS_MAX   24U
#define CUTS         16U          /* places at which a block may be split */
#define STEPS        (1ULL << 24) /* of one search, counted in needs looked at */
#define NO_COST      UINT64_MAX
#define UNIT_COSTS_N 4U

/* What one unit more costs: its head, and the models' fresh start, which is dear where much is
 * coded.  Sequence and cuts are optimised for each. */
static const uint32_t unit_costs[UNIT_COSTS_N] = {72U * BYTE, 216U * BYTE, 24U * BYTE,
                                                  648U * BYTE};

enum way { WAY_CLIMBED, WAY_STRAIGHT, WAY_BACK, WAYS_N };

struct need {
    uint32_t from; /* number of the changed sector whose old content is copied */
    uint32_t cost; /* of losing it */
};

struct block {
    uint32_t first; /* numbers of changed sectors */
    uint32_t n;
    bool down;
};

struct sequence {
    struct block block[BLOCKS_MAX];
    uint32_t n;
};

struct search {
    const struct fota_plan *plan;
    uint32_t n;            /* changed sectors */
    uint32_t *sector;      /* of each */
    uint32_t *number;      /* of the sectors that change: the inverse */
    uint32_t *needs_begin; /* n + 1 */
    uint32_t n_begun;
    uint32_t n_needs;
    struct need *needs;
    uint32_t scratch;
    uint32_t unit_sectors;
    uint32_t unit_cost;
    uint64_t steps;
    /* of the sequence being looked at */
    uint32_t *order;   /* n */
    uint32_t *place;   /* n: the inverse */
    uint32_t *stashed; /* n + 1: stashes of those before */
    uint64_t *best;    /* n + 1: cost of those before */
    uint32_t *cut;     /* n + 1: where the unit that ends here begins */
    uint32_t *ring;    /* n: by number of sector, its place among all stashes */
    uint32_t *ends;    /* n: ends of the units in the order */
    uint32_t n_units;
    uint32_t *tried; /* n: other ends */
    uint32_t n_tried;
};

static uint32_t min_u32(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* ---------- what is copied from where ---------- */

/* Add the copy of `n` new bytes, in one sector, whose needs are those from `begin` on, from
 * `src`, all in one sector. */
static void
add_need(struct search *s, uint32_t begin, uint32_t src, const uint8_t *bytes, uint32_t n)
{
    const struct fota_plan *p = s->plan;
    uint32_t sector = fota_plan_sector_at(p, src);
    if (sector >= p->n_new_sectors || !p->changed[sector]) return; /* never overwritten */
    uint32_t cost = 0;
    for (uint32_t i = 1; i < n; i++)
        cost += bytes[i] != bytes[i - 1] ? LOST : 0; /* runs are cheap without a source */
    if (cost == 0) return;
    struct need *next = &s->needs[s->n_needs];
    if (s->n_needs > begin && next[-1].from == s->number[sector])
        next[-1].cost += cost;
    else
        s->needs[s->n_needs++] = (struct need){s->number[sector], cost};
}

/* How many bytes from `off` on are in the same sector. */
static uint32_t left_in_sector(const struct fota_plan *p, uint32_t off)
{
    return p->sector_off[fota_plan_sector_at(p, off) + 1] - off;
}

static void collect_needs(struct search *s, const struct fota_ops *ops, const uint8_t *image)
{
    const struct fota_plan *p = s->plan;
    for (uint32_t i = 0; i < ops->n; i++) {
        struct fota_op op = ops->at[i];
        while (op.n_bytes > 0) {
            uint32_t n = min_u32(left_in_sector(p, op.new_off), left_in_sector(p, op.src_off));
            n = min_u32(n, op.n_bytes);
            uint32_t sector = fota_plan_sector_at(p, op.new_off);
            if (p->changed[sector]) {
                while (s->n_begun <= s->number[sector])
                    s->needs_begin[s->n_begun++] = s->n_needs;
                add_need(s, s->needs_begin[s->number[sector]], op.src_off, image + op.new_off,
                         n);
            }
            op = (struct fota_op){op.new_off + n, op.n_bytes - n, op.src_off + n, false};
        }
    }
    while (s->n_begun <= s->n)
        s->needs_begin[s->n_begun++] = s->n_needs;
}

static enum fota_err
find_needs(struct search *s, const struct fota_ops *ops, struct fota_bytes image)
{
    const struct fota_plan *p = s->plan;
    uint32_t smallest = UINT32_MAX;
    for (uint32_t i = 0; i < p->n_sectors; i++)
        smallest = min_u32(smallest, p->sector_off[i + 1] - p->sector_off[i]);
    /* an op is cut at borders of sectors of either image */
    size_t room = 2 * ((size_t)ops->n + p->new_bytes / smallest + 1);
    s->number = calloc(p->n_new_sectors, sizeof *s->number);
    s->needs = malloc(room * sizeof *s->needs);
    if (s->number == NULL || s->needs == NULL) return FOTA_E_NOMEM;
    for (uint32_t i = 0; i < s->n; i++)
        s->number[s->sector[i]] = i;
    collect_needs(s, ops, image.at);
    return FOTA_OK;
}

/* ---------- the cost of a sequence ---------- */

static void lay_out(struct search *s, const struct sequence *q)
{
    uint32_t at = 0;
    for (uint32_t b = 0; b < q->n; b++) {
        const struct block *block = &q->block[b];
        for (uint32_t i = 0; i < block->n; i++)
            s->order[at++] = block->down ? block->first + block->n - 1 - i : block->first + i;
    }
    s->stashed[0] = 0;
    for (uint32_t i = 0; i < s->n; i++) {
        uint32_t sector = s->sector[s->order[i]];
        s->place[s->order[i]] = i;
        s->stashed[i + 1] =
            s->stashed[i] + (s->plan->sector_off[sector] < s->plan->old_bytes ? 1 : 0);
    }
}

/* Cost of what sector number `k` can no longer copy when the first `end` of the sequence have
 * been stashed. */
static uint64_t lost_by(struct search *s, uint32_t k, uint32_t end)
{
    uint64_t cost = 0;
    for (uint32_t i = s->needs_begin[k]; i < s->needs_begin[k + 1]; i++) {
        uint32_t from = s->needs[i].from;
        if (s->place[from] < end && s->stashed[end] - s->ring[from] > s->scratch)
            cost += s->needs[i].cost;
    }
    s->steps += s->needs_begin[k + 1] - s->needs_begin[k] + 1;
    return cost;
}

/* Whether order[i] and order[i + 1] may be in one unit; what the sectors between cost. */
static bool joins(const struct search *s, uint32_t i, uint32_t *gap)
{
    uint32_t a = s->order[i];
    uint32_t b = s->order[i + 1];
    if (a + 1 != b && b + 1 != a) return false;
    *gap = (a < b ? s->sector[b] - s->sector[a] : s->sector[a] - s->sector[b]) - 1;
    return *gap <= FOTA_PLAN_GAP_MAX;
}

/* Whether order[i..end) is one piece of the image that a unit can span. */
static bool spans(const struct search *s, uint32_t i, uint32_t end)
{
    uint32_t a = s->order[i];
    uint32_t b = s->order[end - 1];
    uint32_t apart = a < b ? s->sector[b] - s->sector[a] : s->sector[a] - s->sector[b];
    uint32_t n = a < b ? b - a : a - b;
    return n == end - 1 - i && apart < FOTA_UNIT_SPAN_MAX;
}

/* Whether order[i..end) can be a unit, if order[i + 1..end) can. */
static bool fits(const struct search *s, uint32_t i, uint32_t end, uint32_t *gap)
{
    *gap = 0;
    return end - i <= s->unit_sectors && s->stashed[end] - s->stashed[i] <= s->scratch &&
           (i + 1 == end || (joins(s, i, gap) && spans(s, i, end)));
}

/* What the cuts `ends` of the order cost: the ring is played. */
static uint64_t play(struct search *s, const uint32_t *ends, uint32_t n_ends)
{
    uint64_t cost = 0;
    uint32_t begin = 0;
    for (uint32_t u = 0; u < n_ends; u++) {
        uint32_t end = ends[u];
        bool down = s->order[begin] > s->order[end - 1];
        uint32_t stash = s->stashed[begin];
        for (uint32_t i = begin; i < end; i++) { /* stashed in ascending order */
            uint32_t k = s->order[down ? end - 1 - (i - begin) : i];
            s->ring[k] = stash;
            if (s->plan->sector_off[s->sector[k]] < s->plan->old_bytes) stash++;
        }
        uint32_t first = s->sector[s->order[down ? end - 1 : begin]];
        uint32_t last = s->sector[s->order[down ? begin : end - 1]];
        cost += s->unit_cost + (uint64_t)GAP_COST * (last - first + 1 - (end - begin));
        for (uint32_t i = begin; i < end; i++)
            cost += lost_by(s, s->order[i], end);
        begin = end;
    }
    return cost;
}

/* Cuts by dynamic programming, as if a ring forgot its sectors in the order of the sequence. */
static void cut_by_cost(struct search *s)
{
    s->best[0] = 0;
    for (uint32_t i = 0; i < s->n; i++)
        s->ring[s->order[i]] = s->stashed[i];
    for (uint32_t end = 1; end <= s->n; end++) {
        uint64_t inside = s->unit_cost;
        s->best[end] = NO_COST;
        uint32_t gap;
        for (uint32_t i = end; i-- > 0 && fits(s, i, end, &gap);) {
            inside += lost_by(s, s->order[i], end) + (uint64_t)GAP_COST * gap;
            if (s->best[i] + inside < s->best[end]) {
                s->best[end] = s->best[i] + inside;
                s->cut[end] = i;
            }
        }
    }
    s->n_tried = 0;
    for (uint32_t end = s->n; end > 0; end = s->cut[end])
        s->tried[s->n_tried++] = end;
    for (uint32_t i = 0; i < s->n_tried / 2; i++) {
        uint32_t swap = s->tried[i];
        s->tried[i] = s->tried[s->n_tried - 1 - i];
        s->tried[s->n_tried - 1 - i] = swap;
    }
}

/* Units of `size` sectors, as far as they can be. */
static void cut_evenly(struct search *s, uint32_t size)
{
    s->n_tried = 0;
    for (uint32_t begin = 0; begin < s->n;) {
        uint32_t end = begin + 1;
        uint32_t gap;
        while (end < s->n && end - begin < size) {
            /* fits() looks at one join at a time, from the back */
            if (s->stashed[end + 1] - s->stashed[begin] > s->scratch ||
                !joins(s, end - 1, &gap) || !spans(s, begin, end + 1))
                break;
            end++;
        }
        s->tried[s->n_tried++] = begin = end;
    }
}

/* The best way to cut the sequence that is laid out: s->ends; its cost. */
static uint64_t cut_up(struct search *s)
{
    uint64_t least = NO_COST;
    for (uint32_t way = 0; way < 4; way++) {
        uint32_t size = way == 0 ? 0 : (s->scratch * way + 2) / 3;
        if (way == 0)
            cut_by_cost(s);
        else
            cut_evenly(s, min_u32(size, s->unit_sectors));
        uint64_t cost = play(s, s->tried, s->n_tried);
        if (cost >= least) continue;
        least = cost;
        s->n_units = s->n_tried;
        memcpy(s->ends, s->tried, s->n_tried * sizeof *s->ends);
    }
    return least;
}

static uint64_t cost_of(struct search *s, const struct sequence *q)
{
    lay_out(s, q);
    return cut_up(s);
}

/* ---------- hill climbing ---------- */

struct climb {
    struct search *search;
    struct sequence best;
    uint64_t cost;
};

static bool has_time(const struct climb *c)
{
    return c->search->steps < STEPS;
}

static bool try_sequence(struct climb *c, const struct sequence *q)
{
    uint64_t cost = cost_of(c->search, q);
    if (cost >= c->cost) return false;
    c->cost = cost;
    c->best = *q;
    return true;
}

/* Split block `b` behind its first `n`, in every direction and order of the halves. */
static bool try_split(struct climb *c, uint32_t b, uint32_t n)
{
    const struct sequence from = c->best;
    struct block whole = from.block[b];
    bool better = false;
    for (uint32_t way = 0; way < 8; way++) {
        struct sequence q = from;
        memmove(&q.block[b + 1], &q.block[b], (q.n - b) * sizeof q.block[0]);
        q.n++;
        struct block low = {whole.first, n, (way & 1U) != 0};
        struct block high = {whole.first + n, whole.n - n, (way & 2U) != 0};
        q.block[b] = way & 4U ? high : low;
        q.block[b + 1] = way & 4U ? low : high;
        better |= try_sequence(c, &q);
    }
    return better;
}

static bool try_splits(struct climb *c, uint32_t b)
{
    uint32_t n = c->best.block[b].n;
    uint32_t step = n / CUTS > 0 ? n / CUTS : 1;
    if (c->best.n == BLOCKS_MAX) return false;
    for (uint32_t at = step; at < n && has_time(c); at += step)
        if (try_split(c, b, at)) return true;
    return false;
}

/* Put block `b` everywhere else. */
static bool try_moves(struct climb *c, uint32_t b)
{
    for (uint32_t to = 0; to < c->best.n && has_time(c); to++) {
        if (to == b) continue;
        struct sequence q = c->best;
        struct block moved = q.block[b];
        memmove(&q.block[b], &q.block[b + 1], (q.n - b - 1) * sizeof q.block[0]);
        memmove(&q.block[to + 1], &q.block[to], (q.n - 1 - to) * sizeof q.block[0]);
        q.block[to] = moved;
        if (try_sequence(c, &q)) return true;
        q.block[to].down = !moved.down;
        if (try_sequence(c, &q)) return true;
    }
    return false;
}

static void climb(struct climb *c)
{
    for (uint32_t b = 0; b < c->best.n && has_time(c);)
        b = try_moves(c, b) || try_splits(c, b) ? 0 : b + 1;
}

/* ---------- the result ---------- */

static bool equal_choices(const struct fota_plan_choice *a, const struct fota_plan_choice *b)
{
    return a->n_runs == b->n_runs && memcmp(a->runs, b->runs, a->n_runs * sizeof *a->runs) == 0;
}

/* Add the units of the sequence, unless they are there already. */
static enum fota_err
add_choice(struct fota_orders *out, struct search *s, const struct sequence *q)
{
    (void)cost_of(s, q);
    struct fota_plan_choice choice = {.runs = malloc(s->n_units * sizeof *choice.runs),
                                      .n_runs = s->n_units};
    if (choice.runs == NULL) return FOTA_E_NOMEM;
    for (uint32_t u = 0, begin = 0; u < s->n_units; begin = s->ends[u++]) {
        uint32_t a = s->order[begin];
        uint32_t b = s->order[s->ends[u] - 1];
        choice.runs[u] = (struct fota_plan_run){s->sector[a < b ? a : b], s->ends[u] - begin};
    }
    for (uint32_t i = 0; i < out->n; i++) {
        if (!equal_choices(&out->at[i], &choice)) continue;
        free(choice.runs);
        return FOTA_OK;
    }
    out->at[out->n++] = choice;
    return FOTA_OK;
}

/* Add what is best for this cost of units: any sequence, the better one of ascending and
 * descending, or the other one of these. */
static enum fota_err
search_with(struct fota_orders *out, struct search *s, uint32_t unit_cost, enum way way)
{
    struct sequence up = {.block = {{0, s->n, false}}, .n = 1};
    struct sequence down = {.block = {{0, s->n, true}}, .n = 1};
    s->unit_cost = unit_cost;
    s->steps = 0;
    uint64_t cost_up = cost_of(s, &up);
    uint64_t cost_down = cost_of(s, &down);
    bool is_down = cost_down < cost_up;
    if (way == WAY_BACK) is_down = !is_down;
    struct climb c = {
        .search = s, .best = is_down ? down : up, .cost = is_down ? cost_down : cost_up};
    if (way == WAY_CLIMBED) climb(&c);
    return add_choice(out, s, &c.best);
}

static enum fota_err set_up(struct search *s)
{
    const struct fota_plan *p = s->plan;
    s->sector = malloc((size_t)p->n_new_sectors * sizeof *s->sector);
    if (s->sector == NULL) return FOTA_E_NOMEM;
    for (uint32_t i = 0; i < p->n_new_sectors; i++)
        if (p->changed[i]) s->sector[s->n++] = i;
    size_t room = (size_t)s->n + 1;
    s->needs_begin = malloc(room * sizeof *s->needs_begin);
    s->order = malloc(room * sizeof *s->order);
    s->place = malloc(room * sizeof *s->place);
    s->stashed = malloc(room * sizeof *s->stashed);
    s->best = malloc(room * sizeof *s->best);
    s->cut = malloc(room * sizeof *s->cut);
    s->ring = malloc(room * sizeof *s->ring);
    s->ends = malloc(room * sizeof *s->ends);
    s->tried = malloc(room * sizeof *s->tried);
    return s->needs_begin != NULL && s->order != NULL && s->place != NULL &&
                   s->stashed != NULL && s->best != NULL && s->cut != NULL && s->ring != NULL &&
                   s->ends != NULL && s->tried != NULL
               ? FOTA_OK
               : FOTA_E_NOMEM;
}

static void tear_down(struct search *s)
{
    free(s->sector);
    free(s->number);
    free(s->needs_begin);
    free(s->needs);
    free(s->order);
    free(s->place);
    free(s->stashed);
    free(s->best);
    free(s->cut);
    free(s->ring);
    free(s->ends);
    free(s->tried);
}

enum fota_err fota_orders_find(struct fota_orders *out, const struct fota_plan *plan,
                               const struct fota_ops *ops, struct fota_bytes new_image,
                               const struct fota_encode_options *options, uint32_t n_most)
{
    struct search s = {
        .plan = plan, .scratch = options->scratch_sectors, .unit_sectors = FOTA_UNIT_SPAN_MAX};
    if (options->unit_sectors != 0) s.unit_sectors = options->unit_sectors;
    *out = (struct fota_orders){.at = calloc((size_t)WAYS_N * UNIT_COSTS_N, sizeof *out->at)};
    enum fota_err err = out->at != NULL ? set_up(&s) : FOTA_E_NOMEM;
    if (err == FOTA_OK) err = find_needs(&s, ops, new_image);
    for (uint32_t i = 0; err == FOTA_OK && out->n < n_most && i < WAYS_N * UNIT_COSTS_N; i++)
        err = search_with(out, &s, unit_costs[i % UNIT_COSTS_N], (enum way)(i / UNIT_COSTS_N));
    tear_down(&s);
    if (err != FOTA_OK) fota_orders_free(out);
    return err;
}

void fota_orders_free(struct fota_orders *orders)
{
    for (uint32_t i = 0; i < orders->n; i++)
        free(orders->at[i].runs);
    free(orders->at);
    *orders = (struct fota_orders){0};
}
