/* SPDX-License-Identifier: MIT */
/* Any text as a device profile: refused with a reason, or a layout whose areas are whole
 * sectors of their flash, apart from each other. */
#include "core/profile.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t n);

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static void check_layout(const struct fota_profile *p)
{
    struct fota_flash flash[FOTA_PROFILE_FLASHES_MAX];
    struct fota_area area[FOTA_AREA_COUNT];
    for (uint32_t i = 0; i < p->n_flash; i++) {
        flash[i] = fota_profile_flash_port(&p->flash[i]);
    }
    fota_profile_areas(p, flash, area);
    for (unsigned i = 0; i < FOTA_AREA_COUNT; i++) {
        if (area[i].n_bytes == 0) continue;
        uint64_t end = (uint64_t)area[i].addr + area[i].n_bytes;
        require(fota_area_n_sectors(&area[i]) != 0 && end <= fota_flash_bytes(area[i].flash));
        for (unsigned k = 0; k < i; k++) {
            if (area[k].n_bytes == 0 || area[k].flash != area[i].flash) continue;
            uint64_t other_end = (uint64_t)area[k].addr + area[k].n_bytes;
            require(area[i].addr >= other_end || area[k].addr >= end);
        }
    }
    require(fota_area_n_sectors(&area[FOTA_AREA_JOURNAL]) >= 2);
    require(area[FOTA_AREA_SLOT].n_bytes != 0 && area[FOTA_AREA_STAGING].n_bytes != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t n)
{
    struct fota_profile profile;
    struct fota_profile_fault fault = {0, NULL};
    char *exact = malloc(n != 0 ? n : 1);
    require(exact != NULL);
    if (n != 0) memcpy(exact, input, n);
    enum fota_err err = fota_profile_parse(&profile, exact, n, &fault);
    if (err == FOTA_OK) err = fota_profile_check(&profile, &fault);
    if (err == FOTA_OK) {
        check_layout(&profile);
    } else {
        require(err == FOTA_E_PROFILE && fault.reason != NULL);
    }
    free(exact);
    return 0;
}
