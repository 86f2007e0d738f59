/* SPDX-License-Identifier: MIT */
/* One small record that survives power cuts, in an area of two sectors: each write erases the
 * sector that does not hold the newest record and programs the new one there, with a higher
 * epoch.  Used for identity and settings.  Why it is safe: doc/design.md 6. */
#ifndef FOTA_CORE_RECORD_STORE_H
#define FOTA_CORE_RECORD_STORE_H

#include "core/flash.h"

#define FOTA_RECORD_BYTES_MAX 192U /* payload */

/* The newest valid record's payload into `dst` (n_bytes of it; a shorter record is filled up
 * with zeros, a longer one cut).  FOTA_E_NO_IMAGE when there is none.  `*epoch` its epoch, 0 if
 * none. */
FOTA_NODISCARD enum fota_err
fota_record_read(const struct fota_area *area, uint8_t *dst, uint32_t n_bytes, uint32_t *epoch);

/* A write in progress.  Fields are private. */
struct fota_record_write {
    const struct fota_area *area;
    uint32_t sector;
    uint32_t done_bytes;  /* programmed and read back */
    uint32_t image_bytes; /* record and padding to the program unit */
    bool erased;
    uint8_t tries;
    uint8_t image[FOTA_PAGE_MAX];
};

/* Begin to write a payload; the epoch becomes the larger of newest + 1 and `least_epoch`. */
void fota_record_write_begin(struct fota_record_write *w, const struct fota_area *area,
                             const uint8_t *payload, uint32_t n_bytes, uint32_t least_epoch);
/* Do at most one erase or program.  FOTA_MORE, FOTA_BUSY, FOTA_OK when the record is written
 * and read back; FOTA_E_WORN when three tries did not do it. */
FOTA_NODISCARD enum fota_err fota_record_write_step(struct fota_record_write *w);

#endif
