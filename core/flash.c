/* SPDX-License-Identifier: MIT */
#include "core/flash.h"
#include "core/crc32.h"
#include "core/le.h"

enum { CHUNK_BYTES = 64 };

/* The part of an area that lies in one run of its device. */
struct part {
    uint32_t n_sectors;
    uint32_t sector_bytes;
    bool whole; /* begins and ends at sector boundaries */
};

uint32_t fota_flash_bytes(const struct fota_flash *flash)
{
    uint32_t n_bytes = 0;
    for (uint32_t i = 0; i < flash->n_runs; i++)
        n_bytes += flash->runs[i].n_sectors * flash->runs[i].sector_bytes;
    return n_bytes;
}

/* What of the area lies in the run that begins at `base`. */
static struct part
part_in_run(const struct fota_area *area, const struct fota_flash_run *run, uint32_t base)
{
    struct part part = {0, run->sector_bytes, true};
    uint32_t run_bytes = run->n_sectors * run->sector_bytes;
    uint32_t from = area->addr > base ? area->addr - base : 0;
    if (from >= run_bytes || base + from - area->addr >= area->n_bytes) return part;
    uint32_t left = area->n_bytes - (base + from - area->addr);
    uint32_t n_bytes = left < run_bytes - from ? left : run_bytes - from;
    part.whole = from % run->sector_bytes == 0 && n_bytes % run->sector_bytes == 0;
    part.n_sectors = n_bytes / run->sector_bytes;
    return part;
}

uint32_t fota_area_n_sectors(const struct fota_area *area)
{
    if (area->flash == NULL || area->n_bytes == 0) return 0;
    uint32_t base = 0;
    uint32_t n_sectors = 0;
    uint32_t n_bytes = 0;
    for (uint32_t i = 0; i < area->flash->n_runs; i++) {
        const struct fota_flash_run *run = &area->flash->runs[i];
        struct part part = part_in_run(area, run, base);
        if (!part.whole) return 0;
        n_sectors += part.n_sectors;
        n_bytes += part.n_sectors * part.sector_bytes;
        base += run->n_sectors * run->sector_bytes;
    }
    return n_bytes == area->n_bytes ? n_sectors : 0;
}

enum fota_err
fota_area_sector(const struct fota_area *area, uint32_t index, struct fota_sector *out)
{
    if (area->flash == NULL) return FOTA_E_RANGE;
    uint32_t base = 0;
    uint32_t off = 0;
    for (uint32_t i = 0; i < area->flash->n_runs; i++) {
        const struct fota_flash_run *run = &area->flash->runs[i];
        struct part part = part_in_run(area, run, base);
        if (index < part.n_sectors) {
            out->off = off + index * part.sector_bytes;
            out->n_bytes = part.sector_bytes;
            return FOTA_OK;
        }
        index -= part.n_sectors;
        off += part.n_sectors * part.sector_bytes;
        base += run->n_sectors * run->sector_bytes;
    }
    return FOTA_E_RANGE;
}

enum fota_err fota_area_sector_at(const struct fota_area *area, uint32_t off, uint32_t *index)
{
    if (area->flash == NULL) return FOTA_E_RANGE;
    uint32_t base = 0;
    uint32_t before = 0;
    for (uint32_t i = 0; i < area->flash->n_runs; i++) {
        const struct fota_flash_run *run = &area->flash->runs[i];
        struct part part = part_in_run(area, run, base);
        if (off < part.n_sectors * part.sector_bytes) {
            *index = before + off / part.sector_bytes;
            return FOTA_OK;
        }
        off -= part.n_sectors * part.sector_bytes;
        before += part.n_sectors;
        base += run->n_sectors * run->sector_bytes;
    }
    return FOTA_E_RANGE;
}

static bool is_inside(const struct fota_area *area, uint32_t off, uint32_t n_bytes)
{
    return area->flash != NULL && n_bytes <= area->n_bytes && off <= area->n_bytes - n_bytes;
}

enum fota_err
fota_area_read(const struct fota_area *area, uint32_t off, uint8_t *dst, uint32_t n_bytes)
{
    if (!is_inside(area, off, n_bytes)) return FOTA_E_RANGE;
    return area->flash->read(area->flash->ctx, area->addr + off, dst, n_bytes);
}

/* Whether the area reads as `expected` there; a null pointer stands for erased bytes.
 * Unreadable content is different content. */
static enum fota_err check_content(const struct fota_area *area, uint32_t off,
                                   const uint8_t *expected, uint32_t n_bytes)
{
    uint8_t chunk[CHUNK_BYTES];
    for (uint32_t done = 0; done < n_bytes;) {
        uint32_t n = n_bytes - done < CHUNK_BYTES ? n_bytes - done : CHUNK_BYTES;
        enum fota_err err = fota_area_read(area, off + done, chunk, n);
        if (err == FOTA_E_TORN) return FOTA_E_WORN;
        if (err < 0) return err;
        for (uint32_t i = 0; i < n; i++) {
            uint8_t want = expected != NULL ? expected[done + i] : area->flash->erased;
            if (chunk[i] != want) return FOTA_E_WORN;
        }
        done += n;
    }
    return FOTA_OK;
}

enum fota_err fota_area_program(const struct fota_area *area, uint32_t off, const uint8_t *src,
                                uint32_t n_bytes)
{
    if (n_bytes == 0 || !is_inside(area, off, n_bytes)) return FOTA_E_RANGE;
    const struct fota_flash *flash = area->flash;
    uint32_t addr = area->addr + off;
    uint32_t in_page = addr % flash->page_bytes;
    if ((addr | n_bytes) % flash->program_bytes != 0) return FOTA_E_RANGE;
    if (n_bytes > flash->page_bytes - in_page) return FOTA_E_RANGE;
    enum fota_err err = flash->program(flash->ctx, addr, src, n_bytes);
    if (err < 0) return err;
    return check_content(area, off, src, n_bytes);
}

enum fota_err fota_area_erase(const struct fota_area *area, uint32_t index)
{
    struct fota_sector sector;
    enum fota_err err = fota_area_sector(area, index, &sector);
    if (err < 0) return err;
    err = area->flash->erase(area->flash->ctx, area->addr + sector.off);
    if (err != FOTA_OK) return err;
    return check_content(area, sector.off, NULL, sector.n_bytes);
}

static uint32_t crc_of_run(uint32_t crc, const struct fota_flash_run *run)
{
    uint8_t bytes[8];
    if (run->n_sectors == 0) return crc;
    fota_put_le32(bytes, run->n_sectors);
    fota_put_le32(bytes + 4, run->sector_bytes);
    return fota_crc32(crc, bytes, sizeof bytes);
}

uint32_t fota_area_geometry_id(const struct fota_area *area)
{
    if (area->flash == NULL) return 0;
    uint32_t crc = 0;
    uint32_t base = 0;
    struct fota_flash_run merged = {0, 0};
    for (uint32_t i = 0; i < area->flash->n_runs; i++) {
        const struct fota_flash_run *run = &area->flash->runs[i];
        struct part part = part_in_run(area, run, base);
        base += run->n_sectors * run->sector_bytes;
        if (part.n_sectors == 0) continue;
        if (part.sector_bytes != merged.sector_bytes) {
            crc = crc_of_run(crc, &merged);
            merged.n_sectors = 0;
            merged.sector_bytes = part.sector_bytes;
        }
        merged.n_sectors += part.n_sectors;
    }
    return crc_of_run(crc, &merged);
}
