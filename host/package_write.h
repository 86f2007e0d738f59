/* SPDX-License-Identifier: MIT */
/* Head, signatures and mask around an encoded body: the finished package. */
#ifndef FOTA_HOST_PACKAGE_WRITE_H
#define FOTA_HOST_PACKAGE_WRITE_H

#include "host/encode.h"
#include "host/fault.h"
#include "host/signer.h"
#include <stdbool.h>

struct fota_package_spec {
    const char *product;      /* strings: fota_package_string_is_valid() */
    const char *from_version; /* "" for a full image */
    const char *to_version;
    uint32_t security_counter;
    bool downgrade;              /* may lower the device's counter; not for a full image */
    bool two_slots;              /* planned for decoding into a second slot */
    struct fota_bytes old_image; /* no bytes: a full image */
    struct fota_bytes new_image;
    const struct fota_area *slot; /* whose geometry it was planned for */
    const struct fota_encoded *encoded;
    uint8_t trial_boots;               /* FOTA_TRIAL_BOOTS_MIN or more; 0: no trial */
    uint32_t base_counter;             /* trial: security counter of the old image */
    const struct fota_encoded *back;   /* trial in place: the way from new to old */
    const struct fota_signer *signers; /* each signs; borrowed */
    unsigned n_signers;                /* 1..FOTA_PACKAGE_SIGS_MAX */
};

/* Whether a product or version can stand in a package: 1..31 characters 20..7E without '"'. */
bool fota_package_string_is_valid(const char *text);

/* The finished package: signed, masked so that it holds no "+++" and does not end in '+', and
 * read back with core/package.c.  Equal inputs give equal bytes.  `*out` is malloc'd.
 * FOTA_E_USAGE (spec impossible), what a signer returns, FOTA_E_NOMEM, FOTA_E_INTERNAL (no mask
 * is left, or the result does not read back). */
FOTA_NODISCARD enum fota_err
fota_package_write(uint8_t **out, uint32_t *n_bytes, const struct fota_package_spec *spec,
                   struct fota_fault *fault);

#endif
