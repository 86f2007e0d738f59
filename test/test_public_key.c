/* SPDX-License-Identifier: MIT */
#include "host/keys.h"
#include "module/public_key.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void key_is_read_as_the_tool_and_openssl_write_it(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 64; i++) {
        uint8_t key[FOTA_ED25519_KEY_BYTES];
        uint8_t back[FOTA_ED25519_KEY_BYTES];
        char pem[FOTA_PEM_MAX];
        size_t n = 0;
        struct fota_fault fault;
        for (size_t k = 0; k < sizeof key; k++) {
            key[k] = (uint8_t)(k * 37 + i * 101);
        }
        assert_int_equal(fota_public_key_to_pem(key, pem, &n, &fault), FOTA_OK);
        pem[n] = '\0';
        assert_int_equal(public_key_parse(back, pem), FOTA_OK);
        assert_memory_equal(back, key, sizeof key);
    }
}

/* RFC 8410 10.1 */
static const char rfc[] = "-----BEGIN PUBLIC KEY-----\n"
                          "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n"
                          "-----END PUBLIC KEY-----\n";

static void everything_else_is_refused(void **state)
{
    (void)state;
    uint8_t key[FOTA_ED25519_KEY_BYTES];
    assert_int_equal(public_key_parse(key, rfc), FOTA_OK);
    assert_int_equal(key[0], 0x19);
    assert_int_equal(key[31], 0xE1);
    static const char *const bad[] = {
        "",
        "-----BEGIN PUBLIC KEY-----",
        "-----BEGIN PUBLIC KEY-----\n",
        "-----BEGIN PRIVATE KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAx"
        "ZuE=\n-----END PRIVATE KEY-----\n",
        "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAx"
        "=\n-----END PUBLIC KEY-----\n",
        "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VvAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAx"
        "ZuE=\n-----END PUBLIC KEY-----\n", /* X448's neighbour: another algorithm */
        "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7*shQhqowtrbLDFw4rXAx"
        "ZuE=\n-----END PUBLIC KEY-----\n",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(public_key_parse(key, bad[i]), FOTA_E_KEY);
    }
}

static void no_end_of_the_text_is_passed(void **state)
{
    (void)state;
    for (size_t n = 0; n < sizeof rfc - 1; n++) {
        char *cut = malloc(n + 1); /* exactly: the sanitizer sees a byte too many */
        memcpy(cut, rfc, n);
        cut[n] = '\0';
        uint8_t key[FOTA_ED25519_KEY_BYTES];
        (void)!public_key_parse(key, cut);
        free(cut);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(key_is_read_as_the_tool_and_openssl_write_it),
        cmocka_unit_test(everything_else_is_refused),
        cmocka_unit_test(no_end_of_the_text_is_passed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
