/* SPDX-License-Identifier: MIT */
/* fota send: the AT client of core/ over a serial port or TCP. */
#include "core/at_fetch.h"
#include "source/package_whole.h"
#include "tool/open_source.h"
#include "tool/port.h"
#include "tool/send_view.h"
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static const char help[] =
    "usage: fota send [OPTION]... PACKAGE --port PORT\n"
    "\n"
    "Brings a package to a module by its AT commands, follows the update, and succeeds only "
    "when the\nmodule shows the new version after its reboot.  Run again after any break: it "
    "goes "
    "on where the\nmodule stands.  PACKAGE is a file or an address, as for fota fetch.\n"
    "\n"
    "  --port PORT              terminal device, HOST:PORT or tcp://HOST:PORT\n"
    "  --mode qfua|qfaw|auto    AT+QFUA (data mode, wants flow control), AT+QFAW (commands), "
    "or\n"
    "                           what fits the line [auto]\n"
    "  --expect-version STRING  what ATI must show in the end [the package's version]\n"
    "  --baud RATE              of a serial port [115200]\n"
    "  --answer-ms N            wait for an answer of the module [5000]\n"
    "  --reopen-ms N            wait so long, in all, for a port that vanishes, as of a USB "
    "module\n"
    "                           that reboots; 0: do not [30000]\n"
    "  --confirm                end a trial (fota diff --reversible) when the new version is\n"
    "                           shown: AT+QFUC\n"
    "  --no-resume              begin afresh, whatever the module "
    "holds\n"
    "  --through-module         PACKAGE is an address (http, https, ftp, tcp) that the module "
    "itself\n"
    "                           fetches: nothing but the serial line is needed "
    "here\n" FOTA_SOURCE_OPTIONS_HELP "\n"
    "With -v every line of the module is shown.  A pseudo-terminal and TCP have no RTS and CTS "
    "and\n"
    "need none: they cannot lose bytes.\n"
    "\n"
    "example:\n"
    "  fota send a07-a08.fota --port /dev/ttyUSB0\n";

enum {
    WAIT_MS = 100,
    REOPEN_STEP_MS = 200,
    REOPEN_MS = 30000,
};

struct options {
    const char *package;
    const char *port;
    const char *expect_version;
    enum fota_client_mode mode;
    uint32_t baud;
    uint32_t answer_ms; /* 0: the client's default */
    uint32_t reopen_ms; /* for a port that vanishes */
    bool resume;
    bool through_module;
    bool confirm;
    struct fota_source_options source;
};

/* ---- the transfer ---- */

/* Move bytes between client and port, as many as both take now. */
static enum fota_err
exchange(struct fota_at_client *client, const struct fota_port *port, size_t *n_moved,
         struct fota_send_view *view, struct fota_fault *fault)
{
    uint8_t in[1024];
    const uint8_t *out = NULL;
    size_t n_in = 0;
    size_t n_out = 0;
    enum fota_err err = fota_port_read(port, in, sizeof in, &n_in, fault);
    if (err != FOTA_OK) {
        return err;
    }
    if (n_in > 0) {
        fota_at_client_feed(client, in, n_in, fota_now_ms());
    }
    size_t n = fota_at_client_output(client, &out);
    if (n > 0) {
        err = fota_port_write(port, out, n, &n_out, fault);
        fota_at_client_sent(client, n_out, fota_now_ms());
    }
    view->line_bytes += n_out;
    *n_moved = n_in + n_out;
    return err;
}

/* The port is gone: open it again, for at most *left_ms.  FOTA_E_LINK as `fault` says. */
static enum fota_err
reopen(struct fota_port *port, const struct options *o, struct fota_send_view *view,
       uint32_t *left_ms, struct fota_fault *fault)
{
    const struct timespec step = {.tv_nsec = REOPEN_STEP_MS * 1000000L};
    const volatile sig_atomic_t *stop = fota_open_source_stop();
    fota_port_close(port);
    if (*left_ms > 0) {
        fota_send_view_lost(view, o->port, false);
    }
    while (*left_ms > 0 && *stop == 0) {
        struct fota_fault again = {.err = FOTA_OK};
        (void)nanosleep(&step, NULL);
        *left_ms -= *left_ms < REOPEN_STEP_MS ? *left_ms : REOPEN_STEP_MS;
        if (fota_port_open(port, o->port, o->baud, &again) == FOTA_OK) {
            fota_send_view_lost(view, o->port, true);
            return FOTA_OK;
        }
    }
    return *stop != 0 ? fota_fault_set(fault, FOTA_E_INTERRUPTED, o->port, "%s", "")
                      : FOTA_E_LINK;
}

