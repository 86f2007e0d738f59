/* SPDX-License-Identifier: MIT */
#include "core/at_client.h"
#include "core/at_client_state.h"
#include "core/at_line.h"
#include "core/mem.h"

#define ANSWER_MS  5000U
#define UPDATE_MS  120000U
#define ESCAPE_MS  (FOTA_AT_GUARD_MS + 200U)
#define SYNC_TRIES 8U /* two answer times */
#define ESCAPE_TRY 3U /* the one before which data mode is left */

void fota_at_client_begin(struct fota_at_client *c, const struct fota_package_source *source,
                          const struct fota_client_options *options,
                          fota_client_event_fn *event, void *event_ctx)
{
    memset(c, 0, sizeof *c);
    c->source = source;
    c->options = *options;
    c->event = event;
    c->event_ctx = event_ctx;
    c->state = STATE_BEGIN;
    if (c->options.answer_ms == 0) {
        c->options.answer_ms = ANSWER_MS;
    }
    if (c->options.update_ms == 0) {
        c->options.update_ms = UPDATE_MS;
    }
}

enum fota_err fota_at_client_module_error(const struct fota_at_client *c)
{
    return c->module_error;
}

void fota_at_client_tell(const struct fota_at_client *c, enum fota_client_event event,
                         uint32_t number, const char *text)
{
    if (c->event != NULL) {
        c->event(c->event_ctx, event, number, text);
    }
}

/* ---- states and what they send ---- */

void fota_at_client_enter(struct fota_at_client *c, enum fota_at_client_state state)
{
    c->state = (uint8_t)state;
    c->since_ms = c->now_ms;
    c->info = false;
    c->bare_ok = false;
    c->n_raw = 0;
    c->raw_lf = false;
    c->out_bytes = 0;
    c->out_taken = 0;
}

void fota_at_client_finish(struct fota_at_client *c, enum fota_err result)
{
    c->result = result;
    if (!fota_at_client_tidy_up(c)) {
        fota_at_client_enter(c, STATE_DONE);
    }
}

void fota_at_client_put(struct fota_at_client *c, const char *text)
{
    size_t n = fota_at_length(text);
    memcpy(c->out + c->out_bytes, text, n);
    c->out_bytes = (uint16_t)(c->out_bytes + n);
}

void fota_at_client_ask(struct fota_at_client *c, enum fota_at_client_state state,
                        const char *command)
{
    fota_at_client_enter(c, state);
    fota_at_client_put(c, command);
    fota_at_client_put(c, "\r");
}

static void escape(struct fota_at_client *c)
{
    fota_at_client_enter(c, STATE_ESCAPE);
    fota_at_client_put(c, "+++");
}

void fota_at_client_synchronise(struct fota_at_client *c)
{
    c->tries = 0;
    c->heard = false;
    c->source_open = false;
    if (c->resuming && !c->rebooted) {
        escape(c); /* before AT, which in data mode would be taken for package bytes */
    } else {
        fota_at_client_ask(c, STATE_SYNC, "AT");
    }
}

void fota_at_client_restart(struct fota_at_client *c, enum fota_err cause)
{
    if (c->restarts == FOTA_AT_CLIENT_RESTARTS_MAX) {
        fota_at_client_finish(c, cause);
        return;
    }
    c->restarts++;
    c->resuming = c->resuming || c->begun;
    fota_at_client_synchronise(c);
}

enum fota_err fota_at_client_silence(const struct fota_at_client *c)
{
    if (c->heard) {
        return FOTA_E_NONSENSE;
    }
    return c->answered && !c->accepted ? FOTA_E_LINK : FOTA_E_NO_ANSWER;
}

void fota_at_client_refuse(struct fota_at_client *c)
{
    fota_at_client_finish(c,
                          c->module_error == FOTA_E_ALREADY ? FOTA_E_ALREADY : FOTA_E_REFUSED);
}

/* ---- input ---- */

/* What a line means in the client's own dialogue.  all_sent: it answers what was sent last. */
static void
act(struct fota_at_client *c, const struct fota_at_reply *r, const char *line, bool all_sent)
{
    switch (r->kind) {
    case FOTA_AT_REPLY_OK:
        if (all_sent) {
            fota_at_client_on_ok(c);
        }
        return;
    case FOTA_AT_REPLY_ERROR:
        if (all_sent || c->state == STATE_STREAM || c->state == STATE_START) {
            fota_at_client_on_error(c, r->error, line);
        }
        return;
    case FOTA_AT_REPLY_CONNECT:
        if (all_sent && c->state == STATE_CONNECT) {
            fota_at_client_enter(c, STATE_STREAM);
        }
        return;
    case FOTA_AT_REPLY_TEXT:
    case FOTA_AT_REPLY_REVISION:
    case FOTA_AT_REPLY_FLOW:
    case FOTA_AT_REPLY_RECEIVED:
        fota_at_client_on_info(c, r, line);
        return;
    case FOTA_AT_REPLY_FINISH:
        fota_at_client_accept(c);
        return;
    case FOTA_AT_REPLY_PERCENT:
        fota_at_client_on_percent(c, r->number);
        return;
    case FOTA_AT_REPLY_SUCCESS:
    case FOTA_AT_REPLY_FAILED:
        fota_at_client_on_status(c, r, line);
        return;
    case FOTA_AT_REPLY_REBOOTING:
        fota_at_client_accept(c);
        if (c->state == STATE_FOLLOW) {
            fota_at_client_enter(c, STATE_REBOOT);
        }
        return;
    case FOTA_AT_REPLY_READY:
        fota_at_client_on_ready(c);
        return;
    case FOTA_AT_REPLY_ECHO:
        return;
    }
}

