/* SPDX-License-Identifier: MIT */
/* The loop around core/app.c that both programs run: the firmware as its application, the boot
 * loader in recovery. */
#ifndef FOTA_PORT_SERVE_H
#define FOTA_PORT_SERVE_H

#include "core/app.h"

/* For the `put` of core/app.h and core/boot.h: to the UART. */
void board_put(void *ctx, const char *bytes, size_t n);
/* Feed the watchdog, and wait until the supply will last through an erase. */
void board_care(void);
/* Say RDY and serve AT commands until a reset is asked for. */
_Noreturn void board_serve(struct fota_app *app);

#endif
