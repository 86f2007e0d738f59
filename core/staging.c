/* SPDX-License-Identifier: MIT */
#include "core/staging.h"
#include "core/crc32.h"
#include "core/mem.h"

enum { CHUNK_BYTES = 64, TRIES_MAX = 3 };

static enum fota_err is_sector_blank(const struct fota_area *area, uint32_t index, bool *blank)
{
    struct fota_sector sector;
    uint8_t chunk[CHUNK_BYTES];
    *blank = false;
    enum fota_err err = fota_area_sector(area, index, &sector);
    if (err < 0) return err;
    for (uint32_t off = 0; off < sector.n_bytes;) {
        uint32_t n = sector.n_bytes - off < CHUNK_BYTES ? sector.n_bytes - off : CHUNK_BYTES;
        err = fota_area_read(area, sector.off + off, chunk, n);
        if (err == FOTA_E_TORN) return FOTA_OK; /* torn is not blank */
        if (err < 0) return err;
        for (uint32_t i = 0; i < n; i++)
            if (chunk[i] != area->flash->erased) return FOTA_OK;
        off += n;
    }
    *blank = true;
    return FOTA_OK;
}

/* Begin of the last sector in which anything is programmed. */
static enum fota_err find_last_sector(const struct fota_staging *s, uint32_t *off)
{
    *off = 0;
    for (uint32_t i = s->n_sectors; i-- > 0;) {
        bool blank;
        enum fota_err err = is_sector_blank(s->area, i, &blank);
        if (err < 0) return err;
        if (blank) continue;
        struct fota_sector sector;
        err = fota_area_sector(s->area, i, &sector);
        *off = sector.off;
        return err;
    }
    return FOTA_OK;
}

/* CRC-32 of the durable bytes, read back from flash.  Torn content: nothing is durable. */
static enum fota_err take_durable(struct fota_staging *s, uint32_t n_bytes)
{
    uint8_t chunk[CHUNK_BYTES];
    s->durable_bytes = 0;
    s->crc = 0;
    uint32_t crc = 0;
    for (uint32_t off = 0; off < n_bytes;) {
        uint32_t n = n_bytes - off < CHUNK_BYTES ? n_bytes - off : CHUNK_BYTES;
        enum fota_err err = fota_area_read(s->area, off, chunk, n);
        if (err == FOTA_E_TORN) return FOTA_OK;
        if (err < 0) return err;
        crc = fota_crc32(crc, chunk, n);
        off += n;
    }
    s->durable_bytes = n_bytes;
    s->crc = crc;
    return FOTA_OK;
}

enum fota_err fota_staging_scan(struct fota_staging *s, const struct fota_area *area)
{
    s->area = area;
    s->n_sectors = fota_area_n_sectors(area);
    s->erase_sector = 0;
    s->erased = false;
    s->tries = 0;
    s->fill = 0;
    s->durable_bytes = 0;
    s->crc = 0;
    uint32_t off;
    enum fota_err err = find_last_sector(s, &off);
    if (err < 0 || off < FOTA_PACKAGE_PREFIX_BYTES) return err;
    uint8_t bytes[FOTA_PACKAGE_PREFIX_BYTES];
    err = fota_area_read(area, 0, bytes, sizeof bytes);
    if (err == FOTA_E_TORN) return FOTA_OK;
    if (err < 0) return err;
    struct fota_package_prefix prefix;
    if (fota_package_parse_prefix(&prefix, bytes) < 0) return FOTA_OK;
    return off < prefix.total_bytes ? take_durable(s, off) : FOTA_OK;
}

/* What was programmed last is not to be built on: back to the begin of its sector. */
static enum fota_err step_back(struct fota_staging *s)
{
    uint32_t index;
    struct fota_sector sector;
    s->fill = 0;
    s->erased = false;
    enum fota_err err = fota_area_sector_at(s->area, s->durable_bytes, &index);
    if (err < 0) return err;
    err = fota_area_sector(s->area, index, &sector);
    if (err < 0) return err;
    return take_durable(s, sector.off);
}

/* A part page has been programmed: the transfer had ended there. */
static bool is_sealed(const struct fota_staging *s)
{
    return s->durable_bytes % s->area->flash->page_bytes != 0;
}

enum fota_err fota_staging_begin(struct fota_staging *s, uint32_t off)
{
    enum fota_err err = FOTA_OK;
    if (off != 0 && is_sealed(s)) err = step_back(s);
    if (err < 0) return err;
    if (off != 0 && off != s->durable_bytes) return FOTA_E_OFFSET;
    s->fill = 0;
    s->tries = 0;
    if (off != 0 && s->erased) return FOTA_OK;
    s->erased = false;
    s->erase_sector = 0;
    if (off != 0) return fota_area_sector_at(s->area, off, &s->erase_sector);
    s->durable_bytes = 0;
    s->crc = 0;
    return FOTA_OK;
}

enum fota_err fota_staging_erase_step(struct fota_staging *s)
{
    if (s->erased) return FOTA_OK;
    enum fota_err err = fota_area_erase(s->area, s->erase_sector);
    if (err == FOTA_BUSY) return err;
    if (err < 0) {
        s->tries++;
        return s->tries < TRIES_MAX ? FOTA_MORE : FOTA_E_WORN;
    }
    s->tries = 0;
    s->erase_sector++;
    s->erased = s->erase_sector == s->n_sectors;
    return s->erased ? FOTA_OK : FOTA_MORE;
}

uint32_t fota_staging_put(struct fota_staging *s, const uint8_t *src, uint32_t n_bytes)
{
    uint32_t page = s->area->flash->page_bytes;
    if (is_sealed(s)) return 0;
    uint32_t room = page - s->fill;
    uint32_t n = n_bytes < room ? n_bytes : room;
    memcpy(s->page + s->fill, src, n);
    s->fill += n;
    return n;
}

enum fota_err fota_staging_flush_step(struct fota_staging *s, bool all)
{
    const struct fota_flash *flash = s->area->flash;
    if (s->fill == 0 || (s->fill < flash->page_bytes && !all)) return FOTA_OK;
    if (s->fill > s->area->n_bytes - s->durable_bytes) return FOTA_E_STAGING_SPACE;
    uint32_t n_bytes = fota_flash_round_up(flash, s->fill);
    memset(s->page + s->fill, flash->erased, n_bytes - s->fill);
    enum fota_err err = fota_area_program(s->area, s->durable_bytes, s->page, n_bytes);
    if (err < 0) {
        enum fota_err back = step_back(s);
        return back < 0 ? back : err;
    }
    s->crc = fota_crc32(s->crc, s->page, s->fill);
    s->durable_bytes += s->fill;
    s->fill = 0;
    return FOTA_MORE;
}