static void take_line(struct fota_at_client *c, const char *line)
{
    struct fota_at_reply r = fota_at_client_reply(line);
    fota_at_client_tell(c, FOTA_CLIENT_LINE, 0, line);
    if (r.kind == FOTA_AT_REPLY_ECHO) {
        return;
    }
    if (r.kind != FOTA_AT_REPLY_TEXT) {
        c->heard = false;
        c->answered = true;
    }
    bool all_sent = c->out_taken == c->out_bytes; /* else it answers something earlier */
    if (c->state != STATE_TALK || r.kind == FOTA_AT_REPLY_READY) {
        act(c, &r, line, all_sent);
    } else if (all_sent || r.kind == FOTA_AT_REPLY_TEXT) {
        fota_at_client_talk_hears(c, &r, line);
    }
}

static void end_line(struct fota_at_client *c)
{
    while (c->line_bytes > 0 && c->line[c->line_bytes - 1] == ' ') {
        c->line_bytes--;
    }
    c->line[c->line_bytes] = '\0';
    if (c->line_bytes > 0) {
        c->line_bytes = 0;
        take_line(c, c->line);
    }
}

static void take_byte(struct fota_at_client *c, uint8_t byte)
{
    if (byte == '\r' || byte == '\n') {
        end_line(c);
        return;
    }
    c->heard = true;
    if (c->line_bytes == 0 && byte == ' ') {
        return;
    }
    if (c->line_bytes < FOTA_CLIENT_LINE_MAX - 1) {
        c->line[c->line_bytes++] = (char)(byte < ' ' || byte > '~' ? '?' : byte);
    }
    if (c->line_bytes == 1 && byte == '>' && c->state == STATE_TALK) {
        end_line(c); /* a prompt has no line end */
    }
}

void fota_at_client_feed(struct fota_at_client *c, const uint8_t *bytes, size_t n,
                         uint32_t now_ms)
{
    c->now_ms = now_ms;
    for (size_t at = 0; at < n;) {
        if (c->n_raw > 0) {
            at += fota_at_client_talk_takes(c, bytes + at, n - at);
        } else {
            take_byte(c, bytes[at]);
            at++;
        }
    }
}

/* ---- output and time ---- */

size_t fota_at_client_output(const struct fota_at_client *c, const uint8_t **bytes)
{
    *bytes = (const uint8_t *)c->out + c->out_taken;
    return (size_t)c->out_bytes - c->out_taken;
}

void fota_at_client_sent(struct fota_at_client *c, size_t n, uint32_t now_ms)
{
    size_t left = (size_t)c->out_bytes - c->out_taken;
    if (n == 0 || left == 0) {
        return;
    }
    c->out_taken = (uint16_t)(c->out_taken + (n < left ? n : left));
    c->since_ms = now_ms;
    bool streaming = c->state == STATE_STREAM || (c->state == STATE_START && c->use_qfua);
    if (streaming && c->out_taken == c->out_bytes) {
        fota_at_client_tell(c, FOTA_CLIENT_SENT, c->sent, "");
    }
}

/* Whether it is the source that is waited for, not the module. */
static bool waits_for_source(const struct fota_at_client *c)
{
    return (c->state == STATE_STREAM && c->out_taken == c->out_bytes) ||
           (c->state == STATE_CHUNK && c->chunk_bytes == 0) || c->state == STATE_COMPARE;
}

/* How long a state may last without progress.  0: it does not end by time. */
static uint32_t limit_ms(const struct fota_at_client *c)
{
    if (waits_for_source(c)) {
        return 0;
    }
    switch ((enum fota_at_client_state)c->state) {
    case STATE_ESCAPE:
        return ESCAPE_MS;
    case STATE_SYNC:
        return (c->options.answer_ms + 3) / 4;
    case STATE_ECHO:
    case STATE_CMEE:
    case STATE_VERSION:
    case STATE_REVISION:
    case STATE_FLOW:
    case STATE_RECEIVED:
    case STATE_CHUNK:
    case STATE_REBOOT:
    case STATE_AGAIN:
    case STATE_CONFIRM:
        return c->options.answer_ms;
    case STATE_CONNECT:
    case STATE_STREAM:
    case STATE_INIT:
    case STATE_START:
    case STATE_FOLLOW:
        return c->options.update_ms;
    case STATE_TALK:
        return c->talk_limit_ms;
    case STATE_BEGIN:
    case STATE_COMPARE:
    case STATE_OPENED:
    case STATE_DONE:
        return 0;
    }
    return 0;
}

