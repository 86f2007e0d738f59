/* SPDX-License-Identifier: MIT */
/* Private to the files of core/at_fetch.h: its steps. */
#ifndef FOTA_CORE_AT_FETCH_STATE_H
#define FOTA_CORE_AT_FETCH_STATE_H

#include "core/at_fetch.h"

#define FETCH_QIRD_MAX 600U /* bytes in one AT+QIRD */

enum fetch_kind { FETCH_HTTP, FETCH_FTP, FETCH_TCP };

/* In their order; each is one command and its answer. */
enum fetch_step {
    STEP_LEFT_OPEN,  /* AT+QFOPEN?: did an earlier run leave the file open? */
    STEP_CLOSE_LEFT, /* AT+QFCLOSE */
    STEP_LIST,       /* AT+QFLST: is it there? */
    STEP_DELETE,     /* AT+QFDEL */
    STEP_WAIT,       /* AT: an earlier run's download is still under way */
    STEP_URL,        /* AT+QHTTPURL */
    STEP_URL_BYTES,
    STEP_HTTP,      /* AT+QHTTPDL */
    STEP_FTP_LEFT,  /* AT+QFTPCLOSE of an earlier run's connection */
    STEP_FTP_USER,  /* AT+QFTPUSER */
    STEP_FTP_PASS,  /* AT+QFTPPASS */
    STEP_FTP_OPEN,  /* AT+QFTPOPEN */
    STEP_FTP_LOCAL, /* AT+QFTPCFG=4 */
    STEP_FTP_PATH,  /* AT+QFTPPATH */
    STEP_FTP_GET,   /* AT+QFTPGET */
    STEP_FTP_CLOSE, /* AT+QFTPCLOSE */
    STEP_OPEN,      /* AT+QFOPEN */
    STEP_SEEK,      /* AT+QFSEEK, if need be */
    STEP_READ,      /* AT+QFREAD */
    STEP_TCP_LEFT,  /* AT+QICLOSE of an earlier run's connection */
    STEP_TCP_HOLD,  /* AT+QINDI=1 */
    STEP_TCP_OPEN,  /* AT+QIOPEN */
    STEP_TCP_SEND,  /* AT+QISEND */
    STEP_TCP_REQUEST,
    STEP_TCP_READ,  /* AT+QIRD */
    STEP_TCP_WAIT,  /* AT: until bytes are announced */
    STEP_END_CLOSE, /* AT+QFCLOSE */
    STEP_END_DELETE,
    STEP_END_TCP,
    STEP_READY, /* nothing to say */
};

typedef enum fota_talk
fota_at_fetch_hear_fn(struct fota_at_fetch *f, const struct fota_at_reply *r, const char *line,
                      struct fota_talk_note *note);

/* at_fetch.c */
/* Go to the step that reads what is wanted. */
void fota_at_fetch_begin_read(struct fota_at_fetch *f, uint32_t off, uint32_t n, uint8_t *dst);

/* at_fetch_steps.c */
enum fota_talk fota_at_fetch_hear(void *ctx, const struct fota_at_reply *reply,
                                  const char *line, struct fota_talk_note *note);
/* AGAIN, or GIVE_UP when the failure is for good. */
enum fota_talk
fota_at_fetch_fail(struct fota_at_fetch *f, struct fota_talk_note *note, enum fota_err err);
enum fota_talk fota_at_fetch_next(struct fota_at_fetch *f, enum fetch_step step);
/* To the step that follows this one when all is well. */
enum fota_talk fota_at_fetch_proceed(struct fota_at_fetch *f);
/* Behind the last comma of a line, or all of it. */
const char *fota_at_fetch_last(const char *text);

/* at_fetch_tcp.c */
void fota_at_fetch_begin_answer(struct fota_at_fetch *f);
/* Answers to the commands of the TCP steps. */
fota_at_fetch_hear_fn fota_at_fetch_tcp_open;
fota_at_fetch_hear_fn fota_at_fetch_tcp_send;
fota_at_fetch_hear_fn fota_at_fetch_tcp_request;
fota_at_fetch_hear_fn fota_at_fetch_tcp_read;
fota_at_fetch_hear_fn fota_at_fetch_tcp_wait;
/* Bytes that the server has sent. */
void fota_at_fetch_take_tcp(struct fota_at_fetch *f, const uint8_t *bytes, uint32_t n);

#endif
