/* SPDX-License-Identifier: MIT */
/* Which bytes of the new image are best copied from where: approximate matching along
 * diagonals, the cheapest sequence by dynamic programming. */
#ifndef FOTA_HOST_PARSE_H
#define FOTA_HOST_PARSE_H

#include "core/delta_ops.h"
#include "host/encode.h"

struct fota_parse_job {
    struct fota_bytes src; /* what to copy from; equal to `dst` when `from_itself` */
    struct fota_bytes dst; /* what to make */
    const uint8_t *weak;   /* null, or per dst byte: 1 = equality there proves little */
    const uint8_t
        *literal_from; /* the bytes that literals really are (dst may be a projection) */
    bool from_itself;
    unsigned level;
    /* How many bytes from new offset `dst_off` on may be copied from `src_off` on; 0: none. */
    uint32_t (*readable)(void *ctx, uint32_t dst_off, uint32_t src_off);
    void *ctx;
};

struct fota_ops {
    struct fota_op *at; /* malloc'd; ascending; without the final one */
    uint32_t n;
};

FOTA_NODISCARD enum fota_err fota_parse(struct fota_ops *out, const struct fota_parse_job *job);
void fota_ops_free(struct fota_ops *ops);

/* 256 * log2(v), v > 0; integers only. */
uint32_t fota_log2_256(uint32_t v);

#endif
