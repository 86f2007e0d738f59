/* SPDX-License-Identifier: MIT */
/* SHA-256 of the first bytes of an area, a piece at a time. */
#ifndef FOTA_CORE_IMAGE_HASH_H
#define FOTA_CORE_IMAGE_HASH_H

#include "core/flash.h"
#include "core/sha256.h"

struct fota_image_hash {
    const struct fota_area *area;
    uint32_t n_bytes;
    uint32_t off;
    struct fota_sha256 sha;
};

void fota_image_hash_begin(struct fota_image_hash *h, const struct fota_area *area,
                           uint32_t n_bytes);
/* Hash up to 1 KiB more.  FOTA_MORE; FOTA_OK: all hashed and equal to `expected`;
 * FOTA_E_IMAGE_HASH: all hashed, or unreadable, and not equal. */
FOTA_NODISCARD enum fota_err
fota_image_hash_step(struct fota_image_hash *h, const uint8_t expected[FOTA_SHA256_BYTES]);

#endif
