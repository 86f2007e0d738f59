/* SPDX-License-Identifier: MIT */
/* What follows from the answers to commands. */
#include "core/at_client_state.h"
#include "core/at_line.h"
#include "core/mem.h"

/* ATI, or AT+CGMR, has been answered. */
static void version_is_read(struct fota_at_client *c)
{
    const char *expected = c->options.expect_version;
    if (c->version[0] == '\0' && c->state == STATE_VERSION) {
        fota_at_client_ask(c, STATE_REVISION, "AT+CGMR");
        return;
    }
    bool same = c->has_before && fota_at_equals(c->version, c->version_before);
    if (c->rebooted || (c->start_asked && !same)) {
        fota_at_client_prove(c);
        return;
    }
    if (!same) {
        memcpy(c->version_before, c->version, sizeof c->version_before);
        c->has_before = true;
        fota_at_client_tell(c, FOTA_CLIENT_VERSION_BEFORE, 0, c->version);
        if (expected != NULL && fota_at_equals(c->version, expected)) {
            fota_at_client_finish(c, FOTA_E_ALREADY);
            return;
        }
    }
    bool talks = c->options.talk != NULL; /* between commands only */
    if (!c->mode_known && c->options.mode == FOTA_CLIENT_AUTO && !talks &&
        c->options.line_has_flow_control) {
        fota_at_client_ask(c, STATE_FLOW, "AT+IFC?");
        return;
    }
    if (!c->mode_known) {
        fota_at_client_choose_mode(c, c->options.mode == FOTA_CLIENT_QFUA && !talks);
    }
    fota_at_client_start_transfer(c);
}

void fota_at_client_reading_is_done(struct fota_at_client *c)
{
    if (c->state == STATE_FLOW) {
        fota_at_client_choose_mode(c, c->use_qfua);
        fota_at_client_start_transfer(c);
    } else if (c->state != STATE_RECEIVED) {
        version_is_read(c);
    } else if (c->info && c->received > 0 && c->received <= c->source->n_bytes &&
               c->total == c->source->n_bytes) {
        fota_at_client_enter(c, STATE_COMPARE);
        c->crc = 0;
        c->crc_off = 0;
    } else if (c->refused && !c->info) { /* it cannot tell whether it was the line */
        fota_at_client_refuse(c);
    } else {
        fota_at_client_begin_transfer(c, 0);
    }
}

static void ask_version(struct fota_at_client *c)
{
    c->version[0] = '\0';
    fota_at_client_ask(c, STATE_VERSION, "ATI");
}

void fota_at_client_on_ok(struct fota_at_client *c)
{
    switch ((enum fota_at_client_state)c->state) {
    case STATE_SYNC:
        if (c->rebooted) {
            ask_version(c);
        } else {
            fota_at_client_ask(c, STATE_ECHO, "ATE0");
        }
        return;
    case STATE_ECHO:
        fota_at_client_ask(c, STATE_CMEE, "AT+CMEE=1");
        return;
    case STATE_CMEE:
        ask_version(c);
        return;
    case STATE_VERSION:
    case STATE_REVISION:
    case STATE_FLOW:
    case STATE_RECEIVED:
        c->bare_ok = !c->info; /* OK without the text is a late answer to something earlier */
        if (c->info) {
            fota_at_client_reading_is_done(c);
        }
        return;
    case STATE_INIT:
        if (c->resume_off == 0) {
            fota_at_client_send_chunk(c);
        } else if (c->info) {
            if (c->received == c->resume_off && c->received_crc == c->crc) {
                fota_at_client_send_chunk(c);
            } else {
                fota_at_client_begin_transfer(c, 0);
            }
        }
        return;
    case STATE_CHUNK:
        if (c->chunk_bytes > 0) {
            fota_at_client_chunk_is_stored(c);
        }
        return;
    case STATE_CONFIRM:
        fota_at_client_finish(c, FOTA_OK);
        return;
    case STATE_BEGIN:
    case STATE_ESCAPE:
    case STATE_COMPARE:
    case STATE_CONNECT:
    case STATE_STREAM:
    case STATE_START:
    case STATE_FOLLOW:
    case STATE_REBOOT:
    case STATE_AGAIN:
    case STATE_TALK:
    case STATE_OPENED:
    case STATE_DONE:
        return;
    }
}

/* Errors of AT+QFAW that a damaged line or a reset of the module brings about. */
static bool is_transient(enum fota_err err)
{
    return err == FOTA_OK || err == FOTA_E_SYNTAX || err == FOTA_E_HEX || err == FOTA_E_CHUNK ||
           err == FOTA_E_NO_TRANSFER || err == FOTA_E_OFFSET || err == FOTA_E_TIMEOUT;
}

/* AT+QFUA is refused: try it from the begin, or the other commands.  False: neither. */
static bool connect_otherwise(struct fota_at_client *c, enum fota_err err)
{
    if (c->resume_off > 0) {
        fota_at_client_begin_transfer(c, 0);
        return true;
    }
    if (c->options.mode != FOTA_CLIENT_AUTO ||
        (err != FOTA_OK && err != FOTA_E_SYNTAX && err != FOTA_E_FLOW_CONTROL)) {
        return false;
    }
    fota_at_client_choose_mode(c, false);
    fota_at_client_begin_transfer(c, 0);
    return true;
}

/* Errors of the package that may be errors of the line.  What stands behind the signature check
 * cannot. */
