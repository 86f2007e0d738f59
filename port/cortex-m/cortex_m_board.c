/* SPDX-License-Identifier: MIT */
/* The parts of port/board/board.h that are the same on every Cortex-M: time, sleep, reset. */
#include "port/board/board.h"
#include "port/cortex-m/cortex_m.h"

uint32_t board_ms(void)
{
    return cortex_m_ms();
}

void board_idle(void)
{
    const uint8_t *bytes;
    cortex_m_lock(); /* an interrupt between the look and the sleep still ends the sleep */
    if (board_uart_peek(&bytes) == 0) {
        cortex_m_wait();
    }
    cortex_m_unlock();
}

_Noreturn void board_reset(void)
{
    cortex_m_reset();
}
