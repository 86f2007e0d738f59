/* SPDX-License-Identifier: MIT */
/* The identity record: binds what ATI says to the bytes in the slot, and holds the security
 * counter.  Written at provisioning and by the boot loader at the end of an update; read by
 * both programs.  Layout: doc/design.md 6. */
#ifndef FOTA_CORE_IDENTITY_H
#define FOTA_CORE_IDENTITY_H

#include "core/package.h"
#include "core/record_store.h"

struct fota_identity {
    char product[FOTA_PACKAGE_STRING_MAX + 1];
    char version[FOTA_PACKAGE_STRING_MAX + 1];
    uint32_t image_bytes;
    uint8_t image_sha256[FOTA_SHA256_BYTES];
    uint32_t security_counter;
    uint8_t slot; /* 0 or 1: which slot holds it */
};

#define FOTA_IDENTITY_BYTES 108U /* encoded */

void fota_identity_encode(const struct fota_identity *id, uint8_t out[FOTA_IDENTITY_BYTES]);
/* FOTA_E_NO_IMAGE when there is no valid record. */
FOTA_NODISCARD enum fota_err
fota_identity_read(struct fota_identity *out, const struct fota_area *area);

#endif
