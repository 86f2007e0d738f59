/* SPDX-License-Identifier: MIT */
/* The host's end of the module's serial line: a pseudo-terminal, or a TCP port that takes one
 * client at a time, plain or with RFC 2217.  Moves bytes without waiting.  A terminal and plain
 * TCP have no modem lines; a terminal says what its client has set (rate, CRTSCTS), a client of
 * RFC 2217 has all of it. */
#ifndef FOTA_MODULE_LINE_H
#define FOTA_MODULE_LINE_H

#include "core/err.h"
#include "module/rfc2217.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct line {
    int fd;           /* where bytes are read and written; -1: no client */
    int listen_fd;    /* TCP: takes clients; -1 for a pseudo-terminal */
    int hold_fd;      /* our own end of the terminal, so that it outlives its clients; or -1 */
    int wake_fd;      /* readable: give up waiting */
    bool speaks_2217; /* `telnet` holds */
    const char *link; /* borrowed; a null pointer when none */
    char name[64];    /* of the terminal, or the address listened at */
    struct rfc2217 telnet;
};

/* Open a pseudo-terminal in raw mode at `baud` (if it is a rate of terminals), and a symbolic
 * link to it: an older link is replaced, anything else is not.  `link` is borrowed.
 * FOTA_E_PORT, FOTA_E_EXISTS. */
FOTA_NODISCARD enum fota_err
line_open_tty(struct line *line, const char *link, uint32_t baud, int wake_fd);
/* Listen at "HOST:PORT" (port 0: any free one; see line->name).  FOTA_E_USAGE, FOTA_E_PORT. */
FOTA_NODISCARD enum fota_err
line_open_tcp(struct line *line, const char *address, bool speaks_2217, int wake_fd);
/* Close, and remove the link. */
void line_close(struct line *line);

/* Take what the host has sent, at most n_max bytes.  Returns their count, 0 when there are
 * none.  *purge is set when the host wants what it sent before to be dropped. */
size_t line_take(struct line *line, uint8_t *bytes, size_t n_max, bool *purge);
/* Give bytes to the host.  Returns how many it took at once; all when there is no client: they
 * are lost, as on a wire. */
size_t line_give(struct line *line, const uint8_t *bytes, size_t n);
/* Wait until line_take(), with `writable` also line_give() can do something, or for
 * timeout_us (UINT32_MAX: without end), or the wake-up.  With readable and writable false only
 * for time and wake-up. */
void line_wait(const struct line *line, bool readable, bool writable, uint32_t timeout_us);

/* The rate the host has set, 0: not known. */
uint32_t line_host_baud(const struct line *line);
/* Whether the host has set its UART to stop while the module's RTS is off.  Plain TCP: true. */
bool line_host_obeys_rts(const struct line *line);
/* Whether the host takes bytes, by its RTS.  True where that cannot be seen. */
bool line_host_rts(const struct line *line);
/* Show the module's RTS to the host, where that is possible. */
void line_show_rts(struct line *line, bool rts);

#endif