static enum fota_err
run_client(struct fota_at_client *client, struct fota_port *port, const struct options *o,
           struct fota_send_view *view, struct fota_fault *fault)
{
    uint32_t left_ms = o->reopen_ms;
    const volatile sig_atomic_t *stop = fota_open_source_stop();
    const uint8_t *out = NULL;
    for (;;) {
        size_t n_moved = 0;
        if (*stop != 0) {
            return fota_fault_set(fault, FOTA_E_INTERRUPTED, port->name, "%s", "");
        }
        enum fota_err err = fota_at_client_poll(client, fota_now_ms());
        if (err != FOTA_MORE) {
            return err;
        }
        err = exchange(client, port, &n_moved, view, fault);
        if (err == FOTA_E_LINK) {
            err = reopen(port, o, view, &left_ms, fault);
            fota_at_client_reconnected(client, fota_now_ms());
        }
        if (err != FOTA_OK) {
            return err;
        }
        if (n_moved == 0 && fota_at_client_is_waiting(client)) {
            fota_port_wait(port, fota_at_client_output(client, &out) > 0, WAIT_MS);
        }
    }
}

/* ---- the result ---- */

static int fail(const struct fota_cli *cli, const struct fota_at_client *client,
                const struct fota_send_view *view, struct fota_fault *fault)
{
    const struct fota_err_row *row = fota_err_row(fota_at_client_module_error(client));
    bool named = fota_at_client_module_error(client) != FOTA_OK;
    if (fault->err == FOTA_E_REFUSED || fault->err == FOTA_E_FAILED_UPDATE) {
        (void)fota_fault_set(fault, fault->err, fault->file, "%s%s%s",
                             named ? row->text : view->error_text, named ? ": " : "",
                             named ? row->remedy : "");
    }
    if (fault->err == FOTA_E_UNPROVEN || fault->err == FOTA_E_ALREADY) {
        (void)fota_fault_set(fault, fault->err, fault->file, "it shows %s",
                             view->version_after[0] != '\0' ? view->version_after
                                                            : view->version_before);
    }
    return fota_cli_fail(cli, fault);
}

static int report(const struct fota_cli *cli, const struct fota_send_view *view)
{
    double seconds = (fota_now_ms() - view->begin_ms) / 1000.0;
    if (cli->json) {
        return fota_cli_print_json(
            cli, json_pack("{s:b, s:s, s:s, s:s, s:I, s:I, s:I, s:f, s:I, s:f, s:f}", "ok", 1,
                           "version_before", view->version_before, "version_after",
                           view->version_after, "mode", view->mode, "package_bytes",
                           (json_int_t)view->total_bytes, "resumed_at",
                           (json_int_t)view->resumed_off, "sent_bytes",
                           (json_int_t)(view->total_bytes - view->resumed_off), "seconds",
                           seconds, "line_bytes", (json_int_t)view->line_bytes, "efficiency",
                           fota_send_view_efficiency(view), "brought_seconds",
                           view->brought_ms / 1000.0));
    }
    if (!cli->quiet) {
        (void)printf(
            "on the line: %llu bytes, %.3f of the package for each; brought in %.1f s\n",
            (unsigned long long)view->line_bytes, fota_send_view_efficiency(view),
            view->brought_ms / 1000.0);
        (void)printf("updated: %s is now %s (%.1f s)\n", view->version_before,
                     view->version_after, seconds);
    }
    return fota_cli_done(cli);
}

/* `talk`: of a source behind the module, or a null pointer. */
static int send_package(const struct fota_cli *cli, const struct options *o,
                        const struct fota_package_source *source,
                        const struct fota_at_talk *talk, const char *expect_version)
{
    struct fota_fault fault = {.err = FOTA_OK};
    struct fota_port port;
    enum fota_err err = fota_port_open(&port, o->port, o->baud, &fault);
    if (err != FOTA_OK) {
        return fota_cli_fail(cli, &fault);
    }
    const struct fota_client_options options = {
        .mode = o->mode,
        .line_has_flow_control = port.has_flow_control,
        .resume = o->resume,
        .talk = talk,
        .confirm = o->confirm,
        .expect_version = expect_version,
        .answer_ms = o->answer_ms,
    };
    struct fota_send_view view;
    struct fota_at_client client;
    fota_send_view_init(&view, cli, source->n_bytes);
    fota_at_client_begin(&client, source, &options, fota_send_view_event, &view);
    err = run_client(&client, &port, o, &view, &fault);
    fota_port_close(&port);
    fota_send_view_end(&view);
    if (err != FOTA_OK) {
        if (fault.err != err) {
            (void)fota_fault_set(&fault, err, o->port, "%s", "");
        }
        return fail(cli, &client, &view, &fault);
    }
    return report(cli, &view);
}

static int send_through_module(const struct fota_cli *cli, const struct options *o)
{
    const struct fota_at_fetch_options options = {.fresh = !o->resume};
    struct fota_at_fetch fetch;
    struct fota_fault fault;
    enum fota_err err = fota_at_fetch_init(&fetch, o->package, &options);
    if (err != FOTA_OK) {
        /* without the address: a password may stand in it */
        (void)fota_fault_set(
            &fault, err, "--through-module", "%s",
            "a module fetches from http, https, ftp and tcp addresses of at most "
            "255 printable ASCII characters without blank or quote, in ftp also "
            "without %");
        return fota_cli_fail(cli, &fault);
    }
    return send_package(cli, o, &fetch.source, &fetch.talk, o->expect_version);
}

