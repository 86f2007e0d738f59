/* SPDX-License-Identifier: MIT */
/* The module's files. */
#include "module/modem_state.h"
#include <stdio.h>
#include <string.h>

enum {
    UPLOAD_S = 5,
    UPLOAD_S_MAX = 65535,
    ACKNOWLEDGED_BYTES = 1024,
    FILE_MODE_ANY = 0,   /* made when it is not there */
    FILE_MODE_EMPTY = 1, /* made, or emptied */
    FILE_MODE_READ = 2,
    SEEK_BEGIN = 0,
    SEEK_HERE = 1,
    SEEK_BACK = 2, /* from the end */
};

/* "RAM" or "UFS" */
MODEM_HANDLER(modem_on_qflds)
{
    (void)form;
    (void)n_args;
    const struct modem *m = modem_of(s);
    char place[4];
    if (!modem_text(&args, place, sizeof place) || *args != '\0' ||
        (strcmp(place, "RAM") != 0 && strcmp(place, "UFS") != 0)) {
        return FOTA_AT_DONE_ERROR;
    }
    const enum store_place p = strcmp(place, "RAM") == 0 ? STORE_RAM : STORE_UFS;
    fota_at_server_info_begin(s);
    fota_at_server_text(s, "+QFLDS: ");
    fota_at_server_number(s, store_free(&m->store, p));
    fota_at_server_text(s, ",");
    fota_at_server_number(s, m->store.max_bytes[p]);
    fota_at_server_info_end(s);
    return FOTA_AT_DONE_OK;
}

/* The files that a text names: "*" (in UFS), "RAM:*", or one. */
struct selection {
    bool all;
    enum store_place place;
    char name[STORE_NAME_MAX + 1];
};

static bool select_files(struct selection *files, const char *args)
{
    char text[STORE_NAME_MAX + 1] = "*";
    if (*args != '\0' && (!modem_text(&args, text, sizeof text) || *args != '\0')) {
        return false;
    }
    memset(files, 0, sizeof *files);
    files->place = store_place_of(text);
    files->all =
        strcmp(text, "*") == 0 || strcmp(text, "RAM:*") == 0 || strcmp(text, "UFS:*") == 0;
    return files->all || store_name(files->name, text) == FOTA_OK;
}

static bool is_selected(const struct selection *files, const struct stored_file *file)
{
    if (file->name[0] == '\0') {
        return false;
    }
    return files->all ? store_place_of(file->name) == files->place
                      : strcmp(files->name, file->name) == 0;
}

MODEM_HANDLER(modem_on_qflst)
{
    (void)form;
    (void)n_args;
    const struct modem *m = modem_of(s);
    struct selection files;
    if (!select_files(&files, args)) {
        return FOTA_AT_DONE_ERROR;
    }
    bool any = files.all;
    for (size_t i = 0; i < STORE_FILES_MAX; i++) {
        const struct stored_file *file = &m->store.files[i];
        if (is_selected(&files, file)) {
            any = true;
            fota_at_server_info_begin(s);
            fota_at_server_text(s, "+QFLST: \"");
            fota_at_server_text(s, file->name);
            fota_at_server_text(s, "\",");
            fota_at_server_number(s, file->n_bytes);
            fota_at_server_info_end(s);
        }
    }
    return any ? FOTA_AT_DONE_OK : modem_failed(s, FOTA_E_NOT_FOUND);
}

MODEM_HANDLER(modem_on_qfdel)
{
    (void)form;
    (void)n_args;
    struct modem *m = modem_of(s);
    struct selection files;
    if (!select_files(&files, args)) {
        return FOTA_AT_DONE_ERROR;
    }
    bool any = files.all;
    for (size_t i = 0; i < STORE_FILES_MAX; i++) {
        struct stored_file *file = &m->store.files[i];
        if (is_selected(&files, file)) {
            any = true;
            const enum fota_err err = store_remove(file);
            if (err != FOTA_OK) {
                return modem_failed(s, err);
            }
        }
    }
    return any ? FOTA_AT_DONE_OK : modem_failed(s, FOTA_E_NOT_FOUND);
}

