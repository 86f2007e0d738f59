/* SPDX-License-Identifier: MIT */
/* Little-endian integers in byte strings: plain loads and stores, and a bounded reader that is
 * sticky: past the end it yields zeros and sets `overrun`; check once per record. */
#ifndef FOTA_CORE_LE_H
#define FOTA_CORE_LE_H

#include "core/mem.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline uint16_t fota_le16(const uint8_t *p)
{
    return (uint16_t)(p[0] | ((unsigned)p[1] << 8));
}

static inline uint32_t fota_le32(const uint8_t *p)
{
    return (uint32_t)p[0] | ((uint32_t)p[1] << 8) | ((uint32_t)p[2] << 16) |
           ((uint32_t)p[3] << 24);
}

static inline void fota_put_le16(uint8_t *p, uint16_t v)
{
    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
}

static inline void fota_put_le32(uint8_t *p, uint32_t v)
{
    fota_put_le16(p, (uint16_t)v);
    fota_put_le16(p + 2, (uint16_t)(v >> 16));
}

struct fota_reader {
    const uint8_t *at; /* next byte */
    size_t left;       /* bytes not yet read */
    bool overrun;      /* something past the end was asked for */
};

/* The next `n` bytes, or a null pointer (and `overrun`) when fewer are left. */
static inline const uint8_t *fota_take(struct fota_reader *r, size_t n)
{
    if (r->overrun || n > r->left) {
        r->overrun = true;
        return NULL;
    }
    const uint8_t *p = r->at;
    r->at += n;
    r->left -= n;
    return p;
}

static inline uint8_t fota_take_u8(struct fota_reader *r)
{
    const uint8_t *p = fota_take(r, 1);
    return p != NULL ? *p : 0;
}

static inline uint16_t fota_take_le16(struct fota_reader *r)
{
    const uint8_t *p = fota_take(r, 2);
    return p != NULL ? fota_le16(p) : 0;
}

static inline uint32_t fota_take_le32(struct fota_reader *r)
{
    const uint8_t *p = fota_take(r, 4);
    return p != NULL ? fota_le32(p) : 0;
}

#endif
