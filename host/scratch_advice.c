/* SPDX-License-Identifier: MIT */
#include "host/scratch_advice.h"
#include "core/package.h"

static enum fota_err
body_bytes(uint32_t *n_bytes, struct fota_bytes old_image, struct fota_bytes new_image,
           const struct fota_encode_options *options)
{
    struct fota_encoded e;
    enum fota_err err = fota_encode(&e, old_image, new_image, options);
    if (err != FOTA_OK) return err;
    *n_bytes = e.body_bytes;
    fota_encoded_free(&e);
    return FOTA_OK;
}

enum fota_err
fota_scratch_advise(struct fota_scratch_advice *out, struct fota_bytes old_image,
                    struct fota_bytes new_image, const struct fota_encode_options *options)
{
    struct fota_encode_options with = *options;
    with.progress = NULL;
    with.mode = FOTA_ENCODE_TWO_SLOTS;
    *out = (struct fota_scratch_advice){0};
    enum fota_err err = body_bytes(&out->two_slots_bytes, old_image, new_image, &with);
    with.mode = FOTA_ENCODE_IN_PLACE;
    for (uint32_t n = 1; err == FOTA_OK && n <= FOTA_PACKAGE_SCRATCH_MAX; n *= 2) {
        with.scratch_sectors = n;
        err = body_bytes(&out->body_bytes, old_image, new_image, &with);
        if (err == FOTA_OK &&
            (uint64_t)out->body_bytes * 50 <= (uint64_t)out->two_slots_bytes * 51) {
            out->sectors = n;
            break;
        }
    }
    return err;
}
