/* SPDX-License-Identifier: MIT */
#include "core/at_client_reply.h"
#include "core/at_line.h"
#include <stdbool.h>
#include <stddef.h>

/* `text` behind `pattern`, or a null pointer.  A blank of the pattern stands for any number of
 * blanks: the seed prints the same lines with different ones. */
static const char *skip(const char *text, const char *pattern)
{
    for (; *pattern != '\0'; pattern++) {
        if (*pattern == ' ') {
            while (*text == ' ') {
                text++;
            }
        } else if (*text++ != *pattern) {
            return NULL;
        }
    }
    return text;
}

/* The same wherever in `text` the pattern begins: behind the brand's name. */
static const char *find(const char *text, const char *pattern)
{
    for (; *text != '\0'; text++) {
        const char *behind = skip(text, pattern);
        if (behind != NULL) {
            return behind;
        }
    }
    return NULL;
}

static enum fota_err error_of_code(uint32_t code)
{
    return code >= 1 && code <= 125 ? (enum fota_err)(-(int)code) : FOTA_OK;
}

/* The reverse of fota_err_cme(), which answers 100 for what it does not know. */
enum fota_err fota_at_client_error_of_cme(uint32_t cme)
{
    if (cme == 100) {
        return FOTA_E_SYNTAX;
    }
    for (uint32_t code = 1; code <= 125; code++) {
        if (fota_err_cme(error_of_code(code)) == cme) {
            return error_of_code(code);
        }
    }
    return FOTA_OK;
}

static struct fota_at_reply cme_error(const char *at)
{
    struct fota_at_reply r = {.kind = FOTA_AT_REPLY_ERROR, .error = FOTA_OK};
    uint32_t cme;
    if (fota_at_parse_number(&at, &cme) && *at == '\0') {
        r.error = fota_at_client_error_of_cme(cme);
    }
    return r;
}

/* <dce_by_dte>,<dte_by_dce>: the second one holds back what is sent to the module. */
static struct fota_at_reply flow(const char *at)
{
    struct fota_at_reply r = {.kind = FOTA_AT_REPLY_TEXT};
    uint32_t dce_by_dte;
    if (fota_at_parse_number(&at, &dce_by_dte) && *at == ',') {
        at++;
        if (fota_at_parse_number(&at, &r.number)) {
            r.kind = FOTA_AT_REPLY_FLOW;
        }
    }
    return r;
}

/* <durable>,<total>,"<crc32>" */
static struct fota_at_reply received(const char *at)
{
    struct fota_at_reply r = {.kind = FOTA_AT_REPLY_TEXT};
    if (!fota_at_parse_number(&at, &r.number) || (at = skip(at, ", ")) == NULL) {
        return r;
    }
    if (!fota_at_parse_number(&at, &r.total) || (at = skip(at, ", \"")) == NULL) {
        return r;
    }
    if (fota_at_parse_hex32(&at, &r.crc) && *at == '"') {
        r.kind = FOTA_AT_REPLY_RECEIVED;
    }
    return r;
}

static struct fota_at_reply percent(const char *at)
{
    struct fota_at_reply r = {.kind = FOTA_AT_REPLY_TEXT};
    if (fota_at_parse_number(&at, &r.number) && r.number >= 1 && r.number <= 100 &&
        skip(at, " %") != NULL) {
        r.kind = FOTA_AT_REPLY_PERCENT;
    }
    return r;
}

static struct fota_at_reply status(enum fota_at_reply_kind kind, const char *at)
{
    struct fota_at_reply r = {.kind = kind};
    if (!fota_at_parse_number(&at, &r.number)) {
        r.kind = FOTA_AT_REPLY_TEXT;
    }
    r.error = error_of_code(r.number);
    return r;
}

static struct fota_at_reply plain(enum fota_at_reply_kind kind, const char *text)
{
    return (struct fota_at_reply){.kind = kind, .text = text};
}

static bool is(const char *text, const char *word)
{
    const char *end = skip(text, word);
    return end != NULL && *end == '\0';
}

/* Lines of the update (seed 2.3.1 and 2.3.2). */
static struct fota_at_reply update_reply(const char *line)
{
    const char *at = skip(line, "Update percent = ");
    if (at != NULL) {
        return percent(at);
    }
    at = find(line, "firmware update success. status = ");
    if (at != NULL) {
        return status(FOTA_AT_REPLY_SUCCESS, at);
    }
    at = find(line, "firmware update failed. status = ");
    if (at != NULL) {
        return status(FOTA_AT_REPLY_FAILED, at);
    }
    if (skip(line, "Finish data downloading") != NULL) {
        return plain(FOTA_AT_REPLY_FINISH, line);
    }
    if (skip(line, "Rebooting") != NULL) {
        return plain(FOTA_AT_REPLY_REBOOTING, line);
    }
    return plain(is(line, "RDY") ? FOTA_AT_REPLY_READY : FOTA_AT_REPLY_TEXT, line);
}

struct fota_at_reply fota_at_client_reply(const char *line)
{
    const char *at;
    line = skip(line, " ");
    if (is(line, "OK")) {
        return plain(FOTA_AT_REPLY_OK, line);
    }
    if (is(line, "ERROR") || is(line, "NO CARRIER")) {
        return plain(FOTA_AT_REPLY_ERROR, line);
    }
    if (skip(line, "CONNECT") != NULL) {
        return plain(FOTA_AT_REPLY_CONNECT, line);
    }
    if ((line[0] == 'A' || line[0] == 'a') && (line[1] == 'T' || line[1] == 't')) {
        return plain(FOTA_AT_REPLY_ECHO, line);
    }
    if ((at = skip(line, "+CME ERROR: ")) != NULL) {
        return cme_error(at);
    }
    if ((at = skip(line, "Revision: ")) != NULL) {
        return plain(FOTA_AT_REPLY_REVISION, at);
    }
    if ((at = skip(line, "+IFC: ")) != NULL) {
        return flow(at);
    }
    if ((at = skip(line, "+QFAI: ")) != NULL) {
        return received(at);
    }
    return update_reply(line);
}
