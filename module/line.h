/* SPDX-License-Identifier: MIT */
/* The module's serial line: a pseudo-terminal, or a TCP port that takes one client at a time.
 * Neither has modem lines: RTS and CTS do not exist, and none are needed, for a writer waits
 * while the reader does not read.  Bytes that nobody takes are lost, as on a wire. */
#ifndef FOTA_MODULE_LINE_H
#define FOTA_MODULE_LINE_H

#include "core/err.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct line {
    int fd;           /* where bytes are read and written; -1: no client */
    int listen_fd;    /* TCP: takes clients; -1 for a pseudo-terminal */
    int hold_fd;      /* our own end of the terminal, so that it outlives its clients; or -1 */
    int wake_fd;      /* readable: give up waiting */
    bool deaf;        /* the client does not read: output is dropped until it does */
    const char *link; /* borrowed; a null pointer when none */
    char name[64];    /* of the terminal, or the address listened at */
};

/* Open a pseudo-terminal in raw mode, and a symbolic link to it: an older link is replaced,
 * anything else is not.  `link` is borrowed.  FOTA_E_PORT, FOTA_E_EXISTS. */
FOTA_NODISCARD enum fota_err line_open_tty(struct line *line, const char *link, int wake_fd);
/* Listen at "HOST:PORT" (port 0: any free one; see line->name).  FOTA_E_USAGE, FOTA_E_PORT. */
FOTA_NODISCARD enum fota_err line_open_tcp(struct line *line, const char *address, int wake_fd);
/* Close, and remove the link. */
void line_close(struct line *line);

/* Wait up to `timeout_ms` (-1: without end) until bytes have arrived, and read up to n_max.
 * Returns their count, 0 when there are none. */
size_t line_read(struct line *line, uint8_t *bytes, size_t n_max, int timeout_ms);
/* Write all, or drop what the client does not take within a second. */
void line_write(struct line *line, const char *bytes, size_t n);

#endif
