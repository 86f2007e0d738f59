/* SPDX-License-Identifier: MIT */
/* UART0 of the nRF51 with its own RTS/CTS: received by interrupt into a ring; while the ring is
 * full the six bytes of the hardware fill up and RTS stops the sender. */
#ifndef FOTA_PORT_MICROBIT_UART_H
#define FOTA_PORT_MICROBIT_UART_H

void uart_init(void); /* the rest is board_irq() and board_uart_*() of port/board/board.h */

#endif
