/* SPDX-License-Identifier: MIT */
/* HTTP and FTP into files. */
#include "module/modem_state.h"
#include <stdio.h>
#include <string.h>

#define GET_FILE "RAM:HTTP_GETFILE" /* what AT+QHTTPGET fetched */

enum {
    URL_BYTES_MAX = 255,
    WAIT_S = 60, /* without a byte */
    WAIT_S_MAX = 65535,
    FTP_PORT = 21,
};

/* ---- a download ---- */

static enum fota_err on_begin(void *ctx, const struct fota_answer *answer)
{
    struct modem *m = ctx;
    m->total_bytes = answer->total;
    if (m->file == NULL || answer->total == FOTA_TOTAL_UNKNOWN) {
        return FOTA_OK;
    }
    if (answer->total > m->max_bytes) {
        return FOTA_E_TOO_LARGE;
    }
    return answer->total > store_free(&m->store, store_place_of(m->file->name)) ? FOTA_E_STORE
                                                                                : FOTA_OK;
}

static enum fota_err on_bytes(void *ctx, const uint8_t *bytes, size_t n)
{
    struct modem *m = ctx;
    if (m->file == NULL) {
        return FOTA_MORE; /* the server has let us in: enough */
    }
    if (n > m->max_bytes - m->file->n_bytes) {
        return FOTA_E_TOO_LARGE;
    }
    return store_append(&m->store, m->file, bytes, n);
}

/* Begin; `name` "": nothing is kept. */
static enum fota_err begin(struct modem *m, enum modem_download what, const char *url,
                           const char *name, uint32_t max_bytes, uint32_t wait_s)
{
    if (m->download != DOWNLOAD_NONE) {
        return FOTA_E_IN_USE;
    }
    struct stored_file *file = NULL;
    if (name[0] != '\0') {
        const enum fota_err err = store_create(&m->store, name, &file);
        if (err != FOTA_OK) {
            return err;
        }
        file->n_users++;
    }
    m->file = file;
    m->max_bytes = max_bytes;
    m->total_bytes = FOTA_TOTAL_UNKNOWN;
    m->sink = (struct fota_sink){.ctx = m, .begin = on_begin, .bytes = on_bytes};
    const enum fota_err err = m->net.fetch(m->net.ctx, url, wait_s * 1000, &m->sink);
    if (err == FOTA_OK) {
        m->download = what;
    } else if (m->file != NULL) {
        m->file->n_users--;
        (void)!store_remove(m->file);
    }
    return err;
}

/* The numbers of +QHTTPDL. */
static void print_http_end(struct modem *m, uint32_t n_bytes, enum fota_err err)
{
    const unsigned cme = err == FOTA_OK ? 0 : fota_err_cme(err);
    if (m->total_bytes == FOTA_TOTAL_UNKNOWN) {
        modem_code(m, "+QHTTPDL: %u,-1,%u", (unsigned)n_bytes, cme);
    } else {
        modem_code(m, "+QHTTPDL: %u,%llu,%u", (unsigned)n_bytes,
                   (unsigned long long)m->total_bytes, cme);
    }
}

static void print_ftp(struct modem *m, const char *what, uint32_t number, enum fota_err err)
{
    if (err == FOTA_OK) {
        modem_code(m, "+%s:%u", what, (unsigned)number);
    } else {
        modem_code(m, "+%s:-%u", what, fota_err_cme(err));
    }
}

/* A download has come to its end.  What came of a failed one is removed. */
static void end(struct modem *m, enum fota_err err)
{
    const enum modem_download what = m->download;
    uint32_t n_bytes = 0;
    m->download = DOWNLOAD_NONE;
    if (m->file != NULL) {
        n_bytes = m->file->n_bytes;
        m->file->n_users--;
        if (err == FOTA_OK && m->total_bytes != FOTA_TOTAL_UNKNOWN &&
            n_bytes != m->total_bytes) {
            err = FOTA_E_NETWORK; /* cut */
        }
        if (err != FOTA_OK) {
            (void)!store_remove(m->file);
        }
        m->file = NULL;
    }
    switch (what) {
    case DOWNLOAD_HTTP:
        print_http_end(m, n_bytes, err);
        return;
    case DOWNLOAD_GET:
        if (m->at != NULL) {
            m->at->error = err;
        }
        modem_finish(m, err == FOTA_OK ? FOTA_AT_DONE_OK : FOTA_AT_DONE_ERROR);
        return;
    case DOWNLOAD_LOGIN:
        if (err != FOTA_OK) {
            m->ftp_host[0] = '\0';
        }
        print_ftp(m, "QFTPOPEN", 0, err);
        return;
    case DOWNLOAD_FTP:
        print_ftp(m, "QFTPGET", n_bytes, err);
        return;
    case DOWNLOAD_NONE:
        return;
    }
}

