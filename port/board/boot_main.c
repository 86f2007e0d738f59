/* SPDX-License-Identifier: MIT */
/* The boot loader: core/boot.c on a board, and recovery by AT commands when no image is valid.
 */
#include "board_layout.h"
#include "core/app.h"
#include "core/boot.h"
#include "port/board/board.h"
#include "port/board/serve.h"

/* One after the other: recovery begins when there is nothing left to update. */
static union {
    struct fota_boot boot;
    struct fota_app app;
} program;

static _Alignas(8) uint8_t workspace[BOARD_DECODER_BYTES];

static _Noreturn void start_application(void)
{
    const struct fota_device *device = board_device();
    struct fota_identity identity;
    if (fota_identity_read(&identity, &device->area[FOTA_AREA_IDENTITY]) != FOTA_OK) {
        board_reset();
    }
    board_start_application(fota_device_slot(device, fota_boot_slot(&program.boot)),
                            identity.image_bytes);
}

static _Noreturn void recover(void)
{
    fota_app_init(&program.app, board_device(), true, board_put, NULL);
    board_serve(&program.app);
}

int main(void)
{
    board_init();
    fota_boot_init(&program.boot, board_device(), board_put, NULL, workspace);
    for (;;) {
        board_care();
        switch (fota_boot_poll(&program.boot)) {
        case FOTA_BOOT_AGAIN:
            break;
        case FOTA_BOOT_START:
            start_application();
        case FOTA_BOOT_RESET:
            board_reset();
        case FOTA_BOOT_RECOVER:
            recover();
        }
    }
}
