/* SPDX-License-Identifier: MIT */
/* The MCU's side of the AT line (DTE): brings a package to the module, starts the update,
 * follows it and proves the new version.  Freestanding, never waits: feed what the UART
 * received, poll with the time, take what is to be sent.  What the module answers is UNTRUSTED.
 */
#ifndef FOTA_CORE_AT_CLIENT_H
#define FOTA_CORE_AT_CLIENT_H

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
    FOTA_CLIENT_VERSION_BEFORE, /* text: version by ATI */
    FOTA_CLIENT_MODE,           /* text: "QFUA" or "QFAW" */
    FOTA_CLIENT_RESUMED,        /* number: offset the transfer goes on at */
    FOTA_CLIENT_SENT,           /* number: package bytes handed over */
    FOTA_CLIENT_ACCEPTED,       /* the module took the package and reboots */
    FOTA_CLIENT_PERCENT,        /* number: 1..100 */
    FOTA_CLIENT_STATUS,         /* number: status= of the update's last line */
    FOTA_CLIENT_READY,          /* RDY after the reboot */
    FOTA_CLIENT_VERSION_AFTER,  /* text: version by ATI */
    FOTA_CLIENT_ERROR_TEXT,     /* text: the module's error line */
    FOTA_CLIENT_LINE,           /* text: any line received (for -v) */
};

struct fota_client_options {
    enum fota_client_mode mode;
    bool line_has_flow_control; /* RTS/CTS wired, or a line that cannot lose bytes */
    bool resume;                /* try to go on with a broken transfer */
    const char *expect_version; /* what ATI must show at the end; a null pointer: any change */
    uint32_t answer_ms;         /* wait for an answer: 0 = 5000 */
    uint32_t update_ms;         /* longest silence while the module updates: 0 = 120000 */
};

#define FOTA_CLIENT_LINE_MAX 256U
#define FOTA_CLIENT_OUT_MAX  1024U

/* Fields are private. */
struct fota_at_client {
    const struct fota_package_source *source;
    struct fota_client_options options;
    void (*event)(void *ctx, enum fota_client_event event, uint32_t number, const char *text);
    void *event_ctx;
    uint8_t state; /* enum of at_client.c */
    uint8_t tries;
    bool use_qfua;
    bool connected;
    bool success_line;
    bool cr_seen;
    enum fota_err result;
    enum fota_err module_error; /* last error the module named */
    uint32_t since_ms;
    uint32_t sent; /* package bytes given out */
    uint32_t resume_off;
    uint32_t crc;
    uint32_t crc_off;
    uint32_t percent;
    uint16_t line_bytes;
    uint16_t out_bytes;
    uint16_t out_taken;
    char version_before[64];
    char version_after[64];
    char line[FOTA_CLIENT_LINE_MAX];
    char out[FOTA_CLIENT_OUT_MAX];
};

void fota_at_client_begin(struct fota_at_client *c, const struct fota_package_source *source,
                          const struct fota_client_options *options,
                          void (*event)(void *ctx, enum fota_client_event event,
                                        uint32_t number, const char *text),
                          void *event_ctx);
/* Bytes received from the module. */
void fota_at_client_feed(struct fota_at_client *c, const uint8_t *bytes, size_t n,
                         uint32_t now_ms);
/* Bytes to send: a pointer into the client and their count (0: nothing now).  Tell how many the
 * line took with fota_at_client_sent(). */
size_t fota_at_client_output(struct fota_at_client *c, const uint8_t **bytes);
void fota_at_client_sent(struct fota_at_client *c, size_t n, uint32_t now_ms);
/* Advance.  FOTA_MORE; FOTA_OK: rebooted and the version is proven; else why not. */
FOTA_NODISCARD enum fota_err fota_at_client_poll(struct fota_at_client *c, uint32_t now_ms);

#endif
