/* SPDX-License-Identifier: MIT */
#include "core/at_line.h"

bool fota_at_parse_number(const char **at, uint32_t *value)
{
    const char *p = *at;
    uint32_t v = 0;
    if (*p < '0' || *p > '9') {
        return false;
    }
    for (; *p >= '0' && *p <= '9'; p++) {
        uint32_t digit = (uint32_t)(*p - '0');
        if (v > (UINT32_MAX - digit) / 10) {
            return false;
        }
        v = v * 10 + digit;
    }
    *at = p;
    *value = v;
    return true;
}

bool fota_at_parse_hex32(const char **at, uint32_t *value)
{
    uint32_t v = 0;
    for (unsigned i = 0; i < 8; i++) {
        unsigned digit = fota_at_hex_digit((uint8_t)(*at)[i]);
        if (digit > 15) {
            return false;
        }
        v = v << 4 | digit;
    }
    *at += 8;
    *value = v;
    return true;
}

unsigned fota_at_hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9') {
        return (unsigned)c - '0';
    }
    c &= 0xDFU; /* upper case */
    return c >= 'A' && c <= 'F' ? (unsigned)c - 'A' + 10 : 16;
}

const char *fota_at_skip(const char *text, const char *prefix)
{
    for (; *prefix != '\0'; text++, prefix++) {
        if (*text != *prefix) {
            return NULL;
        }
    }
    return text;
}

bool fota_at_equals(const char *a, const char *b)
{
    const char *end = fota_at_skip(a, b);
    return end != NULL && *end == '\0';
}

size_t fota_at_length(const char *text)
{
    size_t n = 0;
    while (text[n] != '\0') {
        n++;
    }
    return n;
}

char *fota_at_print_number(char *dst, uint32_t value)
{
    size_t n = 1;
    for (uint32_t v = value; v >= 10; v /= 10) {
        n++;
    }
    dst[n] = '\0';
    for (size_t i = n; i > 0; i--) {
        dst[i - 1] = (char)('0' + value % 10);
        value /= 10;
    }
    return dst + n;
}

char *fota_at_print_hex32(char *dst, uint32_t value)
{
    const uint8_t bytes[4] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16),
                              (uint8_t)(value >> 8), (uint8_t)value};
    fota_convert_hex_to_string(bytes, sizeof bytes, dst);
    return dst + 8;
}

void fota_convert_hex_to_string(const uint8_t *hex, size_t n, char *str)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < n; i++) {
        str[2 * i] = digits[hex[i] >> 4];
        str[2 * i + 1] = digits[hex[i] & 15];
    }
    str[2 * n] = '\0';
}
