/* SPDX-License-Identifier: MIT */
#include "source/tcp_server.h"
#include "core/crc32.h"
#include "source/local.h"
#include "source/retry.h"
#include "source/socket.h"
#include "source/tcp_wire.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define CLIENTS_MAX   32U
#define HASHES_KEPT   16U
#define IDLE_MS       60000U
#define POLL_SLICE_MS 200

struct client {
    int fd; /* -1: free */
    uint64_t alive_ms;
    size_t n_in;
    size_t n_out;
    size_t n_sent;
    char in[FOTA_TCP_LINE_MAX + 1];
    uint8_t out[FOTA_TCP_LINE_MAX + 1 + FOTA_TCP_PIECE_MAX_BYTES];
};

/* SHA-256 of files, as long as their stamps hold. */
struct known_hash {
    struct fota_file_stamp stamp;
    bool valid;
    uint8_t sha256[FOTA_SHA256_BYTES];
};

struct server {
    const struct fota_tcp_server_options *options;
    int listen_fd;
    int dir_fd;
    char only[FOTA_TCP_NAME_MAX + 1]; /* "": all plain files of the directory */
    uint32_t next_hash;
    struct known_hash hashes[HASHES_KEPT];
    struct client clients[CLIENTS_MAX];
};

/* SHA-256 of the file and its size; FOTA_E_CHANGED if it is written to meanwhile. */
static enum fota_err
hash_file(int fd, const struct fota_file_stamp *stamp, uint8_t sha256[FOTA_SHA256_BYTES])
{
    uint8_t chunk[16384];
    struct fota_file_stamp now;
    struct fota_sha256 hash;
    fota_sha256_init(&hash);
    for (off_t off = 0; off < stamp->n_bytes;) {
        const off_t left = stamp->n_bytes - off;
        const size_t n = left < (off_t)sizeof chunk ? (size_t)left : sizeof chunk;
        const enum fota_err err = fota_file_read(fd, (uint64_t)off, chunk, n);
        if (err != FOTA_OK) {
            return err == FOTA_E_TRUNCATED ? FOTA_E_CHANGED : err;
        }
        fota_sha256_update(&hash, chunk, n);
        off += (off_t)n;
    }
    fota_sha256_final(&hash, sha256);
    const enum fota_err err = fota_file_stamp(fd, &now);
    if (err != FOTA_OK) {
        return err;
    }
    return fota_file_same(stamp, &now) ? FOTA_OK : FOTA_E_CHANGED;
}

static enum fota_err
find_hash(struct server *server, int fd, const struct fota_file_stamp *stamp, uint8_t *sha256)
{
    for (size_t i = 0; i < HASHES_KEPT; i++) {
        const struct known_hash *known = &server->hashes[i];
        if (known->valid && fota_file_same(&known->stamp, stamp)) {
            memcpy(sha256, known->sha256, FOTA_SHA256_BYTES);
            return FOTA_OK;
        }
    }
    const enum fota_err err = hash_file(fd, stamp, sha256);
    if (err == FOTA_OK) {
        struct known_hash *known = &server->hashes[server->next_hash];
        server->next_hash = (server->next_hash + 1U) % HASHES_KEPT;
        known->stamp = *stamp;
        known->valid = true;
        memcpy(known->sha256, sha256, FOTA_SHA256_BYTES);
    }
    return err;
}

