/* SPDX-License-Identifier: MIT */
/* The module's UART at work: the model of module/uart_model.h between the application and the
 * line to the host, driven by this machine's clock. */
#ifndef FOTA_MODULE_UART_H
#define FOTA_MODULE_UART_H

#include "module/line.h"
#include "module/uart_model.h"

enum uart_flow {
    UART_FLOW_HOST, /* whether the host's UART obeys RTS is what its program has set */
    UART_FLOW_RTS,  /* it does */
    UART_FLOW_NONE, /* it does not */
};

struct uart {
    struct line line;
    struct uart_model model;
    enum uart_flow flow;
    bool paced;          /* the model has a rate */
    bool obeys_rts;      /* AT+IFC=2,...: the module stops while the host's RTS is off */
    bool deaf;           /* the host does not read: output is dropped until it does */
    uint64_t blocked_ns; /* since when it does not, 0: it does */
    size_t n_host;       /* what the host has yet to send */
    uint8_t host[4096];
};

/* uart->line is open; its fields stay. */
void uart_init(struct uart *uart, const struct uart_model_config *config, enum uart_flow flow);
/* Settings of AT+IPR (0: the host's rate) and AT+IFC; behind what has been written so far. */
void uart_set(struct uart *uart, uint32_t baud, uint8_t ifc_dce, uint8_t ifc_dte);

/* Wait up to timeout_ms (-1: without end) until more bytes have been received. */
void uart_wait(struct uart *uart, int timeout_ms);
/* Received bytes, and how many stand in a row (0: none); then how many were used. */
size_t uart_received(const struct uart *uart, const uint8_t **bytes);
void uart_take(struct uart *uart, size_t n);
/* Write all; waits while the queue is full.  What the host does not take for a second, or, with
 * AT+IFC=0,..., at once, is lost. */
void uart_write(struct uart *uart, const char *bytes, size_t n);
/* Let everything that was written leave. */
void uart_flush(struct uart *uart);
/* The processor does something else for `us` microseconds; the receive interrupt goes on. */
void uart_busy(struct uart *uart, uint32_t us);

#endif
