/* SPDX-License-Identifier: MIT */
#include "tool/send_view.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    BAR_WIDTH = 30,
    DRAW_MS = 100,
    PERCENT_STEP = 10, /* of plain lines */
};

uint32_t fota_now_ms(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint32_t)t.tv_sec * 1000U + (uint32_t)(t.tv_nsec / 1000000);
}

void fota_send_view_init(struct fota_send_view *view, const struct fota_cli *cli,
                         uint32_t total_bytes)
{
    memset(view, 0, sizeof *view);
    view->cli = cli;
    view->total_bytes = total_bytes;
    view->bar = isatty(STDOUT_FILENO) != 0 && !cli->verbose;
    view->begin_ms = fota_now_ms();
}

static bool is_silent(const struct fota_send_view *view)
{
    return view->cli->quiet || view->cli->json;
}

void fota_send_view_end(struct fota_send_view *view)
{
    if (view->bar_shown) {
        (void)fputc('\n', stdout);
        view->bar_shown = false;
    }
    (void)fflush(stdout);
}

/* A line of its own. */
__attribute__((format(printf, 2, 3))) static void
say(struct fota_send_view *view, const char *format, ...)
{
    if (is_silent(view)) {
        return;
    }
    fota_send_view_end(view);
    va_list args;
    va_start(args, format);
    (void)vprintf(format, args);
    va_end(args);
    (void)fputc('\n', stdout);
    (void)fflush(stdout);
}

static void
draw(struct fota_send_view *view, const char *what, uint32_t percent, const char *more)
{
    char bar[BAR_WIDTH + 1];
    uint32_t full = percent * BAR_WIDTH / 100;
    for (uint32_t i = 0; i < BAR_WIDTH; i++) {
        bar[i] = i < full ? '#' : '.';
    }
    bar[BAR_WIDTH] = '\0';
    (void)printf("\r%s [%s] %3lu %%%s\033[K", what, bar, (unsigned long)percent, more);
    (void)fflush(stdout);
    view->bar_shown = true;
}

/* Bytes a second of this transfer, 0: not yet known. */
static uint32_t rate(const struct fota_send_view *view)
{
    uint32_t ms = fota_now_ms() - view->sent_begin_ms;
    uint32_t bytes = view->sent_bytes - view->sent_from;
    return ms > 0 ? (uint32_t)((uint64_t)bytes * 1000U / ms) : 0;
}

static void draw_sending(struct fota_send_view *view)
{
    uint32_t now = fota_now_ms();
    if (view->sent_bytes < view->total_bytes && now - view->drawn_ms < DRAW_MS) {
        return;
    }
    view->drawn_ms = now;
    char more[80];
    uint32_t bytes_s = rate(view);
    uint32_t left_s = bytes_s > 0 ? (view->total_bytes - view->sent_bytes) / bytes_s : 0;
    (void)snprintf(more, sizeof more, "  %.1f kB/s, %lu:%02lu left", bytes_s / 1000.0,
                   (unsigned long)(left_s / 60), (unsigned long)(left_s % 60));
    draw(view, "sending ", (uint32_t)((uint64_t)view->sent_bytes * 100U / view->total_bytes),
         bytes_s > 0 ? more : "");
}

static void on_sent(struct fota_send_view *view, uint32_t sent)
{
    if (!view->sending || sent < view->sent_bytes) {
        view->sending = true;
        view->sent_begin_ms = fota_now_ms();
        view->sent_from = view->resumed_off <= sent ? view->resumed_off : sent;
    }
    if (!view->began) {
        view->began = true;
        view->first_from = view->sent_from;
    }
    view->sent_bytes = sent;
    if (view->bar && !is_silent(view)) {
        draw_sending(view);
    }
}

static void on_accepted(struct fota_send_view *view)
{
    if (view->accepted) {
        return;
    }
    view->accepted = true;
    view->brought_ms = fota_now_ms() - view->begin_ms;
    say(view, "sent %lu bytes, %.1f kB/s", (unsigned long)(view->sent_bytes - view->sent_from),
        rate(view) / 1000.0);
    say(view, "accepted: the module reboots and updates itself");
}

void fota_send_view_lost(struct fota_send_view *view, const char *port, bool back)
{
    say(view, back ? "%s is there again" : "%s is gone: waiting for it", port);
}

double fota_send_view_efficiency(const struct fota_send_view *view)
{
    uint32_t brought = view->began ? view->total_bytes - view->first_from : 0;
    return view->line_bytes > 0 ? brought / (double)view->line_bytes : 0;
}

static void on_percent(struct fota_send_view *view, uint32_t percent)
{
    view->percent = percent;
    if (is_silent(view) || view->cli->verbose) {
        return;
    }
    if (view->bar) {
        draw(view, "updating", percent, "");
    } else if (percent == 100 || percent - view->percent_told >= PERCENT_STEP) {
        view->percent_told = percent;
        say(view, "updating: %lu %%", (unsigned long)percent);
    }
}

static void keep(char *dst, size_t size, const char *text)
{
    (void)snprintf(dst, size, "%s", text);
}

void fota_send_view_event(void *ctx, enum fota_client_event event, uint32_t number,
                          const char *text)
{
    struct fota_send_view *view = ctx;
    switch (event) {
    case FOTA_CLIENT_VERSION_BEFORE:
        keep(view->version_before, sizeof view->version_before, text);
        say(view, "version before: %s", text[0] != '\0' ? text : "(none shown)");
        return;
    case FOTA_CLIENT_FETCH:
        say(view, "the module fetches the package");
        return;
    case FOTA_CLIENT_SOURCE:
        view->total_bytes = number;
        say(view, "the module has it: %lu bytes", (unsigned long)number);
        return;
    case FOTA_CLIENT_MODE:
        keep(view->mode, sizeof view->mode, text);
        say(view, "mode: AT+%s", text);
        return;
    case FOTA_CLIENT_RESUMED:
        view->resumed_off = number;
        view->sending = false;
        say(view, "resumed at byte %lu of %lu", (unsigned long)number,
            (unsigned long)view->total_bytes);
        return;
    case FOTA_CLIENT_SENT:
        on_sent(view, number);
        return;
    case FOTA_CLIENT_ACCEPTED:
        on_accepted(view);
        return;
    case FOTA_CLIENT_PERCENT:
        on_percent(view, number);
        return;
    case FOTA_CLIENT_STATUS:
        say(view, "module reports: status=%lu", (unsigned long)number);
        return;
    case FOTA_CLIENT_READY:
        say(view, "module has started again");
        return;
    case FOTA_CLIENT_VERSION_AFTER:
        keep(view->version_after, sizeof view->version_after, text);
        say(view, "version after: %s", text[0] != '\0' ? text : "(none shown)");
        return;
    case FOTA_CLIENT_ERROR_TEXT:
        keep(view->error_text, sizeof view->error_text, text);
        return;
    case FOTA_CLIENT_LINE:
        if (view->cli->verbose) {
            say(view, "< %s", text);
        }
        return;
    }
}