static enum fota_err open_named(const struct server *server, const char *name, int *fd,
                                struct fota_file_stamp *stamp)
{
    struct stat st;
    const char *wanted = name[0] != '\0' ? name : server->only;
    if (wanted[0] == '\0' || (server->only[0] != '\0' && strcmp(wanted, server->only) != 0)) {
        return FOTA_E_NOT_FOUND;
    }
    *fd = openat(server->dir_fd, wanted, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (*fd < 0) {
        return FOTA_E_NOT_FOUND;
    }
    if (fstat(*fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size > INT32_MAX ||
        fota_file_stamp(*fd, stamp) != FOTA_OK) {
        (void)close(*fd);
        return FOTA_E_NOT_FOUND;
    }
    return FOTA_OK;
}

static enum fota_err
read_piece(struct server *server, int fd, const struct fota_file_stamp *stamp,
           const struct fota_tcp_request *request, struct fota_tcp_answer *answer,
           uint8_t *bytes)
{
    struct fota_file_stamp now;
    answer->total = (uint32_t)stamp->n_bytes;
    answer->off = request->off;
    if (request->off > answer->total) {
        return FOTA_E_RANGE;
    }
    const uint32_t n_left = answer->total - request->off;
    answer->n_bytes = request->n_bytes < n_left ? request->n_bytes : n_left;
    if (answer->n_bytes > FOTA_TCP_PIECE_MAX_BYTES) {
        answer->n_bytes = FOTA_TCP_PIECE_MAX_BYTES;
    }
    enum fota_err err = find_hash(server, fd, stamp, answer->sha256);
    if (err == FOTA_OK) {
        err = fota_file_read(fd, request->off, bytes, answer->n_bytes);
    }
    if (err == FOTA_OK) {
        err = fota_file_stamp(fd, &now);
    }
    if (err == FOTA_OK && !fota_file_same(stamp, &now)) {
        err = FOTA_E_CHANGED;
    }
    answer->crc = fota_crc32(0, bytes, answer->n_bytes);
    return err == FOTA_E_TRUNCATED ? FOTA_E_CHANGED : err;
}

/* Put the answer to one request line into c->out. */
static void answer_line(struct server *server, struct client *c, const char *line)
{
    struct fota_tcp_request request = {.off = 0};
    struct fota_tcp_answer answer = {.code = 0};
    struct fota_file_stamp stamp;
    char text[FOTA_TCP_LINE_MAX + 1];
    int fd = -1;
    uint8_t *bytes = c->out + FOTA_TCP_LINE_MAX + 1;
    enum fota_err err = fota_tcp_parse_request(&request, line);
    if (err == FOTA_OK) {
        err = open_named(server, request.name, &fd, &stamp);
    }
    if (err == FOTA_OK) {
        err = read_piece(server, fd, &stamp, &request, &answer, bytes);
        (void)close(fd);
    }
    answer.code = fota_err_code(err);
    answer.n_bytes = err == FOTA_OK ? answer.n_bytes : 0;
    c->n_out = fota_tcp_write_answer(text, &answer);
    memmove(c->out + c->n_out, bytes, answer.n_bytes);
    memcpy(c->out, text, c->n_out);
    c->n_out += answer.n_bytes;
    c->n_sent = 0;
    if (server->options->served != NULL) {
        server->options->served(server->options->ctx, request.name, request.off, answer.n_bytes,
                                answer.code);
    }
}

static void let_go(struct client *c)
{
    (void)close(c->fd);
    c->fd = -1;
}

/* Answer the next line that has come in as a whole, once the answer before is out. */
static void serve_lines(struct server *server, struct client *c)
{
    if (c->n_out != 0) {
        return;
    }
    char *end = memchr(c->in, '\n', c->n_in);
    if (end == NULL) {
        if (c->n_in >= FOTA_TCP_LINE_MAX) {
            let_go(c);
        }
        return;
    }
    *end = '\0';
    if (end > c->in && end[-1] == '\r') {
        end[-1] = '\0';
    }
    answer_line(server, c, c->in);
    const size_t n_line = (size_t)(end - c->in) + 1U;
    memmove(c->in, c->in + n_line, c->n_in - n_line);
    c->n_in -= n_line;
}

static void receive(struct server *server, struct client *c)
{
    const ssize_t n = recv(c->fd, c->in + c->n_in, FOTA_TCP_LINE_MAX - c->n_in, 0);
    if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN)) {
        let_go(c);
        return;
    }
    if (n > 0) {
        c->n_in += (size_t)n;
        c->alive_ms = fota_clock_ms();
        serve_lines(server, c);
    }
}

static void send_out(struct server *server, struct client *c)
{
    const ssize_t n = send(c->fd, c->out + c->n_sent, c->n_out - c->n_sent, MSG_NOSIGNAL);
    if (n < 0 && errno != EINTR && errno != EAGAIN) {
        let_go(c);
        return;
    }
    if (n > 0) {
        c->n_sent += (size_t)n;
        c->alive_ms = fota_clock_ms();
    }
    if (c->n_sent == c->n_out) {
        c->n_out = 0;
        serve_lines(server, c);
    }
}

