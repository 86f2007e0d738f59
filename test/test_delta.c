/* SPDX-License-Identifier: MIT */
/* The decoder against hostile input and odd callers.  Bodies come from the encoder; buffers are
 * of exact size, so that the address sanitizer sees a byte too many. */
#include "core/delta.h"
#include "core/package.h"
#include "host/encode.h"
#include "images.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct place {
    uint8_t *body;
    uint32_t body_bytes;
    const uint8_t *old_image;
    uint32_t old_bytes;
    uint8_t *made;
    uint32_t pos;
    uint32_t hole;     /* no old byte from here on is readable */
    uint32_t fail_in;  /* the body's medium fails once, at this read from now on; 0: never */
    uint32_t n_failed; /* how often it did */
    bool only_last;    /* decode only the last unit */
    struct fota_delta_params params;
    struct fota_delta_source source;
    struct fota_delta *delta;
    void *work;
    uint32_t work_bytes;
};

static enum fota_err read_body(void *ctx, uint32_t off, uint8_t *dst, uint32_t n_bytes)
{
    struct place *p = ctx;
    if (p->fail_in > 0 && --p->fail_in == 0) {
        p->n_failed++;
        return FOTA_E_FLASH;
    }
    if (off > p->body_bytes || n_bytes > p->body_bytes - off) return FOTA_E_BODY;
    memcpy(dst, p->body + off, n_bytes);
    return FOTA_OK;
}

static uint32_t old_readable(void *ctx, uint32_t off)
{
    const struct place *p = ctx;
    return off < p->hole ? p->hole - off : 0;
}

static enum fota_err read_old(void *ctx, uint32_t off, uint8_t *dst, uint32_t n_bytes)
{
    const struct place *p = ctx;
    assert_true(off < p->hole && n_bytes <= p->hole - off);
    memcpy(dst, p->old_image + off, n_bytes);
    return FOTA_OK;
}

static uint32_t new_readable(void *ctx, uint32_t off)
{
    const struct place *p = ctx;
    uint32_t page = p->pos - p->pos % FOTA_DELTA_PAGE;
    return off < page ? page - off : 0;
}

static enum fota_err read_new(void *ctx, uint32_t off, uint8_t *dst, uint32_t n_bytes)
{
    const struct place *p = ctx;
    assert_true(n_bytes <= new_readable(ctx, off));
    memcpy(dst, p->made + off, n_bytes);
    return FOTA_OK;
}

static enum fota_err open_place(struct place *p)
{
    uint32_t need = 0;
    enum fota_err err = fota_delta_workspace_bytes(&need, &p->params, &p->source);
    if (err != FOTA_OK) return err;
    if (need > 20000) return FOTA_E_RAM;
    free(p->work);
    p->work = malloc(need);
    p->work_bytes = need;
    return fota_delta_open(&p->delta, p->work, need, &p->params, &p->source);
}

/* Encode for two slots (or full) and lay body and images out. */
static void set_up(struct place *p, const uint8_t *old_image, uint32_t old_bytes,
                   const uint8_t *new_image, uint32_t new_bytes)
{
    struct test_slot slot;
    make_slot(&slot, 32, 4096);
    struct fota_encoded e;
    struct fota_encode_options options = {.mode = old_bytes > 0 ? FOTA_ENCODE_TWO_SLOTS
                                                                : FOTA_ENCODE_FULL,
                                          .slot = &slot.area,
                                          .unit_sectors = 4,
                                          .decoder_bytes = 16384};
    assert_int_equal(fota_encode(&e, (struct fota_bytes){old_image, old_bytes},
                                 (struct fota_bytes){new_image, new_bytes}, &options),
                     FOTA_OK);
    memset(p, 0, sizeof *p);
    p->body = e.body;
    p->body_bytes = e.body_bytes;
    p->old_image = old_image;
    p->old_bytes = p->hole = old_bytes;
    p->made = malloc(new_bytes);
    p->params = (struct fota_delta_params){.codec = e.codec,
                                           .arch = e.arch,
                                           .old_bytes = old_bytes,
                                           .new_bytes = new_bytes,
                                           .prologue_bytes = e.prologue_bytes};
    p->source = (struct fota_delta_source){p,        read_body,   read_old, old_readable,
                                           read_new, new_readable};
}

static void tear_down(struct place *p)
{
    free(p->body);
    free(p->made);
    free(p->work);
}

