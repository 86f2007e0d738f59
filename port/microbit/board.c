/* SPDX-License-Identifier: MIT */
#include "port/board/board.h"
#include "port/cortex-m/cortex_m.h"
#include "port/microbit/uart.h"

#define CORE_HZ          16000000U
#define CLOCK_HFCLKSTART 0x40000000U
#define CLOCK_LFCLKSTART 0x40000008U
#define GPIO_IN          0x50000510U
#define GPIO_PIN_CNF     0x50000700U
#define POWER_FAIL_PIN                                                                         \
    3U /* edge connector 0: high while the supply's comparator sees too little */
#define WDT_START      0x40010000U
#define WDT_CRV        0x40010504U
#define WDT_RR0        0x40010600U
#define WDT_RELOAD     0x6E524635U
#define WATCHDOG_TICKS 65536U /* of 32768 Hz: 2 s */

void board_init(void)
{
    *cortex_m_reg(CLOCK_HFCLKSTART) = 1;
    *cortex_m_reg(CLOCK_LFCLKSTART) = 1;
    *cortex_m_reg(WDT_CRV) = WATCHDOG_TICKS;
    *cortex_m_reg(WDT_START) = 1;
    *cortex_m_reg(GPIO_PIN_CNF + 4U * POWER_FAIL_PIN) = 0; /* input, connected */
    uart_init();
    cortex_m_tick_start(CORE_HZ);
}

void board_watchdog_feed(void)
{
    *cortex_m_reg(WDT_RR0) = WDT_RELOAD;
}

bool board_supply_ok(void)
{
    return (*cortex_m_reg(GPIO_IN) & 1U << POWER_FAIL_PIN) == 0;
}

_Noreturn void board_start_application(const struct fota_area *slot, uint32_t n_bytes)
{
    (void)n_bytes;
    cortex_m_start(slot->addr);
}
