/* SPDX-License-Identifier: MIT */
/* Binary range encoder: the other side of core/rangedec. */
#ifndef FOTA_HOST_RANGEENC_H
#define FOTA_HOST_RANGEENC_H

#include "core/model.h"
#include "host/buffer.h"

struct fota_rangeenc {
    struct fota_buffer *out;
    size_t first; /* of this encoder in `out`: a carry goes back no further */
    uint32_t low;
    uint32_t range;
};

void fota_rangeenc_begin(struct fota_rangeenc *e, struct fota_buffer *out);
/* Append one bit.  As `struct fota_coder` wants it; `ctx` is the struct fota_rangeenc. */
uint32_t fota_rangeenc_code(void *ctx, uint32_t p1, uint32_t bit);
/* Append the fewest bytes that the decoder needs to tell the last bits. */
void fota_rangeenc_end(struct fota_rangeenc *e);

#endif