static int open_and_send(const struct fota_cli *cli, struct options *o)
{
    struct fota_source source;
    struct fota_fault fault;
    struct fota_package pkg;
    enum fota_err err = fota_open_source(cli, &source, o->package, &o->source, &fault);
    if (err != FOTA_OK) {
        return fota_cli_fail(cli, &fault);
    }
    int code = 0;
    err = fota_package_whole_check(&source.package, &pkg);
    if (err == FOTA_OK) {
        code = send_package(cli, o, &source.package, NULL,
                            o->expect_version != NULL ? o->expect_version : pkg.to_version);
    } else {
        (void)fota_fault_set(&fault, err, source.place, "%s", source.detail);
        code = fota_cli_fail(cli, &fault);
    }
    fota_source_close(&source);
    return code;
}

/* ---- command line ---- */

static bool parse_mode(enum fota_client_mode *mode, const char *text)
{
    static const struct {
        const char *name;
        enum fota_client_mode mode;
    } modes[] = {
        {"auto", FOTA_CLIENT_AUTO}, {"qfua", FOTA_CLIENT_QFUA}, {"qfaw", FOTA_CLIENT_QFAW}};
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        if (strcmp(text, modes[i].name) == 0) {
            *mode = modes[i].mode;
            return true;
        }
    }
    return false;
}

/* Returns what is wrong with the option, a null pointer if nothing is. */
static const char *set_option(struct options *o, int option)
{
    switch (option) {
    case 'p':
        o->port = optarg;
        return NULL;
    case 'm':
        return parse_mode(&o->mode, optarg) ? NULL : "--mode is qfua, qfaw or auto";
    case 'e':
        o->expect_version = optarg;
        return NULL;
    case 'b':
        return fota_cli_number(&o->baud, optarg, 1, UINT32_MAX) ? NULL : "--baud is a number";
    case 'a':
        return fota_cli_number(&o->answer_ms, optarg, 1, 600000)
                   ? NULL
                   : "--answer-ms is a number of milliseconds";
    case 't':
        o->through_module = true;
        return NULL;
    case 'r':
        return fota_cli_number(&o->reopen_ms, optarg, 0, 3600000)
                   ? NULL
                   : "--reopen-ms is a number of milliseconds";
    case 'c':
        o->confirm = true;
        return NULL;
    default:
        o->resume = false;
        return NULL;
    }
}

/* Take what getopt_long() returned.  0: taken; 1: end with *code. */
static int
take_option(struct fota_cli *cli, struct options *o, int option, char **argv, int *code)
{
    int taken = fota_open_source_option(cli, &o->source, option);
    if (taken != 0) {
        *code = fota_cli_exit(cli, FOTA_CLI_EXIT_USAGE);
        return taken < 0;
    }
    if (strchr("pmebantrc", option) != NULL) {
        const char *wrong = set_option(o, option);
        *code = wrong != NULL ? fota_cli_usage(cli, "%s", wrong) : 0;
        return wrong != NULL;
    }
    enum fota_cli_next next = fota_cli_option(cli, option, argv);
    *code = fota_cli_exit(cli, next);
    return next != FOTA_CLI_GO_ON;
}

static int run(struct fota_cli *cli, int argc, char **argv)
{
    static const struct option table[] = {{"port", required_argument, NULL, 'p'},
                                          {"mode", required_argument, NULL, 'm'},
                                          {"expect-version", required_argument, NULL, 'e'},
                                          {"baud", required_argument, NULL, 'b'},
                                          {"answer-ms", required_argument, NULL, 'a'},
                                          {"reopen-ms", required_argument, NULL, 'r'},
                                          {"no-resume", no_argument, NULL, 'n'},
                                          {"through-module", no_argument, NULL, 't'},
                                          {"confirm", no_argument, NULL, 'c'},
                                          FOTA_SOURCE_LONG_OPTIONS,
                                          FOTA_CLI_LONG_OPTIONS};
    struct options o = {
        .mode = FOTA_CLIENT_AUTO, .baud = 115200, .reopen_ms = REOPEN_MS, .resume = true};
    int option = 0;
    int code = 0;
    while ((option = getopt_long(argc, argv, ":p:" FOTA_CLI_SHORT_OPTIONS, table, NULL)) !=
           -1) {
        if (take_option(cli, &o, option, argv, &code) != 0) {
            return code;
        }
    }
    if (argc - optind != 1) {
        return fota_cli_usage(cli, "give one package");
    }
    if (o.port == NULL) {
        return fota_cli_usage(cli, "--port is needed");
    }
    o.package = argv[optind];
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    (void)sigaction(SIGPIPE, &ignore, NULL); /* a broken line is told by write(2) */
    return o.through_module ? send_through_module(cli, &o) : open_and_send(cli, &o);
}

const struct fota_verb fota_verb_send = {"send", "bring a package to a module and update it",
                                         help, run};
