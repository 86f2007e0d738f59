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
    uart_write(ctx, bytes, n);
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

static void tell_line(const struct module *m)
{
    if (m->verbose) {
        (void)fprintf(stderr, "fota-module: %llu bytes received, %llu lost\n",
                      (unsigned long long)m->uart->model.n_received,
                      (unsigned long long)m->uart->model.n_lost);
    }
}

/* ---- boot loader ---- */

/* What arrives while the boot loader works is lost: nobody reads the UART. */
static void drop_input(const struct module *m)
{
    const uint8_t *bytes = NULL;
    uart_wait(m->uart, 0);
    for (size_t n = 0; (n = uart_received(m->uart, &bytes)) > 0;) {
        uart_take(m->uart, n);
    }
}

static enum end boot(const struct module *m, void *work)
{
    struct fota_boot b;
    fota_boot_init(&b, m->device, put, m->uart, work);
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

/* AT+IPR and AT+IFC are in force behind the result code. */
static void obey_settings(const struct module *m, const struct fota_app *app)
{
    const struct fota_at_settings *s = fota_app_settings(app);
    uart_set(m->uart, s->ipr, s->ifc_dce, s->ifc_dte);
}

static bool feed(const struct module *m, struct fota_app *app)
{
    const uint8_t *bytes = NULL;
    size_t n = uart_received(m->uart, &bytes);
    size_t taken = n > 0 ? fota_app_feed(app, bytes, n, now_ms()) : 0;
    uart_take(m->uart, taken);
    return taken > 0;
}

static enum end application(const struct module *m, bool recovery)
{
    struct fota_app app;
    struct fota_device device = *m->device;
    if (recovery) { /* the boot loader's commands are those of the update alone */
        device.n_commands = 0;
    }
    modem_reset(m->modem);
    fota_app_init(&app, &device, recovery, put, m->uart);
    obey_settings(m, &app);
    fota_app_ready(&app);
    if (m->confirm) {
        (void)!fota_app_confirm(&app);
    }
    tell(m, recovery ? "no valid firmware: the boot loader answers AT commands"
                     : "application started");
    int timeout_ms = 0;
    while (*m->stop == 0) {
        uart_wait(m->uart, timeout_ms);
        bool fed = feed(m, &app);
        enum fota_app_next next = fota_app_poll(&app, now_ms());
        obey_settings(m, &app);
        switch (next) {
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
        uart_flush(m->uart);
        if (end == END_RESET) {
            tell(m, "reset");
        }
    }
    tell_line(m);
    free(work);
    return FOTA_OK;
}
