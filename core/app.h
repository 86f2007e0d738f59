/* SPDX-License-Identifier: MIT */
/* The update part of the module's application: the AT commands of the seed and the standard
 * ones, reception into staging, validation, and the request for the reboot.  The boot loader
 * runs the same code in recovery, when no image is valid. */
#ifndef FOTA_CORE_APP_H
#define FOTA_CORE_APP_H

#include "core/at_server.h"
#include "core/journal.h"
#include "core/package_check.h"
#include "core/staging.h"

enum fota_app_next {
    FOTA_APP_AGAIN, /* poll again, now or when bytes arrive */
    FOTA_APP_IDLE,  /* nothing to do until bytes arrive or time passes */
    FOTA_APP_RESET, /* everything is durable and said: reset the device */
};

struct fota_app {
    const struct fota_device *device;
    bool recovery; /* run by the boot loader: no version to show, only full packages help */
    uint8_t stage; /* enum of app.c */
    bool data_mode;
    bool receiving;
    enum fota_err refused; /* early refusal: the rest of the transfer is swallowed */
    uint32_t total_bytes;  /* of the package being received, 0: prefix not yet seen */
    uint32_t swallowed;    /* bytes received, kept or not */
    uint8_t prefix[FOTA_PACKAGE_PREFIX_BYTES];
    struct fota_identity identity;
    bool has_identity;
    struct fota_at_device at_device;
    struct fota_at_server at;
    struct fota_journal journal;
    struct fota_staging staging;
    union {
        struct fota_package_check check;
        struct fota_record_write settings;
    } work;
};

/* Start the application: load settings, identity, journal.  `put`: bytes to the line; takes
 * all. */
void fota_app_init(struct fota_app *a, const struct fota_device *device, bool recovery,
                   void (*put)(void *ctx, const char *bytes, size_t n), void *put_ctx);
/* Print RDY. */
void fota_app_ready(struct fota_app *a);
/* Received bytes; returns how many were taken. */
size_t fota_app_feed(struct fota_app *a, const uint8_t *bytes, size_t n, uint32_t now_ms);
/* One bounded piece of work, at most one erase or program. */
enum fota_app_next fota_app_poll(struct fota_app *a, uint32_t now_ms);

#endif
