/* SPDX-License-Identifier: MIT */
/* References: calls, branches, loads and pointers whose target moved.  The target of the old
 * word goes through the address map, and the word is made anew for its new place; where that
 * may fail there are other guesses, tried in a fixed order.  doc/codec.md 7. */
#include "core/delta_state.h"
#include "core/le.h"
#include "core/mem.h"
#include "core/thumb.h"

#define LIMIT         250U
#define LEARNING_RATE 14
#define WEIGHT_START  9830 /* 0.3 */
#define POINTER_MIN_LOW                                                                        \
    0x400U /* least pointer of an image at address 0: not a small number                       \
            */
#define POOL_REACH 1024U

/* A word at the current place. */
struct place {
    uint32_t src;  /* source offset */
    uint32_t pos;  /* new offset */
    uint32_t word; /* old bytes, little-endian */
};

struct guesses {
    uint32_t n;
    uint32_t word[FOTA_GUESSES];
    uint8_t from[FOTA_GUESSES];
};

void fota_delta_words_reset(struct fota_delta *d)
{
    struct fota_word_models *w = &d->words;
    uint32_t *counters = &w->by_results[0][0][0];
    uint32_t n = (uint32_t)(offsetof(struct fota_word_models, weights) / sizeof *counters);
    for (uint32_t i = 0; i < n; i++)
        counters[i] = FOTA_LONG_START;
    memset(w->weights, 0, sizeof *w - offsetof(struct fota_word_models, weights));
    for (uint32_t t = 0; t < FOTA_WORD_TYPES; t++) {
        for (uint32_t i = 0; i < FOTA_WORD_INPUTS; i++)
            w->weights[t][i] = WEIGHT_START;
        w->last_guess[t] = FOTA_GUESSES;
    }
    for (uint32_t i = 0; i < FOTA_SEEN_ENTRIES; i++)
        w->seen[i].old_target = UINT32_MAX;
    w->pointer_end = w->skip = UINT32_MAX;
}

/* Where the thing at image offset `target` of the old image lies in the new one. */
static uint32_t moved(const struct fota_delta *d, uint32_t target)
{
    if (target - d->op.src_off < d->op.n_bytes) return target - d->op.src_off + d->op.new_off;
    return target - fota_map_diagonal(&d->map, target);
}

static bool in_image(const struct fota_delta *d, uint32_t target)
{
    return target < d->params.old_bytes;
}

static uint32_t seen_slot(uint32_t target)
{
    return ((target * 0x9E3779B1U) >> 16) % FOTA_SEEN_ENTRIES;
}

static void add(struct guesses *g, uint32_t word, enum fota_guess from)
{
    for (uint32_t i = 0; i < g->n; i++)
        if (g->word[i] == word) return;
    g->word[g->n] = word;
    g->from[g->n++] = (uint8_t)from;
}

/* The word at `p` that refers to image offset `target` (RAM offset for a RAM word). */
static bool word_for(const struct fota_delta *d, const struct place *p,
                     enum fota_word_type type, uint32_t target, uint32_t *word)
{
    *word = p->word;
    switch (type) {
    case FOTA_WORD_CALL:
        return fota_thumb_set_call(word, target - p->pos);
    case FOTA_WORD_POINTER:
        *word = target + d->space.base;
        return true;
    case FOTA_WORD_RAM:
        *word = target + d->space.ram_begin;
        return true;
    case FOTA_WORD_TYPES:
        break;
    }
    return false;
}

/* What `word` refers to when it stands at source or new offset `at`. */
static uint32_t
target_of(const struct fota_delta *d, enum fota_word_type type, uint32_t word, uint32_t at)
{
    switch (type) {
    case FOTA_WORD_CALL:
        return at + fota_thumb_call_offset(word);
    case FOTA_WORD_POINTER:
        return word - d->space.base;
    case FOTA_WORD_RAM:
        return word - d->space.ram_begin;
    case FOTA_WORD_TYPES:
        break;
    }
    return 0;
}

static uint32_t
map_target(const struct fota_delta *d, enum fota_word_type type, uint32_t target)
{
    return type == FOTA_WORD_RAM ? target - fota_map_diagonal(&d->ram_map, target)
                                 : moved(d, target);
}

