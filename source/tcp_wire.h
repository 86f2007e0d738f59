/* SPDX-License-Identifier: MIT */
/* Lines of the TCP package protocol, doc/delivery.md 4.  UNTRUSTED input on both sides. */
#ifndef FOTA_SOURCE_TCP_WIRE_H
#define FOTA_SOURCE_TCP_WIRE_H

#include "core/err.h"
#include "core/tcp_answer.h"
#include <stddef.h>
#include <stdint.h>

#define FOTA_TCP_LINE_MAX 511U /* with its LF */
#define FOTA_TCP_NAME_MAX 127U /* of a file, unescaped */

/* GET /name offset length */
struct fota_tcp_request {
    char name[FOTA_TCP_NAME_MAX + 1]; /* "": the only file there is */
    uint32_t off;
    uint32_t n_bytes;
};

/* A line with its LF; returns its length. */
size_t fota_tcp_write_request(char line[FOTA_TCP_LINE_MAX + 1],
                              const struct fota_tcp_request *request);
size_t
fota_tcp_write_answer(char line[FOTA_TCP_LINE_MAX + 1], const struct fota_tcp_answer *answer);
/* Parse a line without its LF, terminated.  FOTA_E_SYNTAX (also: a name that is not a plain
 * file name).  The client's side is in core/tcp_answer.h. */
FOTA_NODISCARD enum fota_err
fota_tcp_parse_request(struct fota_tcp_request *request, const char *line);
/* Unescape the name of a URL or request: percent and two hex digits.  FOTA_E_SYNTAX. */
FOTA_NODISCARD enum fota_err
fota_tcp_unescape(char name[FOTA_TCP_NAME_MAX + 1], const char *text, size_t n_text);

#endif
