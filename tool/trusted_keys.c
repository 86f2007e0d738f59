/* SPDX-License-Identifier: MIT */
#include "tool/trusted_keys.h"
#include "host/keys.h"

bool fota_key_files_add(struct fota_key_files *files, const char *path)
{
    if (files->n == FOTA_TRUSTED_KEYS_MAX) return false;
    files->paths[files->n++] = path;
    return true;
}

enum fota_err fota_key_files_read(struct fota_key_files *files, struct fota_fault *fault)
{
    for (size_t i = 0; i < files->n; i++) {
        enum fota_err err = fota_public_key_read(files->keys[i], files->paths[i], fault);
        if (err < 0) return err;
    }
    return FOTA_OK;
}

struct fota_trusted_keys fota_key_files_trusted(const struct fota_key_files *files)
{
    return (struct fota_trusted_keys){files->keys, files->n};
}