static void guess(struct guesses *g, const struct fota_delta *d, const struct place *p,
                  enum fota_word_type type, uint32_t target)
{
    const struct fota_word_models *w = &d->words;
    uint32_t slot = seen_slot(target);
    bool is_seen = type != FOTA_WORD_RAM && w->seen[slot].old_target == target;
    bool known = type != FOTA_WORD_CALL || in_image(d, target);
    uint32_t mapped = map_target(d, type, target);
    uint32_t corrected = mapped + w->correction[type];
    uint32_t word;
    g->n = 0;
    bool table = type == FOTA_WORD_POINTER && w->pointer_end == p->src;
    if (table && w->last_guess[type] == FOTA_GUESS_CORRECTED &&
        word_for(d, p, type, corrected, &word))
        add(g, word, FOTA_GUESS_CORRECTED);
    if (is_seen && word_for(d, p, type, w->seen[slot].new_target, &word))
        add(g, word, FOTA_GUESS_SEEN);
    if (!known) add(g, p->word, FOTA_GUESS_SAME);
    if (known && word_for(d, p, type, mapped, &word)) add(g, word, FOTA_GUESS_MAP);
    if (known && word_for(d, p, type, corrected, &word)) add(g, word, FOTA_GUESS_CORRECTED);
    if (table) add(g, w->last_new + (p->word - w->last_old), FOTA_GUESS_NEIGHBOUR);
    add(g, p->word, FOTA_GUESS_SAME);
}

/* Whether the first guess is wrong. */
static uint32_t code_first(struct fota_delta *d, const struct guesses *g,
                           enum fota_word_type type, uint32_t target, uint32_t wrong)
{
    struct fota_word_models *w = &d->words;
    uint32_t from = g->from[0];
    struct fota_mix mix = {
        .weights = w->weights[type],
        .n_inputs = FOTA_WORD_INPUTS,
        .n_short = 1,
        .shorts = {fota_delta_hashed(d, 32 + type, target, from)},
        .longs = {0, &w->by_results[type][from][w->results[type] & 7U],
                  &w->by_run[type][fota_delta_run_bucket(w->hit_run[type])],
                  &w->by_last[type][from][w->last_guess[type]]},
    };
    return fota_mix_code(&mix, &d->coder, wrong, LEARNING_RATE, LIMIT);
}

static void learn(struct fota_delta *d, const struct place *p, enum fota_word_type type,
                  uint32_t target, uint32_t new_word)
{
    struct fota_word_models *w = &d->words;
    if (type == FOTA_WORD_CALL && !fota_thumb_is_call(new_word)) return;
    uint32_t new_target = target_of(d, type, new_word, p->pos);
    uint32_t mapped = map_target(d, type, target);
    w->correction[type] = new_target - mapped;
    uint32_t slot = seen_slot(target);
    if (type != FOTA_WORD_RAM && (new_target != mapped || w->seen[slot].old_target == target)) {
        w->seen[slot].old_target = target;
        w->seen[slot].new_target = new_target;
    }
}

/* A word by its guesses; by bytes when none is right. */
static void code_word(struct fota_delta *d, const struct place *p, enum fota_word_type type,
                      uint8_t item[4])
{
    struct fota_word_models *w = &d->words;
    struct guesses g;
    uint32_t target = target_of(d, type, p->word, p->src);
    uint32_t new_word = fota_le32(item);
    guess(&g, d, p, type, target);
    uint32_t hit = 0;
    if (code_first(d, &g, type, target, new_word != g.word[0]) != 0)
        for (hit = 1; hit < g.n; hit++)
            if (fota_code_long(&d->coder, &w->further[type][g.from[hit]][hit < 3 ? hit : 3],
                               new_word != g.word[hit], LIMIT) == 0)
                break;
    w->results[type] = (w->results[type] << 1) | (hit != 0);
    w->hit_run[type] = hit == 0 ? w->hit_run[type] + 1 : 0;
    w->last_guess[type] = hit < g.n ? g.from[hit] : FOTA_GUESSES;
    if (hit < g.n) {
        fota_put_le32(item, g.word[hit]);
        fota_delta_took_word(d, item);
    } else {
        uint8_t predicted[4];
        fota_put_le32(predicted, g.word[0]);
        for (uint32_t i = 0; i < 4; i++)
            item[i] =
                fota_delta_copied(d, item[i], predicted[i],
                                  type == FOTA_WORD_CALL ? FOTA_COPY_CALL : FOTA_COPY_POINTER);
    }
    new_word = fota_le32(item);
    learn(d, p, type, target, new_word);
    if (type != FOTA_WORD_CALL) {
        w->pointer_end = p->src + 4;
        w->last_old = p->word;
        w->last_new = new_word;
    }
}

