/* SPDX-License-Identifier: MIT */
#include "source/socket.h"
#include "source/retry.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define POLL_SLICE_MS 100U

enum fota_err fota_host_port_parse(struct fota_host_port *out, const char *text, size_t n_text)
{
    const char *colon = NULL;
    for (size_t i = 0; i < n_text; i++) {
        colon = text[i] == ':' ? text + i : colon;
    }
    if (colon == NULL) {
        return FOTA_E_USAGE;
    }
    size_t n_host = (size_t)(colon - text);
    const size_t n_port = n_text - n_host - 1U;
    if (n_host >= 2 && text[0] == '[' && text[n_host - 1] == ']') {
        text++;
        n_host -= 2;
    } else if (memchr(text, ':', n_host) != NULL) {
        return FOTA_E_USAGE;
    }
    if (n_host >= sizeof out->host || n_port == 0 || n_port >= sizeof out->port) {
        return FOTA_E_USAGE;
    }
    memset(out, 0, sizeof *out);
    memcpy(out->host, text, n_host);
    memcpy(out->port, colon + 1, n_port);
    const bool digits = strspn(out->port, "0123456789") == n_port;
    return digits && strtoul(out->port, NULL, 10) <= 65535 ? FOTA_OK : FOTA_E_USAGE;
}

static enum fota_err
wait_ms(int fd, short events, const struct fota_source_options *options, uint32_t limit_ms)
{
    const uint64_t begin = fota_clock_ms();
    for (;;) {
        struct pollfd p = {fd, events, 0};
        if (fota_source_stopped(options)) {
            return FOTA_E_INTERRUPTED;
        }
        if (poll(&p, 1, (int)(limit_ms < POLL_SLICE_MS ? limit_ms : POLL_SLICE_MS)) > 0) {
            return FOTA_OK;
        }
        if (fota_clock_ms() - begin >= limit_ms) {
            return FOTA_E_NETWORK;
        }
    }
}

enum fota_err fota_socket_wait(int fd, short events, const struct fota_source_options *options)
{
    return wait_ms(fd, events, options, options->stall_ms);
}

/* Begin to connect.  FOTA_MORE: not yet connected. */
static enum fota_err begin_connect(const struct addrinfo *address, int *fd)
{
    const int s =
        socket(address->ai_family, address->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (s < 0) {
        return FOTA_E_NETWORK;
    }
    *fd = s;
    if (connect(s, address->ai_addr, address->ai_addrlen) == 0) {
        return FOTA_OK;
    }
    if (errno == EINPROGRESS) {
        return FOTA_MORE;
    }
    (void)close(s);
    return FOTA_E_NETWORK;
}

/* How a connection that can be written to has come out. */
static enum fota_err connected(int fd)
{
    int cause = 0;
    socklen_t n_cause = sizeof cause;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &cause, &n_cause) == 0 && cause == 0
               ? FOTA_OK
               : FOTA_E_NETWORK;
}

static enum fota_err connect_address(const struct addrinfo *address,
                                     const struct fota_source_options *options, int *fd)
{
    int s = -1;
    enum fota_err err = begin_connect(address, &s);
    if (err < 0) {
        return err;
    }
    if (err == FOTA_MORE) {
        err = wait_ms(s, POLLOUT, options, options->connect_ms);
    }
    if (err == FOTA_OK) {
        err = connected(s);
    }
    if (err != FOTA_OK) {
        (void)close(s);
        return err;
    }
    *fd = s;
    return FOTA_OK;
}

static struct addrinfo *look_up(const struct fota_host_port *where, int flags)
{
    struct addrinfo *list = NULL;
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                                   .ai_flags = flags | AI_NUMERICSERV};
    const char *host = where->host[0] != '\0' ? where->host : NULL;
    return getaddrinfo(host, where->port, &hints, &list) == 0 ? list : NULL;
}

enum fota_err fota_socket_connect(const struct fota_host_port *server,
                                  const struct fota_source_options *options, int *fd)
{
    struct addrinfo *list = look_up(server, 0);
    enum fota_err err = FOTA_E_NETWORK;
    for (const struct addrinfo *a = list; a != NULL && err == FOTA_E_NETWORK; a = a->ai_next) {
        err = connect_address(a, options, fd);
    }
    if (list != NULL) {
        freeaddrinfo(list);
    }
    return err;
}

enum fota_err fota_socket_connect_begin(const struct fota_host_port *server, int *fd)
{
    struct addrinfo *list = look_up(server, 0);
    if (list == NULL) {
        return FOTA_E_NETWORK;
    }
    const enum fota_err err = begin_connect(list, fd);
    freeaddrinfo(list);
    return err < 0 ? err : FOTA_OK;
}

enum fota_err fota_socket_connect_step(int fd)
{
    struct pollfd p = {fd, POLLOUT, 0};
    return poll(&p, 1, 0) > 0 ? connected(fd) : FOTA_MORE;
}

static int listen_address(const struct addrinfo *address)
{
    const int on = 1;
    const int s =
        socket(address->ai_family, address->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (s >= 0 && setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
        bind(s, address->ai_addr, address->ai_addrlen) == 0 && listen(s, SOMAXCONN) == 0) {
        return s;
    }
    if (s >= 0) {
        (void)close(s);
    }
    return -1;
}

static unsigned port_of(int fd)
{
    struct sockaddr_storage name;
    socklen_t n_name = sizeof name;
    memset(&name, 0, sizeof name);
    if (getsockname(fd, (struct sockaddr *)&name, &n_name) != 0) {
        return 0;
    }
    if (name.ss_family == AF_INET6) {
        struct sockaddr_in6 v6;
        memcpy(&v6, &name, sizeof v6);
        return ntohs(v6.sin6_port);
    }
    struct sockaddr_in v4;
    memcpy(&v4, &name, sizeof v4);
    return ntohs(v4.sin_port);
}

enum fota_err fota_socket_listen(const struct fota_host_port *at, int *fd, unsigned *port)
{
    struct addrinfo *list = look_up(at, AI_PASSIVE);
    *fd = -1;
    for (const struct addrinfo *a = list; a != NULL && *fd < 0; a = a->ai_next) {
        *fd = listen_address(a);
    }
    if (list != NULL) {
        freeaddrinfo(list);
    }
    if (*fd < 0) {
        return FOTA_E_PORT;
    }
    *port = port_of(*fd);
    return FOTA_OK;
}
