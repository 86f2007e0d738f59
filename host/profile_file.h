/* SPDX-License-Identifier: MIT */
/* A device's flash layout for the maker's side: from a profile file or from a few numbers,
 * parsed and checked, with areas ready for use.  No flash behind it. */
#ifndef FOTA_HOST_PROFILE_FILE_H
#define FOTA_HOST_PROFILE_FILE_H

#include "core/profile.h"
#include "host/fault.h"

/* Points into itself: do not copy. */
struct fota_layout {
    struct fota_profile profile;
    struct fota_flash flash[FOTA_PROFILE_FLASHES_MAX];
    struct fota_area area[FOTA_AREA_COUNT]; /* over `flash`: geometry only */
};

/* Read a device profile.  FOTA_E_IO, FOTA_E_PROFILE with line and reason. */
FOTA_NODISCARD enum fota_err
fota_layout_read(struct fota_layout *out, const char *path, struct fota_fault *fault);
/* The layout of fota_profile_simple().  FOTA_E_PROFILE. */
FOTA_NODISCARD enum fota_err
fota_layout_simple(struct fota_layout *out, uint32_t sector_bytes, uint32_t scratch_sectors,
                   uint32_t n_slots, uint32_t slot_bytes, struct fota_fault *fault);
/* The layout of a profile made by the caller.  FOTA_E_PROFILE. */
FOTA_NODISCARD enum fota_err
fota_layout_of(struct fota_layout *out, const struct fota_profile *profile, const char *path,
               struct fota_fault *fault);

#endif