/* Marks of literal pool words: set by loads, looked at when the copy comes there. */
static void go_to(struct fota_word_models *w, uint32_t src)
{
    if (src - w->pool_at >= POOL_REACH) memset(w->pool, 0, sizeof w->pool);
    for (uint32_t at = w->pool_at & ~3U; at + 4 <= src && src - w->pool_at < POOL_REACH;
         at += 4)
        w->pool[at / 32 % 32] &= (uint8_t) ~(1U << (at / 4 % 8));
    w->pool_at = src;
}

static void mark_pool(struct fota_word_models *w, uint32_t target)
{
    if (target - w->pool_at < POOL_REACH)
        w->pool[target / 32 % 32] |= (uint8_t)(1U << (target / 4 % 8));
}

static bool is_marked(const struct fota_word_models *w, uint32_t src)
{
    return (w->pool[src / 32 % 32] >> (src / 4 % 8)) & 1U;
}

static bool is_word(const struct fota_delta *d, const struct place *p, bool marked,
                    enum fota_word_type *type)
{
    if (p->src % 4 == 0) {
        uint32_t off = p->word - d->space.base;
        if (in_image(d, off) && (d->space.base >= 0x1000U || off >= POINTER_MIN_LOW)) {
            *type = FOTA_WORD_POINTER;
            return true;
        }
        if (p->word - d->space.ram_begin < d->space.ram_bytes &&
            (marked || d->words.pointer_end == p->src)) {
            *type = FOTA_WORD_RAM;
            return true;
        }
    }
    *type = FOTA_WORD_CALL;
    return !marked && fota_thumb_is_call(p->word);
}

/* The half-word at `p` as it should be at its new place. */
static uint32_t adjust_half(struct fota_delta *d, const struct place *p, uint32_t half)
{
    enum fota_thumb_branch branch = fota_thumb_branch_of(half);
    if (branch != FOTA_THUMB_NO_BRANCH) {
        uint32_t target = p->src + fota_thumb_branch_offset(half, branch);
        if (in_image(d, target))
            fota_thumb_set_branch(&half, branch, moved(d, target) - p->pos);
    } else if (fota_thumb_is_load(half)) {
        uint32_t target = fota_thumb_load_target(half, p->src);
        mark_pool(&d->words, target);
        if (in_image(d, target)) fota_thumb_set_load(&half, p->pos, moved(d, target));
    }
    return half;
}

static uint32_t code_predicted(struct fota_delta *d, uint8_t *item, uint32_t predicted,
                               uint32_t n_bytes, enum fota_copy_type type)
{
    for (uint32_t i = 0; i < n_bytes; i++)
        item[i] = fota_delta_copied(d, item[i], (uint8_t)(predicted >> (8 * i)), type);
    return n_bytes;
}

uint32_t fota_delta_word(struct fota_delta *d, uint8_t item[4])
{
    struct fota_word_models *w = &d->words;
    uint32_t done = d->pos - d->op.new_off;
    struct place p = {.src = d->op.src_off + done, .pos = d->pos};
    uint32_t left = d->op.n_bytes - done;
    if (left > d->end - d->pos) left = d->end - d->pos;
    if (left > 4) left = 4;
    uint32_t n = 0;
    for (; n < left; n++) {
        int32_t byte = fota_delta_src_byte(d, p.src + n);
        if (byte < 0) break;
        p.word |= (uint32_t)byte << (8 * n);
    }
    if (n < 2 || d->err != FOTA_OK) return 0;
    go_to(w, p.src);
    bool marked = p.src % 4 == 0 && is_marked(w, p.src);
    enum fota_word_type type;
    if (n == 4 && w->skip != p.src && is_word(d, &p, marked, &type)) {
        code_word(d, &p, type, item);
        return 4;
    }
    if (marked || w->skip == p.src) return 0;
    if (n == 4 && fota_thumb_is_wide_load(p.word)) {
        uint32_t target = fota_thumb_load_target(p.word, p.src);
        mark_pool(w, target);
        if (in_image(d, target)) fota_thumb_set_load(&p.word, p.pos, moved(d, target));
        return code_predicted(d, item, p.word, 4, FOTA_COPY_WIDE);
    }
    uint32_t half = p.word & 0xFFFFU;
    if (fota_thumb_is_wide(half)) w->skip = p.src + 2;
    uint32_t adjusted = adjust_half(d, &p, half);
    if (fota_thumb_branch_of(half) == FOTA_THUMB_NO_BRANCH && !fota_thumb_is_load(half))
        return 0;
    return code_predicted(d, item, adjusted, 2, FOTA_COPY_SHORT);
}
