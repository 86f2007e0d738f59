/* SPDX-License-Identifier: MIT */
/* What can be told of a raw image: its instruction set, its address, its RAM.  doc/codec.md 9.
 */
#ifndef FOTA_HOST_ANALYZE_H
#define FOTA_HOST_ANALYZE_H

#include "core/delta.h"
#include "core/delta_state.h"
#include "host/encode.h"
#include <stdbool.h>

#define FOTA_NO_BASE 0xF0000000U /* no word is a pointer into an image here */

/* FOTA_E_NOMEM. */
FOTA_NODISCARD enum fota_err
fota_analyze(enum fota_arch *arch, struct fota_delta_space *space, struct fota_bytes image);

/* Thumb: walk an image's half-words, telling literal pool words from instructions. */
struct fota_thumb_walk {
    struct fota_bytes image;
    uint8_t *pool; /* malloc'd: per word, 1 when a load before it reads it */
};
FOTA_NODISCARD enum fota_err
fota_thumb_walk_open(struct fota_thumb_walk *w, struct fota_bytes image);
void fota_thumb_walk_close(struct fota_thumb_walk *w);
/* Whether the word at the aligned offset `off` is in a literal pool. */
bool fota_thumb_walk_is_pool(const struct fota_thumb_walk *w, uint32_t off);

#endif
