/* SPDX-License-Identifier: MIT */
/* The files of the module: "RAM:name", gone at a reset, and "UFS:name", which stay until the
 * program ends.  Both are bounded in bytes, together in number. */
#ifndef FOTA_MODULE_FILE_STORE_H
#define FOTA_MODULE_FILE_STORE_H

#include "core/err.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    STORE_FILES_MAX = 16,
    STORE_NAME_MAX = 63, /* with its place */
    STORE_HANDLES_MAX = 4,
    STORE_RAM_BYTES = 512 * 1024,
    STORE_UFS_BYTES = 2 * 1024 * 1024,
};

enum store_place { STORE_RAM, STORE_UFS };

struct stored_file {
    char name[STORE_NAME_MAX + 1]; /* "UFS:a.fota"; "": none */
    uint8_t *bytes;
    uint32_t n_bytes;
    uint32_t n_users; /* handles, uploads and downloads: not removed while there are any */
};

struct store_handle {
    uint32_t number; /* 0: free */
    struct stored_file *file;
    uint32_t at;
};

struct file_store {
    uint32_t max_bytes[2]; /* by place */
    uint32_t last_number;
    struct stored_file files[STORE_FILES_MAX];
    struct store_handle handles[STORE_HANDLES_MAX];
};

void store_init(struct file_store *s, uint32_t ram_bytes, uint32_t ufs_bytes);
/* The module resets: files of RAM are gone, nothing is open. */
void store_reset(struct file_store *s);
void store_close(struct file_store *s);

/* The full name of `text`: without a place it is UFS:.  FOTA_E_SYNTAX: no plain name. */
FOTA_NODISCARD enum fota_err store_name(char name[STORE_NAME_MAX + 1], const char *text);
enum store_place store_place_of(const char *name);
/* Bytes that are still free in a place. */
uint32_t store_free(const struct file_store *s, enum store_place place);
/* A null pointer: none. */
struct stored_file *store_find(struct file_store *s, const char *name);
/* An empty file of this full name; one that is there is emptied.  FOTA_E_STORE (no room for
 * another), FOTA_E_IN_USE. */
FOTA_NODISCARD enum fota_err
store_create(struct file_store *s, const char *name, struct stored_file **file);
/* FOTA_E_STORE, and nothing is appended: no room. */
FOTA_NODISCARD enum fota_err
store_append(struct file_store *s, struct stored_file *file, const uint8_t *bytes, size_t n);
/* FOTA_E_IN_USE. */
FOTA_NODISCARD enum fota_err store_remove(struct stored_file *file);

/* Can one more be opened? */
bool store_has_handle(const struct file_store *s);
/* FOTA_E_IN_USE: too many are open. */
FOTA_NODISCARD enum fota_err
store_open(struct file_store *s, struct stored_file *file, uint32_t *number);
/* A null pointer: not open. */
struct store_handle *store_handle(struct file_store *s, uint32_t number);
void store_close_handle(struct store_handle *handle);

#endif
