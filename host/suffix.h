/* SPDX-License-Identifier: MIT */
/* Where does this occur?  A suffix array over one byte string (libdivsufsort). */
#ifndef FOTA_HOST_SUFFIX_H
#define FOTA_HOST_SUFFIX_H

#include "core/err.h"
#include <stdint.h>

struct fota_suffix {
    const uint8_t *text; /* borrowed */
    uint32_t n;
    int32_t *order; /* malloc'd: starts of the suffixes in ascending order */
};

FOTA_NODISCARD enum fota_err
fota_suffix_build(struct fota_suffix *s, const uint8_t *text, uint32_t n_bytes);
void fota_suffix_free(struct fota_suffix *s);
/* Place in `order` at which `key` would stand. */
uint32_t fota_suffix_find(const struct fota_suffix *s, const uint8_t *key, uint32_t n_bytes);
/* Length of the common begin of text[start..] and `key`. */
uint32_t fota_suffix_match(const struct fota_suffix *s, uint32_t start, const uint8_t *key,
                           uint32_t n_bytes);

#endif
