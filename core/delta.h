/* SPDX-License-Identifier: MIT */
/* The delta decoder: coded bytes and readable old and new content in, the new content of one
 * unit out, as many bytes at a time as the caller likes.  UNTRUSTED input.  The format is
 * doc/codec.md.
 *
 * It is a pull decoder: it asks for what it needs through `struct fota_delta_source`, keeps all
 * its state in one caller buffer (the workspace), and starts every unit with fresh models, so a
 * unit decoded again from the same bytes gives the same bytes. */
#ifndef FOTA_CORE_DELTA_H
#define FOTA_CORE_DELTA_H

#include "core/err.h"
#include "core/isa.h"
#include <stdbool.h>
#include <stdint.h>

enum fota_codec {
    FOTA_CODEC_DELTA1 = 1,
};

/* Where the decoder reads.  A request outside what is readable, or past the coded bytes, is
 * FOTA_E_BODY; failures of the medium pass up unchanged. */
struct fota_delta_source {
    void *ctx;
    /* Bytes [off, off + n) of the unmasked body. */
    enum fota_err (*body)(void *ctx, uint32_t off, uint8_t *dst, uint32_t n_bytes);
    /* Bytes [off, off + n) of the old image; all of them must be readable now. */
    enum fota_err (*old_image)(void *ctx, uint32_t off, uint8_t *dst, uint32_t n_bytes);
    /* How many bytes from `off` on are readable in the old image now; 0 if none (also past its
     * end).  Need not be the most: at least up to the end of the sector. */
    uint32_t (*old_readable)(void *ctx, uint32_t off);
    /* The same for new content already in its place (doc/package-format.md 5). */
    enum fota_err (*new_image)(void *ctx, uint32_t off, uint8_t *dst, uint32_t n_bytes);
    uint32_t (*new_readable)(void *ctx, uint32_t off);
};

/* What the signed head says; the caller fills it from struct fota_package. */
struct fota_delta_params {
    uint8_t codec; /* enum fota_codec */
    uint8_t arch;  /* enum fota_arch */
    uint32_t old_bytes;
    uint32_t new_bytes;
    uint32_t prologue_bytes; /* at body offset 0 */
};

/* One unit's place: new image bytes [new_off, new_off + new_bytes), coded bytes in the body. */
struct fota_delta_unit {
    uint32_t new_off;
    uint32_t new_bytes;
    uint32_t coded_off;
    uint32_t coded_bytes;
};

/* The new image is written in pages of this many bytes: a page of the unit being decoded is
 * readable through `new_image` when the decoder begins with the page behind it. */
#define FOTA_DELTA_PAGE 256U

/* Whether packages of this codec and architecture can be decoded at all. */
bool fota_delta_supports(uint8_t codec, uint8_t arch);

/* State; lies inside the workspace. */
struct fota_delta;

/* Bytes of workspace that this body needs, from the first bytes of its prologue.  The head's
 * decoder_kib is this, rounded up.  FOTA_E_FEATURE for an unknown codec or arch, FOTA_E_BODY,
 * or the source's failure. */
FOTA_NODISCARD enum fota_err
fota_delta_workspace_bytes(uint32_t *n_bytes, const struct fota_delta_params *params,
                           const struct fota_delta_source *source);

/* Open a body: read the prologue.  `*d` points into `work`, which must be aligned for uint32_t
 * and void pointers and stay until the last use; `source` is borrowed.  FOTA_E_RAM when the
 * workspace is too small, FOTA_E_FEATURE for an unknown codec or arch, FOTA_E_BODY. */
FOTA_NODISCARD enum fota_err
fota_delta_open(struct fota_delta **d, void *work, uint32_t work_bytes,
                const struct fota_delta_params *params, const struct fota_delta_source *source);
/* Begin a unit, from fresh models. */
FOTA_NODISCARD enum fota_err
fota_delta_begin(struct fota_delta *d, const struct fota_delta_unit *unit);
/* The next n_bytes of the unit's new content.  One call must not go past a multiple of
 * FOTA_DELTA_PAGE of the image offset, so that the caller can make the page readable first.
 * FOTA_E_BODY when the unit has fewer left or is malformed; a failed `d` stays failed until
 * fota_delta_begin(). */
FOTA_NODISCARD enum fota_err
fota_delta_read(struct fota_delta *d, uint8_t *dst, uint32_t n_bytes);
/* After the last byte: FOTA_E_BODY unless the coded bytes were used up exactly. */
FOTA_NODISCARD enum fota_err fota_delta_end(struct fota_delta *d);

#endif
