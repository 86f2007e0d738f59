/* SPDX-License-Identifier: MIT */
/* Flash simulator: NOR flash over byte arrays of the caller, with power that can fail inside
 * any operation.  What a cut may leave is the fault model of doc/proof.md.
 *
 * One `struct fota_sim_power` feeds any number of `struct fota_sim_flash`: operations are
 * counted over all of them.  Nothing is allocated. */
#ifndef FOTA_SIM_FLASH_SIM_H
#define FOTA_SIM_FLASH_SIM_H

#include "core/flash.h"
#include <stddef.h>

#define FOTA_SIM_LIES_MAX 64U

/* Where in the operation the power fails. */
enum fota_sim_when {
    FOTA_SIM_BEFORE,
    FOTA_SIM_TORN,
    FOTA_SIM_AFTER,
};

/* What a program leaves that was torn.  "A then B": reads as A at the boot that follows, as B
 * at later ones.  "Right" is what would stand there had the program been completed. */
enum fota_sim_torn_program {
    FOTA_SIM_P_NOTHING,
    FOTA_SIM_P_DONE,
    FOTA_SIM_P_UNIT_PREFIX, /* some units done, the others untouched */
    FOTA_SIM_P_BYTE_PREFIX, /* the same, and one unit in part */
    FOTA_SIM_P_RANDOM_BITS,
    FOTA_SIM_P_NEARLY_ALL, /* one bit missing */
    FOTA_SIM_P_TOUCHED,    /* reads blank, but the units must not be programmed again */
    FOTA_SIM_P_WEAK,       /* bits read at random, each time anew */
    FOTA_SIM_P_RIGHT_BLANK,
    FOTA_SIM_P_RIGHT_WEAK,
    FOTA_SIM_P_RIGHT_ALTERNATING,
    FOTA_SIM_P_BLANK_RIGHT,
    FOTA_SIM_P_BLANK_ALTERNATING,
    FOTA_SIM_P_COUNT
};

/* What an erase leaves that was torn. */
enum fota_sim_torn_erase {
    FOTA_SIM_E_NOTHING,
    FOTA_SIM_E_DONE,
    FOTA_SIM_E_RANDOM_BITS,
    FOTA_SIM_E_WEAK,
    FOTA_SIM_E_BLANK_WEAK,
    FOTA_SIM_E_OLD_WEAK,
    FOTA_SIM_E_BLANK_OLD,
    FOTA_SIM_E_OLD_BLANK,
    FOTA_SIM_E_ALTERNATING,
    FOTA_SIM_E_PIECES, /* pieces of 16 bytes, some erased */
    FOTA_SIM_E_HEAD,
    FOTA_SIM_E_TAIL,
    FOTA_SIM_E_COUNT
};

#define FOTA_SIM_ANY 0xFFU /* outcome: drawn from the seed */

/* How a failing operation fails. */
enum fota_sim_failure {
    FOTA_SIM_REPORTED, /* some bits changed, FOTA_E_FLASH */
    FOTA_SIM_SILENT,   /* some bits changed, FOTA_OK */
};

struct fota_sim_flash;

/* An erase or program, as it begins. */
struct fota_sim_op {
    struct fota_sim_flash *flash;
    uint32_t addr;
    const uint8_t *src; /* a null pointer: erase */
    uint32_t n_bytes;
};

/* The supply.  Zeroed: never fails.  Set the fields before a run. */
struct fota_sim_power {
    uint64_t n_ops;  /* erases and programs begun so far */
    uint64_t cut_at; /* number of the operation (from 1) at which the power fails; 0: never */
    enum fota_sim_when when;
    unsigned outcome; /* TORN: one of the enums above, or FOTA_SIM_ANY */
    uint64_t seed;    /* state of the random source; any value */
    uint32_t boot;    /* count it up at every reset: lies grow older */
    uint32_t busy;    /* an erase answers FOTA_BUSY this many times first */
    uint64_t fail_at; /* operations fail_at .. fail_at + n_fail - 1 fail */
    uint64_t n_fail;
    enum fota_sim_failure failure;
    void (*cut)(void *ctx); /* power is gone; must not return */
    void *cut_ctx;
    /* Told of every operation before anything of it is done.  May be a null pointer. */
    void (*before)(void *ctx, const struct fota_sim_op *op);
    void *before_ctx;
};

/* A range that may read one way at one boot and another way later. */
struct fota_sim_lie {
    uint32_t addr;
    uint32_t n_bytes;
    uint32_t boot; /* at which it was torn */
    uint8_t first; /* how it reads at the boot after it: enum of flash_sim.c */
    uint8_t later; /* how it reads after that */
};

struct fota_sim_flash {
    struct fota_flash port; /* hand out a pointer to this */
    struct fota_sim_power *power;
    uint8_t *data;  /* n_bytes: content */
    uint8_t *other; /* n_bytes: other content of lying ranges; a null pointer: no lies */
    uint8_t *units; /* one for each program unit: enum of flash_sim.c */
    uint32_t n_bytes;
    bool ecc; /* a torn unit reads as FOTA_E_TORN */
    /* Whether a program is one that the contract excepts: where such a one was torn, another
     * may follow without an erase (on write-once flash it fails).  A null pointer: none is. */
    bool (*is_excepted)(const uint8_t *src, uint32_t n_bytes);
    uint32_t worn_addr; /* nothing sticks here */
    uint32_t worn_bytes;
    uint32_t busy_left;
    uint64_t n_reads;
    uint64_t n_programs;
    uint64_t n_erases;
    uint64_t n_violations; /* of the contract in core/flash.h */
    const char *violation; /* the first one, static text */
    struct fota_sim_lie lies[FOTA_SIM_LIES_MAX];
    uint32_t n_lies;
};

/* What a flash device is. */
struct fota_sim_geometry {
    const struct fota_flash_run *runs;
    uint32_t n_runs;
    uint32_t program_bytes;
    uint32_t page_bytes;
    uint8_t erased;
    bool write_once;
};

/* Set up a device over `data`, which keeps its content: units that are not erased count as
 * programmed.  `other` may be a null pointer.  `units` has n_bytes / program_bytes bytes. */
void fota_sim_flash_init(struct fota_sim_flash *f, struct fota_sim_power *power,
                         const struct fota_sim_geometry *geometry, uint8_t *data,
                         uint8_t *other, uint8_t *units);

/* Bytes that hold all of a device's state, and how to take and give it back. */
size_t fota_sim_flash_state_bytes(const struct fota_sim_flash *f);
void fota_sim_flash_save(const struct fota_sim_flash *f, uint8_t *state);
void fota_sim_flash_load(struct fota_sim_flash *f, const uint8_t *state);

/* The next number of the random source. */
uint32_t fota_sim_random(uint64_t *seed);

#endif
