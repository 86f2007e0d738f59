/* SPDX-License-Identifier: MIT */
/* Which ops, and which moves of RAM, the decoder's address map is to know. */
#ifndef FOTA_HOST_ADDRESS_MAP_H
#define FOTA_HOST_ADDRESS_MAP_H

#include "core/delta_map.h"
#include "host/analyze.h"
#include "host/parse.h"

/* Mark up to `room` ops for the map: long ones first, none that longer ones cover by half.  How
 * many. */
FOTA_NODISCARD enum fota_err fota_address_map_mark(struct fota_ops *ops, uint32_t src_bytes,
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
