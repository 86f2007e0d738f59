/* SPDX-License-Identifier: MIT */
/* Instruction sets, as the delta codec sees them: which instructions refer to other places, to
 * which, and the same instruction with another target.  All that the codec knows of an
 * architecture is behind this; the tables are in core/isa*.c, the format in doc/codec.md 7.
 *
 * Targets are offsets in the image, modulo 2^32 (an address minus that of the image's first
 * byte), also where they lie outside of it.  UNTRUSTED input: any word is a valid argument. */
#ifndef FOTA_CORE_ISA_H
#define FOTA_CORE_ISA_H

#include <stdbool.h>
#include <stdint.h>

/* Values of the package head. */
enum fota_arch {
    FOTA_ARCH_DATA = 0,      /* nothing known: no reference prediction */
    FOTA_ARCH_THUMB = 1,     /* Thumb and Thumb-2: Cortex-M */
    FOTA_ARCH_ARM = 2,       /* A32 with Thumb among it: ARM7 to Cortex-A and -R */
    FOTA_ARCH_AARCH64 = 3,   /* A64 */
    FOTA_ARCH_RISCV = 4,     /* RISC-V of 32 or 64 bits, with compressed instructions */
    FOTA_ARCH_XTENSA = 5,    /* Xtensa with density option, little-endian: ESP8266, ESP32 */
    FOTA_ARCH_XTENSA_BE = 6, /* the same, big-endian */
    FOTA_ARCH_COUNT,
};

/* The instruction sets that are built in, a bit for each value of enum fota_arch.  A port that
 * needs fewer saves their ROM; their packages are then refused. */
#ifndef FOTA_ARCH_MASK
#define FOTA_ARCH_MASK 0x7FU
#endif

enum fota_ref_kind {
    FOTA_REF_NONE,
    FOTA_REF_ADJUST, /* near: made anew for its place, then coded like other bytes */
    FOTA_REF_LOAD,   /* the same; the word at the target is data */
    FOTA_REF_CALL,   /* a call: coded by guesses */
    FOTA_REF_FAR,    /* another far branch: coded like a call */
    FOTA_REF_WORD,   /* the same, but loads: the word at the target is data */
    FOTA_REF_HIGH,   /* upper part of an address, which an instruction behind it completes */
    FOTA_REF_LOW,    /* the lower part */
};

struct fota_ref {
    uint8_t n_bytes; /* of the instruction, 2 to 4 */
    uint8_t kind;    /* enum fota_ref_kind */
    uint8_t form;    /* private to the instruction set */
    uint8_t opcode;  /* something of what is not the target, to tell instructions apart */
    uint32_t target;
};

#define FOTA_ISA_REGISTERS 32U

/* What an instruction set remembers while it goes through a unit; all 0 at its begin. */
struct fota_isa_state {
    uint32_t valid; /* bit per register: holds the upper part of an address */
    struct {
        uint32_t old_value; /* address, in the old image ... */
        uint32_t new_value; /* ... and in the new one */
    } reg[FOTA_ISA_REGISTERS];
    uint8_t mode;
};

/* An instruction's place. */
struct fota_isa_place {
    uint32_t src;     /* offset in the old image */
    uint32_t pos;     /* offset in the new image */
    uint32_t word;    /* the old bytes from there on, little-endian ... */
    uint32_t n_bytes; /* ... 2 to 4 of them */
    uint32_t base;    /* address of the image's first byte */
    void *ctx;
    /* The old byte at an offset, or -1 when it cannot be read. */
    int32_t (*old_byte)(void *ctx, uint32_t off);
};

struct fota_isa {
    uint8_t align;       /* instructions begin at multiples of this: 1, 2 or 4 */
    bool big_endian;     /* the addresses in data */
    bool words_anywhere; /* pointers may stand where an instruction would go on, and RAM
                            addresses need no other sign: data lies among the code */
    /* The instruction at `p`. */
    struct fota_ref (*find)(struct fota_isa_state *s, const struct fota_isa_place *p);
    /* `*word`, found as `r`, with another target; false when it cannot reach. */
    bool (*set)(const struct fota_isa_state *s, uint32_t *word, const struct fota_ref *r,
                const struct fota_isa_place *p, uint32_t target);
    /* What the new instruction refers to; false when it is none of that form. */
    bool (*target)(const struct fota_isa_state *s, uint32_t word, const struct fota_ref *r,
                   const struct fota_isa_place *p, uint32_t *target);
    /* After the instruction at `p`, which is `new_word` now.  May be null. */
    void (*done)(struct fota_isa_state *s, const struct fota_ref *r,
                 const struct fota_isa_place *p, uint32_t new_word);
};

/* Null for FOTA_ARCH_DATA and for what is unknown or left out. */
const struct fota_isa *fota_isa_of(uint8_t arch);

extern const struct fota_isa fota_isa_thumb;
extern const struct fota_isa fota_isa_arm;
extern const struct fota_isa fota_isa_aarch64;
extern const struct fota_isa fota_isa_riscv;
extern const struct fota_isa fota_isa_xtensa;
extern const struct fota_isa fota_isa_xtensa_be;

/* The bytes of a word in the other order. */
static inline uint32_t fota_isa_swap(uint32_t v)
{
    return (v >> 24) | ((v >> 8) & 0xFF00U) | ((v << 8) & 0xFF0000U) | (v << 24);
}

/* Two's complement of `n_bits` bits, 1 to 31, to 32. */
static inline uint32_t fota_isa_signed(uint32_t v, uint32_t n_bits)
{
    uint32_t sign = 1U << (n_bits - 1);
    return ((v & (sign * 2 - 1)) ^ sign) - sign;
}

/* Whether a signed number fits in `n_bits` bits. */
static inline bool fota_isa_fits(uint32_t v, uint32_t n_bits)
{
    return fota_isa_signed(v, n_bits) == v;
}

#endif
