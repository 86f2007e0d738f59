/* SPDX-License-Identifier: MIT */
#include "host/rangeenc.h"
#include "core/rangedec.h"

static void add_carry(struct fota_rangeenc *e)
{
    if (e->out->failed) return;
    for (size_t i = e->out->n; i-- > e->first;)
        if (++e->out->at[i] != 0) return;
}

static void put_byte(struct fota_rangeenc *e, uint32_t byte)
{
    uint8_t b = (uint8_t)byte;
    fota_buffer_put(e->out, &b, 1);
}

static void advance(struct fota_rangeenc *e, uint32_t step)
{
    e->low += step;
    if (e->low < step) add_carry(e);
}

void fota_rangeenc_begin(struct fota_rangeenc *e, struct fota_buffer *out)
{
    *e = (struct fota_rangeenc){.out = out, .first = out->n, .low = 0, .range = UINT32_MAX};
}

uint32_t fota_rangeenc_code(void *ctx, uint32_t p1, uint32_t bit)
{
    struct fota_rangeenc *e = ctx;
    uint32_t split = fota_range_split(e->range, p1);
    if (bit != 0) {
        e->range = split;
    } else {
        advance(e, split);
        e->range -= split;
    }
    while (e->range < FOTA_RANGE_TOP) {
        put_byte(e, e->low >> 24);
        e->low <<= 8;
        e->range <<= 8;
    }
    return bit;
}

/* Any value in [low, low + range) will do, the decoder supplies zeros behind the end: take the
 * one with the most zero bytes at its end. */
void fota_rangeenc_end(struct fota_rangeenc *e)
{
    for (uint32_t n_bytes = 0; n_bytes <= 4; n_bytes++) {
        uint64_t step = (uint64_t)1 << (32 - 8 * n_bytes);
        uint64_t value = (e->low + step - 1) / step * step;
        if (value - e->low >= e->range) continue;
        advance(e, (uint32_t)(value - e->low));
        for (uint32_t i = 0; i < n_bytes; i++)
            put_byte(e, e->low >> (24 - 8 * i));
        return;
    }
}
