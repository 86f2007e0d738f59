/* SPDX-License-Identifier: MIT */
/* SHA-256 as FIPS 180-4 writes it: section numbers below are of that document. */
#include "core/sha256.h"
#include "core/mem.h"

enum { BLOCK_BYTES = 64, LENGTH_OFF = 56 };

/* 4.2.2: first 32 bits of the fractional parts of the cube roots of the first 64 primes. */
static const uint32_t round_constant[64] = {
    0x428a2f98U, 0x71374491U, 0xb5c0fbcfU, 0xe9b5dba5U, 0x3956c25bU, 0x59f111f1U, 0x923f82a4U,
    0xab1c5ed5U, 0xd807aa98U, 0x12835b01U, 0x243185beU, 0x550c7dc3U, 0x72be5d74U, 0x80deb1feU,
    0x9bdc06a7U, 0xc19bf174U, 0xe49b69c1U, 0xefbe4786U, 0x0fc19dc6U, 0x240ca1ccU, 0x2de92c6fU,
    0x4a7484aaU, 0x5cb0a9dcU, 0x76f988daU, 0x983e5152U, 0xa831c66dU, 0xb00327c8U, 0xbf597fc7U,
    0xc6e00bf3U, 0xd5a79147U, 0x06ca6351U, 0x14292967U, 0x27b70a85U, 0x2e1b2138U, 0x4d2c6dfcU,
    0x53380d13U, 0x650a7354U, 0x766a0abbU, 0x81c2c92eU, 0x92722c85U, 0xa2bfe8a1U, 0xa81a664bU,
    0xc24b8b70U, 0xc76c51a3U, 0xd192e819U, 0xd6990624U, 0xf40e3585U, 0x106aa070U, 0x19a4c116U,
    0x1e376c08U, 0x2748774cU, 0x34b0bcb5U, 0x391c0cb3U, 0x4ed8aa4aU, 0x5b9cca4fU, 0x682e6ff3U,
    0x748f82eeU, 0x78a5636fU, 0x84c87814U, 0x8cc70208U, 0x90befffaU, 0xa4506cebU, 0xbef9a3f7U,
    0xc67178f2U,
};

static uint32_t rotate_right(uint32_t x, unsigned n)
{
    return (x >> n) | (x << (32U - n));
}

static uint32_t load_be32(const uint8_t *p)
{
    return ((uint32_t)p[0] << 24) | ((uint32_t)p[1] << 16) | ((uint32_t)p[2] << 8) | p[3];
}

static void store_be32(uint8_t *p, uint32_t x)
{
    p[0] = (uint8_t)(x >> 24);
    p[1] = (uint8_t)(x >> 16);
    p[2] = (uint8_t)(x >> 8);
    p[3] = (uint8_t)x;
}

/* Word t of the message schedule (6.2.2 step 1); `w` holds the last 16 words in a ring. */
static uint32_t schedule_word(uint32_t w[16], unsigned t)
{
    uint32_t a = w[(t + 1U) & 15U];
    uint32_t b = w[(t + 14U) & 15U];
    uint32_t s0 = rotate_right(a, 7) ^ rotate_right(a, 18) ^ (a >> 3);
    uint32_t s1 = rotate_right(b, 17) ^ rotate_right(b, 19) ^ (b >> 10);
    w[t & 15U] += s0 + s1 + w[(t + 9U) & 15U];
    return w[t & 15U];
}

static void compress(uint32_t state[8], const uint8_t block[BLOCK_BYTES])
{
    uint32_t w[16];
    uint32_t v[8]; /* a..h of 6.2.2 */
    for (unsigned t = 0; t < 16; t++)
        w[t] = load_be32(block + 4 * (size_t)t);
    memcpy(v, state, sizeof v);
    for (unsigned t = 0; t < 64; t++) {
        uint32_t word = t < 16 ? w[t] : schedule_word(w, t);
        uint32_t s1 = rotate_right(v[4], 6) ^ rotate_right(v[4], 11) ^ rotate_right(v[4], 25);
        uint32_t choice = (v[4] & v[5]) ^ (~v[4] & v[6]);
        uint32_t t1 = v[7] + s1 + choice + round_constant[t] + word;
        uint32_t s0 = rotate_right(v[0], 2) ^ rotate_right(v[0], 13) ^ rotate_right(v[0], 22);
        uint32_t majority = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]);
        memmove(v + 1, v, 7 * sizeof v[0]);
        v[4] += t1;
        v[0] = t1 + s0 + majority;
    }
    for (unsigned i = 0; i < 8; i++)
        state[i] += v[i];
}

void fota_sha256_init(struct fota_sha256 *h)
{
    static const uint32_t initial[8] = {
        0x6a09e667U, 0xbb67ae85U, 0x3c6ef372U, 0xa54ff53aU,
        0x510e527fU, 0x9b05688cU, 0x1f83d9abU, 0x5be0cd19U,
    };
    memcpy(h->state, initial, sizeof initial);
    h->n_bytes = 0;
}

void fota_sha256_update(struct fota_sha256 *h, const uint8_t *data, size_t n_bytes)
{
    while (n_bytes > 0) {
        size_t fill = (size_t)(h->n_bytes % BLOCK_BYTES);
        size_t n = n_bytes < BLOCK_BYTES - fill ? n_bytes : BLOCK_BYTES - fill;
        memcpy(h->block + fill, data, n);
        h->n_bytes += n;
        data += n;
        n_bytes -= n;
        if (fill + n == BLOCK_BYTES) compress(h->state, h->block);
    }
}

void fota_sha256_final(struct fota_sha256 *h, uint8_t digest[FOTA_SHA256_BYTES])
{
    uint64_t n_bits = h->n_bytes * 8U;
    size_t fill = (size_t)(h->n_bytes % BLOCK_BYTES);
    h->block[fill++] = 0x80;
    if (fill > LENGTH_OFF) {
        memset(h->block + fill, 0, BLOCK_BYTES - fill);
        compress(h->state, h->block);
        fill = 0;
    }
    memset(h->block + fill, 0, LENGTH_OFF - fill);
    store_be32(h->block + LENGTH_OFF, (uint32_t)(n_bits >> 32));
    store_be32(h->block + LENGTH_OFF + 4, (uint32_t)n_bits);
    compress(h->state, h->block);
    for (size_t i = 0; i < 8; i++)
        store_be32(digest + 4 * i, h->state[i]);
}
