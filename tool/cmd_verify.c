/* SPDX-License-Identifier: MIT */
#include "host/apply.h"
#include "host/image_read.h"
#include "tool/cli.h"
#include "tool/package_view.h"
#include "tool/trusted_keys.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "usage: fota verify --pub KEY [--base OLD] [--product P] [--device FILE] PACKAGE\n"
    "\n"
    "Checks a package as a device would before it accepts it: form, signature by a trusted "
    "key,\n"
    "hash of the body, every unit's head and CRC.  With --base also that OLD is the image it "
    "was\n"
    "made from, and that a simulated device that runs OLD gets the new image out of it; a full "
    "image\n"
    "needs no base for that.  The exit code is that of the first thing that is wrong.\n"
    "\n"
    "  -k, --pub FILE      trusted public key; up to 8 times\n"
    "  -b, --base FILE     the image the device runs (raw, Intel HEX or ELF)\n"
    "  -p, --product TEXT  the device's product\n"
    "      --device FILE   the device's profile: must fit [one that fits the package]\n"
    "\n"
    "examples:\n"
    "  fota verify --pub maker.pub a07-a08.fota\n"
    "  fota verify --pub maker.pub --base old.bin a07-a08.fota\n";

struct verify {
    struct fota_key_files keys;
    const char *base_path;
    const char *product;
    const char *device_path;
    const char *path;
    struct fota_layout layout;
    struct fota_image base;
};

static enum fota_err
check_base(const struct verify *v, const struct fota_package *pkg, struct fota_fault *fault)
{
    struct fota_sha256 sha;
    uint8_t digest[FOTA_SHA256_BYTES];
    fota_sha256_init(&sha);
    fota_sha256_update(&sha, v->base.at, v->base.n_bytes);
    fota_sha256_final(&sha, digest);
    if (memcmp(digest, pkg->new_sha256, sizeof digest) == 0) {
        return fota_fault_set(fault, FOTA_E_ALREADY, v->base_path, "it is the new image");
    }
    if (v->base.n_bytes != pkg->base_bytes) {
        return fota_fault_set(fault, FOTA_E_BASE, v->base_path,
                              "%" PRIu32 " bytes, made from an image of %" PRIu32,
                              v->base.n_bytes, pkg->base_bytes);
    }
    if (memcmp(digest, pkg->base_sha256, sizeof digest) != 0) {
        return fota_fault_set(fault, FOTA_E_BASE, v->base_path,
                              "another image than the one of %s", pkg->from_version);
    }
    return FOTA_OK;
}

/* A device that runs the base, or that is empty, takes the package and gets the new image out
 * of it: its updater ends with the hash of the whole image. */
static enum fota_err try_on_device(const struct verify *v, const struct fota_package_file *file,
                                   struct fota_fault *fault)
{
    struct fota_applied applied;
    const struct fota_apply_spec spec = {.file = file,
                                         .path = v->path,
                                         .layout = v->device_path != NULL ? &v->layout : NULL,
                                         .keys = fota_key_files_trusted(&v->keys),
                                         .old_image = {v->base.at, v->base.n_bytes}};
    enum fota_err err = v->base_path != NULL ? check_base(v, &file->pkg, fault) : FOTA_OK;
    if (err < 0) return err;
    err = fota_apply(&applied, &spec, fault);
    free(applied.image);
    return err;
}

/* What the maker said about the device beyond its keys. */
static enum fota_err check_device(const struct verify *v, const struct fota_package_view *view,
                                  struct fota_fault *fault)
{
    const struct fota_package *pkg = &view->file->pkg;
    if (v->product != NULL && strcmp(v->product, pkg->product) != 0) {
        return fota_fault_set(fault, FOTA_E_PRODUCT, v->path, "for '%s'", pkg->product);
    }
    if (v->base_path != NULL && (pkg->features & FOTA_FEATURE_FULL) != 0) {
        return fota_fault_set(fault, FOTA_E_USAGE, v->path, "a full image has no base");
    }
    if (v->device_path == NULL) return FOTA_OK;
    enum fota_err err = fota_package_view_fit(view);
    if (err == FOTA_OK) return FOTA_OK;
    return fota_fault_set(fault, err, v->path, "device profile %s", v->layout.profile.name);
}

