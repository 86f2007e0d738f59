/* SPDX-License-Identifier: MIT */
#include "module/public_key.h"
#include <string.h>

/* SubjectPublicKeyInfo of an Ed25519 key (RFC 8410 4) is these bytes and the key. */
static const uint8_t spki[] = {0x30, 0x2A, 0x30, 0x05, 0x06, 0x03,
                               0x2B, 0x65, 0x70, 0x03, 0x21, 0x00};
enum { DER_BYTES = sizeof spki + FOTA_ED25519_KEY_BYTES };

static int base64_digit(char c)
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c != '\0' ? strchr(digits, c) : NULL;
    return at != NULL ? (int)(at - digits) : -1;
}

/* Decode base64 up to the first '=' or '-'.  Returns the count of bytes, more than n_max when
 * there are more, or 0 for a character that does not belong there. */
static size_t base64_decode(uint8_t *out, size_t n_max, const char *text)
{
    uint32_t bits = 0;
    unsigned n_bits = 0;
    size_t n = 0;
    for (; *text != '=' && *text != '-'; text++) {
        if (*text == '\n' || *text == '\r') {
            continue;
        }
        int digit = base64_digit(*text);
        if (digit < 0) {
            return 0;
        }
        bits = (bits << 6 | (uint32_t)digit) & 0xFFFFFFU;
        n_bits += 6;
        if (n_bits >= 8) {
            n_bits -= 8;
            if (n < n_max) {
                out[n] = (uint8_t)(bits >> n_bits);
            }
            n++;
        }
    }
    return n;
}

enum fota_err public_key_parse(uint8_t key[FOTA_ED25519_KEY_BYTES], const char *pem)
{
    static const char begin[] = "-----BEGIN PUBLIC KEY-----";
    uint8_t der[DER_BYTES];
    const char *at = strstr(pem, begin);
    if (at == NULL || base64_decode(der, sizeof der, at + sizeof begin - 1) != sizeof der ||
        memcmp(der, spki, sizeof spki) != 0) {
        return FOTA_E_KEY;
    }
    memcpy(key, der + sizeof spki, FOTA_ED25519_KEY_BYTES);
    return FOTA_OK;
}
