/* SPDX-License-Identifier: MIT */
/* Binary range decoder: 32-bit range, probabilities in 1/65536.  UNTRUSTED input: it never
 * reads outside the coded bytes; errors are sticky and checked once by the caller.
 * doc/codec.md 2. */
#ifndef FOTA_CORE_RANGEDEC_H
#define FOTA_CORE_RANGEDEC_H

#include "core/err.h"
#include <stdint.h>

#define FOTA_RANGE_TOP     0x1000000U /* the range is kept at least this large */
#define FOTA_RANGEDEC_PAST 4U         /* zero bytes supplied behind the coded bytes at most */

struct fota_rangedec {
    void *ctx;
    enum fota_err (*body)(void *ctx, uint32_t off, uint8_t *dst, uint32_t n_bytes);
    uint32_t off; /* next body byte to fetch */
    uint32_t end; /* behind the last coded byte */
    uint32_t range;
    uint32_t value;
    uint32_t past; /* bytes supplied behind the end */
    enum fota_err err;
    uint8_t at; /* next byte of the window */
    uint8_t n;  /* bytes in the window */
    uint8_t window[32];
};

/* The part of `range` that belongs to bit 1: range * p1 / 65536, 0 < p1 < 65536. */
static inline uint32_t fota_range_split(uint32_t range, uint32_t p1)
{
    return (range >> 16) * p1 + (((range & 0xFFFFU) * p1) >> 16);
}

/* Begin to decode body bytes [off, off + n_bytes). */
void fota_rangedec_begin(struct fota_rangedec *r, uint32_t off, uint32_t n_bytes);
/* The next bit; as `struct fota_coder` wants it, `ctx` is the struct fota_rangedec. */
uint32_t fota_rangedec_code(void *ctx, uint32_t p1, uint32_t bit);
/* FOTA_OK, or the first failure. */
FOTA_NODISCARD enum fota_err fota_rangedec_result(const struct fota_rangedec *r);
/* The same; FOTA_E_BODY too when coded bytes are left over. */
FOTA_NODISCARD enum fota_err fota_rangedec_end(const struct fota_rangedec *r);

#endif
