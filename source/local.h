/* SPDX-License-Identifier: MIT */
/* Packages on this machine's disks. */
#ifndef FOTA_SOURCE_LOCAL_H
#define FOTA_SOURCE_LOCAL_H

#include "source/source.h"
#include <stdbool.h>
#include <sys/types.h>
#include <time.h>

/* What tells that a file is still the one that was opened. */
struct fota_file_stamp {
    dev_t device;
    ino_t inode;
    off_t n_bytes;
    struct timespec changed;
};

/* Stamp of an open file; a block device has only its device and inode.  FOTA_E_IO. */
FOTA_NODISCARD enum fota_err fota_file_stamp(int fd, struct fota_file_stamp *stamp);
bool fota_file_same(const struct fota_file_stamp *a, const struct fota_file_stamp *b);
/* Bytes [off, off + n) of an open file.  FOTA_E_IO, FOTA_E_TRUNCATED (file ends before). */
FOTA_NODISCARD enum fota_err fota_file_read(int fd, uint64_t off, void *dst, size_t n_bytes);

/* A file, or a directory with one package that fits options->wanted.  A file that is written
 * to or truncated while it is read ends in FOTA_E_CHANGED. */
FOTA_NODISCARD enum fota_err fota_local_open(struct fota_source *s, const char *path,
                                             const struct fota_source_options *options);
/* The same from an open file, which it takes, also when it fails. */
FOTA_NODISCARD enum fota_err
fota_local_from_fd(struct fota_source *s, int fd, const struct fota_source_options *options);
/* "IMAGE:/path/inside". */
FOTA_NODISCARD enum fota_err fota_fat_image_open(struct fota_source *s, const char *spec,
                                                 const struct fota_source_options *options);

#endif
