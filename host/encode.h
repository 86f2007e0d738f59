/* SPDX-License-Identifier: MIT */
/* The delta encoder: old and new image in, the body of a package out (doc/package-format.md 5).
 * Deterministic: equal inputs give equal bytes on every host.  Every body is decoded again with
 * core/delta.c, under the readability rules of the format, and compared before it is returned.
 */
#ifndef FOTA_HOST_ENCODE_H
#define FOTA_HOST_ENCODE_H

#include "core/err.h"
#include "core/flash.h"
#include <stddef.h>
#include <stdint.h>

#define FOTA_IMAGE_MAX_BYTES 0x1000000U /* 16 MiB: the largest image */

enum fota_encode_mode {
    FOTA_ENCODE_IN_PLACE,  /* over the old image, with a ring of scratch sectors */
    FOTA_ENCODE_TWO_SLOTS, /* into a second slot */
    FOTA_ENCODE_FULL,      /* without an old image */
};

struct fota_encode_options {
    enum fota_encode_mode mode;
    const struct fota_area *slot; /* only its sector sizes are used */
    uint32_t scratch_sectors;     /* in place: ring sectors there are, 1..64 */
    uint32_t unit_sectors;        /* sectors a unit writes at most; 0: chosen by the encoder */
    uint32_t decoder_bytes;       /* the device's limit for the decoder's workspace */
    unsigned level;               /* 0 default; 1 fast ... 3 smallest */
    /* May be null.  Called now and then with 0..100. */
    void (*progress)(void *ctx, unsigned percent);
    void *progress_ctx;
};

/* What the body is made of and what it costs the device. */
struct fota_encode_stats {
    uint32_t prologue_bytes; /* parameters, ops, map */
    uint32_t unit_head_bytes;
    uint32_t coded_bytes; /* all units' coded bytes */
    uint32_t n_ops;       /* copies */
    uint32_t n_map_segments;
    uint32_t literal_bytes;     /* new bytes in no copy */
    uint32_t unchanged_sectors; /* of the new image: in place, never touched */
    uint32_t written_sectors;   /* = erases of the slot */
    uint32_t stash_steps;       /* = erases of scratch */
};

struct fota_encoded {
    uint8_t *body; /* malloc'd: fota_encoded_free() */
    uint32_t body_bytes;
    uint32_t prologue_bytes;
    uint16_t n_units;
    uint16_t scratch_sectors; /* ring sectors used; 0 unless in place */
    uint8_t codec;            /* enum fota_codec */
    uint8_t arch;             /* enum fota_arch */
    uint32_t decoder_bytes;   /* workspace the decoder needs */
    struct fota_encode_stats stats;
};

struct fota_bytes {
    const uint8_t *at;
    uint32_t n_bytes;
};

/* Encode `new_image` against `old_image` (no bytes for FOTA_ENCODE_FULL).  `out` is written
 * only on FOTA_OK.  FOTA_E_IMAGE (empty, or larger than FOTA_IMAGE_MAX_BYTES),
 * FOTA_E_SLOT_SPACE, FOTA_E_RAM (decoder_bytes too small), FOTA_E_NOMEM, FOTA_E_INTERNAL (the
 * proof failed). */
FOTA_NODISCARD enum fota_err
fota_encode(struct fota_encoded *out, struct fota_bytes old_image, struct fota_bytes new_image,
            const struct fota_encode_options *options);
void fota_encoded_free(struct fota_encoded *encoded);

#endif
