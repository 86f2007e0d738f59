/* SPDX-License-Identifier: MIT */
#include "tool/passphrase.h"
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* One line from `fd` without its end.  Its length, -1 (errno), or FOTA_PASSPHRASE_MAX: too
 * long.  Byte by byte: nothing of it stays in a buffer of the library. */
static ssize_t read_line(int fd, char text[FOTA_PASSPHRASE_MAX])
{
    size_t n = 0;
    for (;;) {
        char c;
        const ssize_t got = read(fd, &c, 1);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return -1;
        if (got == 0 || c == '\n') break;
        if (n == FOTA_PASSPHRASE_MAX - 1) return FOTA_PASSPHRASE_MAX;
        text[n++] = c;
    }
    if (n != 0 && text[n - 1] == '\r') n--;
    text[n] = '\0';
    return (ssize_t)n;
}

static enum fota_err judge(ssize_t n, const char *where, struct fota_fault *fault)
{
    if (n < 0) return fota_fault_set(fault, FOTA_E_IO, where, "%s", strerror(errno));
    if (n == 0) return fota_fault_set(fault, FOTA_E_KEY, where, "empty passphrase");
    if (n < FOTA_PASSPHRASE_MAX) return FOTA_OK;
    return fota_fault_set(fault, FOTA_E_KEY, where, "passphrase of more than %u bytes",
                          FOTA_PASSPHRASE_MAX - 1);
}

static enum fota_err
read_from_file(const char *file, char text[FOTA_PASSPHRASE_MAX], struct fota_fault *fault)
{
    const int fd = open(file, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return fota_fault_set(fault, FOTA_E_IO, file, "%s", strerror(errno));
    const enum fota_err err = judge(read_line(fd, text), file, fault);
    (void)close(fd);
    return err;
}

/* OpenSSL asks at the terminal without echo; Ctrl-C ends the program with echo restored. */
static enum fota_err ask_terminal(const char *what, const char *path, bool twice,
                                  char text[FOTA_PASSPHRASE_MAX], struct fota_fault *fault)
{
    char prompt[160];
    const int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) {
        return fota_fault_set(fault, FOTA_E_KEY, path,
                              "it wants a passphrase, and there is no terminal to ask at "
                              "(--passphrase-file)");
    }
    (void)close(fd);
    (void)snprintf(prompt, sizeof prompt, "%s %.100s: ", what, path);
    if (EVP_read_pw_string_min(text, 1, FOTA_PASSPHRASE_MAX - 1, prompt, twice) == 0)
        return FOTA_OK;
    return fota_fault_set(fault, FOTA_E_KEY, path,
                          "no passphrase entered, or two different ones");
}

static enum fota_err
ask(const void *ctx, const char *path, char text[FOTA_PASSPHRASE_MAX], struct fota_fault *fault)
{
    const char *file = ctx;
    if (file != NULL) return read_from_file(file, text, fault);
    return ask_terminal("passphrase of", path, false, text, fault);
}

struct fota_passphrase fota_passphrase_from(const char *file)
{
    return (struct fota_passphrase){ask, file};
}

enum fota_err fota_passphrase_choose(const char *file, const char *path,
                                     char text[FOTA_PASSPHRASE_MAX], struct fota_fault *fault)
{
    if (file != NULL) return read_from_file(file, text, fault);
    return ask_terminal("new passphrase of", path, true, text, fault);
}
