/* SPDX-License-Identifier: MIT */
/* What follows from the answers. */
#include "core/at_fetch_state.h"
#include "core/at_line.h"
#include "core/package.h"

#define BAD_MAX   2U /* downloads that are no package */
#define FATAL_MAX 2U /* a damaged line may have asked for something else */

/* The unsolicited line that belongs to the answer of this step, without its colon; a null
 * pointer: none. */
static const char *end_of(const struct fota_at_fetch *f);

enum fota_talk
fota_at_fetch_fail(struct fota_at_fetch *f, struct fota_talk_note *note, enum fota_err err)
{
    note->err = err == FOTA_OK ? FOTA_E_REFUSED : err;
    bool for_good = err == FOTA_E_NOT_FOUND || err == FOTA_E_ACCESS || err == FOTA_E_TLS ||
                    err == FOTA_E_STORE || err == FOTA_E_TOO_LARGE || err == FOTA_E_USAGE;
    f->n_fatal = (uint8_t)(f->n_fatal + (for_good ? 1 : 0));
    return for_good && f->n_fatal >= FATAL_MAX ? FOTA_TALK_GIVE_UP : FOTA_TALK_AGAIN;
}

enum fota_talk fota_at_fetch_next(struct fota_at_fetch *f, enum fetch_step step)
{
    f->step = (uint8_t)step;
    return FOTA_TALK_NEXT;
}

static bool is_over(const struct fota_at_reply *r)
{
    return r->kind == FOTA_AT_REPLY_OK || r->kind == FOTA_AT_REPLY_ERROR;
}

/* `line` behind `word`, a colon and blanks, or a null pointer. */
static const char *behind(const char *line, const char *word)
{
    const char *at = fota_at_skip(line, word);
    if (at == NULL || *at != ':') {
        return NULL;
    }
    do {
        at++;
    } while (*at == ' ');
    return at;
}

/* Behind the last comma, or all. */
const char *fota_at_fetch_last(const char *text)
{
    const char *last = text;
    for (; *text != '\0'; text++) {
        last = *text == ',' ? text + 1 : last;
    }
    return last;
}

/* A number that may have a minus before it. */
static bool take_number(const char **at, bool *negative, uint32_t *value)
{
    const char *digits = *at;
    *negative = *digits == '-';
    digits += *negative ? 1 : 0;
    if (!fota_at_parse_number(&digits, value)) {
        return false;
    }
    *at = digits;
    return true;
}

/* The failure that the module's number names. */
static enum fota_err failure(uint32_t number)
{
    enum fota_err err = fota_at_client_error_of_cme(number);
    return err == FOTA_OK ? FOTA_E_SERVER : err;
}

/* OK, and on. */
static enum fota_talk hear_ok(struct fota_at_fetch *f, const struct fota_at_reply *r,
                              const char *line, struct fota_talk_note *note)
{
    (void)line;
    if (r->kind == FOTA_AT_REPLY_ERROR) {
        return fota_at_fetch_fail(f, note, r->error);
    }
    return r->kind == FOTA_AT_REPLY_OK ? fota_at_fetch_proceed(f) : FOTA_TALK_ON;
}

/* Closing, deleting: whatever the module thinks of it. */
static enum fota_talk hear_any(struct fota_at_fetch *f, const struct fota_at_reply *r,
                               const char *line, struct fota_talk_note *note)
{
    (void)note;
    return is_over(r) || fota_at_equals(line, "CLOSE OK") ? fota_at_fetch_proceed(f)
                                                          : FOTA_TALK_ON;
}

/* ---- answers of two parts: OK, and an unsolicited line, in either order ---- */

/* <downloaded>,<content length>,<error> */
static enum fota_err judge_http(struct fota_at_fetch *f, const char *at)
{
    uint32_t total = 0;
    uint32_t error = 0;
    bool negative = false;
    bool no_total = false;
    if (!take_number(&at, &negative, &f->size) || negative || *at++ != ',' ||
        !take_number(&at, &no_total, &total) || *at++ != ',' ||
        !fota_at_parse_number(&at, &error) || *at != '\0') {
        return FOTA_E_NONSENSE;
    }
    if (error != 0) {
        return failure(error);
    }
    return no_total || total == f->size ? FOTA_OK : FOTA_E_NETWORK;
}