/* ---- from the line into a file ---- */

static size_t take_upload(void *ctx, const uint8_t *bytes, size_t n)
{
    struct modem *m = ctx;
    const uint32_t before = m->upload.n_bytes;
    if (store_append(&m->store, m->upload.file, bytes, n) != FOTA_OK) {
        return n; /* room was promised; what is missing is said by the size at the end */
    }
    for (size_t i = 0; i < n; i++) { /* words of 16 bits, the first byte is the high one */
        const unsigned shift = (m->upload.n_bytes + i) % 2 == 0 ? 8 : 0;
        m->upload.checksum = (uint16_t)(m->upload.checksum ^ (unsigned)bytes[i] << shift);
    }
    m->upload.n_bytes += (uint32_t)n;
    uint32_t blocks = m->upload.n_bytes / ACKNOWLEDGED_BYTES - before / ACKNOWLEDGED_BYTES;
    for (; m->upload.acknowledge && blocks > 0; blocks--) {
        fota_at_server_text(m->at, "A");
    }
    return n;
}

static enum fota_at_answer end_upload(void *ctx, struct fota_at_server *s, bool timed_out)
{
    struct modem *m = ctx;
    char checksum[5];
    m->at = NULL;
    m->upload.file->n_users--;
    m->upload.file = NULL;
    (void)timed_out; /* what has come is kept, and its size is said */
    (void)snprintf(checksum, sizeof checksum, "%x", (unsigned)m->upload.checksum);
    fota_at_server_info_begin(s);
    fota_at_server_text(s, "+QFUPL: ");
    fota_at_server_number(s, m->upload.n_bytes);
    fota_at_server_text(s, ",");
    fota_at_server_text(s, checksum);
    fota_at_server_info_end(s);
    return FOTA_AT_DONE_OK;
}

MODEM_HANDLER(modem_on_qfupl)
{
    (void)form;
    (void)n_args;
    struct modem *m = modem_of(s);
    char name[STORE_NAME_MAX + 1];
    uint32_t n_bytes = 0;
    uint32_t limit_s = UPLOAD_S;
    uint32_t acknowledge = 0;
    if (!modem_file_name(&args, name) || !modem_comma(&args) ||
        !fota_at_parse_number(&args, &n_bytes) || n_bytes == 0 ||
        !modem_optional(&args, 1, UPLOAD_S_MAX, &limit_s) ||
        !modem_optional(&args, 0, 1, &acknowledge) || *args != '\0') {
        return FOTA_AT_DONE_ERROR;
    }
    if (store_find(&m->store, name) != NULL) {
        return modem_failed(s, FOTA_E_EXISTS);
    }
    if (n_bytes > store_free(&m->store, store_place_of(name))) {
        return modem_failed(s, FOTA_E_STORE);
    }
    memset(&m->upload, 0, sizeof m->upload);
    const enum fota_err err = store_create(&m->store, name, &m->upload.file);
    if (err != FOTA_OK) {
        return modem_failed(s, err);
    }
    m->upload.file->n_users++;
    m->upload.acknowledge = acknowledge == 1;
    m->at = s;
    s->counted = (struct fota_at_counted){.ctx = m,
                                          .n_bytes = n_bytes,
                                          .limit_ms = limit_s * 1000,
                                          .take = take_upload,
                                          .end = end_upload};
    fota_at_server_connect(s);
    return FOTA_AT_COUNTED;
}

/* ---- open files ---- */

static enum fota_err
open_file(struct modem *m, const char *name, uint32_t mode, uint32_t *number)
{
    struct stored_file *file = store_find(&m->store, name);
    if (file == NULL && mode == FILE_MODE_READ) {
        return FOTA_E_NOT_FOUND;
    }
    if (!store_has_handle(&m->store)) {
        return FOTA_E_IN_USE; /* before anything is made or emptied */
    }
    if (file == NULL || mode == FILE_MODE_EMPTY) {
        const enum fota_err err = store_create(&m->store, name, &file);
        if (err != FOTA_OK) {
            return err;
        }
    }
    return store_open(&m->store, file, number);
}

