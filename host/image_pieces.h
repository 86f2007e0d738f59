/* SPDX-License-Identifier: MIT */
/* The pieces of an image that a HEX or ELF file places at addresses, and how they become one
 * image.  Used by image_hex.c and image_elf.c. */
#ifndef FOTA_HOST_IMAGE_PIECES_H
#define FOTA_HOST_IMAGE_PIECES_H

#include "host/fault.h"
#include "host/image_read.h"
#include "host/input_file.h"

struct fota_image_piece {
    uint32_t addr;
    uint32_t n_bytes;
    size_t from; /* index of its first byte in `bytes` */
    uint64_t at; /* line or offset it stands at in the file */
};

struct fota_image_pieces {
    const char *path;
    enum fota_fault_place place; /* what `at` means */
    struct fota_image_piece *piece;
    size_t n_pieces;
    size_t piece_capacity;
    uint64_t next_addr; /* behind the last piece added */
    uint8_t *bytes;
    size_t n_bytes;
    size_t byte_capacity;
};

/* Add a piece; bytes are copied; neighbours are merged.  FOTA_E_NOMEM, FOTA_E_IMAGE (past the
 * end of 32-bit addresses, or more than FOTA_IMAGE_MAX_BYTES in all). */
FOTA_NODISCARD enum fota_err
fota_image_pieces_add(struct fota_image_pieces *p, uint32_t addr, const uint8_t *bytes,
                      size_t n_bytes, uint64_t at, struct fota_fault *fault);
/* Put the pieces together.  FOTA_E_IMAGE (none, overlap, gap too large), FOTA_E_NOMEM. */
FOTA_NODISCARD enum fota_err
fota_image_pieces_join(struct fota_image *out, struct fota_image_pieces *p,
                       struct fota_fault *fault);
void fota_image_pieces_free(struct fota_image_pieces *p);

/* The two formats.  `file` is not empty. */
FOTA_NODISCARD enum fota_err
fota_image_hex_parse(struct fota_image_pieces *p, const struct fota_input_file *file,
                     struct fota_fault *fault);
FOTA_NODISCARD enum fota_err
fota_image_elf_parse(struct fota_image_pieces *p, const struct fota_input_file *file,
                     struct fota_fault *fault);

#endif
