/* SPDX-License-Identifier: MIT */
/* What both programs of a device are built on: areas, verifier, product.  Const, filled by the
 * port. */
#ifndef FOTA_CORE_DEVICE_H
#define FOTA_CORE_DEVICE_H

#include "core/profile.h"
#include "core/sign.h"

struct fota_at_command;

struct fota_device {
    struct fota_area area[FOTA_AREA_COUNT];
    const struct fota_verifier *verifier;
    const char *product;    /* must equal the package's */
    uint32_t decoder_bytes; /* workspace that the boot loader can give the decoder */
    const char *vendor;     /* first line of ATI, and in the update's lines: "Quectel_Ltd" */
    const char *brand;      /* in the update's lines: "Quectel" */
    const char *model;      /* "Quectel_M95" */
    const char *serial;     /* AT+CGSN: 15 digits */
    bool no_trial; /* another boot loader tries images and brings the old one back: packages
                      with a trial are refused */
    uint32_t baud; /* AT+IPR from factory; 0: 115200 */
    /* Text of a failure for AT+CMEE=2 (port: from fota_err_row()); a null pointer: its number.
     */
    const char *(*error_text)(enum fota_err err);
    /* The maker's own AT commands (rows of core/at_server.h), searched behind those of the
     * update; for their handlers s->device->ctx is the struct fota_app, by whose `device` they
     * find commands_ctx.  May be none. */
    const struct fota_at_command *commands;
    size_t n_commands;
    void *commands_ctx;
};

/* Whether the device decodes into the slot that is not running, instead of in place. */
static inline bool fota_device_has_two_slots(const struct fota_device *d)
{
    return d->area[FOTA_AREA_SLOT2].n_bytes != 0;
}

/* Area of slot 0 or 1. */
static inline const struct fota_area *
fota_device_slot(const struct fota_device *d, unsigned slot)
{
    return &d->area[slot == 0 ? FOTA_AREA_SLOT : FOTA_AREA_SLOT2];
}

#endif
