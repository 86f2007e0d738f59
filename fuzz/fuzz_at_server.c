/* SPDX-License-Identifier: MIT */
/* Any bytes to the server, fed whole and one by one: the same output, the same data.  0xFF and
 * a byte n in the input let n tenths of a second pass. */
#include "core/at_server.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t n);

struct device {
    struct fota_at_server at;
    struct fota_at_device port;
    uint32_t sum; /* of everything put out or handed over */
    uint32_t n_data;
};

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static void add(struct device *d, const void *bytes, size_t n)
{
    const uint8_t *at = bytes;
    for (size_t i = 0; i < n; i++) {
        d->sum = (d->sum ^ at[i]) * 16777619U;
    }
}

static void put(void *ctx, const char *bytes, size_t n)
{
    add(ctx, bytes, n);
}

static size_t data(void *ctx, const uint8_t *bytes, size_t n)
{
    struct device *d = ctx;
    require(n > 0);
    add(d, bytes, n);
    d->n_data += (uint32_t)n;
    return n;
}

static bool data_complete(void *ctx)
{
    return ((struct device *)ctx)->n_data == 20;
}

static enum fota_at_answer data_end(void *ctx, struct fota_at_server *s, bool timed_out)
{
    struct device *d = ctx;
    add(d, timed_out ? "t" : "e", 1);
    s->error = FOTA_E_TRUNCATED;
    return d->n_data == 20 ? FOTA_AT_PENDING : FOTA_AT_DONE_ERROR;
}

static const char *error_text(enum fota_err err)
{
    return fota_err_row(err)->text;
}

/* +SHOW: the arguments are a text of n_args characters. */
static enum fota_at_answer
on_show(struct fota_at_server *s, enum fota_at_form form, const char *args, size_t n_args)
{
    (void)form;
    require(strlen(args) == n_args && n_args <= FOTA_AT_LINE_MAX);
    fota_at_server_info(s, args);
    return FOTA_AT_DONE_OK;
}

static enum fota_at_answer
on_hex(struct fota_at_server *s, enum fota_at_form form, const char *args, size_t n_args)
{
    (void)form;
    require(n_args >= 1 && n_args <= FOTA_AT_CHUNK_MAX);
    add(s->device->ctx, args, n_args);
    return FOTA_AT_DONE_OK;
}

static enum fota_at_answer
on_answer(struct fota_at_server *s, enum fota_at_form form, const char *args, size_t n_args)
{
    (void)form;
    (void)n_args;
    s->error = FOTA_E_BUSY;
    ((struct device *)s->device->ctx)->n_data = 0;
    s->counted = (struct fota_at_counted){.ctx = s->device->ctx,
                                          .n_bytes = 11,
                                          .limit_ms = 2000,
                                          .limit_is_for_all = args[1] == 'a',
                                          .take = data,
                                          .end = data_end};
    return (enum fota_at_answer)(args[0] >= '0' && args[0] <= '7' ? args[0] - '0' : 0);
}

static const struct fota_at_command commands[] = {
    {"I", FOTA_AT_EXEC, on_show, NULL},
    {"+SHOW", FOTA_AT_EXEC | FOTA_AT_READ | FOTA_AT_WRITE | FOTA_AT_TEST, on_show, "+SHOW: x"},
    {"+QFAW", FOTA_AT_HEX, on_hex, NULL},
    {"+ANSWER", FOTA_AT_WRITE, on_answer, NULL},
};

static uint32_t outcome(const uint8_t *input, size_t n, size_t step)
{
    static struct device d;
    struct fota_at_settings settings;
    uint32_t now_ms = 0;
    memset(&d, 0, sizeof d);
    d.port = (struct fota_at_device){.ctx = &d,
                                     .commands = commands,
                                     .n_commands = sizeof commands / sizeof commands[0],
                                     .error_text = error_text,
                                     .put = put,
                                     .data = data,
                                     .data_complete = data_complete,
                                     .data_end = data_end};
    fota_at_settings_factory(&settings, 0);
    fota_at_server_init(&d.at, &d.port, &settings);
    for (size_t at = 0; at < n;) {
        if (input[at] == 0xFF && n - at > 1) {
            now_ms += input[at + 1] * 100U;
            fota_at_server_poll(&d.at, now_ms);
            at += 2;
            continue;
        }
        size_t run = 1;
        while (run < step && at + run < n && input[at + run] != 0xFF) {
            run++;
        }
        size_t taken = fota_at_server_feed(&d.at, input + at, run, now_ms);
        require(taken <= run && (taken == run || fota_at_server_is_pending(&d.at)));
        fota_at_server_finish(&d.at, d.sum % 2 == 0 ? FOTA_AT_DONE_OK : FOTA_AT_DONE_ERROR);
        at += taken;
    }
    return d.sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t n)
{
    uint32_t whole = outcome(input, n, SIZE_MAX);
    require(outcome(input, n, 1) == whole);
    require(outcome(input, n, 7) == whole);
    return 0;
}
