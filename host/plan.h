/* SPDX-License-Identifier: MIT */
/* In which units, and in which order, the new image is made; what each unit may read
 * (doc/package-format.md 5). */
#ifndef FOTA_HOST_PLAN_H
#define FOTA_HOST_PLAN_H

#include "core/package.h"
#include "host/encode.h"
#include <stdbool.h>

#define FOTA_PLAN_GAP_MAX 8U /* unchanged sectors in a row that a unit may span */

/* A unit: it writes `n_changed` changed sectors, the first of which is `first_sector`. */
struct fota_plan_run {
    uint32_t first_sector;
    uint32_t n_changed;
};

/* The units in the order in which they are written. */
struct fota_plan_choice {
    struct fota_plan_run *runs;
    uint32_t n_runs; /* 0: ascending, as large as units may be; not in place */
};

struct fota_plan_unit {
    uint32_t first_sector;
    uint32_t n_sectors;
    uint32_t new_off;
    uint32_t new_bytes;
    uint32_t n_written;
    uint32_t n_stash;
    uint8_t written[FOTA_UNIT_SPAN_MAX / 8];
};

struct fota_plan {
    enum fota_encode_mode mode;
    uint32_t old_bytes;
    uint32_t new_bytes;
    uint32_t scratch_sectors;
    uint32_t n_sectors;           /* of the slot, as far as either image reaches */
    uint32_t n_new_sectors;       /* that hold new bytes */
    uint32_t *sector_off;         /* n_sectors + 1 */
    bool *changed;                /* per new sector */
    uint16_t *unit_of;            /* per new sector: its unit + 1, 0: in none */
    struct fota_plan_unit *units; /* in processing order */
    uint32_t n_units;
    uint8_t *readable; /* in place: row per unit, byte per sector: old content is readable */
};

/* Sectors, and which of them change; no units yet: everything old is readable.
 * FOTA_E_SLOT_SPACE, FOTA_E_NOMEM. */
FOTA_NODISCARD enum fota_err
fota_plan_begin(struct fota_plan *plan, struct fota_bytes old_image,
                struct fota_bytes new_image, const struct fota_encode_options *options);
/* The same with its units.  FOTA_E_IMAGE: more units than a package can have. */
FOTA_NODISCARD enum fota_err
fota_plan_make(struct fota_plan *plan, struct fota_bytes old_image, struct fota_bytes new_image,
               const struct fota_encode_options *options, const struct fota_plan_choice *how);
void fota_plan_free(struct fota_plan *plan);
/* Sector that holds byte `off` of the slot. */
uint32_t fota_plan_sector_at(const struct fota_plan *plan, uint32_t off);
/* How many old bytes from `off` on are readable while `unit` is decoded. */
uint32_t fota_plan_old_readable(const struct fota_plan *plan, uint32_t unit, uint32_t off);
/* How many bytes from new offset `dst_off` on may be copies of old bytes from `src_off` on. */
uint32_t fota_plan_copyable(const struct fota_plan *plan, uint32_t dst_off, uint32_t src_off);

#endif