/* <bytes>, 0, or -<error> */
static enum fota_err judge_ftp(struct fota_at_fetch *f, const char *at)
{
    uint32_t number = 0;
    bool negative = false;
    if (!take_number(&at, &negative, &number) || *at != '\0') {
        return FOTA_E_NONSENSE;
    }
    if (negative) {
        return failure(number);
    }
    if (f->step == STEP_FTP_GET) {
        f->size = number;
    }
    return FOTA_OK;
}

static enum fota_talk hear_two_parts(struct fota_at_fetch *f, const struct fota_at_reply *r,
                                     const char *line, struct fota_talk_note *note)
{
    const char *at = behind(line, end_of(f));
    if (at != NULL) {
        enum fota_err err = f->step == STEP_HTTP ? judge_http(f, at) : judge_ftp(f, at);
        if (err != FOTA_OK) {
            return fota_at_fetch_fail(f, note, err);
        }
        f->said_end = true;
    } else if (r->kind == FOTA_AT_REPLY_ERROR) {
        bool was_not_open = f->step == STEP_FTP_LEFT || f->step == STEP_FTP_CLOSE;
        return was_not_open ? fota_at_fetch_proceed(f) : fota_at_fetch_fail(f, note, r->error);
    } else if (r->kind == FOTA_AT_REPLY_OK) {
        f->said_ok = true;
    }
    return f->said_ok && f->said_end ? fota_at_fetch_proceed(f) : FOTA_TALK_ON;
}

/* ---- the module's file ---- */

static enum fota_talk begin_download(struct fota_at_fetch *f)
{
    f->options.fresh = false; /* what comes now is */
    f->is_downloaded = true;
    return fota_at_fetch_next(f, f->kind == FETCH_HTTP ? STEP_URL : STEP_FTP_LEFT);
}

/* +QFOPEN: "name",<handle>,<mode> of every open file */
static enum fota_talk hear_left_open(struct fota_at_fetch *f, const struct fota_at_reply *r,
                                     const char *line, struct fota_talk_note *note)
{
    (void)note;
    const char *at = behind(line, "+QFOPEN");
    if (at != NULL) {
        at = fota_at_skip(at, "\"");
        at = at != NULL ? fota_at_skip(at, f->name) : NULL;
        at = at != NULL ? fota_at_skip(at, "\",") : NULL;
        f->said_end = f->said_end || (at != NULL && fota_at_parse_number(&at, &f->handle));
        return FOTA_TALK_ON;
    }
    if (!is_over(r)) {
        return FOTA_TALK_ON;
    }
    return fota_at_fetch_next(f, f->said_end ? STEP_CLOSE_LEFT : STEP_LIST);
}

/* Of an earlier run, of which there may be more; or of what is no package. */
static enum fota_talk hear_close_left(struct fota_at_fetch *f, const struct fota_at_reply *r,
                                      const char *line, struct fota_talk_note *note)
{
    (void)line;
    (void)note;
    if (!is_over(r)) {
        return FOTA_TALK_ON;
    }
    f->is_open = false;
    if (f->is_bad) {
        f->is_bad = false;
        return fota_at_fetch_next(f, STEP_DELETE);
    }
    return fota_at_fetch_next(f, r->kind == FOTA_AT_REPLY_OK ? STEP_LEFT_OPEN : STEP_LIST);
}

/* +QFLST: "name",<bytes> */
static enum fota_talk hear_list(struct fota_at_fetch *f, const struct fota_at_reply *r,
                                const char *line, struct fota_talk_note *note)
{
    (void)note;
    const char *at = behind(line, "+QFLST");
    if (at != NULL) {
        at = fota_at_fetch_last(at);
        f->said_end = fota_at_parse_number(&at, &f->size) && *at == '\0';
        return FOTA_TALK_ON;
    }
    if (!is_over(r)) {
        return FOTA_TALK_ON;
    }
    if (r->kind == FOTA_AT_REPLY_ERROR || !f->said_end) {
        return begin_download(f);
    }
    bool of_use = !f->options.fresh && f->size >= FOTA_FETCH_PREFIX;
    return fota_at_fetch_next(f, of_use ? STEP_OPEN : STEP_DELETE);
}

static enum fota_talk hear_delete(struct fota_at_fetch *f, const struct fota_at_reply *r,
                                  const char *line, struct fota_talk_note *note)
{
    (void)line;
    (void)note;
    if (!is_over(r)) {
        return FOTA_TALK_ON;
    }
    if (r->kind == FOTA_AT_REPLY_ERROR && r->error == FOTA_E_IN_USE) {
        return fota_at_fetch_next(f, STEP_WAIT);
    }
    return begin_download(f);
}

