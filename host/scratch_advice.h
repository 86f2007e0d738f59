/* SPDX-License-Identifier: MIT */
/* How many scratch sectors a package would like: found by making it. */
#ifndef FOTA_HOST_SCRATCH_ADVICE_H
#define FOTA_HOST_SCRATCH_ADVICE_H

#include "host/encode.h"

struct fota_scratch_advice {
    uint32_t two_slots_bytes; /* body if the device had two slots */
    uint32_t sectors;         /* least number tried with which the body is within 2 % of that */
    uint32_t body_bytes;      /* with these */
};

/* Encode for two slots, and in place with 1, 2, 4, .. scratch sectors (`options`' own number is
 * not looked at) until the body is within 2 % of that; sectors = 0: not even with 64.  Failures
 * are those of fota_encode(). */
FOTA_NODISCARD enum fota_err
fota_scratch_advise(struct fota_scratch_advice *out, struct fota_bytes old_image,
                    struct fota_bytes new_image, const struct fota_encode_options *options);

#endif