void modem_download_step(struct modem *m)
{
    const enum fota_err err = m->net.fetch_step(m->net.ctx);
    if (err != FOTA_MORE) {
        end(m, err);
    }
}

/* ---- HTTP ---- */

static size_t take_url(void *ctx, const uint8_t *bytes, size_t n)
{
    struct modem *m = ctx;
    memcpy(m->url + m->n_url, bytes, n); /* no more than was declared */
    m->n_url += (uint32_t)n;
    m->url[m->n_url] = '\0';
    return n;
}

static bool is_http(const char *url)
{
    return strncmp(url, "http://", 7) == 0 || strncmp(url, "https://", 8) == 0;
}

static enum fota_at_answer end_url(void *ctx, struct fota_at_server *s, bool timed_out)
{
    struct modem *m = ctx;
    const bool printable = strlen(m->url) == m->n_url; /* no NUL in it */
    if (timed_out || !printable || !is_http(m->url)) {
        m->url[0] = '\0';
        return modem_failed(s, timed_out ? FOTA_E_TIMEOUT : FOTA_E_USAGE);
    }
    return FOTA_AT_DONE_OK;
}

MODEM_HANDLER(modem_on_qhttpurl)
{
    (void)form;
    (void)n_args;
    struct modem *m = modem_of(s);
    uint32_t n_bytes = 0;
    uint32_t limit_s = WAIT_S;
    if (!fota_at_parse_number(&args, &n_bytes) || n_bytes == 0 || n_bytes > URL_BYTES_MAX ||
        !modem_optional(&args, 1, WAIT_S_MAX, &limit_s) || *args != '\0') {
        return FOTA_AT_DONE_ERROR;
    }
    m->n_url = 0;
    m->url[0] = '\0';
    s->counted = (struct fota_at_counted){.ctx = m,
                                          .n_bytes = n_bytes,
                                          .limit_ms = limit_s * 1000,
                                          .limit_is_for_all = true,
                                          .take = take_url,
                                          .end = end_url};
    fota_at_server_connect(s);
    return FOTA_AT_COUNTED;
}

/* [<seconds>] */
static bool seconds_argument(const char *args, uint32_t *seconds)
{
    return *args == '\0' || (fota_at_parse_number(&args, seconds) && *args == '\0' &&
                             *seconds > 0 && *seconds <= WAIT_S_MAX);
}

MODEM_HANDLER(modem_on_qhttpget)
{
    (void)form;
    (void)n_args;
    struct modem *m = modem_of(s);
    uint32_t wait_s = WAIT_S;
    if (!seconds_argument(args, &wait_s)) {
        return FOTA_AT_DONE_ERROR;
    }
    if (m->url[0] == '\0') {
        return modem_failed(s, FOTA_E_NO_CONNECTION);
    }
    const enum fota_err err = begin(m, DOWNLOAD_GET, m->url, GET_FILE, UINT32_MAX, wait_s);
    return err == FOTA_OK ? modem_wait(m, s) : modem_failed(s, err);
}

MODEM_HANDLER(modem_on_qhttpread)
{
    (void)form;
    (void)n_args;
    uint32_t wait_s = WAIT_S;
    struct stored_file *file = store_find(&modem_of(s)->store, GET_FILE);
    if (!seconds_argument(args, &wait_s)) {
        return FOTA_AT_DONE_ERROR;
    }
    return file != NULL ? modem_dump(s, file, 0, file->n_bytes, false)
                        : modem_failed(s, FOTA_E_NOT_FOUND);
}

