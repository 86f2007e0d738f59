/* SPDX-License-Identifier: MIT */
/* Any bytes as the header fields of an HTTP answer and as the lines of the TCP package
 * protocol: what is accepted is inside its bounds, and what is written is read back. */
#include "source/http_header.h"
#include "source/tcp_wire.h"
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t n);

static void require(bool condition)
{
    if (!condition) abort();
}

static void check_http(const char *text, size_t n)
{
    struct fota_http_header h;
    fota_http_header_reset(&h);
    for (size_t from = 0; from < n;) {
        size_t to = from;
        while (to < n && text[to] != '\n') {
            to++;
        }
        fota_http_header_line(&h, text + from, to - from);
        from = to + 1;
    }
    if (h.has_range) {
        require(h.first <= h.last);
        require(h.total == FOTA_TOTAL_UNKNOWN || h.last < h.total);
    }
    (void)fota_http_usable_in_if_range(&h.validator);
}

static void check_request(const char *line)
{
    struct fota_tcp_request request;
    struct fota_tcp_request again;
    char text[FOTA_TCP_LINE_MAX + 1];
    if (fota_tcp_parse_request(&request, line) != FOTA_OK) return;
    require(strlen(request.name) <= FOTA_TCP_NAME_MAX);
    require(strchr(request.name, '/') == NULL && request.name[0] != '.');
    const size_t n = fota_tcp_write_request(text, &request);
    require(n >= 1 && n <= FOTA_TCP_LINE_MAX && text[n - 1] == '\n');
    text[n - 1] = '\0';
    require(fota_tcp_parse_request(&again, text) == FOTA_OK);
    require(strcmp(again.name, request.name) == 0 && again.off == request.off &&
            again.n_bytes == request.n_bytes);
}

static void check_answer(const char *line)
{
    struct fota_tcp_answer answer;
    struct fota_tcp_answer again;
    char text[FOTA_TCP_LINE_MAX + 1];
    if (fota_tcp_parse_answer(&answer, line) != FOTA_OK || answer.code != 0) return;
    const size_t n = fota_tcp_write_answer(text, &answer);
    require(n >= 1 && n <= FOTA_TCP_LINE_MAX && text[n - 1] == '\n');
    text[n - 1] = '\0';
    require(fota_tcp_parse_answer(&again, text) == FOTA_OK);
    require(again.off == answer.off && again.n_bytes == answer.n_bytes &&
            again.total == answer.total && again.crc == answer.crc &&
            memcmp(again.sha256, answer.sha256, sizeof answer.sha256) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t n)
{
    char name[FOTA_TCP_NAME_MAX + 1];
    char *text = malloc(n + 1);
    require(text != NULL);
    if (n != 0) memcpy(text, input, n);
    text[n] = '\0';
    check_http(text, n);
    check_request(text);
    check_answer(text);
    if (fota_tcp_unescape(name, text, n) == FOTA_OK) require(strlen(name) <= FOTA_TCP_NAME_MAX);
    free(text);
    return 0;
}
