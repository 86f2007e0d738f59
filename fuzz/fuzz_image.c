/* SPDX-License-Identifier: MIT */
/* Any bytes as an Intel HEX and as an ELF file: refused with a reason, or an image within its
 * bounds. */
#include "host/encode.h"
#include "host/image_pieces.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t n);

typedef enum fota_err parser(struct fota_image_pieces *p, const struct fota_input_file *file,
                             struct fota_fault *fault);

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static void try_parser(parser *parse, const uint8_t *input, size_t n)
{
    struct fota_image_pieces pieces = {.path = "in"};
    struct fota_input_file file = {malloc(n), n};
    struct fota_image image = {.at = NULL};
    struct fota_fault fault = {.err = FOTA_OK};
    require(file.at != NULL);
    memcpy(file.at, input, n);
    enum fota_err err = parse(&pieces, &file, &fault);
    if (err == FOTA_OK) err = fota_image_pieces_join(&image, &pieces, &fault);
    require(err == FOTA_OK || (err == FOTA_E_IMAGE && fault.detail[0] != '\0'));
    require(err < 0 || (image.n_bytes != 0 && image.n_bytes <= FOTA_IMAGE_MAX_BYTES));
    free(image.at);
    free(file.at);
    fota_image_pieces_free(&pieces);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t n)
{
    if (n == 0) return 0; /* never given to a parser */
    try_parser(fota_image_hex_parse, input, n);
    try_parser(fota_image_elf_parse, input, n);
    return 0;
}
