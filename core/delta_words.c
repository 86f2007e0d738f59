/* SPDX-License-Identifier: MIT */
/* References: calls, branches, loads and pointers whose target moved.  The target of the old
 * word goes through the address map, and the word is made anew for its new place; where that
 * may fail there are other guesses, tried in a fixed order.  doc/codec.md 7. */
#include "core/delta_state.h"
#include "core/le.h"
#include "core/mem.h"

#define LIMIT         250U
#define LEARNING_RATE 14
#define WEIGHT_START  9830 /* 0.3 */
#define POINTER_MIN_LOW                                                                        \
    0x400U /* least pointer of an image at address 0: not a small number                       \
            */
#define POOL_REACH 1024U

/* What is at the current place. */
struct item {
    struct fota_isa_place at;
    struct fota_ref ref; /* of an instruction */
    enum fota_word_type type;
    uint32_t n_bytes;
    uint32_t target; /* offset in the image; of a RAM word, in RAM */
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
    w->pointer_end = UINT32_MAX;
    w->inside_end = 0;
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

static bool in_ram(const struct fota_delta *d, uint32_t address)
{
    return address - d->space.ram_begin < d->space.ram_bytes;
}

/* A word of data as the image has it, or the other way round. */
static uint32_t as_data(const struct fota_delta *d, uint32_t word)
{
    return d->isa->big_endian ? fota_isa_swap(word) : word;
}

/* The word at the place of `it` that refers to `target`. */
static bool
word_for(const struct fota_delta *d, const struct item *it, uint32_t target, uint32_t *word)
{
    *word = it->at.word;
    switch (it->type) {
    case FOTA_WORD_CALL:
    case FOTA_WORD_PAIR:
        return d->isa->set(&d->words.isa, word, &it->ref, &it->at, target);
    case FOTA_WORD_POINTER:
        *word = as_data(d, target + d->space.base);
        return true;
    case FOTA_WORD_RAM:
        *word = as_data(d, target + d->space.ram_begin);
        return true;
    case FOTA_WORD_TYPES:
        break;
    }
    return false;
}

/* Whether the address map or the RAM map has something to say. */
static bool is_known(const struct fota_delta *d, const struct item *it)
{
    if (it->type == FOTA_WORD_POINTER || it->type == FOTA_WORD_RAM) return true;
    if (in_image(d, it->target)) return true;
    return it->type == FOTA_WORD_PAIR &&
           (in_ram(d, it->target + d->space.base) || it->target / 2 < d->params.old_bytes);
}

static uint32_t map_target(const struct fota_delta *d, const struct item *it)
{
    uint32_t ram_off = it->target;
    if (it->type == FOTA_WORD_PAIR && !in_image(d, it->target)) {
        ram_off += d->space.base - d->space.ram_begin;
        if (ram_off >= d->space.ram_bytes)
            return it->target / 2 < d->params.old_bytes ? moved(d, it->target) : it->target;
    } else if (it->type != FOTA_WORD_RAM) {
        return moved(d, it->target);
    }
    return it->target - fota_map_diagonal(&d->ram_map, ram_off);
}

static void guess(struct guesses *g, const struct fota_delta *d, const struct item *it)
{
    const struct fota_word_models *w = &d->words;
    uint32_t slot = seen_slot(it->target);
    bool is_seen = it->type != FOTA_WORD_RAM && w->seen[slot].old_target == it->target;
    bool known = is_known(d, it);
    uint32_t mapped = map_target(d, it);
    uint32_t corrected = mapped + w->correction[it->type];
    uint32_t word;
    g->n = 0;
    bool table = it->type == FOTA_WORD_POINTER && w->pointer_end == it->at.src;
    if (table && w->last_guess[it->type] == FOTA_GUESS_CORRECTED &&
        word_for(d, it, corrected, &word))
        add(g, word, FOTA_GUESS_CORRECTED);
    if (is_seen && word_for(d, it, w->seen[slot].new_target, &word))
        add(g, word, FOTA_GUESS_SEEN);
    if (!known) add(g, it->at.word, FOTA_GUESS_SAME);
    if (known && word_for(d, it, mapped, &word)) add(g, word, FOTA_GUESS_MAP);
    if (known && word_for(d, it, corrected, &word)) add(g, word, FOTA_GUESS_CORRECTED);
    if (table)
        add(g, as_data(d, w->last_new + (as_data(d, it->at.word) - w->last_old)),
            FOTA_GUESS_NEIGHBOUR);
    add(g, it->at.word, FOTA_GUESS_SAME);
}

/* Whether the first guess is wrong. */
static uint32_t
code_first(struct fota_delta *d, const struct guesses *g, const struct item *it, uint32_t wrong)
{
    struct fota_word_models *w = &d->words;
    enum fota_word_type type = it->type;
    uint32_t from = g->from[0];
    struct fota_mix mix = {
        .weights = w->weights[type],
        .n_inputs = FOTA_WORD_INPUTS,
        .n_short = 1,
        .shorts = {fota_delta_hashed(d, 32 + type, it->target, from)},
        .longs = {0, &w->by_results[type][from][w->results[type] & 7U],
                  &w->by_run[type][fota_delta_run_bucket(w->hit_run[type])],
                  &w->by_last[type][from][w->last_guess[type]]},
    };
    return fota_mix_code(&mix, &d->coder, wrong, LEARNING_RATE, LIMIT);
}

/* What the new word refers to; false when it does not say. */
static bool
new_target(const struct fota_delta *d, const struct item *it, uint32_t word, uint32_t *target)
{
    switch (it->type) {
    case FOTA_WORD_CALL:
    case FOTA_WORD_PAIR:
        return d->isa->target(&d->words.isa, word, &it->ref, &it->at, target);
    case FOTA_WORD_POINTER:
        *target = as_data(d, word) - d->space.base;
        return true;
    case FOTA_WORD_RAM:
        *target = as_data(d, word) - d->space.ram_begin;
        return true;
    case FOTA_WORD_TYPES:
        break;
    }
    return false;
}

static void learn(struct fota_delta *d, const struct item *it, uint32_t word)
{
    struct fota_word_models *w = &d->words;
    uint32_t target;
    if (!new_target(d, it, word, &target)) return;
    uint32_t mapped = map_target(d, it);
    w->correction[it->type] = target - mapped;
    uint32_t slot = seen_slot(it->target);
    if (it->type != FOTA_WORD_RAM &&
        (target != mapped || w->seen[slot].old_target == it->target)) {
        w->seen[slot].old_target = it->target;
        w->seen[slot].new_target = target;
    }
}

/* The first bytes of `bytes`, little-endian. */
static uint32_t le_bytes(const uint8_t *bytes, uint32_t n_bytes)
{
    uint32_t v = 0;
    for (uint32_t i = 0; i < n_bytes; i++)
        v |= (uint32_t)bytes[i] << (8 * i);
    return v;
}

static void code_predicted(struct fota_delta *d, uint8_t *item, uint32_t predicted,
                           uint32_t n_bytes, enum fota_copy_type type)
{
    for (uint32_t i = 0; i < n_bytes; i++)
        item[i] = fota_delta_copied(d, item[i], (uint8_t)(predicted >> (8 * i)), type);
}

/* A word by its guesses; by bytes when none is right.  Its new value. */
static uint32_t code_word(struct fota_delta *d, const struct item *it, uint8_t item[4])
{
    struct fota_word_models *w = &d->words;
    enum fota_word_type type = it->type;
    struct guesses g;
    uint32_t mask = UINT32_MAX >> (8 * (4 - it->n_bytes));
    uint32_t new_word = le_bytes(item, it->n_bytes);
    guess(&g, d, it);
    uint32_t hit = 0;
    if (code_first(d, &g, it, new_word != (g.word[0] & mask)) != 0)
        for (hit = 1; hit < g.n; hit++)
            if (fota_code_long(&d->coder, &w->further[type][g.from[hit]][hit < 3 ? hit : 3],
                               new_word != (g.word[hit] & mask), LIMIT) == 0)
                break;
    w->results[type] = (w->results[type] << 1) | (hit != 0);
    w->hit_run[type] = hit == 0 ? w->hit_run[type] + 1 : 0;
    w->last_guess[type] = hit < g.n ? g.from[hit] : FOTA_GUESSES;
    if (hit < g.n) {
        uint8_t bytes[4];
        fota_put_le32(bytes, g.word[hit]);
        memcpy(item, bytes, it->n_bytes);
        fota_delta_took(d, item, it->n_bytes);
    } else {
        bool is_code = type == FOTA_WORD_CALL || type == FOTA_WORD_PAIR;
        code_predicted(d, item, g.word[0], it->n_bytes,
                       is_code ? FOTA_COPY_CALL : FOTA_COPY_POINTER);
    }
    new_word = le_bytes(item, it->n_bytes);
    learn(d, it, new_word);
    if (type == FOTA_WORD_POINTER || type == FOTA_WORD_RAM) {
        w->pointer_end = it->at.src + 4;
        w->last_old = as_data(d, it->at.word);
        w->last_new = as_data(d, new_word);
    }
    return new_word;
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

/* A pointer into the image or into RAM. */
static bool find_pointer(const struct fota_delta *d, struct item *it, bool marked)
{
    uint32_t address = as_data(d, it->at.word);
    uint32_t off = address - d->space.base;
    it->n_bytes = 4;
    if (in_image(d, off) && (d->space.base >= 0x1000U || off >= POINTER_MIN_LOW)) {
        it->type = FOTA_WORD_POINTER;
        it->target = off;
        return true;
    }
    it->type = FOTA_WORD_RAM;
    it->target = address - d->space.ram_begin;
    return it->target < d->space.ram_bytes &&
           (marked || d->isa->words_anywhere || d->words.pointer_end == it->at.src);
}

static int32_t old_byte(void *ctx, uint32_t off)
{
    return fota_delta_src_byte(ctx, off);
}

/* As many old bytes from the current place on as the copy and the unit go on, up to 4. */
static void look(struct fota_delta *d, struct fota_isa_place *p, uint32_t src_off)
{
    uint32_t left = d->op.n_bytes - (d->pos - d->op.new_off);
    if (left > d->end - d->pos) left = d->end - d->pos;
    if (left > 4) left = 4;
    *p = (struct fota_isa_place){
        .src = src_off, .pos = d->pos, .base = d->space.base, .ctx = d, .old_byte = old_byte};
    for (; p->n_bytes < left; p->n_bytes++) {
        int32_t byte = fota_delta_src_byte(d, src_off + p->n_bytes);
        if (byte < 0) break;
        p->word |= (uint32_t)byte << (8 * p->n_bytes);
    }
}

/* An instruction; 0 when it is one without reference, or when not all of it can be seen. */
static uint32_t code_instruction(struct fota_delta *d, struct item *it, uint8_t item[4])
{
    struct fota_word_models *w = &d->words;
    it->ref = d->isa->find(&w->isa, &it->at);
    w->inside_end = it->at.src + it->ref.n_bytes;
    uint32_t word = it->at.word;
    uint32_t n = 0;
    it->target = it->ref.target;
    it->n_bytes = it->ref.n_bytes;
    switch ((enum fota_ref_kind)it->ref.kind) {
    case FOTA_REF_NONE:
        break;
    case FOTA_REF_LOAD:
    case FOTA_REF_ADJUST:
        if (it->ref.kind == FOTA_REF_LOAD) mark_pool(w, it->target);
        if (in_image(d, it->target))
            (void)d->isa->set(&w->isa, &word, &it->ref, &it->at, moved(d, it->target));
        n = it->n_bytes;
        code_predicted(d, item, word, n, n == 2 ? FOTA_COPY_SHORT : FOTA_COPY_WIDE);
        word = le_bytes(item, n);
        break;
    case FOTA_REF_WORD:
    case FOTA_REF_CALL:
    case FOTA_REF_FAR:
    case FOTA_REF_HIGH:
    case FOTA_REF_LOW:
        it->type = it->ref.kind == FOTA_REF_HIGH || it->ref.kind == FOTA_REF_LOW
                       ? FOTA_WORD_PAIR
                       : FOTA_WORD_CALL;
        n = it->n_bytes;
        word = code_word(d, it, item);
        break;
    }
    if (d->isa->done != NULL) d->isa->done(&w->isa, &it->ref, &it->at, word);
    return n;
}

uint32_t fota_delta_word(struct fota_delta *d, uint32_t src_off, uint8_t item[4])
{
    struct fota_word_models *w = &d->words;
    if (src_off % d->isa->align != 0 && !(d->isa->words_anywhere && src_off % 4 == 0)) return 0;
    struct item it;
    look(d, &it.at, src_off);
    if (it.at.n_bytes < 2 || d->err != FOTA_OK) return 0;
    go_to(w, src_off);
    bool inside = w->inside_end - src_off - 1U < 3U;
    bool marked = src_off % 4 == 0 && is_marked(w, src_off);
    if (it.at.n_bytes == 4 && src_off % 4 == 0 && (!inside || d->isa->words_anywhere) &&
        find_pointer(d, &it, marked)) {
        code_word(d, &it, item);
        return 4;
    }
    return marked || inside ? 0 : code_instruction(d, &it, item);
}
