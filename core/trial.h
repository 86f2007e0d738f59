/* SPDX-License-Identifier: MIT */
/* Confirming a firmware that is on trial: the decision is recorded (KEEP), then the security
 * counter rises in the identity record, then the update has its result.  What a power cut
 * leaves of it the boot loader finishes, from the package in staging: of the identity record it
 * may read a torn one right, once.  doc/design.md 4. */
#ifndef FOTA_CORE_TRIAL_H
#define FOTA_CORE_TRIAL_H

#include "core/identity.h"
#include "core/journal.h"

/* A confirmation in progress.  Fields are private. */
struct fota_trial {
    struct fota_journal *journal;
    const struct fota_area *identity;
    uint8_t stage; /* enum of trial.c */
    uint8_t n_results;
    struct fota_snapshot now;
    struct fota_record_write write;
};

/* Begin: the last snapshot of `journal` is TRIAL.  Both are borrowed. */
void fota_trial_confirm(struct fota_trial *t, struct fota_journal *journal,
                        const struct fota_area *identity);
/* At most one erase or program.  FOTA_MORE, FOTA_BUSY, FOTA_OK: confirmed, all is durable.  A
 * power cut before KEEP is durable leaves the trial as it is; after that the confirmation
 * stands.  FOTA_E_JOURNAL, FOTA_E_WORN, FOTA_E_NO_IMAGE: begin again, or leave it to the boot
 * loader. */
FOTA_NODISCARD enum fota_err fota_trial_step(struct fota_trial *t);

#endif
