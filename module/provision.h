/* SPDX-License-Identifier: MIT */
/* The factory: makes the flash file of a new module. */
#ifndef FOTA_MODULE_PROVISION_H
#define FOTA_MODULE_PROVISION_H

#include "module/factory.h"

struct provision {
    struct factory factory;
    const char *version; /* of the image */
    uint32_t security_counter;
    const uint8_t *image;
    uint32_t image_bytes;
};

/* Write a whole new flash file to `fd`.  FOTA_E_SLOT_SPACE, FOTA_E_PROFILE, FOTA_E_IO. */
FOTA_NODISCARD enum fota_err provision(int fd, const struct provision *p);

#endif
