/* SPDX-License-Identifier: MIT */
/* UART0 of the nRF51 with its own RTS/CTS: received by interrupt into a ring; while the ring is
 * full the six bytes of the hardware fill up and RTS stops the sender. */
#ifndef FOTA_PORT_MICROBIT_UART_H
#define FOTA_PORT_MICROBIT_UART_H

#include <stddef.h>
#include <stdint.h>

void uart_init(void);
/* Called by the receive interrupt. */
void uart_irq(void);
size_t uart_peek(const uint8_t **bytes);
void uart_consume(size_t n);
void uart_write(const char *bytes, size_t n);

#endif
