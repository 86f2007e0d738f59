/* SPDX-License-Identifier: MIT */
#include "tool/cli.h"
#include "tool/package_view.h"
#include <stdio.h>

static const char help[] =
    "usage: fota info [--json] [--device FILE] PACKAGE\n"
    "\n"
    "Shows what a package says and costs: every field of the head, bytes of each part, what "
    "the\n"
    "device needs (RAM, scratch, staging, slot), erases, and seconds on the line at 115200 "
    "baud.\n"
    "The body is checked against its hash; the signature is not: see fota verify.\n"
    "\n"
    "      --device FILE  also say whether the package fits this device profile\n"
    "\n"
    "examples:\n"
    "  fota info a07-a08.fota\n"
    "  fota info --json a07-a08.fota | jq .needs\n"
    "  fota info --device m95.profile a07-a08.fota\n";

static int show(const struct fota_cli *cli, const struct fota_package_file *file,
                const char *path, const struct fota_layout *device)
{
    struct fota_package_view view;
    struct fota_fault fault;
    if (fota_package_view_open(&view, file, path, device, &fault) < 0) {
        return fota_cli_fail(cli, &fault);
    }
    if (cli->json) return fota_cli_print_json(cli, fota_package_view_json(&view));
    fota_package_view_print(&view);
    return fota_cli_done(cli);
}

static int run(struct fota_cli *cli, int argc, char **argv)
{
    static const struct option options[] = {{"device", required_argument, NULL, 'd'},
                                            FOTA_CLI_LONG_OPTIONS};
    const char *device_path = NULL;
    int option;
    while ((option = getopt_long(argc, argv, ":" FOTA_CLI_SHORT_OPTIONS, options, NULL)) !=
           -1) {
        if (option == 'd') {
            device_path = optarg;
            continue;
        }
        enum fota_cli_next next = fota_cli_option(cli, option, argv);
        if (next != FOTA_CLI_GO_ON) return fota_cli_exit(cli, next);
    }
    if (argc - optind != 1) return fota_cli_usage(cli, "give one package");
    static struct fota_layout device; /* points into itself */
    struct fota_package_file file;
    struct fota_fault fault;
    if (device_path != NULL && fota_layout_read(&device, device_path, &fault) < 0) {
        return fota_cli_fail(cli, &fault);
    }
    if (fota_package_file_read(&file, argv[optind], &fault) < 0)
        return fota_cli_fail(cli, &fault);
    int code = show(cli, &file, argv[optind], device_path != NULL ? &device : NULL);
    fota_package_file_free(&file);
    return code;
}

const struct fota_verb fota_verb_info = {"info", "show what a package says, needs and costs",
                                         help, run};
