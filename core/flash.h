/* SPDX-License-Identifier: MIT */
/* The flash port: all that the core knows of a flash device, and areas on it.
 *
 * Contract with the port (doc/design.md 4, doc/porting.md):
 * - Sectors are the smallest erasable pieces and may differ in size.  `erase` sets every byte
 * of a sector to `erased`.  It may return FOTA_BUSY: the core calls it again with the same
 * address until it returns something else; the port starts the erase once.
 * - `program` writes whole program units inside one page and returns when they are written. The
 *   core programs a unit at most once between two erases, except for one documented journal
 *   recommit (doc/design.md 5) that may hit a unit touched by a torn program.
 * - `read` returns FOTA_E_TORN for content that the medium itself reports as uncorrectable.
 * - Failures of the medium are FOTA_E_FLASH.  Power may fail inside any call: then a program or
 *   erase may be done wholly, partly, or not at all, and its bits may read differently twice.
 */
#ifndef FOTA_CORE_FLASH_H
#define FOTA_CORE_FLASH_H

#include "core/err.h"
#include <stdbool.h>
#include <stdint.h>

#define FOTA_PAGE_MAX 256U /* most bytes in one program call */

/* `n_sectors` neighbouring sectors of `sector_bytes` each. */
struct fota_flash_run {
    uint32_t n_sectors;
    uint32_t sector_bytes;
};

struct fota_flash {
    void *ctx;
    const struct fota_flash_run *runs; /* the whole device, in address order; borrowed */
    uint32_t n_runs;
    uint32_t program_bytes; /* smallest programmable unit: a power of two, 1..256 */
    uint32_t page_bytes;    /* a program call stays inside one aligned page of this many bytes:
                             * a power of two, program_bytes..FOTA_PAGE_MAX */
    uint8_t erased;         /* value of an erased byte: 0xFF or 0x00 */
    bool write_once; /* a unit may not be programmed twice, not even to clear more bits */
    enum fota_err (*read)(void *ctx, uint32_t addr, uint8_t *dst, uint32_t n_bytes);
    enum fota_err (*program)(void *ctx, uint32_t addr, const uint8_t *src, uint32_t n_bytes);
    enum fota_err (*erase)(void *ctx, uint32_t addr); /* the sector that begins at addr */
};

/* A run of whole sectors of one flash device.  `n_bytes` 0: the device has no such area. */
struct fota_area {
    const struct fota_flash *flash;
    uint32_t addr;
    uint32_t n_bytes;
};

/* One sector of an area. */
struct fota_sector {
    uint32_t off;     /* from the area's begin */
    uint32_t n_bytes; /* its size */
};

/* `n_bytes` rounded up to whole program units; it must leave room for that. */
static inline uint32_t fota_flash_round_up(const struct fota_flash *flash, uint32_t n_bytes)
{
    uint32_t unit = flash->program_bytes;
    return (n_bytes + unit - 1U) / unit * unit;
}

/* Bytes of the whole device. */
uint32_t fota_flash_bytes(const struct fota_flash *flash);

/* Number of sectors in the area; 0 when it is absent or not made of whole sectors. */
uint32_t fota_area_n_sectors(const struct fota_area *area);
/* Sector `index` of the area.  FOTA_E_RANGE past the last one. */
FOTA_NODISCARD enum fota_err
fota_area_sector(const struct fota_area *area, uint32_t index, struct fota_sector *out);
/* Index of the sector that holds byte `off` of the area.  FOTA_E_RANGE outside. */
FOTA_NODISCARD enum fota_err
fota_area_sector_at(const struct fota_area *area, uint32_t off, uint32_t *index);

/* Read [off, off + n_bytes) of the area.  FOTA_E_RANGE outside it; else the port's result. */
FOTA_NODISCARD enum fota_err
fota_area_read(const struct fota_area *area, uint32_t off, uint8_t *dst, uint32_t n_bytes);
/* Program [off, off + n_bytes), which must lie in one page and be whole program units, and read
 * it back.  One program.  FOTA_E_WORN when it reads back otherwise, FOTA_E_RANGE, or the port's
 * result. */
FOTA_NODISCARD enum fota_err fota_area_program(const struct fota_area *area, uint32_t off,
                                               const uint8_t *src, uint32_t n_bytes);
/* Erase sector `index` and check that it reads erased.  One erase.  FOTA_BUSY: call again.
 * FOTA_E_WORN when it does not read erased, FOTA_E_RANGE, or the port's result. */
FOTA_NODISCARD enum fota_err fota_area_erase(const struct fota_area *area, uint32_t index);

/* CRC-32 over the area's sector runs (n, bytes as little-endian 32 bit words, neighbours of
 * equal size merged): the geometry id that binds a package to the slot it was planned for. */
uint32_t fota_area_geometry_id(const struct fota_area *area);

#endif
