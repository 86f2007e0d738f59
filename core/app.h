/* SPDX-License-Identifier: MIT */
/* The update part of the module's application: the AT commands of the seed and the standard
 * ones, reception into staging, validation, and the request for the reboot.  The boot loader
 * runs the same code in recovery, when no image is valid.  Commands: doc/at-reference.md;
 * order of what is written: doc/design.md 5 (6) and 7. */
#ifndef FOTA_CORE_APP_H
#define FOTA_CORE_APP_H

#include "core/at_server.h"
#include "core/identity.h"
#include "core/journal.h"
#include "core/package_check.h"
#include "core/staging.h"
#include "core/trial.h"

enum fota_app_next {
    FOTA_APP_AGAIN, /* poll again now: work is left, or input that was refused is taken again */
    FOTA_APP_IDLE,  /* nothing to do until bytes arrive or time passes */
    FOTA_APP_RESET, /* everything is durable and said: reset the device */
};

/* What the next poll works at. */
enum fota_app_stage {
    FOTA_APP_STAGE_COMMANDS, /* answering, receiving */
    FOTA_APP_STAGE_SETTINGS, /* AT&W */
    FOTA_APP_STAGE_OPEN,     /* a transfer begins: journal OPEN(IDLE) */
    FOTA_APP_STAGE_ERASE,    /* and the staging is erased */
    FOTA_APP_STAGE_CHUNK,    /* AT+QFAW: more to store than the page buffer took */
    FOTA_APP_STAGE_FINISH,   /* a transfer has ended: the last page */
    FOTA_APP_STAGE_CHECK,    /* validation */
    FOTA_APP_STAGE_RUN,      /* accepted: journal RUN */
    FOTA_APP_STAGE_CONFIRM,  /* the firmware on trial is kept */
    FOTA_APP_STAGE_RESET,
};

/* Fields are private. */
struct fota_app {
    const struct fota_device *device;
    void (*put)(void *ctx, const char *bytes, size_t n);
    void *put_ctx;
    bool recovery; /* run by the boot loader: no version to show, only full packages help */
    bool has_identity;
    bool scanned;            /* `staging` knows what a former boot has left */
    bool idle_durable;       /* this boot recorded IDLE: staging may be erased */
    bool receiving;          /* between the begin of a transfer and its end */
    uint8_t stage;           /* enum fota_app_stage */
    uint8_t begin;           /* enum of app.c: who waits for the staging to be erased */
    uint8_t functionality;   /* +CFUN */
    enum fota_err refused;   /* early refusal: the rest of the transfer is swallowed */
    uint32_t begin_off;      /* where the transfer that waits goes on */
    uint32_t total_bytes;    /* of the package in staging, 0: not known */
    uint32_t received_bytes; /* of this transfer, kept or not, and what it goes on from */
    uint8_t prefix[FOTA_PACKAGE_PREFIX_BYTES];
    const uint8_t *chunk; /* what AT+QFAW still has to store */
    uint32_t chunk_bytes;
    struct fota_identity identity;
    struct fota_at_device at_device;
    struct fota_at_server at;
    struct fota_journal journal;
    struct fota_staging staging;
    union {
        struct fota_package_check check;
        struct fota_record_write settings;
        struct fota_trial trial;
    } work;
};

/* Start the application: load settings, identity, journal.  Writes nothing, prints nothing.
 * `device` is borrowed.  `put`: bytes to the line; takes all. */
void fota_app_init(struct fota_app *a, const struct fota_device *device, bool recovery,
                   void (*put)(void *ctx, const char *bytes, size_t n), void *put_ctx);
/* Print RDY. */
void fota_app_ready(struct fota_app *a);
/* Received bytes; returns how many were taken.  The rest is to be offered again after the next
 * poll: while a command works, or a page waits to be programmed, nothing is taken, and the port
 * holds the line by its flow control. */
size_t fota_app_feed(struct fota_app *a, const uint8_t *bytes, size_t n, uint32_t now_ms);
/* What the port has to obey, behind the result code of the command that set it: ipr (0: find
 * the rate) and ifc_dce, ifc_dte. */
const struct fota_at_settings *fota_app_settings(const struct fota_app *a);
/* Whether this firmware is on trial: unless it is confirmed, by fota_app_confirm() or
 * AT+QFUC, the boot loader brings the old one back when its starts are used up. */
bool fota_app_is_on_trial(const struct fota_app *a);
/* Confirm the firmware that runs: to be called once it has found itself to work.  The polls
 * that follow do it; input waits until then.  Nothing on trial: nothing to do.  FOTA_OK;
 * FOTA_E_BUSY: a command is being worked at, call again after a poll.  A power cut before it is
 * durable costs one start of the trial. */
FOTA_NODISCARD enum fota_err fota_app_confirm(struct fota_app *a);
/* One bounded piece of work, at most one erase or program.  A power cut before, inside or after
 * it leaves the firmware as it is, or (once RUN is durable) the update to the boot loader. */
enum fota_app_next fota_app_poll(struct fota_app *a, uint32_t now_ms);

#endif
