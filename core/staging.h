/* SPDX-License-Identifier: MIT */
/* The staging area while a package is received: bytes in order from offset 0, a page at a time,
 * every sector erased beforehand in the same boot.  What a resumed transfer may build on:
 * doc/design.md 7. */
#ifndef FOTA_CORE_STAGING_H
#define FOTA_CORE_STAGING_H

#include "core/flash.h"
#include "core/package.h"

struct fota_staging {
    const struct fota_area *area;
    uint32_t n_sectors;
    uint32_t erase_sector;  /* next sector to erase */
    bool erased;            /* in this boot, from durable_bytes to the area's end */
    uint8_t tries;          /* of the erase under way */
    uint32_t durable_bytes; /* programmed and read back */
    uint32_t crc;           /* CRC-32 of the durable bytes */
    uint32_t fill;          /* bytes waiting in `page` */
    uint8_t page[FOTA_PAGE_MAX];
};

/* Look what a former boot has left: durable_bytes becomes the begin of the last sector in which
 * anything is programmed (rule: a torn page is never built on), or 0 when what lies there does
 * not begin like a package of more bytes.  Programs nothing. */
FOTA_NODISCARD enum fota_err
fota_staging_scan(struct fota_staging *s, const struct fota_area *area);
/* Go on with receiving at `off`: 0 begins afresh; otherwise it must be durable_bytes.  After it
 * erase_step() until FOTA_OK.  A staging that has been erased in this boot from there on is not
 * erased again.  FOTA_E_OFFSET: look at durable_bytes again. */
FOTA_NODISCARD enum fota_err fota_staging_begin(struct fota_staging *s, uint32_t off);
/* At most one erase.  FOTA_MORE, FOTA_BUSY, FOTA_OK.  FOTA_E_WORN after three tries. */
FOTA_NODISCARD enum fota_err fota_staging_erase_step(struct fota_staging *s);
/* Take bytes into the page buffer: returns how many were taken (0: flush_step() first, or the
 * end of the transfer has been flushed). */
uint32_t fota_staging_put(struct fota_staging *s, const uint8_t *src, uint32_t n_bytes);
/* Program the page buffer if it is full, or whatever it holds when `all` (the transfer's end: a
 * part page is filled up with the erased value, and only begin() goes on after it).  At most
 * one program.  FOTA_OK nothing (more) to do, FOTA_MORE, FOTA_E_STAGING_SPACE.  Another
 * failure: durable_bytes has gone back to the begin of the sector, begin() may go on there. */
FOTA_NODISCARD enum fota_err fota_staging_flush_step(struct fota_staging *s, bool all);

#endif
