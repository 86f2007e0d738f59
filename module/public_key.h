/* SPDX-License-Identifier: MIT */
/* Reading an Ed25519 public key file: PEM of RFC 8410, as `fota keygen` and OpenSSL write it.
 */
#ifndef FOTA_MODULE_PUBLIC_KEY_H
#define FOTA_MODULE_PUBLIC_KEY_H

#include "core/sign.h"

/* `pem`: the file's text, with a terminator.  FOTA_E_KEY. */
FOTA_NODISCARD enum fota_err
public_key_parse(uint8_t key[FOTA_ED25519_KEY_BYTES], const char *pem);

#endif
