/* SPDX-License-Identifier: MIT */
#include "port/cortex-m/uart_16550.h"
#include "port/board/board.h"
#include "port/cortex-m/cortex_m.h"
#include <stdbool.h>

#define REG_DATA 0x00U
#define REG_IER  0x04U
#define REG_FCR  0x08U
#define REG_LCR  0x0CU
#define REG_MCR  0x10U
#define REG_LSR  0x14U

#define IER_RECEIVE 0x01U
#define FCR_ON      0x07U /* FIFOs on and cleared, interrupt from the first byte on */
#define LCR_8N1     0x03U
#define MCR_RTS     0x02U
#define MCR_DTR     0x01U
#define LSR_DATA    0x01U
#define LSR_ROOM    0x20U

#define RING_BYTES 1024U /* a power of two */
#define HIGH_WATER (RING_BYTES - 64U)
#define LOW_WATER  (RING_BYTES / 2U)

static uintptr_t registers;

/* Free-running counts: `head` is moved by the interrupt only, `tail` by the program only. */
static uint8_t ring[RING_BYTES];
static volatile uint32_t head, tail;
static volatile bool held; /* the sender is held: RTS dropped, receive interrupt off */

static volatile uint32_t *reg(uint32_t offset)
{
    return cortex_m_reg(registers + offset);
}

void uart_16550_init(uintptr_t base, unsigned irq)
{
    registers = base;
    head = tail = 0;
    held = false;
    *reg(REG_IER) = 0;
    *reg(REG_LCR) = LCR_8N1;
    *reg(REG_FCR) = FCR_ON;
    *reg(REG_MCR) = MCR_DTR | MCR_RTS;
    *reg(REG_IER) = IER_RECEIVE;
    cortex_m_irq_enable(irq);
}

void board_irq(unsigned n)
{
    (void)n;
    while ((*reg(REG_LSR) & LSR_DATA) != 0) {
        if (head - tail >= HIGH_WATER) {
            held = true;
            *reg(REG_MCR) = MCR_DTR;
        }
        if (head - tail == RING_BYTES) {
            *reg(REG_IER) = 0; /* what a deaf sender still sends stays in the FIFO */
            return;
        }
        ring[head % RING_BYTES] = (uint8_t)*reg(REG_DATA);
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
    if (held && head - tail <= LOW_WATER) {
        cortex_m_lock();
        held = false;
        *reg(REG_MCR) = MCR_DTR | MCR_RTS;
        *reg(REG_IER) = IER_RECEIVE;
        cortex_m_unlock();
    }
}

void board_uart_write(const char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        while ((*reg(REG_LSR) & LSR_ROOM) == 0) {
        }
        *reg(REG_DATA) = (uint8_t)bytes[i];
    }
}
