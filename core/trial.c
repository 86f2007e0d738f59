/* SPDX-License-Identifier: MIT */
#include "core/trial.h"

enum stage { STAGE_KEEP, STAGE_IDENTITY, STAGE_RESULT };

void fota_trial_confirm(struct fota_trial *t, struct fota_journal *journal,
                        const struct fota_area *identity)
{
    t->journal = journal;
    t->identity = identity;
    t->stage = STAGE_KEEP;
    t->n_results = 2;
    t->now = *fota_journal_last(journal);
    t->now.phase = FOTA_PHASE_KEEP;
    fota_journal_open(journal, &t->now);
}

static enum fota_err begin_identity(struct fota_trial *t)
{
    struct fota_identity id;
    uint8_t bytes[FOTA_IDENTITY_BYTES];
    enum fota_err err = fota_identity_read(&id, t->identity);
    if (err < 0) return err;
    if (t->now.counter > id.security_counter) id.security_counter = t->now.counter;
    fota_identity_encode(&id, bytes);
    fota_record_write_begin(&t->write, t->identity, bytes, sizeof bytes,
                            fota_journal_epoch(t->journal));
    t->stage = STAGE_IDENTITY;
    return FOTA_MORE;
}

static enum fota_err begin_result(struct fota_trial *t)
{
    t->now.phase = FOTA_PHASE_RESULT;
    t->now.trials = 0;
    fota_journal_append(t->journal, &t->now);
    t->stage = STAGE_RESULT;
    return FOTA_MORE;
}

enum fota_err fota_trial_step(struct fota_trial *t)
{
    bool writes_identity = t->stage == STAGE_IDENTITY;
    enum fota_err err =
        writes_identity ? fota_record_write_step(&t->write) : fota_journal_step(t->journal);
    if (err != FOTA_OK) return err;
    switch ((enum stage)t->stage) {
    case STAGE_KEEP:
        return begin_identity(t);
    case STAGE_IDENTITY:
        return begin_result(t);
    case STAGE_RESULT:
        break;
    }
    t->n_results--;
    return t->n_results > 0 ? begin_result(t) : FOTA_OK;
}