MODEM_HANDLER(modem_on_qhttpdl)
{
    (void)form;
    (void)n_args;
    struct modem *m = modem_of(s);
    char name[STORE_NAME_MAX + 1];
    uint32_t max_bytes = UINT32_MAX;
    uint32_t wait_s = WAIT_S;
    if (!modem_file_name(&args, name) || !modem_optional(&args, 1, UINT32_MAX, &max_bytes) ||
        !modem_optional(&args, 1, WAIT_S_MAX, &wait_s) || *args != '\0') {
        return FOTA_AT_DONE_ERROR;
    }
    if (m->url[0] == '\0') {
        return modem_failed(s, FOTA_E_NO_CONNECTION);
    }
    const enum fota_err err = begin(m, DOWNLOAD_HTTP, m->url, name, max_bytes, wait_s);
    return err == FOTA_OK ? FOTA_AT_DONE_OK : modem_failed(s, err);
}

/* ---- FTP ---- */

static enum fota_at_answer keep_text(const char *args, char text[MODEM_TEXT_MAX + 1])
{
    char new_text[MODEM_TEXT_MAX + 1];
    if (!modem_text(&args, new_text, sizeof new_text) || *args != '\0') {
        return FOTA_AT_DONE_ERROR;
    }
    memcpy(text, new_text, sizeof new_text);
    return FOTA_AT_DONE_OK;
}

MODEM_HANDLER(modem_on_qftpuser)
{
    (void)form;
    (void)n_args;
    return keep_text(args, modem_of(s)->ftp_user);
}

MODEM_HANDLER(modem_on_qftppass)
{
    (void)form;
    (void)n_args;
    return keep_text(args, modem_of(s)->ftp_password);
}

/* "/RAM/name" and "/UFS/name" are RAM:name and UFS:name. */
static bool local_file(const char *text, char name[STORE_NAME_MAX + 1])
{
    char full[STORE_NAME_MAX + 1];
    if ((strncmp(text, "/RAM/", 5) != 0 && strncmp(text, "/UFS/", 5) != 0) ||
        (size_t)snprintf(full, sizeof full, "%.3s:%s", text + 1, text + 5) >= sizeof full) {
        return false;
    }
    return store_name(name, full) == FOTA_OK;
}

MODEM_HANDLER(modem_on_qftpcfg)
{
    (void)form;
    (void)n_args;
    struct modem *m = modem_of(s);
    char text[MODEM_TEXT_MAX + 1];
    char name[STORE_NAME_MAX + 1];
    enum { LOCAL_FILE = 4 };
    uint32_t what = 0;
    if (!fota_at_parse_number(&args, &what) || what != LOCAL_FILE || !modem_comma(&args) ||
        !modem_text(&args, text, sizeof text) || *args != '\0' || !local_file(text, name)) {
        return FOTA_AT_DONE_ERROR;
    }
    memcpy(m->ftp_file, name, sizeof m->ftp_file);
    print_ftp(m, "QFTPCFG", 0, FOTA_OK);
    return FOTA_AT_DONE_OK;
}

/* `text` with everything but letters, digits and some marks as % and two digits; `keep` is kept
 * too.  False: does not fit. */
