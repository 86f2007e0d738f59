/* SPDX-License-Identifier: MIT */
#include "core/package.h"
#include "host/keys.h"
#include "host/package_write.h"
#include "port/monocypher/monocypher_verifier.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct fota_flash_run run = {128, 4096};
static const struct fota_flash flash = {.runs = &run, .n_runs = 1};
static const struct fota_area slot = {&flash, 0, 128 * 4096};

static uint8_t body[100000];
static uint8_t old_bytes[500];
static uint8_t new_bytes[600];

struct fixture {
    struct fota_encoded encoded;
    struct fota_private_key keys[5];
    struct fota_signer signers[5];
    struct fota_package_spec spec;
};

/* Spec of a delta whose body is `n` bytes of `body`. */
static void set_up(struct fixture *f, uint32_t n)
{
    memset(f, 0, sizeof *f);
    f->encoded = (struct fota_encoded){.body = body,
                                       .body_bytes = n,
                                       .prologue_bytes = 1,
                                       .n_units = 3,
                                       .scratch_sectors = 8,
                                       .codec = 1,
                                       .arch = 2,
                                       .decoder_bytes = 5000};
    for (unsigned i = 0; i < 5; i++) {
        const uint8_t seed[32] = {(uint8_t)i};
        assert_int_equal(fota_private_key_from_seed(&f->keys[i], seed), FOTA_OK);
        f->signers[i] = fota_private_key_signer(&f->keys[i]);
    }
    f->spec = (struct fota_package_spec){.product = "M95",
                                         .from_version = "A07",
                                         .to_version = "A08",
                                         .security_counter = 77,
                                         .old_image = {old_bytes, sizeof old_bytes},
                                         .new_image = {new_bytes, sizeof new_bytes},
                                         .slot = &slot,
                                         .encoded = &f->encoded,
                                         .signers = f->signers,
                                         .n_signers = 1};
}

static void fill_random(uint8_t *bytes, size_t n, uint32_t seed)
{
    for (size_t i = 0; i < n; i++) {
        seed = seed * 1664525U + 1013904223U;
        bytes[i] = (uint8_t)(seed >> 24);
    }
}

static bool holds_escape(const uint8_t *bytes, size_t n)
{
    return bytes[n - 1] == '+' || memmem(bytes, n, "+++", 3) != NULL;
}

static void what_is_written_reads_back(void **state)
{
    (void)state;
    struct fixture f;
    fill_random(body, sizeof body, 1);
    set_up(&f, 5000);
    f.spec.downgrade = true;
    uint8_t *package;
    uint32_t n;
    struct fota_fault fault;
    assert_int_equal(fota_package_write(&package, &n, &f.spec, &fault), FOTA_OK);
    assert_int_equal(n, 148 + 9 + 70 + 5000);
    struct fota_package p;
    uint8_t head[FOTA_PACKAGE_HEAD_MAX];
    memcpy(head, package, sizeof head);
    assert_int_equal(fota_package_parse(&p, head, sizeof head), FOTA_OK);
    assert_int_equal(p.features, FOTA_FEATURE_DOWNGRADE);
    assert_int_equal(p.security_counter, 77);
    assert_int_equal(p.base_bytes, sizeof old_bytes);
    assert_int_equal(p.new_bytes, sizeof new_bytes);
    assert_int_equal(p.geometry_id, fota_area_geometry_id(&slot));
    assert_int_equal(p.scratch_sectors, 8);
    assert_int_equal(p.n_units, 3);
    assert_int_equal(p.decoder_kib, 5);
    assert_int_equal(p.codec, 1);
    assert_int_equal(p.arch, 2);
    assert_int_equal(p.prologue_bytes, 1);
    assert_string_equal(p.product, "M95");
    assert_string_equal(p.from_version, "A07");
    assert_string_equal(p.to_version, "A08");
    fota_package_mask(p.prefix.mask, 0, package, n);
    assert_memory_equal(package + p.body_off, body, 5000);
    uint8_t digest[FOTA_SHA256_BYTES];
    struct fota_sha256 sha;
    const struct fota_bytes hashed[3] = {
        f.spec.old_image, f.spec.new_image, {body, f.encoded.body_bytes}};
    const uint8_t *stated[3] = {p.base_sha256, p.new_sha256, p.body_sha256};
    for (unsigned i = 0; i < 3; i++) {
        fota_sha256_init(&sha);
        fota_sha256_update(&sha, hashed[i].at, hashed[i].n_bytes);
        fota_sha256_final(&sha, digest);
        assert_memory_equal(digest, stated[i], sizeof digest);
    }
    free(package);
}

