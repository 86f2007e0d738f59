/* SPDX-License-Identifier: MIT */
/* fota_encode() proves each body by decoding it under the format's rules, so FOTA_OK here means
 * a round trip. */
#include "core/delta.h"
#include "host/encode.h"
#include "images.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum kind { RANDOM, CODE, ZEROS };

static uint8_t *make(enum kind kind, uint32_t n_bytes, uint32_t variant)
{
    if (kind == RANDOM) return random_image(n_bytes, variant);
    if (kind == CODE) return code_image(n_bytes, variant * 12);
    return calloc(n_bytes + 1U, 1);
}

static enum fota_err
encode(struct fota_encoded *out, struct fota_bytes old_image, struct fota_bytes new_image,
       struct fota_encode_options options, uint32_t sector_bytes)
{
    struct test_slot slot;
    make_slot(&slot, 65536 / sector_bytes * 4, sector_bytes);
    options.slot = &slot.area;
    if (options.decoder_bytes == 0) options.decoder_bytes = 16384;
    return fota_encode(out, old_image, new_image, &options);
}

struct pair {
    enum kind kind;
    uint32_t old_bytes;
    uint32_t new_bytes;
    uint32_t new_variant; /* the old one is variant 1 */
    uint32_t most;        /* body bytes */
};

static const struct pair pairs[] = {
    {RANDOM, 1, 1, 1, 100},           {RANDOM, 1, 1, 2, 100},
    {RANDOM, 1, 5000, 2, 5200},       {RANDOM, 5000, 1, 2, 100},
    {RANDOM, 4095, 4097, 1, 250},     {RANDOM, 20000, 20000, 1, 200},
    {RANDOM, 20000, 20000, 2, 20400}, {RANDOM, 50000, 9000, 1, 200},
    {RANDOM, 9000, 30000, 1, 22000},  {CODE, 30000, 30000, 1, 250},
    {CODE, 30000, 30600, 2, 3000},    {CODE, 30600, 26000, 2, 3000},
    {ZEROS, 30000, 60000, 1, 400},
};

struct way {
    enum fota_encode_mode mode;
    uint32_t scratch;
    uint32_t unit;
    uint32_t sector_bytes;
    uint32_t percent; /* of `most` allowed; 0: whatever it takes */
};

static const struct way ways[] = {
    {FOTA_ENCODE_TWO_SLOTS, 0, 0, 4096, 100}, {FOTA_ENCODE_TWO_SLOTS, 0, 1, 1024, 0},
    {FOTA_ENCODE_IN_PLACE, 1, 0, 4096, 0},    {FOTA_ENCODE_IN_PLACE, 4, 1, 4096, 0},
    {FOTA_ENCODE_IN_PLACE, 4, 4, 2048, 0},    {FOTA_ENCODE_IN_PLACE, 8, 0, 4096, 0},
    {FOTA_ENCODE_IN_PLACE, 16, 0, 4096, 0},   {FOTA_ENCODE_IN_PLACE, 64, 8, 256, 0},
    {FOTA_ENCODE_IN_PLACE, 2, 2, 65536, 0},   {FOTA_ENCODE_FULL, 0, 0, 4096, 0},
    {FOTA_ENCODE_FULL, 0, 2, 1024, 0},
};

static void every_pair_round_trips_in_every_way(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        const struct pair *p = &pairs[i];
        uint8_t *old_image = make(p->kind, p->old_bytes, 1);
        uint8_t *new_image = make(p->kind, p->new_bytes, p->new_variant);
        for (size_t k = 0; k < sizeof ways / sizeof *ways; k++) {
            const struct way *w = &ways[k];
            struct fota_bytes old_bytes = {old_image, p->old_bytes};
            if (w->mode == FOTA_ENCODE_FULL) old_bytes.n_bytes = 0;
            struct fota_encode_options options = {.mode = w->mode,
                                                  .scratch_sectors = w->scratch,
                                                  .unit_sectors = w->unit,
                                                  .level = w->scratch == 4 ? 0 : 1};
            struct fota_encoded e;
            enum fota_err err =
                encode(&e, old_bytes, (struct fota_bytes){new_image, p->new_bytes}, options,
                       w->sector_bytes);
            if (err != FOTA_OK) print_error("pair %zu, way %zu\n", i, k);
            assert_int_equal(err, FOTA_OK);
            assert_in_range(e.n_units, 1, 65535);
            if (p->kind == CODE && w->mode == FOTA_ENCODE_TWO_SLOTS)
                assert_int_equal(e.arch, FOTA_ARCH_THUMB);
            assert_true(e.scratch_sectors <= w->scratch && e.decoder_bytes <= 16384);
            assert_true((e.scratch_sectors > 0) == (w->mode == FOTA_ENCODE_IN_PLACE));
            if (w->percent != 0 && e.body_bytes > p->most)
                print_error("pair %zu: %u bytes\n", i, e.body_bytes);
            assert_true(w->percent == 0 || e.body_bytes <= p->most * w->percent / 100);
            fota_encoded_free(&e);
        }
        free(old_image);
        free(new_image);
    }
}

