/* SPDX-License-Identifier: MIT */
#include "host/keys.h"
#include "port/monocypher/monocypher_verifier.h"
#include "test/hex.h"
#include "test/temp_dir.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* RFC 8410 10.3 and 10.1. */
static const char rfc_private[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n"
    "-----END PRIVATE KEY-----\n";
static const char rfc_public[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n"
    "-----END PUBLIC KEY-----\n";
static const char rfc_public_hex[] =
    "19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1";

/* Keys of other kinds, made by openssl genpkey and openssl pkey -aes128. */
static const char ec_private[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgXKOBgQCZElYba4/B\n"
    "MtID2xx+gEkhWmZOTIUtBDWJWtyhRANCAATHZeq7ahxerKngxnwhAkqRbcwTNQTq\n"
    "oqidlVsnm18EpUQgf3T1rteJcOMu/d77OHpeaJwUFrHkZt6TteytReVf\n"
    "-----END PRIVATE KEY-----\n";
static const char encrypted_private[] =
    "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
    "MIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAjYVR5bqq1IvQICCAAw\n"
    "DAYIKoZIhvcNAgkFADAdBglghkgBZQMEAQIEEJYTeB2Fv/hczr5EO5faxe0EQAok\n"
    "69dAe3ZLiNApyuGy9SlwmY59X0NoSP1EMm8o75DtXD/7mf1423C6W/z0MeDGFcXj\n"
    "xRQBHENaxhBNRLXgm3s=\n"
    "-----END ENCRYPTED PRIVATE KEY-----\n";

static void put(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    (void)fputs(text, f);
    assert_int_equal(fclose(f), 0);
}

static void the_keys_of_rfc_8410_are_read(void **state)
{
    (void)state;
    struct fota_private_key key;
    struct fota_fault fault;
    uint8_t expected[32];
    uint8_t public_key[32];
    put("k", rfc_private);
    put("p", rfc_public);
    test_unhex(expected, rfc_public_hex);
    assert_int_equal(fota_private_key_read(&key, "k", NULL, &fault), FOTA_OK);
    assert_int_equal(key.seed[0], 0xD4);
    assert_int_equal(key.seed[31], 0x42);
    assert_memory_equal(key.public_key, expected, 32);
    assert_int_equal(fota_public_key_read(public_key, "p", &fault), FOTA_OK);
    assert_memory_equal(public_key, expected, 32);
    char pem[FOTA_PEM_MAX + 1] = "";
    size_t n;
    assert_int_equal(fota_private_key_to_pem(&key, NULL, pem, &n, &fault), FOTA_OK);
    assert_int_equal(n, strlen(rfc_private));
    assert_memory_equal(pem, rfc_private, n);
    assert_int_equal(fota_public_key_to_pem(public_key, pem, &n, &fault), FOTA_OK);
    assert_int_equal(n, strlen(rfc_public));
    assert_memory_equal(pem, rfc_public, n);
    fota_private_key_wipe(&key);
    assert_int_equal(key.seed[0], 0);
}

static void openssl_signs_what_monocypher_verifies(void **state)
{
    (void)state;
    struct fota_fault fault;
    for (unsigned i = 0; i < 20; i++) {
        struct fota_private_key key;
        uint8_t msg[300];
        uint8_t sig[FOTA_ED25519_SIG_BYTES];
        uint8_t id[FOTA_KEY_ID_BYTES];
        memset(msg, (int)i, sizeof msg);
        assert_int_equal(fota_private_key_make(&key, &fault), FOTA_OK);
        assert_int_equal(fota_private_key_sign(&key, msg, i * 15, sig), FOTA_OK);
        const struct fota_private_key trusted = key;
        struct fota_trusted_keys keys = {&trusted.public_key, 1};
        struct fota_verifier verifier = fota_monocypher_verifier(&keys);
        fota_key_id(key.public_key, id);
        assert_int_equal(fota_sign_verify(&verifier, id, sig, msg, i * 15), FOTA_OK);
        msg[0] ^= 1;
        assert_int_equal(fota_sign_verify(&verifier, id, sig, msg, i * 15 + 1),
                         FOTA_E_SIGNATURE);
    }
}

static void signatures_are_those_of_rfc_8032(void **state)
{
    (void)state;
    struct fota_private_key key;
    uint8_t msg[2];
    uint8_t sig[64];
    uint8_t expected[64];
    test_unhex(key.seed, "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7");
    test_unhex(msg, "af82");
    test_unhex(expected, "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
                         "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a");
    assert_int_equal(fota_private_key_sign(&key, msg, 2, sig), FOTA_OK);
    assert_memory_equal(sig, expected, 64);
}

static void what_is_no_usable_key_is_refused_with_the_reason(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool is_private;
        const char *detail;
    } cases[] = {
        {"", true, "no private key in PEM form"},
        {"", false, "no public key in PEM form"},
        {"hello\n", true, "no private key in PEM form"},
        {rfc_public, true, "a public key, but the private one is wanted"},
        {rfc_private, false,
         "a private key, but the public one is wanted: keep this one secret"},
        {encrypted_private, true, "it has a passphrase, and none was given"},
        {ec_private, true, "not an Ed25519 key, but EC"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fota_private_key key;
        struct fota_fault fault;
        put("k", cases[i].text);
        enum fota_err err = cases[i].is_private
                                ? fota_private_key_read(&key, "k", NULL, &fault)
                                : fota_public_key_read(key.public_key, "k", &fault);
        assert_int_equal(err, FOTA_E_KEY);
        assert_string_equal(fault.detail, cases[i].detail);
        assert_string_equal(fault.file, "k");
    }
    struct fota_fault fault;
    struct fota_private_key key;
    assert_int_equal(fota_private_key_read(&key, "nowhere", NULL, &fault), FOTA_E_IO);
}

static void a_cut_key_file_is_refused(void **state)
{
    (void)state;
    for (size_t n = 0; n + 1 < strlen(rfc_private); n++) { /* the last newline may go */
        struct fota_private_key key;
        struct fota_fault fault;
        char cut[sizeof rfc_private];
        memcpy(cut, rfc_private, sizeof cut);
        cut[n] = '\0';
        put("k", cut);
        assert_int_equal(fota_private_key_read(&key, "k", NULL, &fault), FOTA_E_KEY);
    }
}

/* The passphrase that `encrypted_private` was made with, or another one. */
static enum fota_err answer(const void *ctx, const char *path, char text[FOTA_PASSPHRASE_MAX],
                            struct fota_fault *fault)
{
    (void)fault;
    assert_string_equal(path, "k");
    (void)snprintf(text, FOTA_PASSPHRASE_MAX, "%s", (const char *)ctx);
    return FOTA_OK;
}

static enum fota_err refuse_to_answer(const void *ctx, const char *path,
                                      char text[FOTA_PASSPHRASE_MAX], struct fota_fault *fault)
{
    (void)ctx, (void)text;
    return fota_fault_set(fault, FOTA_E_IO, path, "no answer");
}

static void an_encrypted_key_opens_with_its_passphrase_alone(void **state)
{
    (void)state;
    static const char right[] = "correct horse";
    static const char wrong[] = "correct horsf";
    const struct fota_passphrase good = {answer, right};
    const struct fota_passphrase bad = {answer, wrong};
    const struct fota_passphrase mute = {refuse_to_answer, NULL};
    struct fota_private_key made;
    struct fota_private_key key;
    struct fota_fault fault;
    char pem[FOTA_PEM_MAX + 1] = "";
    size_t n;
    assert_int_equal(fota_private_key_make(&made, &fault), FOTA_OK);
    assert_int_equal(fota_private_key_to_pem(&made, right, pem, &n, &fault), FOTA_OK);
    assert_int_equal(n, strlen(pem));
    assert_non_null(strstr(pem, "-----BEGIN ENCRYPTED PRIVATE KEY-----"));
    put("k", pem);
    assert_int_equal(fota_private_key_read(&key, "k", &good, &fault), FOTA_OK);
    assert_memory_equal(key.seed, made.seed, sizeof key.seed);
    assert_memory_equal(key.public_key, made.public_key, sizeof key.public_key);
    assert_int_equal(fota_private_key_read(&key, "k", &bad, &fault), FOTA_E_KEY);
    assert_string_equal(fault.detail, "wrong passphrase, or the file is damaged");
    assert_int_equal(fota_private_key_read(&key, "k", NULL, &fault), FOTA_E_KEY);
    assert_string_equal(fault.detail, "it has a passphrase, and none was given");
    assert_int_equal(fota_private_key_read(&key, "k", &mute, &fault), FOTA_E_IO);
    assert_string_equal(fault.detail, "no answer");
    uint8_t public_key[FOTA_ED25519_KEY_BYTES];
    assert_int_equal(fota_public_key_read(public_key, "k", &fault), FOTA_E_KEY);
    assert_string_equal(fault.detail,
                        "a private key, but the public one is wanted: keep this one secret");
}

static void an_unencrypted_key_is_read_without_asking(void **state)
{
    (void)state;
    const struct fota_passphrase mute = {refuse_to_answer, NULL};
    struct fota_private_key key;
    struct fota_fault fault;
    put("k", rfc_private);
    assert_int_equal(fota_private_key_read(&key, "k", &mute, &fault), FOTA_OK);
}

int main(void)
{
    struct temp_dir dir;
    temp_dir_enter(&dir);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_keys_of_rfc_8410_are_read),
        cmocka_unit_test(openssl_signs_what_monocypher_verifies),
        cmocka_unit_test(signatures_are_those_of_rfc_8032),
        cmocka_unit_test(what_is_no_usable_key_is_refused_with_the_reason),
        cmocka_unit_test(a_cut_key_file_is_refused),
        cmocka_unit_test(an_encrypted_key_opens_with_its_passphrase_alone),
        cmocka_unit_test(an_unencrypted_key_is_read_without_asking),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    temp_dir_leave(&dir);
    return failed;
}
