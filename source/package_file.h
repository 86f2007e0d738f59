/* SPDX-License-Identifier: MIT */
/* Whether a file is a whole package: what can be told without a key. */
#ifndef FOTA_SOURCE_PACKAGE_FILE_H
#define FOTA_SOURCE_PACKAGE_FILE_H

#include "core/package.h"

/* Size of the package that begins with these bytes.  FOTA_E_FORMAT, FOTA_E_VERSION. */
FOTA_NODISCARD enum fota_err
fota_package_file_size(const uint8_t prefix[FOTA_PACKAGE_PREFIX_BYTES], uint32_t *n_bytes);
/* Head and SHA-256 of the body of the file's first bytes.  `out` may be a null pointer.  What
 * fota_package_parse() gives, FOTA_E_BODY_HASH, FOTA_E_TRUNCATED, FOTA_E_IO. */
FOTA_NODISCARD enum fota_err fota_package_file_check(int fd, struct fota_package *out);

#endif
