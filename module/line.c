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

static const struct {
    uint32_t baud;
    speed_t speed;
} speeds[] = {
    {9600, B9600},     {19200, B19200},   {38400, B38400},   {57600, B57600},
    {115200, B115200}, {230400, B230400}, {460800, B460800}, {921600, B921600},
};

static speed_t speed_of(uint32_t baud)
{
    for (size_t i = 0; i < sizeof speeds / sizeof speeds[0]; i++) {
        if (speeds[i].baud == baud) {
            return speeds[i].speed;
        }
    }
    return B115200;
}

static uint32_t baud_of(speed_t speed)
{
    for (size_t i = 0; i < sizeof speeds / sizeof speeds[0]; i++) {
        if (speeds[i].speed == speed) {
            return speeds[i].baud;
        }
    }
    return 0;
}

/* Raw: bytes pass as they are.  Done on our own end, which stays open. */
static bool make_raw(int fd, uint32_t baud)
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
    return cfsetispeed(&t, speed_of(baud)) == 0 && cfsetospeed(&t, speed_of(baud)) == 0 &&
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

static bool open_pair(struct line *line, uint32_t baud)
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
    return line->hold_fd >= 0 && make_raw(line->hold_fd, baud) && set_nonblocking(line->fd);
}

enum fota_err line_open_tty(struct line *line, const char *link, uint32_t baud, int wake_fd)
{
    *line = (struct line){.fd = -1, .listen_fd = -1, .hold_fd = -1, .wake_fd = wake_fd};
    enum fota_err err = open_pair(line, baud) ? replace_link(line->name, link) : FOTA_E_PORT;
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

enum fota_err
line_open_tcp(struct line *line, const char *address, bool speaks_2217, int wake_fd)
{
    *line = (struct line){.fd = -1,
                          .listen_fd = -1,
                          .hold_fd = -1,
                          .wake_fd = wake_fd,
                          .speaks_2217 = speaks_2217};
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
    if (line->fd < 0) {
        return;
    }
    int yes = 1;
    (void)setsockopt(line->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes); /* a dialogue */
    if (!set_nonblocking(line->fd)) {
        close_fd(&line->fd);
    } else if (line->speaks_2217) {
        rfc2217_begin(&line->telnet);
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

/* Send what RFC 2217 has to say. */
static void flush_telnet(struct line *line)
{
    while (line->telnet.n_out > 0) {
        ssize_t done = write(line->fd, line->telnet.out, line->telnet.n_out);
        if (done > 0) {
            rfc2217_sent(&line->telnet, (size_t)done);
        } else if (done == 0 || would_block()) {
            return;
        } else {
            hang_up(line);
            return;
        }
    }
}

size_t line_take(struct line *line, uint8_t *bytes, size_t n_max, bool *purge)
{
    if (line->fd < 0) {
        accept_client(line);
    }
    if (line->fd < 0 || n_max == 0) {
        return 0;
    }
    ssize_t n = read(line->fd, bytes, n_max);
    if (n == 0 || (n < 0 && !would_block())) {
        hang_up(line);
        return 0;
    }
    if (n < 0 || !line->speaks_2217) {
        return n > 0 ? (size_t)n : 0;
    }
    size_t n_data = rfc2217_decode(&line->telnet, bytes, (size_t)n, purge);
    flush_telnet(line);
    return n_data;
}

/* What RFC 2217 has encoded waits in its buffer, and counts as taken. */
static size_t give_telnet(struct line *line, const uint8_t *bytes, size_t n)
{
    size_t given = 0;
    flush_telnet(line);
    while (given < n && line->fd >= 0 && line->telnet.n_out == 0) {
        given += rfc2217_encode(&line->telnet, bytes + given, n - given);
        flush_telnet(line);
    }
    return line->fd < 0 ? n : given;
}

size_t line_give(struct line *line, const uint8_t *bytes, size_t n)
{
    size_t given = 0;
    if (line->fd >= 0 && line->speaks_2217) {
        return give_telnet(line, bytes, n);
    }
    while (given < n && line->fd >= 0) {
        ssize_t done = write(line->fd, bytes + given, n - given);
        if (done > 0) {
            given += (size_t)done;
        } else if (done == 0 || would_block()) {
            return given;
        } else {
            hang_up(line);
        }
    }
    return n;
}

void line_wait(const struct line *line, bool readable, bool writable, uint32_t timeout_us)
{
    struct pollfd fds[2] = {
        {.fd = line->wake_fd, .events = POLLIN},
        {.fd = line->fd >= 0 ? line->fd : line->listen_fd,
         .events = (short)((readable ? POLLIN : 0) | (writable ? POLLOUT : 0))},
    };
    const struct timespec t = {.tv_sec = (time_t)(timeout_us / 1000000U),
                               .tv_nsec = (long)(timeout_us % 1000000U) * 1000L};
    (void)ppoll(fds, readable || writable ? 2 : 1, timeout_us != UINT32_MAX ? &t : NULL, NULL);
}

/* ---- what the host has set ---- */

uint32_t line_host_baud(const struct line *line)
{
    struct termios t;
    if (line->speaks_2217) {
        return line->telnet.baud;
    }
    return line->hold_fd >= 0 && tcgetattr(line->hold_fd, &t) == 0 ? baud_of(cfgetospeed(&t))
                                                                   : 0;
}

bool line_host_obeys_rts(const struct line *line)
{
    struct termios t;
    if (line->speaks_2217) {
        return line->telnet.hardware_flow;
    }
    return line->hold_fd < 0 ||
           (tcgetattr(line->hold_fd, &t) == 0 && (t.c_cflag & CRTSCTS) != 0);
}

bool line_host_rts(const struct line *line)
{
    return !line->speaks_2217 || line->fd < 0 || (line->telnet.rts && !line->telnet.suspended);
}

void line_show_rts(struct line *line, bool rts)
{
    if (line->speaks_2217 && line->fd >= 0) {
        rfc2217_set_cts(&line->telnet, rts);
        flush_telnet(line);
    }
}
