/* SPDX-License-Identifier: MIT */
#include "fota_esp.h"

static enum fota_err read_partition(void *ctx, uint32_t addr, uint8_t *dst, uint32_t n_bytes)
{
    const struct fota_esp_flash *f = ctx;
    return esp_partition_read(f->partition, addr, dst, n_bytes) == ESP_OK ? FOTA_OK
                                                                          : FOTA_E_FLASH;
}

static enum fota_err
program_partition(void *ctx, uint32_t addr, const uint8_t *src, uint32_t n_bytes)
{
    const struct fota_esp_flash *f = ctx;
    return esp_partition_write(f->partition, addr, src, n_bytes) == ESP_OK ? FOTA_OK
                                                                           : FOTA_E_FLASH;
}

static enum fota_err erase_partition(void *ctx, uint32_t addr)
{
    const struct fota_esp_flash *f = ctx;
    return esp_partition_erase_range(f->partition, addr, f->run.sector_bytes) == ESP_OK
               ? FOTA_OK
               : FOTA_E_FLASH;
}

enum fota_err fota_esp_flash_open(struct fota_esp_flash *f, const char *label)
{
    f->partition =
        esp_partition_find_first(ESP_PARTITION_TYPE_DATA, ESP_PARTITION_SUBTYPE_ANY, label);
    if (f->partition == NULL) {
        return FOTA_E_FLASH;
    }
    if (f->partition->encrypted) {
        return FOTA_E_PROFILE;
    }
    f->run.sector_bytes = f->partition->erase_size;
    f->run.n_sectors = f->partition->size / f->partition->erase_size;
    f->flash = (struct fota_flash){
        .ctx = f,
        .runs = &f->run,
        .n_runs = 1,
        .program_bytes = 1,
        .page_bytes = FOTA_PAGE_MAX,
        .erased = 0xFF,
        .read = read_partition,
        .program = program_partition,
        .erase = erase_partition,
    };
    return FOTA_OK;
}
