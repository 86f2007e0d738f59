/* SPDX-License-Identifier: MIT */
#include "port/firmware/text.h"

static const char hex_digits[] = "0123456789ABCDEF";

struct firmware_text firmware_text_begin(char *buffer, size_t size)
{
    buffer[0] = '\0';
    return (struct firmware_text){.bytes = buffer, .size = size, .used = 0};
}

void firmware_text_add_char(struct firmware_text *t, char c)
{
    if (t->size - t->used > 1) {
        t->bytes[t->used++] = c;
        t->bytes[t->used] = '\0';
    }
}

void firmware_text_add(struct firmware_text *t, const char *s)
{
    while (*s != '\0') {
        firmware_text_add_char(t, *s++);
    }
}

void firmware_text_add_number(struct firmware_text *t, int64_t value)
{
    char digits[20];
    size_t n = 0;
    uint64_t left = value < 0 ? 0U - (uint64_t)value : (uint64_t)value;
    do {
        digits[n++] = hex_digits[left % 10U];
        left /= 10U;
    } while (left != 0);
    if (value < 0) {
        firmware_text_add_char(t, '-');
    }
    while (n > 0) {
        firmware_text_add_char(t, digits[--n]);
    }
}

void firmware_text_add_hex(struct firmware_text *t, uint32_t value, unsigned digits)
{
    while (digits > 0) {
        digits--;
        firmware_text_add_char(t, hex_digits[(value >> (4U * digits)) & 0xFU]);
    }
}

void firmware_text_add_bytes(struct firmware_text *t, const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        firmware_text_add_hex(t, bytes[i], 2);
    }
}

size_t firmware_text_length(const char *s)
{
    size_t n = 0;
    while (s[n] != '\0') {
        n++;
    }
    return n;
}

bool firmware_text_begins(const char *s, const char *word, const char **rest)
{
    while (*word != '\0') {
        if (*s++ != *word++) {
            return false;
        }
    }
    *rest = s;
    return true;
}

bool firmware_text_equal(const char *a, const char *b)
{
    const char *rest;
    return firmware_text_begins(a, b, &rest) && *rest == '\0';
}

static unsigned digit_of(char c)
{
    if (c >= '0' && c <= '9') {
        return (unsigned)(c - '0');
    }
    if (c >= 'A' && c <= 'F') {
        return (unsigned)(c - 'A') + 10U;
    }
    if (c >= 'a' && c <= 'f') {
        return (unsigned)(c - 'a') + 10U;
    }
    return 16;
}

bool firmware_text_number(const char **s, uint32_t *value)
{
    const char *at = *s;
    unsigned base = 10;
    if (at[0] == '0' && (at[1] == 'x' || at[1] == 'X')) {
        base = 16;
        at += 2;
    }
    uint64_t sum = 0;
    const char *first = at;
    for (unsigned digit; (digit = digit_of(*at)) < base; at++) {
        sum = sum * base + digit;
        if (sum > UINT32_MAX) {
            return false;
        }
    }
    *s = at;
    *value = (uint32_t)sum;
    return at != first;
}

bool firmware_text_unquote(const char *args, char *out, size_t size)
{
    size_t n = 0;
    if (*args++ != '"') {
        return false;
    }
    while (*args != '"') {
        if (*args == '\0' || n + 1 >= size) {
            return false;
        }
        out[n++] = *args++;
    }
    out[n] = '\0';
    return args[1] == '\0';
}
