/* SPDX-License-Identifier: MIT */
/* The MCU's side of the AT line (DTE): brings a package to the module, starts the update,
 * follows it and proves the new version.  Freestanding, never waits: feed what the UART
 * received, poll with the time, take what is to be sent.  What the module answers is UNTRUSTED.
 * Works with modules that know the seed's commands only; the extensions of doc/at-reference.md
 * are used where they are. */
#ifndef FOTA_CORE_AT_CLIENT_H
#define FOTA_CORE_AT_CLIENT_H

#include "core/at_talk.h"
#include "core/err.h"
#include "core/package_source.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum fota_client_mode {
    FOTA_CLIENT_AUTO, /* QFUA when the module says flow control is on and the line has it, else
                         QFAW */
    FOTA_CLIENT_QFUA,
    FOTA_CLIENT_QFAW,
};

enum fota_client_event {
    FOTA_CLIENT_VERSION_BEFORE, /* text: version by ATI, "" when it shows none */
    FOTA_CLIENT_FETCH,    /* a talking source is opened: the module may have to download */
    FOTA_CLIENT_SOURCE,   /* number: bytes of the package, it can be read now */
    FOTA_CLIENT_MODE,     /* text: "QFUA" or "QFAW"; again when QFUA was refused */
    FOTA_CLIENT_RESUMED,  /* number: offset the transfer goes on at */
    FOTA_CLIENT_SENT,     /* number: package bytes handed over; falls when it begins anew */
    FOTA_CLIENT_ACCEPTED, /* the module took the package and reboots */
    FOTA_CLIENT_PERCENT,  /* number: 1..100, rising */
    FOTA_CLIENT_STATUS,   /* number: status= of the update's last line */
    FOTA_CLIENT_READY,    /* RDY after the reboot */
    FOTA_CLIENT_VERSION_AFTER, /* text: version by ATI */
    FOTA_CLIENT_ERROR_TEXT,    /* text: the module's error line */
    FOTA_CLIENT_LINE,          /* text: any line received (for -v) */
};

/* In texts of events all but printable ASCII is replaced by '?'. */
typedef void fota_client_event_fn(void *ctx, enum fota_client_event event, uint32_t number,
                                  const char *text);

struct fota_client_options {
    enum fota_client_mode mode;
    bool line_has_flow_control;      /* RTS/CTS wired, or a line that cannot lose bytes */
    bool resume;                     /* try to go on with a broken transfer */
    const struct fota_at_talk *talk; /* of a source that needs the line itself, as
                                        core/at_fetch.h; the mode is QFAW then.  A null pointer:
                                        the source needs none.  Must outlive the client */
    const char *expect_version; /* what ATI must show at the end; a null pointer: any change,
                                   and the line of success.  Must outlive the client */
    bool confirm;               /* AT+QFUC once the version is proven: the end of a trial */
    uint32_t answer_ms; /* wait for an answer: 0 = 5000.  Tries to synchronise wait a quarter */
    uint32_t update_ms; /* wait for the erase of staging and the check of the package; longest
                           time without progress while the module updates: 0 = 120000 */
};

#define FOTA_CLIENT_LINE_MAX    256U
#define FOTA_CLIENT_OUT_MAX     1024U
#define FOTA_CLIENT_VERSION_MAX 64U /* with its terminator; longer ones are cut */

