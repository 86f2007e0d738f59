/* SPDX-License-Identifier: MIT */
#include "fota_zephyr.h"

static enum fota_err read_area(void *ctx, uint32_t addr, uint8_t *dst, uint32_t n_bytes)
{
    const struct fota_zephyr_flash *f = ctx;
    return flash_area_read(f->area, (off_t)addr, dst, n_bytes) == 0 ? FOTA_OK : FOTA_E_FLASH;
}

static enum fota_err
program_area(void *ctx, uint32_t addr, const uint8_t *src, uint32_t n_bytes)
{
    const struct fota_zephyr_flash *f = ctx;
    return flash_area_write(f->area, (off_t)addr, src, n_bytes) == 0 ? FOTA_OK : FOTA_E_FLASH;
}

static enum fota_err erase_area(void *ctx, uint32_t addr)
{
    const struct fota_zephyr_flash *f = ctx;
    return flash_area_erase(f->area, (off_t)addr, f->run.sector_bytes) == 0 ? FOTA_OK
                                                                            : FOTA_E_FLASH;
}

enum fota_err fota_zephyr_flash_open(struct fota_zephyr_flash *f, uint8_t id,
                                     uint32_t sector_bytes, uint32_t page_bytes)
{
    if (flash_area_open(id, &f->area) != 0) {
        return FOTA_E_FLASH;
    }
    uint32_t unit = flash_area_align(f->area);
    size_t n_bytes = f->area->fa_size;
    if (sector_bytes == 0 || n_bytes % sector_bytes != 0 || n_bytes > UINT32_MAX ||
        page_bytes < unit || page_bytes > FOTA_PAGE_MAX || sector_bytes % page_bytes != 0) {
        flash_area_close(f->area);
        return FOTA_E_PROFILE;
    }
    f->run.sector_bytes = sector_bytes;
    f->run.n_sectors = (uint32_t)n_bytes / sector_bytes;
    f->flash = (struct fota_flash){
        .ctx = f,
        .runs = &f->run,
        .n_runs = 1,
        .program_bytes = unit,
        .page_bytes = page_bytes,
        .erased = flash_area_erased_val(f->area),
        .write_once = unit > 1, /* many controllers with ECC: no unit may be written twice */
        .read = read_area,
        .program = program_area,
        .erase = erase_area,
    };
    return FOTA_OK;
}
