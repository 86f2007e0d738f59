/* SPDX-License-Identifier: MIT */
/* The TCP package protocol (doc/delivery.md 4) through AT+QIOPEN, AT+QISEND and AT+QIRD. */
#include "core/at_fetch_state.h"
#include "core/at_line.h"
#include "core/crc32.h"
#include "core/mem.h"

/* ---- what the server says ---- */

void fota_at_fetch_begin_answer(struct fota_at_fetch *f)
{
    f->n_head = 0;
    f->head_is_in = false;
    f->crc = 0;
    f->n_raw = 0;
    f->verdict = FOTA_TALK_ON;
}

/* The rest of the answer is of no use. */
static void refuse(struct fota_at_fetch *f, enum fota_err err)
{
    struct fota_talk_note note;
    if (f->verdict == FOTA_TALK_ON) {
        f->verdict = fota_at_fetch_fail(f, &note, err);
        f->verdict_err = err;
    }
}

/* The answer's line is in: does it answer what was asked, and of the same file? */
static void judge_head(struct fota_at_fetch *f)
{
    const struct fota_tcp_answer *a = &f->answer;
    f->head[f->n_head] = '\0';
    f->head_is_in = true;
    bool parsed = fota_tcp_parse_answer(&f->answer, f->head) == FOTA_OK;
    if (parsed && a->code != 0) {
        refuse(f, (enum fota_err)(-(int)a->code));
    } else if (parsed && f->has_sha256 &&
               (a->total != f->source.n_bytes ||
                memcmp(a->sha256, f->sha256, sizeof f->sha256) != 0)) {
        refuse(f, FOTA_E_CHANGED);
    } else if (!parsed || a->off != f->off + f->n_got || a->n_bytes > f->n - f->n_got ||
               (a->n_bytes == 0 && f->n > 0)) {
        refuse(f, FOTA_E_SERVER);
    } else if (!f->has_sha256) {
        memcpy(f->sha256, a->sha256, sizeof f->sha256);
        f->has_sha256 = true;
        f->source.n_bytes = a->total;
    }
}

static void take_head_byte(struct fota_at_fetch *f, uint8_t byte)
{
    if (byte == '\n') {
        judge_head(f);
    } else if (f->n_head == FOTA_FETCH_HEAD_MAX) {
        refuse(f, FOTA_E_SERVER);
    } else {
        f->head[f->n_head++] = (char)byte;
    }
}

void fota_at_fetch_take_tcp(struct fota_at_fetch *f, const uint8_t *bytes, uint32_t n)
{
    uint32_t at = 0;
    for (; at < n && !f->head_is_in && f->verdict == FOTA_TALK_ON; at++) {
        take_head_byte(f, bytes[at]);
    }
    if (at == n || f->verdict != FOTA_TALK_ON) {
        return;
    }
    if (n - at > f->answer.n_bytes - f->n_raw) {
        refuse(f, FOTA_E_SERVER); /* more than it said */
        return;
    }
    memcpy(f->dst + f->n_got + f->n_raw, bytes + at, n - at);
    f->crc = fota_crc32(f->crc, bytes + at, n - at);
    f->n_raw += n - at;
}

/* An AT+QIRD is over: what next? */
static enum fota_talk judge_answer(struct fota_at_fetch *f, struct fota_talk_note *note)
{
    bool whole = f->head_is_in && f->n_raw == f->answer.n_bytes;
    if (f->verdict == FOTA_TALK_ON && whole && f->crc != f->answer.crc) {
        refuse(f, FOTA_E_SERVER);
    }
    if (f->verdict != FOTA_TALK_ON) {
        note->err = f->verdict_err;
        return f->verdict;
    }
    if (whole) {
        f->n_got += f->answer.n_bytes;
        f->is_there = f->n_got == f->n;
        return fota_at_fetch_next(f, f->is_there ? STEP_READY : STEP_TCP_SEND);
    }
    if (f->has_bytes) {
        return FOTA_TALK_NEXT;
    }
    return f->is_closed ? fota_at_fetch_fail(f, note, FOTA_E_NETWORK)
                        : fota_at_fetch_next(f, STEP_TCP_WAIT);
}

