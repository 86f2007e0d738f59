/* SPDX-License-Identifier: MIT */
/* The updater: carries out, or goes on with, the update that the journal and the staging area
 * describe.  A state machine; each poll makes at most one erase or program.  A cut before,
 * during or after any of them is safe: open() and poll() reach the same image.  doc/design.md 4
 * and 5. */
#ifndef FOTA_CORE_UPDATER_H
#define FOTA_CORE_UPDATER_H

#include "core/delta.h"
#include "core/image_hash.h"
#include "core/journal.h"
#include "core/package_check.h"

struct fota_updater {
    const struct fota_device *device;
    struct fota_journal *journal; /* loaded by the caller */
    uint8_t stage;                /* enum of updater.c */
    enum fota_err failed;         /* why, in the failed stages */
    bool in_place;                /* stash and ring */
    bool slot_touched;            /* an erase of the slot may have begun, ever */
    uint8_t retries;
    struct fota_snapshot now; /* what the next record will say */
    struct fota_package_check check;
    struct fota_unit unit;     /* being applied */
    uint32_t n_stash;          /* stash steps of this unit */
    uint32_t n_stashed_before; /* stashed in all earlier units */
    uint32_t steps_before;     /* steps of all earlier units */
    uint32_t sector;           /* slot sector index of the current step */
    uint32_t off;              /* progress inside a step */
    uint32_t decoded;          /* unit bytes decoded so far */
    struct fota_image_hash hash;
    struct fota_record_write identity;
    struct fota_delta_source source;
    struct fota_delta *delta;
    void *work;
    uint32_t work_bytes;
    uint16_t ring[FOTA_PACKAGE_SCRATCH_MAX]; /* slot sector stashed in each ring sector */
    uint8_t written[FOTA_PACKAGE_SLOT_SECTORS_MAX /
                    8]; /* sectors written by units before this one */
    uint8_t page[FOTA_PAGE_MAX];
};

/* Take up the update of `journal` (phase RUN).  `work`: the decoder's workspace, device->
 * decoder_bytes, aligned for uint32_t.  Reads and writes nothing yet. */
void fota_updater_open(struct fota_updater *u, const struct fota_device *device,
                       struct fota_journal *journal, void *work);
/* One bounded piece of work, at most one erase or program.
 * FOTA_MORE, FOTA_BUSY: go on.
 * FOTA_OK: finished: new image verified, identity and result durable; reset now.
 * Failure: if fota_updater_slot_valid() the old firmware is unchanged, the result is durable
 * and the device may start it; else only recovery is left. */
FOTA_NODISCARD enum fota_err fota_updater_poll(struct fota_updater *u);
/* After a failure: whether the identity's image is still whole. */
bool fota_updater_slot_valid(const struct fota_updater *u);
/* Percent of the work that is durably recorded, 0..100; 100 only when finished. */
unsigned fota_updater_percent(const struct fota_updater *u);

#endif
