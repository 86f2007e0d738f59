/* SPDX-License-Identifier: MIT */
/* A package file on the maker's side: read, unmasked, taken apart by core/package.c.  UNTRUSTED
 * input. */
#ifndef FOTA_HOST_PACKAGE_FILE_H
#define FOTA_HOST_PACKAGE_FILE_H

#include "core/flash.h"
#include "core/package.h"
#include "host/fault.h"
#include "port/monocypher/monocypher_verifier.h"

struct fota_package_file {
    uint8_t *masked; /* the file's bytes, malloc'd */
    uint8_t *plain;  /* the same unmasked, malloc'd */
    uint32_t n_bytes;
    struct fota_package pkg;
};

/* What the body is made of, from its unit heads. */
struct fota_package_parts {
    uint32_t head_bytes;
    uint32_t signature_bytes;
    uint32_t prologue_bytes;
    uint32_t unit_head_bytes;
    uint32_t coded_bytes;
    uint32_t back_bytes;  /* the body that leads back from a trial */
    uint32_t n_written;   /* sectors written: erases of the slot */
    uint32_t n_stashed;   /* sectors stashed: erases of scratch; needs the geometry */
    uint32_t last_sector; /* highest slot sector that a unit spans */
};

/* Read and parse; no signature is checked.  FOTA_E_IO, FOTA_E_NOMEM, FOTA_E_FORMAT,
 * FOTA_E_VERSION, FOTA_E_FEATURE, FOTA_E_TRUNCATED, FOTA_E_OVERLONG. */
FOTA_NODISCARD enum fota_err fota_package_file_read(struct fota_package_file *out,
                                                    const char *path, struct fota_fault *fault);
/* The same for a package in memory; `bytes` are copied. */
FOTA_NODISCARD enum fota_err
fota_package_file_of(struct fota_package_file *out, const uint8_t *bytes, uint32_t n_bytes,
                     const char *path, struct fota_fault *fault);
/* One signature by a trusted key covers the head.  FOTA_E_UNKNOWN_KEY, FOTA_E_SIGNATURE. */
FOTA_NODISCARD enum fota_err
fota_package_file_verify(const struct fota_package_file *file, struct fota_trusted_keys keys,
                         const char *path, struct fota_fault *fault);
/* Check the body, and that of the way back: its hash, every unit's head and the CRC of its
 * coded bytes.  `slot` gives the sector sizes for n_stashed and the span's bounds; a null
 * pointer leaves n_stashed 0. FOTA_E_BODY_HASH, FOTA_E_BODY, FOTA_E_CODED; `at` is an offset in
 * the file. */
FOTA_NODISCARD enum fota_err
fota_package_file_parts(struct fota_package_parts *out, const struct fota_package_file *file,
                        const struct fota_area *slot, const char *path,
                        struct fota_fault *fault);
/* Find the slot's sectors by the geometry id: `run` of equal sectors of 256 bytes to 1 MiB,
 * large enough for both images.  False: none fits; a device profile is needed. */
bool fota_package_file_geometry(struct fota_flash_run *run,
                                const struct fota_package_file *file);
void fota_package_file_free(struct fota_package_file *file);

#endif
