/* SPDX-License-Identifier: MIT */
#include "port/ast1030-evb/watchdog.h"
#include "port/cortex-m/cortex_m.h"

#define WDT0        0x7E785000U
#define REG_RELOAD  0x04U
#define REG_RESTART 0x08U
#define REG_CONTROL 0x0CU

#define RESTART_MAGIC 0x4755U
#define CONTROL_ON    0x13U /* enabled, resets the system, 1 MHz clock */

void watchdog_start(uint32_t timeout_ms)
{
    *cortex_m_reg(WDT0 + REG_RELOAD) = timeout_ms * 1000U;
    *cortex_m_reg(WDT0 + REG_RESTART) = RESTART_MAGIC;
    *cortex_m_reg(WDT0 + REG_CONTROL) = CONTROL_ON;
}

void watchdog_feed(void)
{
    *cortex_m_reg(WDT0 + REG_RESTART) = RESTART_MAGIC;
}