static void sync_timed_out(struct fota_at_client *c)
{
    uint32_t limit = SYNC_TRIES;
    if (c->rebooted) {
        limit += c->options.update_ms / limit_ms(c);
    }
    c->tries++;
    if (c->tries >= limit || c->tries == UINT16_MAX) {
        fota_at_client_finish(c, fota_at_client_silence(c));
    } else if (c->tries == ESCAPE_TRY && !c->rebooted) {
        escape(c);
    } else { /* it may be quiet or numeric */
        fota_at_client_ask(c, STATE_SYNC, c->tries % 2 == 0 ? "AT" : "ATQ0V1");
    }
}

static void timed_out(struct fota_at_client *c)
{
    switch ((enum fota_at_client_state)c->state) {
    case STATE_ESCAPE:
        fota_at_client_ask(c, STATE_SYNC, "AT");
        return;
    case STATE_SYNC:
        sync_timed_out(c);
        return;
    case STATE_VERSION:
    case STATE_REVISION:
    case STATE_FLOW:
    case STATE_RECEIVED:
        if (c->bare_ok) { /* it has nothing to say */
            fota_at_client_reading_is_done(c);
            return;
        }
        if (c->refused) {
            fota_at_client_refuse(c);
            return;
        }
        break;
    case STATE_STREAM: /* the line takes no bytes */
        fota_at_client_finish(c, FOTA_E_LINK);
        return;
    case STATE_START:
        if (c->failed_line) { /* the result code is lost, or never comes */
            fota_at_client_refuse(c);
            return;
        }
        break;
    case STATE_FOLLOW:
    case STATE_REBOOT: /* RDY may be lost */
        c->rebooted = true;
        fota_at_client_synchronise(c);
        return;
    case STATE_AGAIN:
        fota_at_client_synchronise(c);
        return;
    case STATE_TALK:
        fota_at_client_talk_is_lost(c, fota_at_client_silence(c));
        return;
    case STATE_ECHO:
    case STATE_CMEE:
    case STATE_CONNECT:
    case STATE_INIT:
    case STATE_CHUNK:
    case STATE_CONFIRM:
        break;
    case STATE_BEGIN:
    case STATE_COMPARE:
    case STATE_OPENED:
    case STATE_DONE:
        return;
    }
    fota_at_client_restart(c, fota_at_client_silence(c));
}

bool fota_at_client_is_waiting(const struct fota_at_client *c)
{
    switch ((enum fota_at_client_state)c->state) {
    case STATE_BEGIN:
    case STATE_COMPARE:
    case STATE_OPENED:
    case STATE_DONE:
        return false;
    case STATE_STREAM:
        return c->out_taken < c->out_bytes;
    case STATE_CHUNK:
        return c->chunk_bytes > 0;
    case STATE_ESCAPE:
    case STATE_SYNC:
    case STATE_ECHO:
    case STATE_CMEE:
    case STATE_VERSION:
    case STATE_REVISION:
    case STATE_FLOW:
    case STATE_RECEIVED:
    case STATE_CONNECT:
    case STATE_INIT:
    case STATE_START:
    case STATE_FOLLOW:
    case STATE_REBOOT:
    case STATE_AGAIN:
    case STATE_TALK:
    case STATE_CONFIRM:
        return true;
    }
    return true;
}

enum fota_err fota_at_client_poll(struct fota_at_client *c, uint32_t now_ms)
{
    c->now_ms = now_ms;
    uint32_t limit = limit_ms(c);
    if (limit > 0 && now_ms - c->since_ms >= limit) {
        timed_out(c);
    }
    if (c->state == STATE_BEGIN) {
        c->resuming = c->options.resume;
        fota_at_client_synchronise(c);
        if (c->source->n_bytes == 0 && c->options.talk == NULL) {
            fota_at_client_finish(c, FOTA_E_EMPTY);
        }
    } else if (c->state == STATE_OPENED) {
        fota_at_client_source_is_open(c);
    } else if (c->state == STATE_COMPARE) {
        fota_at_client_compare(c);
    } else if (c->state == STATE_STREAM && c->out_taken == c->out_bytes) {
        fota_at_client_fill_stream(c);
    } else if (c->state == STATE_CHUNK && c->chunk_bytes == 0) {
        fota_at_client_send_chunk(c);
    }
    return c->state == STATE_DONE ? c->result : FOTA_MORE;
}

void fota_at_client_reconnected(struct fota_at_client *c, uint32_t now_ms)
{
    c->now_ms = now_ms;
    c->line_bytes = 0;
    if (c->state == STATE_BEGIN || c->state == STATE_DONE) {
        return;
    }
    if (c->state == STATE_TALK) {
        fota_at_client_talk_is_lost(c, FOTA_E_LINK);
    } else if (c->accepted) {
        c->rebooted = true;
        fota_at_client_synchronise(c);
    } else {
        fota_at_client_restart(c, FOTA_E_LINK);
    }
}
