/* SPDX-License-Identifier: MIT */
/* Client of the TCP package protocol, doc/delivery.md 4. */
#include "core/crc32.h"
#include "source/retry.h"
#include "source/socket.h"
#include "source/tcp_wire.h"
#include "source/text.h"
#include "source/transport.h"
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct tcp_transport {
    const struct fota_source_options *options;
    struct fota_host_port server;
    char name[FOTA_TCP_NAME_MAX + 1];
    int fd; /* -1: not connected */
    struct fota_attempt *attempt;
    size_t n_buffered;
    uint8_t piece[FOTA_TCP_PIECE_MAX_BYTES + FOTA_TCP_LINE_MAX + 1]; /* received, not taken */
};

static void disconnect(struct tcp_transport *t)
{
    if (t->fd >= 0) {
        (void)close(t->fd);
    }
    t->fd = -1;
    t->n_buffered = 0;
}

/* The connection is of no use any more; a new one may be. */
static enum fota_err lost(struct tcp_transport *t, enum fota_err err, const char *text)
{
    disconnect(t);
    t->attempt->again = err != FOTA_E_INTERRUPTED;
    fota_source_text(t->attempt->text, "%s", text);
    return err;
}

static enum fota_err connect_server(struct tcp_transport *t)
{
    if (t->fd >= 0) {
        return FOTA_OK;
    }
    const enum fota_err err = fota_socket_connect(&t->server, t->options, &t->fd);
    return err == FOTA_OK ? FOTA_OK : lost(t, err, "cannot connect");
}

static enum fota_err send_all(struct tcp_transport *t, const char *bytes, size_t n_bytes)
{
    while (n_bytes > 0) {
        const enum fota_err err = fota_socket_wait(t->fd, POLLOUT, t->options);
        if (err != FOTA_OK) {
            return lost(t, err, "server takes no bytes");
        }
        const ssize_t n = send(t->fd, bytes, n_bytes, MSG_NOSIGNAL);
        if (n < 0 && errno != EINTR && errno != EAGAIN) {
            return lost(t, FOTA_E_NETWORK, strerror(errno));
        }
        bytes += n > 0 ? n : 0;
        n_bytes -= n > 0 ? (size_t)n : 0;
    }
    return FOTA_OK;
}

/* Receive at least one byte more, up to `limit` buffered bytes. */
static enum fota_err receive_more(struct tcp_transport *t, size_t limit)
{
    for (;;) {
        const enum fota_err err = fota_socket_wait(t->fd, POLLIN, t->options);
        if (err != FOTA_OK) {
            return lost(t, err, "no byte for too long");
        }
        const ssize_t n = recv(t->fd, t->piece + t->n_buffered, limit - t->n_buffered, 0);
        if (n > 0) {
            t->n_buffered += (size_t)n;
            return FOTA_OK;
        }
        if (n == 0) {
            return lost(t, FOTA_E_NETWORK, "server closed the connection");
        }
        if (errno != EINTR && errno != EAGAIN) {
            return lost(t, FOTA_E_NETWORK, strerror(errno));
        }
    }
}

static void drop_front(struct tcp_transport *t, size_t n)
{
    memmove(t->piece, t->piece + n, t->n_buffered - n);
    t->n_buffered -= n;
}

static enum fota_err receive_answer(struct tcp_transport *t, struct fota_tcp_answer *answer)
{
    for (;;) {
        uint8_t *end = memchr(t->piece, '\n', t->n_buffered);
        if (end != NULL) {
            *end = '\0';
            const enum fota_err err = fota_tcp_parse_answer(answer, (const char *)t->piece);
            drop_front(t, (size_t)(end - t->piece) + 1U);
            return err == FOTA_OK
                       ? FOTA_OK
                       : lost(t, FOTA_E_SERVER, "server does not speak this protocol");
        }
        if (t->n_buffered >= FOTA_TCP_LINE_MAX) {
            return lost(t, FOTA_E_SERVER, "server does not speak this protocol");
        }
        const enum fota_err err = receive_more(t, FOTA_TCP_LINE_MAX);
        if (err != FOTA_OK) {
            return err;
        }
    }
}

static enum fota_err judge(struct tcp_transport *t, const struct fota_tcp_request *asked,
                           const struct fota_tcp_answer *answer)
{
    if (answer->code != 0) {
        const enum fota_err err = fota_err_from_code(answer->code);
        fota_source_text(t->attempt->text, "server answers ERR %u", answer->code);
        t->attempt->past_end = err == FOTA_E_RANGE;
        t->attempt->total = FOTA_TOTAL_UNKNOWN;
        t->attempt->again = err == FOTA_E_CHANGED; /* while it read the piece: ask again */
        return err == FOTA_E_RANGE || err == FOTA_E_NOT_FOUND ? err : FOTA_E_SERVER;
    }
    if (answer->off != asked->off || answer->n_bytes > asked->n_bytes) {
        return lost(t, FOTA_E_SERVER, "server sends another range than asked for");
    }
    return FOTA_OK;
}

