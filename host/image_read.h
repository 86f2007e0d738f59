/* SPDX-License-Identifier: MIT */
/* A firmware image from a file: raw binary, Intel HEX or ELF, told apart by content.  UNTRUSTED
 * input. */
#ifndef FOTA_HOST_IMAGE_READ_H
#define FOTA_HOST_IMAGE_READ_H

#include "host/fault.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FOTA_IMAGE_GAP_MAX  0x100000U /* most bytes between two pieces of a HEX or ELF file */
#define FOTA_IMAGE_GAP_FILL 0xFFU     /* what gaps are filled with: erased flash */

enum fota_image_format { FOTA_IMAGE_RAW, FOTA_IMAGE_HEX, FOTA_IMAGE_ELF };

struct fota_image {
    uint8_t *at; /* malloc'd: fota_image_free() */
    uint32_t n_bytes;
    enum fota_image_format format;
    bool has_addr; /* HEX and ELF say where the image lies */
    uint32_t addr; /* load address of its first byte */
};

/* Read an image, at least 1 byte and at most FOTA_IMAGE_MAX_BYTES.  Of an ELF file: what
 * `objcopy -O binary` takes, gaps filled with FOTA_IMAGE_GAP_FILL.  FOTA_E_IO, FOTA_E_NOMEM,
 * FOTA_E_IMAGE with line or offset. */
FOTA_NODISCARD enum fota_err
fota_image_read(struct fota_image *out, const char *path, struct fota_fault *fault);
void fota_image_free(struct fota_image *image);
/* "raw", "Intel HEX", "ELF". */
const char *fota_image_format_name(enum fota_image_format format);
/* Whether the text stands in the image. */
bool fota_image_holds(const struct fota_image *image, const char *text);

#endif
