/* SPDX-License-Identifier: MIT */
/* Server of the TCP package protocol, doc/delivery.md 4: one thread, bounded memory, read only,
 * plain file names only. */
#ifndef FOTA_SOURCE_TCP_SERVER_H
#define FOTA_SOURCE_TCP_SERVER_H

#include "core/err.h"
#include <signal.h>
#include <stdint.h>

struct fota_tcp_server_options {
    const char *address; /* HOST:PORT, port 0: any */
    const char *path;    /* a file, or a directory whose files are served */
    uint32_t idle_ms;    /* a client that says nothing for so long is let go; 0: 60 s */
    void (*listening)(void *ctx, unsigned port);
    void (*served)(void *ctx, const char *name, uint32_t off, uint32_t n_bytes, unsigned code);
    void *ctx; /* of the two */
    const volatile sig_atomic_t *stop;
};

/* Serve until stopped.  FOTA_OK, FOTA_E_USAGE, FOTA_E_IO, FOTA_E_NOT_FOUND, FOTA_E_PORT. */
FOTA_NODISCARD enum fota_err fota_tcp_server_run(const struct fota_tcp_server_options *options);

#endif
