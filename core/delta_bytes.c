/* SPDX-License-Identifier: MIT */
/* The models of single bytes: literals, and bytes of copies that may differ.  doc/codec.md 5.
 */
#include "core/delta_state.h"

#define FLAG_LIMIT         250U
#define FLAG_LEARNING_RATE 50
#define BYTE_LEARNING_RATE 36
#define FLAG_WEIGHT_START  9000
#define BYTE_WEIGHT_START  4000 /* of 32768 */

#define PRIME_A 0x9E3779B1U
#define PRIME_B 0x85EBCA6BU

static void longs_reset(uint32_t *c, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        c[i] = FOTA_LONG_START;
}

void fota_delta_models_reset(struct fota_delta *d)
{
    struct fota_byte_models *m = &d->models;
    longs_reset(&m->run[0][0], 16 * FOTA_COPY_TYPES);
    longs_reset(&m->history[0][0], 32 * FOTA_COPY_TYPES);
    longs_reset(&m->place[0][0][0], 8 * 8 * 2);
    for (uint32_t i = 0; i < FOTA_FLAG_SETS * FOTA_FLAG_INPUTS; i++)
        m->flag_weights[i / FOTA_FLAG_INPUTS][i % FOTA_FLAG_INPUTS] = FLAG_WEIGHT_START;
    for (uint32_t i = 0; i < FOTA_BYTE_SETS * FOTA_BYTE_INPUTS; i++)
        m->byte_weights[i / FOTA_BYTE_INPUTS][i % FOTA_BYTE_INPUTS] = BYTE_WEIGHT_START;
    m->last = 0;
    m->equal_run = 0;
    m->flags = 0;
    for (int i = 0; i < 4; i++)
        m->lane_diff[i] = 0;
    for (uint32_t i = 0; i < d->n_hashed; i++)
        d->hashed[i] = FOTA_SHORT_START;
}

static uint32_t context(uint32_t kind, uint32_t value)
{
    return (value * PRIME_B + kind) * PRIME_A;
}

static uint16_t *hashed(struct fota_delta *d, uint32_t ctx, uint32_t node)
{
    uint32_t h = (ctx + node * PRIME_B) * PRIME_A;
    return &d->hashed[d->n_direct + (((h >> 16) * (d->n_hashed - d->n_direct)) >> 16)];
}

uint16_t *fota_delta_hashed(struct fota_delta *d, uint32_t kind, uint32_t value, uint32_t node)
{
    return hashed(d, context(kind, value), node);
}

void fota_delta_took(struct fota_delta *d, const uint8_t *item, uint32_t n_bytes)
{
    for (uint32_t i = 0; i < n_bytes; i++)
        d->models.last = (d->models.last << 8) | item[i];
    d->models.equal_run += n_bytes;
    d->models.flags <<= n_bytes;
    d->pos += n_bytes;
}

/* How many bits a number has, at most `max`. */
static uint32_t bit_length(uint32_t v, uint32_t max)
{
    uint32_t n = 0;
    for (; v != 0 && n < max; v >>= 1)
        n++;
    return n;
}

uint32_t fota_delta_run_bucket(uint32_t run)
{
    if (run < 4) return run;
    uint32_t n = bit_length(run, 32);
    uint32_t bucket = 2 * (n - 1) + ((run >> (n - 2)) & 1U);
    return bucket < 15 ? bucket : 15;
}

/* The counter of the context that is only the byte's place in a half-word (`kind` 0 to 3). */
static uint16_t *order0(struct fota_delta *d, uint32_t kind, uint32_t node)
{
    return d->n_direct != 0 ? &d->hashed[kind * 256 + node] : hashed(d, context(8, kind), node);
}

/* Eight bits, most significant first, by `n_ctx` contexts, the first one the kind of order0();
 * `except` is a value that the byte has not, or -1. */
