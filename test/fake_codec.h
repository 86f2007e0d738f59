/* SPDX-License-Identifier: MIT */
/* A stand-in for core/delta.c and the encoder, for tests of what surrounds the codec: linked
 * instead of them.  New bytes are coded in blocks of 16: an op (literal, old at, new at), an
 * offset, and the XOR with what lies there.  The builder draws what each block reads at random
 * from everything that doc/package-format.md allows it to read, so that an updater which
 * forgets, moves or rewrites anything too early fails. */
#ifndef FOTA_TEST_FAKE_CODEC_H
#define FOTA_TEST_FAKE_CODEC_H

#include "core/flash.h"
#include "core/sign.h"
#include <stddef.h>
#include <stdint.h>

#define FAKE_UNITS_MAX 64

struct fake_unit {
    uint32_t first; /* sector */
    uint32_t n;     /* sectors of the span */
    uint64_t mask;  /* which are written */
};

struct fake_spec {
    const struct fota_area *slot;
    uint32_t features;
    uint32_t counter;
    uint32_t scratch_sectors; /* in place: ring sectors that the package uses */
    const uint8_t *old_image; /* null: full */
    uint32_t old_bytes;
    const uint8_t *new_image;
    uint32_t new_bytes;
    const char *product;
    const char *from_version;
    const char *to_version;
    uint64_t seed;
    uint8_t trial_boots;          /* 0: no trial section */
    const struct fake_spec *back; /* trial: the way back; in place with its units */
    uint32_t n_units;
    struct fake_unit units[FAKE_UNITS_MAX];
};

/* Plan units of `unit_sectors` sectors each, in ascending or descending order.  In place, equal
 * sectors are not written, and units without a written sector left out. */
void fake_plan(struct fake_spec *spec, uint32_t unit_sectors, int descending);
/* Write the package; returns its bytes, or 0 if `capacity` is too small. */
uint32_t fake_package(uint8_t *out, uint32_t capacity, const struct fake_spec *spec);
/* Sign again a package whose unmasked head was changed (mask 0x5A). */
void fake_sign(uint8_t *package);
/* A verifier that trusts fake_package()'s signature: no cryptography, only a CRC. */
extern const struct fota_verifier fake_verifier;

#endif
