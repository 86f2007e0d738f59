/* SPDX-License-Identifier: MIT */
/* Images in which references say where they point, instead of how far: what matches there is
 * what the decoder can predict. */
#ifndef FOTA_HOST_PROJECT_H
#define FOTA_HOST_PROJECT_H

#include "host/analyze.h"

struct fota_projection {
    enum fota_arch arch;
    const struct fota_delta_space *space;
    const struct fota_map *map;     /* null: references are blanked */
    const struct fota_map *ram_map; /* with `map` */
};

/* The old image's references are shown where `map` moves them, the new one's as they are
 * (`is_old` false).  `weak`: null, or gets 1 for each byte of a reference.  Both malloc'd by
 * the caller, as long as the image. */
FOTA_NODISCARD enum fota_err fota_project(uint8_t *out, uint8_t *weak, struct fota_bytes image,
                                          bool is_old, const struct fota_projection *how);

#endif
