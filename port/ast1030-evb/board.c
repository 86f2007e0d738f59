/* SPDX-License-Identifier: MIT */
#include "port/board/board.h"
#include "port/ast1030-evb/nor.h"
#include "port/ast1030-evb/watchdog.h"
#include "port/cortex-m/cortex_m.h"
#include "port/cortex-m/uart_16550.h"

#define CORE_HZ     200000000U
#define GPIO_ABCD   0x7E780000U
#define UART5       0x7E784000U
#define UART5_IRQ   8U
#define POWER_FAIL  0x01U /* GPIO A0: high while the supply's comparator sees too little */
#define IMAGE_BEGIN 0x00040000U /* where firmware.ld links the image */
#define IMAGE_BYTES 0x00040000U
#define WATCHDOG_MS 2000U

void board_init(void)
{
    watchdog_start(WATCHDOG_MS);
    nor_init();
    uart_16550_init(UART5, UART5_IRQ);
    cortex_m_tick_start(CORE_HZ);
}

void board_watchdog_feed(void)
{
    watchdog_feed();
}

bool board_supply_ok(void)
{
    return (*cortex_m_reg(GPIO_ABCD) & POWER_FAIL) == 0;
}

_Noreturn void board_start_application(const struct fota_area *slot, uint32_t n_bytes)
{
    uint8_t *image = (uint8_t *)(uintptr_t)IMAGE_BEGIN;
    if (n_bytes > IMAGE_BYTES || fota_area_read(slot, 0, image, n_bytes) != FOTA_OK) {
        board_reset();
    }
    cortex_m_start(IMAGE_BEGIN);
}
