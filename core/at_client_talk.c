/* SPDX-License-Identifier: MIT */
/* Lending the line to a package source that has to talk to the module: core/at_talk.h. */
#include "core/at_client_state.h"
#include "core/at_line.h"
#include "core/at_talk.h"

static const struct fota_at_talk *talk_of(const struct fota_at_client *c)
{
    return c->options.talk;
}

static void say_next(struct fota_at_client *c)
{
    uint32_t limit_ms = 0;
    fota_at_client_enter(c, STATE_TALK);
    size_t n = talk_of(c)->say(talk_of(c)->ctx, c->out, FOTA_CLIENT_OUT_MAX - FOTA_AT_CHUNK_MAX,
                               &limit_ms);
    c->out_bytes = (uint16_t)n;
    c->talk_limit_ms = limit_ms != 0 ? limit_ms : c->options.answer_ms;
    if (n == 0) { /* the source has nothing more to say */
        fota_at_client_enter(c, (enum fota_at_client_state)c->after_talk);
    }
}

void fota_at_client_talk(struct fota_at_client *c, enum fota_at_client_state after)
{
    c->after_talk = (uint8_t)after;
    say_next(c);
}

void fota_at_client_open_source(struct fota_at_client *c)
{
    fota_at_client_tell(c, FOTA_CLIENT_FETCH, 0, "");
    talk_of(c)->reset(talk_of(c)->ctx);
    fota_at_client_talk(c, STATE_OPENED);
}

void fota_at_client_source_is_open(struct fota_at_client *c)
{
    c->source_open = true;
    fota_at_client_tell(c, FOTA_CLIENT_SOURCE, c->source->n_bytes, "");
    fota_at_client_start_transfer(c);
}

bool fota_at_client_tidy_up(struct fota_at_client *c)
{
    bool of_use = c->result == FOTA_OK || c->result == FOTA_E_REFUSED ||
                  c->result == FOTA_E_ALREADY || c->result == FOTA_E_FAILED_UPDATE;
    if (talk_of(c) == NULL || c->state == STATE_TALK || !of_use) {
        return false;
    }
    talk_of(c)->end(talk_of(c)->ctx);
    fota_at_client_talk(c, STATE_DONE);
    return true;
}

void fota_at_client_talk_is_lost(struct fota_at_client *c, enum fota_err cause)
{
    if (c->after_talk == STATE_DONE) {
        fota_at_client_enter(c, STATE_DONE);
    } else {
        fota_at_client_restart(c, cause);
    }
}

static void
go_on(struct fota_at_client *c, enum fota_talk next, const struct fota_talk_note *note)
{
    switch (next) {
    case FOTA_TALK_ON:
        return;
    case FOTA_TALK_NEXT:
        say_next(c);
        return;
    case FOTA_TALK_AGAIN:
        fota_at_client_talk_is_lost(c, note->err);
        return;
    case FOTA_TALK_GIVE_UP:
        if (c->after_talk != STATE_DONE) {
            c->result = note->err;
        }
        fota_at_client_enter(c, STATE_DONE);
        return;
    }
}

void fota_at_client_talk_hears(struct fota_at_client *c, const struct fota_at_reply *r,
                               const char *line)
{
    struct fota_talk_note note = {.n_raw = 0, .err = FOTA_E_NONSENSE};
    enum fota_talk next = talk_of(c)->hear(talk_of(c)->ctx, r, line, &note);
    c->n_raw = note.n_raw;
    c->raw_lf = note.n_raw > 0;
    go_on(c, next, &note);
}

size_t fota_at_client_talk_takes(struct fota_at_client *c, const uint8_t *bytes, size_t n)
{
    struct fota_talk_note note = {.n_raw = 0, .err = FOTA_E_NONSENSE};
    if (c->raw_lf) { /* of the line that announced them */
        c->raw_lf = false;
        if (bytes[0] != '\n') {
            c->n_raw = 0;
            fota_at_client_talk_is_lost(c, FOTA_E_NONSENSE);
        }
        return 1;
    }
    uint32_t n_taken = n < c->n_raw ? (uint32_t)n : c->n_raw;
    c->n_raw -= n_taken;
    c->since_ms = c->now_ms;
    go_on(c, talk_of(c)->take(talk_of(c)->ctx, bytes, n_taken, &note), &note);
    return n_taken;
}
