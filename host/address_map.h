/* SPDX-License-Identifier: MIT */
/* Which ops, and which moves of RAM, the decoder's address map is to know. */
#ifndef FOTA_HOST_ADDRESS_MAP_H
#define FOTA_HOST_ADDRESS_MAP_H

#include "core/delta_map.h"
#include "host/analyze.h"
#include "host/parse.h"

/* How many references of the old image go to offsets below i; image.n_bytes + 1 counts. */
FOTA_NODISCARD enum fota_err
fota_count_references(uint32_t *counts, struct fota_bytes image, enum fota_arch arch,
                      const struct fota_delta_space *space);
/* Mark up to `room` ops (at least one) for the map: those with the most references (counted as
 * above) that the others cannot stand for.  How many. */
FOTA_NODISCARD enum fota_err
fota_address_map_mark(struct fota_ops *ops, const uint32_t *references, uint32_t src_bytes,
                      uint32_t room, uint32_t *n_marked);
/* The map that the marked ops make; `room` of it set, `at` malloc'd. */
FOTA_NODISCARD enum fota_err
fota_address_map_build(struct fota_map *map, const struct fota_ops *ops, uint32_t n_marked);
/* The moves of RAM that the ops show; `at` malloc'd. */
FOTA_NODISCARD enum fota_err
fota_ram_map_build(struct fota_map *map, const struct fota_ops *ops,
                   struct fota_bytes old_image, struct fota_bytes new_image,
                   const struct fota_delta_space *space, uint32_t room);

#endif
