/* SPDX-License-Identifier: MIT */
/* The verification backend of core/sign.h over Monocypher: a table of trusted public keys. */
#ifndef FOTA_PORT_MONOCYPHER_VERIFIER_H
#define FOTA_PORT_MONOCYPHER_VERIFIER_H

#include "core/sign.h"

struct fota_trusted_keys {
    const uint8_t (*keys)[FOTA_ED25519_KEY_BYTES]; /* borrowed */
    size_t n_keys;
};

/* A verifier that trusts these keys; borrows `keys`. */
struct fota_verifier fota_monocypher_verifier(struct fota_trusted_keys *keys);

#endif
