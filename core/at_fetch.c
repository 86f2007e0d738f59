/* SPDX-License-Identifier: MIT */
/* The address, and what is said in each step. */
#include "core/at_fetch.h"
#include "core/at_fetch_state.h"
#include "core/at_line.h"
#include "core/crc32.h"
#include "core/mem.h"
#include "core/package.h"

_Static_assert(FOTA_FETCH_PREFIX == FOTA_PACKAGE_PREFIX_BYTES, "the prefix of a package");

#define SILENCE_S   60U
#define DOWNLOAD_MS 600000U
#define FTP_PORT    21U
#define URL_S       5U /* for the bytes of the address */

/* ---- the address ---- */

/* The part up to one of `marks` or the end; *at is moved there. */
static struct fota_at_fetch_part cut(const char **at, const char *marks)
{
    struct fota_at_fetch_part part = {.at = *at, .n = 0};
    for (; **at != '\0'; (*at)++) {
        for (const char *mark = marks; *mark != '\0'; mark++) {
            if (**at == *mark) {
                return part;
            }
        }
        part.n++;
    }
    return part;
}

static bool is_plain(const char *url)
{
    size_t n = 0;
    for (; url[n] != '\0'; n++) {
        if (url[n] <= ' ' || url[n] > '~' || url[n] == '"' || n == FOTA_FETCH_URL_MAX) {
            return false;
        }
    }
    return n > 0;
}

/* [user[:password]@]host[:port]/folder/file */
static bool parse_place(struct fota_at_fetch *f, const char *at)
{
    const char *sign = at;
    (void)cut(&sign, "@/");
    if (*sign == '@') {
        f->user = cut(&at, ":@");
        f->password = (struct fota_at_fetch_part){.at = at, .n = 0};
        if (*at == ':') {
            at++;
            f->password = cut(&at, "@");
        }
        at++;
    }
    f->host = cut(&at, ":/");
    if (*at == ':') {
        at++;
        if (!fota_at_parse_number(&at, &f->port) || f->port == 0 || f->port > 65535 ||
            (*at != '/' && *at != '\0')) {
            return false;
        }
    }
    f->folder = (struct fota_at_fetch_part){.at = at, .n = 0};
    for (size_t n = 0; at[n] != '\0'; n++) {
        if (at[n] == '/') {
            f->folder.n = n + 1;
        }
    }
    f->file = (struct fota_at_fetch_part){.at = at + f->folder.n,
                                          .n = fota_at_length(at + f->folder.n)};
    return f->host.n > 0;
}

static bool parse_url(struct fota_at_fetch *f, const char *url)
{
    static const struct fota_at_fetch_part anonymous = {.at = "anonymous", .n = 9};
    const char *at;
    if (!is_plain(url)) {
        return false;
    }
    if (fota_at_skip(url, "http://") != NULL || fota_at_skip(url, "https://") != NULL) {
        f->kind = FETCH_HTTP;
        return true;
    }
    if ((at = fota_at_skip(url, "ftp://")) != NULL) {
        f->kind = FETCH_FTP;
        /* the module would take % and two digits for three characters */
        const char *percent = at;
        (void)cut(&percent, "%");
        f->port = FTP_PORT;
        f->user = anonymous;
        f->password = anonymous;
        return *percent == '\0' && parse_place(f, at) && f->file.n > 0;
    }
    if ((at = fota_at_skip(url, "tcp://")) != NULL) {
        f->kind = FETCH_TCP;
        return parse_place(f, at) && f->port > 0 && f->user.n == 0 && f->folder.n <= 1;
    }
    return false;
}

/* ---- the source ---- */

static enum fota_err read_bytes(void *ctx, uint32_t off, uint8_t *dst, uint32_t n)
{
    struct fota_at_fetch *f = ctx;
    if (f->step == STEP_READY && f->is_there && f->off == off && f->n == n && f->dst == dst) {
        f->is_there = false;
        return FOTA_OK;
    }
    fota_at_fetch_begin_read(f, off, n, dst);
    return FOTA_MORE;
}

void fota_at_fetch_begin_read(struct fota_at_fetch *f, uint32_t off, uint32_t n, uint8_t *dst)
{
    f->off = off;
    f->n = n;
    f->n_got = 0;
    f->dst = dst;
    f->is_there = false;
    if (f->kind == FETCH_TCP) {
        f->step = STEP_TCP_SEND;
    } else {
        f->step = f->at == off ? STEP_READ : STEP_SEEK;
        f->at = off;
    }
}

