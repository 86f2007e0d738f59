/* SPDX-License-Identifier: MIT */
/* The instructions of Thumb-2 that refer to other places, and nothing else of it.  Half-words
 * and words are as in memory, little-endian: the first half-word is the low half.  Offsets are
 * from the instruction's own address. */
#ifndef FOTA_CORE_THUMB_H
#define FOTA_CORE_THUMB_H

#include <stdbool.h>
#include <stdint.h>

/* Whether this half-word is the first of a 32-bit instruction. */
static inline bool fota_thumb_is_wide(uint32_t half)
{
    return (half & 0xF800U) >= 0xE800U;
}

/* BL and B.W. */
static inline bool fota_thumb_is_call(uint32_t word)
{
    return (word & 0xF800U) == 0xF000U && ((word >> 16) & 0xD000U) >= 0x9000U &&
           ((word >> 16) & 0xD000U) != 0xC000U;
}

/* Offset of the target of a BL or B.W. */
static inline uint32_t fota_thumb_call_offset(uint32_t word)
{
    uint32_t low = word >> 16;
    uint32_t s = (word >> 10) & 1U;
    uint32_t i1 = ~((low >> 13) ^ s) & 1U;
    uint32_t i2 = ~((low >> 11) ^ s) & 1U;
    uint32_t offset = (i1 << 23) | (i2 << 22) | ((word & 0x3FFU) << 12) | ((low & 0x7FFU) << 1);
    return (s != 0 ? offset | 0xFF000000U : offset) + 4U;
}

/* The same instruction with another offset; false when it cannot reach. */
static inline bool fota_thumb_set_call(uint32_t *word, uint32_t offset)
{
    offset -= 4U;
    uint32_t top = offset >> 24;
    if ((offset & 1U) != 0 || (top != 0 && top != 0xFFU)) return false;
    uint32_t s = top & 1U;
    uint32_t j1 = ~((offset >> 23) ^ s) & 1U;
    uint32_t j2 = ~((offset >> 22) ^ s) & 1U;
    uint32_t high = (*word & 0xF800U) | (s << 10) | ((offset >> 12) & 0x3FFU);
    uint32_t low =
        ((*word >> 16) & 0xD000U) | (j1 << 13) | (j2 << 11) | ((offset >> 1) & 0x7FFU);
    *word = high | (low << 16);
    return true;
}

/* 16-bit branches: B<cond>, B, CBZ, CBNZ. */
enum fota_thumb_branch {
    FOTA_THUMB_NO_BRANCH,
    FOTA_THUMB_B_COND,
    FOTA_THUMB_B,
    FOTA_THUMB_CBZ,
};

static inline enum fota_thumb_branch fota_thumb_branch_of(uint32_t half)
{
    if ((half & 0xF000U) == 0xD000U && (half & 0x0F00U) < 0x0E00U) return FOTA_THUMB_B_COND;
    if ((half & 0xF800U) == 0xE000U) return FOTA_THUMB_B;
    if ((half & 0xF500U) == 0xB100U) return FOTA_THUMB_CBZ;
    return FOTA_THUMB_NO_BRANCH;
}

uint32_t fota_thumb_branch_offset(uint32_t half, enum fota_thumb_branch kind);
bool fota_thumb_set_branch(uint32_t *half, enum fota_thumb_branch kind, uint32_t offset);

/* LDR Rt, [PC, #imm]: 16 bits, 4800..4FFF. */
static inline bool fota_thumb_is_load(uint32_t half)
{
    return (half & 0xF800U) == 0x4800U;
}

/* LDR.W Rt, [PC, #+-imm]. */
static inline bool fota_thumb_is_wide_load(uint32_t word)
{
    return (word & 0xFF7FU) == 0xF85FU;
}

/* Address that a load at `address` reads. */
uint32_t fota_thumb_load_target(uint32_t word, uint32_t address);
/* The same load, at `address`, from another target; false when it cannot reach. */
bool fota_thumb_set_load(uint32_t *word, uint32_t address, uint32_t target);

#endif
