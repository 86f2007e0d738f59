/* SPDX-License-Identifier: MIT */
#include "host/output_file.h"
#include "source/package_whole.h"
#include "tool/cli.h"
#include "tool/open_source.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "usage: fota fetch [OPTION]... FROM -o FILE\n"
    "\n"
    "Brings a package from where it lies into FILE and checks that it is whole (size, head, "
    "hash of "
    "the body; signatures:\nfota verify).  A download that broke off stays in FILE.part; the "
    "same "
    "command goes on with it.  FROM is\n"
    "  PATH                            a file, or a directory such as a mounted USB disk\n"
    "  http://...  https://...         ftp://...  ftps://... (implicit TLS)  ftpes://... "
    "(explicit)\n"
    "  tcp://HOST:PORT/NAME            a server of fota serve\n"
    "  fat:IMAGE:/PATH/IN/IMAGE        a FAT disk or image of one that is not mounted\n"
    "Of a directory the one package that fits is taken: --product, --from-version.\n"
    "\n"
    "  -o, --output FILE    where to put it\n"
    "  -f, --force          replace FILE\n" FOTA_SOURCE_OPTIONS_HELP "\n"
    "examples:\n"
    "  fota fetch https://updates.example/lamp/1.0-1.1.fota -o update.fota\n"
    "  fota fetch --product LAMP --from-version 1.0 /media/usb -o update.fota\n";

struct fetch {
    const char *from;
    struct fota_output_file to;
    struct fota_source_options options;
};

/* Write what was opened from a disk; a download is in its place already. */
static enum fota_err
copy(struct fota_source *source, const struct fota_output_file *to, struct fota_fault *fault)
{
    const uint32_t n = source->package.n_bytes;
    uint8_t *bytes = malloc(n);
    if (bytes == NULL) {
        return fota_fault_set(fault, FOTA_E_NOMEM, NULL, "%s", "");
    }
    enum fota_err err = fota_source_read(source, 0, bytes, n);
    if (err == FOTA_OK) {
        err = fota_output_file_write(to, bytes, n, fault);
    } else {
        err = fota_fault_set(fault, err, source->place, "%s", source->detail);
    }
    free(bytes);
    return err;
}

static bool is_remote(const char *from)
{
    return strstr(from, "://") != NULL;
}

static enum fota_err
fetch(const struct fota_cli *cli, struct fetch *f, struct fota_source *source,
      struct fota_package *package, struct fota_fault *fault)
{
    enum fota_err err = fota_output_file_check(&f->to, fault);
    if (err == FOTA_OK) {
        f->options.cache_path = f->to.path;
        err = fota_open_source(cli, source, f->from, &f->options, fault);
    }
    if (err != FOTA_OK) {
        return err;
    }
    err = fota_package_whole_check(&source->package, package);
    if (err != FOTA_OK) {
        err = fota_fault_set(fault, err, source->place, "%s", source->detail);
    } else if (!is_remote(f->from)) {
        err = copy(source, &f->to, fault);
    }
    fota_source_close(source);
    return err;
}

static int tell(const struct fota_cli *cli, const struct fetch *f,
                const struct fota_source *source, const struct fota_package *package)
{
    const unsigned n_bytes = package->prefix.total_bytes;
    if (cli->json) {
        return fota_cli_print_json(
            cli, json_pack("{s:b, s:s, s:s, s:i, s:s, s:s, s:s}", "ok", 1, "from",
                           source->place, "file", f->to.path, "bytes", (int)n_bytes, "product",
                           package->product, "from_version", package->from_version,
                           "to_version", package->to_version));
    }
    if (!cli->quiet) {
        const bool full = package->from_version[0] == '\0';
        (void)printf("%s: %u bytes, %s %s%sto %s\n", f->to.path, n_bytes, package->product,
                     full ? "full image, " : package->from_version, full ? "" : " ",
                     package->to_version);
    }
    return fota_cli_done(cli);
}

static int run(struct fota_cli *cli, int argc, char **argv)
{
    static const struct option long_options[] = {{"output", required_argument, NULL, 'o'},
                                                 {"force", no_argument, NULL, 'f'},
                                                 FOTA_SOURCE_LONG_OPTIONS,
                                                 FOTA_CLI_LONG_OPTIONS};
    struct fetch f = {.from = NULL};
    int option;
    while ((option = getopt_long(argc, argv, ":o:f" FOTA_CLI_SHORT_OPTIONS, long_options,
                                 NULL)) != -1) {
        const int taken = fota_open_source_option(cli, &f.options, option);
        if (taken < 0) return fota_cli_exit(cli, FOTA_CLI_EXIT_USAGE);
        if (option == 'o') f.to.path = optarg;
        if (option == 'f') f.to.replace = true;
        if (taken > 0 || option == 'o' || option == 'f') continue;
        const enum fota_cli_next next = fota_cli_option(cli, option, argv);
        if (next != FOTA_CLI_GO_ON) return fota_cli_exit(cli, next);
    }
    if (argc - optind != 1) return fota_cli_usage(cli, "say where from: one path or address");
    if (f.to.path == NULL) return fota_cli_usage(cli, "say where to: -o FILE");
    f.from = argv[optind];
    struct fota_source source;
    struct fota_package package;
    struct fota_fault fault;
    if (fetch(cli, &f, &source, &package, &fault) != FOTA_OK) {
        return fota_cli_fail(cli, &fault);
    }
    return tell(cli, &f, &source, &package);
}

const struct fota_verb fota_verb_fetch = {
    "fetch", "bring a package from a server or disk, resuming", help, run};
