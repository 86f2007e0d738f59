/* SPDX-License-Identifier: MIT */
/* Signature verification: the backend that the port supplies, and the checks made whatever the
 * backend does.  Algorithm: Ed25519 (RFC 8032).
 *
 * A backend is two functions: find the trusted public key for a key id, and verify.  The
 * library behind `verify` comes from a registry at build time (Monocypher by default:
 * port/monocypher). */
#ifndef FOTA_CORE_SIGN_H
#define FOTA_CORE_SIGN_H

#include "core/err.h"
#include <stddef.h>
#include <stdint.h>

#define FOTA_ED25519_KEY_BYTES 32U
#define FOTA_ED25519_SIG_BYTES 64U
#define FOTA_KEY_ID_BYTES      4U

struct fota_verifier {
    void *ctx;
    /* The trusted key with this id (first 4 bytes of the SHA-256 of the public key) into `key`.
     * FOTA_E_UNKNOWN_KEY when there is none. */
    enum fota_err (*find_key)(void *ctx, const uint8_t id[FOTA_KEY_ID_BYTES],
                              uint8_t key[FOTA_ED25519_KEY_BYTES]);
    /* FOTA_OK when `sig` is the key's Ed25519 signature of `msg`; else FOTA_E_SIGNATURE. */
    enum fota_err (*verify)(void *ctx, const uint8_t sig[FOTA_ED25519_SIG_BYTES],
                            const uint8_t key[FOTA_ED25519_KEY_BYTES], const uint8_t *msg,
                            size_t msg_bytes);
};

/* The id of a public key: the first bytes of its SHA-256. */
void fota_key_id(const uint8_t key[FOTA_ED25519_KEY_BYTES], uint8_t id[FOTA_KEY_ID_BYTES]);

/* Find the key, refuse a public key or R of small order or non-canonical encoding and S >= L
 * (signature malleability, RFC 8032 5.1.7), then ask the backend.  FOTA_E_UNKNOWN_KEY,
 * FOTA_E_SIGNATURE. */
FOTA_NODISCARD enum fota_err
fota_sign_verify(const struct fota_verifier *v, const uint8_t id[FOTA_KEY_ID_BYTES],
                 const uint8_t sig[FOTA_ED25519_SIG_BYTES], const uint8_t *msg,
                 size_t msg_bytes);

#endif
