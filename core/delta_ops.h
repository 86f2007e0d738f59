/* SPDX-License-Identifier: MIT */
/* The op table of the prologue: which bytes of the new image are copies of what.  One function
 * reads or writes it, by the coder given.  UNTRUSTED when reading.  doc/codec.md 4. */
#ifndef FOTA_CORE_DELTA_OPS_H
#define FOTA_CORE_DELTA_OPS_H

#include "core/err.h"
#include "core/model.h"
#include <stdbool.h>

#define FOTA_OP_RECENT 8U

/* New bytes [new_off, new_off + n_bytes) resemble source bytes from src_off on.  The source is
 * the old image, or the new one itself in a full package. */
struct fota_op {
    uint32_t new_off;
    uint32_t n_bytes; /* 0: no more ops, the rest is literal */
    uint32_t src_off;
    bool in_map; /* the address map knows this op (doc/codec.md 6) */
};

/* Adaptive code of an unsigned number: exponent of v + 1, its upper two and lower two bits. */
struct fota_number {
    uint16_t exponent[32];
    uint16_t upper[16][3];
    uint16_t lower[16][3];
};

struct fota_op_model {
    struct fota_number gap[2]; /* by: the last op had a new diagonal */
    struct fota_number len[2]; /* by: no gap before it */
    struct fota_number jump;   /* a new diagonal's distance from the last one */
    uint16_t jump_back;        /* its sign */
    uint16_t recent_miss[2][FOTA_OP_RECENT];
    uint16_t in_map[16];
    uint32_t recent[FOTA_OP_RECENT]; /* diagonals src_off - new_off, the last one first */
    uint32_t pos;                    /* end of the last op in the new image */
    uint8_t fresh;                   /* the last op had a new diagonal */
};

/* Limits of the images that ops must keep. */
struct fota_op_limits {
    uint32_t new_bytes;
    uint32_t src_bytes;
    bool has_map;
};

void fota_op_model_reset(struct fota_op_model *m);
/* The next op, in ascending order of new_off, the one with n_bytes 0 last.  FOTA_E_BODY when it
 * keeps the limits not. */
FOTA_NODISCARD enum fota_err
fota_op_code(struct fota_op_model *m, struct fota_op *op, const struct fota_coder *coder,
             const struct fota_op_limits *limits);

void fota_number_reset(struct fota_number *n);
uint32_t
fota_number_code(struct fota_number *n, const struct fota_coder *coder, uint32_t value);

#endif
