/* SPDX-License-Identifier: MIT */
/* Adaptive probabilities and their mixing: the one definition that decoder and encoder share.
 * Integers only.  doc/codec.md 3.
 *
 * A probability is that of bit 1, in 1/65536.  Its logistic domain ("stretched") has 256 steps
 * to the natural unit, -2047..2047. */
#ifndef FOTA_CORE_MODEL_H
#define FOTA_CORE_MODEL_H

#include <stdint.h>

/* One binary decision, for either direction: a decoder ignores `bit` and returns what it read,
 * an encoder writes `bit` and returns it.  Everything that models is written once against this,
 * so encoder and decoder cannot disagree. */
struct fota_coder {
    void *ctx;
    uint32_t (*code)(void *ctx, uint32_t p1, uint32_t bit);
};

#define FOTA_STRETCH_ENTRIES 321U
#define FOTA_SQUASH_ENTRIES  129U
#define FOTA_RATE_ENTRIES    256U

extern const int16_t fota_stretch_table[FOTA_STRETCH_ENTRIES];
extern const uint16_t fota_squash_table[FOTA_SQUASH_ENTRIES];
extern const uint16_t fota_rate_table[FOTA_RATE_ENTRIES]; /* 4096 / (n + 1.5) */

/* Arithmetic shift right, also where the compiler's >> of a negative number is something else.
 */
static inline int32_t fota_asr(int32_t x, unsigned n)
{
    return x >= 0 ? x >> n : ~(~x >> n);
}

/* ln(p / (1 - p)). */
static inline int32_t fota_stretch(uint32_t p)
{
    uint32_t rare = p < 0x8000U ? p : 0x10000U - p;
    unsigned exponent = 0;
    if (rare < 32) rare = 32;
    while ((rare >> exponent) > 63)
        exponent++;
    int32_t s = fota_stretch_table[(exponent << 5) + (rare >> exponent) - 32];
    return p < 0x8000U ? s : -s;
}

/* The inverse. */
static inline uint32_t fota_squash(int32_t s)
{
    if (s > 2047) s = 2047;
    if (s < -2047) s = -2047;
    uint32_t at = (uint32_t)(s + 2048);
    uint32_t fraction = at & 31U;
    const uint16_t *t = &fota_squash_table[at >> 5];
    return (t[0] * (32U - fraction) + t[1] * fraction + 16U) >> 5;
}

/* A short counter: 12 bits of probability, 4 bits of how often it was seen. */
#define FOTA_SHORT_START 0x8000U

static inline uint32_t fota_short_p(uint16_t counter)
{
    return (counter & 0xFFF0U) | 8U;
}

static inline void fota_short_update(uint16_t *counter, uint32_t bit)
{
    uint32_t p = *counter >> 4;
    uint32_t n = *counter & 15U;
    uint32_t rate = fota_rate_table[n];
    if (bit != 0)
        p += ((4095U - p) * rate) >> 12;
    else
        p -= (p * rate) >> 12;
    if (n < 15) n++;
    *counter = (uint16_t)((p << 4) | n);
}

/* A bit by one short counter alone. */
static inline uint32_t
fota_code_short(const struct fota_coder *coder, uint16_t *counter, uint32_t bit)
{
    bit = coder->code(coder->ctx, fota_short_p(*counter), bit);
    fota_short_update(counter, bit);
    return bit;
}

/* A long counter: 22 bits of probability, 10 bits of how often it was seen (up to `limit`, at
 * most 255). */
#define FOTA_LONG_START 0x80000000U

static inline uint32_t fota_long_p(uint32_t counter)
{
    uint32_t p = counter >> 16;
    return p < 16U ? 16U : p > 65520U ? 65520U : p;
}

static inline void fota_long_update(uint32_t *counter, uint32_t bit, uint32_t limit)
{
    uint32_t p = *counter >> 10;
    uint32_t n = *counter & 1023U;
    uint32_t rate = fota_rate_table[n];
    if (bit != 0)
        p += (((0x3FFFFFU - p) >> 3) * rate) >> 9;
    else
        p -= ((p >> 3) * rate) >> 9;
    if (n < limit) n++;
    *counter = (p << 10) | n;
}

/* A bit by one long counter alone. */
static inline uint32_t
fota_code_long(const struct fota_coder *coder, uint32_t *counter, uint32_t bit, uint32_t limit)
{
    bit = coder->code(coder->ctx, fota_long_p(*counter), bit);
    fota_long_update(counter, bit, limit);
    return bit;
}

/* Several counters mixed: the weighted sum of their stretched probabilities, squashed.  Weights
 * are 1/32768, -4..4; 8 inputs of 2047 cannot overflow. */
#define FOTA_MIX_INPUTS 8U
#define FOTA_WEIGHT_MAX 131071

struct fota_mix {
    int32_t *weights;
    uint32_t n_inputs;
    uint32_t n_short; /* the first ones; the others are long */
    uint16_t *shorts[FOTA_MIX_INPUTS];
    uint32_t *longs[FOTA_MIX_INPUTS];
    int32_t stretched[FOTA_MIX_INPUTS];
};

/* A bit by the counters of `mix`, which learn from it. */
uint32_t fota_mix_code(struct fota_mix *mix, const struct fota_coder *coder, uint32_t bit,
                       int32_t learning_rate, uint32_t limit);

#endif
