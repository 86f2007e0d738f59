/* SPDX-License-Identifier: MIT */
#include "host/image_read.h"
#include "host/encode.h"
#include "host/image_pieces.h"
#include "host/input_file.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* HEX doubles, ELF carries symbols. */
#define FILE_MAX_BYTES ((size_t)4 * FOTA_IMAGE_MAX_BYTES)

/* Where a text begins: behind the byte order mark, and empty lines. */
static size_t text_begin(const struct fota_input_file *file)
{
    size_t at = fota_input_file_mark_bytes(file);
    while (at < file->n_bytes && (file->at[at] == '\r' || file->at[at] == '\n')) {
        at++;
    }
    return at;
}

static bool are_digits(const struct fota_input_file *file, size_t at, size_t n)
{
    if (file->n_bytes < at + n) return false;
    for (size_t i = 0; i < n; i++) {
        if (isxdigit(file->at[at + i]) == 0) return false;
    }
    return true;
}

/* ":" and the eight digits of a record's length, address and type. */
static bool looks_like_hex(const struct fota_input_file *file)
{
    const size_t at = text_begin(file);
    return at < file->n_bytes && file->at[at] == ':' && are_digits(file, at + 1, 8);
}

/* "S", a type, and the eight digits or more of a record's length, address and checksum. */
static bool looks_like_s_record(const struct fota_input_file *file)
{
    const size_t at = text_begin(file);
    return at < file->n_bytes && file->at[at] == 'S' && are_digits(file, at + 1, 9);
}

static enum fota_image_format detect(const struct fota_input_file *file)
{
    if (file->n_bytes >= 4 && memcmp(file->at, "\177ELF", 4) == 0) return FOTA_IMAGE_ELF;
    return looks_like_hex(file) ? FOTA_IMAGE_HEX : FOTA_IMAGE_RAW;
}

static enum fota_err parse_pieces(struct fota_image *out, const struct fota_input_file *file,
                                  const char *path, struct fota_fault *fault)
{
    struct fota_image_pieces pieces = {.path = path};
    enum fota_err err = out->format == FOTA_IMAGE_HEX
                            ? fota_image_hex_parse(&pieces, file, fault)
                            : fota_image_elf_parse(&pieces, file, fault);
    if (err == FOTA_OK) err = fota_image_pieces_join(out, &pieces, fault);
    fota_image_pieces_free(&pieces);
    return err;
}

enum fota_err
fota_image_read(struct fota_image *out, const char *path, struct fota_fault *fault)
{
    struct fota_input_file file;
    *out = (struct fota_image){.at = NULL};
    enum fota_err err = fota_input_file_read(&file, path, FILE_MAX_BYTES, FOTA_E_IMAGE, fault);
    if (err < 0) return err;
    out->format = detect(&file);
    if (file.n_bytes == 0) {
        err = fota_fault_set(fault, FOTA_E_IMAGE, path, "the file is empty");
    } else if (looks_like_s_record(&file)) {
        err = fota_fault_set(fault, FOTA_E_IMAGE, path,
                             "Motorola S-records are not read: objcopy -I srec -O ihex");
    } else if (out->format != FOTA_IMAGE_RAW) {
        err = parse_pieces(out, &file, path, fault);
    } else if (file.n_bytes > FOTA_IMAGE_MAX_BYTES) {
        err = fota_fault_set(fault, FOTA_E_IMAGE, path, "%zu bytes, more than 16 MiB",
                             file.n_bytes);
    } else {
        out->at = file.at;
        out->n_bytes = (uint32_t)file.n_bytes;
        return FOTA_OK;
    }
    fota_input_file_free(&file);
    return err;
}

void fota_image_free(struct fota_image *image)
{
    free(image->at);
    *image = (struct fota_image){.at = NULL};
}

const char *fota_image_format_name(enum fota_image_format format)
{
    switch (format) {
    case FOTA_IMAGE_RAW:
        return "raw";
    case FOTA_IMAGE_HEX:
        return "Intel HEX";
    case FOTA_IMAGE_ELF:
        return "ELF";
    }
    return "";
}

bool fota_image_holds(const struct fota_image *image, const char *text)
{
    return memmem(image->at, image->n_bytes, text, strlen(text)) != NULL;
}
