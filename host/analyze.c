/* SPDX-License-Identifier: MIT */
#include "host/analyze.h"
#include "core/le.h"
#include "host/walk.h"
#include <stdlib.h>
#include <string.h>

#define CALLS_MIN   16U
#define BASE_SLOTS  (1U << 24) /* bases are multiples of 256 */
#define SCORE_MIN   10U
#define WORDS_MAX   6000U
#define ANCHORS_MAX 12000U
#define RAM_LOWEST  0x10000000U
#define RAM_HIGHEST 0x3FFFFFFFU
#define RAM_PAGE    4096U
#define RAM_GAP     16U /* pages */
#define RAM_WORDS   12U

static uint32_t half_at(struct fota_bytes image, uint32_t off)
{
    return fota_le16(image.at + off);
}

/* Code calls most of its functions more than once; other data, read as this code, does not.
 * How many calls go to functions called twice or more, 0 if it does not look like code. */
static enum fota_err score_calls(uint32_t *score, struct fota_bytes image, enum fota_arch arch)
{
    struct fota_walk walk;
    struct fota_walk_item item;
    *score = 0;
    uint8_t *calls = calloc(image.n_bytes + 1U, 1);
    enum fota_err err =
        calls == NULL ? FOTA_E_NOMEM : fota_walk_open(&walk, image, arch, FOTA_NO_BASE);
    if (err != FOTA_OK) {
        free(calls);
        return err;
    }
    uint32_t n_calls = 0;
    uint32_t n_again = 0;
    for (int pass = 0; pass < 2; pass++) {
        fota_walk_rewind(&walk);
        while (fota_walk_next(&walk, &item)) {
            uint32_t target = item.ref.target;
            if (item.in_pool || item.ref.kind != FOTA_REF_CALL || target >= image.n_bytes)
                continue;
            if (pass == 0) {
                n_calls++;
                if (calls[target] < 2) calls[target]++;
            } else {
                n_again += calls[target] == 2;
            }
        }
    }
    fota_walk_close(&walk);
    free(calls);
    if (n_calls >= CALLS_MIN && n_calls >= image.n_bytes / 2048 && n_again >= n_calls / 2)
        *score = n_again;
    return FOTA_OK;
}

struct votes {
    enum fota_arch arch;
    uint32_t n_words;
    uint32_t n_anchors;
    uint32_t words[WORDS_MAX];     /* that may be addresses */
    uint32_t anchors[ANCHORS_MAX]; /* offset; bit 31: a string */
    uint16_t *score;               /* per base / 256 */
};

static bool is_text(uint8_t b)
{
    return (b >= 0x20 && b < 0x7F) || b == '\n' || b == '\r' || b == '\t';
}

static bool string_begins(struct fota_bytes image, uint32_t off)
{
    if (off == 0 || image.at[off - 1] != 0) return false;
    uint32_t n = 0;
    while (off + n < image.n_bytes && is_text(image.at[off + n]))
        n++;
    return n >= 4 && off + n < image.n_bytes && image.at[off + n] == 0;
}

static bool function_begins(struct fota_bytes image, uint32_t off)
{
    if (off % 2 != 0 || off + 4 > image.n_bytes) return false;
    uint32_t half = half_at(image, off);
    return (half & 0xFF00U) == 0xB500U ||
           (half == 0xE92DU && (half_at(image, off + 2) & 0x4000U));
}

static bool is_arm(enum fota_arch arch)
{
    return arch == FOTA_ARCH_THUMB || arch == FOTA_ARCH_ARM;
}

static enum fota_err gather_anchors(struct votes *v, struct fota_bytes image)
{
    struct fota_walk walk;
    struct fota_walk_item item;
    uint8_t *called = calloc(image.n_bytes + 1U, 1);
    enum fota_err err =
        called == NULL ? FOTA_E_NOMEM : fota_walk_open(&walk, image, v->arch, FOTA_NO_BASE);
    if (err == FOTA_OK) {
        while (fota_walk_next(&walk, &item))
            if (!item.in_pool && item.ref.kind == FOTA_REF_CALL &&
                item.ref.target < image.n_bytes)
                called[item.ref.target] = 1;
        fota_walk_close(&walk);
        for (uint32_t off = 0; off < image.n_bytes && v->n_anchors < ANCHORS_MAX; off++) {
            if (v->arch == FOTA_ARCH_THUMB ? function_begins(image, off) : called[off] != 0)
                v->anchors[v->n_anchors++] = off;
            else if (string_begins(image, off))
                v->anchors[v->n_anchors++] = off | 0x80000000U;
        }
    }
    free(called);
    return err;
}

