/* SPDX-License-Identifier: MIT */
/* A package on a FAT12, FAT16 or FAT32 disk (USB stick, SD card, image of one), read through
 * FatFs and a function that reads blocks; nothing is ever written.  Needs neither an operating
 * system nor a heap.  FatFs keeps its volumes in globals: at most FOTA_FAT_VOLUMES sources are
 * open at a time, and calls do not overlap.
 */
#ifndef FOTA_PORT_FATFS_FAT_SOURCE_H
#define FOTA_PORT_FATFS_FAT_SOURCE_H

#include "core/err.h"
#include "core/package_choice.h"
#include "core/package_source.h"
#include <ff.h>
#include <stdint.h>

struct fota_disk {
    void *ctx;
    uint32_t block_bytes; /* 512 .. FOTA_FAT_BLOCK_MAX, a power of two */
    /* Blocks [first, first + n), all or an error; past the end is an error.  After an error the
     * source gives no more bytes: a disk that comes back may be another one. */
    enum fota_err (*read)(void *ctx, uint32_t first, uint8_t *dst, uint32_t n_blocks);
};

#define FOTA_FAT_PATH_MAX 511U

/* Fields but `package` are private; the caller keeps it where it is until it is closed. */
struct fota_fat_source {
    struct fota_package_source package;
    struct fota_disk disk;
    enum fota_err failed; /* first failure of the disk; stays */
    uint8_t volume;
    FATFS fs;
    FIL file;
    char path[FOTA_FAT_PATH_MAX + 4];
};

/* Open `path` ("/updates/v2.fota", UTF-8, '/' between names).  If it is a directory, the one
 * package in it that fits `wanted`; its name is then at the end of s->path.  FOTA_E_DISK,
 * FOTA_E_NOT_FOUND, FOTA_E_CHOICE, FOTA_E_TOO_LARGE, FOTA_E_NOMEM (all volumes in use), and
 * what disk->read gives.  On failure there is nothing to close. */
FOTA_NODISCARD enum fota_err
fota_fat_source_open(struct fota_fat_source *s, const struct fota_disk *disk, const char *path,
                     const struct fota_package_wanted *wanted);

#endif
