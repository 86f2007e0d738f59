/* SPDX-License-Identifier: MIT */
#include "source/part_file.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define SUFFIX_MAX 12U

/* PATH with a suffix, to be freed. */
static char *with_suffix(const char *path, const char *suffix)
{
    const size_t n = strlen(path) + SUFFIX_MAX;
    char *text = malloc(n);
    if (text != NULL) {
        (void)snprintf(text, n, "%s%s", path, suffix);
    }
    return text;
}

static enum fota_err open_temporary(struct fota_part_file *part)
{
    const char *dir = getenv("TMPDIR");
    char *path = with_suffix(dir != NULL && dir[0] != '\0' ? dir : "/tmp", "/fotaXXXXXX");
    if (path == NULL) {
        return FOTA_E_NOMEM;
    }
    part->fd = mkstemp(path);
    if (part->fd >= 0) {
        (void)unlink(path);
    }
    free(path);
    return part->fd >= 0 ? FOTA_OK : FOTA_E_IO;
}

/* Read a line without its end; false if it is missing or too long. */
static bool read_line(FILE *file, char *line, size_t size)
{
    if (fgets(line, (int)size, file) == NULL) {
        return false;
    }
    const size_t n = strcspn(line, "\n");
    const bool whole = line[n] == '\n';
    line[n] = '\0';
    return whole;
}

/* What PATH.part.from says, if it is about this place. */
static bool recall(const char *path, const char *place, struct fota_validator *validator)
{
    char line[FOTA_VALIDATOR_MAX + 16];
    char *from_path = with_suffix(path, ".part.from");
    FILE *file = from_path != NULL ? fopen(from_path, "re") : NULL;
    free(from_path);
    if (file == NULL) {
        return false;
    }
    bool known = read_line(file, line, sizeof line) && strcmp(line, place) == 0 &&
                 read_line(file, line, sizeof line);
    (void)fclose(file);
    const bool strong = strncmp(line, "strong ", 7) == 0;
    known = known && (strong || strncmp(line, "weak ", 5) == 0);
    if (known) {
        validator->strong = strong;
        (void)snprintf(validator->text, sizeof validator->text, "%s", line + (strong ? 7 : 5));
    }
    return known;
}

static enum fota_err
remember(const char *path, const char *place, const struct fota_validator *validator)
{
    char *from_path = with_suffix(path, ".part.from");
    FILE *file = from_path != NULL ? fopen(from_path, "we") : NULL;
    free(from_path);
    if (file == NULL) {
        return FOTA_E_IO;
    }
    const bool written = fprintf(file, "%s\n%s %s\n", place,
                                 validator->strong ? "strong" : "weak", validator->text) > 0;
    return fclose(file) == 0 && written ? FOTA_OK : FOTA_E_IO;
}

static enum fota_err open_named(struct fota_part_file *part, const char *path)
{
    struct stat st;
    char *part_path = with_suffix(path, ".part");
    part->path = with_suffix(path, "");
    if (part_path == NULL || part->path == NULL) {
        free(part_path);
        return FOTA_E_NOMEM;
    }
    part->fd = open(part_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
    free(part_path);
    if (part->fd >= 0 && fstat(part->fd, &st) == 0 && S_ISREG(st.st_mode) &&
        flock(part->fd, LOCK_EX | LOCK_NB) == 0) {
        return FOTA_OK;
    }
    if (part->fd >= 0) { /* not ours: leave it as it is */
        (void)close(part->fd);
        part->fd = -1;
    }
    return FOTA_E_IO;
}

enum fota_err
fota_part_file_open(struct fota_part_file *part, const char *path, const char *place,
                    uint64_t *have, struct fota_validator *validator)
{
    struct stat st;
    *part = (struct fota_part_file){-1, NULL};
    *have = 0;
    memset(validator, 0, sizeof *validator);
    const enum fota_err err = path == NULL ? open_temporary(part) : open_named(part, path);
    if (err != FOTA_OK) {
        fota_part_file_close(part);
        return err;
    }
    if (path != NULL && recall(path, place, validator) && fstat(part->fd, &st) == 0) {
        *have = (uint64_t)st.st_size;
    }
    return FOTA_OK;
}

enum fota_err fota_part_file_write(const struct fota_part_file *part, uint64_t off,
                                   const void *bytes, size_t n)
{
    const uint8_t *from = bytes;
    while (n > 0) {
        const ssize_t n_written = pwrite(part->fd, from, n, (off_t)off);
        if (n_written < 0 && errno == EINTR) {
            continue;
        }
        if (n_written <= 0) {
            return FOTA_E_IO;
        }
        from += n_written;
        off += (uint64_t)n_written;
        n -= (size_t)n_written;
    }
    return FOTA_OK;
}

enum fota_err fota_part_file_restart(const struct fota_part_file *part, const char *place,
                                     const struct fota_validator *validator)
{
    if (ftruncate(part->fd, 0) != 0) {
        return FOTA_E_IO;
    }
    return part->path == NULL ? FOTA_OK : remember(part->path, place, validator);
}

enum fota_err fota_part_file_finish(const struct fota_part_file *part)
{
    if (part->path == NULL) {
        return FOTA_OK;
    }
    char *part_path = with_suffix(part->path, ".part");
    char *from_path = with_suffix(part->path, ".part.from");
    enum fota_err err = part_path != NULL && from_path != NULL ? FOTA_OK : FOTA_E_NOMEM;
    if (err == FOTA_OK && (fsync(part->fd) != 0 || rename(part_path, part->path) != 0)) {
        err = FOTA_E_IO;
    }
    if (err == FOTA_OK) {
        (void)unlink(from_path);
    }
    free(part_path);
    free(from_path);
    return err;
}

/* An empty file is nothing to go on with. */
static void remove_if_empty(const struct fota_part_file *part)
{
    struct stat st;
    char *part_path = with_suffix(part->path, ".part");
    char *from_path = with_suffix(part->path, ".part.from");
    if (part_path != NULL && from_path != NULL && fstat(part->fd, &st) == 0 &&
        st.st_size == 0) {
        (void)unlink(part_path);
        (void)unlink(from_path);
    }
    free(part_path);
    free(from_path);
}

void fota_part_file_close(struct fota_part_file *part)
{
    if (part->fd >= 0) {
        if (part->path != NULL) {
            remove_if_empty(part);
        }
        (void)close(part->fd);
    }
    free(part->path);
    *part = (struct fota_part_file){-1, NULL};
}
