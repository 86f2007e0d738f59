/* SPDX-License-Identifier: MIT */
/* Inside of the updater: its stages, and what its files share.
 *
 *   CHECK -> PLAN -> DECODER -> OPENING -+
 *     +----------------------------------+
 *     +-> UNIT -> CODED -+-> STASH_ERASE -> STASH_COPY -> RECORD -+-> next stash step
 *     |                  |                                        +-> DECODE
 *     |                  +-> DECODE -> WRITE_ERASE -> WRITE_PAGE -> RECORD -> DECODE
 *     |                         +-> READ_BACK -> RECORD -+-> UNIT
 *     +--------------------------------------------------+-> IMAGE -> IDENTITY -> RESULT ->
 * DONE any: -> FAIL_HASH -> FAIL_RESULT -> FAILED */
#ifndef FOTA_CORE_UPDATER_UNIT_H
#define FOTA_CORE_UPDATER_UNIT_H

#include "core/updater.h"

enum fota_updater_stage {
    FOTA_UPDATER_CHECK,       /* the package, all of it */
    FOTA_UPDATER_PLAN,        /* what units before the current one stashed and wrote */
    FOTA_UPDATER_DECODER,     /* open it */
    FOTA_UPDATER_OPENING,     /* the journal: nothing has been written in this boot before */
    FOTA_UPDATER_UNIT,        /* read the unit's head */
    FOTA_UPDATER_CODED,       /* check its coded bytes */
    FOTA_UPDATER_STASH_ERASE, /* a ring sector */
    FOTA_UPDATER_STASH_COPY,  /* a page of old content into it */
    FOTA_UPDATER_DECODE,      /* a page that stands already, or another unit writes */
    FOTA_UPDATER_WRITE_ERASE, /* a slot sector */
    FOTA_UPDATER_WRITE_PAGE,  /* a page of new content into it */
    FOTA_UPDATER_READ_BACK,   /* the unit's span against its CRC */
    FOTA_UPDATER_RECORD,      /* the snapshot `now` */
    FOTA_UPDATER_IMAGE,       /* the whole new image against its hash */
    FOTA_UPDATER_IDENTITY,    /* write the record */
    FOTA_UPDATER_RESULT,      /* record it, twice; a trial once */
    FOTA_UPDATER_DONE,
    FOTA_UPDATER_FAIL_HASH,   /* is the identity's image still whole? */
    FOTA_UPDATER_FAIL_RESULT, /* then record why the update failed, twice */
    FOTA_UPDATER_FAILED,
};

#define FOTA_UPDATER_TRIES_MAX 3U /* of a sector's writing, and of a unit's */

/* updater.c */
/* Begin to record `now`. */
enum fota_err fota_updater_record(struct fota_updater *u);
/* Slot that is written. */
const struct fota_area *fota_updater_slot(const struct fota_updater *u);

/* updater_source.c: where the decoder reads while a unit is applied. */
void fota_updater_source_init(struct fota_updater *u);

/* updater_unit.c: the stages UNIT to READ_BACK, and what follows a record. */
enum fota_err fota_updater_unit_step(struct fota_updater *u);
enum fota_err fota_updater_after_record(struct fota_updater *u);

/* updater_end.c: the stages from IMAGE on. */
enum fota_err fota_updater_begin_end(struct fota_updater *u);
enum fota_err fota_updater_end_step(struct fota_updater *u);
enum fota_err fota_updater_fail(struct fota_updater *u, enum fota_err err);

#endif
