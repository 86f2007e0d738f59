/* SPDX-License-Identifier: MIT */
/* An ESP-IDF partition as a flash device of fota. */
#ifndef FOTA_ESP_H
#define FOTA_ESP_H

#include "core/flash.h"
#include <esp_partition.h>

struct fota_esp_flash {
    struct fota_flash flash; /* hand this to the core */
    const esp_partition_t *partition;
    struct fota_flash_run run;
};

/* The data partition labelled `label`.  FOTA_E_FLASH when there is none; FOTA_E_PROFILE when it
 * is encrypted, because its program unit is then 16 bytes and a second write spoils it. */
FOTA_NODISCARD enum fota_err fota_esp_flash_open(struct fota_esp_flash *f, const char *label);

#endif
