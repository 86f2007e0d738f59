/* SPDX-License-Identifier: MIT */
/* Ed25519 keys in PEM files as `openssl pkey` reads and writes them: PKCS #8 for the private
 * key (RFC 8410 7), SubjectPublicKeyInfo for the public one (RFC 8410 4). */
#ifndef FOTA_HOST_KEYS_H
#define FOTA_HOST_KEYS_H

#include "core/sign.h"
#include "host/fault.h"
#include "host/signer.h"
#include <stdbool.h>
#include <stddef.h>

#define FOTA_PEM_MAX        1024U
#define FOTA_PASSPHRASE_MAX 256U /* with terminator */

/* The maker's key.  Secret: fota_private_key_wipe() it. */
struct fota_private_key {
    uint8_t seed[32];
    uint8_t public_key[FOTA_ED25519_KEY_BYTES];
};

/* A new random key.  FOTA_E_INTERNAL when there is no randomness. */
FOTA_NODISCARD enum fota_err
fota_private_key_make(struct fota_private_key *out, struct fota_fault *fault);
/* The key with this seed (RFC 8032 5.1.5).  FOTA_E_INTERNAL. */
FOTA_NODISCARD enum fota_err
fota_private_key_from_seed(struct fota_private_key *out, const uint8_t seed[32]);
/* PEM texts; `*n_bytes` without terminator.  With a passphrase the private key is encrypted:
 * PBES2 (RFC 8018) of scrypt (RFC 7914; N 16384, r 8, p 1) and AES-256-CBC, as `openssl pkcs8
 * -scrypt` does; `passphrase` may be a null pointer: not encrypted. */
FOTA_NODISCARD enum fota_err
fota_private_key_to_pem(const struct fota_private_key *key, const char *passphrase,
                        char pem[FOTA_PEM_MAX], size_t *n_bytes, struct fota_fault *fault);
FOTA_NODISCARD enum fota_err
fota_public_key_to_pem(const uint8_t key[FOTA_ED25519_KEY_BYTES], char pem[FOTA_PEM_MAX],
                       size_t *n_bytes, struct fota_fault *fault);
/* Where the passphrase of an encrypted key comes from. */
struct fota_passphrase {
    /* Put the passphrase of the key in `path` into `text`.  Its result is the reader's. */
    enum fota_err (*ask)(const void *ctx, const char *path, char text[FOTA_PASSPHRASE_MAX],
                         struct fota_fault *fault);
    const void *ctx;
};

/* Read a private key's file.  `passphrase` is asked only when the key is encrypted; a null
 * pointer: there is none.  FOTA_E_IO, FOTA_E_KEY, and what `ask` returns. */
FOTA_NODISCARD enum fota_err
fota_private_key_read(struct fota_private_key *out, const char *path,
                      const struct fota_passphrase *passphrase, struct fota_fault *fault);
/* Read a public key's file.  FOTA_E_IO, FOTA_E_KEY. */
FOTA_NODISCARD enum fota_err fota_public_key_read(uint8_t out[FOTA_ED25519_KEY_BYTES],
                                                  const char *path, struct fota_fault *fault);
/* Sign a message. */
FOTA_NODISCARD enum fota_err
fota_private_key_sign(const struct fota_private_key *key, const uint8_t *msg, size_t msg_bytes,
                      uint8_t sig[FOTA_ED25519_SIG_BYTES]);
void fota_private_key_wipe(struct fota_private_key *key);

#endif
