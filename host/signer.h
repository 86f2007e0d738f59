/* SPDX-License-Identifier: MIT */
/* Who signs a package's head: a private key in memory, or a program of the maker's (a hardware
 * token, a signing service). */
#ifndef FOTA_HOST_SIGNER_H
#define FOTA_HOST_SIGNER_H

#include "core/sign.h"
#include "host/fault.h"
#include <stddef.h>

struct fota_signer {
    uint8_t public_key[FOTA_ED25519_KEY_BYTES];
    /* Ed25519 over the message itself (RFC 8032, not Ed25519ph).  FOTA_E_KEY, FOTA_E_IO,
     * FOTA_E_NOMEM, FOTA_E_INTERNAL. */
    enum fota_err (*sign)(const struct fota_signer *signer, const uint8_t *msg,
                          size_t msg_bytes, uint8_t sig[FOTA_ED25519_SIG_BYTES],
                          struct fota_fault *fault);
    const void *ctx; /* borrowed: the key, or the command */
};

struct fota_private_key;
/* Signs with a key in memory.  Borrows `key`. */
struct fota_signer fota_private_key_signer(const struct fota_private_key *key);

/* Signs by a shell command: the message is its standard input (a regular file), the 64 bytes of
 * the signature are expected on its standard output, and verified with `public_key`.
 * FOTA_E_KEY when it fails, writes something else, or the signature is not this key's.
 * Borrows `command`. */
struct fota_signer
fota_command_signer(const char *command, const uint8_t public_key[FOTA_ED25519_KEY_BYTES]);

#endif
