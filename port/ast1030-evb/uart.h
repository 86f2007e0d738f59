/* SPDX-License-Identifier: MIT */
/* UART5 of the AST1030, a 16550 with 32-bit register spacing: received by interrupt into a
 * ring, with RTS dropped while the ring is nearly full; sent by polling. */
#ifndef FOTA_PORT_AST1030_UART_H
#define FOTA_PORT_AST1030_UART_H

void uart_init(void); /* the rest is board_irq() and board_uart_*() of port/board/board.h */

#endif
