/* SPDX-License-Identifier: MIT */
/* What the module's HTTP, FTP and TCP commands need of a network: one fetch and one connection
 * at a time, nothing waits.  What comes in is UNTRUSTED. */
#ifndef FOTA_MODULE_NET_H
#define FOTA_MODULE_NET_H

#include "source/transport.h"

struct net {
    void *ctx;
    /* Begin to fetch a http:, https: or ftp: address from its first byte on; given up after
     * `silence_ms` without a byte.  `sink` is used until the end. */
    enum fota_err (*fetch)(void *ctx, const char *url, uint32_t silence_ms,
                           const struct fota_sink *sink);
    /* FOTA_MORE: under way.  FOTA_OK: the server has sent all it had to send. */
    enum fota_err (*fetch_step)(void *ctx);
    void (*fetch_stop)(void *ctx); /* also when there is none */
    /* Begin a TCP connection; then step until it is no longer FOTA_MORE. */
    enum fota_err (*connect)(void *ctx, const char *host, uint32_t port);
    enum fota_err (*connect_step)(void *ctx);
    /* Returns how many bytes were taken. */
    size_t (*send)(void *ctx, const uint8_t *bytes, size_t n);
    /* FOTA_OK: *n bytes, 0: none there yet.  FOTA_E_NETWORK: the connection has ended. */
    enum fota_err (*receive)(void *ctx, uint8_t *bytes, size_t n_max, size_t *n);
    void (*disconnect)(void *ctx); /* also when there is none */
};

#endif
