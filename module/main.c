/* SPDX-License-Identifier: MIT */
/* fota-module: the virtual module.  Links the device's code (core, the verifier's port, sim)
 * and nothing of the workstation's. */
#include "core/device.h"
#include "module/flash_file.h"
#include "module/modem.h"
#include "module/net_host.h"
#include "module/options.h"
#include "module/provision.h"
#include "module/public_key.h"
#include "module/run.h"
#include "module/uart.h"
#include "port/monocypher/monocypher_verifier.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_BYTES_MAX = 256 * 1024 * 1024 };

/* ---- messages ---- */

static enum fota_err complain(const char *what, enum fota_err err, const char *detail)
{
    const struct fota_err_row *row = fota_err_row(err);
    (void)fprintf(stderr, "fota-module: %s: %s%s%s\nremedy: %s\n", what, row->text,
                  detail != NULL ? ": " : "", detail != NULL ? detail : "", row->remedy);
    return err;
}

static const char *error_text(enum fota_err err)
{
    return fota_err_row(err)->text;
}

/* ---- provisioning ---- */

/* A whole file, with a terminator behind it.  The caller frees it.  A null pointer: errno. */
static uint8_t *read_file(const char *path, size_t *n_bytes)
{
    FILE *f = fopen(path, "rb");
    uint8_t *bytes = NULL;
    size_t n = 0;
    if (f == NULL) {
        return NULL;
    }
    for (size_t room = 0;;) {
        if (n == room) {
            room = room == 0 ? 65536 : room * 2;
            uint8_t *more = room > FILE_BYTES_MAX ? NULL : realloc(bytes, room + 1);
            if (more == NULL) {
                errno = EFBIG;
                break;
            }
            bytes = more;
        }
        errno = 0;
        size_t got = fread(bytes + n, 1, room - n, f);
        n += got;
        if (got == 0 && ferror(f) == 0) {
            (void)fclose(f);
            bytes[n] = '\0';
            *n_bytes = n;
            return bytes;
        }
        if (got == 0) {
            break;
        }
    }
    int why = errno != 0 ? errno : EIO;
    free(bytes);
    (void)fclose(f);
    errno = why;
    return NULL;
}

static enum fota_err load_keys(struct factory *f, const struct options *o)
{
    for (size_t i = 0; i < o->n_pub; i++) {
        size_t n = 0;
        uint8_t *pem = read_file(o->pub[i], &n);
        if (pem == NULL) {
            return complain(o->pub[i], FOTA_E_IO, strerror(errno));
        }
        enum fota_err err = public_key_parse(f->keys[i], (const char *)pem);
        free(pem);
        if (err != FOTA_OK) {
            return complain(o->pub[i], err, "not an Ed25519 public key");
        }
    }
    f->n_keys = o->n_pub;
    return FOTA_OK;
}

/* The profile's text: of the file, or of the simple layout. */
static enum fota_err load_profile_text(struct factory *f, const struct options *o)
{
    if (o->device == NULL) {
        fota_profile_simple(&f->profile, o->sector_bytes, o->scratch_sectors, o->n_slots,
                            o->slot_bytes);
        return factory_print_profile(&f->profile, f->profile_text);
    }
    size_t n = 0;
    uint8_t *text = read_file(o->device, &n);
    if (text == NULL) {
        return complain(o->device, FOTA_E_IO, strerror(errno));
    }
    if (n > FACTORY_PROFILE_MAX || memchr(text, '\0', n) != NULL) {
        free(text);
        return complain(o->device, FOTA_E_PROFILE, "not a text of at most 4 KiB");
    }
    memcpy(f->profile_text, text, n + 1);
    free(text);
    return FOTA_OK;
}

static enum fota_err load_profile(struct factory *f, const struct options *o)
{
    enum fota_err err = load_profile_text(f, o);
    if (err != FOTA_OK) {
        return err;
    }
    struct fota_profile_fault fault = {0};
    err = fota_profile_parse(&f->profile, f->profile_text, strlen(f->profile_text), &fault);
    if (err == FOTA_OK) {
        err = fota_profile_check(&f->profile, &fault);
    }
    if (err != FOTA_OK) {
        char where[128];
        (void)snprintf(where, sizeof where, fault.line != 0 ? "%s, line %u" : "%s",
                       fault.reason, fault.line);
        return complain(o->device != NULL ? o->device : "--sector, --scratch, --slots", err,
                        where);
    }
    return FOTA_OK;
}

