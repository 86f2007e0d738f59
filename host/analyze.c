/* SPDX-License-Identifier: MIT */
#include "host/analyze.h"
#include "core/le.h"
#include "core/thumb.h"
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

enum fota_err fota_thumb_walk_open(struct fota_thumb_walk *w, struct fota_bytes image)
{
    w->image = image;
    w->pool = calloc(image.n_bytes / 4 + 1, 1);
    if (w->pool == NULL) return FOTA_E_NOMEM;
    for (uint32_t off = 0; off + 4 <= image.n_bytes; off += 2) {
        uint32_t word = fota_le32(image.at + off);
        uint32_t half = word & 0xFFFFU;
        if (off % 4 == 0 && w->pool[off / 4]) {
            off += 2;
            continue;
        }
        if (fota_thumb_is_load(half) || fota_thumb_is_wide_load(word)) {
            uint32_t target = fota_thumb_load_target(word, off);
            if (target % 4 == 0 && target > off && target < image.n_bytes)
                w->pool[target / 4] = 1;
        }
        if (fota_thumb_is_wide(half)) off += 2;
    }
    return FOTA_OK;
}

void fota_thumb_walk_close(struct fota_thumb_walk *w)
{
    free(w->pool);
    w->pool = NULL;
}

bool fota_thumb_walk_is_pool(const struct fota_thumb_walk *w, uint32_t off)
{
    return w->pool[off / 4] != 0;
}

/* Thumb code calls most of its functions more than once; other data, read as Thumb, does not.
 */
static enum fota_err is_thumb(bool *yes, struct fota_bytes image)
{
    uint8_t *calls = calloc(image.n_bytes / 2 + 1, 1);
    if (calls == NULL) return FOTA_E_NOMEM;
    uint32_t n_calls = 0;
    uint32_t n_again = 0;
    for (int pass = 0; pass < 2; pass++) {
        for (uint32_t off = 0; off + 4 <= image.n_bytes; off += 2) {
            uint32_t word = fota_le32(image.at + off);
            uint32_t target = off + fota_thumb_call_offset(word);
            if (!fota_thumb_is_call(word) || (word >> 30) != 3 || target >= image.n_bytes)
                continue;
            if (pass == 0) {
                n_calls++;
                if (calls[target / 2] < 2) calls[target / 2]++;
            } else {
                n_again += calls[target / 2] == 2;
            }
            off += 2;
        }
    }
    free(calls);
    *yes = n_calls >= CALLS_MIN && n_calls >= image.n_bytes / 2048 && n_again >= n_calls / 2;
    return FOTA_OK;
}

struct votes {
    uint32_t n_words;
    uint32_t n_anchors;
    uint32_t words[WORDS_MAX];
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

static void gather_anchors(struct votes *v, struct fota_bytes image)
{
    for (uint32_t off = 0; off < image.n_bytes && v->n_anchors < ANCHORS_MAX; off++) {
        if (function_begins(image, off))
            v->anchors[v->n_anchors++] = off;
        else if (string_begins(image, off))
            v->anchors[v->n_anchors++] = off | 0x80000000U;
    }
}

static int compare_words(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void gather_words(struct votes *v, const struct fota_thumb_walk *walk)
{
    for (uint32_t off = 0; off + 4 <= walk->image.n_bytes && v->n_words < WORDS_MAX; off += 4)
        if (fota_thumb_walk_is_pool(walk, off))
            v->words[v->n_words++] = fota_le32(walk->image.at + off);
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
            uint32_t base = (is_string ? v->words[i] : v->words[i] & ~1U) - off;
            if (base % 256 != 0 || (!is_string && v->words[i] % 2 == 0)) continue;
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

static enum fota_err find_base(uint32_t *base, const struct fota_thumb_walk *walk)
{
    enum fota_err err = FOTA_E_NOMEM;
    struct votes *v = calloc(1, sizeof *v);
    if (v == NULL) return err;
    v->score = calloc(BASE_SLOTS, sizeof *v->score);
    if (v->score != NULL) {
        gather_anchors(v, walk->image);
        gather_words(v, walk);
        vote(v);
        *base = elect(v, walk->image);
        err = FOTA_OK;
    }
    free(v->score);
    free(v);
    return err;
}

/* RAM: the range of addresses outside the image that most literal pool words lie in. */
static enum fota_err
find_ram(struct fota_delta_space *space, const struct fota_thumb_walk *walk)
{
    uint32_t n_pages = (RAM_HIGHEST - RAM_LOWEST) / RAM_PAGE + 1;
    uint16_t *pages = calloc(n_pages, sizeof *pages);
    if (pages == NULL) return FOTA_E_NOMEM;
    for (uint32_t off = 0; off + 4 <= walk->image.n_bytes; off += 4) {
        uint32_t word = fota_le32(walk->image.at + off);
        if (!fota_thumb_walk_is_pool(walk, off) || word < RAM_LOWEST || word > RAM_HIGHEST ||
            word - space->base < walk->image.n_bytes)
            continue;
        uint16_t *page = &pages[(word - RAM_LOWEST) / RAM_PAGE];
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
            space->ram_begin = RAM_LOWEST + first * RAM_PAGE;
            space->ram_bytes = (i + 1 - first) * RAM_PAGE;
        }
    }
    free(pages);
    return FOTA_OK;
}

enum fota_err
fota_analyze(enum fota_arch *arch, struct fota_delta_space *space, struct fota_bytes image)
{
    bool thumb = false;
    *arch = FOTA_ARCH_DATA;
    *space = (struct fota_delta_space){.base = FOTA_NO_BASE};
    enum fota_err err = is_thumb(&thumb, image);
    if (err != FOTA_OK || !thumb) return err;
    *arch = FOTA_ARCH_THUMB;
    struct fota_thumb_walk walk;
    err = fota_thumb_walk_open(&walk, image);
    if (err != FOTA_OK) return err;
    err = find_base(&space->base, &walk);
    if (err == FOTA_OK) err = find_ram(space, &walk);
    fota_thumb_walk_close(&walk);
    return err;
}
