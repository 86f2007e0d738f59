/* SPDX-License-Identifier: MIT */
/* The UART between the virtual module's application and its line: bytes take ten bit times, a
 * receive interrupt puts them into a ring, RTS falls when the ring fills, and what comes when
 * it is full is lost.  Knows no clock: the caller says what time it is, in nanoseconds. */
#ifndef FOTA_MODULE_UART_MODEL_H
#define FOTA_MODULE_UART_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UART_RING_MAX  65536U
#define UART_QUEUE_MAX 4096U /* bytes that the application has written and that wait */

struct uart_model_config {
    uint32_t baud;          /* 0: bytes take no time and none is lost */
    uint32_t ring_bytes;    /* 1 to UART_RING_MAX */
    uint32_t rts_threshold; /* RTS falls at this fill, and rises again at half of it */
    uint32_t rts_latency;   /* bytes that still come behind it: the FIFO of the host's UART */
};

struct uart_model {
    struct uart_model_config config;
    uint64_t byte_ns;
    bool drives_rts; /* AT+IFC=<dce_by_dte>,2 */
    bool host_obeys; /* the host's UART stops while RTS is off */
    bool rts;
    uint32_t behind_rts; /* bytes since it fell */
    bool idle;           /* the host has nothing to send */
    uint64_t rx_ns;      /* the line to the module has been used up to here */
    uint32_t ring_head;
    uint32_t ring_fill;
    uint64_t n_received;
    uint64_t n_lost;
    uint64_t tx_ns; /* the line to the host likewise */
    uint32_t queue_head;
    uint32_t queue_fill;
    uint8_t ring[UART_RING_MAX];
    uint8_t queue[UART_QUEUE_MAX];
};

void uart_model_init(struct uart_model *u, const struct uart_model_config *config,
                     uint64_t now_ns);
/* Another rate from now on, for both directions. */
void uart_model_set_baud(struct uart_model *u, uint32_t baud);
/* Whether the module drives RTS, and whether the host's UART obeys it. */
void uart_model_set_flow(struct uart_model *u, bool drives_rts, bool host_obeys);

/* The line runs until now_ns; `bytes` are what the host has to send next.  Returns how many of
 * them it sent; each is in the ring, or lost.  `reading`: the application reads the ring, so
 * that nothing is lost because this machine was late: the host is late then. */
uint32_t uart_model_run(struct uart_model *u, const uint8_t *bytes, uint32_t n_bytes,
                        uint64_t now_ns, bool reading);
/* Received bytes: a pointer to the oldest, and how many stand there in a row (0: none). */
uint32_t uart_model_received(const struct uart_model *u, const uint8_t **bytes);
/* The application has taken n of them. */
void uart_model_take(struct uart_model *u, uint32_t n);

/* The application writes: returns how many bytes the queue took. */
uint32_t
uart_model_write(struct uart_model *u, const uint8_t *bytes, uint32_t n_bytes, uint64_t now_ns);
/* Written bytes that have left by now_ns: a pointer to the first, and how many in a row. */
uint32_t uart_model_leaving(const struct uart_model *u, uint64_t now_ns, const uint8_t **bytes);
/* n of them are gone. */
void uart_model_left(struct uart_model *u, uint32_t n);
/* The host takes nothing at this time: the line stands still. */
void uart_model_hold(struct uart_model *u, uint64_t now_ns);

#endif
