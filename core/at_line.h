/* SPDX-License-Identifier: MIT */
/* What both ends of the AT line share: numbers and hexadecimal digits as text.  UNTRUSTED
 * input.
 */
#ifndef FOTA_CORE_AT_LINE_H
#define FOTA_CORE_AT_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FOTA_AT_CHUNK_MAX  450U  /* bytes in one AT+QFAW: seed 2.3.2 */
#define FOTA_AT_GUARD_MS   1000U /* silence behind +++ */
#define FOTA_AT_NUMBER_MAX 11U   /* characters of a 32-bit number and its terminator */

/* Value of the decimal number at *at, which is moved behind it.  False, and nothing moved or
 * written: no digit there, or more than 2^32 - 1. */
bool fota_at_parse_number(const char **at, uint32_t *value);
/* Value of the eight hexadecimal digits at *at, of either case; as above. */
bool fota_at_parse_hex32(const char **at, uint32_t *value);
/* Value of one hexadecimal digit of either case; 16: none. */
unsigned fota_at_hex_digit(uint8_t c);
/* `text` behind `prefix`, or a null pointer when it does not begin so. */
const char *fota_at_skip(const char *text, const char *prefix);
bool fota_at_equals(const char *a, const char *b);
/* Count of characters before the terminator. */
size_t fota_at_length(const char *text);
/* Write decimal digits (1 to 10) and a terminator; returns the terminator's place. */
char *fota_at_print_number(char *dst, uint32_t value);
/* Write eight upper-case hexadecimal digits and a terminator; returns the terminator's place.
 */
char *fota_at_print_hex32(char *dst, uint32_t value);

/* The seed's conversion (2.3.2): upper-case hex digits of `n` bytes and a terminator into `str`
 * (2 n + 1 bytes).  Source: seed, convert_hex_to_string(). */
void fota_convert_hex_to_string(const uint8_t *hex, size_t n, char *str);

#endif
