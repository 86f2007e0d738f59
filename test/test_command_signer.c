/* SPDX-License-Identifier: MIT */
#include "host/keys.h"
#include "test/temp_dir.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define OPENSSL_SIGNS "openssl pkeyutl -sign -rawin -inkey k -in /dev/stdin"

static struct fota_private_key key;

static void write_key(void)
{
    static const uint8_t seed[32] = {9};
    char pem[FOTA_PEM_MAX];
    size_t n;
    struct fota_fault fault;
    assert_int_equal(fota_private_key_from_seed(&key, seed), FOTA_OK);
    assert_int_equal(fota_private_key_to_pem(&key, NULL, pem, &n, &fault), FOTA_OK);
    FILE *f = fopen("k", "w");
    assert_non_null(f);
    assert_int_equal(fwrite(pem, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

static void openssl_as_a_command_signs_as_the_key_in_memory_does(void **state)
{
    (void)state;
    write_key();
    uint8_t msg[300];
    uint8_t expected[FOTA_ED25519_SIG_BYTES];
    uint8_t sig[FOTA_ED25519_SIG_BYTES];
    struct fota_fault fault;
    const struct fota_signer signer = fota_command_signer(OPENSSL_SIGNS, key.public_key);
    for (size_t n = 1; n <= sizeof msg; n += 149) { /* openssl refuses an empty file */
        memset(msg, (int)n, sizeof msg);
        assert_int_equal(fota_private_key_sign(&key, msg, n, expected), FOTA_OK);
        assert_int_equal(signer.sign(&signer, msg, n, sig, &fault), FOTA_OK);
        assert_memory_equal(sig, expected, sizeof sig);
    }
}

static void a_command_that_does_not_sign_is_refused_with_the_reason(void **state)
{
    (void)state;
    static const struct {
        const char *command;
        const char *detail;
    } cases[] = {
        {"exit 3", "'exit 3' ends with status 3"},
        {"kill -9 $$", "'kill -9 $$' ends with status 137"},
        {"no-such-program 2>/dev/null", "'no-such-program 2>/dev/null' ends with status 127"},
        {"true", "'true' writes 0 bytes, a signature has 64"},
        {"head -c 63 /dev/zero", "'head -c 63 /dev/zero' writes 63 bytes, a signature has 64"},
        {"head -c 99 /dev/zero",
         "'head -c 99 /dev/zero' writes at least 65 bytes, a signature has 64"},
        {"head -c 64 /dev/zero",
         "what 'head -c 64 /dev/zero' writes is no signature by the public key given"},
        {"(cat; echo) | openssl pkeyutl -sign -rawin -inkey k -in /dev/stdin 2>/dev/null; "
         "head -c 64 /dev/zero",
         NULL},
    };
    write_key();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct fota_signer signer = fota_command_signer(cases[i].command, key.public_key);
        uint8_t sig[FOTA_ED25519_SIG_BYTES];
        uint8_t untouched[FOTA_ED25519_SIG_BYTES];
        struct fota_fault fault;
        memset(sig, 0xA5, sizeof sig);
        memset(untouched, 0xA5, sizeof untouched);
        assert_int_equal(signer.sign(&signer, (const uint8_t *)"head", 4, sig, &fault),
                         FOTA_E_KEY);
        if (cases[i].detail != NULL) assert_string_equal(fault.detail, cases[i].detail);
        assert_memory_equal(sig, untouched, sizeof sig);
    }
}

static void the_signature_of_another_key_is_refused(void **state)
{
    (void)state;
    write_key();
    struct fota_private_key other;
    uint8_t sig[FOTA_ED25519_SIG_BYTES];
    struct fota_fault fault;
    assert_int_equal(fota_private_key_make(&other, &fault), FOTA_OK);
    const struct fota_signer signer = fota_command_signer(OPENSSL_SIGNS, other.public_key);
    assert_int_equal(signer.sign(&signer, (const uint8_t *)"head", 4, sig, &fault), FOTA_E_KEY);
}

int main(void)
{
    struct temp_dir dir;
    temp_dir_enter(&dir);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(openssl_as_a_command_signs_as_the_key_in_memory_does),
        cmocka_unit_test(a_command_that_does_not_sign_is_refused_with_the_reason),
        cmocka_unit_test(the_signature_of_another_key_is_refused),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    temp_dir_leave(&dir);
    return failed;
}