static void a_way_back_lies_behind_the_way_forth(void **state)
{
    (void)state;
    for (unsigned two_slots = 0; two_slots < 2; two_slots++) {
        struct fixture f;
        uint8_t *package;
        uint32_t n;
        struct fota_fault fault;
        struct fota_package p;
        uint8_t head[FOTA_PACKAGE_HEAD_MAX];
        fill_random(body, sizeof body, 1);
        set_up(&f, 5000);
        struct fota_encoded back = f.encoded;
        back.body = body + 5000;
        back.body_bytes = 700;
        back.prologue_bytes = 2;
        back.n_units = 4;
        back.scratch_sectors = 9;
        back.decoder_bytes = 6000;
        f.encoded.scratch_sectors = two_slots ? 0 : 8;
        f.spec.two_slots = two_slots != 0;
        f.spec.trial_boots = 7;
        f.spec.base_counter = 70;
        f.spec.back = &back;
        assert_int_equal(fota_package_write(&package, &n, &f.spec, &fault), FOTA_OK);
        assert_int_equal(n, 148 + 9 + (two_slots ? 7 : 53) + 70 + 5000 + (two_slots ? 0 : 700));
        memcpy(head, package, sizeof head);
        assert_int_equal(fota_package_parse(&p, head, sizeof head), FOTA_OK);
        assert_int_equal(p.trial_boots, 7);
        assert_int_equal(p.body_bytes, 5000);
        fota_package_turn(&p);
        assert_int_equal(p.security_counter, 70);
        assert_int_equal(p.n_units, two_slots ? 0 : 4);
        fota_package_mask(p.prefix.mask, 0, package, n);
        if (!two_slots) {
            uint8_t digest[FOTA_SHA256_BYTES];
            struct fota_sha256 sha;
            assert_int_equal(p.prologue_bytes, 2);
            assert_int_equal(p.scratch_sectors, 9);
            assert_int_equal(p.decoder_kib, 6);
            assert_int_equal(p.body_bytes, 700);
            assert_memory_equal(package + p.body_off, back.body, 700);
            fota_sha256_init(&sha);
            fota_sha256_update(&sha, back.body, 700);
            fota_sha256_final(&sha, digest);
            assert_memory_equal(digest, p.body_sha256, sizeof digest);
        }
        free(package);
        f.spec.trial_boots = 2;
        assert_int_equal(fota_package_write(&package, &n, &f.spec, &fault), FOTA_E_USAGE);
        f.spec.trial_boots = 3;
        f.spec.old_image.n_bytes = 0;
        f.spec.from_version = "";
        f.spec.two_slots = false;
        assert_int_equal(fota_package_write(&package, &n, &f.spec, &fault), FOTA_E_USAGE);
    }
}

static void equal_inputs_give_equal_bytes(void **state)
{
    (void)state;
    struct fixture f;
    struct fota_fault fault;
    fill_random(body, sizeof body, 2);
    set_up(&f, sizeof body);
    uint8_t *a;
    uint8_t *b;
    uint32_t n_a;
    uint32_t n_b;
    f.spec.n_signers = 3;
    assert_int_equal(fota_package_write(&a, &n_a, &f.spec, &fault), FOTA_OK);
    assert_int_equal(fota_package_write(&b, &n_b, &f.spec, &fault), FOTA_OK);
    assert_int_equal(n_a, n_b);
    assert_memory_equal(a, b, n_a);
    free(a);
    free(b);
}

static void no_package_holds_the_escape_or_ends_in_plus(void **state)
{
    (void)state;
    struct fixture f;
    struct fota_fault fault;
    set_up(&f, 1000);
    for (unsigned round = 0; round < 40; round++) {
        fill_random(body, 1000, round);
        /* Runs of three of as many values as fit, "+++" first; the last byte '+'. */
        for (unsigned i = 0; i < round * 6; i++) {
            memset(body + 3 * (size_t)i, (int)((i + '+') & 0xFF), 3);
        }
        body[999] = '+';
        uint8_t *package;
        uint32_t n;
        assert_int_equal(fota_package_write(&package, &n, &f.spec, &fault), FOTA_OK);
        assert_false(holds_escape(package, n));
        free(package);
    }
}

/* The three bytes may also lie across the signature's end and the body's begin, where looking
 * at the body alone does not show them: one signature in 16 ends in the byte
 * that matters.
 */
static void an_escape_across_the_border_of_the_body_is_seen(void **state)
{
    (void)state;
    struct fixture f;
    struct fota_fault fault;
    unsigned n_moved = 0;
    set_up(&f, 768);
    for (unsigned i = 0; i < 256; i++) {
        memset(body + 3 * (size_t)i, (int)i, 3); /* no mask but two: 0x24 and 0x25 */
    }
    body[3 * (0x24 ^ '+')] = body[3 * (0x25 ^ '+')] = 0xFE;
    body[0] = body[1] = 0x24 ^ '+';
    body[2] = 0;
    for (unsigned i = 0; i < 200; i++) {
        uint8_t *package;
        uint32_t n;
        f.spec.security_counter = i;
        assert_int_equal(fota_package_write(&package, &n, &f.spec, &fault), FOTA_OK);
        assert_false(holds_escape(package, n));
        if (package[5] == 0x25) n_moved++;
        free(package);
    }
    assert_true(n_moved > 0);
}