/* Fields are private. */
struct fota_at_client {
    const struct fota_package_source *source;
    struct fota_client_options options;
    fota_client_event_fn *event;
    void *event_ctx;
    uint8_t state;    /* enum of at_client.c */
    uint8_t restarts; /* since the module's durable bytes last grew */
    uint8_t percent;
    uint8_t version_tries;
    uint16_t tries;
    bool use_qfua;
    bool mode_known;
    bool has_before;    /* version_before holds */
    bool begun;         /* a transfer was */
    bool resuming;      /* go on where the module stands */
    bool answered;      /* the module was understood once */
    bool heard;         /* bytes have come since it was last understood */
    bool info;          /* the information text of the command has come */
    bool bare_ok;       /* OK without it */
    bool failed_line;   /* of this transfer */
    bool start_asked;   /* once: the version may change from now on */
    bool refused;       /* finding out whether the bytes were damaged on the way */
    bool accepted;      /* the module began to update */
    bool rebooted;      /* and was started again: what ATI shows is to be proven */
    bool success_line;  /* seen */
    bool source_open;   /* the talking source can be read */
    bool raw_lf;        /* the LF before raw bytes is still to come */
    uint8_t after_talk; /* state that goes on when the source has said what it had to say */
    uint32_t n_raw;     /* bytes to come that are no lines */
    uint32_t talk_limit_ms;
    enum fota_err result;
    enum fota_err module_error;
    enum fota_err refused_before; /* why the package was refused the last time */
    uint32_t now_ms;
    uint32_t since_ms;
    uint32_t sent;       /* package bytes given out, by AT+QFAW: and acknowledged */
    uint32_t resume_off; /* where this transfer began */
    uint32_t best_off;   /* highest of them */
    uint32_t received;   /* of +QFAI */
    uint32_t total;
    uint32_t received_crc;
    uint32_t crc; /* of the source's bytes before crc_off */
    uint32_t crc_off;
    uint16_t chunk_bytes; /* in the AT+QFAW under way, 0: not yet read */
    uint16_t line_bytes;
    uint16_t out_bytes;
    uint16_t out_taken;
    char version_before[FOTA_CLIENT_VERSION_MAX];
    char version[FOTA_CLIENT_VERSION_MAX]; /* last read */
    char line[FOTA_CLIENT_LINE_MAX];
    char out[FOTA_CLIENT_OUT_MAX];
};

/* `source` must outlive the client (n_bytes of a talking one is known by FOTA_CLIENT_SOURCE);
 * `options` is copied.  `event` may be a null pointer; it is
 * called from feed, sent and poll. */
void fota_at_client_begin(struct fota_at_client *c, const struct fota_package_source *source,
                          const struct fota_client_options *options,
                          fota_client_event_fn *event, void *event_ctx);
/* Bytes received from the module. */
void fota_at_client_feed(struct fota_at_client *c, const uint8_t *bytes, size_t n,
                         uint32_t now_ms);
/* Bytes to send: a pointer into the client, valid until the next feed or poll, and their count
 * (0: nothing now).  Tell how many the line took with fota_at_client_sent(). */
size_t fota_at_client_output(const struct fota_at_client *c, const uint8_t **bytes);
void fota_at_client_sent(struct fota_at_client *c, size_t n, uint32_t now_ms);
/* The line was gone (a USB port that vanishes while the module reboots) and is there again:
 * what was on its way is lost.  Finds the module again and goes on. */
void fota_at_client_reconnected(struct fota_at_client *c, uint32_t now_ms);
/* Advance.  `now_ms` may wrap.  FOTA_MORE: poll again; FOTA_OK: rebooted and the version is
 * proven; else why not: ALREADY (the module has that version), REFUSED and FAILED_UPDATE (see
 * fota_at_client_module_error), UNPROVEN, NO_ANSWER, NONSENSE, LINK (it answered before), or an
 * error of the source.  Ends in bounded time unless the source answers FOTA_MORE for ever. */
FOTA_NODISCARD enum fota_err fota_at_client_poll(struct fota_at_client *c, uint32_t now_ms);
/* Whether nothing but input, output taken by the line, or time moves the client on: until then
 * there is no need to poll.  Time has to be looked at some ten times a second. */
bool fota_at_client_is_waiting(const struct fota_at_client *c);
/* The error that the module named last, by status= or +CME ERROR; FOTA_OK: none, or one that
 * errors.def does not know. */
enum fota_err fota_at_client_module_error(const struct fota_at_client *c);

#endif
