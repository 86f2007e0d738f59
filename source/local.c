/* SPDX-License-Identifier: MIT */
#include "source/local.h"
#include "source/text.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct local {
    int fd;
    uint32_t n_bytes;
    struct fota_file_stamp stamp;
};

enum fota_err fota_file_stamp(int fd, struct fota_file_stamp *stamp)
{
    struct stat st;
    if (fstat(fd, &st) != 0) {
        return FOTA_E_IO;
    }
    memset(stamp, 0, sizeof *stamp);
    stamp->device = st.st_dev;
    stamp->inode = st.st_ino;
    if (S_ISREG(st.st_mode)) {
        stamp->n_bytes = st.st_size;
        stamp->changed = st.st_mtim;
    }
    return FOTA_OK;
}

bool fota_file_same(const struct fota_file_stamp *a, const struct fota_file_stamp *b)
{
    return a->device == b->device && a->inode == b->inode && a->n_bytes == b->n_bytes &&
           a->changed.tv_sec == b->changed.tv_sec && a->changed.tv_nsec == b->changed.tv_nsec;
}

enum fota_err fota_file_read(int fd, uint64_t off, void *dst, size_t n_bytes)
{
    uint8_t *to = dst;
    while (n_bytes > 0) {
        const ssize_t n = pread(fd, to, n_bytes, (off_t)off);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return n < 0 ? FOTA_E_IO : FOTA_E_TRUNCATED;
        }
        to += n;
        off += (uint64_t)n;
        n_bytes -= (size_t)n;
    }
    return FOTA_OK;
}

static enum fota_err local_read(void *ctx, uint32_t off, uint8_t *dst, uint32_t n_bytes)
{
    const struct local *local = ctx;
    struct fota_file_stamp now;
    if (off > local->n_bytes || n_bytes > local->n_bytes - off) {
        return FOTA_E_RANGE;
    }
    enum fota_err err = fota_file_read(local->fd, off, dst, n_bytes);
    if (err == FOTA_OK || err == FOTA_E_TRUNCATED) {
        const enum fota_err stamped = fota_file_stamp(local->fd, &now);
        if (stamped != FOTA_OK) {
            return stamped;
        }
        err = fota_file_same(&local->stamp, &now) ? err : FOTA_E_CHANGED;
    }
    return err;
}

static void local_close(void *ctx)
{
    struct local *local = ctx;
    (void)close(local->fd);
    free(local);
}

static enum fota_err errno_err(struct fota_source *s, const char *path)
{
    const int cause = errno;
    fota_source_text(s->detail, "%s: %s", path, strerror(cause));
    return cause == ENOENT || cause == ENOTDIR ? FOTA_E_NOT_FOUND : FOTA_E_IO;
}

enum fota_err
fota_local_from_fd(struct fota_source *s, int fd, const struct fota_source_options *options)
{
    struct fota_file_stamp stamp;
    struct stat st;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || fota_file_stamp(fd, &stamp) != FOTA_OK) {
        fota_source_text(s->detail, "%s: not a file", s->place);
        (void)close(fd);
        return FOTA_E_IO;
    }
    if (st.st_size > (off_t)options->max_bytes) {
        (void)close(fd);
        return FOTA_E_TOO_LARGE;
    }
    struct local *local = malloc(sizeof *local);
    if (local == NULL) {
        (void)close(fd);
        return FOTA_E_NOMEM;
    }
    *local = (struct local){fd, (uint32_t)st.st_size, stamp};
    s->package = (struct fota_package_source){local, local->n_bytes, local_read, local_close};
    return FOTA_OK;
}

static void offer(struct fota_package_choice *choice, int dir_fd, const char *name)
{
    uint8_t head[FOTA_PACKAGE_HEAD_MAX];
    const int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return;
    }
    size_t n_head = 0;
    while (n_head < sizeof head) {
        const ssize_t n = read(fd, head + n_head, sizeof head - n_head);
        if (n <= 0) {
            break;
        }
        n_head += (size_t)n;
    }
    (void)close(fd);
    fota_package_choice_offer(choice, name, head, (uint32_t)n_head);
}

static enum fota_err choose(struct fota_package_choice *choice, int dir_fd,
                            const struct fota_package_wanted *wanted, const char **name)
{
    fota_package_choice_begin(choice, wanted);
    const int listing_fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = listing_fd >= 0 ? fdopendir(listing_fd) : NULL;
    if (dir == NULL) {
        if (listing_fd >= 0) {
            (void)close(listing_fd);
        }
        return FOTA_E_IO;
    }
    errno = 0;
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL; errno = 0) {
        if (fota_package_choice_name(entry->d_name)) {
            offer(choice, dir_fd, entry->d_name);
        }
    }
    const bool listed = errno == 0;
    (void)closedir(dir);
    return listed ? fota_package_choice_end(choice, name) : FOTA_E_IO;
}

/* Takes dir_fd. */
static enum fota_err open_directory(struct fota_source *s, int dir_fd, const char *path,
                                    const struct fota_source_options *options)
{
    struct fota_package_choice choice;
    const char *name = NULL;
    const enum fota_err err = choose(&choice, dir_fd, &options->wanted, &name);
    if (err != FOTA_OK) {
        fota_source_text(s->detail, "%s: %u deltas and %u full packages fit", path,
                         (unsigned)choice.n_deltas, (unsigned)choice.n_full);
        (void)close(dir_fd);
        return err;
    }
    const int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    (void)close(dir_fd);
    fota_source_text(s->place, "%s/%s", path, name);
    return fd < 0 ? errno_err(s, s->place) : fota_local_from_fd(s, fd, options);
}

enum fota_err fota_local_open(struct fota_source *s, const char *path,
                              const struct fota_source_options *options)
{
    struct stat st;
    /* O_NONBLOCK: a FIFO is refused, not waited for */
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return errno_err(s, path);
    }
    if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
        return open_directory(s, fd, path, options);
    }
    return fota_local_from_fd(s, fd, options);
}