/* Write the new flash file beside its place, then put it there: an old one stays whole. */
static enum fota_err write_and_rename(const char *path, const struct provision *p)
{
    char temporary[4096];
    int n = snprintf(temporary, sizeof temporary, "%s.new", path);
    if (n < 0 || (size_t)n >= sizeof temporary) {
        return complain(path, FOTA_E_IO, "name too long");
    }
    int fd = open(temporary, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0) {
        return complain(temporary, FOTA_E_IO, strerror(errno));
    }
    enum fota_err err = provision(fd, p);
    int why = errno;
    if (close(fd) != 0 && err == FOTA_OK) {
        err = FOTA_E_IO;
    }
    if (err == FOTA_OK && rename(temporary, path) != 0) {
        why = errno;
        err = FOTA_E_IO;
    }
    if (err != FOTA_OK) {
        (void)unlink(temporary);
        return complain(path, err, err == FOTA_E_IO ? strerror(why) : NULL);
    }
    return FOTA_OK;
}

/* Signals that end the program wait until the file is either there or gone. */
static enum fota_err write_flash_file(const char *path, const struct provision *p)
{
    sigset_t all;
    sigset_t before;
    (void)sigfillset(&all);
    (void)sigprocmask(SIG_BLOCK, &all, &before);
    enum fota_err err = write_and_rename(path, p);
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    return err;
}

/* An existing flash file is replaced with -f only, and never under a running module. */
static enum fota_err check_replace(const struct options *o)
{
    int fd = open(o->flash, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return errno == ENOENT ? FOTA_OK : complain(o->flash, FOTA_E_IO, strerror(errno));
    }
    bool in_use = flock(fd, LOCK_EX | LOCK_NB) != 0;
    (void)close(fd);
    if (!o->force) {
        return complain(o->flash, FOTA_E_EXISTS, NULL);
    }
    return in_use ? complain(o->flash, FOTA_E_IO, "in use by another module") : FOTA_OK;
}

static enum fota_err make_module(const struct options *o)
{
    enum fota_err err = check_replace(o);
    if (err != FOTA_OK) {
        return err;
    }
    struct provision p = {.version = o->version, .security_counter = o->security_counter};
    (void)snprintf(p.factory.product, sizeof p.factory.product, "%s", o->product);
    (void)snprintf(p.factory.vendor, sizeof p.factory.vendor, "%s", o->vendor);
    (void)snprintf(p.factory.brand, sizeof p.factory.brand, "%s", o->brand);
    (void)snprintf(p.factory.model, sizeof p.factory.model, "%s", o->model);
    (void)snprintf(p.factory.serial, sizeof p.factory.serial, "%s", o->serial);
    err = load_keys(&p.factory, o);
    if (err == FOTA_OK) {
        err = load_profile(&p.factory, o);
    }
    if (err != FOTA_OK) {
        return err;
    }
    size_t n = 0;
    uint8_t *image = read_file(o->init, &n);
    if (image == NULL) {
        return complain(o->init, FOTA_E_IO, strerror(errno));
    }
    p.image = image;
    p.image_bytes = (uint32_t)n; /* at most FILE_BYTES_MAX */
    err =
        n > 0 ? write_flash_file(o->flash, &p) : complain(o->init, FOTA_E_IMAGE, "it is empty");
    free(image);
    return err;
}

/* ---- running ---- */

static volatile sig_atomic_t stop;
static int wake_pipe[2] = {-1, -1};

static void on_signal(int number)
{
    (void)number;
    int saved = errno;
    stop = 1;
    (void)!write(wake_pipe[1], "", 1);
    errno = saved;
}

static bool catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    return pipe(wake_pipe) == 0 && fcntl(wake_pipe[1], F_SETFL, O_NONBLOCK) == 0 &&
           sigaction(SIGINT, &action, NULL) == 0 && sigaction(SIGTERM, &action, NULL) == 0 &&
           sigaction(SIGHUP, &action, NULL) == 0 && sigaction(SIGPIPE, &ignore, NULL) == 0;
}