/* A free place; the client that has been silent longest makes room if there is none. */
static struct client *place_for_client(struct server *server)
{
    struct client *best = &server->clients[0];
    for (size_t i = 0; i < CLIENTS_MAX; i++) {
        struct client *c = &server->clients[i];
        if (c->fd < 0) {
            return c;
        }
        best = c->alive_ms < best->alive_ms ? c : best;
    }
    let_go(best);
    return best;
}

static void accept_client(struct server *server)
{
    const int fd = accept4(server->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) {
        return;
    }
    struct client *c = place_for_client(server);
    c->fd = fd;
    c->n_in = 0;
    c->n_out = 0;
    c->n_sent = 0;
    c->alive_ms = fota_clock_ms();
}

static void turn(struct server *server)
{
    struct pollfd polls[CLIENTS_MAX + 1];
    const uint32_t idle_ms = server->options->idle_ms != 0 ? server->options->idle_ms : IDLE_MS;
    for (size_t i = 0; i < CLIENTS_MAX; i++) {
        const struct client *c = &server->clients[i];
        polls[i] = (struct pollfd){c->fd, c->n_out != 0 ? POLLOUT : POLLIN, 0};
    }
    polls[CLIENTS_MAX] = (struct pollfd){server->listen_fd, POLLIN, 0};
    if (poll(polls, CLIENTS_MAX + 1, POLL_SLICE_MS) < 0) {
        return;
    }
    const uint64_t now_ms = fota_clock_ms();
    for (size_t i = 0; i < CLIENTS_MAX; i++) {
        struct client *c = &server->clients[i];
        if (c->fd < 0) {
            continue;
        }
        if ((polls[i].revents & POLLOUT) != 0) {
            send_out(server, c);
        } else if (polls[i].revents != 0) {
            receive(server, c);
        } else if (now_ms - c->alive_ms > idle_ms) {
            let_go(c);
        }
    }
    if (polls[CLIENTS_MAX].revents != 0) {
        accept_client(server);
    }
}

/* Directory and, for a single file, its name. */
static enum fota_err open_place(struct server *server, const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0) {
        return FOTA_E_NOT_FOUND;
    }
    if (S_ISDIR(st.st_mode)) {
        server->dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return server->dir_fd >= 0 ? FOTA_OK : FOTA_E_IO;
    }
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    if (strlen(name) > FOTA_TCP_NAME_MAX) {
        return FOTA_E_USAGE;
    }
    memcpy(server->only, name, strlen(name) + 1U);
    char *dir = slash != NULL ? strndup(path, (size_t)(slash - path) + 1U) : strdup(".");
    if (dir == NULL) {
        return FOTA_E_NOMEM;
    }
    server->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(dir);
    return server->dir_fd >= 0 ? FOTA_OK : FOTA_E_IO;
}

static enum fota_err start(struct server *server)
{
    struct fota_host_port at;
    unsigned port = 0;
    const char *address = server->options->address;
    enum fota_err err = fota_host_port_parse(&at, address, strlen(address));
    if (err == FOTA_OK) {
        err = open_place(server, server->options->path);
    }
    if (err == FOTA_OK) {
        err = fota_socket_listen(&at, &server->listen_fd, &port);
    }
    if (err == FOTA_OK && server->options->listening != NULL) {
        server->options->listening(server->options->ctx, port);
    }
    return err;
}

enum fota_err fota_tcp_server_run(const struct fota_tcp_server_options *options)
{
    struct server *server = calloc(1, sizeof *server);
    if (server == NULL) {
        return FOTA_E_NOMEM;
    }
    server->options = options;
    server->listen_fd = -1;
    server->dir_fd = -1;
    for (size_t i = 0; i < CLIENTS_MAX; i++) {
        server->clients[i].fd = -1;
    }
    const enum fota_err err = start(server);
    while (err == FOTA_OK && *options->stop == 0) {
        turn(server);
    }
    for (size_t i = 0; i < CLIENTS_MAX; i++) {
        if (server->clients[i].fd >= 0) {
            let_go(&server->clients[i]);
        }
    }
    if (server->listen_fd >= 0) {
        (void)close(server->listen_fd);
    }
    if (server->dir_fd >= 0) {
        (void)close(server->dir_fd);
    }
    free(server);
    return err;
}
