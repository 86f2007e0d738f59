/* SPDX-License-Identifier: MIT */
#include "port/board/board.h"
#include "port/cortex-m/cortex_m.h"
#include "port/cortex-m/uart_16550.h"
#include "port/emcraft-sf2/nor.h"

#define CORE_HZ         142000000U
#define UART0           0x40000000U
#define UART0_IRQ       10U
#define CODE_BEGIN      0x20000000U /* SRAM; this and the following as in firmware.ld */
#define CODE_BYTES      0x0000C000U
#define RESOURCES_BEGIN 0xA0000000U /* DDR */
#define RESOURCES_BYTES 0x00074000U

void board_init(void)
{
    nor_init();
    uart_16550_init(UART0, UART0_IRQ);
    cortex_m_tick_start(CORE_HZ);
}

void board_watchdog_feed(void)
{
    /* The emulator has no model of the watchdog: the port does not start it. */
}

bool board_supply_ok(void)
{
    return true; /* the module has no supply monitor that software can ask */
}

static bool load(const struct fota_area *slot, uint32_t off, uintptr_t to, uint32_t n_bytes)
{
    return fota_area_read(slot, off, (uint8_t *)to, n_bytes) == FOTA_OK;
}

_Noreturn void board_start_application(const struct fota_area *slot, uint32_t n_bytes)
{
    const uint32_t n_code = n_bytes < CODE_BYTES ? n_bytes : CODE_BYTES;
    const uint32_t n_resources = n_bytes - n_code;
    if (n_resources > RESOURCES_BYTES || !load(slot, 0, CODE_BEGIN, n_code) ||
        !load(slot, CODE_BYTES, RESOURCES_BEGIN, n_resources)) {
        board_reset();
    }
    cortex_m_start(CODE_BEGIN);
}
