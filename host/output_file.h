/* SPDX-License-Identifier: MIT */
/* Files that are written whole or not at all: the bytes go to a temporary file beside the
 * target, which then takes the target's name. */
#ifndef FOTA_HOST_OUTPUT_FILE_H
#define FOTA_HOST_OUTPUT_FILE_H

#include "host/fault.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fota_output_file {
    const char *path;
    bool replace;    /* an existing file may be replaced */
    bool owner_only; /* mode 0600, else 0666 less the umask */
};

/* Before long work: whether the file could be written.  Leaves nothing behind.  FOTA_E_EXISTS,
 * FOTA_E_IO. */
FOTA_NODISCARD enum fota_err
fota_output_file_check(const struct fota_output_file *file, struct fota_fault *fault);
/* Write the file.  A target that is no regular file (a pipe, /dev/stdout) is written to as it
 * is; everything else appears whole or, on failure, not at all.  FOTA_E_EXISTS, FOTA_E_IO. */
FOTA_NODISCARD enum fota_err
fota_output_file_write(const struct fota_output_file *file, const void *bytes, size_t n_bytes,
                       struct fota_fault *fault);

#endif
