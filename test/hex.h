/* SPDX-License-Identifier: MIT */
/* Hex text to bytes, for test vectors. */
#ifndef FOTA_TEST_HEX_H
#define FOTA_TEST_HEX_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Bytes of `hex` into dst, which must be large enough; returns how many. */
static inline size_t test_unhex(uint8_t *dst, const char *hex)
{
    size_t n = strlen(hex) / 2;
    for (size_t i = 0; i < n; i++) {
        char pair[3] = {hex[2 * i], hex[2 * i + 1], '\0'};
        unsigned value = 0;
        (void)sscanf(pair, "%2x", &value);
        dst[i] = (uint8_t)value;
    }
    return n;
}

#endif
