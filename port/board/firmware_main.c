/* SPDX-License-Identifier: MIT */
/* The module's firmware: AT server of core/app.c with the commands of port/firmware/. */
#include "core/app.h"
#include "port/board/board.h"
#include "port/board/serve.h"
#include "port/firmware/firmware.h"
#include "port/firmware/text.h"

static struct fota_app app;

/* The identity record says what the boot loader has checked; the image says what it is itself.
 * A package made with another version string than the one compiled in would make ATI lie. */
static void check_version(void)
{
    struct fota_identity identity;
    enum fota_err err =
        fota_identity_read(&identity, &board_device()->area[FOTA_AREA_IDENTITY]);
    if (err == FOTA_OK && !firmware_text_equal(identity.version, firmware_version)) {
        static const char warning[] = "\r\nidentity record does not name this firmware: ";
        board_uart_write(warning, sizeof warning - 1);
        board_uart_write(firmware_version, firmware_text_length(firmware_version));
        board_uart_write("\r\n", 2);
        for (;;) {
            board_care(); /* no RDY, no commands: a wrong package must not pass a test */
        }
    }
}

static const char *error_text(enum fota_err err)
{
    return fota_err_row(err)->text;
}

int main(void)
{
    board_init();
    check_version();
    struct fota_device *device = board_device();
    device->error_text = error_text;
    device->commands = firmware_commands;
    device->n_commands = firmware_n_commands;
    fota_app_init(&app, device, false, board_put, NULL);
    board_serve(&app);
}
