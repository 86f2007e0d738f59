/* SPDX-License-Identifier: MIT */
#include "host/image_read.h"
#include "tool/cli.h"
#include "tool/package_view.h"
#include "tool/trusted_keys.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char help[] =
    "usage: fota verify --pub KEY [--base OLD] [--product P] PACKAGE\n"
    "\n"
    "Checks a package as a device would before it accepts it: form, signature by a trusted "
    "key,\n"
    "hash of the body, every unit's head and CRC; with --base also that OLD is the image it "
    "was\n"
    "made from.  The exit code is that of the first thing that is wrong.\n"
    "\n"
    "  -k, --pub FILE      trusted public key; up to 8 times\n"
    "  -b, --base FILE     the image the device runs (raw, Intel HEX or ELF)\n"
    "  -p, --product TEXT  the device's product\n"
    "\n"
    "examples:\n"
    "  fota verify --pub maker.pub a07-a08.fota\n"
    "  fota verify --pub maker.pub --base old.bin a07-a08.fota\n";

struct verify {
    struct fota_key_files keys;
    const char *base_path;
    const char *product;
    const char *path;
};

static enum fota_err
check_base(const struct verify *v, const struct fota_package *pkg, struct fota_fault *fault)
{
    struct fota_image image;
    if (v->base_path == NULL) return FOTA_OK;
    if ((pkg->features & FOTA_FEATURE_FULL) != 0) {
        return fota_fault_set(fault, FOTA_E_USAGE, v->path, "a full image has no base");
    }
    enum fota_err err = fota_image_read(&image, v->base_path, fault);
    if (err < 0) return err;
    struct fota_sha256 sha;
    uint8_t digest[FOTA_SHA256_BYTES];
    fota_sha256_init(&sha);
    fota_sha256_update(&sha, image.at, image.n_bytes);
    fota_sha256_final(&sha, digest);
    if (memcmp(digest, pkg->new_sha256, sizeof digest) == 0) {
        err = fota_fault_set(fault, FOTA_E_ALREADY, v->base_path, "it is the new image");
    } else if (image.n_bytes != pkg->base_bytes) {
        err = fota_fault_set(fault, FOTA_E_BASE, v->base_path,
                             "%" PRIu32 " bytes, made from an image of %" PRIu32, image.n_bytes,
                             pkg->base_bytes);
    } else if (memcmp(digest, pkg->base_sha256, sizeof digest) != 0) {
        err = fota_fault_set(fault, FOTA_E_BASE, v->base_path,
                             "another image than the one of %s", pkg->from_version);
    }
    fota_image_free(&image);
    return err;
}

/* In the order of the device: signature, product, base, body. */
static enum fota_err check(struct verify *v, const struct fota_package_file *file,
                           struct fota_package_view *view, struct fota_fault *fault)
{
    enum fota_err err =
        fota_package_file_verify(file, fota_key_files_trusted(&v->keys), v->path, fault);
    if (err < 0) return err;
    if (v->product != NULL && strcmp(v->product, file->pkg.product) != 0) {
        return fota_fault_set(fault, FOTA_E_PRODUCT, v->path, "for '%s'", file->pkg.product);
    }
    err = check_base(v, &file->pkg, fault);
    if (err < 0) return err;
    return fota_package_view_open(view, file, v->path, NULL, fault);
}

static int
report(const struct fota_cli *cli, const struct verify *v, const struct fota_package_view *view)
{
    const struct fota_package *pkg = &view->file->pkg;
    if (cli->json) return fota_cli_print_json(cli, fota_package_view_json(view));
    if (!cli->quiet) {
        (void)printf("%s: good: %s%s%s -> %s%s\n", v->path, pkg->product,
                     pkg->from_version[0] != '\0' ? ", " : ", full image", pkg->from_version,
                     pkg->to_version, v->base_path != NULL ? ", base matches" : "");
    }
    return fota_cli_done(cli);
}

static int verify(const struct fota_cli *cli, struct verify *v)
{
    struct fota_package_file file;
    struct fota_package_view view = {.file = &file};
    struct fota_fault fault;
    if (fota_key_files_read(&v->keys, &fault) < 0 ||
        fota_package_file_read(&file, v->path, &fault) < 0) {
        return fota_cli_fail(cli, &fault);
    }
    enum fota_err err = check(v, &file, &view, &fault);
    int code = err < 0 ? fota_cli_fail(cli, &fault) : report(cli, v, &view);
    fota_package_file_free(&file);
    return code;
}

static int run(struct fota_cli *cli, int argc, char **argv)
{
    static const struct option options[] = {{"pub", required_argument, NULL, 'k'},
                                            {"base", required_argument, NULL, 'b'},
                                            {"product", required_argument, NULL, 'p'},
                                            FOTA_CLI_LONG_OPTIONS};
    struct verify v = {.base_path = NULL};
    int option;
    while ((option = getopt_long(argc, argv, ":k:b:p:" FOTA_CLI_SHORT_OPTIONS, options,
                                 NULL)) != -1) {
        if (option == 'k') {
            if (!fota_key_files_add(&v.keys, optarg))
                return fota_cli_usage(cli, "at most 8 keys");
        } else if (option == 'b') {
            v.base_path = optarg;
        } else if (option == 'p') {
            v.product = optarg;
        } else {
            enum fota_cli_next next = fota_cli_option(cli, option, argv);
            if (next != FOTA_CLI_GO_ON) return fota_cli_exit(next);
        }
    }
    if (v.keys.n == 0) return fota_cli_usage(cli, "--pub is missing");
    if (argc - optind != 1) return fota_cli_usage(cli, "give one package");
    v.path = argv[optind];
    return verify(cli, &v);
}

const struct fota_verb fota_verb_verify = {"verify", "check a package as a device would", help,
                                           run};
