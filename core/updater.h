/* SPDX-License-Identifier: MIT */
/* The updater: carries out, or goes on with, the update that the journal and the staging area
 * describe.  A state machine; each poll makes at most one erase or program.  A cut before,
 * during or after any of them is safe: open() and poll() reach the same image.  doc/design.md 4
 * and 5; the argument is doc/proof.md. */
#ifndef FOTA_CORE_UPDATER_H
#define FOTA_CORE_UPDATER_H

#include "core/delta.h"
#include "core/image_hash.h"
#include "core/journal.h"
#include "core/package_check.h"

/* Fields are private. */
struct fota_updater {
    struct fota_package_check check;
    union {
        uint8_t page[FOTA_PAGE_MAX];
        struct fota_image_hash hash;
        struct fota_record_write identity;
    } buf; /* by stage */
    const struct fota_device *device;
    struct fota_journal *journal; /* loaded by the caller */
    uint8_t stage;                /* enum of updater.c */
    uint8_t tries;                /* of the sector under way */
    uint8_t unit_tries;           /* of the unit under way */
    uint8_t n_results;            /* result records still to write */
    uint8_t percent;              /* of the work durably recorded */
    bool slot_valid;              /* after a failure: the identity's image is whole */
    enum fota_err failed;         /* why, in the failing stages */
    struct fota_snapshot now;     /* what the next record says */
    struct fota_unit unit;        /* being applied */
    uint32_t n_stash;             /* stash steps of this unit */
    uint32_t n_stashed_before;    /* stashed in all earlier units */
    uint32_t steps_before;        /* steps of all earlier units */
    uint16_t n_walked;            /* units before the current one, looked at so far */
    uint16_t sector;              /* slot sector of the step under way */
    uint32_t off;                 /* bytes done in it */
    uint32_t done_bytes;          /* hashed of what is being checked; of the unit: decoded */
    uint32_t crc;
    struct fota_delta_source source;
    struct fota_delta *delta;
    void *work;
    uint16_t ring[FOTA_PACKAGE_SCRATCH_MAX]; /* slot sector stashed in each ring sector */
    uint8_t written[FOTA_PACKAGE_SLOT_SECTORS_MAX / 8]; /* by units before this one */
};

/* Take up the update of `journal`: phase RUN, BACK or KEEP, or TRIAL to undo what is on
 * trial.  `work`: the decoder's workspace, device->
 * decoder_bytes, aligned for uint32_t and void pointers.  Reads and writes nothing yet. */
void fota_updater_open(struct fota_updater *u, const struct fota_device *device,
                       struct fota_journal *journal, void *work);
/* One bounded piece of work, at most one erase or program.
 * FOTA_MORE, FOTA_BUSY: go on.
 * FOTA_OK: finished: new image verified, identity and result, or TRIAL, durable; reset now.
 * BACK: so is the old one, result FOTA_E_UNCONFIRMED.
 * Failure: if fota_updater_slot_valid() the image that the identity names is whole and the
 * device may start it; else only recovery is left. */
FOTA_NODISCARD enum fota_err fota_updater_poll(struct fota_updater *u);
/* After a failure: whether the identity's image is still whole. */
bool fota_updater_slot_valid(const struct fota_updater *u);
/* Percent of the work that is durably recorded, 0..100; 100 only when finished. */
unsigned fota_updater_percent(const struct fota_updater *u);
/* Whether the work done by former boots is known: what fota_updater_percent() says from then on
 * is new only where it grows. */
bool fota_updater_has_begun(const struct fota_updater *u);

#endif
