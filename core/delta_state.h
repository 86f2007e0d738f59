/* SPDX-License-Identifier: MIT */
/* Inside of the delta decoder: its state, and what its files give each other.  Private to
 * core/delta*.c, and to the encoder, which runs the same code with a coder that writes. */
#ifndef FOTA_CORE_DELTA_STATE_H
#define FOTA_CORE_DELTA_STATE_H

#include "core/delta.h"
#include "core/delta_map.h"
#include "core/delta_ops.h"
#include "core/rangedec.h"

#define FOTA_DELTA_DIRECT      1024U /* counters set apart for contexts of order 0 ... */
#define FOTA_DELTA_DIRECT_FROM 1280U /* ... when there are at least so many */
#define FOTA_DELTA_HASH_UNIT                                                                   \
    128U                       /* hashed counters come in multiples of this, 1 to 255 times */
#define FOTA_PROLOGUE_PLAIN 4U /* bytes before the range coded ones */

/* What the format counts for the state below, on every machine. */
#define FOTA_DELTA_STATE_BYTES 7328U

/* Bytes of an image around the place of interest. */
struct fota_window {
    uint32_t off;
    uint32_t n;
    uint8_t bytes[64];
};

#define FOTA_FLAG_INPUTS 5U
#define FOTA_BYTE_INPUTS 5U
#define FOTA_FLAG_SETS   (FOTA_COPY_TYPES * 2U)
#define FOTA_BYTE_SETS   24U

/* What is known of a byte in a copy. */
enum fota_copy_type {
    FOTA_COPY_LANE0, /* nothing: by its place in the source's word */
    FOTA_COPY_LANE1,
    FOTA_COPY_LANE2,
    FOTA_COPY_LANE3,
    FOTA_COPY_SHORT, /* of a 16-bit branch or load, adjusted by the map */
    FOTA_COPY_WIDE,  /* of a 32-bit load, adjusted */
    FOTA_COPY_CALL,  /* of a call that no guess hit */
    FOTA_COPY_POINTER,
    FOTA_COPY_TYPES,
};

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
    uint8_t lane_diff[4]; /* new - predicted at the last difference, by place in the word */
};

/* Words that refer to other places. */
enum fota_word_type {
    FOTA_WORD_CALL,
    FOTA_WORD_POINTER, /* into the image */
    FOTA_WORD_RAM,     /* into RAM */
    FOTA_WORD_PAIR,    /* an instruction with a part of an address */
    FOTA_WORD_TYPES,
};

/* Where a guess at a word's new value comes from. */
enum fota_guess {
    FOTA_GUESS_SEEN,      /* the same target was seen before in this unit */
    FOTA_GUESS_MAP,       /* the address map */
    FOTA_GUESS_CORRECTED, /* the map, off by what it was off the last time */
    FOTA_GUESS_NEIGHBOUR, /* as far from the last pointer as it was in the old image */
    FOTA_GUESS_SAME,      /* the old bytes */
    FOTA_GUESSES,
};

#define FOTA_SEEN_ENTRIES 64U
#define FOTA_WORD_INPUTS  4U

struct fota_word_models {
    uint32_t by_results[FOTA_WORD_TYPES][FOTA_GUESSES][8];
    uint32_t by_run[FOTA_WORD_TYPES][16];
    uint32_t by_last[FOTA_WORD_TYPES][FOTA_GUESSES][FOTA_GUESSES + 1];
    uint32_t further[FOTA_WORD_TYPES][FOTA_GUESSES][4];
    int32_t weights[FOTA_WORD_TYPES][FOTA_WORD_INPUTS];
    uint32_t results[FOTA_WORD_TYPES]; /* misses of the first guess, the latest lowest */
    uint32_t hit_run[FOTA_WORD_TYPES];
    uint32_t correction[FOTA_WORD_TYPES]; /* new - map at the last word */
    uint8_t last_guess[FOTA_WORD_TYPES];  /* that was right, FOTA_GUESSES: none */
    struct {
        uint32_t old_target;
        uint32_t new_target;
    } seen[FOTA_SEEN_ENTRIES];
    uint32_t last_old;    /* value of the last pointer in the old image ... */
    uint32_t last_new;    /* ... and in the new one */
    uint32_t pointer_end; /* source offset behind the last pointer or RAM word */
    uint32_t inside_end;  /* source offset behind the last instruction */
    uint32_t pool_at;     /* source offset the pool marks were last looked at for */
    uint8_t pool[32];     /* bit per word, modulo 1 KiB: a load reads it */
    struct fota_isa_state isa;
};

/* What the prologue says of the address space. */
struct fota_delta_space {
    uint32_t base; /* address of the image's first byte */
    uint32_t ram_begin;
    uint32_t ram_bytes;
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
    uint32_t n_hashed;
    uint32_t n_direct; /* of these the first ones are not hashed */
    uint8_t n_pending; /* bytes decoded but not yet asked for */
    uint8_t pending[4];
    struct fota_window src;
    struct fota_byte_models models;
    struct fota_word_models words;
    const struct fota_isa *isa; /* null: no reference prediction */
    struct fota_delta_space space;
    struct fota_map map;     /* of the image */
    struct fota_map ram_map; /* of RAM, offsets from ram_begin */
    uint16_t *hashed;        /* n_hashed short counters, behind this struct; then the maps */
};

_Static_assert(sizeof(struct fota_delta) <= FOTA_DELTA_STATE_BYTES, "doc/codec.md 1");

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

/* One of those short counters. */
uint16_t *fota_delta_hashed(struct fota_delta *d, uint32_t kind, uint32_t value, uint32_t node);
uint32_t fota_delta_run_bucket(uint32_t run);

/* core/delta_words.c: instructions and words that refer to other places */
void fota_delta_words_reset(struct fota_delta *d);
/* Code what begins at the current place of a copy, if it is such a thing: `item` holds the new
 * bytes, or gets them.  How many bytes; 0: it is none. */
uint32_t fota_delta_word(struct fota_delta *d, uint32_t src_off, uint8_t item[4]);
/* Take bytes as coded. */
void fota_delta_took(struct fota_delta *d, const uint8_t *item, uint32_t n_bytes);

/* core/delta.c */
/* Parameters of the address space, by either direction. */
void fota_delta_space_code(struct fota_delta_space *space, const struct fota_coder *coder,
                           bool has_ram);
enum fota_err
fota_delta_ram_segment_code(struct fota_op_model *m, const struct fota_coder *coder,
                            uint32_t *begin, uint32_t *diagonal);
/* The source byte at `off`, or -1 when it is not readable now. */
int32_t fota_delta_src_byte(struct fota_delta *d, uint32_t off);

#endif
