/* SPDX-License-Identifier: MIT */
#include "core/sha256.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void hash_hex(const uint8_t *data, size_t n, char out[65])
{
    struct fota_sha256 h;
    uint8_t digest[FOTA_SHA256_BYTES];
    fota_sha256_init(&h);
    fota_sha256_update(&h, data, n);
    fota_sha256_final(&h, digest);
    for (size_t i = 0; i < sizeof digest; i++)
        (void)snprintf(out + 2 * i, 3, "%02x", digest[i]);
}

/* FIPS 180-4 examples (NIST CSRC "SHA256.pdf"), and the empty message. */
static void equals_the_examples_of_the_standard(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *digest;
    } rows[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char hex[65];
        hash_hex((const uint8_t *)rows[i].text, strlen(rows[i].text), hex);
        assert_string_equal(hex, rows[i].digest);
    }
}

static void a_million_letters(void **state)
{
    (void)state;
    static uint8_t letters[1000000];
    char hex[65];
    memset(letters, 'a', sizeof letters);
    hash_hex(letters, sizeof letters, hex);
    assert_string_equal(hex,
                        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

/* Every length around the padding's borders, cut at every place: one digest. */
static void pieces_give_the_hash_of_the_whole(void **state)
{
    (void)state;
    uint8_t bytes[130];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 7);
    for (size_t n = 0; n <= sizeof bytes; n++) {
        char whole[65];
        hash_hex(bytes, n, whole);
        for (size_t cut = 0; cut <= n; cut++) {
            struct fota_sha256 h;
            uint8_t digest[FOTA_SHA256_BYTES];
            char hex[65];
            fota_sha256_init(&h);
            fota_sha256_update(&h, bytes, cut);
            fota_sha256_update(&h, bytes + cut, n - cut);
            fota_sha256_final(&h, digest);
            for (size_t i = 0; i < sizeof digest; i++)
                (void)snprintf(hex + 2 * i, 3, "%02x", digest[i]);
            assert_string_equal(hex, whole);
        }
    }
}

/* SHA-256 of the concatenated digests of all prefixes of 00 01 02 .. 81, by Python's hashlib.
 */
static void all_short_lengths_equal_hashlib(void **state)
{
    (void)state;
    struct fota_sha256 all;
    uint8_t bytes[130];
    uint8_t digest[FOTA_SHA256_BYTES];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)i;
    fota_sha256_init(&all);
    for (size_t n = 0; n <= sizeof bytes; n++) {
        struct fota_sha256 h;
        fota_sha256_init(&h);
        fota_sha256_update(&h, bytes, n);
        fota_sha256_final(&h, digest);
        fota_sha256_update(&all, digest, sizeof digest);
    }
    fota_sha256_final(&all, digest);
    char hex[65];
    for (size_t i = 0; i < sizeof digest; i++)
        (void)snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    assert_string_equal(hex,
                        "e5bbbecd60c3632a3455f465bfd8b079c30ef608d2bcc34227f4e5573029020e");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_the_examples_of_the_standard),
        cmocka_unit_test(a_million_letters),
        cmocka_unit_test(pieces_give_the_hash_of_the_whole),
        cmocka_unit_test(all_short_lengths_equal_hashlib),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
