/* SPDX-License-Identifier: MIT */
#include "core/sign.h"
#include "core/mem.h"
#include "core/sha256.h"
#include <stdbool.h>

/* All numbers below are little-endian, as in RFC 8032 5.1.2. */

/* The order of the base point: L = 2^252 + 27742317777372353535851937790883648493. */
static const uint8_t group_order[32] = {0xED, 0xD3, 0xF5, 0x5C, 0x1A, 0x63, 0x12, 0x58,
                                        0xD6, 0x9C, 0xF7, 0xA2, 0xDE, 0xF9, 0xDE, 0x14,
                                        0,    0,    0,    0,    0,    0,    0,    0,
                                        0,    0,    0,    0,    0,    0,    0,    0x10};

/* The field's prime: p = 2^255 - 19. */
static const uint8_t field_prime[32] = {0xED, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
                                        0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
                                        0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
                                        0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F};

/* The y of all eight points whose order divides 8.  Those with y = 0 have order 4, y = 1 is the
 * neutral element, y = -1 has order 2, the other two have order 8, each for both signs of x. */
static const uint8_t small_order_y[5][32] = {
    {0},
    {1},
    {0x26, 0xE8, 0x95, 0x8F, 0xC2, 0xB2, 0x27, 0xB0, 0x45, 0xC3, 0xF4,
     0x89, 0xF2, 0xEF, 0x98, 0xF0, 0xD5, 0xDF, 0xAC, 0x05, 0xD3, 0xC6,
     0x33, 0x39, 0xB1, 0x38, 0x02, 0x88, 0x6D, 0x53, 0xFC, 0x05},
    {0xC7, 0x17, 0x6A, 0x70, 0x3D, 0x4D, 0xD8, 0x4F, 0xBA, 0x3C, 0x0B,
     0x76, 0x0D, 0x10, 0x67, 0x0F, 0x2A, 0x20, 0x53, 0xFA, 0x2C, 0x39,
     0xCC, 0xC6, 0x4E, 0xC7, 0xFD, 0x77, 0x92, 0xAC, 0x03, 0x7A},
    {0xEC, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
     0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
     0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F},
};

/* Whether a < b. */
static bool is_less(const uint8_t a[32], const uint8_t b[32])
{
    for (unsigned i = 32; i-- > 0;) {
        if (a[i] != b[i]) return a[i] < b[i];
    }
    return false;
}

/* Whether an encoded point is canonical and not of small order.  (An x of 0 with the sign bit
 * set, the other way to be non-canonical, has y = 1 or -1: refused with those.) */
static bool is_sound_point(const uint8_t point[32])
{
    uint8_t y[32];
    memcpy(y, point, sizeof y);
    y[31] &= 0x7F; /* the bit above is the sign of x */
    if (!is_less(y, field_prime)) return false;
    for (size_t i = 0; i < sizeof small_order_y / sizeof small_order_y[0]; i++) {
        if (memcmp(y, small_order_y[i], sizeof y) == 0) return false;
    }
    return true;
}

void fota_key_id(const uint8_t key[FOTA_ED25519_KEY_BYTES], uint8_t id[FOTA_KEY_ID_BYTES])
{
    struct fota_sha256 sha;
    uint8_t digest[FOTA_SHA256_BYTES];
    fota_sha256_init(&sha);
    fota_sha256_update(&sha, key, FOTA_ED25519_KEY_BYTES);
    fota_sha256_final(&sha, digest);
    memcpy(id, digest, FOTA_KEY_ID_BYTES);
}

enum fota_err
fota_sign_verify(const struct fota_verifier *v, const uint8_t id[FOTA_KEY_ID_BYTES],
                 const uint8_t sig[FOTA_ED25519_SIG_BYTES], const uint8_t *msg,
                 size_t msg_bytes)
{
    uint8_t key[FOTA_ED25519_KEY_BYTES];
    enum fota_err err = v->find_key(v->ctx, id, key);
    if (err < 0) return err;
    const uint8_t *r = sig;
    const uint8_t *s = sig + 32;
    if (!is_sound_point(key) || !is_sound_point(r) || !is_less(s, group_order)) {
        return FOTA_E_SIGNATURE;
    }
    return v->verify(v->ctx, sig, key, msg, msg_bytes);
}
