/* SPDX-License-Identifier: MIT */
/* Everything that must hold before the first erase of slot or scratch.  Used by the application
 * (to accept or refuse) and again by the boot loader (which trusts no one).  Order: prefix,
 * head, signature, product, already there, counter, fit, base hash, body hash, unit heads. */
#ifndef FOTA_CORE_PACKAGE_CHECK_H
#define FOTA_CORE_PACKAGE_CHECK_H

#include "core/device.h"
#include "core/identity.h"
#include "core/package.h"

struct fota_package_check {
    const struct fota_device *device;
    bool check_base; /* hash the base too: false once the slot has been touched */
    uint8_t stage;   /* enum of package_check.c */
    bool has_identity;
    uint32_t off;     /* progress inside a stage */
    uint32_t n_steps; /* stash and write steps of all units (set by the unit stage) */
    uint32_t unit;
    struct fota_sha256 sha;
    struct fota_identity identity; /* of the device, as found */
    struct fota_package pkg;       /* valid from the head stage on */
};

/* Begin to check the package that lies in the device's staging area.  `received_bytes` is what
 * has been received, or UINT32_MAX when not known (boot loader).  `check_base`: false when the
 * slot may have been touched (then product, counter and base are not compared). */
void fota_package_check_begin(struct fota_package_check *c, const struct fota_device *device,
                              uint32_t received_bytes, bool check_base);
/* One bounded piece of work (at most one signature check or 1 KiB hashed).  Reads only.
 * FOTA_MORE; FOTA_OK: accepted; else the reason. */
FOTA_NODISCARD enum fota_err fota_package_check_step(struct fota_package_check *c);

#endif
