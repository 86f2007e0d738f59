/* SPDX-License-Identifier: MIT */
#include "module/line.h"
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

enum { WRITE_PATIENCE_MS = 1000 };

static bool set_nonblocking(int fd)
{
    int flags = fcntl(fd, F_GETFL);
    return flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0;
}

static void close_fd(int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
        *fd = -1;
    }
}

/* ---- pseudo-terminal ---- */

/* Raw: bytes pass as they are.  Done on our own end, which stays open. */
static bool make_raw(int fd)
{
    struct termios t;
    if (tcgetattr(fd, &t) != 0) {
        return false;
    }
    t.c_iflag &= (tcflag_t) ~(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
    t.c_oflag &= (tcflag_t)~OPOST;
    t.c_lflag &= (tcflag_t) ~(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
    t.c_cflag = (t.c_cflag & (tcflag_t) ~(CSIZE | PARENB)) | CS8;
    t.c_cc[VMIN] = 1;
    t.c_cc[VTIME] = 0;
    return cfsetispeed(&t, B115200) == 0 && cfsetospeed(&t, B115200) == 0 &&
           tcsetattr(fd, TCSANOW, &t) == 0;
}

/* Make `link` point to `target` in one step. */
static enum fota_err replace_link(const char *target, const char *link)
{
    struct stat st;
    if (lstat(link, &st) == 0 && !S_ISLNK(st.st_mode)) {
        errno = EEXIST;
        return FOTA_E_EXISTS;
    }
    char temporary[4096];
    int n = snprintf(temporary, sizeof temporary, "%s.%ld", link, (long)getpid());
    if (n < 0 || (size_t)n >= sizeof temporary) {
        errno = ENAMETOOLONG;
        return FOTA_E_PORT;
    }
    if (symlink(target, temporary) != 0) {
        return FOTA_E_PORT;
    }
    if (rename(temporary, link) != 0) {
        int why = errno;
        (void)unlink(temporary);
        errno = why;
        return FOTA_E_PORT;
    }
    return FOTA_OK;
}

static bool open_pair(struct line *line)
{
    line->fd = posix_openpt(O_RDWR | O_NOCTTY);
    if (line->fd < 0 || grantpt(line->fd) != 0 || unlockpt(line->fd) != 0) {
        return false;
    }
    const char *name = ptsname(line->fd);
    if (name == NULL || strlen(name) >= sizeof line->name) {
        return false;
    }
    memcpy(line->name, name, strlen(name) + 1);
    line->hold_fd = open(line->name, O_RDWR | O_NOCTTY);
    return line->hold_fd >= 0 && make_raw(line->hold_fd) && set_nonblocking(line->fd);
}

enum fota_err line_open_tty(struct line *line, const char *link, int wake_fd)
{
    *line = (struct line){.fd = -1, .listen_fd = -1, .hold_fd = -1, .wake_fd = wake_fd};
    enum fota_err err = open_pair(line) ? replace_link(line->name, link) : FOTA_E_PORT;
    if (err != FOTA_OK) {
        int why = errno;
        line_close(line);
        errno = why;
        return err;
    }
    line->link = link;
    return FOTA_OK;
}

/* Remove the link if it is still ours. */
static void remove_link(const struct line *line)
{
    char target[sizeof line->name + 1];
    ssize_t n = readlink(line->link, target, sizeof target);
    if (n == (ssize_t)strlen(line->name) && memcmp(target, line->name, (size_t)n) == 0) {
        (void)unlink(line->link);
    }
}

/* ---- TCP ---- */

/* "HOST:PORT", "[HOST]:PORT" or ":PORT". */
static bool split_address(const char *address, char host[256], const char **port)
{
    const char *colon = strrchr(address, ':');
    if (colon == NULL || colon[1] == '\0') {
        return false;
    }
    size_t n = (size_t)(colon - address);
    if (n >= 2 && address[0] == '[' && address[n - 1] == ']') {
        address++;
        n -= 2;
    }
    if (n >= 256) {
        return false;
    }
    memcpy(host, address, n);
    host[n] = '\0';
    *port = colon + 1;
    return true;
}

static int listen_at(const struct addrinfo *info)
{
    int fd = socket(info->ai_family, info->ai_socktype, info->ai_protocol);
    int yes = 1;
    if (fd < 0) {
        return -1;
    }
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(fd, info->ai_addr, info->ai_addrlen) != 0 || listen(fd, 1) != 0 ||
        !set_nonblocking(fd)) {
        int why = errno;
        (void)close(fd);
        errno = why;
        return -1;
    }
    return fd;
}

static void name_of(int fd, char *name, size_t n_max)
{
    struct sockaddr_storage addr;
    socklen_t n = sizeof addr;
    char host[46] = "?";
    char port[6] = "?";
    if (getsockname(fd, (struct sockaddr *)&addr, &n) == 0) {
        (void)getnameinfo((struct sockaddr *)&addr, n, host, sizeof host, port, sizeof port,
                          NI_NUMERICHOST | NI_NUMERICSERV);
    }
    const char *format = strchr(host, ':') != NULL ? "[%s]:%s" : "%s:%s";
    (void)snprintf(name, n_max, format, host, port);
}

enum fota_err line_open_tcp(struct line *line, const char *address, int wake_fd)
{
    *line = (struct line){.fd = -1, .listen_fd = -1, .hold_fd = -1, .wake_fd = wake_fd};
    char host[256];
    const char *port = NULL;
    if (!split_address(address, host, &port)) {
        return FOTA_E_USAGE;
    }
    struct addrinfo hints = {.ai_flags = AI_PASSIVE, .ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL;
    if (getaddrinfo(host[0] != '\0' ? host : NULL, port, &hints, &list) != 0) {
        errno = EADDRNOTAVAIL;
        return FOTA_E_PORT;
    }
    for (const struct addrinfo *i = list; i != NULL && line->listen_fd < 0; i = i->ai_next) {
        line->listen_fd = listen_at(i);
    }
    freeaddrinfo(list);
    if (line->listen_fd < 0) {
        return FOTA_E_PORT;
    }
    name_of(line->listen_fd, line->name, sizeof line->name);
    return FOTA_OK;
}

static void accept_client(struct line *line)
{
    line->fd = accept(line->listen_fd, NULL, NULL);
    line->deaf = false;
    if (line->fd < 0) {
        return;
    }
    int yes = 1;
    (void)setsockopt(line->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes); /* a dialogue */
    if (!set_nonblocking(line->fd)) {
        close_fd(&line->fd);
    }
}

/* ---- both ---- */

void line_close(struct line *line)
{
    if (line->link != NULL) {
        remove_link(line);
    }
    close_fd(&line->fd);
    close_fd(&line->listen_fd);
    close_fd(&line->hold_fd);
}

static bool would_block(void)
{
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

/* The other end is gone: wait for the next client.  A terminal has one end for all. */
static void hang_up(struct line *line)
{
    if (line->listen_fd >= 0) {
        close_fd(&line->fd);
    }
}

size_t line_read(struct line *line, uint8_t *bytes, size_t n_max, int timeout_ms)
{
    struct pollfd fds[2] = {
        {.fd = line->fd >= 0 ? line->fd : line->listen_fd, .events = POLLIN},
        {.fd = line->wake_fd, .events = POLLIN},
    };
    if (n_max == 0) {
        fds[0].fd = -1; /* no room: only wait */
    }
    if (poll(fds, 2, timeout_ms) <= 0 || (fds[0].revents & (POLLIN | POLLHUP | POLLERR)) == 0) {
        return 0;
    }
    if (line->fd < 0) {
        accept_client(line);
        return 0;
    }
    ssize_t n = read(line->fd, bytes, n_max);
    if (n > 0) {
        return (size_t)n;
    }
    if (n == 0 || !would_block()) {
        hang_up(line);
    }
    return 0;
}

static bool wait_writable(const struct line *line)
{
    struct pollfd fds[2] = {
        {.fd = line->fd, .events = POLLOUT},
        {.fd = line->wake_fd, .events = POLLIN},
    };
    int patience_ms = line->deaf ? 0 : WRITE_PATIENCE_MS;
    return poll(fds, 2, patience_ms) > 0 && (fds[0].revents & POLLOUT) != 0;
}

void line_write(struct line *line, const char *bytes, size_t n)
{
    while (n > 0 && line->fd >= 0) {
        ssize_t done = write(line->fd, bytes, n);
        if (done >= 0) {
            bytes += done;
            n -= (size_t)done;
            line->deaf = false;
        } else if (!would_block()) {
            hang_up(line);
            return;
        } else if (!wait_writable(line)) {
            line->deaf = true;
            return;
        }
    }
}
