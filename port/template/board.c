/* SPDX-License-Identifier: MIT */
/* Begin of a port: copy this folder, fill in the twelve functions from top to bottom, and
 * follow doc/porting.md.  It compiles and links as it is; every flash call fails and nothing is
 * sent, so that a function that was forgotten shows at once. */
#include "port/board/board.h"
#include "board_layout.h"
#include "port/cortex-m/cortex_m.h"

#define CORE_HZ 8000000U /* the core clock, for the millisecond tick */

/* ---- flash: one set of three for each `flash` line of the device profile ---- */

static enum fota_err flash_read(void *ctx, uint32_t addr, uint8_t *dst, uint32_t n_bytes)
{
    (void)ctx;
    (void)addr;
    (void)dst;
    (void)n_bytes;
    return FOTA_E_FLASH; /* FOTA_E_TORN where the medium itself reports unreadable content */
}

static enum fota_err
flash_program(void *ctx, uint32_t addr, const uint8_t *src, uint32_t n_bytes)
{
    (void)ctx;
    (void)addr;
    (void)src;
    (void)n_bytes;
    return FOTA_E_FLASH; /* FOTA_OK only when the flash is no longer busy */
}

static enum fota_err flash_erase(void *ctx, uint32_t addr)
{
    (void)ctx;
    (void)addr;
    return FOTA_E_FLASH; /* FOTA_BUSY while it erases: the core calls again */
}

static const struct fota_flash_run runs[] = {BOARD_FLASH_main_RUNS};

const struct fota_flash board_flash_main = {
    .runs = runs,
    BOARD_FLASH_main,
    .read = flash_read,
    .program = flash_program,
    .erase = flash_erase,
};

/* ---- clocks, time, UART ---- */

void board_init(void)
{
    /* clocks, watchdog, flash controller, UART with its receive interrupt and RTS/CTS */
    cortex_m_tick_start(CORE_HZ);
}

void board_irq(unsigned n)
{
    (void)n; /* receive interrupt: move bytes to a ring; drop RTS when it is nearly full */
}

uint32_t board_ms(void)
{
    return cortex_m_ms();
}

size_t board_uart_peek(const uint8_t **bytes)
{
    *bytes = NULL;
    return 0;
}

void board_uart_consume(size_t n)
{
    (void)n;
}

void board_uart_write(const char *bytes, size_t n)
{
    (void)bytes;
    (void)n;
}

void board_idle(void)
{
    cortex_m_wait();
}

/* ---- watchdog and supply ---- */

void board_watchdog_feed(void)
{
}

bool board_supply_ok(void)
{
    return true;
}

/* ---- leaving the program ---- */

_Noreturn void board_start_application(const struct fota_area *slot, uint32_t n_bytes)
{
    (void)n_bytes; /* an image that does not run in place is copied to its RAM first */
    cortex_m_start(slot->addr);
}

_Noreturn void board_reset(void)
{
    cortex_m_reset();
}