static enum fota_err
decode_unit(struct place *p, const struct fota_delta_unit *unit, uint32_t step)
{
    uint32_t end = unit->new_off + unit->new_bytes;
    enum fota_err err = fota_delta_begin(p->delta, unit);
    p->pos = unit->new_off;
    while (err == FOTA_OK && p->pos < end) {
        uint32_t n = FOTA_DELTA_PAGE - p->pos % FOTA_DELTA_PAGE;
        if (n > step) n = step;
        if (n > end - p->pos) n = end - p->pos;
        err = fota_delta_read(p->delta, p->made + p->pos, n);
        p->pos += n;
    }
    return err == FOTA_OK ? fota_delta_end(p->delta) : err;
}

/* Decode all units, `step` bytes at a time.  What is in the unit heads is believed. */
static enum fota_err decode(struct place *p, uint32_t step)
{
    uint32_t off = p->params.prologue_bytes;
    uint32_t fail_in = p->fail_in;
    p->fail_in = 0;
    enum fota_err err = open_place(p);
    p->fail_in = fail_in;
    p->pos = 0;
    while (err == FOTA_OK && off < p->body_bytes) {
        struct fota_unit head;
        uint32_t left = p->body_bytes - off;
        err = fota_unit_parse(&head, p->body + off,
                              left < FOTA_UNIT_HEAD_MAX ? left : FOTA_UNIT_HEAD_MAX);
        if (err != FOTA_OK) break;
        off += head.head_bytes;
        struct fota_delta_unit unit = {head.first_sector * 4096, head.n_sectors * 4096, off,
                                       head.coded_bytes};
        if (unit.new_off >= p->params.new_bytes) return FOTA_E_BODY;
        if (unit.new_bytes > p->params.new_bytes - unit.new_off)
            unit.new_bytes = p->params.new_bytes - unit.new_off;
        if (unit.coded_bytes > p->body_bytes - off) return FOTA_E_BODY;
        off += head.coded_bytes;
        if (p->only_last && off < p->body_bytes) continue;
        err = decode_unit(p, &unit, step);
        if (err == FOTA_E_FLASH) err = decode_unit(p, &unit, step);
    }
    return err;
}

enum { OLD_BYTES = 40000, NEW_BYTES = 41003 };

static void set_up_code(struct place *p, uint8_t **old_image, uint8_t **new_image, bool full)
{
    *old_image = code_image(OLD_BYTES, 8);
    *new_image = code_image(NEW_BYTES, 20);
    set_up(p, *old_image, full ? 0 : OLD_BYTES, *new_image, NEW_BYTES);
    assert_int_equal(p->params.arch, full ? FOTA_ARCH_DATA : FOTA_ARCH_THUMB);
}

static void reads_of_any_size_give_the_same_bytes(void **state)
{
    (void)state;
    for (int full = 0; full < 2; full++) {
        static const uint32_t steps[] = {1, 2, 3, 7, 64, 256};
        struct place p;
        uint8_t *old_image;
        uint8_t *new_image;
        set_up_code(&p, &old_image, &new_image, full != 0);
        for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
            memset(p.made, 0, NEW_BYTES);
            assert_int_equal(decode(&p, steps[i]), FOTA_OK);
            assert_memory_equal(p.made, new_image, NEW_BYTES);
        }
        tear_down(&p);
        free(old_image);
        free(new_image);
    }
}

static void flipped_bits_do_no_harm(void **state)
{
    (void)state;
    for (int full = 0; full < 2; full++) {
        struct place p;
        uint8_t *old_image;
        uint8_t *new_image;
        set_up_code(&p, &old_image, &new_image, full != 0);
        uint32_t random = 77;
        for (int i = 0; i < 60; i++) {
            uint32_t at = next_random(&random) % p.body_bytes;
            if (i < 20) at = (uint32_t)i; /* the plain begin, the first ops */
            uint8_t bit = (uint8_t)(1U << (next_random(&random) % 8));
            p.body[at] ^= bit;
            enum fota_err err = decode(&p, 256);
            assert_true(err == FOTA_OK || err == FOTA_E_BODY || err == FOTA_E_RAM);
            p.body[at] ^= bit;
        }
        assert_int_equal(decode(&p, 256), FOTA_OK);
        tear_down(&p);
        free(old_image);
        free(new_image);
    }
}

static void a_cut_body_is_noticed_and_not_read_past(void **state)
{
    (void)state;
    struct place p;
    uint8_t *old_image;
    uint8_t *new_image;
    set_up_code(&p, &old_image, &new_image, false);
    uint32_t whole = p.body_bytes;
    for (uint32_t n = 0; n < whole; n += n < 300 ? 1 : 97) {
        uint8_t *exact = malloc(n + (n == 0));
        uint8_t *body = p.body;
        memcpy(exact, body, n);
        p.body = exact;
        p.body_bytes = n;
        if (n > p.params.prologue_bytes)
            assert_true(decode(&p, 256) == FOTA_E_BODY || p.pos < NEW_BYTES);
        else
            assert_true(open_place(&p) == FOTA_E_BODY || n == p.params.prologue_bytes);
        free(exact);
        p.body = body;
    }
    tear_down(&p);
    free(old_image);
    free(new_image);
}

