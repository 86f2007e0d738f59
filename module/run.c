/* SPDX-License-Identifier: MIT */
#include "module/run.h"
#include "core/app.h"
#include "core/boot.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* How often the application is polled when nothing comes in: it has silences to measure. */
enum {
    TICK_MS = 50,
    NETWORK_MS = 2, /* while a file or a connection is at work */
};

/* How a program ends. */
enum end {
    END_RESET,
    END_START,   /* boot loader: start the application */
    END_RECOVER, /* boot loader: stay, and answer AT commands */
    END_STOP,    /* the process is to end */
};

static void put(void *ctx, const char *bytes, size_t n)
{
    line_write(ctx, bytes, n);
}

static uint32_t now_ms(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint32_t)t.tv_sec * 1000U + (uint32_t)(t.tv_nsec / 1000000);
}

static void tell(const struct module *m, const char *what)
{
    if (m->verbose) {
        (void)fprintf(stderr, "fota-module: %s\n", what);
    }
}

/* ---- boot loader ---- */

/* What arrives while the boot loader works is lost: nobody reads the UART. */
static void drop_input(const struct module *m)
{
    uint8_t bytes[256];
    (void)line_read(m->line, bytes, sizeof bytes, 0);
}

static enum end boot(const struct module *m, void *work)
{
    struct fota_boot b;
    fota_boot_init(&b, m->device, put, m->line, work);
    enum fota_boot_next next = FOTA_BOOT_AGAIN;
    while (next == FOTA_BOOT_AGAIN) {
        if (*m->stop != 0) {
            return END_STOP;
        }
        next = fota_boot_poll(&b);
        drop_input(m);
    }
    switch (next) {
    case FOTA_BOOT_START:
        return END_START;
    case FOTA_BOOT_RECOVER:
        return END_RECOVER;
    case FOTA_BOOT_AGAIN:
    case FOTA_BOOT_RESET:
        break;
    }
    return END_RESET;
}

/* ---- application ---- */

/* Bytes received and not yet taken. */
struct inbox {
    uint8_t bytes[1024];
    size_t n;
};

static bool feed(struct fota_app *app, struct inbox *in)
{
    size_t taken = fota_app_feed(app, in->bytes, in->n, now_ms());
    in->n -= taken;
    memmove(in->bytes, in->bytes + taken, in->n);
    return taken > 0;
}

static enum end application(const struct module *m, bool recovery)
{
    struct fota_app app;
    struct inbox in = {.n = 0};
    struct fota_device device = *m->device;
    if (recovery) { /* the boot loader's commands are those of the update alone */
        device.n_commands = 0;
    }
    modem_reset(m->modem);
    fota_app_init(&app, &device, recovery, put, m->line);
    fota_app_ready(&app);
    tell(m, recovery ? "no valid firmware: the boot loader answers AT commands"
                     : "application started");
    int timeout_ms = 0;
    while (*m->stop == 0) {
        in.n += line_read(m->line, in.bytes + in.n, sizeof in.bytes - in.n, timeout_ms);
        bool fed = in.n > 0 && feed(&app, &in);
        switch (fota_app_poll(&app, now_ms())) {
        case FOTA_APP_AGAIN:
            timeout_ms = 0;
            break;
        case FOTA_APP_IDLE:
            timeout_ms = fed ? 0 : TICK_MS;
            break;
        case FOTA_APP_RESET:
            return END_RESET;
        }
        if (modem_poll(m->modem, &app.at) && timeout_ms > NETWORK_MS) {
            timeout_ms = NETWORK_MS;
        }
    }
    return END_STOP;
}

/* ---- power ---- */

enum fota_err module_run(const struct module *m)
{
    void *work = malloc(m->device->decoder_bytes);
    if (work == NULL) {
        return FOTA_E_NOMEM;
    }
    enum end end = END_RESET;
    while (end != END_STOP) {
        memset(work, 0xA5, m->device->decoder_bytes); /* nothing in RAM outlives a reset */
        end = boot(m, work);
        if (end == END_START) {
            end = application(m, false);
        } else if (end == END_RECOVER) {
            end = application(m, true);
        }
        if (end == END_RESET) {
            tell(m, "reset");
        }
    }
    free(work);
    return FOTA_OK;
}
