/* SPDX-License-Identifier: MIT */
#include "core/image_hash.h"
#include "core/mem.h"

enum { STEP_BYTES = 1024, CHUNK_BYTES = 256 };

void fota_image_hash_begin(struct fota_image_hash *h, const struct fota_area *area,
                           uint32_t n_bytes)
{
    h->area = area;
    h->n_bytes = n_bytes;
    h->off = 0;
    fota_sha256_init(&h->sha);
}

enum fota_err
fota_image_hash_step(struct fota_image_hash *h, const uint8_t expected[FOTA_SHA256_BYTES])
{
    uint8_t chunk[CHUNK_BYTES];
    for (uint32_t done = 0; done < STEP_BYTES && h->off < h->n_bytes;) {
        uint32_t left = h->n_bytes - h->off;
        uint32_t n = left < CHUNK_BYTES ? left : CHUNK_BYTES;
        if (fota_area_read(h->area, h->off, chunk, n) < 0) return FOTA_E_IMAGE_HASH;
        fota_sha256_update(&h->sha, chunk, n);
        h->off += n;
        done += n;
    }
    if (h->off < h->n_bytes) return FOTA_MORE;
    uint8_t digest[FOTA_SHA256_BYTES];
    fota_sha256_final(&h->sha, digest);
    return memcmp(digest, expected, sizeof digest) == 0 ? FOTA_OK : FOTA_E_IMAGE_HASH;
}
