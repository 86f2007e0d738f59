/* SPDX-License-Identifier: MIT */
/* The header fields of an HTTP answer that matter for resuming.  UNTRUSTED input. */
#ifndef FOTA_SOURCE_HTTP_HEADER_H
#define FOTA_SOURCE_HTTP_HEADER_H

#include "source/transport.h"

struct fota_http_header {
    bool has_range; /* a well-formed Content-Range with bytes in it */
    uint64_t first;
    uint64_t last;
    uint64_t total; /* of Content-Range, also of one like "*" "/1234"; FOTA_TOTAL_UNKNOWN */
    uint64_t content_length;         /* FOTA_TOTAL_UNKNOWN: none, or nonsense */
    bool recoded;                    /* Content-Encoding other than identity */
    bool entity_tag;                 /* `validator` is an entity tag, not a date */
    struct fota_validator validator; /* strong: a strong entity tag */
};

void fota_http_header_reset(struct fota_http_header *h);
/* Take one line, with or without its line end.  A status line begins anew: an answer may follow
 * one that redirects. */
void fota_http_header_line(struct fota_http_header *h, const char *line, size_t n_bytes);
/* Whether RFC 9110 13.1.5 allows it in If-Range: a strong entity tag, or a date. */
bool fota_http_usable_in_if_range(const struct fota_validator *validator);

#endif
