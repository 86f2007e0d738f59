/* SPDX-License-Identifier: MIT */
/* Going through an image by instructions, as the decoder would. */
#ifndef FOTA_HOST_WALK_H
#define FOTA_HOST_WALK_H

#include "core/isa.h"
#include "host/encode.h"

struct fota_walk {
    const struct fota_isa *isa;
    struct fota_bytes image;
    uint8_t *pool; /* malloc'd: per word, 1 when a load reads it */
    uint32_t base;
    uint32_t next;
    struct fota_isa_state state;
};

struct fota_walk_item {
    uint32_t off;
    uint32_t word;
    bool in_pool; /* 4 bytes of data; otherwise an instruction: */
    struct fota_ref ref;
};

/* FOTA_E_NOMEM. */
FOTA_NODISCARD enum fota_err fota_walk_open(struct fota_walk *w, struct fota_bytes image,
                                            enum fota_arch arch, uint32_t base);
void fota_walk_close(struct fota_walk *w);
void fota_walk_rewind(struct fota_walk *w);
/* The next thing; false at the end of the image. */
bool fota_walk_next(struct fota_walk *w, struct fota_walk_item *item);
/* Go on at `off` instead of behind the last thing. */
void fota_walk_skip_to(struct fota_walk *w, uint32_t off);
/* The word of data at `off`. */
uint32_t fota_walk_data(const struct fota_walk *w, uint32_t off);

#endif
