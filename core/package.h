/* SPDX-License-Identifier: MIT */
/* The package: its head, its signature block, its unit headers.  UNTRUSTED input: every byte
 * may be hostile.  Byte by byte in doc/package-format.md; numbers of sections below refer to
 * it. */
#ifndef FOTA_CORE_PACKAGE_H
#define FOTA_CORE_PACKAGE_H

#include "core/err.h"
#include "core/sha256.h"
#include "core/sign.h"
#include <stdbool.h>
#include <stdint.h>

#define FOTA_PACKAGE_VERSION      0U   /* v0: not yet frozen */
#define FOTA_PACKAGE_PREFIX_BYTES 12U  /* plain; everything behind it is masked */
#define FOTA_PACKAGE_HEAD_MAX     512U /* head and signature block together */
#define FOTA_PACKAGE_FIXED_BYTES  148U /* prefix and fixed fields: the least head */
#define FOTA_PACKAGE_STRING_MAX   31U  /* product and version strings, without terminator */
#define FOTA_PACKAGE_SIGS_MAX     4U   /* signatures in the block */
#define FOTA_PACKAGE_ID_BYTES     8U
#define FOTA_PACKAGE_BYTES_MAX    0x7FFFFFFFU /* of a package, and of an image in it */

#define FOTA_TRIAL_BOOTS_MIN 3U /* a power cut may cost one */

#define FOTA_UNIT_SPAN_MAX            64U /* sectors that one unit may span */
#define FOTA_UNIT_HEAD_MAX            (14U + FOTA_UNIT_SPAN_MAX / 8U)
#define FOTA_PACKAGE_SCRATCH_MAX      64U /* ring sectors */
#define FOTA_PACKAGE_SLOT_SECTORS_MAX 4096U

/* Bits of `features`: all required.  A device refuses a package with a bit it does not know. */
enum fota_feature {
    FOTA_FEATURE_FULL = 1 << 0,      /* no base: the body alone makes the new image */
    FOTA_FEATURE_DOWNGRADE = 1 << 1, /* may lower the security counter; needs a base */
    FOTA_FEATURE_TWO_SLOTS = 1 << 2, /* planned for decoding into a second slot */
    /* reserved: 3 several bases, 4 not used (the trial section says it), 5 several keys with a
     * threshold, 6 encryption, 7 dependencies */
};
#define FOTA_FEATURES_KNOWN 0x7U

/* The plain first bytes: all a receiver needs to know when it has the whole package. */
struct fota_package_prefix {
    uint8_t version;
    uint8_t mask;         /* every byte behind the prefix is XORed with it */
    uint16_t head_bytes;  /* prefix, fixed fields and sections; the signature block follows */
    uint32_t total_bytes; /* of the whole package */
};

/* What the body of one direction is like, beside where it lies. */
struct fota_package_back {
    uint32_t security_counter; /* of the image that this direction leads to */
    uint32_t body_bytes;
    uint32_t prologue_bytes;
    uint8_t body_sha256[FOTA_SHA256_BYTES];
    uint16_t scratch_sectors;
    uint16_t n_units; /* 0, two slots: nothing is to be written, the base is still there */
    uint16_t decoder_kib;
};

struct fota_package {
    struct fota_package_prefix prefix;
    uint32_t features; /* enum fota_feature */
    uint32_t security_counter;
    uint32_t base_bytes; /* 0 for a full image */
    uint32_t new_bytes;
    uint32_t body_off; /* from the package's begin; the body ends with the package */
    uint32_t body_bytes;
    uint8_t base_sha256[FOTA_SHA256_BYTES]; /* zeros for a full image */
    uint8_t new_sha256[FOTA_SHA256_BYTES];
    uint8_t body_sha256[FOTA_SHA256_BYTES]; /* of the unmasked body */
    uint32_t geometry_id;     /* fota_area_geometry_id() of the slot it was planned for */
    uint16_t scratch_sectors; /* ring sectors in place; 0 for two slots or full images */
    uint16_t n_units;
    uint16_t decoder_kib; /* workspace the decoder needs, KiB, rounded up */
    uint8_t codec;        /* enum fota_codec of core/delta.h */
    uint8_t arch;         /* enum fota_arch of core/delta.h, a hint to the codec */
    uint32_t
        prologue_bytes; /* of the body: what the codec reads at every open (parameters, map) */
    char product[FOTA_PACKAGE_STRING_MAX + 1];
    char from_version[FOTA_PACKAGE_STRING_MAX + 1]; /* "" for a full image */
    char to_version[FOTA_PACKAGE_STRING_MAX + 1];
    uint8_t id[FOTA_PACKAGE_ID_BYTES]; /* first bytes of SHA-256 of the unmasked head */
    uint8_t trial_boots; /* starts in which the new firmware must confirm itself; 0: no trial */
    bool turned;         /* fota_package_turn() was called */
    struct fota_package_back back; /* with a trial: the other direction */
    uint16_t n_sigs;
    uint16_t sigs_off; /* of the first signature entry */
};

