/* SPDX-License-Identifier: MIT */
/* A 16550 with 32-bit register spacing as the board's UART: received by interrupt into a ring,
 * with RTS dropped while the ring is nearly full; sent by polling.  It answers board_irq() and
 * board_uart_*() of port/board/board.h; its interrupt is the only one that is enabled. */
#ifndef FOTA_PORT_UART_16550_H
#define FOTA_PORT_UART_16550_H

#include <stdint.h>

/* 8N1 at the rate that the divisor latch has: `base` of its registers, `irq` of its interrupt.
 */
void uart_16550_init(uintptr_t base, unsigned irq);

#endif