static enum fota_at_answer list_open(struct fota_at_server *s)
{
    const struct file_store *store = &modem_of(s)->store;
    for (size_t i = 0; i < STORE_HANDLES_MAX; i++) {
        const struct store_handle *handle = &store->handles[i];
        if (handle->number != 0) {
            fota_at_server_info_begin(s);
            fota_at_server_text(s, "+QFOPEN: \"");
            fota_at_server_text(s, handle->file->name);
            fota_at_server_text(s, "\",");
            fota_at_server_number(s, handle->number);
            fota_at_server_text(s, ",0");
            fota_at_server_info_end(s);
        }
    }
    return FOTA_AT_DONE_OK;
}

MODEM_HANDLER(modem_on_qfopen)
{
    (void)n_args;
    if (form == FOTA_AT_READ) {
        return list_open(s);
    }
    char name[STORE_NAME_MAX + 1];
    uint32_t mode = FILE_MODE_ANY;
    uint32_t number = 0;
    if (!modem_file_name(&args, name) ||
        !modem_optional(&args, FILE_MODE_ANY, FILE_MODE_READ, &mode) || *args != '\0') {
        return FOTA_AT_DONE_ERROR;
    }
    const enum fota_err err = open_file(modem_of(s), name, mode, &number);
    if (err != FOTA_OK) {
        return modem_failed(s, err);
    }
    fota_at_server_info_begin(s);
    fota_at_server_text(s, "+QFOPEN: ");
    fota_at_server_number(s, number);
    fota_at_server_info_end(s);
    return FOTA_AT_DONE_OK;
}

/* The open file whose number stands at *at. */
static bool
handle_argument(struct fota_at_server *s, const char **at, struct store_handle **handle)
{
    uint32_t number = 0;
    if (!fota_at_parse_number(at, &number)) {
        return false;
    }
    *handle = store_handle(&modem_of(s)->store, number);
    return true;
}

MODEM_HANDLER(modem_on_qfread)
{
    (void)form;
    (void)n_args;
    struct store_handle *handle = NULL;
    uint32_t n = UINT32_MAX;
    if (!handle_argument(s, &args, &handle) || !modem_optional(&args, 1, UINT32_MAX, &n) ||
        *args != '\0') {
        return FOTA_AT_DONE_ERROR;
    }
    if (handle == NULL) {
        return modem_failed(s, FOTA_E_HANDLE);
    }
    const uint32_t begin = handle->at;
    const uint32_t left = handle->file->n_bytes - begin;
    n = n < left ? n : left;
    handle->at += n;
    return modem_dump(s, handle->file, begin, begin + n, true);
}

MODEM_HANDLER(modem_on_qfseek)
{
    (void)form;
    (void)n_args;
    struct store_handle *handle = NULL;
    uint32_t off = 0;
    uint32_t from = SEEK_BEGIN;
    if (!handle_argument(s, &args, &handle) || !modem_comma(&args) ||
        !fota_at_parse_number(&args, &off) ||
        !modem_optional(&args, SEEK_BEGIN, SEEK_BACK, &from) || *args != '\0') {
        return FOTA_AT_DONE_ERROR;
    }
    if (handle == NULL) {
        return modem_failed(s, FOTA_E_HANDLE);
    }
    const uint32_t n_bytes = handle->file->n_bytes;
    const uint32_t room = from == SEEK_HERE ? n_bytes - handle->at : n_bytes;
    if (off > room) {
        return modem_failed(s, FOTA_E_RANGE);
    }
    handle->at = from == SEEK_BEGIN  ? off
                 : from == SEEK_HERE ? handle->at + off
                                     : n_bytes - off;
    return FOTA_AT_DONE_OK;
}

MODEM_HANDLER(modem_on_qfclose)
{
    (void)form;
    (void)n_args;
    struct store_handle *handle = NULL;
    if (!handle_argument(s, &args, &handle) || *args != '\0') {
        return FOTA_AT_DONE_ERROR;
    }
    if (handle == NULL) {
        return modem_failed(s, FOTA_E_HANDLE);
    }
    store_close_handle(handle);
    return FOTA_AT_DONE_OK;
}
