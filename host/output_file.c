/* SPDX-License-Identifier: MIT */
#include "host/output_file.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum fota_err io_fault(struct fota_fault *fault, const char *path, int cause)
{
    return fota_fault_set(fault, FOTA_E_IO, path, "%s", strerror(cause));
}

/* What stands at the path now. */
enum target { TARGET_FREE, TARGET_REGULAR, TARGET_SPECIAL, TARGET_DIRECTORY };

static enum target look_at(const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0) return TARGET_FREE;
    if (S_ISDIR(st.st_mode)) return TARGET_DIRECTORY;
    return S_ISREG(st.st_mode) ? TARGET_REGULAR : TARGET_SPECIAL;
}

/* The folder of `path`, with its last '/'; empty when there is none. */
static size_t folder_length(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? 0 : (size_t)(slash - path) + 1;
}

enum fota_err
fota_output_file_check(const struct fota_output_file *file, struct fota_fault *fault)
{
    char folder[PATH_MAX];
    size_t n = folder_length(file->path);
    if (n >= sizeof folder) return io_fault(fault, file->path, ENAMETOOLONG);
    switch (look_at(file->path)) {
    case TARGET_DIRECTORY:
        return io_fault(fault, file->path, EISDIR);
    case TARGET_SPECIAL:
        return FOTA_OK;
    case TARGET_REGULAR:
        if (!file->replace)
            return fota_fault_set(fault, FOTA_E_EXISTS, file->path, "not replaced");
        break;
    case TARGET_FREE:
        break;
    }
    memcpy(folder, n != 0 ? file->path : ".", n != 0 ? n : 1);
    folder[n != 0 ? n : 1] = '\0';
    return access(folder, W_OK | X_OK) == 0 ? FOTA_OK : io_fault(fault, file->path, errno);
}

static int write_all(int fd, const void *bytes, size_t n_bytes)
{
    const char *at = bytes;
    while (n_bytes != 0) {
        ssize_t n = write(fd, at, n_bytes);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return errno;
        at += n;
        n_bytes -= (size_t)n;
    }
    return 0;
}

static int write_special(const char *path, const void *bytes, size_t n_bytes)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) return errno;
    int cause = write_all(fd, bytes, n_bytes);
    if (close(fd) != 0 && cause == 0) cause = errno;
    return cause;
}

/* Fill the temporary file that mkostemp() made.  0 or errno. */
static int fill(int fd, const struct fota_output_file *file, const void *bytes, size_t n_bytes)
{
    int cause = 0;
    if (!file->owner_only) {
        mode_t mask = umask(0);
        (void)umask(mask);
        if (fchmod(fd, 0666 & ~mask) != 0) cause = errno;
    }
    if (cause == 0) cause = write_all(fd, bytes, n_bytes);
    if (cause == 0 && fsync(fd) != 0 && errno != EINVAL) cause = errno;
    return cause;
}

/* Give the temporary file the target's name; without `replace` never over another file. */
static int take_name(const char *temporary, const char *target, bool replace)
{
    if (replace) return rename(temporary, target) == 0 ? 0 : errno;
    if (link(temporary, target) == 0) return unlink(temporary) == 0 ? 0 : errno;
    if (errno == EEXIST) return EEXIST;
    /* A file system without hard links. */
    if (look_at(target) != TARGET_FREE) return EEXIST;
    return rename(temporary, target) == 0 ? 0 : errno;
}

static int write_and_rename(const struct fota_output_file *file, const char *target,
                            const void *bytes, size_t n_bytes)
{
    static const char suffix[] = ".XXXXXX";
    size_t n = strlen(target);
    size_t n_folder = folder_length(target);
    char *temporary = malloc(n + 1 + sizeof suffix);
    if (temporary == NULL) return ENOMEM;
    (void)snprintf(temporary, n + 1 + sizeof suffix, "%.*s.%s%s", (int)n_folder, target,
                   target + n_folder, suffix);
    int fd = mkostemp(temporary, O_CLOEXEC);
    int cause = fd < 0 ? errno : 0;
    if (cause == 0) {
        cause = fill(fd, file, bytes, n_bytes);
        if (close(fd) != 0 && cause == 0) cause = errno;
        if (cause == 0) cause = take_name(temporary, target, file->replace);
        if (cause != 0) (void)unlink(temporary);
    }
    free(temporary);
    return cause;
}

/* Signals that end the program wait until the file is either there or gone. */
static int write_undisturbed(const struct fota_output_file *file, const char *target,
                             const void *bytes, size_t n_bytes)
{
    sigset_t all;
    sigset_t before;
    (void)sigfillset(&all);
    (void)sigprocmask(SIG_BLOCK, &all, &before);
    int cause = write_and_rename(file, target, bytes, n_bytes);
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    return cause;
}

enum fota_err fota_output_file_write(const struct fota_output_file *file, const void *bytes,
                                     size_t n_bytes, struct fota_fault *fault)
{
    enum fota_err err = fota_output_file_check(file, fault);
    if (err < 0) return err;
    int cause;
    if (look_at(file->path) == TARGET_SPECIAL) {
        cause = write_special(file->path, bytes, n_bytes);
    } else {
        /* The file behind a symbolic link is replaced, not the link. */
        char *target = realpath(file->path, NULL);
        cause = write_undisturbed(file, target != NULL ? target : file->path, bytes, n_bytes);
        free(target);
    }
    if (cause == EEXIST)
        return fota_fault_set(fault, FOTA_E_EXISTS, file->path, "not replaced");
    return cause == 0 ? FOTA_OK : io_fault(fault, file->path, cause);
}
