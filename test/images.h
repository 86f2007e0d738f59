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

/* Code-like content: functions of push, moves, calls to one another, literal words and strings,
 * `shift` bytes inserted every 4 KiB or so. */
static inline uint8_t *code_image(uint32_t n_bytes, uint32_t shift)
{
    uint8_t *at = malloc(n_bytes + 64U);
    uint32_t state = 12345;
    uint32_t pos = 0;
    uint32_t inserted = 0;
    while (pos < n_bytes) {
        uint32_t kind = next_random(&state) % 8;
        uint32_t value = next_random(&state);
        uint8_t word[4] = {(uint8_t)value, (uint8_t)(0x20 + value % 16), (uint8_t)(value >> 8),
                           (uint8_t)(0x60 + (value >> 8) % 16)};
        if (kind == 0) {
            uint32_t target = (value % n_bytes & ~1U) + value % n_bytes / 4096 * shift;
            uint32_t apart = (target - (pos + 4)) >> 1;
            uint32_t s = (apart >> 23) & 1U;
            uint32_t high = 0xF000U | (s << 10) | ((apart >> 11) & 0x3FFU);
            uint32_t low = 0xD000U | (((~(apart >> 22) ^ s) & 1U) << 13) |
                           (((~(apart >> 21) ^ s) & 1U) << 11) | (apart & 0x7FFU);
            word[0] = (uint8_t)high, word[1] = (uint8_t)(high >> 8);
            word[2] = (uint8_t)low, word[3] = (uint8_t)(low >> 8);
        } else if (kind == 1) {
            uint32_t pointer = 0x08000000U + value % n_bytes + value % n_bytes / 4096 * shift;
            for (int i = 0; i < 4; i++)
                word[i] = (uint8_t)(pointer >> (8 * i));
        }
        memcpy(at + pos, word, 4);
        pos += 4;
        if (pos / 4096 > inserted) {
            memset(at + pos, 0xBF, shift < 60 ? shift : 60);
            pos += shift;
            inserted = pos / 4096;
        }
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
