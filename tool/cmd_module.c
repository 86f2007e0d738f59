/* SPDX-License-Identifier: MIT */
/* fota module: runs the program fota-module that lies beside this one.  It is a program of its
 * own because it links the device's code only; what the workstation knows better, reading Intel
 * HEX and ELF, is done here before. */
#include "host/image_read.h"
#include "tool/cli.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char help[] =
    "usage: fota module --flash FILE (--tty LINK | --listen HOST:PORT | --rfc2217 HOST:PORT)\n"
    "                   [OPTION]...\n"
    "\n"
    "Runs a virtual module.  fota module --help shows all options.\n";

enum { PATH_BYTES = 4096 };

/* Path of fota-module, which lies beside this program. */
static enum fota_err find_program(char path[PATH_BYTES], struct fota_fault *fault)
{
    static const char name[] = "fota-module";
    ssize_t n = readlink("/proc/self/exe", path, PATH_BYTES - sizeof name);
    if (n < 0) {
        return fota_fault_set(fault, FOTA_E_IO, "/proc/self/exe", "%s", strerror(errno));
    }
    path[n] = '\0';
    char *slash = strrchr(path, '/');
    memcpy(slash != NULL ? slash + 1 : path, name, sizeof name);
    return FOTA_OK;
}

/* A nameless file with these bytes, open across exec.  -1: errno. */
static int nameless_file(const uint8_t *bytes, size_t n_bytes)
{
    FILE *f = tmpfile();
    if (f == NULL) {
        return -1;
    }
    int fd = -1;
    if (fwrite(bytes, 1, n_bytes, f) == n_bytes && fflush(f) == 0) {
        fd = dup(fileno(f)); /* tmpfile() may close on exec, the copy does not */
    }
    int why = errno;
    (void)fclose(f);
    errno = why;
    return fd;
}

/* A HEX or ELF image becomes a raw one: `arg` is then --init with the name of a nameless file.
 */
static enum fota_err make_raw(char **arg, const char *path, struct fota_fault *fault)
{
    static char name[40];
    struct fota_image image;
    enum fota_err err = fota_image_read(&image, path, fault);
    if (err != FOTA_OK || image.format == FOTA_IMAGE_RAW) {
        if (err == FOTA_OK) {
            fota_image_free(&image);
        }
        return err;
    }
    int fd = nameless_file(image.at, image.n_bytes);
    fota_image_free(&image);
    if (fd < 0) {
        return fota_fault_set(fault, FOTA_E_IO, path, "temporary file: %s", strerror(errno));
    }
    const char *option = path == *arg ? "" : "--init=";
    (void)snprintf(name, sizeof name, "%s/dev/fd/%d", option, fd);
    *arg = name;
    return FOTA_OK;
}

/* Whether `arg` is --init as getopt_long() takes it, also cut short; `value` is what stands
 * behind its '=', or a null pointer. */
static bool is_init(const char *arg, const char **value)
{
    static const char init[] = "--init";
    size_t n = strcspn(arg, "=");
    *value = arg[n] == '=' ? arg + n + 1 : NULL;
    return n > 2 && n < sizeof init && strncmp(arg, init, n) == 0;
}

/* The image that --init names becomes a raw one. */
static enum fota_err make_image_raw(int argc, char **argv, struct fota_fault *fault)
{
    enum fota_err err = FOTA_OK;
    for (int i = 1; i < argc && err == FOTA_OK; i++) {
        const char *value;
        if (!is_init(argv[i], &value)) {
            continue;
        }
        if (value != NULL) {
            err = make_raw(&argv[i], value, fault);
        } else if (i + 1 < argc) {
            i++;
            err = make_raw(&argv[i], argv[i], fault);
        }
    }
    return err;
}

static int run(struct fota_cli *cli, int argc, char **argv)
{
    static char program[PATH_BYTES];
    struct fota_fault fault;
    enum fota_err err = find_program(program, &fault);
    if (err == FOTA_OK) {
        err = make_image_raw(argc, argv, &fault);
    }
    if (err != FOTA_OK) {
        return fota_cli_fail(cli, &fault);
    }
    (void)execv(program, argv);
    (void)fota_fault_set(&fault, FOTA_E_IO, program, "%s", strerror(errno));
    return fota_cli_fail(cli, &fault);
}

const struct fota_verb fota_verb_module = {"module", "run a virtual module", help, run};
