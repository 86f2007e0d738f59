/* SPDX-License-Identifier: MIT */
#include "source/tcp_server.h"
#include "tool/cli.h"
#include "tool/open_source.h"
#include <stdio.h>
#include <string.h>

static const char help[] =
    "usage: fota serve --tcp HOST:PORT FILE|DIR\n"
    "\n"
    "Serves one package, or the files of a directory, to devices that fetch over plain TCP "
    "(protocol: doc/delivery.md)\nand to fota fetch and fota send as tcp://HOST:PORT/NAME.  "
    "Reads "
    "only; no names with '/', no hidden files, no links.\nPort 0: any free one, which is "
    "printed.  "
    "Ends with Ctrl-C.\n"
    "\n"
    "  -t, --tcp HOST:PORT  where to listen; \":PORT\" on all addresses\n"
    "\n"
    "example:\n"
    "  fota serve --tcp 127.0.0.1:4040 packages/\n";

static void listening(void *ctx, unsigned port)
{
    const struct fota_cli *cli = ctx;
    if (!cli->quiet) {
        (void)printf("listening on port %u\n", port);
        (void)fflush(stdout);
    }
}

static void served(void *ctx, const char *name, uint32_t off, uint32_t n_bytes, unsigned code)
{
    const struct fota_cli *cli = ctx;
    if (cli->verbose) {
        (void)printf("/%s %u %u %s\n", name, (unsigned)off, (unsigned)n_bytes,
                     code == 0 ? "OK" : fota_err_row(fota_err_from_code(code))->name);
        (void)fflush(stdout);
    }
}

static int run(struct fota_cli *cli, int argc, char **argv)
{
    static const struct option options[] = {{"tcp", required_argument, NULL, 't'},
                                            FOTA_CLI_LONG_OPTIONS};
    struct fota_tcp_server_options server = {
        .listening = listening, .served = served, .ctx = cli};
    int option;
    while ((option = getopt_long(argc, argv, ":t:" FOTA_CLI_SHORT_OPTIONS, options, NULL)) !=
           -1) {
        if (option == 't') {
            server.address = optarg;
            continue;
        }
        const enum fota_cli_next next = fota_cli_option(cli, option, argv);
        if (next != FOTA_CLI_GO_ON) return fota_cli_exit(cli, next);
    }
    if (server.address == NULL) return fota_cli_usage(cli, "say where to listen: --tcp");
    if (argc - optind != 1) return fota_cli_usage(cli, "give one file or directory to serve");
    server.path = argv[optind];
    server.stop = fota_open_source_stop();
    const enum fota_err err = fota_tcp_server_run(&server);
    if (err != FOTA_OK) {
        struct fota_fault fault;
        const bool address = err == FOTA_E_PORT || err == FOTA_E_USAGE;
        (void)fota_fault_set(&fault, err, address ? server.address : server.path, "%s",
                             err == FOTA_E_USAGE ? "HOST:PORT or :PORT is wanted" : "");
        return fota_cli_fail(cli, &fault);
    }
    return fota_cli_done(cli);
}

const struct fota_verb fota_verb_serve = {"serve", "serve packages over TCP", help, run};
