/* SPDX-License-Identifier: MIT */
/* The public keys that --pub names. */
#ifndef FOTA_TOOL_TRUSTED_KEYS_H
#define FOTA_TOOL_TRUSTED_KEYS_H

#include "host/fault.h"
#include "port/monocypher/monocypher_verifier.h"
#include <stdbool.h>
#include <stddef.h>

#define FOTA_TRUSTED_KEYS_MAX 8U

struct fota_key_files {
    const char *paths[FOTA_TRUSTED_KEYS_MAX]; /* borrowed */
    size_t n;
    uint8_t keys[FOTA_TRUSTED_KEYS_MAX][FOTA_ED25519_KEY_BYTES];
};

/* Note one --pub.  False: too many. */
bool fota_key_files_add(struct fota_key_files *files, const char *path);
/* Read them all.  FOTA_E_IO, FOTA_E_KEY. */
FOTA_NODISCARD enum fota_err
fota_key_files_read(struct fota_key_files *files, struct fota_fault *fault);
/* The keys read, for a verifier.  Borrows `files`. */
struct fota_trusted_keys fota_key_files_trusted(const struct fota_key_files *files);

#endif