/* A download that is not ours: its end is waited for, then all is looked at again. */
static enum fota_talk hear_wait(struct fota_at_fetch *f, const struct fota_at_reply *r,
                                const char *line, struct fota_talk_note *note)
{
    (void)note;
    f->said_ok = f->said_ok || r->kind == FOTA_AT_REPLY_OK;
    f->said_end = f->said_end || behind(line, "+QHTTPDL") != NULL ||
                  behind(line, "+QFTPGET") != NULL || behind(line, "+QFTPOPEN") != NULL;
    return f->said_ok && f->said_end ? fota_at_fetch_proceed(f) : FOTA_TALK_ON;
}

static enum fota_talk hear_url(struct fota_at_fetch *f, const struct fota_at_reply *r,
                               const char *line, struct fota_talk_note *note)
{
    (void)line;
    if (r->kind == FOTA_AT_REPLY_CONNECT) {
        return fota_at_fetch_proceed(f);
    }
    return r->kind == FOTA_AT_REPLY_ERROR ? fota_at_fetch_fail(f, note, r->error)
                                          : FOTA_TALK_ON;
}

/* +QFOPEN: <handle> */
static enum fota_talk hear_open(struct fota_at_fetch *f, const struct fota_at_reply *r,
                                const char *line, struct fota_talk_note *note)
{
    const char *at = behind(line, "+QFOPEN");
    if (at != NULL) {
        f->is_open = fota_at_parse_number(&at, &f->handle) && *at == '\0';
        return FOTA_TALK_ON;
    }
    if (r->kind == FOTA_AT_REPLY_ERROR) {
        const bool no_handle = r->error == FOTA_E_IN_USE; /* otherwise the file went away */
        return fota_at_fetch_fail(f, note, no_handle ? FOTA_E_IN_USE : FOTA_E_LINK);
    }
    if (r->kind != FOTA_AT_REPLY_OK) {
        return FOTA_TALK_ON;
    }
    if (!f->is_open) {
        return fota_at_fetch_fail(f, note, FOTA_E_NONSENSE);
    }
    f->at = 0;
    f->is_probe = true;
    fota_at_fetch_begin_read(f, 0, FOTA_FETCH_PREFIX, f->prefix);
    return FOTA_TALK_NEXT;
}

/* Is the file a whole package, by its prefix?  An earlier run may have left a part: that is
 * deleted and downloaded, once.  What the server itself has cut or is no package is tried
 * twice. */
static enum fota_talk judge_prefix(struct fota_at_fetch *f, struct fota_talk_note *note)
{
    struct fota_package_prefix prefix;
    f->is_probe = false;
    enum fota_err err = fota_package_parse_prefix(&prefix, f->prefix);
    if (err == FOTA_OK && prefix.total_bytes == f->size) {
        f->source.n_bytes = f->size;
        return fota_at_fetch_next(f, STEP_READY);
    }
    if (!f->is_downloaded) {
        f->is_bad = true;
        return fota_at_fetch_next(f, STEP_CLOSE_LEFT);
    }
    if (err == FOTA_OK) {
        err = prefix.total_bytes > f->size ? FOTA_E_TRUNCATED : FOTA_E_OVERLONG;
    }
    f->n_bad++;
    note->err = err;
    return f->n_bad < BAD_MAX ? FOTA_TALK_AGAIN : FOTA_TALK_GIVE_UP;
}

/* CONNECT <n>, CR LF, n bytes, OK */
static enum fota_talk hear_read(struct fota_at_fetch *f, const struct fota_at_reply *r,
                                const char *line, struct fota_talk_note *note)
{
    if (r->kind == FOTA_AT_REPLY_CONNECT && !f->said_end) {
        const char *at = fota_at_skip(line, "CONNECT ");
        f->said_end = at != NULL && fota_at_parse_number(&at, &note->n_raw) && *at == '\0' &&
                      note->n_raw > 0 && note->n_raw <= f->n - f->n_got;
        if (!f->said_end) {
            note->n_raw = 0;
            return fota_at_fetch_fail(f, note, FOTA_E_NONSENSE);
        }
        return FOTA_TALK_ON;
    }
    if (r->kind == FOTA_AT_REPLY_ERROR) {
        return fota_at_fetch_fail(f, note, FOTA_E_LINK);
    }
    if (r->kind != FOTA_AT_REPLY_OK || !f->said_end) {
        return FOTA_TALK_ON;
    }
    if (f->n_got < f->n) {
        return FOTA_TALK_NEXT;
    }
    if (f->is_probe) {
        return judge_prefix(f, note);
    }
    f->is_there = true;
    return fota_at_fetch_proceed(f);
}

