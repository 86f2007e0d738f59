/* SPDX-License-Identifier: MIT */
/* A failure with its place and detail: what the tool prints beside text and remedy of the error
 * table. */
#ifndef FOTA_HOST_FAULT_H
#define FOTA_HOST_FAULT_H

#include "core/err.h"
#include <stdint.h>

enum fota_fault_place {
    FOTA_FAULT_NOWHERE,
    FOTA_FAULT_AT_OFFSET, /* byte in the file */
    FOTA_FAULT_AT_LINE,   /* line of the file, from 1 */
};

struct fota_fault {
    enum fota_err err;
    const char *file; /* borrowed; a null pointer: no file to blame */
    enum fota_fault_place place;
    uint64_t at;
    char detail[240]; /* "": nothing to add */
};

/* Fill the fault (place: nowhere) and return `err`. */
__attribute__((format(printf, 4, 5))) enum fota_err
fota_fault_set(struct fota_fault *fault, enum fota_err err, const char *file,
               const char *format, ...);
/* The same with a place. */
__attribute__((format(printf, 6, 7))) enum fota_err
fota_fault_set_at(struct fota_fault *fault, enum fota_err err, const char *file,
                  enum fota_fault_place place, uint64_t at, const char *format, ...);

#endif
