/* SPDX-License-Identifier: MIT */
#include "host/input_file.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_BYTES = 65536 };

static enum fota_err read_all(struct fota_input_file *out, FILE *f, size_t max_bytes)
{
    size_t capacity = CHUNK_BYTES;
    out->at = malloc(capacity);
    if (out->at == NULL) return FOTA_E_NOMEM;
    for (;;) {
        size_t n = fread(out->at + out->n_bytes, 1, capacity - out->n_bytes, f);
        out->n_bytes += n;
        if (out->n_bytes > max_bytes) return FOTA_MORE;
        if (n == 0) return ferror(f) != 0 ? FOTA_E_IO : FOTA_OK;
        if (out->n_bytes < capacity) continue;
        capacity *= 2;
        uint8_t *larger = realloc(out->at, capacity);
        if (larger == NULL) return FOTA_E_NOMEM;
        out->at = larger;
    }
}

enum fota_err
fota_input_file_read(struct fota_input_file *out, const char *path, size_t max_bytes,
                     enum fota_err too_large, struct fota_fault *fault)
{
    *out = (struct fota_input_file){NULL, 0};
    FILE *f = fopen(path, "rb");
    if (f == NULL) return fota_fault_set(fault, FOTA_E_IO, path, "%s", strerror(errno));
    enum fota_err err = read_all(out, f, max_bytes);
    int cause = errno;
    (void)fclose(f);
    if (err == FOTA_OK) return FOTA_OK;
    fota_input_file_free(out);
    if (err == FOTA_MORE) {
        return fota_fault_set(fault, too_large, path, "more than %zu bytes", max_bytes);
    }
    return fota_fault_set(fault, err, path, "%s", strerror(cause));
}

void fota_input_file_free(struct fota_input_file *file)
{
    free(file->at);
    *file = (struct fota_input_file){NULL, 0};
}
