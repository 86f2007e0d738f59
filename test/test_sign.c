/* SPDX-License-Identifier: MIT */
#include "core/sign.h"
#include "port/monocypher/monocypher_verifier.h"
#include "test/hex.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* RFC 8032 7.1 (tests 1, 2, 3 and SHA(abc)).  `malleated` is S + L. */
static const struct {
    const char *name, *key, *id, *msg, *r, *s, *malleated;
} rfc8032[] = {
    {"test 1", "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "21fe31df",
     "", "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155",
     "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
     "4c8c7872aa064e049dbb3013fbf29380d25bf5f0595bbe24655141438e7a101b"},
    {"test 2", "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "39f713d0",
     "72", "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da",
     "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
     "f52db7415978abc61b2c2eb6aeebfca0387b2eaeb4302aeeb00d291612bb0c10"},
    {"test 3", "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "dac073e0",
     "af82", "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac",
     "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
     "05d391b0a77904e98404ef037747a56e4a7c15e9716ed28dc027beceea1ec41a"},
    {"test SHA(abc)", "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
     "5f9b247e",
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
     "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
     "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b589",
     "09351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704",
     "f6081526c7f3c544d498bf69432bbf453dca179c138ac17ad9bef1177331a714"},
};
#define N_RFC8032 (sizeof rfc8032 / sizeof rfc8032[0])

struct vector {
    uint8_t key[32], id[4], msg[64], sig[64];
    size_t msg_bytes;
};

static struct vector load(size_t i)
{
    struct vector v;
    test_unhex(v.key, rfc8032[i].key);
    test_unhex(v.id, rfc8032[i].id);
    v.msg_bytes = test_unhex(v.msg, rfc8032[i].msg);
    test_unhex(v.sig, rfc8032[i].r);
    test_unhex(v.sig + 32, rfc8032[i].s);
    return v;
}

static enum fota_err check(const struct vector *v)
{
    struct fota_trusted_keys keys = {&v->key, 1};
    struct fota_verifier verifier = fota_monocypher_verifier(&keys);
    return fota_sign_verify(&verifier, v->id, v->sig, v->msg, v->msg_bytes);
}

static void rfc_8032_vectors_verify(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_RFC8032; i++) {
        struct vector v = load(i);
        uint8_t id[FOTA_KEY_ID_BYTES];
        fota_key_id(v.key, id);
        assert_memory_equal(id, v.id, sizeof id);
        assert_int_equal(check(&v), FOTA_OK);
    }
}

static void a_changed_bit_anywhere_does_not_verify(void **state)
{
    (void)state;
    struct vector good = load(2);
    for (unsigned bit = 0; bit < 512; bit++) {
        struct vector v = good;
        v.sig[bit / 8] ^= (uint8_t)(1U << bit % 8);
        assert_int_equal(check(&v), FOTA_E_SIGNATURE);
    }
    for (unsigned bit = 0; bit < 16; bit++) {
        struct vector v = good;
        v.msg[bit / 8] ^= (uint8_t)(1U << bit % 8);
        assert_int_equal(check(&v), FOTA_E_SIGNATURE);
    }
    good.msg_bytes--;
    assert_int_equal(check(&good), FOTA_E_SIGNATURE);
}

