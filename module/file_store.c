/* SPDX-License-Identifier: MIT */
#include "module/file_store.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const places[] = {[STORE_RAM] = "RAM:", [STORE_UFS] = "UFS:"};

enum { PLACE_CHARACTERS = 4 };

void store_init(struct file_store *s, uint32_t ram_bytes, uint32_t ufs_bytes)
{
    memset(s, 0, sizeof *s);
    s->max_bytes[STORE_RAM] = ram_bytes;
    s->max_bytes[STORE_UFS] = ufs_bytes;
}

static void forget(struct stored_file *file)
{
    free(file->bytes);
    memset(file, 0, sizeof *file);
}

void store_reset(struct file_store *s)
{
    memset(s->handles, 0, sizeof s->handles);
    for (size_t i = 0; i < STORE_FILES_MAX; i++) {
        struct stored_file *file = &s->files[i];
        file->n_users = 0;
        if (file->name[0] != '\0' && store_place_of(file->name) == STORE_RAM) {
            forget(file);
        }
    }
}

void store_close(struct file_store *s)
{
    for (size_t i = 0; i < STORE_FILES_MAX; i++) {
        forget(&s->files[i]);
    }
}

enum store_place store_place_of(const char *name)
{
    return strncmp(name, places[STORE_RAM], PLACE_CHARACTERS) == 0 ? STORE_RAM : STORE_UFS;
}

enum fota_err store_name(char name[STORE_NAME_MAX + 1], const char *text)
{
    const bool placed = strncmp(text, places[STORE_RAM], PLACE_CHARACTERS) == 0 ||
                        strncmp(text, places[STORE_UFS], PLACE_CHARACTERS) == 0;
    const int n =
        snprintf(name, STORE_NAME_MAX + 1, "%s%s", placed ? "" : places[STORE_UFS], text);
    if (n <= PLACE_CHARACTERS || n > STORE_NAME_MAX) {
        return FOTA_E_SYNTAX;
    }
    return strpbrk(name + PLACE_CHARACTERS, ":/\\*?\"") == NULL ? FOTA_OK : FOTA_E_SYNTAX;
}

uint32_t store_free(const struct file_store *s, enum store_place place)
{
    uint32_t left = s->max_bytes[place];
    for (size_t i = 0; i < STORE_FILES_MAX; i++) {
        if (s->files[i].name[0] != '\0' && store_place_of(s->files[i].name) == place) {
            left -= s->files[i].n_bytes;
        }
    }
    return left;
}

struct stored_file *store_find(struct file_store *s, const char *name)
{
    for (size_t i = 0; i < STORE_FILES_MAX; i++) {
        if (s->files[i].name[0] != '\0' && strcmp(s->files[i].name, name) == 0) {
            return &s->files[i];
        }
    }
    return NULL;
}

static struct stored_file *free_slot(struct file_store *s)
{
    for (size_t i = 0; i < STORE_FILES_MAX; i++) {
        if (s->files[i].name[0] == '\0') {
            return &s->files[i];
        }
    }
    return NULL;
}

enum fota_err store_create(struct file_store *s, const char *name, struct stored_file **file)
{
    struct stored_file *f = store_find(s, name);
    if (f != NULL && f->n_users > 0) {
        return FOTA_E_IN_USE;
    }
    if (f == NULL) {
        f = free_slot(s);
    }
    if (f == NULL) {
        return FOTA_E_STORE;
    }
    forget(f);
    (void)snprintf(f->name, sizeof f->name, "%s", name);
    *file = f;
    return FOTA_OK;
}

enum fota_err
store_append(struct file_store *s, struct stored_file *file, const uint8_t *bytes, size_t n)
{
    if (n == 0) {
        return FOTA_OK;
    }
    if (n > store_free(s, store_place_of(file->name))) {
        return FOTA_E_STORE;
    }
    uint8_t *more = realloc(file->bytes, file->n_bytes + n);
    if (more == NULL) {
        return FOTA_E_STORE;
    }
    memcpy(more + file->n_bytes, bytes, n);
    file->bytes = more;
    file->n_bytes += (uint32_t)n;
    return FOTA_OK;
}

enum fota_err store_remove(struct stored_file *file)
{
    if (file->n_users > 0) {
        return FOTA_E_IN_USE;
    }
    forget(file);
    return FOTA_OK;
}

bool store_has_handle(const struct file_store *s)
{
    for (size_t i = 0; i < STORE_HANDLES_MAX; i++) {
        if (s->handles[i].number == 0) {
            return true;
        }
    }
    return false;
}

enum fota_err store_open(struct file_store *s, struct stored_file *file, uint32_t *number)
{
    for (size_t i = 0; i < STORE_HANDLES_MAX; i++) {
        struct store_handle *handle = &s->handles[i];
        if (handle->number == 0) {
            handle->number = ++s->last_number;
            handle->file = file;
            handle->at = 0;
            file->n_users++;
            *number = handle->number;
            return FOTA_OK;
        }
    }
    return FOTA_E_IN_USE;
}

struct store_handle *store_handle(struct file_store *s, uint32_t number)
{
    for (size_t i = 0; i < STORE_HANDLES_MAX; i++) {
        if (number != 0 && s->handles[i].number == number) {
            return &s->handles[i];
        }
    }
    return NULL;
}

void store_close_handle(struct store_handle *handle)
{
    handle->file->n_users--;
    memset(handle, 0, sizeof *handle);
}
