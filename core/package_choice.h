/* SPDX-License-Identifier: MIT */
/* Which package of a directory fits the device.  Offer the head of every file, then ask.  The
 * heads are not verified here: the device does that; a wrong choice is refused there. */
#ifndef FOTA_CORE_PACKAGE_CHOICE_H
#define FOTA_CORE_PACKAGE_CHOICE_H

#include "core/err.h"
#include "core/package.h"
#include <stdbool.h>
#include <stdint.h>

#define FOTA_PACKAGE_CHOICE_NAME_MAX 255U

/* What the device is; a null pointer or "": not known, fits anything. */
struct fota_package_wanted {
    const char *product;
    const char *version; /* that runs now, as `from_version` of a delta names it */
};

struct fota_package_choice {
    struct fota_package_wanted wanted;
    uint32_t n_deltas; /* that fit */
    uint32_t n_full;   /* full packages that fit */
    char delta[FOTA_PACKAGE_CHOICE_NAME_MAX + 1];
    char full[FOTA_PACKAGE_CHOICE_NAME_MAX + 1];
};

void fota_package_choice_begin(struct fota_package_choice *choice,
                               const struct fota_package_wanted *wanted);
/* Whether a file of this name is looked at: *.fota in any case, not hidden, not too long. */
bool fota_package_choice_name(const char *name);
/* Take the first `n_bytes` (up to FOTA_PACKAGE_HEAD_MAX, fewer only if the file is shorter) of
 * a file into account; `head` is unmasked in place.  What is no package is passed over. */
void fota_package_choice_offer(struct fota_package_choice *choice, const char *name,
                               uint8_t *head, uint32_t n_bytes);
/* The only delta that fits, else the only full package that fits.  FOTA_E_CHOICE. */
FOTA_NODISCARD enum fota_err
fota_package_choice_end(const struct fota_package_choice *choice, const char **name);

#endif
