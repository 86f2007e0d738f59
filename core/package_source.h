/* SPDX-License-Identifier: MIT */
/* Where the MCU side reads a package from: a file, a web server, a USB disk ...  The AT client
 * and `fota send` know only this; source/ opens one from a URL on hosted systems.
 */
#ifndef FOTA_CORE_PACKAGE_SOURCE_H
#define FOTA_CORE_PACKAGE_SOURCE_H

#include "core/err.h"
#include <stdint.h>

struct fota_package_source {
    void *ctx;
    uint32_t n_bytes; /* whole package */
    /* Bytes [off, off + n); exactly those or an error, never a part.  All bytes ever handed
     * over belong to one and the same file; when that cannot be kept the read fails.
     * FOTA_MORE: not there yet, ask again. */
    enum fota_err (*read)(void *ctx, uint32_t off, uint8_t *dst, uint32_t n_bytes);
    /* Give back what open took; the source is not used afterwards.  A null pointer: nothing to
     * give back. */
    void (*close)(void *ctx);
};

#endif