static void random_data_grows_by_less_than_a_percent_and_heads(void **state)
{
    (void)state;
    uint8_t *image = random_image(100000, 7);
    struct fota_encoded e;
    struct fota_encode_options options = {.mode = FOTA_ENCODE_FULL};
    assert_int_equal(
        encode(&e, (struct fota_bytes){0}, (struct fota_bytes){image, 100000}, options, 4096),
        FOTA_OK);
    assert_in_range(e.body_bytes, 100000, 101000 + e.stats.unit_head_bytes);
    fota_encoded_free(&e);
    free(image);
}

static void equal_inputs_give_equal_bytes(void **state)
{
    (void)state;
    uint8_t *a = code_image(30000, 8);
    uint8_t *b = code_image(30000, 20);
    struct fota_encoded e[2];
    struct fota_encode_options options = {.mode = FOTA_ENCODE_IN_PLACE, .scratch_sectors = 4};
    for (int i = 0; i < 2; i++)
        assert_int_equal(encode(&e[i], (struct fota_bytes){a, 30000},
                                (struct fota_bytes){b, 30000}, options, 4096),
                         FOTA_OK);
    assert_int_equal(e[0].body_bytes, e[1].body_bytes);
    assert_memory_equal(e[0].body, e[1].body, e[0].body_bytes);
    fota_encoded_free(&e[0]);
    fota_encoded_free(&e[1]);
    free(a);
    free(b);
}

static void unchanged_sectors_are_not_written(void **state)
{
    (void)state;
    uint8_t *a = random_image(40960, 3);
    uint8_t *b = random_image(40960, 3);
    b[5 * 4096 + 17] ^= 1;
    struct fota_encoded e;
    struct fota_encode_options options = {.mode = FOTA_ENCODE_IN_PLACE, .scratch_sectors = 8};
    assert_int_equal(
        encode(&e, (struct fota_bytes){a, 40960}, (struct fota_bytes){b, 40960}, options, 4096),
        FOTA_OK);
    assert_int_equal(e.stats.written_sectors, 1);
    assert_int_equal(e.stats.unchanged_sectors, 9);
    assert_int_equal(e.stats.stash_steps, 1);
    assert_int_equal(e.scratch_sectors, 1);
    fota_encoded_free(&e);
    free(a);
    free(b);
}

static void what_cannot_be_made_is_refused(void **state)
{
    (void)state;
    static uint8_t image[70000];
    static uint8_t large[300000];
    struct fota_encoded e;
    struct fota_bytes some = {image, 70000};
    struct fota_encode_options o = {.mode = FOTA_ENCODE_IN_PLACE, .scratch_sectors = 4};
    assert_int_equal(encode(&e, some, (struct fota_bytes){image, 0}, o, 4096), FOTA_E_IMAGE);
    assert_int_equal(encode(&e, (struct fota_bytes){0}, some, o, 4096), FOTA_E_IMAGE);
    assert_int_equal(encode(&e, some, (struct fota_bytes){large, 300000}, o, 4096),
                     FOTA_E_SLOT_SPACE);
    assert_int_equal(encode(&e, some, (struct fota_bytes){large, 0x1000001}, o, 4096),
                     FOTA_E_IMAGE);
    o.decoder_bytes = 2000;
    assert_int_equal(encode(&e, some, some, o, 4096), FOTA_E_RAM);
    o.decoder_bytes = 16384;
    o.scratch_sectors = 0;
    assert_int_equal(encode(&e, some, some, o, 4096), FOTA_E_GEOMETRY);
}

static void smaller_workspace_still_works(void **state)
{
    (void)state;
    uint8_t *a = code_image(30000, 8);
    uint8_t *b = code_image(30000, 20);
    struct fota_encode_options o = {.mode = FOTA_ENCODE_TWO_SLOTS, .decoder_bytes = 8192};
    struct fota_encoded e;
    assert_int_equal(
        encode(&e, (struct fota_bytes){a, 30000}, (struct fota_bytes){b, 30000}, o, 4096),
        FOTA_OK);
    assert_in_range(e.decoder_bytes, 1, 8192);
    fota_encoded_free(&e);
    free(a);
    free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_pair_round_trips_in_every_way),
        cmocka_unit_test(random_data_grows_by_less_than_a_percent_and_heads),
        cmocka_unit_test(equal_inputs_give_equal_bytes),
        cmocka_unit_test(unchanged_sectors_are_not_written),
        cmocka_unit_test(what_cannot_be_made_is_refused),
        cmocka_unit_test(smaller_workspace_still_works),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