/* ---- all steps ---- */

static const struct answer {
    fota_at_fetch_hear_fn *hear;
    const char *end; /* unsolicited line that belongs to the answer; a null pointer: none */
    uint8_t step;    /* the next, when all is well */
} answers[] = {
    [STEP_LEFT_OPEN] = {hear_left_open, NULL, STEP_LIST},
    [STEP_CLOSE_LEFT] = {hear_close_left, NULL, STEP_LEFT_OPEN},
    [STEP_LIST] = {hear_list, NULL, STEP_OPEN},
    [STEP_DELETE] = {hear_delete, NULL, STEP_URL},
    [STEP_WAIT] = {hear_wait, NULL, STEP_LIST},
    [STEP_URL] = {hear_url, NULL, STEP_URL_BYTES},
    [STEP_URL_BYTES] = {hear_ok, NULL, STEP_HTTP},
    [STEP_HTTP] = {hear_two_parts, "+QHTTPDL", STEP_OPEN},
    [STEP_FTP_LEFT] = {hear_two_parts, "+QFTPCLOSE", STEP_FTP_USER},
    [STEP_FTP_USER] = {hear_ok, NULL, STEP_FTP_PASS},
    [STEP_FTP_PASS] = {hear_ok, NULL, STEP_FTP_OPEN},
    [STEP_FTP_OPEN] = {hear_two_parts, "+QFTPOPEN", STEP_FTP_LOCAL},
    [STEP_FTP_LOCAL] = {hear_two_parts, "+QFTPCFG", STEP_FTP_PATH},
    [STEP_FTP_PATH] = {hear_two_parts, "+QFTPPATH", STEP_FTP_GET},
    [STEP_FTP_GET] = {hear_two_parts, "+QFTPGET", STEP_FTP_CLOSE},
    [STEP_FTP_CLOSE] = {hear_two_parts, "+QFTPCLOSE", STEP_OPEN},
    [STEP_OPEN] = {hear_open, NULL, STEP_READ},
    [STEP_SEEK] = {hear_ok, NULL, STEP_READ},
    [STEP_READ] = {hear_read, NULL, STEP_READY},
    [STEP_TCP_LEFT] = {hear_any, NULL, STEP_TCP_HOLD},
    [STEP_TCP_HOLD] = {hear_any, NULL, STEP_TCP_OPEN},
    [STEP_TCP_OPEN] = {fota_at_fetch_tcp_open, NULL, STEP_TCP_SEND},
    [STEP_TCP_SEND] = {fota_at_fetch_tcp_send, NULL, STEP_TCP_REQUEST},
    [STEP_TCP_REQUEST] = {fota_at_fetch_tcp_request, NULL, STEP_TCP_READ},
    [STEP_TCP_READ] = {fota_at_fetch_tcp_read, NULL, STEP_READY},
    [STEP_TCP_WAIT] = {fota_at_fetch_tcp_wait, NULL, STEP_TCP_READ},
    [STEP_END_CLOSE] = {hear_any, NULL, STEP_END_DELETE},
    [STEP_END_DELETE] = {hear_any, NULL, STEP_READY},
    [STEP_END_TCP] = {hear_any, NULL, STEP_READY},
    [STEP_READY] = {hear_any, NULL, STEP_READY}, /* nothing is said, nothing heard */
};

static const char *end_of(const struct fota_at_fetch *f)
{
    return answers[f->step].end;
}

enum fota_talk fota_at_fetch_proceed(struct fota_at_fetch *f)
{
    return fota_at_fetch_next(f, (enum fetch_step)answers[f->step].step);
}

enum fota_talk fota_at_fetch_hear(void *ctx, const struct fota_at_reply *reply,
                                  const char *line, struct fota_talk_note *note)
{
    struct fota_at_fetch *f = ctx;
    f->is_closed = f->is_closed || fota_at_equals(line, "CLOSED");
    return answers[f->step].hear(f, reply, line, note);
}
