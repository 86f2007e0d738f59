/* SPDX-License-Identifier: MIT */
/* Record: magic (4), epoch (4), payload length (4), payload, CRC-32 of all before it (4);
 * padded to the program unit with the erased value. */
#include "core/record_store.h"
#include "core/crc32.h"
#include "core/le.h"

enum {
    MAGIC_OFF = 0,
    EPOCH_OFF = 4,
    LENGTH_OFF = 8,
    PAYLOAD_OFF = 12,
    CRC_BYTES = 4,
    N_SECTORS = 2,
    TRIES_MAX = 3,
};
#define MAGIC 0x31305246U /* "FR01" */

_Static_assert(PAYLOAD_OFF + FOTA_RECORD_BYTES_MAX + CRC_BYTES <= FOTA_PAGE_MAX,
               "a record and its padding fit one page buffer");

/* A valid record found in a sector. */
struct found {
    bool valid;
    uint32_t epoch;
    uint32_t n_bytes; /* of payload */
    uint8_t bytes[PAYLOAD_OFF + FOTA_RECORD_BYTES_MAX + CRC_BYTES];
};

static void read_sector(struct found *f, const struct fota_area *area, uint32_t index)
{
    struct fota_sector sector;
    f->valid = false;
    f->epoch = 0;
    if (fota_area_sector(area, index, &sector) < 0) return;
    if (sector.n_bytes < sizeof f->bytes) return;
    if (fota_area_read(area, sector.off, f->bytes, sizeof f->bytes) < 0) return;
    f->epoch = fota_le32(f->bytes + EPOCH_OFF);
    f->n_bytes = fota_le32(f->bytes + LENGTH_OFF);
    if (fota_le32(f->bytes + MAGIC_OFF) != MAGIC) return;
    if (f->n_bytes > FOTA_RECORD_BYTES_MAX) return;
    uint32_t covered = PAYLOAD_OFF + f->n_bytes;
    f->valid = fota_crc32(0, f->bytes, covered) == fota_le32(f->bytes + covered);
}

/* Serial comparison: right as long as the two are less than 2^31 apart. */
static bool is_newer(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) > 0;
}

/* Find the sector that rules; its record is left in `f`.  N_SECTORS when there is none. */
static uint32_t find_newest(struct found *f, const struct fota_area *area)
{
    read_sector(f, area, 0);
    bool first_valid = f->valid;
    uint32_t first_epoch = f->epoch;
    read_sector(f, area, 1);
    if (f->valid && (!first_valid || is_newer(f->epoch, first_epoch))) return 1;
    if (!first_valid) return N_SECTORS;
    read_sector(f, area, 0);
    return f->valid ? 0 : N_SECTORS;
}

enum fota_err
fota_record_read(const struct fota_area *area, uint8_t *dst, uint32_t n_bytes, uint32_t *epoch)
{
    struct found f;
    *epoch = 0;
    if (find_newest(&f, area) == N_SECTORS) return FOTA_E_NO_IMAGE;
    uint32_t n = f.n_bytes < n_bytes ? f.n_bytes : n_bytes;
    memcpy(dst, f.bytes + PAYLOAD_OFF, n);
    memset(dst + n, 0, n_bytes - n);
    *epoch = f.epoch;
    return FOTA_OK;
}

void fota_record_write_begin(struct fota_record_write *w, const struct fota_area *area,
                             const uint8_t *payload, uint32_t n_bytes, uint32_t least_epoch)
{
    struct found f;
    uint32_t newest = find_newest(&f, area);
    uint32_t epoch = least_epoch != 0 ? least_epoch : 1;
    if (newest != N_SECTORS && is_newer(f.epoch + 1U, epoch)) epoch = f.epoch + 1U;
    uint32_t covered = PAYLOAD_OFF + n_bytes;
    w->area = area;
    w->sector = newest == 0 ? 1 : 0;
    w->done_bytes = 0;
    w->erased = false;
    w->tries = 0;
    w->image_bytes = fota_flash_round_up(area->flash, covered + CRC_BYTES);
    memset(w->image, area->flash->erased, sizeof w->image);
    fota_put_le32(w->image + MAGIC_OFF, MAGIC);
    fota_put_le32(w->image + EPOCH_OFF, epoch);
    fota_put_le32(w->image + LENGTH_OFF, n_bytes);
    memcpy(w->image + PAYLOAD_OFF, payload, n_bytes);
    fota_put_le32(w->image + covered, fota_crc32(0, w->image, covered));
}

static enum fota_err program_next(struct fota_record_write *w)
{
    struct fota_sector sector;
    enum fota_err err = fota_area_sector(w->area, w->sector, &sector);
    if (err < 0) return err;
    uint32_t page = w->area->flash->page_bytes;
    uint32_t left = w->image_bytes - w->done_bytes;
    uint32_t n = left < page ? left : page;
    err = fota_area_program(w->area, sector.off + w->done_bytes, w->image + w->done_bytes, n);
    if (err < 0) return err;
    w->done_bytes += n;
    return w->done_bytes == w->image_bytes ? FOTA_OK : FOTA_MORE;
}

static enum fota_err erase_first(struct fota_record_write *w)
{
    enum fota_err err = fota_area_erase(w->area, w->sector);
    if (err != FOTA_OK) return err;
    w->erased = true;
    w->done_bytes = 0;
    return FOTA_MORE;
}

enum fota_err fota_record_write_step(struct fota_record_write *w)
{
    enum fota_err err = w->erased ? program_next(w) : erase_first(w);
    if (err >= 0) return err;
    w->erased = false;
    w->tries++;
    return w->tries < TRIES_MAX ? FOTA_MORE : FOTA_E_WORN;
}