/* ---- what the module says ---- */

/* +QIRD: <host>:<port>,TCP,<n>, CR LF, n bytes, OK; OK alone: nothing there */
enum fota_talk fota_at_fetch_tcp_read(struct fota_at_fetch *f, const struct fota_at_reply *r,
                                      const char *line, struct fota_talk_note *note)
{
    const char *at = fota_at_skip(line, "+QIRD:");
    if (at != NULL && !f->has_bytes) {
        at = fota_at_fetch_last(at);
        f->has_bytes = fota_at_parse_number(&at, &note->n_raw) && *at == '\0' &&
                       note->n_raw > 0 && note->n_raw <= FETCH_QIRD_MAX;
        if (!f->has_bytes) {
            note->n_raw = 0;
            return fota_at_fetch_fail(f, note, FOTA_E_NONSENSE);
        }
        return FOTA_TALK_ON;
    }
    if (r->kind == FOTA_AT_REPLY_ERROR) {
        return fota_at_fetch_fail(f, note, FOTA_E_NETWORK);
    }
    return r->kind == FOTA_AT_REPLY_OK ? judge_answer(f, note) : FOTA_TALK_ON;
}

/* OK, and CONNECT OK or CONNECT FAIL */
enum fota_talk fota_at_fetch_tcp_open(struct fota_at_fetch *f, const struct fota_at_reply *r,
                                      const char *line, struct fota_talk_note *note)
{
    f->said_ok = f->said_ok || r->kind == FOTA_AT_REPLY_OK;
    f->said_end = f->said_end || fota_at_equals(line, "CONNECT OK");
    if (r->kind == FOTA_AT_REPLY_ERROR || fota_at_equals(line, "CONNECT FAIL")) {
        return fota_at_fetch_fail(f, note, FOTA_E_NETWORK);
    }
    if (!f->said_ok || !f->said_end) {
        return FOTA_TALK_ON;
    }
    f->is_closed = false;
    fota_at_fetch_begin_read(f, 0, 0, NULL); /* size and hash only */
    return FOTA_TALK_NEXT;
}

enum fota_talk fota_at_fetch_tcp_wait(struct fota_at_fetch *f, const struct fota_at_reply *r,
                                      const char *line, struct fota_talk_note *note)
{
    f->said_ok = f->said_ok || r->kind == FOTA_AT_REPLY_OK;
    f->said_end = f->said_end || fota_at_skip(line, "+QIRDI:") != NULL;
    if (f->is_closed && !f->said_end) {
        return fota_at_fetch_fail(f, note, FOTA_E_NETWORK);
    }
    return f->said_ok && f->said_end ? fota_at_fetch_proceed(f) : FOTA_TALK_ON;
}

enum fota_talk fota_at_fetch_tcp_send(struct fota_at_fetch *f, const struct fota_at_reply *r,
                                      const char *line, struct fota_talk_note *note)
{
    if (r->kind == FOTA_AT_REPLY_ERROR) {
        return fota_at_fetch_fail(f, note, FOTA_E_NETWORK);
    }
    return fota_at_equals(line, ">") ? fota_at_fetch_proceed(f) : FOTA_TALK_ON;
}

enum fota_talk fota_at_fetch_tcp_request(struct fota_at_fetch *f, const struct fota_at_reply *r,
                                         const char *line, struct fota_talk_note *note)
{
    if (r->kind == FOTA_AT_REPLY_ERROR || fota_at_equals(line, "SEND FAIL")) {
        return fota_at_fetch_fail(f, note, FOTA_E_NETWORK);
    }
    return fota_at_equals(line, "SEND OK") ? fota_at_fetch_proceed(f) : FOTA_TALK_ON;
}