static void reset(void *ctx)
{
    struct fota_at_fetch *f = ctx;
    f->step = f->kind == FETCH_TCP ? STEP_TCP_LEFT : STEP_LEFT_OPEN;
    f->is_open = false;
    f->is_there = false;
    f->is_probe = false;
    f->is_downloaded = false;
    f->is_bad = false;
    f->has_sha256 = false;
    f->source.n_bytes = 0;
}

static void end(void *ctx)
{
    struct fota_at_fetch *f = ctx;
    f->step = f->kind == FETCH_TCP ? STEP_END_TCP
              : f->is_open         ? STEP_END_CLOSE
                                   : STEP_END_DELETE;
}

static enum fota_talk
take(void *ctx, const uint8_t *bytes, uint32_t n, struct fota_talk_note *note)
{
    struct fota_at_fetch *f = ctx;
    (void)note;
    if (f->kind == FETCH_TCP) {
        fota_at_fetch_take_tcp(f, bytes, n);
    } else {
        memcpy(f->dst + f->n_got, bytes, n); /* hear() has let in no more than was asked for */
        f->n_got += n;
        f->at += n;
    }
    return FOTA_TALK_ON;
}

/* ---- what is said ---- */

struct writer {
    char *at;
    char *end;
};

static void put_part(struct writer *w, struct fota_at_fetch_part part)
{
    for (size_t i = 0; i < part.n && w->at < w->end; i++) {
        *w->at++ = part.at[i];
    }
}

static void put(struct writer *w, const char *text)
{
    put_part(w, (struct fota_at_fetch_part){.at = text, .n = fota_at_length(text)});
}

static void put_number(struct writer *w, uint32_t number)
{
    char digits[FOTA_AT_NUMBER_MAX];
    (void)fota_at_print_number(digits, number);
    put(w, digits);
}

/* A request of the TCP protocol. */
static void put_request(const struct fota_at_fetch *f, struct writer *w)
{
    put(w, "GET /");
    put_part(w, f->file);
    put(w, " ");
    put_number(w, f->off + f->n_got);
    put(w, " ");
    put_number(w, f->n - f->n_got);
    put(w, "\n");
}

/* A sentence is `before`, a text, `between`, a number, `behind`. */
enum text {
    TEXT_NONE,
    TEXT_NAME,   /* of the module's file */
    TEXT_LOCAL,  /* the same as FTP has it: UFS:name is /UFS/name */
    TEXT_HANDLE, /* of the module's file */
    TEXT_URL,
    TEXT_USER,
    TEXT_PASSWORD,
    TEXT_HOST,
    TEXT_FOLDER,
    TEXT_FILE,
    TEXT_REQUEST, /* of the TCP protocol */
};
enum number {
    NUMBER_NONE,
    NUMBER_OFF,
    NUMBER_LEFT, /* bytes to read */
    NUMBER_PORT,
    NUMBER_URL,     /* its length */
    NUMBER_REQUEST, /* its length */
    NUMBER_SILENCE, /* the longest, seconds */
    NUMBER_QIRD,    /* bytes to read at most */
};

/* How long the answer may take. */
enum limit { LIMIT_ANSWER, LIMIT_SILENCE, LIMIT_DOWNLOAD };

