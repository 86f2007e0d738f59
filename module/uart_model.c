/* SPDX-License-Identifier: MIT */
#include "module/uart_model.h"
#include <string.h>

enum { BITS_A_BYTE = 10 }; /* start, eight, stop */

void uart_model_init(struct uart_model *u, const struct uart_model_config *config,
                     uint64_t now_ns)
{
    memset(u, 0, sizeof *u);
    u->config = *config;
    u->drives_rts = true;
    u->host_obeys = true;
    u->rts = true;
    u->idle = true;
    u->rx_ns = now_ns;
    u->tx_ns = now_ns;
    uart_model_set_baud(u, config->baud);
}

void uart_model_set_baud(struct uart_model *u, uint32_t baud)
{
    u->config.baud = baud;
    u->byte_ns = baud != 0 ? BITS_A_BYTE * UINT64_C(1000000000) / baud : 0;
}

void uart_model_set_flow(struct uart_model *u, bool drives_rts, bool host_obeys)
{
    u->host_obeys = host_obeys;
    if (u->drives_rts != drives_rts) {
        u->drives_rts = drives_rts;
        u->rts = !drives_rts || u->ring_fill < u->config.rts_threshold;
        u->behind_rts = 0;
    }
}

/* ---- to the module ---- */

/* Whether the host's UART may begin another byte. */
static bool may_send(const struct uart_model *u)
{
    if (u->byte_ns == 0) {
        return u->ring_fill < u->config.ring_bytes;
    }
    return !u->host_obeys || u->rts || u->behind_rts < u->config.rts_latency;
}

static void receive(struct uart_model *u, uint8_t byte)
{
    u->n_received++;
    u->behind_rts += u->rts ? 0 : 1;
    if (u->ring_fill == u->config.ring_bytes) {
        u->n_lost++;
        return;
    }
    u->ring[(u->ring_head + u->ring_fill) % u->config.ring_bytes] = byte;
    u->ring_fill++;
    if (u->drives_rts && u->rts && u->ring_fill >= u->config.rts_threshold) {
        u->rts = false;
        u->behind_rts = 0;
    }
}

uint32_t uart_model_run(struct uart_model *u, const uint8_t *bytes, uint32_t n_bytes,
                        uint64_t now_ns, bool reading)
{
    uint32_t n = 0;
    if (u->idle || n_bytes == 0) { /* what the host has now it begins to send now */
        u->idle = n_bytes == 0;
        u->rx_ns = now_ns;
    }
    while (n < n_bytes) {
        bool late = reading && u->ring_fill == u->config.ring_bytes;
        if (late || !may_send(u)) {
            u->rx_ns = u->rx_ns > now_ns ? u->rx_ns : now_ns;
            break;
        }
        if (u->rx_ns + u->byte_ns > now_ns) {
            break;
        }
        u->rx_ns += u->byte_ns;
        receive(u, bytes[n++]);
    }
    return n;
}

uint32_t uart_model_received(const struct uart_model *u, const uint8_t **bytes)
{
    uint32_t row = u->config.ring_bytes - u->ring_head;
    *bytes = u->ring + u->ring_head;
    return u->ring_fill < row ? u->ring_fill : row;
}

void uart_model_take(struct uart_model *u, uint32_t n)
{
    u->ring_head = (u->ring_head + n) % u->config.ring_bytes;
    u->ring_fill -= n;
    u->rts = u->rts || u->ring_fill <= u->config.rts_threshold / 2;
}

/* ---- to the host ---- */

uint32_t
uart_model_write(struct uart_model *u, const uint8_t *bytes, uint32_t n_bytes, uint64_t now_ns)
{
    uint32_t n = 0;
    if (u->queue_fill == 0 && u->tx_ns < now_ns) {
        u->tx_ns = now_ns;
    }
    for (; n < n_bytes && u->queue_fill < UART_QUEUE_MAX; n++) {
        u->queue[(u->queue_head + u->queue_fill) % UART_QUEUE_MAX] = bytes[n];
        u->queue_fill++;
    }
    return n;
}

uint32_t uart_model_leaving(const struct uart_model *u, uint64_t now_ns, const uint8_t **bytes)
{
    uint64_t n = u->queue_fill;
    uint32_t row = UART_QUEUE_MAX - u->queue_head;
    if (u->byte_ns != 0) {
        uint64_t gone = now_ns > u->tx_ns ? (now_ns - u->tx_ns) / u->byte_ns : 0;
        n = gone < n ? gone : n;
    }
    *bytes = u->queue + u->queue_head;
    return n < row ? (uint32_t)n : row;
}

void uart_model_left(struct uart_model *u, uint32_t n)
{
    u->queue_head = (u->queue_head + n) % UART_QUEUE_MAX;
    u->queue_fill -= n;
    u->tx_ns += n * u->byte_ns;
}

void uart_model_hold(struct uart_model *u, uint64_t now_ns)
{
    u->tx_ns = now_ns;
}