/* Parse the first FOTA_PACKAGE_PREFIX_BYTES bytes.  FOTA_E_FORMAT, FOTA_E_VERSION.  Section 2.
 */
FOTA_NODISCARD enum fota_err
fota_package_parse_prefix(struct fota_package_prefix *out,
                          const uint8_t prefix[FOTA_PACKAGE_PREFIX_BYTES]);

/* Bytes of head and signature block to give to fota_package_parse(); at most
 * FOTA_PACKAGE_HEAD_MAX, and never more than the package has. */
uint32_t fota_package_head_read_bytes(const struct fota_package_prefix *prefix);

/* Parse head and signature block from the begin of a package, masked as received: magic,
 * version, that all sizes agree and all strings are printable ASCII; not the signature, no
 * trust.  `head` is unmasked in place: parse it once.  `n_bytes` as
 * fota_package_head_read_bytes() says, fewer are FOTA_E_TRUNCATED.  `out` is written only on
 * FOTA_OK.  FOTA_E_FORMAT, FOTA_E_VERSION, FOTA_E_FEATURE (unknown required
 * bit or section), FOTA_E_TRUNCATED.  Sections 2 to 4. */
FOTA_NODISCARD enum fota_err
fota_package_parse(struct fota_package *out, uint8_t *head, uint32_t n_bytes);

/* Check that one signature of the block, by a key the device trusts, covers the head.  `head`
 * as fota_package_parse() left it.  FOTA_E_UNKNOWN_KEY (no entry by a trusted key),
 * FOTA_E_SIGNATURE.  Section 4. */
FOTA_NODISCARD enum fota_err
fota_package_verify(const struct fota_package *pkg, const uint8_t *head,
                    const struct fota_verifier *verifier);

/* Turn a package with a trial round: it then describes the way back, from the new image to the
 * base, with the same signature and id; turn again for the way forth. */
void fota_package_turn(struct fota_package *pkg);

/* Ring sectors, and KiB of workspace, that both directions together need. */
static inline uint16_t fota_package_most_scratch(const struct fota_package *pkg)
{
    uint16_t back = pkg->back.scratch_sectors;
    return pkg->scratch_sectors > back ? pkg->scratch_sectors : back;
}

static inline uint16_t fota_package_most_kib(const struct fota_package *pkg)
{
    uint16_t back = pkg->back.decoder_kib;
    return pkg->decoder_kib > back ? pkg->decoder_kib : back;
}

/* The head of one unit of the body: sectors it spans and which of them it writes.  Section 5.
 */
struct fota_unit {
    uint32_t first_sector; /* slot sector index of the span's begin */
    uint32_t n_sectors;    /* 1..FOTA_UNIT_SPAN_MAX */
    uint32_t n_written;    /* set bits of `written` among n_sectors */
    uint32_t coded_bytes;  /* behind the head */
    uint32_t coded_crc; /* CRC-32 of the head's bytes before this field, and the coded bytes */
    uint32_t head_crc;  /* CRC-32 of the head's bytes before coded_crc: begin value for it */
    uint32_t new_crc;   /* CRC-32 of the decoded bytes of the whole span */
    uint32_t head_bytes;
    uint8_t written[FOTA_UNIT_SPAN_MAX / 8]; /* bit i: sector first_sector + i is written */
};

/* Parse a unit head from `n_bytes` unmasked body bytes (FOTA_UNIT_HEAD_MAX, or fewer at the
 * body's end).  FOTA_E_BODY. */
FOTA_NODISCARD enum fota_err
fota_unit_parse(struct fota_unit *out, const uint8_t *bytes, uint32_t n_bytes);
/* Whether the unit writes sector first_sector + i. */
bool fota_unit_writes(const struct fota_unit *unit, uint32_t i);

/* Mask or unmask bytes that lie at `off` of a package, in place; those of the prefix stay. */
void fota_package_mask(uint8_t mask, uint32_t off, uint8_t *bytes, uint32_t n_bytes);

/* Read [off, off + n_bytes) of a package that lies in a flash area from offset 0, unmasked.
 * FOTA_E_RANGE outside the package or the area, or the port's result. */
struct fota_area;
FOTA_NODISCARD enum fota_err
fota_package_read(const struct fota_area *staging, const struct fota_package_prefix *prefix,
                  uint32_t off, uint8_t *dst, uint32_t n_bytes);

#endif
