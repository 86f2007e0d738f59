/* SPDX-License-Identifier: MIT */
/* An application beside MCUboot, over port/board/board.h: compiled in the build, to be copied.
 */
#include "core/at_line.h"
#include "port/board/board.h"
#include "port/board/serve.h"
#include "port/mcuboot/fota_mcuboot.h"

#define DECODER_BYTES 16384U

/* The board's flash map and MCUboot's configuration. */
extern const struct fota_mcuboot_slots board_mcuboot_slots;

static struct fota_mcuboot mcuboot;
static struct fota_journal journal;
static struct fota_app app;
static uint32_t workspace[DECODER_BYTES / sizeof(uint32_t)];

static void say(const char *text)
{
    board_uart_write(text, fota_at_length(text));
}

static enum fota_err run(void)
{
    enum fota_err err;
    do {
        board_care();
        err = fota_mcuboot_poll(&mcuboot);
    } while (err == FOTA_MORE || err == FOTA_BUSY);
    return err;
}

static bool is_update_asked_for(const struct fota_device *device)
{
    if (fota_journal_load(&journal, &device->area[FOTA_AREA_JOURNAL]) < 0) return false;
    const struct fota_snapshot *last = fota_journal_last(&journal);
    return last != NULL && last->phase == FOTA_PHASE_RUN;
}

/* The lines of the application note, as the boot loader of port/board/ prints them. */
static void update(const struct fota_device *device)
{
    char number[FOTA_AT_NUMBER_MAX];
    fota_mcuboot_update(&mcuboot, &journal, workspace, false);
    enum fota_err err = run();
    fota_at_print_number(number, fota_err_code(err));
    say("\r\n ");
    say(device->brand);
    say(err == FOTA_OK ? " firmware update success. status="
                       : " firmware update failed. status=");
    say(number);
    say("\r\n");
    if (err == FOTA_OK) {
        say("Rebooting....\r\n");
        board_reset(); /* MCUboot swaps */
    }
}

int main(void)
{
    board_init();
    struct fota_device *device = board_device();
    if (fota_mcuboot_init(&mcuboot, &board_mcuboot_slots, device) == FOTA_OK) {
        fota_mcuboot_identify(&mcuboot);
        if (run() == FOTA_OK && is_update_asked_for(device)) update(device);
    }
    /* here, when all is well: boot_write_img_confirmed() */
    fota_app_init(&app, device, false, board_put, NULL);
    board_serve(&app);
}
