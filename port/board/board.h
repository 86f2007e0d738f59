/* SPDX-License-Identifier: MIT */
/* What a board gives to the two programs of port/board/: bytes in and out, time, flash, reset.
 * Each board implements it once, in its own folder; doc/porting.md leads through it. */
#ifndef FOTA_PORT_BOARD_H
#define FOTA_PORT_BOARD_H

#include "core/device.h"
#include <stddef.h>

/* Clocks, UART with its receive interrupt, flash, time, watchdog.  Interrupts are on
 * afterwards. */
void board_init(void);

/* Milliseconds since board_init(); wraps. */
uint32_t board_ms(void);

/* The next received bytes that lie in one piece: their count (0: none) and where they are.
 * They stay in the ring, and the line is held by flow control when it fills up, until
 * board_uart_consume(). */
size_t board_uart_peek(const uint8_t **bytes);
void board_uart_consume(size_t n);
/* Send; returns when the UART has taken all. */
void board_uart_write(const char *bytes, size_t n);
/* Sleep until an interrupt; returns at once when received bytes wait. */
void board_idle(void);

/* Called between any two erases or programs and while waiting: or the device is
 * reset after a time that the board chooses. */
void board_watchdog_feed(void);
/* Whether the supply will last through an erase; asked before and during the update, which
 * waits (feeding the watchdog) until it does. */
bool board_supply_ok(void);

/* The device: areas, product, trusted key (port/board/device.c).  The program may add its own
 * texts and commands before it hands it to the core. */
struct fota_device *board_device(void);

/* Leave this program for the image of `n_bytes` in the slot: bring it to where it runs if it
 * does not run in place, set vector table and stack, jump. */
_Noreturn void board_start_application(const struct fota_area *slot, uint32_t n_bytes);
_Noreturn void board_reset(void);

#endif
