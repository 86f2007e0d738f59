/* SPDX-License-Identifier: MIT */
/* Integer arithmetic with overflow checks, for AT+QCALC. */
#ifndef FOTA_PORT_FIRMWARE_NUMBER_H
#define FOTA_PORT_FIRMWARE_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

/* False, and `*out` as it was, when the result does not fit. */
bool firmware_add(int64_t a, int64_t b, int64_t *out);
bool firmware_multiply(int64_t a, int64_t b, int64_t *out);
/* Largest integer whose square is not above `n`. */
uint32_t firmware_square_root(uint64_t n);

#endif
