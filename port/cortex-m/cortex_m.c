/* SPDX-License-Identifier: MIT */
#include "port/cortex-m/cortex_m.h"
#include <stdbool.h>

#define SYST_CSR  0xE000E010U
#define SYST_RVR  0xE000E014U
#define SYST_CVR  0xE000E018U
#define NVIC_ISER 0xE000E100U
#define NVIC_ICER 0xE000E180U
#define NVIC_ICPR 0xE000E280U
#define SCB_ICSR  0xE000ED04U
#define SCB_VTOR  0xE000ED08U
#define SCB_AIRCR 0xE000ED0CU

#define SYST_ENABLE       0x7U /* counter, interrupt, core clock */
#define ICSR_PENDSTCLR    (1U << 25)
#define AIRCR_SYSRESETREQ 0x05FA0004U
#define STACK_PAINT       0xA5A5A5A5U

/* From the linker script. */
extern uint32_t image_data_begin[], data_begin[], data_end[], bss_begin[], bss_end[],
    stack_top[];

int main(void);

struct vectors {
    uint32_t *stack;
    void (*exception[15])(void);
    void (*irq[CORTEX_M_IRQS])(void);
};

extern const struct vectors vectors;

static volatile uint32_t ticks_ms;

#if defined(__ARM_ARCH_6M__)
/* Cortex-M0 has no VTOR: every interrupt comes to the table at address 0, which is the boot
 * loader's.  It passes on what came to the table of the program that runs: the word
 * cortex_m_forward, which lies at a fixed address that no program initialises. */
extern uint32_t *cortex_m_forward[1];

static bool forwarded(void)
{
    uint32_t exception;
    __asm volatile("mrs %0, ipsr" : "=r"(exception));
    const uint32_t *own = (const uint32_t *)&vectors;
    if (cortex_m_forward[0] == own) {
        return false;
    }
    void (*handler)(void) = (void (*)(void))(uintptr_t)cortex_m_forward[0][exception & 0x3FU];
    handler();
    return true;
}

static void set_forward(const uint32_t *table)
{
    cortex_m_forward[0] = (uint32_t *)(uintptr_t)table;
}
#else
static bool forwarded(void)
{
    return false;
}

static void set_forward(const uint32_t *table)
{
    (void)table;
}
#endif

static void handle_tick(void)
{
    if (!forwarded()) {
        ticks_ms++;
    }
}

static void handle_fault(void)
{
    cortex_m_reset();
}

static void handle_irq(void)
{
    if (forwarded()) {
        return;
    }
    uint32_t exception;
    __asm volatile("mrs %0, ipsr" : "=r"(exception));
    board_irq((unsigned)(exception & 0x1FFU) - 16U);
}

/* Reset: fill data and bss, paint the stack so that its deepest use can be read afterwards. */
static _Noreturn void handle_reset(void)
{
    const uint32_t *from = image_data_begin;
    for (uint32_t *to = data_begin; to < data_end;) {
        *to++ = *from++;
    }
    uint32_t *to = bss_begin;
    while (to < bss_end) {
        *to++ = 0;
    }
    uint32_t *sp;
    __asm volatile("mov %0, sp" : "=r"(sp));
    while (to < sp - 16) {
        *to++ = STACK_PAINT;
    }
    set_forward((const uint32_t *)&vectors);
    __asm volatile("cpsie i");
    main();
    cortex_m_reset();
}

#define IRQ4  handle_irq, handle_irq, handle_irq, handle_irq
#define IRQ16 IRQ4, IRQ4, IRQ4, IRQ4

__attribute__((section(".vectors"), used)) const struct vectors vectors = {
    .stack = stack_top,
    .exception = {handle_reset, handle_fault, handle_fault, handle_fault, handle_fault,
                  handle_fault, 0, 0, 0, 0, handle_fault, handle_fault, 0, handle_fault,
                  handle_tick},
    .irq = {IRQ16, IRQ16},
};

void cortex_m_tick_start(uint32_t hz)
{
    *cortex_m_reg(SYST_RVR) = hz / 1000U - 1U;
    *cortex_m_reg(SYST_CVR) = 0;
    *cortex_m_reg(SYST_CSR) = SYST_ENABLE;
}

uint32_t cortex_m_ms(void)
{
    return ticks_ms;
}

void cortex_m_irq_enable(unsigned n)
{
    *cortex_m_reg(NVIC_ISER) = 1U << n;
}

void cortex_m_lock(void)
{
    __asm volatile("cpsid i" ::: "memory");
}

void cortex_m_unlock(void)
{
    __asm volatile("cpsie i" ::: "memory");
}

void cortex_m_wait(void)
{
    __asm volatile("wfi" ::: "memory");
}

_Noreturn void cortex_m_reset(void)
{
    *cortex_m_reg(SCB_AIRCR) = AIRCR_SYSRESETREQ;
    for (;;) {
    }
}

_Noreturn void cortex_m_start(uintptr_t start)
{
    const uint32_t *table = (const uint32_t *)start;
    cortex_m_lock();
    *cortex_m_reg(SYST_CSR) = 0;
    *cortex_m_reg(NVIC_ICER) = UINT32_MAX;
    *cortex_m_reg(NVIC_ICPR) = UINT32_MAX;
    *cortex_m_reg(SCB_ICSR) = ICSR_PENDSTCLR;
#if !defined(__ARM_ARCH_6M__)
    *cortex_m_reg(SCB_VTOR) = (uint32_t)start;
#endif
    __asm volatile("dsb\n isb\n msr msp, %0\n bx %1" ::"r"(table[0]), "r"(table[1]) : "memory");
    __builtin_unreachable();
}
