/* SPDX-License-Identifier: MIT */
#include "core/tcp_answer.h"
#include "core/at_line.h"
#include "core/mem.h"

/* Decimal, at most 2^31 - 1, behind one blank. */
static bool take_number(const char **at, uint32_t *value)
{
    const char *digits = fota_at_skip(*at, " ");
    if (digits == NULL || !fota_at_parse_number(&digits, value) || *value > INT32_MAX) {
        return false;
    }
    *at = digits;
    return true;
}

/* 64 hexadecimal digits behind one blank. */
static bool take_sha256(const char **at, uint8_t sha256[FOTA_SHA256_BYTES])
{
    const char *digits = fota_at_skip(*at, " ");
    if (digits == NULL) {
        return false;
    }
    for (size_t i = 0; i < FOTA_SHA256_BYTES; i++, digits += 2) {
        unsigned high = fota_at_hex_digit((uint8_t)digits[0]);
        unsigned low = high > 15 ? 16 : fota_at_hex_digit((uint8_t)digits[1]);
        if (low > 15) {
            return false;
        }
        sha256[i] = (uint8_t)(high << 4 | low);
    }
    *at = digits;
    return true;
}

static bool take_crc(const char **at, uint32_t *crc)
{
    const char *digits = fota_at_skip(*at, " ");
    if (digits == NULL || !fota_at_parse_hex32(&digits, crc)) {
        return false;
    }
    *at = digits;
    return true;
}

enum fota_err fota_tcp_parse_answer(struct fota_tcp_answer *answer, const char *line)
{
    memset(answer, 0, sizeof *answer);
    const char *at = fota_at_skip(line, "ERR");
    if (at != NULL) {
        uint32_t code = 0;
        bool ok = take_number(&at, &code) && (*at == ' ' || *at == '\0');
        answer->code = code;
        return ok && code >= 1 && code <= 125 ? FOTA_OK : FOTA_E_SYNTAX;
    }
    at = fota_at_skip(line, "OK");
    bool ok = at != NULL && take_number(&at, &answer->off) &&
              take_number(&at, &answer->n_bytes) && take_number(&at, &answer->total) &&
              take_sha256(&at, answer->sha256) && take_crc(&at, &answer->crc);
    if (!ok || *at != '\0' || answer->off > answer->total ||
        answer->n_bytes > answer->total - answer->off ||
        answer->n_bytes > FOTA_TCP_PIECE_MAX_BYTES) {
        return FOTA_E_SYNTAX;
    }
    return FOTA_OK;
}
