/* SPDX-License-Identifier: MIT */
/* struct net by the host's sockets: HTTP and FTP as source/ has them (libcurl), TCP. */
#ifndef FOTA_MODULE_NET_HOST_H
#define FOTA_MODULE_NET_HOST_H

#include "module/net.h"

struct net_host {
    struct fota_transport transport; /* ctx a null pointer: no fetch */
    struct fota_source_options options;
    struct fota_request request;
    struct fota_attempt attempt;
    int fd; /* of the TCP connection, -1: none */
};

/* `host` must outlive the result. */
struct net net_host_init(struct net_host *host);
void net_host_close(struct net_host *host);

#endif