static void a_cut_prologue_is_noticed(void **state)
{
    (void)state;
    struct place p;
    uint8_t *old_image;
    uint8_t *new_image;
    set_up_code(&p, &old_image, &new_image, false);
    uint32_t whole = p.params.prologue_bytes;
    for (p.params.prologue_bytes = 0; p.params.prologue_bytes + 4 < whole;
         p.params.prologue_bytes++)
        assert_int_equal(open_place(&p), FOTA_E_BODY);
    p.params.prologue_bytes = whole + 5;
    assert_int_equal(open_place(&p), FOTA_E_BODY);
    tear_down(&p);
    free(old_image);
    free(new_image);
}

static void what_is_not_readable_is_never_asked_for(void **state)
{
    (void)state;
    struct place p;
    uint8_t *old_image;
    uint8_t *new_image;
    set_up_code(&p, &old_image, &new_image, false);
    for (p.hole = 0; p.hole < OLD_BYTES; p.hole += 1501)
        assert_int_equal(decode(&p, 256), FOTA_E_BODY); /* read_old() asserts */
    tear_down(&p);
    free(old_image);
    free(new_image);
}

static void a_unit_begun_again_after_the_medium_failed_is_the_same(void **state)
{
    (void)state;
    struct place p;
    uint8_t *old_image = code_image(OLD_BYTES, 8);
    uint8_t *new_image = code_image(NEW_BYTES, 20);
    uint8_t *other = random_image(NEW_BYTES, 5);
    for (uint32_t at = 300; at + 40 < NEW_BYTES; at += 500) /* many ops */
        memcpy(new_image + at, other + at, 40);
    free(other);
    set_up(&p, old_image, OLD_BYTES, new_image, NEW_BYTES);
    assert_true(p.params.prologue_bytes > 200);
    for (int only_last = 0; only_last < 2; only_last++) {
        p.only_last = only_last != 0;
        p.n_failed = 0;
        for (uint32_t k = 1; k == p.n_failed + 1; k++) {
            if (!p.only_last) memset(p.made, 0, NEW_BYTES);
            p.fail_in = k;
            assert_int_equal(decode(&p, 64), FOTA_OK);
            assert_memory_equal(p.made, new_image, NEW_BYTES);
        }
        assert_true(p.n_failed > 10);
    }
    tear_down(&p);
    free(old_image);
    free(new_image);
}

static void misuse_and_misfits_are_refused(void **state)
{
    (void)state;
    struct place p;
    uint8_t *old_image;
    uint8_t *new_image;
    set_up_code(&p, &old_image, &new_image, false);
    assert_int_equal(decode(&p, 256), FOTA_OK);
    assert_int_equal(fota_delta_read(p.delta, p.made, 1), FOTA_E_BODY);
    struct fota_delta_unit unit = {NEW_BYTES - 1, 2, 0, 10};
    assert_int_equal(fota_delta_begin(p.delta, &unit), FOTA_E_BODY);
    struct fota_delta *d;
    assert_int_equal(fota_delta_open(&d, p.work, p.work_bytes - 1, &p.params, &p.source),
                     FOTA_E_RAM);
    p.params.codec = 77;
    assert_int_equal(open_place(&p), FOTA_E_FEATURE);
    p.params.codec = FOTA_CODEC_DELTA1;
    p.params.arch = 200;
    assert_int_equal(open_place(&p), FOTA_E_FEATURE);
    p.params.arch = FOTA_ARCH_THUMB; /* references, but no old image to refer to */
    assert_int_equal(open_place(&p), FOTA_OK);
    p.params.old_bytes = 0;
    assert_int_equal(open_place(&p), FOTA_E_BODY);
    tear_down(&p);
    free(old_image);
    free(new_image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_of_any_size_give_the_same_bytes),
        cmocka_unit_test(flipped_bits_do_no_harm),
        cmocka_unit_test(a_cut_body_is_noticed_and_not_read_past),
        cmocka_unit_test(a_cut_prologue_is_noticed),
        cmocka_unit_test(what_is_not_readable_is_never_asked_for),
        cmocka_unit_test(a_unit_begun_again_after_the_medium_failed_is_the_same),
        cmocka_unit_test(misuse_and_misfits_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