static int compare_words(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* Words that look like one of a table of addresses: their upper halves are those of the next.
 */
static void gather_tables(struct votes *v, struct fota_bytes image)
{
    const struct fota_walk walk = {.isa = fota_isa_of((uint8_t)v->arch), .image = image};
    for (uint32_t off = 0; off + 12 <= image.n_bytes && v->n_words < WORDS_MAX; off += 4) {
        uint32_t word = fota_walk_data(&walk, off);
        uint32_t apart = word ^ fota_walk_data(&walk, off + 4);
        uint32_t apart_8 = word ^ fota_walk_data(&walk, off + 8);
        if (word >= 0x1000 &&
            (((apart >> 18) == 0 && apart != 0) || ((apart_8 >> 18) == 0 && apart_8 != 0)))
            v->words[v->n_words++] = word;
    }
}

/* Words in literal pools, addresses that instructions make up, and tables.  An address is
 * absolute when it does not depend on where the code is thought to be. */
static enum fota_err gather_words(struct votes *v, struct fota_bytes image)
{
    enum { ELSEWHERE = 0x100000 };
    struct fota_walk walk[2] = {0};
    struct fota_walk_item item[2];
    enum fota_err err = fota_walk_open(&walk[0], image, v->arch, 0);
    if (err == FOTA_OK) err = fota_walk_open(&walk[1], image, v->arch, ELSEWHERE);
    v->n_words = 0;
    while (err == FOTA_OK && v->n_words < WORDS_MAX && fota_walk_next(&walk[0], &item[0]) &&
           fota_walk_next(&walk[1], &item[1])) {
        if (item[0].in_pool)
            v->words[v->n_words++] = fota_walk_data(&walk[0], item[0].off);
        else if (item[0].ref.kind == FOTA_REF_LOW &&
                 item[0].ref.target == item[1].ref.target + ELSEWHERE)
            v->words[v->n_words++] = item[0].ref.target;
    }
    fota_walk_close(&walk[0]);
    fota_walk_close(&walk[1]);
    return err;
}

/* Each word once. */
static void sort_words(struct votes *v)
{
    qsort(v->words, v->n_words, sizeof *v->words, compare_words);
    uint32_t n = 0;
    for (uint32_t i = 0; i < v->n_words; i++)
        if (i == 0 || v->words[i] != v->words[n - 1]) v->words[n++] = v->words[i];
    v->n_words = n;
}

/* Odd words point at functions, any at strings. */
static void vote(struct votes *v)
{
    for (uint32_t a = 0; a < v->n_anchors; a++) {
        bool is_string = v->anchors[a] >> 31;
        uint32_t off = v->anchors[a] & 0x7FFFFFFFU;
        for (uint32_t i = 0; i < v->n_words; i++) {
            uint32_t thumb = is_string || !is_arm(v->arch) ? 0 : v->words[i] & 1U;
            uint32_t base = v->words[i] - thumb - off;
            if (base % 256 != 0 || (v->arch == FOTA_ARCH_THUMB && !is_string && thumb == 0))
                continue;
            uint16_t *score = &v->score[base / 256];
            if (*score < UINT16_MAX) (*score)++;
        }
    }
}

/* Whether the image begins with a vector table of an image at `base`. */
static bool has_vectors(struct fota_bytes image, uint32_t base)
{
    if (image.n_bytes < 64 || fota_le32(image.at) % 4 != 0) return false;
    for (uint32_t i = 1; i < 16; i++) {
        uint32_t entry = fota_le32(image.at + (size_t)i * 4);
        if (entry == 0 && i > 1) continue;
        if (entry % 2 == 0 || entry - base >= image.n_bytes) return false;
    }
    return true;
}

static uint32_t elect(const struct votes *v, struct fota_bytes image)
{
    uint32_t best = 0;
    uint32_t best_score = 0;
    uint32_t second = 0;
    for (uint32_t i = 0; i < BASE_SLOTS; i++) {
        uint32_t score = v->score[i];
        if (score < 4 || i * 256U > UINT32_MAX - image.n_bytes) continue;
        if (has_vectors(image, i * 256U)) score *= 2;
        if (score > best_score) {
            second = best_score;
            best_score = score;
            best = i * 256U;
        } else if (score > second) {
            second = score;
        }
    }
    return best_score >= SCORE_MIN && best_score * 2 >= second * 3 ? best : FOTA_NO_BASE;
}

static enum fota_err find_base(uint32_t *base, struct votes *v, struct fota_bytes image)
{
    v->score = calloc(BASE_SLOTS, sizeof *v->score);
    enum fota_err err = v->score == NULL ? FOTA_E_NOMEM : gather_anchors(v, image);
    if (err == FOTA_OK) {
        sort_words(v);
        vote(v);
        *base = elect(v, image);
    }
    free(v->score);
    return err;
}

/* RAM: the range of addresses outside the image that most of the words lie in. */
static enum fota_err
find_ram(struct fota_delta_space *space, const struct votes *v, uint32_t image_bytes)
{
    uint32_t lowest = v->arch == FOTA_ARCH_THUMB ? RAM_LOWEST : 0x1000;
    uint32_t highest = v->arch == FOTA_ARCH_THUMB ? RAM_HIGHEST : 0xFFFFEFFFU;
    uint32_t n_pages = (highest - lowest) / RAM_PAGE + 1;
    uint16_t *pages = calloc(n_pages, sizeof *pages);
    if (pages == NULL) return FOTA_E_NOMEM;
    for (uint32_t i = 0; i < v->n_words; i++) {
        uint32_t word = v->words[i];
        if (word < lowest || word > highest || word - space->base < image_bytes) continue;
        uint16_t *page = &pages[(word - lowest) / RAM_PAGE];
        if (*page < UINT16_MAX) (*page)++;
    }
    uint32_t best = RAM_WORDS - 1;
    uint32_t first = 0;
    uint32_t words = 0;
    uint32_t gap = RAM_GAP + 1;
    for (uint32_t i = 0; i < n_pages; i++) {
        if (pages[i] == 0) {
            gap++;
            continue;
        }
        if (gap > RAM_GAP || i - first >= 4096) {
            first = i;
            words = 0;
        }
        gap = 0;
        words += pages[i];
        if (words > best) {
            best = words;
            space->ram_begin = lowest + first * RAM_PAGE;
            space->ram_bytes = (i + 1 - first) * RAM_PAGE;
        }
    }
    free(pages);
    return FOTA_OK;
}

static enum fota_err
find_space(struct fota_delta_space *space, struct fota_bytes image, enum fota_arch arch)
{
    *space = (struct fota_delta_space){.base = FOTA_NO_BASE};
    struct votes *v = calloc(1, sizeof *v);
    if (v == NULL) return FOTA_E_NOMEM;
    v->arch = arch;
    enum fota_err err = gather_words(v, image);
    if (err == FOTA_OK && !is_arm(arch)) gather_tables(v, image);
    if (err == FOTA_OK) err = find_base(&space->base, v, image);
    if (err == FOTA_OK) err = gather_words(v, image); /* each as often as it is there */
    if (err == FOTA_OK) err = find_ram(space, v, image.n_bytes);
    free(v);
    return err;
}

enum fota_err fota_analyze(struct fota_analysis *out, struct fota_bytes image)
{
    uint32_t scores[FOTA_ANALYSIS_MAX];
    out->n = 0;
    for (unsigned arch = 0; arch < FOTA_ARCH_COUNT; arch++) {
        uint32_t score;
        if (fota_isa_of((uint8_t)arch) == NULL) continue;
        enum fota_err err = score_calls(&score, image, (enum fota_arch)arch);
        if (err != FOTA_OK) return err;
        if (score == 0) continue;
        uint32_t at = 0;
        while (at < out->n && scores[at] >= score)
            at++;
        if (at == FOTA_ANALYSIS_MAX) continue;
        uint32_t last = out->n < FOTA_ANALYSIS_MAX ? out->n++ : FOTA_ANALYSIS_MAX - 1;
        for (uint32_t i = last; i > at; i--) {
            scores[i] = scores[i - 1];
            out->at[i] = out->at[i - 1];
        }
        scores[at] = score;
        out->at[at].arch = (enum fota_arch)arch;
    }
    while (out->n > 1 && scores[out->n - 1] < scores[0] / 4)
        out->n--;
    for (uint32_t i = 0; i < out->n; i++) {
        enum fota_err err = find_space(&out->at[i].space, image, out->at[i].arch);
        if (err != FOTA_OK) return err;
    }
    return FOTA_OK;
}