bool fota_at_client_may_be_damage(enum fota_err err)
{
    return err == FOTA_E_FORMAT || err == FOTA_E_TRUNCATED || err == FOTA_E_VERSION ||
           err == FOTA_E_FEATURE || err == FOTA_E_SIGNATURE || err == FOTA_E_UNKNOWN_KEY ||
           err == FOTA_E_STAGING_SPACE || err == FOTA_E_BODY_HASH || err == FOTA_E_OVERLONG;
}

/* The package is refused: unless the module holds exactly the source's bytes, send them again.
 * What is refused by its first bytes is not held: it is believed the second time. */
static void package_is_refused(struct fota_at_client *c)
{
    enum fota_err err = c->module_error;
    bool again = err == c->refused_before && err != FOTA_E_TRUNCATED && err != FOTA_E_BODY_HASH;
    if (!fota_at_client_may_be_damage(err) || again ||
        c->restarts == FOTA_AT_CLIENT_RESTARTS_MAX) {
        fota_at_client_refuse(c);
        return;
    }
    c->restarts++;
    c->refused = true;
    c->refused_before = err;
    fota_at_client_ask(c, STATE_RECEIVED, "AT+QFAI?");
}

/* An error without a name, or of another command: it may have been damaged on the way. */
static bool may_be_misheard(enum fota_err err, const char *line)
{
    return (err == FOTA_OK || err == FOTA_E_SYNTAX || err == FOTA_E_NO_TRANSFER) &&
           !fota_at_equals(line, "NO CARRIER");
}

/* The transfer's commands: a refusal, or something that is worth another try. */
static void transfer_is_refused(struct fota_at_client *c, enum fota_err err, const char *line)
{
    if (c->failed_line) {
        err = c->module_error; /* as status= says; ERROR follows */
    }
    if (err != FOTA_OK) {
        c->module_error = err;
    }
    if (c->state == STATE_INIT && c->resume_off > 0) {
        fota_at_client_begin_transfer(c, 0);
        return;
    }
    if (c->state == STATE_CONNECT && connect_otherwise(c, err)) {
        return;
    }
    fota_at_client_tell(c, FOTA_CLIENT_ERROR_TEXT, fota_err_code(c->module_error), line);
    if ((c->state == STATE_CHUNK && is_transient(err)) ||
        (c->state != STATE_INIT && err == FOTA_E_TIMEOUT) || may_be_misheard(err, line)) {
        c->refused = c->state == STATE_START && err != FOTA_E_TIMEOUT;
        fota_at_client_restart(c, FOTA_E_REFUSED);
    } else if (c->state == STATE_START || c->state == STATE_CHUNK) {
        package_is_refused(c);
    } else {
        fota_at_client_refuse(c);
    }
}

void fota_at_client_on_error(struct fota_at_client *c, enum fota_err err, const char *line)
{
    switch ((enum fota_at_client_state)c->state) {
    case STATE_ECHO:
    case STATE_CMEE:
        fota_at_client_on_ok(c); /* a module without them will do */
        return;
    case STATE_VERSION:
    case STATE_REVISION:
    case STATE_FLOW:
    case STATE_RECEIVED:
        c->info = false;
        if (c->state == STATE_FLOW) {
            c->use_qfua = false;
        }
        fota_at_client_reading_is_done(c);
        return;
    case STATE_CONNECT:
    case STATE_STREAM:
    case STATE_INIT:
    case STATE_CHUNK:
    case STATE_START:
        transfer_is_refused(c, err, line);
        return;
    case STATE_CONFIRM:
        c->module_error = err;
        fota_at_client_tell(c, FOTA_CLIENT_ERROR_TEXT, fota_err_code(err), line);
        fota_at_client_refuse(c);
        return;
    case STATE_BEGIN:
    case STATE_ESCAPE:
    case STATE_SYNC:
    case STATE_COMPARE:
    case STATE_FOLLOW:
    case STATE_REBOOT:
    case STATE_AGAIN:
    case STATE_TALK:
    case STATE_OPENED:
    case STATE_DONE:
        return;
    }
}

static void set_version(struct fota_at_client *c, const char *text)
{
    size_t n = 0;
    for (; n < FOTA_CLIENT_VERSION_MAX - 1 && text[n] != '\0'; n++) {
        c->version[n] = text[n];
    }
    c->version[n] = '\0';
}

/* Information texts, taken by the command that asked for them. */
void fota_at_client_on_info(struct fota_at_client *c, const struct fota_at_reply *r,
                            const char *line)
{
    bool reading_version = c->state == STATE_VERSION || c->state == STATE_REVISION;
    if (r->kind == FOTA_AT_REPLY_FLOW && c->state == STATE_FLOW) {
        c->use_qfua = r->number == 2;
        c->info = true;
    } else if (r->kind == FOTA_AT_REPLY_RECEIVED &&
               (c->state == STATE_RECEIVED || c->state == STATE_INIT)) {
        c->received = r->number;
        c->total = r->total;
        c->received_crc = r->crc;
        c->info = true;
    } else if (r->kind == FOTA_AT_REPLY_REVISION && reading_version) {
        set_version(c, r->text);
        c->info = true;
    } else if (reading_version) {
        c->info = true;
        if (c->state == STATE_REVISION && c->version[0] == '\0') {
            set_version(c, line); /* AT+CGMR without "Revision: " */
        }
    }
}