static void a_body_that_leaves_no_mask_is_refused(void **state)
{
    (void)state;
    struct fixture f;
    struct fota_fault fault;
    uint8_t *package = NULL;
    uint32_t n;
    for (unsigned i = 0; i < 256; i++) {
        memset(body + 3 * (size_t)i, (int)i, 3);
    }
    set_up(&f, 768);
    assert_int_equal(fota_package_write(&package, &n, &f.spec, &fault), FOTA_E_INTERNAL);
    assert_null(package);
    set_up(&f, 767); /* the last value only twice: its mask is left, but the body ends in it */
    assert_int_equal(fota_package_write(&package, &n, &f.spec, &fault), FOTA_E_INTERNAL);
    body[767] = 0;
    set_up(&f, 768); /* now it is left */
    assert_int_equal(fota_package_write(&package, &n, &f.spec, &fault), FOTA_OK);
    assert_int_equal(package[5], 0xFF ^ '+');
    assert_false(holds_escape(package, n));
    free(package);
}

static void impossible_specs_are_refused(void **state)
{
    (void)state;
    static const char long_string[] = "0123456789012345678901234567890"; /* 31 */
    static const char too_long[] = "01234567890123456789012345678901";
    struct fixture f;
    struct fota_fault fault;
    uint8_t *package;
    uint32_t n;
    fill_random(body, 100, 9);
    for (unsigned i = 0; i < 14; i++) {
        set_up(&f, 100);
        enum fota_err expected = FOTA_E_USAGE;
        switch (i) {
        case 0:
            f.spec.product = "";
            break;
        case 1:
            f.spec.product = too_long;
            break;
        case 2:
            f.spec.product = "a\"b";
            break;
        case 3:
            f.spec.to_version = "a\n";
            break;
        case 4:
            f.spec.to_version = "\xC3\xA4";
            break;
        case 5:
            f.spec.from_version = "";
            break;
        case 6:
            f.spec.old_image.n_bytes = 0;
            break; /* full, with a from version */
        case 7:
            f.spec.new_image.n_bytes = 0;
            break;
        case 8:
            f.spec.n_signers = 0;
            break;
        case 9:
            f.spec.n_signers = 5;
            break;
        case 10:
            f.spec.old_image.n_bytes = 0;
            f.spec.from_version = "";
            f.spec.downgrade = true;
            break;
        case 11: /* 148 + 93 + 1 + 4 * 69 > 512 */
            f.spec.product = f.spec.from_version = f.spec.to_version = long_string;
            f.spec.n_signers = 4;
            break;
        case 12:
            f.spec.product = f.spec.from_version = f.spec.to_version = long_string;
            f.spec.n_signers = 3;
            expected = FOTA_OK;
            break;
        default: /* in place without a ring: the parser says no */
            f.encoded.scratch_sectors = 0;
            expected = FOTA_E_INTERNAL;
            break;
        }
        enum fota_err err = fota_package_write(&package, &n, &f.spec, &fault);
        if (err != expected) print_message("case %u\n", i);
        assert_int_equal(err, expected);
        if (err == FOTA_OK) free(package);
    }
    assert_true(fota_package_string_is_valid(long_string));
    assert_false(fota_package_string_is_valid(too_long));
}

static void full_and_two_slot_packages_say_so(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        struct fixture f;
        struct fota_fault fault;
        set_up(&f, 100);
        f.encoded.scratch_sectors = 0;
        f.spec.two_slots = i != 0;
        if (i != 1) {
            f.spec.old_image = (struct fota_bytes){NULL, 0};
            f.spec.from_version = "";
        }
        uint8_t *package;
        uint32_t n;
        assert_int_equal(fota_package_write(&package, &n, &f.spec, &fault), FOTA_OK);
        struct fota_package p;
        assert_int_equal(fota_package_parse(&p, package, n), FOTA_OK);
        static const uint32_t features[3] = {1, 4, 5};
        assert_int_equal(p.features, features[i]);
        free(package);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_reads_back),
        cmocka_unit_test(a_way_back_lies_behind_the_way_forth),
        cmocka_unit_test(equal_inputs_give_equal_bytes),
        cmocka_unit_test(no_package_holds_the_escape_or_ends_in_plus),
        cmocka_unit_test(an_escape_across_the_border_of_the_body_is_seen),
        cmocka_unit_test(a_body_that_leaves_no_mask_is_refused),
        cmocka_unit_test(impossible_specs_are_refused),
        cmocka_unit_test(full_and_two_slot_packages_say_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
