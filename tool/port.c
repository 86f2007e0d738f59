/* SPDX-License-Identifier: MIT */
#include "tool/port.h"
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static enum fota_err no_port(struct fota_port *port, struct fota_fault *fault, const char *why)
{
    int saved = errno;
    if (port->fd >= 0) {
        (void)close(port->fd);
    }
    port->fd = -1;
    return fota_fault_set(fault, FOTA_E_PORT, port->name, "%s",
                          why != NULL ? why : strerror(saved));
}

/* ---- terminals ---- */

static const struct {
    uint32_t baud;
    speed_t speed;
} speeds[] = {
    {1200, B1200},     {2400, B2400},     {4800, B4800},     {9600, B9600},
    {19200, B19200},   {38400, B38400},   {57600, B57600},   {115200, B115200},
    {230400, B230400}, {460800, B460800}, {921600, B921600},
};

static const speed_t *find_speed(uint32_t baud)
{
    for (size_t i = 0; i < sizeof speeds / sizeof speeds[0]; i++) {
        if (speeds[i].baud == baud) {
            return &speeds[i].speed;
        }
    }
    return NULL;
}

/* Whether a sender is stopped before bytes are lost.  A pseudo-terminal has no modem lines:
 * there the writer waits for the reader. */
static bool stops_sender(int fd)
{
    struct termios t;
    int lines = 0;
    if (ioctl(fd, TIOCMGET, &lines) != 0) {
        return true;
    }
    return tcgetattr(fd, &t) == 0 && (t.c_cflag & CRTSCTS) != 0;
}

static bool set_raw(struct fota_port *port, speed_t speed)
{
    if (tcgetattr(port->fd, &port->saved) != 0) {
        return false;
    }
    struct termios t = port->saved;
    cfmakeraw(&t);
    t.c_cflag &= ~(tcflag_t)(CSTOPB | PARENB);
    t.c_cflag |= CLOCAL | CREAD | CRTSCTS;
    t.c_cc[VMIN] = 1;
    t.c_cc[VTIME] = 0;
    return cfsetispeed(&t, speed) == 0 && cfsetospeed(&t, speed) == 0 &&
           tcsetattr(port->fd, TCSANOW, &t) == 0 && tcflush(port->fd, TCIFLUSH) == 0;
}

static enum fota_err open_tty(struct fota_port *port, uint32_t baud, struct fota_fault *fault)
{
    const speed_t *speed = find_speed(baud);
    if (speed == NULL) {
        return fota_fault_set(fault, FOTA_E_USAGE, NULL, "no such rate: %lu baud",
                              (unsigned long)baud);
    }
    port->fd = open(port->name, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (port->fd < 0) {
        return no_port(port, fault, NULL);
    }
    if (isatty(port->fd) == 0) {
        return no_port(port, fault, "not a terminal");
    }
    if (flock(port->fd, LOCK_EX | LOCK_NB) != 0) {
        return no_port(port, fault, "in use by another program");
    }
    if (!set_raw(port, *speed)) {
        return no_port(port, fault, NULL);
    }
    port->is_tty = true;
    port->has_flow_control = stops_sender(port->fd);
    return FOTA_OK;
}

/* ---- TCP ---- */

/* The address in `name`, a null pointer when it names a terminal. */
static const char *tcp_address(const char *name)
{
    static const char scheme[] = "tcp://";
    if (strncmp(name, scheme, sizeof scheme - 1) == 0) {
        return name + sizeof scheme - 1;
    }
    return strchr(name, '/') == NULL && strchr(name, ':') != NULL && access(name, F_OK) != 0
               ? name
               : NULL;
}

static bool connect_to(int *fd, const struct addrinfo *info)
{
    *fd = socket(info->ai_family, info->ai_socktype, info->ai_protocol);
    if (*fd < 0) {
        return false;
    }
    int yes = 1;
    (void)setsockopt(*fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes); /* a dialogue */
    if (connect(*fd, info->ai_addr, info->ai_addrlen) == 0 &&
        fcntl(*fd, F_SETFL, O_NONBLOCK) == 0 && fcntl(*fd, F_SETFD, FD_CLOEXEC) == 0) {
        return true;
    }
    int why = errno;
    (void)close(*fd);
    *fd = -1;
    errno = why;
    return false;
}

static enum fota_err
open_tcp(struct fota_port *port, const char *address, struct fota_fault *fault)
{
    char host[256];
    const char *colon = strrchr(address, ':');
    size_t n = colon != NULL ? (size_t)(colon - address) : 0;
    bool brackets = n >= 2 && address[0] == '[' && address[n - 1] == ']';
    size_t edge = brackets ? 1 : 0;
    if (colon == NULL || n == 0 || n >= sizeof host || colon[1] == '\0') {
        return no_port(port, fault, "give HOST:PORT");
    }
    memcpy(host, address + edge, n - 2 * edge);
    host[n - 2 * edge] = '\0';
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL;
    int error = getaddrinfo(host, colon + 1, &hints, &list);
    if (error != 0) {
        return no_port(port, fault, gai_strerror(error));
    }
    bool connected = false;
    for (const struct addrinfo *i = list; i != NULL && !connected; i = i->ai_next) {
        connected = connect_to(&port->fd, i);
    }
    freeaddrinfo(list);
    if (!connected) {
        return no_port(port, fault, NULL);
    }
    port->has_flow_control = true;
    return FOTA_OK;
}

/* ---- both ---- */

enum fota_err fota_port_open(struct fota_port *port, const char *name, uint32_t baud,
                             struct fota_fault *fault)
{
    *port = (struct fota_port){.fd = -1, .name = name};
    const char *address = tcp_address(name);
    return address != NULL ? open_tcp(port, address, fault) : open_tty(port, baud, fault);
}

void fota_port_close(struct fota_port *port)
{
    if (port->fd >= 0) {
        if (port->is_tty) {
            (void)tcsetattr(port->fd, TCSANOW, &port->saved);
        }
        (void)close(port->fd);
        port->fd = -1;
    }
}

void fota_port_wait(const struct fota_port *port, bool writable, int timeout_ms)
{
    struct pollfd fd = {.fd = port->fd,
                        .events = (short)(writable ? POLLIN | POLLOUT : POLLIN)};
    (void)poll(&fd, 1, timeout_ms);
}

/* The result of a read or write. */
static enum fota_err
moved(const struct fota_port *port, ssize_t done, size_t *n, struct fota_fault *fault)
{
    *n = done > 0 ? (size_t)done : 0;
    if (done >= 0 || errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) {
        return FOTA_OK;
    }
    return fota_fault_set(fault, FOTA_E_LINK, port->name, "%s", strerror(errno));
}

enum fota_err fota_port_read(const struct fota_port *port, uint8_t *bytes, size_t n_max,
                             size_t *n, struct fota_fault *fault)
{
    ssize_t done = read(port->fd, bytes, n_max);
    if (done == 0) {
        return fota_fault_set(fault, FOTA_E_LINK, port->name, "closed by the other end");
    }
    return moved(port, done, n, fault);
}

enum fota_err fota_port_write(const struct fota_port *port, const uint8_t *bytes,
                              size_t n_bytes, size_t *n, struct fota_fault *fault)
{
    return moved(port, write(port->fd, bytes, n_bytes), n, fault);
}
