/* SPDX-License-Identifier: MIT */
/* Inside of the delta decoder: its state, and what its files give each other.  Private to
 * core/delta*.c, and to the encoder, which runs the same code with a coder that writes. */
#ifndef FOTA_CORE_DELTA_STATE_H
#define FOTA_CORE_DELTA_STATE_H

#include "core/delta.h"
#include "core/delta_ops.h"
#include "core/rangedec.h"

#define FOTA_DELTA_HASH_BITS_MIN 8U
#define FOTA_DELTA_HASH_BITS_MAX 14U
#define FOTA_PROLOGUE_PLAIN      8U /* bytes before the range coded ones */

/* Bytes of an image around the place of interest. */
struct fota_window {
    uint32_t off;
    uint32_t n;
    uint8_t bytes[64];
};

#define FOTA_COPY_TYPES  8U /* what is known of a byte in a copy */
#define FOTA_FLAG_INPUTS 5U
#define FOTA_BYTE_INPUTS 7U
#define FOTA_FLAG_SETS   (FOTA_COPY_TYPES * 2U)
#define FOTA_BYTE_SETS   24U

/* All that a unit's models learn; reset at each unit's begin. */
struct fota_byte_models {
    uint32_t run[16][FOTA_COPY_TYPES];     /* by equal bytes since the last difference */
    uint32_t history[32][FOTA_COPY_TYPES]; /* by the last five flags */
    uint32_t place[8][8][2];               /* by distance to the op's begin and end */
    int32_t flag_weights[FOTA_FLAG_SETS][FOTA_FLAG_INPUTS];
    int32_t byte_weights[FOTA_BYTE_SETS][FOTA_BYTE_INPUTS];
    uint32_t last;        /* the last four new bytes, the latest lowest */
    uint32_t equal_run;   /* bytes since the last difference */
    uint32_t flags;       /* the last flags, the latest lowest */
    uint8_t last_diff;    /* new - predicted at the last difference */
    uint8_t lane_diff[4]; /* the same by place in the word */
};

struct fota_delta {
    const struct fota_delta_source *source;
    struct fota_delta_params params;
    struct fota_op_limits limits;
    struct fota_delta_unit unit;
    enum fota_err err;       /* sticky until the next begin */
    uint32_t pos;            /* next new byte to code */
    uint32_t end;            /* of the unit */
    struct fota_coder coder; /* of the unit's bytes */
    struct fota_rangedec rangedec;
    struct fota_rangedec ops_rangedec;
    struct fota_op_model ops;
    struct fota_op op; /* the one that holds `pos` or follows it */
    uint8_t hash_bits;
    uint8_t n_pending; /* bytes decoded but not yet asked for */
    uint8_t pending[4];
    struct fota_window src;
    struct fota_byte_models models;
    uint16_t *hashed; /* 1 << hash_bits short counters, behind this struct */
};

/* Begin a unit with another coder: the encoder's. */
FOTA_NODISCARD enum fota_err
fota_delta_begin_with(struct fota_delta *d, const struct fota_delta_unit *unit,
                      const struct fota_coder *coder);
/* Code the whole unit's bytes with that coder. */
FOTA_NODISCARD enum fota_err fota_delta_encode(struct fota_delta *d, const uint8_t *new_bytes);

/* core/delta_bytes.c: models of single bytes */
void fota_delta_models_reset(struct fota_delta *d);
uint8_t fota_delta_literal(struct fota_delta *d, uint8_t byte);
/* A byte of a copy that is expected to be `predicted`. */
uint8_t fota_delta_copied(struct fota_delta *d, uint8_t byte, uint8_t predicted, uint32_t type);

/* The source byte at `off`, or -1 when it is not readable now. */
int32_t fota_delta_src_byte(struct fota_delta *d, uint32_t off);

#endif
