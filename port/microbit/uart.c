/* SPDX-License-Identifier: MIT */
#include "port/microbit/uart.h"
#include "port/board/board.h"
#include "port/cortex-m/cortex_m.h"
#include <stdbool.h>

#define UART0        0x40002000U
#define UART0_IRQ    2U
#define REG_STARTRX  0x000U
#define REG_STARTTX  0x008U
#define REG_RXDRDY   0x108U
#define REG_TXDRDY   0x11CU
#define REG_INTENSET 0x304U
#define REG_INTENCLR 0x308U
#define REG_ENABLE   0x500U
#define REG_PSELRTS  0x508U
#define REG_PSELTXD  0x50CU
#define REG_PSELCTS  0x510U
#define REG_PSELRXD  0x514U
#define REG_RXD      0x518U
#define REG_TXD      0x51CU
#define REG_BAUDRATE 0x524U
#define REG_CONFIG   0x56CU

#define ENABLE_UART    4U
#define INTEN_RXDRDY   0x4U
#define CONFIG_RTS_CTS 1U
#define BAUD_115200    0x01D7E000U
#define PIN_TXD        24U /* to the interface chip of the micro:bit */
#define PIN_RXD        25U
#define PIN_RTS        0U /* edge connector */
#define PIN_CTS        1U
#define RING_BYTES     256U /* a power of two */

/* Free-running counts: `head` is moved by the interrupt only, `tail` by the program only. */
static uint8_t ring[RING_BYTES];
static volatile uint32_t head, tail;
static volatile bool held; /* ring full: the interrupt is off */

static volatile uint32_t *reg(uint32_t offset)
{
    return cortex_m_reg(UART0 + offset);
}

void uart_init(void)
{
    head = tail = 0;
    held = false;
    *reg(REG_PSELTXD) = PIN_TXD;
    *reg(REG_PSELRXD) = PIN_RXD;
    *reg(REG_PSELRTS) = PIN_RTS;
    *reg(REG_PSELCTS) = PIN_CTS;
    *reg(REG_BAUDRATE) = BAUD_115200;
    *reg(REG_CONFIG) = CONFIG_RTS_CTS;
    *reg(REG_ENABLE) = ENABLE_UART;
    *reg(REG_STARTRX) = 1;
    *reg(REG_STARTTX) = 1;
    *reg(REG_INTENSET) = INTEN_RXDRDY;
    cortex_m_irq_enable(UART0_IRQ);
}

/* The UART's is the only interrupt that is enabled. */
void board_irq(unsigned n)
{
    (void)n;
    while (*reg(REG_RXDRDY) != 0) {
        if (head - tail == RING_BYTES) {
            held = true;
            *reg(REG_INTENCLR) = INTEN_RXDRDY;
            return;
        }
        *reg(REG_RXDRDY) = 0;
        ring[head % RING_BYTES] = (uint8_t)*reg(REG_RXD);
        head++;
    }
}

size_t board_uart_peek(const uint8_t **bytes)
{
    uint32_t n = head - tail;
    uint32_t at = tail % RING_BYTES;
    *bytes = ring + at;
    return n < RING_BYTES - at ? n : RING_BYTES - at;
}

void board_uart_consume(size_t n)
{
    tail += (uint32_t)n;
    if (held && n > 0) {
        held = false;
        *reg(REG_INTENSET) = INTEN_RXDRDY;
    }
}

void board_uart_write(const char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        *reg(REG_TXDRDY) = 0;
        *reg(REG_TXD) = (uint8_t)bytes[i];
        while (*reg(REG_TXDRDY) == 0) {
        }
    }
}