static bool append_escaped(char url[MODEM_URL_MAX + 1], const char *text, const char *keep)
{
    size_t n = strlen(url);
    for (; *text != '\0'; text++) {
        const bool plain = (*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z') ||
                           (*text >= '0' && *text <= '9') || strchr(keep, *text) != NULL;
        const int more = snprintf(url + n, MODEM_URL_MAX + 1 - n, plain ? "%c" : "%%%02X",
                                  (unsigned)(unsigned char)*text);
        n += (size_t)more;
        if (n > MODEM_URL_MAX) {
            return false;
        }
    }
    return true;
}

/* ftp://user:password@host:port/path/file */
static bool ftp_url(const struct modem *m, char url[MODEM_URL_MAX + 1], const char *file)
{
    char port[16];
    url[0] = '\0';
    (void)snprintf(port, sizeof port, ":%u/", (unsigned)m->ftp_port);
    bool ok = append_escaped(url, "ftp://", ":/");
    if (m->ftp_user[0] != '\0') {
        ok = ok && append_escaped(url, m->ftp_user, "-._~") && append_escaped(url, ":", ":") &&
             append_escaped(url, m->ftp_password, "-._~") && append_escaped(url, "@", "@");
    }
    ok = ok && append_escaped(url, m->ftp_host, "-._[]:") && append_escaped(url, port, ":/");
    const char *path = m->ftp_path;
    path += *path == '/' ? 1 : 0;
    ok = ok && append_escaped(url, path, "-._~/");
    if (*path != '\0' && path[strlen(path) - 1] != '/') {
        ok = ok && append_escaped(url, "/", "/");
    }
    return ok && append_escaped(url, file, "-._~/");
}

MODEM_HANDLER(modem_on_qftpopen)
{
    (void)form;
    (void)n_args;
    struct modem *m = modem_of(s);
    char host[MODEM_TEXT_MAX + 1];
    char url[MODEM_URL_MAX + 1];
    uint32_t port = FTP_PORT;
    if (!modem_text(&args, host, sizeof host) || host[0] == '\0' ||
        !modem_optional(&args, 1, 65535, &port) || *args != '\0') {
        return FOTA_AT_DONE_ERROR;
    }
    if (m->ftp_host[0] != '\0' || m->download != DOWNLOAD_NONE) {
        return modem_failed(s, FOTA_E_IN_USE);
    }
    memcpy(m->ftp_host, host, sizeof host);
    m->ftp_port = port;
    m->ftp_path[0] = '\0';
    enum fota_err err = FOTA_E_USAGE;
    if (ftp_url(m, url, "")) {
        err = begin(m, DOWNLOAD_LOGIN, url, "", 0, WAIT_S);
    }
    if (err != FOTA_OK) {
        m->ftp_host[0] = '\0';
        return modem_failed(s, err);
    }
    return FOTA_AT_DONE_OK;
}

MODEM_HANDLER(modem_on_qftppath)
{
    (void)form;
    (void)n_args;
    struct modem *m = modem_of(s);
    const enum fota_at_answer answer = keep_text(args, m->ftp_path);
    if (answer == FOTA_AT_DONE_OK) {
        print_ftp(m, "QFTPPATH", 0, FOTA_OK);
    }
    return answer;
}

MODEM_HANDLER(modem_on_qftpget)
{
    (void)form;
    (void)n_args;
    struct modem *m = modem_of(s);
    char file[MODEM_TEXT_MAX + 1];
    char url[MODEM_URL_MAX + 1];
    uint32_t max_bytes = UINT32_MAX;
    if (!modem_text(&args, file, sizeof file) || file[0] == '\0' ||
        !modem_optional(&args, 1, UINT32_MAX, &max_bytes) || *args != '\0') {
        return FOTA_AT_DONE_ERROR;
    }
    if (m->ftp_host[0] == '\0') {
        return modem_failed(s, FOTA_E_NO_CONNECTION);
    }
    if (m->ftp_file[0] == '\0' || !ftp_url(m, url, file)) {
        return modem_failed(s, FOTA_E_USAGE);
    }
    const enum fota_err err = begin(m, DOWNLOAD_FTP, url, m->ftp_file, max_bytes, WAIT_S);
    return err == FOTA_OK ? FOTA_AT_DONE_OK : modem_failed(s, err);
}

/* Also ends a download. */
MODEM_HANDLER(modem_on_qftpclose)
{
    (void)form;
    (void)args;
    (void)n_args;
    struct modem *m = modem_of(s);
    if (m->ftp_host[0] == '\0') {
        return modem_failed(s, FOTA_E_NO_CONNECTION);
    }
    if (m->download == DOWNLOAD_LOGIN || m->download == DOWNLOAD_FTP) {
        m->net.fetch_stop(m->net.ctx);
        end(m, FOTA_E_INTERRUPTED);
    }
    m->ftp_host[0] = '\0';
    print_ftp(m, "QFTPCLOSE", 0, FOTA_OK);
    return FOTA_AT_DONE_OK;
}
