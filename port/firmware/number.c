/* SPDX-License-Identifier: MIT */
#include "port/firmware/number.h"

#define LIMIT (INT64_C(1) << 53)

static bool fits(int64_t value)
{
    return value < LIMIT && value > -LIMIT;
}

bool firmware_add(int64_t a, int64_t b, int64_t *out)
{
    int64_t sum = a + b; /* both within the limit: no overflow of 64 bits */
    if (!fits(sum)) {
        return false;
    }
    *out = sum;
    return true;
}

bool firmware_multiply(int64_t a, int64_t b, int64_t *out)
{
    int64_t size = a < 0 ? -a : a;
    int64_t other = b < 0 ? -b : b;
    if (other != 0 && size > (LIMIT - 1) / other) {
        return false;
    }
    *out = a * b;
    return true;
}

uint32_t firmware_square_root(uint64_t n)
{
    uint64_t root = 0;
    for (uint64_t bit = UINT64_C(1) << 62; bit != 0; bit >>= 2) {
        if (n >= root + bit) {
            n -= root + bit;
            root = (root >> 1) + bit;
        } else {
            root >>= 1;
        }
    }
    return (uint32_t)root;
}
