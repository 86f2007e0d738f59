/* SPDX-License-Identifier: MIT */
/* A folder of its own for a test that writes files; the test leaves its file names there. */
#ifndef FOTA_TEST_TEMP_DIR_H
#define FOTA_TEST_TEMP_DIR_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct temp_dir {
    char path[64];
};

/* Make the folder and go there.  Exits the test program when it cannot. */
static inline void temp_dir_enter(struct temp_dir *dir)
{
    (void)snprintf(dir->path, sizeof dir->path, "/tmp/fota_test.XXXXXX");
    if (mkdtemp(dir->path) == NULL || chdir(dir->path) != 0) exit(99);
}

/* How many files are in the folder. */
static inline int temp_dir_count(void)
{
    int n = 0;
    DIR *d = opendir(".");
    const struct dirent *entry;
    while (d != NULL && (entry = readdir(d)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) n++;
    }
    if (d != NULL) (void)closedir(d);
    return n;
}

/* Remove the folder with its files (no folders in it). */
static inline void temp_dir_leave(const struct temp_dir *dir)
{
    DIR *d = opendir(".");
    const struct dirent *entry;
    while (d != NULL && (entry = readdir(d)) != NULL) {
        (void)unlink(entry->d_name);
    }
    if (d != NULL) (void)closedir(d);
    if (chdir("/") != 0 || rmdir(dir->path) != 0) exit(98);
}

#endif
