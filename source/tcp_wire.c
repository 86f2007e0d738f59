/* SPDX-License-Identifier: MIT */
#include "source/tcp_wire.h"
#include "core/err.h"
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool needs_escape(char c)
{
    return c <= ' ' || c > '~' || c == '%' || c == '/';
}

static bool take_text(const char **p, const char *text)
{
    const size_t n = strlen(text);
    if (strncmp(*p, text, n) != 0) {
        return false;
    }
    *p += n;
    return true;
}

/* Decimal, at most 2^31 - 1, behind one blank. */
static bool take_number(const char **p, uint32_t *value)
{
    uint32_t n = 0;
    const char *digit = *p + 1;
    if (**p != ' ' || *digit < '0' || *digit > '9') {
        return false;
    }
    for (; *digit >= '0' && *digit <= '9'; digit++) {
        const uint32_t units = (uint32_t)(*digit - '0');
        if (n > ((uint32_t)INT32_MAX - units) / 10U) {
            return false;
        }
        n = n * 10U + units;
    }
    *p = digit;
    *value = n;
    return true;
}

enum fota_err
fota_tcp_unescape(char name[FOTA_TCP_NAME_MAX + 1], const char *text, size_t n_text)
{
    size_t n = 0;
    for (size_t i = 0; i < n_text; i++) {
        int c = (unsigned char)text[i];
        if (text[i] == '%') {
            const int high = i + 2 < n_text ? hex_digit(text[i + 1]) : -1;
            const int low = i + 2 < n_text ? hex_digit(text[i + 2]) : -1;
            if (high < 0 || low < 0) {
                return FOTA_E_SYNTAX;
            }
            c = high * 16 + low;
            i += 2;
        }
        if (c == '/' || c == '\0' || n == FOTA_TCP_NAME_MAX) {
            return FOTA_E_SYNTAX;
        }
        name[n++] = (char)c;
    }
    name[n] = '\0';
    return name[0] == '.' ? FOTA_E_SYNTAX : FOTA_OK; /* neither "..", nor hidden files */
}

size_t
fota_tcp_write_request(char line[FOTA_TCP_LINE_MAX + 1], const struct fota_tcp_request *request)
{
    size_t n = 0;
    n += (size_t)snprintf(line, FOTA_TCP_LINE_MAX, "GET /");
    for (const char *p = request->name; *p != '\0'; p++) {
        n += (size_t)snprintf(line + n, 4, needs_escape(*p) ? "%%%02X" : "%c",
                              (unsigned)(unsigned char)*p);
    }
    n += (size_t)snprintf(line + n, FOTA_TCP_LINE_MAX + 1 - n, " %lu %lu\n",
                          (unsigned long)request->off, (unsigned long)request->n_bytes);
    return n;
}

size_t
fota_tcp_write_answer(char line[FOTA_TCP_LINE_MAX + 1], const struct fota_tcp_answer *answer)
{
    char sha256[2 * FOTA_SHA256_BYTES + 1];
    int n = 0;
    if (answer->code != 0) {
        const enum fota_err err = fota_err_from_code(answer->code);
        n = snprintf(line, FOTA_TCP_LINE_MAX + 1, "ERR %u %s\n", answer->code,
                     fota_err_row(err)->text);
    } else {
        for (size_t i = 0; i < FOTA_SHA256_BYTES; i++) {
            (void)snprintf(sha256 + 2 * i, 3, "%02x", (unsigned)answer->sha256[i]);
        }
        n = snprintf(line, FOTA_TCP_LINE_MAX + 1, "OK %lu %lu %lu %s %08lx\n",
                     (unsigned long)answer->off, (unsigned long)answer->n_bytes,
                     (unsigned long)answer->total, sha256, (unsigned long)answer->crc);
    }
    return (size_t)n;
}

enum fota_err fota_tcp_parse_request(struct fota_tcp_request *request, const char *line)
{
    const char *p = line;
    if (!take_text(&p, "GET /")) {
        return FOTA_E_SYNTAX;
    }
    const size_t n_name = strcspn(p, " ");
    if (fota_tcp_unescape(request->name, p, n_name) != FOTA_OK) {
        return FOTA_E_SYNTAX;
    }
    p += n_name;
    const bool ok = take_number(&p, &request->off) && take_number(&p, &request->n_bytes);
    return ok && *p == '\0' ? FOTA_OK : FOTA_E_SYNTAX;
}