/* Ask for one piece; it lies at t->piece, t->n_buffered bytes may be more. */
static enum fota_err exchange(struct tcp_transport *t, const struct fota_tcp_request *request,
                              struct fota_tcp_answer *answer)
{
    char line[FOTA_TCP_LINE_MAX + 1];
    enum fota_err err = connect_server(t);
    if (err == FOTA_OK) {
        err = send_all(t, line, fota_tcp_write_request(line, request));
    }
    if (err == FOTA_OK) {
        err = receive_answer(t, answer);
    }
    if (err == FOTA_OK) {
        err = judge(t, request, answer);
    }
    while (err == FOTA_OK && t->n_buffered < answer->n_bytes) {
        err = receive_more(t, answer->n_bytes);
    }
    if (err == FOTA_OK && fota_crc32(0, t->piece, answer->n_bytes) != answer->crc) {
        err = lost(t, FOTA_E_NETWORK, "bytes damaged on the way");
    }
    return err;
}

static enum fota_err begin(const struct fota_sink *sink, const struct fota_tcp_answer *piece)
{
    struct fota_answer answer = {.off = piece->off, .total = piece->total};
    answer.validator.strong = true;
    for (size_t i = 0; i < sizeof piece->sha256; i++) {
        (void)snprintf(answer.validator.text + 2 * i, 3, "%02x", (unsigned)piece->sha256[i]);
    }
    return sink->begin(sink->ctx, &answer);
}

/* Give one piece on.  Every piece says of which version of the file it is. */
static enum fota_err
deliver(struct tcp_transport *t, const struct fota_sink *sink,
        const struct fota_tcp_answer *first, const struct fota_tcp_answer *piece)
{
    enum fota_err err = FOTA_OK;
    if (piece->off == first->off) {
        err = begin(sink, piece);
    } else if (piece->total != first->total ||
               memcmp(piece->sha256, first->sha256, sizeof first->sha256) != 0) {
        err = FOTA_E_CHANGED;
    }
    if (err == FOTA_OK && piece->n_bytes > 0) {
        err = sink->bytes(sink->ctx, t->piece, piece->n_bytes);
    }
    drop_front(t, piece->n_bytes);
    return err;
}

static enum fota_err tcp_get(void *ctx, const struct fota_request *request,
                             const struct fota_sink *sink, struct fota_attempt *attempt)
{
    struct tcp_transport *t = ctx;
    struct fota_tcp_answer first = {.off = 0};
    struct fota_tcp_answer piece;
    struct fota_tcp_request asked = {.off = (uint32_t)request->off};
    uint64_t n_left = request->n_bytes != 0 ? request->n_bytes : FOTA_TOTAL_UNKNOWN;
    memcpy(asked.name, t->name, sizeof asked.name);
    memset(attempt, 0, sizeof *attempt);
    t->attempt = attempt;
    do {
        asked.n_bytes =
            n_left < FOTA_TCP_PIECE_MAX_BYTES ? (uint32_t)n_left : FOTA_TCP_PIECE_MAX_BYTES;
        enum fota_err err = exchange(t, &asked, &piece);
        if (err == FOTA_OK) {
            first = asked.off == (uint32_t)request->off ? piece : first;
            err = deliver(t, sink, &first, &piece);
        }
        if (err != FOTA_OK) {
            return err == FOTA_MORE ? FOTA_OK : err;
        }
        asked.off += piece.n_bytes;
        n_left -= piece.n_bytes;
    } while (n_left > 0 && piece.n_bytes > 0 && asked.off < piece.total);
    return FOTA_OK;
}

static void tcp_close(void *ctx)
{
    struct tcp_transport *t = ctx;
    disconnect(t);
    free(t);
}

enum fota_err fota_tcp_open(struct fota_transport *transport, const char *url,
                            const struct fota_source_options *options)
{
    const char *host_port = url + strlen("tcp://");
    const char *slash = strchr(host_port, '/');
    const size_t n_host_port = slash != NULL ? (size_t)(slash - host_port) : strlen(host_port);
    struct tcp_transport *t = calloc(1, sizeof *t);
    if (t == NULL) {
        return FOTA_E_NOMEM;
    }
    t->options = options;
    t->fd = -1;
    enum fota_err err = fota_host_port_parse(&t->server, host_port, n_host_port);
    if (err == FOTA_OK && slash != NULL) {
        err = fota_tcp_unescape(t->name, slash + 1, strlen(slash + 1));
    }
    if (err != FOTA_OK) {
        tcp_close(t);
        return FOTA_E_USAGE;
    }
    transport->ctx = t;
    transport->get = tcp_get;
    transport->close = tcp_close;
    return FOTA_OK;
}
