/* SPDX-License-Identifier: MIT */
/* Images made for tests of the codec: reproducible, of chosen kinds. */
#ifndef FOTA_TEST_IMAGES_H
#define FOTA_TEST_IMAGES_H

#include "core/flash.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static inline uint32_t next_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

static inline uint8_t *random_image(uint32_t n_bytes, uint32_t seed)
{
    uint8_t *at = malloc(n_bytes + 1U);
    uint32_t state = seed * 2654435761U + 1;
    for (uint32_t i = 0; i < n_bytes; i++)
        at[i] = (uint8_t)(next_random(&state) >> 11);
    return at;
}

#define CODE_FUNCTION_BYTES 512U
#define CODE_FUNCTIONS      40U
#define CODE_ADDRESS        0x08000000U

/* Where the byte that would lie at `off` lies with `shift` bytes inserted every 4 KiB. */
static inline uint32_t code_place(uint32_t off, uint32_t shift)
{
    return off + off / 4096 * shift;
}

static inline uint32_t code_call(uint32_t from, uint32_t to)
{
    uint32_t apart = (to - (from + 4)) >> 1;
    uint32_t s = (apart >> 23) & 1U;
    uint32_t high = 0xF000U | (s << 10) | ((apart >> 11) & 0x3FFU);
    uint32_t low = 0xD000U | (((~(apart >> 22) ^ s) & 1U) << 13) |
                   (((~(apart >> 21) ^ s) & 1U) << 11) | (apart & 0x7FFU);
    return high | (low << 16);
}

/* A word of such an image, without insertions at `off`. */
static inline uint32_t code_word(uint32_t off, uint32_t shift, uint32_t kind, uint32_t value)
{
    uint32_t in_function = off % CODE_FUNCTION_BYTES;
    uint32_t pool = CODE_FUNCTION_BYTES - 32; /* literal words end a function */
    uint32_t target = code_place(value % CODE_FUNCTIONS * CODE_FUNCTION_BYTES, shift);
    uint32_t moves = 0x60002000U | (value & 0x0FFF0FFFU);
    if (in_function == 0) return 0x4604B510U; /* push */
    if (in_function >= pool)
        return value >> 31 ? CODE_ADDRESS + target + 1
                           : 0x20000000U + (value >> 8) % 4096 / 4 * 4 + shift;
    if (kind == 0) return code_call(code_place(off, shift), target);
    if (kind == 1)
        return 0x46004800U | (value % 8 << 8) | ((pool - in_function - 4) / 4 + value / 8 % 8);
    if (kind == 2) return 0x4600D000U | (value & 0xDFFU); /* a branch */
    return moves;
}

/* Thumb code: functions that call one another, load literal words (pointers to functions, and
 * into RAM) and branch, `shift` bytes (a multiple of 4) inserted every 4 KiB.  RAM lies `shift`
 * bytes further. */
static inline uint8_t *code_image(uint32_t n_bytes, uint32_t shift)
{
    uint8_t *at = malloc(n_bytes + 4U);
    uint32_t state = 12345;
    memset(at, 0xBF, n_bytes);
    for (uint32_t off = 0; code_place(off, shift) < n_bytes; off += 4) {
        uint32_t kind = next_random(&state) % 8;
        uint32_t word = code_word(off, shift, kind, next_random(&state));
        for (int i = 0; i < 4; i++)
            at[code_place(off, shift) + (uint32_t)i] = (uint8_t)(word >> (8 * i));
    }
    return at;
}

struct test_slot {
    struct fota_flash_run run;
    struct fota_flash flash;
    struct fota_area area;
};

static inline void make_slot(struct test_slot *s, uint32_t n_sectors, uint32_t sector_bytes)
{
    memset(s, 0, sizeof *s);
    s->run = (struct fota_flash_run){n_sectors, sector_bytes};
    s->flash = (struct fota_flash){
        .runs = &s->run, .n_runs = 1, .program_bytes = 1, .page_bytes = 256, .erased = 0xFF};
    s->area = (struct fota_area){&s->flash, 0, n_sectors * sector_bytes};
}

#endif
