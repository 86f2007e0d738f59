/* SPDX-License-Identifier: MIT */
/* Following the update, and proving the new version. */
#include "core/at_client_state.h"
#include "core/at_line.h"

#define VERSION_TRIES 3U /* ATI, until the new version is shown */

void fota_at_client_accept(struct fota_at_client *c)
{
    if (c->state != STATE_START && c->state != STATE_SYNC && c->state != STATE_ESCAPE) {
        return;
    }
    if (c->accepted && c->restarts == FOTA_AT_CLIENT_RESTARTS_MAX) {
        fota_at_client_finish(c, FOTA_E_UNPROVEN); /* it updates again and again */
        return;
    }
    fota_at_client_enter(c, STATE_FOLLOW);
    c->restarts++;
    if (!c->accepted) {
        c->accepted = true;
        c->restarts = 0;
        fota_at_client_tell(c, FOTA_CLIENT_ACCEPTED, 0, "");
    }
}

static bool follows(const struct fota_at_client *c)
{
    return c->state == STATE_FOLLOW || c->state == STATE_REBOOT;
}

void fota_at_client_on_percent(struct fota_at_client *c, uint32_t percent)
{
    fota_at_client_accept(c);
    if (follows(c) && percent > c->percent) {
        c->percent = (uint8_t)percent;
        c->since_ms = c->now_ms;
        fota_at_client_tell(c, FOTA_CLIENT_PERCENT, percent, "");
    }
}

void fota_at_client_on_status(struct fota_at_client *c, const struct fota_at_reply *r,
                              const char *line)
{
    bool success = r->kind == FOTA_AT_REPLY_SUCCESS && r->number == 0;
    if (success) {
        fota_at_client_accept(c);
    }
    if (follows(c)) {
        fota_at_client_tell(c, FOTA_CLIENT_STATUS, r->number, "");
    } else if (c->state != STATE_CONNECT && c->state != STATE_STREAM &&
               c->state != STATE_START) {
        return; /* left over from something earlier */
    }
    if (success) {
        c->success_line = true;
    } else {
        c->failed_line = true; /* before the acceptance ERROR follows */
        c->module_error = r->error;
        fota_at_client_tell(c, FOTA_CLIENT_ERROR_TEXT, r->number, line);
    }
}

void fota_at_client_on_ready(struct fota_at_client *c)
{
    if (c->state == STATE_BEGIN || c->state == STATE_DONE) {
        return;
    }
    if (c->state == STATE_TALK && c->after_talk == STATE_DONE) {
        fota_at_client_enter(c, STATE_DONE);
        return;
    }
    if (!c->accepted) {
        fota_at_client_restart(c, FOTA_E_LINK); /* a reset in the middle of the transfer */
        return;
    }
    if (follows(c)) {
        c->rebooted = true;
        fota_at_client_tell(c, FOTA_CLIENT_READY, 0, "");
    }
    fota_at_client_restart(c, FOTA_E_UNPROVEN); /* when it resets again and again */
}

/* Whether the version read last is the one to be proven. */
static bool is_proven(const struct fota_at_client *c)
{
    if (c->version[0] == '\0') {
        return false;
    }
    if (c->options.expect_version != NULL) {
        return fota_at_equals(c->version, c->options.expect_version);
    }
    return c->success_line && c->has_before && !fota_at_equals(c->version, c->version_before);
}

void fota_at_client_prove(struct fota_at_client *c)
{
    bool proven = is_proven(c);
    c->version_tries++;
    if (!proven && !c->failed_line && c->version_tries < VERSION_TRIES) {
        fota_at_client_enter(c, STATE_AGAIN);
        return;
    }
    fota_at_client_tell(c, FOTA_CLIENT_VERSION_AFTER, 0, c->version);
    bool is_already = c->failed_line && c->module_error == FOTA_E_ALREADY;
    if (proven && !is_already && c->options.confirm) {
        fota_at_client_ask(c, STATE_CONFIRM, "AT+QFUC");
    } else if (is_already) {
        fota_at_client_finish(c, FOTA_E_ALREADY);
    } else if (!c->failed_line ||
               proven) { /* what ATI shows outweighs a line that may be damaged */
        fota_at_client_finish(c, proven ? FOTA_OK : FOTA_E_UNPROVEN);
    } else {
        fota_at_client_finish(c, FOTA_E_FAILED_UPDATE);
    }
}
