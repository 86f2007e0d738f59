/* SPDX-License-Identifier: MIT */
/* A user of the library: finds headers, core and texts. */
#include "core/app.h"
#include "core/boot.h"
#include "core/crc32.h"
#include <stdio.h>

int main(void)
{
    printf("%s, %zu bytes of state\n", fota_err_row(FOTA_E_BASE)->name,
           sizeof(struct fota_boot) + sizeof(struct fota_app));
    return fota_crc32(0, (const uint8_t *)"123456789", 9) == 0xCBF43926U ? 0 : 1;
}
