/* SPDX-License-Identifier: MIT */
/* Text building in a caller's buffer, without a C library. */
#ifndef FOTA_PORT_FIRMWARE_TEXT_H
#define FOTA_PORT_FIRMWARE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A text under construction, always terminated; what does not fit is left out. */
struct firmware_text {
    char *bytes;
    size_t size; /* with the terminator */
    size_t used;
};

struct firmware_text firmware_text_begin(char *buffer, size_t size);
void firmware_text_add(struct firmware_text *t, const char *s);
void firmware_text_add_char(struct firmware_text *t, char c);
void firmware_text_add_number(struct firmware_text *t, int64_t value);
/* `digits` upper-case hexadecimal digits. */
void firmware_text_add_hex(struct firmware_text *t, uint32_t value, unsigned digits);
void firmware_text_add_bytes(struct firmware_text *t, const uint8_t *bytes, size_t n);

size_t firmware_text_length(const char *s);
bool firmware_text_equal(const char *a, const char *b);
/* Whether `s` begins with `word`; `*rest` is then what follows. */
bool firmware_text_begins(const char *s, const char *word, const char **rest);
/* A decimal or 0x number at *s, which moves behind it.  False: none, or too large. */
bool firmware_text_number(const char **s, uint32_t *value);
/* What stands between the quotes of `args`, at most size - 1 characters. */
bool firmware_text_unquote(const char *args, char *out, size_t size);

#endif
