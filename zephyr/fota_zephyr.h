/* SPDX-License-Identifier: MIT */
/* A Zephyr flash area (fixed partition) as a flash device of fota. */
#ifndef FOTA_ZEPHYR_H
#define FOTA_ZEPHYR_H

#include "core/flash.h"
#include <zephyr/storage/flash_map.h>

struct fota_zephyr_flash {
    struct fota_flash flash; /* hand this to the core */
    const struct flash_area *area;
    struct fota_flash_run run;
};

/* Open flash area `id`, whose sectors all have `sector_bytes`; `page_bytes` as struct
 * fota_flash says.  FOTA_E_FLASH when it cannot be opened, FOTA_E_PROFILE when these sizes do
 * not fit to it. */
FOTA_NODISCARD enum fota_err fota_zephyr_flash_open(struct fota_zephyr_flash *f, uint8_t id,
                                                    uint32_t sector_bytes, uint32_t page_bytes);

#endif
