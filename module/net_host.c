/* SPDX-License-Identifier: MIT */
#include "module/net_host.h"
#include "source/socket.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CONNECT_MS = 15000 };

/* ---- HTTP and FTP ---- */

static void fetch_stop(void *ctx)
{
    struct net_host *host = ctx;
    if (host->transport.ctx != NULL) {
        host->transport.close(host->transport.ctx);
        host->transport.ctx = NULL;
    }
}

static enum fota_err
fetch(void *ctx, const char *url, uint32_t silence_ms, const struct fota_sink *sink)
{
    struct net_host *host = ctx;
    fetch_stop(host);
    host->options =
        (struct fota_source_options){.connect_ms = CONNECT_MS, .stall_ms = silence_ms};
    host->request = (struct fota_request){.off = 0};
    host->transport = (struct fota_transport){.options = &host->options};
    enum fota_err err = fota_curl_open(&host->transport, url, &host->options);
    if (err != FOTA_OK) {
        host->transport.ctx = NULL;
        return err;
    }
    err = fota_curl_begin(&host->transport, &host->request, sink, &host->attempt);
    if (err != FOTA_OK) {
        fetch_stop(host);
    }
    return err;
}

static enum fota_err fetch_step(void *ctx)
{
    struct net_host *host = ctx;
    const enum fota_err err = fota_curl_step(&host->transport);
    if (err != FOTA_MORE) {
        fetch_stop(host);
    }
    return err;
}

/* ---- TCP ---- */

static void disconnect(void *ctx)
{
    struct net_host *host = ctx;
    if (host->fd >= 0) {
        (void)close(host->fd);
        host->fd = -1;
    }
}

static enum fota_err connect_begin(void *ctx, const char *name, uint32_t port)
{
    struct net_host *host = ctx;
    struct fota_host_port server;
    disconnect(host);
    memset(&server, 0, sizeof server);
    if (strlen(name) >= sizeof server.host || port == 0 || port > 65535) {
        return FOTA_E_SYNTAX;
    }
    (void)snprintf(server.host, sizeof server.host, "%s", name);
    (void)snprintf(server.port, sizeof server.port, "%u", (unsigned)port);
    const enum fota_err err = fota_socket_connect_begin(&server, &host->fd);
    if (err != FOTA_OK) {
        host->fd = -1;
    }
    return err;
}

static enum fota_err connect_step(void *ctx)
{
    const struct net_host *host = ctx;
    return fota_socket_connect_step(host->fd);
}

static size_t send_bytes(void *ctx, const uint8_t *bytes, size_t n)
{
    const struct net_host *host = ctx;
    const ssize_t sent = send(host->fd, bytes, n, MSG_NOSIGNAL | MSG_DONTWAIT);
    return sent > 0 ? (size_t)sent : 0;
}

static enum fota_err receive(void *ctx, uint8_t *bytes, size_t n_max, size_t *n)
{
    const struct net_host *host = ctx;
    const ssize_t got = recv(host->fd, bytes, n_max, MSG_DONTWAIT);
    *n = got > 0 ? (size_t)got : 0;
    if (got > 0 || (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))) {
        return FOTA_OK;
    }
    return FOTA_E_NETWORK;
}

struct net net_host_init(struct net_host *host)
{
    memset(host, 0, sizeof *host);
    host->fd = -1;
    return (struct net){
        .ctx = host,
        .fetch = fetch,
        .fetch_step = fetch_step,
        .fetch_stop = fetch_stop,
        .connect = connect_begin,
        .connect_step = connect_step,
        .send = send_bytes,
        .receive = receive,
        .disconnect = disconnect,
    };
}

void net_host_close(struct net_host *host)
{
    fetch_stop(host);
    disconnect(host);
}
