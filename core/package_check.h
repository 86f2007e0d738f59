/* SPDX-License-Identifier: MIT */
/* Everything that must hold before the first erase of slot or scratch.  Used by the application
 * (to accept or refuse) and again by the boot loader (which trusts no one).  Order: prefix,
 * head, signature, product, already there, counter, fit, base hash, body hash, unit heads; in
 * place and with a trial, fit, body hash and unit heads of the way back before those of the way
 * forth. */
#ifndef FOTA_CORE_PACKAGE_CHECK_H
#define FOTA_CORE_PACKAGE_CHECK_H

#include "core/device.h"
#include "core/identity.h"
#include "core/image_hash.h"
#include "core/journal.h"
#include "core/package.h"

/* What the identity record says is in the device. */
struct fota_device_image {
    bool known; /* there is a valid record */
    uint8_t slot;
    uint32_t n_bytes;
    uint32_t security_counter;
    uint8_t sha256[FOTA_SHA256_BYTES];
};

struct fota_package_check {
    const struct fota_device *device;
    uint32_t received_bytes;
    bool check_base;   /* compare with what the device is: false once the base may be damaged */
    bool back;         /* the way back is asked for: set after begin() */
    uint8_t stage;     /* enum of package_check.c */
    uint8_t target;    /* slot that the package would be applied to: 0 or 1 */
    uint16_t unit;     /* heads checked */
    uint16_t n_image;  /* slot sectors that the new image takes */
    uint16_t n_marked; /* of them written by a unit */
    uint32_t off;      /* progress inside a stage */
    uint32_t n_steps;  /* stash and write steps of all units checked */
    struct fota_device_image image;
    struct fota_package pkg; /* valid from the signature on */
    union {
        uint8_t head[FOTA_PACKAGE_HEAD_MAX];
        struct fota_image_hash hash;
        uint8_t
            written[FOTA_PACKAGE_SLOT_SECTORS_MAX / 8]; /* slot sectors that a unit writes */
    } part;                                             /* by stage; in the end `written` */
};

/* Begin to check the package that lies in the device's staging area.  `received_bytes` is what
 * has been received, or UINT32_MAX when not known (boot loader).  `check_base`: false when the
 * base may be damaged (then already there and base are not compared). */
void fota_package_check_begin(struct fota_package_check *c, const struct fota_device *device,
                              uint32_t received_bytes, bool check_base);
/* One bounded piece of work (at most one signature check or 1 KiB hashed).  Reads only.
 * FOTA_MORE; FOTA_OK: accepted; else the reason. */
FOTA_NODISCARD enum fota_err fota_package_check_step(struct fota_package_check *c);

/* After FOTA_OK, the record that asks the boot loader to apply the package: RUN, nothing done.
 */
void fota_package_check_ask(const struct fota_package_check *c, struct fota_snapshot *out);

/* Whether a device of these areas, which gives its decoder `decoder_bytes`, can apply the
 * package at all: FOTA_E_GEOMETRY, FOTA_E_SLOT_SPACE, FOTA_E_BASE (base larger than the slot),
 * FOTA_E_STAGING_SPACE, FOTA_E_FEATURE (codec), FOTA_E_RAM.  Used by the check and by the
 * tools. */
FOTA_NODISCARD enum fota_err
fota_package_fits(const struct fota_package *pkg, const struct fota_area area[FOTA_AREA_COUNT],
                  uint32_t decoder_bytes);

/* Whether the package is applied over its base, with a ring of stashed sectors. */
bool fota_package_is_in_place(const struct fota_package *pkg);
/* Parse the unit head at offset `off` of the body.  FOTA_E_BODY, FOTA_E_CODED (unreadable), or
 * the port's failure. */
FOTA_NODISCARD enum fota_err
fota_package_unit_at(struct fota_unit *out, const struct fota_area *staging,
                     const struct fota_package *pkg, uint32_t off);
/* Whether sector `index` of the slot must be stashed before a unit of this package writes it.
 */
bool fota_package_stashes(const struct fota_package *pkg, const struct fota_area *slot,
                          uint32_t index);
/* Stash steps of a unit. */
uint32_t fota_package_n_stash(const struct fota_package *pkg, const struct fota_area *slot,
                              const struct fota_unit *unit);

/* One bit for each slot sector. */
static inline bool fota_sector_bit(const uint8_t *bits, uint32_t index)
{
    return (bits[index / 8] >> (index % 8) & 1U) != 0;
}

static inline void fota_sector_bit_set(uint8_t *bits, uint32_t index)
{
    bits[index / 8] |= (uint8_t)(1U << (index % 8));
}

#endif
