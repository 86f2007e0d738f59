/* SPDX-License-Identifier: MIT */
/* The flash devices of a virtual module in one file: the factory page, then the bytes of each
 * device of the profile.  The devices are those of the simulator (sim/flash_sim.h): they count
 * and check operations, and tear one on request.  Every operation is in the file when it
 * returns, so that an end of the process at any time is a clean power cut: an operation is done
 * or it is not. */
#ifndef FOTA_MODULE_FLASH_FILE_H
#define FOTA_MODULE_FLASH_FILE_H

#include "core/profile.h"
#include "sim/flash_sim.h"

/* Exit status of a process whose power was cut as --power-cut-after asked. */
#define POWER_CUT_STATUS 200

struct flash_file_device {
    struct flash_file *file;
    uint64_t base; /* offset of its first byte in the file */
    uint8_t *data; /* its content */
    uint8_t *units;
    struct fota_sim_flash sim;
    struct fota_flash flash;
};

struct flash_file {
    int fd; /* borrowed */
    uint32_t n_devices;
    struct flash_file_device devices[FOTA_PROFILE_FLASHES_MAX];
    struct fota_sim_power power; /* set cut_at, when and seed to have it cut */
    uint32_t erase_us;           /* time that an erase takes, 0: none */
    uint32_t program_us;
    void (*busy)(void *ctx, uint32_t us); /* spends it; needed when one of them is not 0 */
    void *busy_ctx;
    /* the operation under way: what has to reach the file */
    struct flash_file_device *device;
    uint32_t addr;
    uint32_t n_bytes;
};

/* Bytes of the whole flash file of a profile. */
uint64_t flash_file_bytes(const struct fota_profile *profile);
/* Make the file: `page` (FACTORY_BYTES), all devices erased.  FOTA_E_IO. */
FOTA_NODISCARD enum fota_err
flash_file_format(int fd, const char *page, const struct fota_profile *profile);
/* Read the devices from an open file of that size.  `fd` and `profile` are borrowed.
 * FOTA_E_IO, FOTA_E_NOMEM.  Close it in any case. */
FOTA_NODISCARD enum fota_err
flash_file_open(struct flash_file *f, int fd, const struct fota_profile *profile);
void flash_file_close(struct flash_file *f);
/* The devices' areas. */
void flash_file_areas(const struct flash_file *f, const struct fota_profile *profile,
                      struct fota_area area[FOTA_AREA_COUNT]);

#endif