/* Whether all is known that a simulated device needs. */
static bool can_try(const struct verify *v, const struct fota_package_file *file)
{
    struct fota_flash_run run;
    if (v->base_path != NULL) return true;
    if ((file->pkg.features & FOTA_FEATURE_FULL) == 0) return false;
    return v->device_path != NULL || fota_package_file_geometry(&run, file);
}

static enum fota_err check(const struct verify *v, const struct fota_package_file *file,
                           struct fota_package_view *view, struct fota_fault *fault)
{
    const struct fota_layout *device = v->device_path != NULL ? &v->layout : NULL;
    struct fota_trusted_keys keys = fota_key_files_trusted(&v->keys);
    enum fota_err err = fota_package_file_verify(file, keys, v->path, fault);
    if (err == FOTA_OK) err = fota_package_view_open(view, file, v->path, device, fault);
    if (err == FOTA_OK) err = check_device(v, view, fault);
    if (err == FOTA_OK && can_try(v, file)) err = try_on_device(v, file, fault);
    return err;
}

static int
report(const struct fota_cli *cli, const struct verify *v, const struct fota_package_view *view)
{
    const struct fota_package *pkg = &view->file->pkg;
    if (cli->json) return fota_cli_print_json(cli, fota_package_view_json(view));
    if (!cli->quiet) {
        (void)printf("%s: good: %s%s%s -> %s%s\n", v->path, pkg->product,
                     pkg->from_version[0] != '\0' ? ", " : ", full image", pkg->from_version,
                     pkg->to_version, v->base_path != NULL ? ", applies to the base" : "");
    }
    return fota_cli_done(cli);
}

static enum fota_err read_inputs(struct verify *v, struct fota_fault *fault)
{
    enum fota_err err = fota_key_files_read(&v->keys, fault);
    if (err == FOTA_OK && v->device_path != NULL) {
        err = fota_layout_read(&v->layout, v->device_path, fault);
    }
    if (err == FOTA_OK && v->base_path != NULL) {
        err = fota_image_read(&v->base, v->base_path, fault);
    }
    return err;
}

static int verify(const struct fota_cli *cli, struct verify *v)
{
    struct fota_package_file file = {.masked = NULL};
    struct fota_package_view view = {.file = &file};
    struct fota_fault fault;
    enum fota_err err = read_inputs(v, &fault);
    if (err == FOTA_OK) err = fota_package_file_read(&file, v->path, &fault);
    if (err == FOTA_OK) err = check(v, &file, &view, &fault);
    int code = err < 0 ? fota_cli_fail(cli, &fault) : report(cli, v, &view);
    fota_package_file_free(&file);
    fota_image_free(&v->base);
    return code;
}

static int run(struct fota_cli *cli, int argc, char **argv)
{
    static const struct option options[] = {{"pub", required_argument, NULL, 'k'},
                                            {"base", required_argument, NULL, 'b'},
                                            {"product", required_argument, NULL, 'p'},
                                            {"device", required_argument, NULL, 'd'},
                                            FOTA_CLI_LONG_OPTIONS};
    static struct verify v; /* its layout points into itself */
    int option;
    while ((option = getopt_long(argc, argv, ":k:b:p:" FOTA_CLI_SHORT_OPTIONS, options,
                                 NULL)) != -1) {
        if (option == 'k') {
            if (!fota_key_files_add(&v.keys, optarg)) {
                return fota_cli_usage(cli, "at most 8 keys");
            }
        } else if (option == 'b') {
            v.base_path = optarg;
        } else if (option == 'p') {
            v.product = optarg;
        } else if (option == 'd') {
            v.device_path = optarg;
        } else {
            enum fota_cli_next next = fota_cli_option(cli, option, argv);
            if (next != FOTA_CLI_GO_ON) return fota_cli_exit(cli, next);
        }
    }
    if (v.keys.n == 0) return fota_cli_usage(cli, "--pub is missing");
    if (argc - optind != 1) return fota_cli_usage(cli, "give one package");
    v.path = argv[optind];
    return verify(cli, &v);
}

const struct fota_verb fota_verb_verify = {"verify", "check a package as a device would", help,
                                           run};