static uint8_t code_byte(struct fota_delta *d, uint32_t byte, const uint32_t *ctx,
                         uint32_t n_ctx, int32_t except)
{
    uint32_t node = 1;
    for (uint32_t left = 8; left-- > 0;) {
        bool on_path = except >= 0 && node == ((uint32_t)except | 0x100U) >> (left + 1);
        uint32_t bit = (byte >> left) & 1U;
        if (on_path && left == 0) {
            bit = ~(uint32_t)except & 1U;
        } else {
            uint32_t set = (except < 0 ? 0U : on_path ? 16U : 8U) + left;
            struct fota_mix mix = {
                .weights = d->models.byte_weights[set], .n_inputs = n_ctx, .n_short = n_ctx};
            for (uint32_t i = 0; i < n_ctx; i++)
                mix.shorts[i] = i == 0 ? order0(d, ctx[0], node) : hashed(d, ctx[i], node);
            bit = fota_mix_code(&mix, &d->coder, bit, BYTE_LEARNING_RATE, 0);
        }
        node = node * 2 + bit;
    }
    return (uint8_t)node;
}

static void seen(struct fota_delta *d, uint8_t byte)
{
    d->models.last = (d->models.last << 8) | byte;
    d->pos++;
}

uint8_t fota_delta_literal(struct fota_delta *d, uint8_t byte)
{
    uint32_t c = d->models.last;
    uint32_t odd = d->pos & 1U;
    const uint32_t ctx[] = {
        odd,
        context(1, (c & 0xFFU) | (odd << 8)),
        context(2, (c & 0xFFFFU) | (odd << 16)),
    };
    byte = code_byte(d, byte, ctx, sizeof ctx / sizeof *ctx, -1);
    seen(d, byte);
    return byte;
}

static uint32_t
code_differs(struct fota_delta *d, uint32_t differs, uint8_t predicted, uint32_t type)
{
    struct fota_byte_models *m = &d->models;
    uint32_t src = d->op.src_off + (d->pos - d->op.new_off);
    uint32_t done = bit_length(d->pos - d->op.new_off, 7);
    uint32_t left = bit_length(d->op.new_off + d->op.n_bytes - d->pos, 8) - 1;
    int32_t near = fota_delta_src_byte(d, src ^ 1U);
    bool missed = (m->flags & 0xFU) != 0;
    struct fota_mix mix = {
        .weights = m->flag_weights[type * 2 + missed],
        .n_inputs = FOTA_FLAG_INPUTS,
        .n_short = 2,
        .shorts = {hashed(d, context(16 + type, (uint32_t)(near & 0xFFFF)), predicted),
                   hashed(d, context(7, m->last & 0xFFFFU), predicted)},
        .longs = {0, 0, &m->run[fota_delta_run_bucket(m->equal_run)][type],
                  &m->history[m->flags & 31U][type], &m->place[done][left][type >= 4]},
    };
    return fota_mix_code(&mix, &d->coder, differs, FLAG_LEARNING_RATE, FLAG_LIMIT);
}

uint8_t fota_delta_copied(struct fota_delta *d, uint8_t byte, uint8_t predicted, uint32_t type)
{
    struct fota_byte_models *m = &d->models;
    uint32_t differs = code_differs(d, byte != predicted, predicted, type);
    m->flags = (m->flags << 1) | differs;
    if (differs == 0) {
        m->equal_run++;
        seen(d, predicted);
        return predicted;
    }
    uint32_t c = m->last;
    uint32_t lane = d->pos & 3U;
    int32_t near = fota_delta_src_byte(d, (d->op.src_off + (d->pos - d->op.new_off)) ^ 1U);
    const uint32_t ctx[FOTA_BYTE_INPUTS] = {
        2 + (d->pos & 1U),
        context(9, (c & 0xFFU) | ((d->pos & 1U) << 8)),
        context(10, (uint8_t)(predicted + m->lane_diff[lane])),
        context(11, predicted | (type << 8)),
        context(12, predicted | ((uint32_t)(near & 0xFFFF) << 8)),
    };
    byte = code_byte(d, byte, ctx, FOTA_BYTE_INPUTS, predicted);
    m->lane_diff[lane] = (uint8_t)(byte - predicted);
    m->equal_run = 0;
    seen(d, byte);
    return byte;
}