/* Open the flash file, alone, and read its factory page. */
static enum fota_err open_flash(const char *path, int *fd, struct factory *f)
{
    char page[FACTORY_BYTES];
    struct stat st;
    const char *reason = NULL;
    *fd = open(path, O_RDWR | O_CLOEXEC);
    if (*fd < 0) {
        return complain(path, FOTA_E_IO, strerror(errno));
    }
    if (flock(*fd, LOCK_EX | LOCK_NB) != 0) {
        return complain(path, FOTA_E_IO, "in use by another module");
    }
    if (pread(*fd, page, sizeof page, 0) != (ssize_t)sizeof page) {
        return complain(path, FOTA_E_IO, "too short for a flash file");
    }
    enum fota_err err = factory_parse(f, page, &reason);
    if (err != FOTA_OK) {
        return complain(path, FOTA_E_IO, reason);
    }
    if (fstat(*fd, &st) != 0 || (uint64_t)st.st_size != flash_file_bytes(&f->profile)) {
        return complain(path, FOTA_E_IO, "its length is not what its profile says");
    }
    return FOTA_OK;
}

static enum fota_err open_line(struct line *line, const struct options *o)
{
    const char *address = o->rfc2217 != NULL ? o->rfc2217 : o->listen;
    enum fota_err err = o->tty != NULL
                            ? line_open_tty(line, o->tty, o->uart.baud, wake_pipe[0])
                            : line_open_tcp(line, address, o->rfc2217 != NULL, wake_pipe[0]);
    if (err != FOTA_OK) {
        return complain(o->tty != NULL ? o->tty : address, err,
                        err == FOTA_E_USAGE ? "give HOST:PORT" : strerror(errno));
    }
    (void)printf(o->tty != NULL ? "module on %s -> %s\n" : "module on %s%s\n",
                 o->tty != NULL ? o->tty : "", line->name);
    (void)fflush(stdout);
    return FOTA_OK;
}

static void be_busy(void *ctx, uint32_t us)
{
    uart_busy(ctx, us);
}

static enum fota_err
run_module(const struct options *o, struct flash_file *file, const struct factory *f)
{
    struct fota_trusted_keys keys = {.keys = f->keys, .n_keys = f->n_keys};
    const struct fota_verifier verifier = fota_monocypher_verifier(&keys);
    struct fota_device device = {
        .verifier = &verifier,
        .product = f->product,
        .decoder_bytes = f->profile.decoder_bytes,
        .vendor = f->vendor,
        .brand = f->brand,
        .model = f->model,
        .serial = f->serial,
        .baud = o->uart.baud,
        .error_text = error_text,
    };
    flash_file_areas(file, &f->profile, device.area);

    static struct modem modem;
    struct net_host host;
    const struct net net = net_host_init(&host);
    modem_init(&modem, &net);
    device.commands = modem_commands;
    device.n_commands = modem_n_commands;
    device.commands_ctx = &modem;

    static struct uart uart;
    enum fota_err err = open_line(&uart.line, o);
    if (err != FOTA_OK) {
        return err;
    }
    uart_init(&uart, &o->uart, o->flow);
    file->erase_us = o->erase_us;
    file->program_us = o->program_us;
    file->busy = be_busy;
    file->busy_ctx = &uart;
    const struct module m = {.device = &device,
                             .uart = &uart,
                             .modem = &modem,
                             .stop = &stop,
                             .confirm = o->confirm,
                             .verbose = o->verbose};
    err = module_run(&m);
    line_close(&uart.line);
    modem_close(&modem);
    net_host_close(&host);
    return err == FOTA_OK ? FOTA_OK : complain("fota-module", err, NULL);
}

static enum fota_err run(const struct options *o, int fd, const struct factory *f)
{
    struct flash_file file;
    enum fota_err err = flash_file_open(&file, fd, &f->profile);
    if (err == FOTA_OK) {
        file.power.cut_at = o->cut_at;
        file.power.when = o->cut;
        file.power.seed = o->seed;
        err = run_module(o, &file, f);
    } else {
        (void)complain(o->flash, err, strerror(errno));
    }
    if (o->verbose) {
        (void)fprintf(stderr, "fota-module: %llu flash operations\n",
                      (unsigned long long)file.power.n_ops);
    }
    flash_file_close(&file);
    return err;
}

int main(int argc, char **argv)
{
    struct options o;
    enum fota_err err = options_parse(&o, argc, argv);
    if (err != FOTA_OK) {
        return (int)fota_err_code(err);
    }
    if (o.help) {
        options_help();
        return 0;
    }
    if (o.init != NULL) {
        err = make_module(&o);
    }
    int fd = -1;
    struct factory factory;
    if (err == FOTA_OK) {
        err = open_flash(o.flash, &fd, &factory);
    }
    if (err == FOTA_OK && !catch_signals()) {
        err = complain("fota-module", FOTA_E_IO, strerror(errno));
    }
    if (err == FOTA_OK) {
        err = run(&o, fd, &factory);
    }
    return (int)fota_err_code(err);
}
