/* SPDX-License-Identifier: MIT */
/* The proof of a body: it is decoded as a device would, in a slot that is really overwritten
 * and a ring that really forgets, and every read is held against the format's rules. */
#ifndef FOTA_HOST_PROVE_H
#define FOTA_HOST_PROVE_H

#include "host/encode.h"

/* FOTA_OK: decoding `encoded` over `old_image` gives `new_image`, with exactly the workspace it
 * claims. */
FOTA_NODISCARD enum fota_err
fota_prove(const struct fota_encoded *encoded, struct fota_bytes old_image,
           struct fota_bytes new_image, const struct fota_encode_options *options);

#endif