static const struct sentence {
    const char *before;
    const char *between;
    const char *behind;
    uint8_t text;
    uint8_t number;
    uint8_t limit;
} sentences[] = {
    [STEP_LEFT_OPEN] = {"AT+QFOPEN?", "", "\r", TEXT_NONE, NUMBER_NONE, LIMIT_ANSWER},
    [STEP_CLOSE_LEFT] = {"AT+QFCLOSE=", "", "\r", TEXT_HANDLE, NUMBER_NONE, LIMIT_ANSWER},
    [STEP_LIST] = {"AT+QFLST=\"", "", "\"\r", TEXT_NAME, NUMBER_NONE, LIMIT_ANSWER},
    [STEP_DELETE] = {"AT+QFDEL=\"", "", "\"\r", TEXT_NAME, NUMBER_NONE, LIMIT_ANSWER},
    [STEP_WAIT] = {"AT", "", "\r", TEXT_NONE, NUMBER_NONE, LIMIT_DOWNLOAD},
    [STEP_URL] = {"AT+QHTTPURL=", "", ",5\r", TEXT_NONE, NUMBER_URL, LIMIT_ANSWER},
    [STEP_URL_BYTES] = {"", "", "", TEXT_URL, NUMBER_NONE, LIMIT_ANSWER},
    [STEP_HTTP] = {"AT+QHTTPDL=\"", "\",2147483647,", "\r", TEXT_NAME, NUMBER_SILENCE,
                   LIMIT_DOWNLOAD},
    [STEP_FTP_LEFT] = {"AT+QFTPCLOSE", "", "\r", TEXT_NONE, NUMBER_NONE, LIMIT_ANSWER},
    [STEP_FTP_USER] = {"AT+QFTPUSER=\"", "", "\"\r", TEXT_USER, NUMBER_NONE, LIMIT_ANSWER},
    [STEP_FTP_PASS] = {"AT+QFTPPASS=\"", "", "\"\r", TEXT_PASSWORD, NUMBER_NONE, LIMIT_ANSWER},
    [STEP_FTP_OPEN] = {"AT+QFTPOPEN=\"", "\",", "\r", TEXT_HOST, NUMBER_PORT, LIMIT_SILENCE},
    [STEP_FTP_LOCAL] = {"AT+QFTPCFG=4,\"", "", "\"\r", TEXT_LOCAL, NUMBER_NONE, LIMIT_ANSWER},
    [STEP_FTP_PATH] = {"AT+QFTPPATH=\"", "", "\"\r", TEXT_FOLDER, NUMBER_NONE, LIMIT_ANSWER},
    [STEP_FTP_GET] = {"AT+QFTPGET=\"", "", "\"\r", TEXT_FILE, NUMBER_NONE, LIMIT_DOWNLOAD},
    [STEP_FTP_CLOSE] = {"AT+QFTPCLOSE", "", "\r", TEXT_NONE, NUMBER_NONE, LIMIT_ANSWER},
    [STEP_OPEN] = {"AT+QFOPEN=\"", "", "\",2\r", TEXT_NAME, NUMBER_NONE, LIMIT_ANSWER},
    [STEP_SEEK] = {"AT+QFSEEK=", ",", "\r", TEXT_HANDLE, NUMBER_OFF, LIMIT_ANSWER},
    [STEP_READ] = {"AT+QFREAD=", ",", "\r", TEXT_HANDLE, NUMBER_LEFT, LIMIT_ANSWER},
    [STEP_TCP_LEFT] = {"AT+QICLOSE", "", "\r", TEXT_NONE, NUMBER_NONE, LIMIT_ANSWER},
    [STEP_TCP_HOLD] = {"AT+QINDI=1", "", "\r", TEXT_NONE, NUMBER_NONE, LIMIT_ANSWER},
    [STEP_TCP_OPEN] = {"AT+QIOPEN=\"TCP\",\"", "\",", "\r", TEXT_HOST, NUMBER_PORT,
                       LIMIT_SILENCE},
    [STEP_TCP_SEND] = {"AT+QISEND=", "", "\r", TEXT_NONE, NUMBER_REQUEST, LIMIT_ANSWER},
    [STEP_TCP_REQUEST] = {"", "", "", TEXT_REQUEST, NUMBER_NONE, LIMIT_SILENCE},
    [STEP_TCP_READ] = {"AT+QIRD=0,1,0,", "", "\r", TEXT_NONE, NUMBER_QIRD, LIMIT_ANSWER},
    [STEP_TCP_WAIT] = {"AT", "", "\r", TEXT_NONE, NUMBER_NONE, LIMIT_SILENCE},
    [STEP_END_CLOSE] = {"AT+QFCLOSE=", "", "\r", TEXT_HANDLE, NUMBER_NONE, LIMIT_ANSWER},
    [STEP_END_DELETE] = {"AT+QFDEL=\"", "", "\"\r", TEXT_NAME, NUMBER_NONE, LIMIT_ANSWER},
    [STEP_END_TCP] = {"AT+QICLOSE", "", "\r", TEXT_NONE, NUMBER_NONE, LIMIT_ANSWER},
};