static void a_key_that_is_not_trusted_is_unknown(void **state)
{
    (void)state;
    struct vector v = load(0);
    for (unsigned bit = 0; bit < 32; bit++) {
        v.id[bit / 8] ^= (uint8_t)(1U << bit % 8);
        assert_int_equal(check(&v), FOTA_E_UNKNOWN_KEY);
        v.id[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
}

/* A backend that likes everything, to see what is refused before it is asked. */
struct yes {
    uint8_t key[32];
    unsigned asked;
    enum fota_err find_result;
};

static enum fota_err
yes_find(void *ctx, const uint8_t id[FOTA_KEY_ID_BYTES], uint8_t key[FOTA_ED25519_KEY_BYTES])
{
    struct yes *yes = ctx;
    (void)id;
    memcpy(key, yes->key, sizeof yes->key);
    return yes->find_result;
}

static enum fota_err
yes_verify(void *ctx, const uint8_t sig[FOTA_ED25519_SIG_BYTES],
           const uint8_t key[FOTA_ED25519_KEY_BYTES], const uint8_t *msg, size_t msg_bytes)
{
    struct yes *yes = ctx;
    (void)sig, (void)key, (void)msg, (void)msg_bytes;
    yes->asked++;
    return FOTA_OK;
}

static enum fota_err ask_yes(struct yes *yes, const struct vector *v)
{
    struct fota_verifier verifier = {yes, yes_find, yes_verify};
    memcpy(yes->key, v->key, sizeof yes->key);
    yes->asked = 0;
    enum fota_err err = fota_sign_verify(&verifier, v->id, v->sig, v->msg, v->msg_bytes);
    assert_int_equal(yes->asked, err == FOTA_OK ? 1 : 0);
    return err;
}

static void s_of_l_or_more_is_refused_whatever_the_backend_says(void **state)
{
    (void)state;
    static const struct {
        const char *s;
        enum fota_err expected;
    } scalars[] = {
        {"ecd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010",
         FOTA_OK}, /* L - 1 */
        {"edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010", FOTA_E_SIGNATURE},
        {"eed3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010", FOTA_E_SIGNATURE},
        {"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff0f", FOTA_OK},
        {"0000000000000000000000000000000000000000000000000000000000000020", FOTA_E_SIGNATURE},
        {"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", FOTA_E_SIGNATURE},
    };
    struct yes yes = {.find_result = FOTA_OK};
    struct vector v = load(1);
    for (size_t i = 0; i < sizeof scalars / sizeof scalars[0]; i++) {
        test_unhex(v.sig + 32, scalars[i].s);
        assert_int_equal(ask_yes(&yes, &v), scalars[i].expected);
    }
    for (size_t i = 0; i < N_RFC8032; i++) {
        v = load(i);
        test_unhex(v.sig + 32, rfc8032[i].malleated);
        assert_int_equal(ask_yes(&yes, &v), FOTA_E_SIGNATURE);
        assert_int_equal(check(&v), FOTA_E_SIGNATURE);
    }
}

/* Encoded points.  The y are listed without the sign bit; each is tried with both signs. */
static const struct {
    const char *y;
    bool sound;
} points[] = {
    {"0000000000000000000000000000000000000000000000000000000000000000", false}, /* order 4 */
    {"0100000000000000000000000000000000000000000000000000000000000000", false}, /* order 1 */
    {"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", false}, /* order 2 */
    {"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05", false}, /* order 8 */
    {"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a", false}, /* order 8 */
    {"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", false}, /* p */
    {"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", false}, /* p + 1 */
    {"f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", false}, /* p + 3 */
    {"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", false}, /* p + 18 */
    {"ebffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", true},  /* p - 2 */
    {"0300000000000000000000000000000000000000000000000000000000000000", true},
    {"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc04", true},
};

static void small_order_and_non_canonical_points_are_refused_as_key_and_as_r(void **state)
{
    (void)state;
    struct yes yes = {.find_result = FOTA_OK};
    for (size_t i = 0; i < 2 * (sizeof points / sizeof points[0]); i++) {
        uint8_t point[32];
        test_unhex(point, points[i / 2].y);
        point[31] |= (uint8_t)(i % 2 << 7);
        enum fota_err expected = points[i / 2].sound ? FOTA_OK : FOTA_E_SIGNATURE;
        struct vector v = load(0);
        memcpy(v.key, point, sizeof point);
        assert_int_equal(ask_yes(&yes, &v), expected);
        v = load(0);
        memcpy(v.sig, point, sizeof point);
        assert_int_equal(ask_yes(&yes, &v), expected);
    }
}

/* With a key of order 1 the equation is S B = R: anyone can "sign" with it. */
static void a_forgery_under_the_neutral_key_is_refused(void **state)
{
    (void)state;
    struct vector v = load(0);
    memset(v.key, 0, sizeof v.key);
    v.key[0] = 1;
    fota_key_id(v.key, v.id);
    memset(v.sig, 0, sizeof v.sig);
    test_unhex(v.sig,
               "5866666666666666666666666666666666666666666666666666666666666666"); /* B */
    v.sig[32] = 1;
    assert_int_equal(check(&v), FOTA_E_SIGNATURE);
}

static void a_failing_key_store_is_reported_as_such(void **state)
{
    (void)state;
    struct yes yes = {.find_result = FOTA_E_FLASH};
    struct vector v = load(0);
    assert_int_equal(ask_yes(&yes, &v), FOTA_E_FLASH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rfc_8032_vectors_verify),
        cmocka_unit_test(a_changed_bit_anywhere_does_not_verify),
        cmocka_unit_test(a_key_that_is_not_trusted_is_unknown),
        cmocka_unit_test(s_of_l_or_more_is_refused_whatever_the_backend_says),
        cmocka_unit_test(small_order_and_non_canonical_points_are_refused_as_key_and_as_r),
        cmocka_unit_test(a_forgery_under_the_neutral_key_is_refused),
        cmocka_unit_test(a_failing_key_store_is_reported_as_such),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
