/* SPDX-License-Identifier: MIT */
/* The line to a module, from the workstation's side: a serial port, a pseudo-terminal, or TCP.
 */
#ifndef FOTA_TOOL_PORT_H
#define FOTA_TOOL_PORT_H

#include "host/fault.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <termios.h>

struct fota_port {
    int fd;
    bool is_tty;
    bool has_flow_control; /* RTS/CTS are obeyed, or the line cannot lose bytes */
    struct termios saved;  /* what the terminal was set to */
    const char *name;      /* borrowed */
};

/* Open `name`: a terminal device, "HOST:PORT" or "tcp://HOST:PORT".  A terminal is set to raw
 * 8N1 at `baud` with hardware flow control, and locked.  FOTA_E_PORT, FOTA_E_USAGE (rate). */
FOTA_NODISCARD enum fota_err fota_port_open(struct fota_port *port, const char *name,
                                            uint32_t baud, struct fota_fault *fault);
/* Set the terminal back and close. */
void fota_port_close(struct fota_port *port);

/* Wait up to timeout_ms until bytes have come, or, with `writable`, until the line takes some;
 * or for a signal. */
void fota_port_wait(const struct fota_port *port, bool writable, int timeout_ms);
/* Read or write what can be at once: `*n` its count, 0: nothing now.  FOTA_E_LINK. */
FOTA_NODISCARD enum fota_err fota_port_read(const struct fota_port *port, uint8_t *bytes,
                                            size_t n_max, size_t *n, struct fota_fault *fault);
FOTA_NODISCARD enum fota_err
fota_port_write(const struct fota_port *port, const uint8_t *bytes, size_t n_bytes, size_t *n,
                struct fota_fault *fault);

#endif
