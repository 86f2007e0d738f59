/* SPDX-License-Identifier: MIT */
/* Places in the source that begin like a place in the new image. */
#ifndef FOTA_HOST_SEEDS_H
#define FOTA_HOST_SEEDS_H

#include "host/parse.h"
#include "host/suffix.h"

#define FOTA_SEEDS_MAX 16U

struct fota_seeds {
    const struct fota_parse_job *job;
    struct fota_suffix suffix;
    uint32_t *rank; /* of each suffix, only when the source is the new image itself */
    uint32_t per_side;
};

FOTA_NODISCARD enum fota_err
fota_seeds_open(struct fota_seeds *s, const struct fota_parse_job *job);
void fota_seeds_close(struct fota_seeds *s);
/* Up to FOTA_SEEDS_MAX readable source offsets whose bytes begin as new offset `dst_off`. */
uint32_t
fota_seeds_at(const struct fota_seeds *s, uint32_t dst_off, uint32_t src_off[FOTA_SEEDS_MAX]);

#endif
