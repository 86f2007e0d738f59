/* SPDX-License-Identifier: MIT */
/* The file a download grows in, and, if it is to outlive this run, what is remembered of it:
 *   PATH.part        the bytes so far
 *   PATH.part.from   two lines: the address, and the validator ("strong TEXT" or "weak TEXT")
 * It is only ever a proposal: the finished file is checked as a whole. */
#ifndef FOTA_SOURCE_PART_FILE_H
#define FOTA_SOURCE_PART_FILE_H

#include "source/transport.h"

struct fota_part_file {
    int fd;
    char *path; /* a null pointer: temporary file without a name */
};

/* Open, and take up what an earlier run left of the same address: *have bytes and *validator,
 * else 0 and none.  FOTA_E_IO (also: another process is at it), FOTA_E_NOMEM. */
FOTA_NODISCARD enum fota_err
fota_part_file_open(struct fota_part_file *part, const char *path, const char *place,
                    uint64_t *have, struct fota_validator *validator);
FOTA_NODISCARD enum fota_err fota_part_file_write(const struct fota_part_file *part,
                                                  uint64_t off, const void *bytes, size_t n);
/* Begin anew, with a version of the file that is told by this validator. */
FOTA_NODISCARD enum fota_err
fota_part_file_restart(const struct fota_part_file *part, const char *place,
                       const struct fota_validator *validator);
/* Complete: sync, take the final name. */
FOTA_NODISCARD enum fota_err fota_part_file_finish(const struct fota_part_file *part);
void fota_part_file_close(struct fota_part_file *part);

#endif
