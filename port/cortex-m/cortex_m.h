/* SPDX-License-Identifier: MIT */
/* What all Cortex-M cores have in common: reset, vector table, SysTick, NVIC, system reset.
 * Register addresses: ARMv6-M and ARMv7-M Architecture Reference Manuals, B3. */
#ifndef FOTA_PORT_CORTEX_M_H
#define FOTA_PORT_CORTEX_M_H

#include <stddef.h>
#include <stdint.h>

#define CORTEX_M_IRQS 32U /* external interrupts that the vector table has entries for */

/* Supplied by the board: external interrupt `n` has come. */
void board_irq(unsigned n);

static inline volatile uint32_t *cortex_m_reg(uintptr_t address)
{
    return (volatile uint32_t *)address; /* a device register */
}

/* Start the millisecond tick from a core clock of `hz`. */
void cortex_m_tick_start(uint32_t hz);
/* Milliseconds since then; wraps. */
uint32_t cortex_m_ms(void);

void cortex_m_irq_enable(unsigned n);
/* Interrupts off and back on: for what is shared with a handler. */
void cortex_m_lock(void);
void cortex_m_unlock(void);
/* Sleep until an interrupt is pending; also returns with interrupts locked. */
void cortex_m_wait(void);

_Noreturn void cortex_m_reset(void);
/* Run the program whose vector table is at `vectors`: all interrupts of this one off, stack
 * pointer and program counter from the table. */
_Noreturn void cortex_m_start(uintptr_t vectors);

#endif
