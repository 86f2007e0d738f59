/* SPDX-License-Identifier: MIT */
#include "core/model.h"
#include "core/rangedec.h"
#include "host/rangeenc.h"
#include "images.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct body {
    const uint8_t *at;
    uint32_t n;
};

static enum fota_err read_body(void *ctx, uint32_t off, uint8_t *dst, uint32_t n_bytes)
{
    const struct body *b = ctx;
    assert_true(off <= b->n && n_bytes <= b->n - off);
    memcpy(dst, b->at + off, n_bytes);
    return FOTA_OK;
}

static enum fota_err fail_to_read(void *ctx, uint32_t off, uint8_t *dst, uint32_t n_bytes)
{
    (void)ctx, (void)off, (void)dst, (void)n_bytes;
    return FOTA_E_FLASH;
}

/* `n` bits of which about p1 are ones, with probabilities that jump about. */
static void encode(struct fota_buffer *out, uint32_t n, uint32_t p1, uint32_t seed)
{
    struct fota_rangeenc e;
    fota_rangeenc_begin(&e, out);
    uint32_t state = seed;
    for (uint32_t i = 0; i < n; i++)
        fota_rangeenc_code(&e, i % 7 == 0 ? 65520 : p1, (next_random(&state) & 0xFFFF) < p1);
    fota_rangeenc_end(&e);
}

static void what_was_encoded_is_decoded_and_used_up_exactly(void **state)
{
    (void)state;
    static const uint32_t p1s[] = {16, 22, 300, 0x8000, 65000, 65520};
    for (uint32_t i = 0; i < sizeof p1s / sizeof *p1s; i++) {
        for (uint32_t n = 0; n < 3000; n = n * 3 / 2 + 1) {
            struct fota_buffer b = {0};
            encode(&b, n, p1s[i], 99 + n);
            struct body body = {b.at, (uint32_t)b.n};
            struct fota_rangedec r = {.ctx = &body, .body = read_body};
            fota_rangedec_begin(&r, 0, body.n);
            uint32_t random = 99 + n;
            for (uint32_t k = 0; k < n; k++)
                assert_int_equal(fota_rangedec_code(&r, k % 7 == 0 ? 65520 : p1s[i], 0),
                                 (next_random(&random) & 0xFFFF) < p1s[i]);
            assert_int_equal(fota_rangedec_end(&r), FOTA_OK);
            fota_buffer_free(&b);
        }
    }
}

static void missing_and_surplus_bytes_are_noticed(void **state)
{
    (void)state;
    struct fota_buffer b = {0};
    encode(&b, 4000, 0x8000, 5);
    for (uint32_t cut = 5; cut < 100; cut++) {
        struct body body = {b.at, (uint32_t)b.n - cut};
        struct fota_rangedec r = {.ctx = &body, .body = read_body};
        fota_rangedec_begin(&r, 0, body.n);
        for (uint32_t k = 0; k < 4000; k++)
            fota_rangedec_code(&r, k % 7 == 0 ? 65520 : 0x8000, 0);
        assert_int_equal(fota_rangedec_end(&r), FOTA_E_BODY);
    }
    struct body body = {b.at, (uint32_t)b.n};
    struct fota_rangedec r = {.ctx = &body, .body = read_body};
    fota_rangedec_begin(&r, 0, body.n);
    for (uint32_t k = 0; k < 3900; k++)
        fota_rangedec_code(&r, k % 7 == 0 ? 65520 : 0x8000, 0);
    assert_int_equal(fota_rangedec_end(&r), FOTA_E_BODY);
    fota_buffer_free(&b);
}

static void failures_of_the_medium_pass_up(void **state)
{
    (void)state;
    struct fota_rangedec r = {.body = fail_to_read};
    fota_rangedec_begin(&r, 0, 10);
    fota_rangedec_code(&r, 0x8000, 0);
    assert_int_equal(fota_rangedec_result(&r), FOTA_E_FLASH);
}

static void tables_are_what_their_comments_say(void **state)
{
    (void)state;
    for (uint32_t p = 32; p <= 65504; p++) {
        double exact = 256 * log(p / (65536.0 - p));
        assert_true(fabs(fota_stretch(p) - exact) < 6);
    }
    for (int32_t s = -2047; s <= 2047; s++) {
        double exact = 65536 / (1 + exp(-s / 256.0));
        assert_true(fabs(fota_squash(s) - exact) < 1 + exact * 0.003);
        assert_in_range(fota_squash(s), 16, 65520);
    }
    for (uint32_t n = 0; n < FOTA_RATE_ENTRIES; n++)
        assert_true(fabs(fota_rate_table[n] - 4096 / (n + 1.5)) <= 0.5);
}

static void counters_stay_in_range_and_learn(void **state)
{
    (void)state;
    for (uint32_t bit = 0; bit < 2; bit++) {
        uint16_t s = FOTA_SHORT_START;
        uint32_t l = FOTA_LONG_START;
        for (int i = 0; i < 5000; i++) {
            fota_short_update(&s, bit);
            fota_long_update(&l, bit, 250);
            assert_in_range(fota_short_p(s), 1, 65535);
            assert_in_range(fota_long_p(l), 16, 65520);
        }
        assert_true(bit ? fota_short_p(s) > 65000 : fota_short_p(s) < 600);
        assert_true(bit ? fota_long_p(l) > 65300 : fota_long_p(l) < 300);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_encoded_is_decoded_and_used_up_exactly),
        cmocka_unit_test(missing_and_surplus_bytes_are_noticed),
        cmocka_unit_test(failures_of_the_medium_pass_up),
        cmocka_unit_test(tables_are_what_their_comments_say),
        cmocka_unit_test(counters_stay_in_range_and_learn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
