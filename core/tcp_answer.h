/* SPDX-License-Identifier: MIT */
/* Answers of the TCP package protocol (doc/delivery.md 4).  UNTRUSTED input. */
#ifndef FOTA_CORE_TCP_ANSWER_H
#define FOTA_CORE_TCP_ANSWER_H

#include "core/err.h"
#include "core/sha256.h"
#include <stddef.h>
#include <stdint.h>

#define FOTA_TCP_PIECE_MAX_BYTES 65536U /* in one answer */

/* OK offset length total sha256 crc32, or ERR code text */
struct fota_tcp_answer {
    unsigned code; /* 0: OK */
    uint32_t off;
    uint32_t n_bytes;
    uint32_t total;
    uint8_t sha256[FOTA_SHA256_BYTES]; /* of the whole file */
    uint32_t crc;                      /* of the n_bytes that follow the line */
};

/* Parse a line without its LF, terminated.  FOTA_E_SYNTAX. */
FOTA_NODISCARD enum fota_err
fota_tcp_parse_answer(struct fota_tcp_answer *answer, const char *line);

#endif
