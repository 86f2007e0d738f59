/* SPDX-License-Identifier: MIT */
/* SHA-256 (FIPS 180-4), streaming. */
#ifndef FOTA_CORE_SHA256_H
#define FOTA_CORE_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define FOTA_SHA256_BYTES 32U

struct fota_sha256 {
    uint32_t state[8];
    uint64_t n_bytes;  /* hashed so far */
    uint8_t block[64]; /* the not yet hashed tail */
};

void fota_sha256_init(struct fota_sha256 *h);
void fota_sha256_update(struct fota_sha256 *h, const uint8_t *data, size_t n_bytes);
/* Write the digest; `h` must be initialised again before further use. */
void fota_sha256_final(struct fota_sha256 *h, uint8_t digest[FOTA_SHA256_BYTES]);

#endif
