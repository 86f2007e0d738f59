/* SPDX-License-Identifier: MIT */
#include "tool/open_source.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum source_option {
    OPTION_CA = FOTA_SOURCE_OPTION_FIRST,
    OPTION_MAX_BYTES,
    OPTION_TRIES,
    OPTION_TIMEOUT,
    OPTION_PRODUCT,
    OPTION_FROM_VERSION,
};

#define MS_PER_SECOND 1000U

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
    (void)number;
    stop = 1;
}

const volatile sig_atomic_t *fota_open_source_stop(void)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    action.sa_flags = (int)SA_RESETHAND; /* a second Ctrl-C ends at once */
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    action.sa_handler = SIG_IGN; /* a broken connection is told by the write */
    action.sa_flags = 0;
    (void)sigaction(SIGPIPE, &action, NULL);
    return &stop;
}

static int take_number(const struct fota_cli *cli, const char *name, uint32_t *value,
                       uint32_t least, uint32_t most)
{
    if (fota_cli_number(value, optarg, least, most)) {
        return 1;
    }
    (void)fota_cli_usage(cli, "%s wants a number from %u to %u", name, (unsigned)least,
                         (unsigned)most);
    return -1;
}

int fota_open_source_option(const struct fota_cli *cli, struct fota_source_options *options,
                            int option)
{
    int taken = 1;
    switch (option) {
    case OPTION_CA:
        options->ca_file = optarg;
        break;
    case OPTION_MAX_BYTES:
        taken = take_number(cli, "--max-bytes", &options->max_bytes, 1, INT32_MAX);
        break;
    case OPTION_TRIES:
        taken = take_number(cli, "--tries", &options->tries, 1, 1000);
        break;
    case OPTION_TIMEOUT:
        taken = take_number(cli, "--timeout", &options->stall_ms, 1, 3600);
        options->stall_ms *= MS_PER_SECOND;
        options->connect_ms = options->stall_ms;
        break;
    case OPTION_PRODUCT:
        options->wanted.product = optarg;
        break;
    case OPTION_FROM_VERSION:
        options->wanted.version = optarg;
        break;
    default:
        taken = 0;
        break;
    }
    return taken;
}

struct view {
    bool quiet;
    bool verbose;
    bool terminal; /* a line that is written over */
    bool open_line;
    uint32_t percent;
};

static void show(void *ctx, uint32_t have, uint32_t total, const char *text)
{
    struct view *view = ctx;
    if (text != NULL && view->verbose) {
        (void)fprintf(stderr, "%sfota: at byte %u: %s\n", view->open_line ? "\n" : "",
                      (unsigned)have, text);
        view->open_line = false;
    }
    if (view->quiet || !view->terminal || total == 0) {
        return;
    }
    const uint32_t percent = (uint32_t)((uint64_t)have * 100U / total);
    if (percent != view->percent) {
        view->percent = percent;
        view->open_line = true;
        (void)fprintf(stderr, "\rfetching: %u %%", (unsigned)percent);
    }
}

enum fota_err
fota_open_source(const struct fota_cli *cli, struct fota_source *source, const char *url,
                 struct fota_source_options *options, struct fota_fault *fault)
{
    struct view view = {cli->quiet, cli->verbose, isatty(STDERR_FILENO) != 0, false, 101};
    options->report = show;
    options->report_ctx = &view;
    options->stop = fota_open_source_stop();
    const enum fota_err err = fota_source_open(source, url, options);
    options->report = NULL;
    if (view.open_line) {
        (void)fputc('\n', stderr);
    }
    return err == FOTA_OK ? FOTA_OK
                          : fota_fault_set(fault, err, source->place, "%s", source->detail);
}
