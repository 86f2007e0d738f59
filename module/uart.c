/* SPDX-License-Identifier: MIT */
#include "module/uart.h"
#include <string.h>
#include <time.h>

enum { SLICE_US = 1000, PATIENCE_NS = 1000000000 };

static uint64_t now_ns(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * UINT64_C(1000000000) + (uint64_t)t.tv_nsec;
}

void uart_init(struct uart *uart, const struct uart_model_config *config, enum uart_flow flow)
{
    uart_model_init(&uart->model, config, now_ns());
    uart->flow = flow;
    uart->paced = config->baud != 0;
    uart->obeys_rts = true;
    uart->deaf = false;
    uart->blocked_ns = 0;
    uart->n_host = 0;
}

/* ---- moving bytes ---- */

static bool host_obeys(const struct uart *uart)
{
    switch (uart->flow) {
    case UART_FLOW_HOST:
        return line_host_obeys_rts(&uart->line);
    case UART_FLOW_RTS:
        return true;
    case UART_FLOW_NONE:
        return false;
    }
    return true;
}

/* Bytes of another rate are received, but not as what they are. */
static void garble(const struct uart *uart, uint8_t *bytes, size_t n)
{
    uint32_t baud = line_host_baud(&uart->line);
    if (uart->paced && baud != 0 && baud != uart->model.config.baud) {
        for (size_t i = 0; i < n; i++) {
            bytes[i] = (uint8_t)(bytes[i] ^ 0xAA) | 0x80;
        }
    }
}

static void pump_in(struct uart *uart, uint64_t now, bool reading)
{
    bool purge = false;
    uint8_t *end = uart->host + uart->n_host;
    size_t n = line_take(&uart->line, end, sizeof uart->host - uart->n_host, &purge);
    if (purge) {
        memmove(uart->host, end, n);
        uart->n_host = 0;
    }
    if (n > 0) {
        garble(uart, uart->host + uart->n_host, n);
        uart_model_set_flow(&uart->model, uart->model.drives_rts, host_obeys(uart));
    }
    uart->n_host += n;
    uint32_t sent =
        uart_model_run(&uart->model, uart->host, (uint32_t)uart->n_host, now, reading);
    uart->n_host -= sent;
    memmove(uart->host, uart->host + sent, uart->n_host);
    line_show_rts(&uart->line, uart->model.rts);
}

/* The host takes nothing: hold, or lose what it does not take in time. */
static void blocked(struct uart *uart, uint64_t now, uint32_t n)
{
    uart->blocked_ns = uart->blocked_ns != 0 ? uart->blocked_ns : now;
    if (uart->obeys_rts && !uart->deaf && now - uart->blocked_ns < PATIENCE_NS) {
        uart_model_hold(&uart->model, now);
        return;
    }
    uart->deaf = uart->obeys_rts;
    uart_model_left(&uart->model, n);
}

static void pump_out(struct uart *uart, uint64_t now)
{
    const uint8_t *bytes = NULL;
    uint8_t copy[256];
    for (;;) {
        uint32_t n = uart_model_leaving(&uart->model, now, &bytes);
        n = n < sizeof copy ? n : sizeof copy;
        if (n == 0) {
            return;
        }
        memcpy(copy, bytes, n);
        garble(uart, copy, n);
        bool open = !uart->obeys_rts || line_host_rts(&uart->line);
        uint32_t given = open ? (uint32_t)line_give(&uart->line, copy, n) : 0;
        uart_model_left(&uart->model, given);
        if (given > 0) {
            uart->deaf = false;
            uart->blocked_ns = 0;
        }
        if (given < n) {
            blocked(uart, now, n - given);
            return;
        }
    }
}

static void pump(struct uart *uart, uint64_t now, bool reading)
{
    pump_in(uart, now, reading);
    pump_out(uart, now);
}

/* How long nothing can have happened that has to be looked at. */
static uint32_t slice_us(const struct uart *uart)
{
    uint64_t half_a_ring_us =
        uart->model.config.ring_bytes * uart->model.byte_ns / UINT64_C(2000);
    return half_a_ring_us < SLICE_US && uart->paced ? (uint32_t)half_a_ring_us + 1 : SLICE_US;
}

/* ---- for the programs ---- */

void uart_wait(struct uart *uart, int timeout_ms)
{
    uint64_t begin = now_ns();
    uint32_t before = uart->model.ring_fill;
    pump(uart, begin, true);
    for (uint64_t now = begin; uart->model.ring_fill == before && timeout_ms != 0;) {
        uint64_t past_us = (now - begin) / 1000;
        uint64_t limit_us = timeout_ms < 0 ? UINT64_MAX : (uint64_t)timeout_ms * 1000;
        if (past_us >= limit_us) {
            return;
        }
        bool sending = uart->model.queue_fill > 0;
        uint64_t wait_us = limit_us - past_us;
        if (uart->paced && (sending || uart->n_host > 0)) {
            wait_us = wait_us < slice_us(uart) ? wait_us : slice_us(uart);
        }
        line_wait(&uart->line, uart->n_host == 0, sending && !uart->paced,
                  wait_us < UINT32_MAX ? (uint32_t)wait_us : UINT32_MAX);
        now = now_ns();
        pump(uart, now, true);
        if (wait_us == UINT64_MAX) {
            return;
        }
    }
}

size_t uart_received(const struct uart *uart, const uint8_t **bytes)
{
    return uart_model_received(&uart->model, bytes);
}

void uart_take(struct uart *uart, size_t n)
{
    uart_model_take(&uart->model, (uint32_t)n);
    line_show_rts(&uart->line, uart->model.rts);
}

void uart_write(struct uart *uart, const char *bytes, size_t n)
{
    const uint8_t *at = (const uint8_t *)bytes;
    for (;;) {
        uint64_t now = now_ns();
        uint32_t took = uart_model_write(&uart->model, at, (uint32_t)n, now);
        at += took;
        n -= took;
        pump_out(uart, now);
        if (n == 0) {
            return;
        }
        line_wait(&uart->line, false, !uart->paced, slice_us(uart));
        pump(uart, now_ns(), false);
    }
}

void uart_flush(struct uart *uart)
{
    while (uart->model.queue_fill > 0) {
        line_wait(&uart->line, false, !uart->paced, slice_us(uart));
        pump(uart, now_ns(), false);
    }
}

void uart_busy(struct uart *uart, uint32_t us)
{
    uint64_t now = now_ns();
    uint64_t end = now + us * UINT64_C(1000);
    if (us == 0) {
        return;
    }
    for (pump(uart, now, true); now < end; now = now_ns()) {
        pump(uart, now, false);
        uint64_t left_us = (end - now) / 1000;
        const struct timespec t = {
            .tv_nsec = (long)(left_us < SLICE_US ? left_us + 1 : SLICE_US) * 1000L};
        (void)nanosleep(&t, NULL);
    }
    pump(uart, end, false);
}

void uart_set(struct uart *uart, uint32_t baud, uint8_t ifc_dce, uint8_t ifc_dte)
{
    if (baud == 0) {
        baud = line_host_baud(&uart->line);
    }
    if (uart->paced && baud != 0 && baud != uart->model.config.baud) {
        uart_flush(uart);
        uart_model_set_baud(&uart->model, baud);
    }
    uart->obeys_rts = ifc_dce != 0;
    uart_model_set_flow(&uart->model, ifc_dte != 0, uart->model.host_obeys);
}
