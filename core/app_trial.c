/* SPDX-License-Identifier: MIT */
#include "core/app_trial.h"
#include "core/mem.h"

/* What +QFUR says first. */
enum state {
    STATE_NONE,      /* no update was ever begun */
    STATE_ENDED,     /* the last one has */
    STATE_ON_TRIAL,  /* its firmware runs, not confirmed */
    STATE_UNDER_WAY, /* recovery: the boot loader could not finish it */
};

bool fota_app_is_on_trial(const struct fota_app *a)
{
    const struct fota_snapshot *last = fota_journal_last(&a->journal);
    if (a->recovery || last == NULL) return false;
    return last->phase == FOTA_PHASE_TRIAL || last->phase == FOTA_PHASE_KEEP;
}

enum fota_err fota_app_confirm(struct fota_app *a)
{
    if (!fota_app_is_on_trial(a) || a->stage == FOTA_APP_STAGE_CONFIRM) return FOTA_OK;
    if (a->stage != FOTA_APP_STAGE_COMMANDS) return FOTA_E_BUSY;
    fota_trial_confirm(&a->work.trial, &a->journal, &a->device->area[FOTA_AREA_IDENTITY]);
    a->stage = FOTA_APP_STAGE_CONFIRM;
    return FOTA_OK;
}

void fota_app_confirm_step(struct fota_app *a)
{
    enum fota_err err = fota_trial_step(&a->work.trial);
    if (err == FOTA_MORE || err == FOTA_BUSY) return;
    a->stage = FOTA_APP_STAGE_COMMANDS;
    a->at.error = err;
    /* Ignored when the firmware, not a command, has asked. */
    fota_at_server_finish(&a->at, err == FOTA_OK ? FOTA_AT_DONE_OK : FOTA_AT_DONE_ERROR);
}

enum fota_at_answer fota_app_on_confirm(struct fota_at_server *s, enum fota_at_form form,
                                        const char *args, size_t n_args)
{
    (void)form;
    (void)args;
    (void)n_args;
    struct fota_app *a = s->device->ctx;
    if (!fota_app_is_on_trial(a)) return FOTA_AT_DONE_OK;
    s->error = fota_app_confirm(a);
    return s->error == FOTA_OK ? FOTA_AT_PENDING : FOTA_AT_DONE_ERROR;
}

static enum state state_of(const struct fota_app *a, const struct fota_snapshot *last)
{
    static const uint8_t zeros[FOTA_PACKAGE_ID_BYTES] = {0};
    if (last == NULL || memcmp(last->to_id, zeros, sizeof zeros) == 0) return STATE_NONE;
    if (fota_app_is_on_trial(a)) return STATE_ON_TRIAL;
    bool ended = last->phase == FOTA_PHASE_RESULT || last->phase == FOTA_PHASE_IDLE;
    return ended ? STATE_ENDED : STATE_UNDER_WAY;
}

static void print_id(struct fota_at_server *s, const uint8_t id[FOTA_PACKAGE_ID_BYTES])
{
    fota_at_server_text(s, ",\"");
    for (unsigned i = 0; i < FOTA_PACKAGE_ID_BYTES; i += 4)
        fota_at_server_hex32(s, (uint32_t)id[i] << 24 | (uint32_t)id[i + 1] << 16 |
                                    (uint32_t)id[i + 2] << 8 | id[i + 3]);
    fota_at_server_text(s, "\"");
}

static void print_field(struct fota_at_server *s, uint32_t value)
{
    fota_at_server_text(s, ",");
    fota_at_server_number(s, value);
}

enum fota_at_answer fota_app_on_result(struct fota_at_server *s, enum fota_at_form form,
                                       const char *args, size_t n_args)
{
    (void)form;
    (void)args;
    (void)n_args;
    const struct fota_app *a = s->device->ctx;
    const struct fota_snapshot *last = fota_journal_last(&a->journal);
    enum state state = state_of(a, last);
    fota_at_server_info_begin(s);
    fota_at_server_text(s, "+QFUR: ");
    fota_at_server_number(s, state);
    if (state != STATE_NONE) {
        print_field(s, last->result);
        print_field(s, last->cuts);
        print_field(s, last->trials);
        print_id(s, last->from_id);
        print_id(s, last->to_id);
    }
    fota_at_server_info_end(s);
    return FOTA_AT_DONE_OK;
}
