/* SPDX-License-Identifier: MIT */
/* The update journal: full snapshots that survive torn programs, torn erases and bits that read
 * differently twice.  One boot, one journal sector.  The rules are those of doc/design.md 5. */
#ifndef FOTA_CORE_JOURNAL_H
#define FOTA_CORE_JOURNAL_H

#include "core/flash.h"
#include "core/package.h"

#define FOTA_JOURNAL_RECORD_BYTES 64U /* before padding to the program unit */
#define FOTA_JOURNAL_SECTORS_MAX  8U
#define FOTA_JOURNAL_SLOTS_MAX    4096U /* used in a sector, however large it is */

enum fota_phase {
    FOTA_PHASE_IDLE = 1, /* nothing under way; staging may be changed */
    FOTA_PHASE_RUN,      /* the package in staging is being applied */
    FOTA_PHASE_TRIAL,    /* the new image stands but is not confirmed */
    FOTA_PHASE_RESULT,   /* an update ended: `result` */
    FOTA_PHASE_BACK,     /* the package in staging is being undone, as RUN the other way */
    FOTA_PHASE_KEEP,     /* it is confirmed: as RUN at its end, with the security counter */
};

/* How far a RUN has come, as far as a check of the base is concerned. */
enum fota_progress {
    FOTA_PROGRESS_ASKED = 0, /* the application asks for it; no boot loader has begun */
    FOTA_PROGRESS_BEGUN,     /* a boot loader has taken it up; the base is whole */
    FOTA_PROGRESS_TOUCHED,   /* the base may be damaged: only forward */
};

/* A snapshot: everything that must be known after a reset. */
struct fota_snapshot {
    enum fota_phase phase;
    enum fota_progress progress; /* RUN, BACK */
    uint8_t package_id[FOTA_PACKAGE_ID_BYTES];
    uint32_t unit;       /* RUN, BACK: unit being applied, 0..n_units */
    uint32_t step;       /* RUN: steps done in it: stash steps, then write steps */
    uint32_t unit_off;   /* RUN: body offset of the unit's head */
    uint8_t target_slot; /* slot being written: 0 or 1 */
    uint8_t result;      /* RESULT, IDLE: error code of the last update, 0 success */
    uint8_t trials;      /* TRIAL: starts left */
    uint16_t cuts;       /* boots that found this update begun and unfinished */
    uint32_t counter;    /* security counter that the identity gets: RUN and BACK at
                            their end, TRIAL and KEEP by the confirmation */
    uint8_t from_id[FOTA_PACKAGE_ID_BYTES]; /* first bytes of the base image's hash; zeros for
                                               a full image */
    uint8_t to_id[FOTA_PACKAGE_ID_BYTES];   /* first bytes of the new image's hash */
};

/* State of the journal in this boot.  Fields are private. */
struct fota_journal {
    const struct fota_area *area;
    uint32_t ruling_epoch;
    uint32_t epoch;         /* newest seen or written */
    uint16_t slot;          /* next free record slot in `sector` */
    uint16_t part_off;      /* bytes of the record in `slot` already programmed */
    uint16_t recommit_slot; /* where rule 3a asks for a copy; past the last slot: nowhere */
    uint8_t n_sectors;
    uint8_t ruling;       /* sector that rules; n_sectors when none */
    uint8_t sector;       /* opened, or being opened, in this boot */
    uint8_t sectors_left; /* that may still be tried for this OPEN */
    uint8_t tries;
    uint8_t stage; /* enum of journal.c */
    bool has_snapshot;
    bool finished; /* the last two records of the ruling sector agree and are final */
    struct fota_snapshot last; /* found by fota_journal_load(), or written since */
    struct fota_snapshot next; /* being written */
};

/* Read the journal once, decide which sector rules, keep the last snapshot.  Writes nothing.
 * FOTA_E_FLASH. */
FOTA_NODISCARD enum fota_err
fota_journal_load(struct fota_journal *j, const struct fota_area *area);
/* The last snapshot, found or durable since, or a null pointer: nothing was ever recorded. */
const struct fota_snapshot *fota_journal_last(const struct fota_journal *j);
/* As found: whether nothing is under way and nothing needs to be written to keep it so: no
 * record at all, or the last two records of the ruling sector are final (IDLE or RESULT) and
 * agree. */
bool fota_journal_is_final(const struct fota_journal *j);

/* OPEN: begin to write in this boot with `state` (doc/design.md 5, rule 3).  Then step until
 * FOTA_OK. */
void fota_journal_open(struct fota_journal *j, const struct fota_snapshot *state);
/* Append a snapshot to the sector opened in this boot; opens another when it is full.  Then
 * step until FOTA_OK. */
void fota_journal_append(struct fota_journal *j, const struct fota_snapshot *state);
/* At most one erase or program.  FOTA_MORE, FOTA_BUSY, FOTA_OK when durable; FOTA_E_JOURNAL
 * when no sector takes it. */
FOTA_NODISCARD enum fota_err fota_journal_step(struct fota_journal *j);
/* Whether this boot has opened the journal. */
bool fota_journal_is_open(const struct fota_journal *j);
/* Epoch of the sector opened in this boot. */
uint32_t fota_journal_epoch(const struct fota_journal *j);

#endif
