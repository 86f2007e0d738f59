/* SPDX-License-Identifier: MIT */
/* What a line from the module means.  UNTRUSTED input. */
#ifndef FOTA_CORE_AT_CLIENT_REPLY_H
#define FOTA_CORE_AT_CLIENT_REPLY_H

#include "core/err.h"
#include <stdint.h>

enum fota_at_reply_kind {
    FOTA_AT_REPLY_TEXT, /* nothing known */
    FOTA_AT_REPLY_ECHO, /* begins with AT */
    FOTA_AT_REPLY_OK,
    FOTA_AT_REPLY_CONNECT,
    FOTA_AT_REPLY_ERROR,     /* error: FOTA_OK when it names none that is known */
    FOTA_AT_REPLY_REVISION,  /* text: version */
    FOTA_AT_REPLY_FLOW,      /* number: <dte_by_dce> of +IFC */
    FOTA_AT_REPLY_RECEIVED,  /* number, total, crc: of +QFAI */
    FOTA_AT_REPLY_FINISH,    /* Finish data downloading, rebooting.... */
    FOTA_AT_REPLY_PERCENT,   /* number: 1..100 */
    FOTA_AT_REPLY_SUCCESS,   /* number: status */
    FOTA_AT_REPLY_FAILED,    /* error */
    FOTA_AT_REPLY_REBOOTING, /* Rebooting.... */
    FOTA_AT_REPLY_READY,     /* RDY */
};

struct fota_at_reply {
    enum fota_at_reply_kind kind;
    uint32_t number;
    uint32_t total;
    uint32_t crc;
    enum fota_err error;
    const char *text; /* into the line */
};

/* The failure that a number of +CME ERROR stands for, FOTA_OK: none that is known. */
enum fota_err fota_at_client_error_of_cme(uint32_t cme);
/* `line` without its end and without blanks behind it. */
struct fota_at_reply fota_at_client_reply(const char *line);

#endif
