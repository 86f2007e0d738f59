/* SPDX-License-Identifier: MIT */
/* The address map: where the things that lay at an old address lie now.  Segments of the
 * address space, each moved by its own distance.  24-bit arithmetic.  doc/codec.md 6. */
#ifndef FOTA_CORE_DELTA_MAP_H
#define FOTA_CORE_DELTA_MAP_H

#include "core/err.h"
#include <stddef.h>
#include <stdint.h>

#define FOTA_MAP_SEGMENT_BYTES ((size_t)6)
#define FOTA_MAP_MASK          0xFFFFFFU

struct fota_map {
    uint8_t
        *at; /* room segments in ascending order: begin, diagonal (old - new), 24 bits each */
    uint32_t n;
    uint32_t room;
};

/* Add a segment: addresses from `begin` to the next segment's begin are at `begin - diagonal`
 * now.  FOTA_E_BODY when there is no room. */
FOTA_NODISCARD enum fota_err
fota_map_add(struct fota_map *m, uint32_t begin, uint32_t diagonal);
/* The diagonal at `address`: of the last segment that begins there or before, or of the first;
 * 0 without segments. */
uint32_t fota_map_diagonal(const struct fota_map *m, uint32_t address);

#endif
