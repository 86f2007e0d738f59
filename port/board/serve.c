/* SPDX-License-Identifier: MIT */
#include "port/board/serve.h"
#include "port/board/board.h"

void board_put(void *ctx, const char *bytes, size_t n)
{
    (void)ctx;
    board_uart_write(bytes, n);
}

void board_care(void)
{
    do {
        board_watchdog_feed();
    } while (!board_supply_ok());
}

static void feed(struct fota_app *app)
{
    const uint8_t *bytes;
    size_t n = board_uart_peek(&bytes);
    if (n > 0) {
        board_uart_consume(fota_app_feed(app, bytes, n, board_ms()));
    }
}

_Noreturn void board_serve(struct fota_app *app)
{
    fota_app_ready(app);
    for (;;) {
        board_care();
        feed(app);
        switch (fota_app_poll(app, board_ms())) {
        case FOTA_APP_AGAIN:
            break;
        case FOTA_APP_IDLE:
            board_idle();
            break;
        case FOTA_APP_RESET:
            board_reset();
        }
    }
}
