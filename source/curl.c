/* SPDX-License-Identifier: MIT */
/* HTTP (RFC 9110, 14 and 15.3.7: ranges) and FTP through libcurl. */
#include "source/http_header.h"
#include "source/retry.h"
#include "source/text.h"
#include "source/transport.h"
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define REDIRECTS_MAX 5L

struct curl_transport {
    CURL *easy;
    CURLM *multi; /* of a request in steps; a null pointer: none yet */
    bool in_multi;
    struct curl_slist *headers;
    const struct fota_source_options *options;
    bool is_ftp;
    /* of the request under way */
    const struct fota_request *request;
    const struct fota_sink *sink;
    struct fota_attempt *attempt;
    struct fota_http_header header; /* of the last answer in a chain of redirects */
    bool header_whole;              /* up to its empty line */
    bool begun;
    enum fota_err result; /* of begin or the sink */
    uint64_t n_left;      /* body bytes that may still come */
    uint64_t alive_ms;    /* when the last byte came */
    curl_off_t seen;
    char curl_text[CURL_ERROR_SIZE];
};

static void explain(struct curl_transport *t, const char *text)
{
    fota_source_text(t->attempt->text, "%s", text);
}

/* Failed answer of an HTTP server. */
static enum fota_err judge_status(struct curl_transport *t, long status)
{
    struct fota_attempt *attempt = t->attempt;
    curl_off_t retry_after_s = 0;
    fota_source_text(attempt->text, "server answers %ld", status);
    switch (status) {
    case 416:
        attempt->past_end = true;
        attempt->total = t->header.total;
        return FOTA_E_RANGE;
    case 404:
    case 410:
        return FOTA_E_NOT_FOUND;
    case 401:
    case 403:
    case 407:
        return FOTA_E_ACCESS;
    case 408:
    case 425:
    case 429:
    case 500:
    case 502:
    case 503:
    case 504:
        attempt->again = true;
        if (curl_easy_getinfo(t->easy, CURLINFO_RETRY_AFTER, &retry_after_s) == CURLE_OK &&
            retry_after_s > 0) {
            attempt->wait_ms =
                retry_after_s < INT32_MAX / 1000 ? (uint32_t)retry_after_s * 1000U : INT32_MAX;
            fota_source_text(attempt->text, "server answers %ld, try again in %ld s", status,
                             (long)retry_after_s);
        }
        return FOTA_E_SERVER;
    default:
        return FOTA_E_SERVER;
    }
}

/* An answer that contradicts itself or the request: one more try may meet a better proxy. */
static enum fota_err nonsense(struct curl_transport *t, const char *text)
{
    t->attempt->again = true;
    explain(t, text);
    return FOTA_E_SERVER;
}

static enum fota_err judge_partial(struct curl_transport *t, struct fota_answer *answer)
{
    const struct fota_http_header *h = &t->header;
    const uint64_t n_asked = t->request->n_bytes;
    if (t->request->off == 0 && n_asked == 0) {
        return nonsense(t, "server answers 206 to a request without a range");
    }
    if (!h->has_range) {
        return nonsense(t, "server answers 206 without a Content-Range");
    }
    if (h->first != t->request->off || h->last < h->first ||
        (h->total != FOTA_TOTAL_UNKNOWN && h->last >= h->total) ||
        (n_asked != 0 && h->last - h->first >= n_asked)) {
        return nonsense(t, "server sends another range than asked for");
    }
    if (h->content_length != FOTA_TOTAL_UNKNOWN &&
        h->content_length != h->last - h->first + 1U) {
        return nonsense(t, "Content-Length and Content-Range disagree");
    }
    answer->off = h->first;
    answer->total = h->total;
    t->n_left = h->last - h->first + 1U;
    return FOTA_OK;
}