static void put_text(const struct fota_at_fetch *f, struct writer *w, enum text text)
{
    switch (text) {
    case TEXT_NONE:
        return;
    case TEXT_NAME:
        put(w, f->name);
        return;
    case TEXT_LOCAL:
        put(w, "/");
        put_part(w, (struct fota_at_fetch_part){.at = f->name, .n = 3});
        put(w, "/");
        put(w, f->name + 4);
        return;
    case TEXT_HANDLE:
        put_number(w, f->handle);
        return;
    case TEXT_URL:
        put(w, f->url);
        return;
    case TEXT_USER:
        put_part(w, f->user);
        return;
    case TEXT_PASSWORD:
        put_part(w, f->password);
        return;
    case TEXT_HOST:
        put_part(w, f->host);
        return;
    case TEXT_FOLDER:
        put_part(w, f->folder);
        return;
    case TEXT_FILE:
        put_part(w, f->file);
        return;
    case TEXT_REQUEST:
        put_request(f, w);
        return;
    }
}

static uint32_t
number_of(const struct fota_at_fetch *f, const struct writer *w, enum number number)
{
    switch (number) {
    case NUMBER_NONE:
        return 0;
    case NUMBER_OFF:
        return f->off;
    case NUMBER_LEFT:
        return f->n - f->n_got;
    case NUMBER_PORT:
        return f->port;
    case NUMBER_URL:
        return (uint32_t)fota_at_length(f->url);
    case NUMBER_REQUEST: { /* it is written to be counted, and written over */
        struct writer counted = *w;
        put_request(f, &counted);
        return (uint32_t)(counted.at - w->at);
    }
    case NUMBER_SILENCE:
        return f->options.silence_s;
    case NUMBER_QIRD:
        return FETCH_QIRD_MAX;
    }
    return 0;
}

static uint32_t limit_ms_of(const struct fota_at_fetch *f, enum limit limit)
{
    switch (limit) {
    case LIMIT_ANSWER:
        return 0;
    case LIMIT_SILENCE:
        return f->options.silence_s * 1000U;
    case LIMIT_DOWNLOAD:
        return f->options.download_ms;
    }
    return 0;
}

static size_t say(void *ctx, char *out, size_t n_max, uint32_t *limit_ms)
{
    struct fota_at_fetch *f = ctx;
    if (f->step == STEP_READY) {
        return 0;
    }
    const struct sentence *sentence = &sentences[f->step];
    struct writer w = {.at = out, .end = out + n_max};
    f->said_ok = false;
    f->said_end = false;
    f->has_bytes = false;
    *limit_ms = limit_ms_of(f, (enum limit)sentence->limit);
    if (f->step == STEP_TCP_REQUEST) {
        fota_at_fetch_begin_answer(f);
    }
    put(&w, sentence->before);
    put_text(f, &w, (enum text)sentence->text);
    put(&w, sentence->between);
    if (sentence->number != NUMBER_NONE) {
        put_number(&w, number_of(f, &w, (enum number)sentence->number));
    }
    put(&w, sentence->behind);
    return (size_t)(w.at - out);
}

enum fota_err fota_at_fetch_init(struct fota_at_fetch *f, const char *url,
                                 const struct fota_at_fetch_options *options)
{
    memset(f, 0, sizeof *f);
    if (!parse_url(f, url)) {
        return FOTA_E_USAGE;
    }
    f->url = url;
    f->options = *options;
    if (f->options.silence_s == 0) {
        f->options.silence_s = SILENCE_S;
    }
    if (f->options.download_ms == 0) {
        f->options.download_ms = DOWNLOAD_MS;
    }
    memcpy(f->name, f->options.in_ram ? "RAM:" : "UFS:", 4);
    uint32_t id = fota_crc32(0, (const uint8_t *)url, fota_at_length(url));
    memcpy(fota_at_print_hex32(f->name + 4, id), ".FOT", 5);
    f->source = (struct fota_package_source){.ctx = f, .read = read_bytes};
    f->talk = (struct fota_at_talk){.ctx = f,
                                    .reset = reset,
                                    .say = say,
                                    .hear = fota_at_fetch_hear,
                                    .take = take,
                                    .end = end};
    reset(f);
    return FOTA_OK;
}
