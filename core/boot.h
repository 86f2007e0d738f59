/* SPDX-License-Identifier: MIT */
/* The boot loader's flow: load the journal; resume or perform an update, printing the seed's
 * lines; check the image against the identity record; count the start of an image on trial, or
 * go back from it; start the application, or stay for recovery. */
#ifndef FOTA_CORE_BOOT_H
#define FOTA_CORE_BOOT_H

#include "core/updater.h"

enum fota_boot_next {
    FOTA_BOOT_AGAIN,   /* poll again */
    FOTA_BOOT_START,   /* start the application in slot fota_boot_slot() */
    FOTA_BOOT_RESET,   /* reset the device */
    FOTA_BOOT_RECOVER, /* no valid image: run the AT server of core/app.h in recovery mode */
};

/* Fields are private. */
struct fota_boot {
    const struct fota_device *device;
    void (*put)(void *ctx, const char *text, size_t n_bytes); /* console output; may block */
    void *put_ctx;
    void *work;
    unsigned slot;           /* to start */
    uint8_t stage;           /* enum of boot.c */
    bool gave_up;            /* an update, in this boot */
    bool percent_known;      /* what former boots have printed */
    uint8_t percent_printed; /* last number */
    struct fota_journal journal;
    union {
        struct fota_updater updater;
        struct {
            struct fota_identity identity;
            struct fota_image_hash hash;
        } verify;
    } part; /* by stage */
};

/* `work`: device->decoder_bytes for the decoder, aligned for uint32_t and void pointers. */
void fota_boot_init(struct fota_boot *b, const struct fota_device *device,
                    void (*put)(void *ctx, const char *text, size_t n_bytes), void *put_ctx,
                    void *work);
/* One bounded piece of work, at most one erase or program.  Feed the watchdog between polls. */
enum fota_boot_next fota_boot_poll(struct fota_boot *b);
/* After FOTA_BOOT_START: which slot to start, 0 or 1. */
unsigned fota_boot_slot(const struct fota_boot *b);

#endif
