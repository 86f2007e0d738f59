/* SPDX-License-Identifier: MIT */
/* Apply a package on a simulated device: the core's own package check, journal and updater over
 * the flash simulator.  There is no second implementation of an update. */
#ifndef FOTA_HOST_APPLY_H
#define FOTA_HOST_APPLY_H

#include "core/sign.h"
#include "host/encode.h"
#include "host/fault.h"
#include "host/package_file.h"
#include "host/profile_file.h"

struct fota_apply_spec {
    const struct fota_package_file *file;
    const char *path;                 /* of the package, for messages */
    const struct fota_layout *layout; /* a null pointer: one is made that fits the package */
    struct fota_trusted_keys keys;    /* what the device trusts */
    struct fota_bytes old_image;      /* what the device runs; no bytes: nothing */
    void (*progress)(void *ctx, unsigned percent); /* may be null: 0..100 */
    void *progress_ctx;
};

struct fota_applied {
    uint8_t *image; /* the new image, malloc'd */
    uint32_t n_bytes;
    uint64_t n_erases; /* of the update: slot, scratch, journal, identity */
    uint64_t n_programs;
};

/* Provision a device with the old image, hand it the package, let it check and update, and read
 * the new image back; a package with a trial must lead back to the old one, too.  The simulated
 * device has the package's product and a security counter of 0.  The refusal of the device is
 * returned as it is: FOTA_E_SIGNATURE, FOTA_E_BASE, ...; also FOTA_E_GEOMETRY (no layout given
 * and none found), FOTA_E_NOMEM, FOTA_E_INTERNAL (the simulator saw the flash misused). */
FOTA_NODISCARD enum fota_err
fota_apply(struct fota_applied *out, const struct fota_apply_spec *spec,
           struct fota_fault *fault);

#endif