static enum fota_err begin_http(struct curl_transport *t, struct fota_answer *answer)
{
    long status = 0;
    (void)curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    if (status != 200 && status != 206) {
        return judge_status(t, status);
    }
    if (t->header.recoded) {
        explain(t, "server sends the file in another coding (Content-Encoding)");
        return FOTA_E_SERVER;
    }
    answer->validator = t->header.validator;
    if (status == 206) {
        return judge_partial(t, answer);
    }
    answer->off = 0;
    answer->total = t->header.content_length;
    return FOTA_OK;
}

static enum fota_err begin_ftp(struct curl_transport *t, struct fota_answer *answer)
{
    curl_off_t n_rest = -1;
    curl_off_t changed_s = -1;
    answer->off = t->request->off;
    answer->total = FOTA_TOTAL_UNKNOWN;
    if (curl_easy_getinfo(t->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &n_rest) == CURLE_OK &&
        n_rest >= 0) {
        answer->total = t->request->off + (uint64_t)n_rest;
    }
    if (curl_easy_getinfo(t->easy, CURLINFO_FILETIME_T, &changed_s) == CURLE_OK &&
        changed_s >= 0) {
        (void)snprintf(answer->validator.text, sizeof answer->validator.text, "mdtm %lld",
                       (long long)changed_s);
    }
    return FOTA_OK;
}

static enum fota_err begin(struct curl_transport *t)
{
    struct fota_answer answer = {.total = FOTA_TOTAL_UNKNOWN};
    t->begun = true;
    const enum fota_err err = t->is_ftp ? begin_ftp(t, &answer) : begin_http(t, &answer);
    return err == FOTA_OK ? t->sink->begin(t->sink->ctx, &answer) : err;
}

static size_t on_header(char *line, size_t size, size_t n, void *ctx)
{
    struct curl_transport *t = ctx;
    if (!t->is_ftp) {
        t->header_whole = n == 2 && line[0] == '\r';
        fota_http_header_line(&t->header, line, size * n);
    }
    return size * n;
}

static size_t on_body(char *bytes, size_t size, size_t n, void *ctx)
{
    struct curl_transport *t = ctx;
    const size_t n_bytes = size * n;
    if (!t->begun) {
        t->result = begin(t);
    }
    if (t->result == FOTA_OK && n_bytes > t->n_left) {
        t->result = nonsense(t, "server sends more than it says");
    }
    if (t->result == FOTA_OK) {
        t->n_left -= n_bytes;
        t->result = t->sink->bytes(t->sink->ctx, (const uint8_t *)bytes, n_bytes);
    }
    return t->result == FOTA_OK ? n_bytes : 0;
}

static int
on_progress(void *ctx, curl_off_t total, curl_off_t now, curl_off_t up_total, curl_off_t up_now)
{
    struct curl_transport *t = ctx;
    (void)total;
    (void)up_total;
    (void)up_now;
    const uint64_t now_ms = fota_clock_ms();
    if (now != t->seen) {
        t->seen = now;
        t->alive_ms = now_ms;
    }
    return fota_source_stopped(t->options) ||
           now_ms - t->alive_ms >
               t->options->stall_ms + (t->begun ? 0 : t->options->connect_ms);
}

/* A transfer that curl ended with a failure of its own. */
static enum fota_err judge_curl(struct curl_transport *t, CURLcode code)
{
    explain(t, t->curl_text[0] != '\0' ? t->curl_text : curl_easy_strerror(code));
    switch ((int)code) {
    case CURLE_URL_MALFORMAT:
        return FOTA_E_USAGE;
    case CURLE_UNSUPPORTED_PROTOCOL: /* of a redirect: the scheme at hand is known */
    case CURLE_TOO_MANY_REDIRECTS:
        return FOTA_E_SERVER;
    case CURLE_OUT_OF_MEMORY:
        return FOTA_E_NOMEM;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_USE_SSL_FAILED:
        return FOTA_E_TLS;
    case CURLE_LOGIN_DENIED:
    case CURLE_REMOTE_ACCESS_DENIED:
        return FOTA_E_ACCESS;
    case CURLE_REMOTE_FILE_NOT_FOUND:
    case CURLE_FTP_COULDNT_RETR_FILE:
        return FOTA_E_NOT_FOUND;
    case CURLE_FTP_COULDNT_USE_REST: /* cannot resume at all, or not here */
    case CURLE_BAD_DOWNLOAD_RESUME:
        t->attempt->past_end = true;
        t->attempt->total = FOTA_TOTAL_UNKNOWN;
        return FOTA_E_RANGE;
    case CURLE_ABORTED_BY_CALLBACK:
        if (fota_source_stopped(t->options)) {
            return FOTA_E_INTERRUPTED;
        }
        explain(t, "no byte for too long");
        t->attempt->again = true;
        return FOTA_E_NETWORK;
    default:
        t->attempt->again = true;
        return FOTA_E_NETWORK;
    }
}

