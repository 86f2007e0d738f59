/* SPDX-License-Identifier: MIT */
/* Whether a source holds a whole package: all that can be told without a key. */
#ifndef FOTA_SOURCE_PACKAGE_WHOLE_H
#define FOTA_SOURCE_PACKAGE_WHOLE_H

#include "core/package.h"
#include "core/package_source.h"

/* Size of the package that begins with these bytes.  FOTA_E_FORMAT, FOTA_E_VERSION. */
FOTA_NODISCARD enum fota_err
fota_package_whole_size(const uint8_t prefix[FOTA_PACKAGE_PREFIX_BYTES], uint32_t *n_bytes);
/* Size, head, and SHA-256 of the body.  `out` may be a null pointer.  What
 * fota_package_parse() gives, FOTA_E_TRUNCATED, FOTA_E_OVERLONG, FOTA_E_BODY_HASH, and what
 * source->read gives. */
FOTA_NODISCARD enum fota_err
fota_package_whole_check(const struct fota_package_source *source, struct fota_package *out);

#endif
