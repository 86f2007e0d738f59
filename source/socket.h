/* SPDX-License-Identifier: MIT */
#ifndef FOTA_SOURCE_SOCKET_H
#define FOTA_SOURCE_SOCKET_H

#include "source/source.h"
#include <stddef.h>

struct fota_host_port {
    char host[256]; /* "": all addresses of this machine */
    char port[6];
};

/* "host:port", "[v6 address]:port", ":port".  FOTA_E_USAGE. */
FOTA_NODISCARD enum fota_err
fota_host_port_parse(struct fota_host_port *out, const char *text, size_t n_text);
/* A connected socket that does not block.  FOTA_E_NETWORK, FOTA_E_INTERRUPTED. */
FOTA_NODISCARD enum fota_err
fota_socket_connect(const struct fota_host_port *server,
                    const struct fota_source_options *options, int *fd);
/* Begin to connect a socket that does not block, to the first address of the server; only the
 * look-up of a name waits.  FOTA_E_NETWORK. */
FOTA_NODISCARD enum fota_err
fota_socket_connect_begin(const struct fota_host_port *server, int *fd);
/* Whether it is connected; FOTA_MORE: not yet.  FOTA_E_NETWORK: it cannot; close it. */
FOTA_NODISCARD enum fota_err fota_socket_connect_step(int fd);
/* Wait until the socket can be read (POLLIN) or written (POLLOUT), at most options->stall_ms.
 * FOTA_E_NETWORK, FOTA_E_INTERRUPTED. */
FOTA_NODISCARD enum fota_err
fota_socket_wait(int fd, short events, const struct fota_source_options *options);
/* A listening socket that does not block; *port is the one it got.  FOTA_E_PORT. */
FOTA_NODISCARD enum fota_err
fota_socket_listen(const struct fota_host_port *at, int *fd, unsigned *port);

#endif
