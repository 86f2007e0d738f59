/* SPDX-License-Identifier: MIT */
#include "source/http_header.h"
#include <string.h>
#include <strings.h>

void fota_http_header_reset(struct fota_http_header *h)
{
    memset(h, 0, sizeof *h);
    h->total = FOTA_TOTAL_UNKNOWN;
    h->content_length = FOTA_TOTAL_UNKNOWN;
}

/* Decimal digits at *text; false if there is none, or it is far beyond any file. */
static bool take_number(const char **text, uint64_t *value)
{
    const char *p = *text;
    *value = 0;
    while (*p >= '0' && *p <= '9') {
        if (*value > (UINT64_MAX >> 1) / 10U - 9U) {
            return false;
        }
        *value = *value * 10U + (uint64_t)(*p - '0');
        p++;
    }
    const bool any = p != *text;
    *text = p;
    return any;
}

static bool take_char(const char **text, char c)
{
    if (**text != c) {
        return false;
    }
    *text += 1;
    return true;
}

/* RFC 9110 14.4: bytes 0-99/1234, bytes 0-99/x, bytes x/1234, where x is an asterisk. */
static void content_range(struct fota_http_header *h, const char *text)
{
    uint64_t first = 0;
    uint64_t last = 0;
    uint64_t total = FOTA_TOTAL_UNKNOWN;
    if (strncasecmp(text, "bytes ", 6) != 0) {
        return;
    }
    text += 6;
    const bool unsatisfied = take_char(&text, '*');
    if (!unsatisfied &&
        !(take_number(&text, &first) && take_char(&text, '-') && take_number(&text, &last))) {
        return;
    }
    if (!take_char(&text, '/') || !(take_char(&text, '*') || take_number(&text, &total)) ||
        *text != '\0') {
        return;
    }
    /* RFC 9110 14.4: such a field is invalid, its content must not be used */
    if (!unsatisfied && (last < first || (total != FOTA_TOTAL_UNKNOWN && last >= total))) {
        return;
    }
    h->has_range = !unsatisfied;
    h->first = first;
    h->last = last;
    h->total = total;
}

static void content_length(struct fota_http_header *h, const char *text)
{
    uint64_t n = 0;
    h->content_length = take_number(&text, &n) && *text == '\0' ? n : FOTA_TOTAL_UNKNOWN;
}

/* It goes into a header of the next request, and into a file: printable ASCII only. */
static bool is_plain(const char *text)
{
    const size_t n = strlen(text);
    for (size_t i = 0; i < n; i++) {
        if (text[i] < ' ' || text[i] > '~') {
            return false;
        }
    }
    return n > 0 && n <= FOTA_VALIDATOR_MAX;
}

static void set_validator(struct fota_http_header *h, const char *text)
{
    memcpy(h->validator.text, text, strlen(text) + 1U);
}

static void entity_tag(struct fota_http_header *h, const char *text)
{
    const bool weak = strncmp(text, "W/", 2) == 0;
    const char *quoted = weak ? text + 2 : text;
    const size_t n = strlen(quoted);
    if (!is_plain(text) || n < 2 || quoted[0] != '"' || quoted[n - 1] != '"') {
        return;
    }
    set_validator(h, text);
    h->validator.strong = !weak;
    h->entity_tag = true;
}

static void last_modified(struct fota_http_header *h, const char *text)
{
    if (is_plain(text) && !h->entity_tag) {
        set_validator(h, text);
    }
}

static void content_encoding(struct fota_http_header *h, const char *text)
{
    h->recoded = strcasecmp(text, "identity") != 0;
}

void fota_http_header_line(struct fota_http_header *h, const char *line, size_t n_bytes)
{
    static const struct {
        const char *name;
        void (*take)(struct fota_http_header *h, const char *text);
    } fields[] = {
        {"content-range", content_range},       {"content-length", content_length},
        {"content-encoding", content_encoding}, {"etag", entity_tag},
        {"last-modified", last_modified},
    };
    char text[512];
    if (n_bytes >= 5 && memcmp(line, "HTTP/", 5) == 0) {
        fota_http_header_reset(h);
        return;
    }
    const char *colon = memchr(line, ':', n_bytes);
    if (colon == NULL) {
        return;
    }
    const size_t n_name = (size_t)(colon - line);
    const char *from = colon + 1;
    const char *end = line + n_bytes;
    while (from < end && (*from == ' ' || *from == '\t')) {
        from++;
    }
    while (end > from && (end[-1] == '\r' || end[-1] == '\n' || end[-1] == ' ')) {
        end--;
    }
    const size_t n_text = (size_t)(end - from);
    if (n_text >= sizeof text || memchr(from, '\0', n_text) != NULL) {
        return;
    }
    memcpy(text, from, n_text);
    text[n_text] = '\0';
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        if (strlen(fields[i].name) == n_name &&
            strncasecmp(line, fields[i].name, n_name) == 0) {
            fields[i].take(h, text);
        }
    }
}

bool fota_http_usable_in_if_range(const struct fota_validator *validator)
{
    const bool entity_tag =
        validator->text[0] == '"' || strncmp(validator->text, "W/\"", 3) == 0;
    return validator->text[0] != '\0' && (validator->strong || !entity_tag);
}
