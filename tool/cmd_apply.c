/* SPDX-License-Identifier: MIT */
#include "host/apply.h"
#include "host/image_read.h"
#include "host/output_file.h"
#include "tool/cli.h"
#include "tool/progress.h"
#include "tool/trusted_keys.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static const char help[] =
    "usage: fota apply --pub KEY [--device FILE] PACKAGE OLD -o NEW\n"
    "       fota apply --pub KEY [--device FILE] PACKAGE -o NEW          (a full image)\n"
    "\n"
    "Applies a package to an image as a device does: the device's own code checks it, updates "
    "a\n"
    "simulated flash that holds OLD, and the new image is read back and written to NEW (raw).\n"
    "\n"
    "  -k, --pub FILE      trusted public key; up to 8 times\n"
    "  -o, --output FILE   the new image\n"
    "  -f, --force         replace an existing file\n"
    "      --device FILE   profile of the device [one that fits the package]\n"
    "\n"
    "example:\n"
    "  fota apply --pub maker.pub a07-a08.fota old.bin -o new.bin\n";

struct apply {
    struct fota_key_files keys;
    struct fota_output_file output;
    const char *device_path;
    const char *package_path;
    const char *old_path; /* a null pointer: none given */
};

static int report(const struct fota_cli *cli, const struct apply *a,
                  const struct fota_package *pkg, const struct fota_applied *applied)
{
    if (cli->json) {
        return fota_cli_print_json(
            cli, json_pack("{s:b, s:s, s:s, s:I, s:I, s:I}", "ok", 1, "file", a->output.path,
                           "version", pkg->to_version, "bytes", (json_int_t)applied->n_bytes,
                           "erases", (json_int_t)applied->n_erases, "programs",
                           (json_int_t)applied->n_programs));
    }
    if (!cli->quiet) {
        (void)printf("%s: %s, %" PRIu32 " bytes; the device did %" PRIu64 " erases and %" PRIu64
                     " programs\n",
                     a->output.path, pkg->to_version, applied->n_bytes, applied->n_erases,
                     applied->n_programs);
    }
    return fota_cli_done(cli);
}

/* Read the old image when the package has a base, and only then. */
static enum fota_err read_old(struct fota_image *out, const struct apply *a,
                              const struct fota_package *pkg, struct fota_fault *fault)
{
    bool full = (pkg->features & FOTA_FEATURE_FULL) != 0;
    *out = (struct fota_image){.at = NULL};
    if (full && a->old_path != NULL) {
        return fota_fault_set(fault, FOTA_E_USAGE, a->package_path,
                              "a full image needs no old one, but %s is given", a->old_path);
    }
    if (!full && a->old_path == NULL) {
        return fota_fault_set(fault, FOTA_E_USAGE, a->package_path,
                              "give the image it was made from, %s", pkg->from_version);
    }
    return full ? FOTA_OK : fota_image_read(out, a->old_path, fault);
}

static enum fota_err
make(const struct fota_cli *cli, const struct apply *a, const struct fota_package_file *file,
     struct fota_applied *applied, struct fota_fault *fault)
{
    static struct fota_layout layout; /* points into itself */
    struct fota_image old_image;
    struct fota_progress progress;
    enum fota_err err = FOTA_OK;
    if (a->device_path != NULL) err = fota_layout_read(&layout, a->device_path, fault);
    if (err == FOTA_OK) err = read_old(&old_image, a, &file->pkg, fault);
    if (err < 0) return err;
    const struct fota_apply_spec spec = {.file = file,
                                         .path = a->package_path,
                                         .layout = a->device_path != NULL ? &layout : NULL,
                                         .keys = fota_key_files_trusted(&a->keys),
                                         .old_image = {old_image.at, old_image.n_bytes},
                                         .progress = fota_progress_show,
                                         .progress_ctx = &progress};
    fota_progress_begin(&progress, "updating", !cli->quiet && !cli->json);
    err = fota_apply(applied, &spec, fault);
    fota_progress_end(&progress);
    fota_image_free(&old_image);
    if ((err == FOTA_E_BASE || err == FOTA_E_ALREADY) && a->old_path != NULL) {
        fault->file = a->old_path;
    }
    if (err == FOTA_OK) {
        err = fota_output_file_write(&a->output, applied->image, applied->n_bytes, fault);
    }
    return err;
}

static int apply(const struct fota_cli *cli, struct apply *a)
{
    struct fota_package_file file;
    struct fota_applied applied = {.image = NULL};
    struct fota_fault fault;
    if (fota_output_file_check(&a->output, &fault) < 0 ||
        fota_key_files_read(&a->keys, &fault) < 0 ||
        fota_package_file_read(&file, a->package_path, &fault) < 0) {
        return fota_cli_fail(cli, &fault);
    }
    enum fota_err err = make(cli, a, &file, &applied, &fault);
    int code = err < 0 ? fota_cli_fail(cli, &fault) : report(cli, a, &file.pkg, &applied);
    free(applied.image);
    fota_package_file_free(&file);
    return code;
}

static int run(struct fota_cli *cli, int argc, char **argv)
{
    static const struct option options[] = {{"pub", required_argument, NULL, 'k'},
                                            {"output", required_argument, NULL, 'o'},
                                            {"force", no_argument, NULL, 'f'},
                                            {"device", required_argument, NULL, 'd'},
                                            FOTA_CLI_LONG_OPTIONS};
    struct apply a = {.device_path = NULL};
    int option;
    while ((option = getopt_long(argc, argv, ":k:o:f" FOTA_CLI_SHORT_OPTIONS, options, NULL)) !=
           -1) {
        if (option == 'k') {
            if (!fota_key_files_add(&a.keys, optarg))
                return fota_cli_usage(cli, "at most 8 keys");
        } else if (option == 'o') {
            a.output.path = optarg;
        } else if (option == 'f') {
            a.output.replace = true;
        } else if (option == 'd') {
            a.device_path = optarg;
        } else {
            enum fota_cli_next next = fota_cli_option(cli, option, argv);
            if (next != FOTA_CLI_GO_ON) return fota_cli_exit(cli, next);
        }
    }
    if (a.keys.n == 0) return fota_cli_usage(cli, "--pub is missing");
    if (a.output.path == NULL) return fota_cli_usage(cli, "-o is missing");
    if (argc - optind < 1 || argc - optind > 2) {
        return fota_cli_usage(cli, "give a package and the image it was made from");
    }
    a.package_path = argv[optind];
    a.old_path = argc - optind == 2 ? argv[optind + 1] : NULL;
    return apply(cli, &a);
}

const struct fota_verb fota_verb_apply = {"apply", "apply a package to an image", help, run};