static void set_if_range(struct curl_transport *t, const struct fota_validator *validator)
{
    char line[FOTA_VALIDATOR_MAX + 16];
    curl_slist_free_all(t->headers);
    t->headers = NULL;
    if (!t->is_ftp && validator != NULL && fota_http_usable_in_if_range(validator)) {
        (void)snprintf(line, sizeof line, "If-Range: %s", validator->text);
        t->headers = curl_slist_append(NULL, line);
    }
    (void)curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, t->headers);
}

static void set_range(struct curl_transport *t, const struct fota_request *request)
{
    char range[48];
    const unsigned long long first = request->off;
    if (t->is_ftp) {
        (void)curl_easy_setopt(t->easy, CURLOPT_RESUME_FROM_LARGE, (curl_off_t)first);
        return;
    }
    if (request->n_bytes != 0) {
        (void)snprintf(range, sizeof range, "%llu-%llu", first,
                       first + (unsigned long long)request->n_bytes - 1U);
    } else {
        (void)snprintf(range, sizeof range, "%llu-", first);
    }
    const bool ranged = first != 0 || request->n_bytes != 0;
    (void)curl_easy_setopt(t->easy, CURLOPT_RANGE, ranged ? range : NULL);
    set_if_range(t, ranged && first != 0 ? request->validator : NULL);
}

static void prepare(struct curl_transport *t, const struct fota_request *request,
                    const struct fota_sink *sink, struct fota_attempt *attempt)
{
    t->request = request;
    t->sink = sink;
    t->attempt = attempt;
    fota_http_header_reset(&t->header);
    t->header_whole = t->is_ftp;
    t->begun = false;
    t->result = FOTA_OK;
    t->n_left = FOTA_TOTAL_UNKNOWN;
    t->seen = 0;
    t->alive_ms = fota_clock_ms();
    t->curl_text[0] = '\0';
    memset(attempt, 0, sizeof *attempt);
    set_range(t, request);
}

/* What came of a request that curl has ended. */
static enum fota_err conclude(struct curl_transport *t, CURLcode code)
{
    if (code == CURLE_OK && !t->header_whole) { /* curl takes what there is for an answer */
        code = CURLE_PARTIAL_FILE;
    }
    if (code == CURLE_OK && !t->begun) { /* an answer without a body */
        t->result = begin(t);
    }
    if (t->result != FOTA_OK) { /* the sink's word, or an error status */
        return t->result == FOTA_MORE ? FOTA_OK : t->result;
    }
    return code == CURLE_OK ? FOTA_OK : judge_curl(t, code);
}

static enum fota_err curl_get(void *ctx, const struct fota_request *request,
                              const struct fota_sink *sink, struct fota_attempt *attempt)
{
    struct curl_transport *t = ctx;
    prepare(t, request, sink, attempt);
    return conclude(t, curl_easy_perform(t->easy));
}

/* ---- in steps ---- */

static void leave_multi(struct curl_transport *t)
{
    if (t->in_multi) {
        (void)curl_multi_remove_handle(t->multi, t->easy);
        t->in_multi = false;
    }
}

enum fota_err
fota_curl_begin(struct fota_transport *transport, const struct fota_request *request,
                const struct fota_sink *sink, struct fota_attempt *attempt)
{
    struct curl_transport *t = transport->ctx;
    leave_multi(t);
    prepare(t, request, sink, attempt);
    if (t->multi == NULL) {
        t->multi = curl_multi_init();
    }
    t->in_multi = t->multi != NULL && curl_multi_add_handle(t->multi, t->easy) == CURLM_OK;
    return t->in_multi ? FOTA_OK : FOTA_E_NOMEM;
}

