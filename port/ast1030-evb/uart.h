/* SPDX-License-Identifier: MIT */
/* UART5 of the AST1030, a 16550 with 32-bit register spacing: received by interrupt into a
 * ring, with RTS dropped while the ring is nearly full; sent by polling. */
#ifndef FOTA_PORT_AST1030_UART_H
#define FOTA_PORT_AST1030_UART_H

#include <stddef.h>
#include <stdint.h>

void uart_init(void);
/* Called by the receive interrupt. */
void uart_irq(void);
size_t uart_peek(const uint8_t **bytes);
void uart_consume(size_t n);
void uart_write(const char *bytes, size_t n);

#endif
