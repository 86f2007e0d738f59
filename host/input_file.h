/* SPDX-License-Identifier: MIT */
/* A whole file in memory. */
#ifndef FOTA_HOST_INPUT_FILE_H
#define FOTA_HOST_INPUT_FILE_H

#include "host/fault.h"
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct fota_input_file {
    uint8_t *at; /* malloc'd, never null after a success; fota_input_file_free() */
    size_t n_bytes;
};

/* Read a file of at most max_bytes.  FOTA_E_IO (also: a directory), FOTA_E_NOMEM; `too_large`
 * when it is longer. */
FOTA_NODISCARD enum fota_err
fota_input_file_read(struct fota_input_file *out, const char *path, size_t max_bytes,
                     enum fota_err too_large, struct fota_fault *fault);
void fota_input_file_free(struct fota_input_file *file);

/* Bytes of the byte order mark (UTF-8) that some editors put before a text: 3 or 0. */
static inline size_t fota_input_file_mark_bytes(const struct fota_input_file *file)
{
    return file->n_bytes >= 3 && memcmp(file->at, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
}

#endif