enum fota_err fota_curl_step(struct fota_transport *transport)
{
    struct curl_transport *t = transport->ctx;
    int n_running = 0;
    int n_left = 0;
    if (curl_multi_perform(t->multi, &n_running) != CURLM_OK) {
        leave_multi(t);
        return FOTA_E_INTERNAL;
    }
    const CURLMsg *message = curl_multi_info_read(t->multi, &n_left);
    if (message == NULL || message->msg != CURLMSG_DONE) {
        return FOTA_MORE;
    }
    const CURLcode code = message->data.result;
    const enum fota_err err = conclude(t, code);
    leave_multi(t);
    return err;
}

static void curl_close(void *ctx)
{
    struct curl_transport *t = ctx;
    leave_multi(t);
    if (t->multi != NULL) {
        (void)curl_multi_cleanup(t->multi);
    }
    curl_easy_cleanup(t->easy);
    curl_slist_free_all(t->headers);
    free(t);
}

/* Settings that hold for all requests.  Returns whether curl took the ones that matter for
 * safety. */
static bool set_up(struct curl_transport *t, const char *url)
{
    CURL *easy = t->easy;
    const bool explicit_tls = strncasecmp(url, "ftpes://", 8) == 0;
    const bool https = strncasecmp(url, "https://", 8) == 0;
    const char *protocols = t->is_ftp ? "ftp,ftps" : "http,https";
    char *ftp_url = NULL;
    if (explicit_tls) {
        const size_t n = strlen(url);
        ftp_url = malloc(n);
        if (ftp_url == NULL) {
            return false;
        }
        (void)snprintf(ftp_url, n, "ftp://%s", url + 8);
    }
    bool ok = curl_easy_setopt(easy, CURLOPT_URL, explicit_tls ? ftp_url : url) == CURLE_OK;
    free(ftp_url);
    ok = ok && curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, protocols) == CURLE_OK;
    /* never from TLS to plain */
    ok = ok && curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR,
                                https ? "https" : "http,https") == CURLE_OK;
    ok = ok &&
         curl_easy_setopt(easy, CURLOPT_USE_SSL,
                          (long)(explicit_tls ? CURLUSESSL_ALL : CURLUSESSL_NONE)) == CURLE_OK;
    if (t->options->ca_file != NULL) {
        ok = ok && curl_easy_setopt(easy, CURLOPT_CAINFO, t->options->ca_file) == CURLE_OK;
    }
    (void)curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_MAXREDIRS, REDIRECTS_MAX);
    (void)curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_OPTIONAL);
    (void)curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_FILETIME, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_USERAGENT, "fota");
    (void)curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)t->options->connect_ms);
    (void)curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, t->curl_text);
    (void)curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    (void)curl_easy_setopt(easy, CURLOPT_HEADERDATA, t);
    (void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    (void)curl_easy_setopt(easy, CURLOPT_WRITEDATA, t);
    (void)curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
    (void)curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_progress);
    (void)curl_easy_setopt(easy, CURLOPT_XFERINFODATA, t);
    return ok;
}

enum fota_err fota_curl_open(struct fota_transport *transport, const char *url,
                             const struct fota_source_options *options)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        return FOTA_E_INTERNAL;
    }
    struct curl_transport *t = calloc(1, sizeof *t);
    if (t == NULL) {
        return FOTA_E_NOMEM;
    }
    t->options = options;
    t->is_ftp = strncasecmp(url, "ftp", 3) == 0;
    t->easy = curl_easy_init();
    if (t->easy == NULL || !set_up(t, url)) {
        curl_close(t);
        return FOTA_E_NOMEM;
    }
    transport->ctx = t;
    transport->get = curl_get;
    transport->close = curl_close;
    return FOTA_OK;
}
