/* SPDX-License-Identifier: MIT */
#include "core/rangedec.h"

static uint8_t next_byte(struct fota_rangedec *r)
{
    if (r->at < r->n) return r->window[r->at++];
    uint32_t left = r->end - r->off;
    if (left == 0) {
        if (++r->past > FOTA_RANGEDEC_PAST && r->err == FOTA_OK) r->err = FOTA_E_BODY;
        return 0;
    }
    uint32_t n = left < sizeof r->window ? left : (uint32_t)sizeof r->window;
    enum fota_err err = r->body(r->ctx, r->off, r->window, n);
    if (err != FOTA_OK) {
        if (r->err == FOTA_OK) r->err = err;
        r->off = r->end;
        return 0;
    }
    r->off += n;
    r->n = (uint8_t)n;
    r->at = 1;
    return r->window[0];
}

void fota_rangedec_begin(struct fota_rangedec *r, uint32_t off, uint32_t n_bytes)
{
    r->off = off;
    r->end = off + n_bytes;
    r->range = UINT32_MAX;
    r->value = 0;
    r->past = 0;
    r->err = FOTA_OK;
    r->at = r->n = 0;
    for (int i = 0; i < 4; i++)
        r->value = (r->value << 8) | next_byte(r);
}

uint32_t fota_rangedec_code(void *ctx, uint32_t p1, uint32_t bit)
{
    struct fota_rangedec *r = ctx;
    uint32_t split = fota_range_split(r->range, p1);
    if (r->value < split) {
        r->range = split;
        bit = 1;
    } else {
        r->value -= split;
        r->range -= split;
        bit = 0;
    }
    while (r->range < FOTA_RANGE_TOP) {
        r->value = (r->value << 8) | next_byte(r);
        r->range <<= 8;
    }
    return bit;
}

enum fota_err fota_rangedec_result(const struct fota_rangedec *r)
{
    return r->err;
}

enum fota_err fota_rangedec_end(const struct fota_rangedec *r)
{
    if (r->err != FOTA_OK) return r->err;
    return r->off == r->end && r->at == r->n ? FOTA_OK : FOTA_E_BODY;
}
