/* SPDX-License-Identifier: MIT */
#include "core/crc32.h"
#include "core/flash.h"
#include "core/le.h"
#include "core/package.h"
#include "port/monocypher/monocypher_verifier.h"
#include <monocypher-ed25519.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define BODY_BYTES 64U

/* A package being made; plain until `masked()`. */
struct draft {
    uint8_t bytes[2048];
    uint32_t head_bytes;
    uint32_t body_off;
    uint32_t total_bytes;
};

enum kind { IN_PLACE, TWO_SLOTS, FULL };

struct signer {
    uint8_t secret[64];
    uint8_t public[32];
};

static struct signer signer(uint8_t number)
{
    struct signer s;
    uint8_t seed[32] = {number};
    crypto_ed25519_key_pair(s.secret, s.public, seed);
    return s;
}

static void put_sizes(struct draft *d)
{
    fota_put_le16(d->bytes + 6, (uint16_t)d->head_bytes);
    fota_put_le32(d->bytes + 8, d->total_bytes);
}

static void put_head(struct draft *d, enum kind kind)
{
    uint8_t *b = d->bytes;
    memcpy(b, "FOTA", 4);
    fota_put_le32(b + 12, kind == FULL ? 1 : kind == TWO_SLOTS ? 4 : 0);
    fota_put_le32(b + 16, 7);
    fota_put_le32(b + 20, kind == FULL ? 0 : 1000);
    fota_put_le32(b + 24, 2000);
    memset(b + 28, kind == FULL ? 0 : 0xB0, 32);
    memset(b + 60, 0xE0, 32);
    memset(b + 92, 0xB5, 32);
    fota_put_le32(b + 124, 0x01020304);
    fota_put_le16(b + 128, kind == IN_PLACE ? 8 : 0);
    fota_put_le16(b + 130, 3);
    fota_put_le16(b + 132, 12);
    b[134] = 1;
    b[135] = 0;
    fota_put_le32(b + 136, 10);
    b[144] = 3;
    b[145] = kind == FULL ? 0 : 4;
    b[146] = 5;
    d->head_bytes = 148;
    const char *strings = kind == FULL ? "M95A 08!" : "M95A 07A 08!";
    memcpy(b + 148, strings, strlen(strings));
    d->head_bytes += (uint32_t)strlen(strings);
}

static void add_section(struct draft *d, uint8_t type, uint8_t n_bytes)
{
    d->bytes[147]++;
    d->bytes[d->head_bytes++] = type;
    d->bytes[d->head_bytes++] = n_bytes;
    memset(d->bytes + d->head_bytes, 0x77, n_bytes);
    d->head_bytes += n_bytes;
}

/* Signature block by `n` signers, and the body.  Signing comes last: it covers the sizes. */
static void finish(struct draft *d, const struct signer *signers, unsigned n)
{
    d->body_off = d->head_bytes + 1 + 69 * n;
    d->total_bytes = d->body_off + BODY_BYTES;
    put_sizes(d);
    d->bytes[d->head_bytes] = (uint8_t)n;
    for (unsigned i = 0; i < n; i++) {
        uint8_t *entry = d->bytes + d->head_bytes + 1 + 69 * i;
        entry[0] = 1;
        fota_key_id(signers[i].public, entry + 1);
        crypto_ed25519_sign(entry + 5, signers[i].secret, d->bytes, d->head_bytes);
    }
    for (uint32_t i = 0; i < BODY_BYTES; i++) {
        d->bytes[d->body_off + i] = (uint8_t)i;
    }
}

static struct draft draft(enum kind kind)
{
    struct draft d = {.total_bytes = 0};
    struct signer s = signer(1);
    put_head(&d, kind);
    finish(&d, &s, 1);
    return d;
}

/* Parse the draft as a receiver would; `head` gets the unmasked head. */
static enum fota_err
parse(struct fota_package *out, uint8_t head[FOTA_PACKAGE_HEAD_MAX], const struct draft *d)
{
    uint32_t n =
        d->total_bytes < FOTA_PACKAGE_HEAD_MAX ? d->total_bytes : FOTA_PACKAGE_HEAD_MAX;
    memcpy(head, d->bytes, n);
    fota_package_mask(d->bytes[5], 0, head, n);
    return fota_package_parse(out, head, n);
}

static enum fota_err parse_and_verify(const struct draft *d, uint8_t trusted)
{
    const struct signer s = signer(trusted);
    struct fota_trusted_keys keys = {&s.public, 1};
    struct fota_verifier verifier = fota_monocypher_verifier(&keys);
    struct fota_package pkg;
    uint8_t head[FOTA_PACKAGE_HEAD_MAX];
    enum fota_err err = parse(&pkg, head, d);
    return err < 0 ? err : fota_package_verify(&pkg, head, &verifier);
}

static void every_field_is_read_from_its_place(void **state)
{
    (void)state;
    for (unsigned mask = 0; mask < 256; mask += 51) {
        struct draft d = draft(IN_PLACE);
        d.bytes[5] = (uint8_t)mask;
        struct fota_package p;
        uint8_t head[FOTA_PACKAGE_HEAD_MAX];
        assert_int_equal(parse(&p, head, &d), FOTA_OK);
        assert_memory_equal(head, d.bytes, d.body_off);
        assert_int_equal(p.prefix.mask, mask);
        assert_int_equal(p.prefix.head_bytes, d.head_bytes);
        assert_int_equal(p.prefix.total_bytes, d.total_bytes);
        assert_int_equal(p.features, 0);
        assert_int_equal(p.security_counter, 7);
        assert_int_equal(p.base_bytes, 1000);
        assert_int_equal(p.new_bytes, 2000);
        assert_int_equal(p.body_off, d.body_off);
        assert_int_equal(p.body_bytes, BODY_BYTES);
        assert_memory_equal(p.base_sha256, d.bytes + 28, 32);
        assert_memory_equal(p.new_sha256, d.bytes + 60, 32);
        assert_memory_equal(p.body_sha256, d.bytes + 92, 32);
        assert_int_equal(p.geometry_id, 0x01020304);
        assert_int_equal(p.scratch_sectors, 8);
        assert_int_equal(p.n_units, 3);
        assert_int_equal(p.decoder_kib, 12);
        assert_int_equal(p.codec, 1);
        assert_int_equal(p.arch, 0);
        assert_int_equal(p.prologue_bytes, 10);
        assert_string_equal(p.product, "M95");
        assert_string_equal(p.from_version, "A 07");
        assert_string_equal(p.to_version, "A 08!");
        assert_int_equal(p.n_sigs, 1);
        assert_int_equal(p.sigs_off, d.head_bytes + 1);
        struct fota_sha256 sha;
        uint8_t digest[FOTA_SHA256_BYTES];
        fota_sha256_init(&sha);
        fota_sha256_update(&sha, d.bytes, d.head_bytes);
        fota_sha256_final(&sha, digest);
        assert_memory_equal(p.id, digest, sizeof p.id);
    }
}

/* One little-endian value written over a good package of a kind, and what comes of it. */
static const struct patch {
    enum kind kind;
    uint32_t off, n_bytes, value;
    enum fota_err expected;
} patches[] = {
    {IN_PLACE, 0, 1, 'f', FOTA_E_FORMAT},
    {IN_PLACE, 3, 1, 'B', FOTA_E_FORMAT},
    {IN_PLACE, 4, 1, 1, FOTA_E_VERSION},
    {IN_PLACE, 4, 1, 255, FOTA_E_VERSION},
    {IN_PLACE, 6, 2, 147, FOTA_E_FORMAT},
    {IN_PLACE, 6, 2, 148, FOTA_E_FORMAT}, /* strings do not fit */
    {IN_PLACE, 6, 2, 159, FOTA_E_FORMAT},
    {IN_PLACE, 6, 2, 161, FOTA_E_FORMAT},
    {IN_PLACE, 6, 2, 512, FOTA_E_FORMAT},
    {IN_PLACE, 6, 2, 513, FOTA_E_FORMAT},
    {IN_PLACE, 8, 4, 0, FOTA_E_FORMAT},
    {IN_PLACE, 8, 4, 160, FOTA_E_FORMAT}, /* nothing behind the head */
    {IN_PLACE, 8, 4, 161, FOTA_E_FORMAT},
    {IN_PLACE, 8, 4, 229, FOTA_E_FORMAT},           /* block cut */
    {IN_PLACE, 8, 4, 230 + 10, FOTA_E_FORMAT},      /* prologue only */
    {IN_PLACE, 8, 4, 230 + 11, FOTA_OK},            /* and one byte */
    {IN_PLACE, 8, 4, 0x7FFFFFFF, FOTA_E_TRUNCATED}, /* the draft is shorter than 512 bytes */
    {IN_PLACE, 8, 4, 0x80000000, FOTA_E_FORMAT},
    {IN_PLACE, 12, 4, 2, FOTA_OK},
    {IN_PLACE, 12, 4, 1, FOTA_E_FORMAT},
    {IN_PLACE, 12, 4, 4, FOTA_E_FORMAT}, /* two slots with a ring */
    {IN_PLACE, 12, 4, 8, FOTA_E_FEATURE},
    {IN_PLACE, 12, 4, 0x80000000, FOTA_E_FEATURE},
    {FULL, 12, 4, 0, FOTA_E_FORMAT},
    {FULL, 12, 4, 3, FOTA_E_FORMAT}, /* a downgrade needs a base */
    {FULL, 12, 4, 5, FOTA_OK},       /* full, planned for two slots */
    {TWO_SLOTS, 12, 4, 6, FOTA_OK},
    {TWO_SLOTS, 12, 4, 0, FOTA_E_FORMAT}, /* in place without a ring */
    {IN_PLACE, 16, 4, 0xFFFFFFFF, FOTA_OK},
    {IN_PLACE, 20, 4, 0, FOTA_E_FORMAT},
    {IN_PLACE, 20, 4, 1, FOTA_OK},
    {IN_PLACE, 20, 4, 0x7FFFFFFF, FOTA_OK},
    {IN_PLACE, 20, 4, 0x80000000, FOTA_E_FORMAT},
    {FULL, 20, 4, 1, FOTA_E_FORMAT},
    {IN_PLACE, 24, 4, 0, FOTA_E_FORMAT},
    {IN_PLACE, 24, 4, 1, FOTA_OK},
    {IN_PLACE, 24, 4, 0x7FFFFFFF, FOTA_OK},
    {IN_PLACE, 24, 4, 0x80000000, FOTA_E_FORMAT},
    {FULL, 28, 1, 1, FOTA_E_FORMAT},
    {FULL, 59, 1, 0x80, FOTA_E_FORMAT},
    {IN_PLACE, 128, 2, 0, FOTA_E_FORMAT},
    {IN_PLACE, 128, 2, 1, FOTA_OK},
    {IN_PLACE, 128, 2, 64, FOTA_OK},
    {IN_PLACE, 128, 2, 65, FOTA_E_FORMAT},
    {TWO_SLOTS, 128, 2, 1, FOTA_E_FORMAT},
    {FULL, 128, 2, 1, FOTA_E_FORMAT},
    {IN_PLACE, 130, 2, 0, FOTA_E_FORMAT},
    {IN_PLACE, 130, 2, 65535, FOTA_OK},
    {IN_PLACE, 136, 4, 0, FOTA_OK},
    {IN_PLACE, 136, 4, BODY_BYTES - 1, FOTA_OK},
    {IN_PLACE, 136, 4, BODY_BYTES, FOTA_E_FORMAT},
    {IN_PLACE, 136, 4, 0xFFFFFFFF, FOTA_E_FORMAT},
    {IN_PLACE, 140, 4, 1, FOTA_E_FORMAT},
    {IN_PLACE, 144, 1, 0, FOTA_E_FORMAT},
    {IN_PLACE, 144, 1, 2, FOTA_E_FORMAT},
    {IN_PLACE, 144, 1, 32, FOTA_E_FORMAT},
    {IN_PLACE, 144, 1, 255, FOTA_E_FORMAT},
    {IN_PLACE, 145, 1, 0, FOTA_E_FORMAT},
    {FULL, 145, 1, 1, FOTA_E_FORMAT},
    {IN_PLACE, 146, 1, 0, FOTA_E_FORMAT},
    {IN_PLACE, 147, 1, 1, FOTA_E_FORMAT}, /* a section that is not there */
    {IN_PLACE, 148, 1, 0x1F, FOTA_E_FORMAT},
    {IN_PLACE, 148, 1, 0x20, FOTA_OK},
    {IN_PLACE, 148, 1, 0x7E, FOTA_OK},
    {IN_PLACE, 148, 1, 0x7F, FOTA_E_FORMAT},
    {IN_PLACE, 148, 1, 0, FOTA_E_FORMAT},
    {IN_PLACE, 151, 1, '"', FOTA_E_FORMAT},
    {IN_PLACE, 159, 1, 0xC3, FOTA_E_FORMAT},
    {IN_PLACE, 160, 1, 0, FOTA_E_FORMAT}, /* signature count */
    {IN_PLACE, 160, 1, 2, FOTA_E_FORMAT},
    {IN_PLACE, 160, 1, 5, FOTA_E_FORMAT},
    {IN_PLACE, 161, 1, 9, FOTA_OK}, /* algorithm: not the parser's business */
};

static void each_field_is_bounded(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof patches / sizeof patches[0]; i++) {
        const struct patch *patch = &patches[i];
        struct draft d = draft(patch->kind);
        uint32_t n = d.total_bytes;
        uint8_t head[FOTA_PACKAGE_HEAD_MAX];
        struct fota_package p;
        uint8_t value[4];
        memset(&p, 0xA5, sizeof p);
        struct fota_package untouched = p;
        fota_put_le32(value, patch->value);
        memcpy(d.bytes + patch->off, value, patch->n_bytes);
        memcpy(head, d.bytes, n);
        enum fota_err err = fota_package_parse(&p, head, n);
        if (err != patch->expected) print_message("patch %zu at %u\n", i, (unsigned)patch->off);
        assert_int_equal(err, patch->expected);
        if (err < 0) assert_memory_equal(&p, &untouched, sizeof p);
    }
}

static void the_prefix_bounds_head_and_total(void **state)
{
    (void)state;
    static const struct {
        uint16_t head_bytes;
        uint32_t total_bytes;
        enum fota_err expected;
    } cases[] = {
        {147, 1000, FOTA_E_FORMAT},
        {148, 1000, FOTA_OK},
        {512, 1000, FOTA_OK},
        {513, 1000, FOTA_E_FORMAT},
        {0xFFFF, 70000, FOTA_E_FORMAT},
        {0, 1000, FOTA_E_FORMAT},
        {200, 0, FOTA_E_FORMAT},
        {200, 199, FOTA_E_FORMAT},
        {200, 200, FOTA_E_FORMAT},
        {200, 201, FOTA_OK},
        {200, 0x7FFFFFFF, FOTA_OK},
        {200, 0x80000000, FOTA_E_FORMAT},
        {200, 0xFFFFFFFF, FOTA_E_FORMAT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct draft d = draft(IN_PLACE);
        d.head_bytes = cases[i].head_bytes;
        d.total_bytes = cases[i].total_bytes;
        put_sizes(&d);
        struct fota_package_prefix prefix;
        enum fota_err err = fota_package_parse_prefix(&prefix, d.bytes);
        assert_int_equal(err, cases[i].expected);
        if (err < 0) continue;
        uint32_t read_bytes = cases[i].total_bytes < 512 ? cases[i].total_bytes : 512;
        assert_int_equal(fota_package_head_read_bytes(&prefix), read_bytes);
    }
}

/* As above for what cannot be said by one patch: lengths and strings that agree. */
static void empty_strings_are_refused(void **state)
{
    (void)state;
    static const struct {
        enum kind kind;
        uint8_t product, from_version, to_version;
        enum fota_err expected;
    } cases[] = {
        {IN_PLACE, 1, 1, 1, FOTA_OK},       {IN_PLACE, 0, 1, 1, FOTA_E_FORMAT},
        {IN_PLACE, 1, 0, 1, FOTA_E_FORMAT}, {IN_PLACE, 1, 1, 0, FOTA_E_FORMAT},
        {FULL, 1, 0, 1, FOTA_OK},           {FULL, 1, 1, 1, FOTA_E_FORMAT},
    };
    struct signer s = signer(1);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct draft d = draft(cases[i].kind);
        d.bytes[144] = cases[i].product;
        d.bytes[145] = cases[i].from_version;
        d.bytes[146] = cases[i].to_version;
        d.head_bytes = 148U + d.bytes[144] + d.bytes[145] + d.bytes[146];
        finish(&d, &s, 1);
        assert_int_equal(parse_and_verify(&d, 1), cases[i].expected);
    }
}

static void strings_of_31_characters_fit_and_no_longer_ones(void **state)
{
    (void)state;
    for (uint8_t n = 30; n <= 33; n++) {
        struct draft d = draft(IN_PLACE);
        struct signer s = signer(1);
        d.bytes[144] = d.bytes[145] = d.bytes[146] = n;
        memset(d.bytes + 148, 'x', 3U * n);
        d.head_bytes = 148 + 3U * n;
        finish(&d, &s, 1);
        struct fota_package p;
        uint8_t head[FOTA_PACKAGE_HEAD_MAX];
        enum fota_err err = parse(&p, head, &d);
        assert_int_equal(err, n <= 31 ? FOTA_OK : FOTA_E_FORMAT);
        if (err == FOTA_OK) assert_int_equal(strlen(p.to_version), n);
    }
}

static const struct section_case {
    const char *name;
    uint8_t type[3], n_bytes[3];
    unsigned n;
    enum fota_err expected;
} section_cases[] = {
    {"comment", {128}, {5}, 1, FOTA_OK},
    {"empty optional", {255}, {0}, 1, FOTA_OK},
    {"three optional", {128, 200, 128}, {1, 0, 40}, 3, FOTA_OK},
    {"required", {1}, {4}, 1, FOTA_E_FEATURE},
    {"last required", {127}, {0}, 1, FOTA_E_FEATURE},
    {"required behind optional", {128, 3}, {2, 2}, 2, FOTA_E_FEATURE},
    {"type 0", {0}, {0}, 1, FOTA_E_FORMAT},
    {"as large as the head allows", {128}, {255}, 1, FOTA_OK},
};

static void unknown_sections_are_skipped_when_optional_and_refused_when_required(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof section_cases / sizeof section_cases[0]; i++) {
        const struct section_case *c = &section_cases[i];
        struct draft d = {.total_bytes = 0};
        struct signer s = signer(1);
        put_head(&d, IN_PLACE);
        for (unsigned k = 0; k < c->n; k++) {
            add_section(&d, c->type[k], c->n_bytes[k]);
        }
        finish(&d, &s, 1);
        struct draft changed = d;
        enum fota_err err = parse_and_verify(&d, 1);
        if (err != c->expected) print_message("%s\n", c->name);
        assert_int_equal(err, c->expected);
        /* One section less than is there, or one more: the head does not end where it should.
         */
        if (c->expected != FOTA_OK) continue;
        changed.bytes[147]--;
        assert_int_equal(parse_and_verify(&changed, 1), FOTA_E_FORMAT);
        changed.bytes[147] = (uint8_t)(changed.bytes[147] + 2);
        assert_int_equal(parse_and_verify(&changed, 1), FOTA_E_FORMAT);
    }
}

/* The trial section as put_trial() writes it, with one field changed. */
struct trial_case {
    const char *name;
    enum kind kind;
    uint32_t off; /* in the section's value */
    unsigned n_bytes;
    uint32_t value;
    enum fota_err expected;
};

enum { BACK_BYTES = 40 };

static void put_trial(struct draft *d, enum kind kind, uint8_t n_bytes)
{
    add_section(d, 2, n_bytes);
    uint8_t *b = d->bytes + d->head_bytes - n_bytes;
    b[0] = 3;
    fota_put_le32(b + 1, 6);
    if (kind == TWO_SLOTS) return;
    fota_put_le32(b + 5, BACK_BYTES);
    memset(b + 9, 0xBA, 32);
    fota_put_le16(b + 41, 7);
    fota_put_le16(b + 43, 2);
    fota_put_le16(b + 45, 13);
    fota_put_le32(b + 47, 9);
}

static void every_field_of_a_trial_has_its_bounds(void **state)
{
    (void)state;
    static const struct trial_case cases[] = {
        {"as it is", IN_PLACE, 0, 1, 3, FOTA_OK},
        {"as it is, two slots", TWO_SLOTS, 0, 1, 255, FOTA_OK},
        {"two boots", IN_PLACE, 0, 1, 2, FOTA_E_FORMAT},
        {"no boots, two slots", TWO_SLOTS, 0, 1, 0, FOTA_E_FORMAT},
        {"way back as long as both", IN_PLACE, 5, 4, BODY_BYTES, FOTA_E_FORMAT},
        {"too little left for the way forth", IN_PLACE, 5, 4, BODY_BYTES - 10, FOTA_E_FORMAT},
        {"enough left", IN_PLACE, 5, 4, BODY_BYTES - 11, FOTA_OK},
        {"larger than any", IN_PLACE, 5, 4, 0xFFFFFFFF, FOTA_E_FORMAT},
        {"no ring", IN_PLACE, 41, 2, 0, FOTA_E_FORMAT},
        {"largest ring", IN_PLACE, 41, 2, 64, FOTA_OK},
        {"larger ring", IN_PLACE, 41, 2, 65, FOTA_E_FORMAT},
        {"no units", IN_PLACE, 43, 2, 0, FOTA_E_FORMAT},
        {"prologue alone", IN_PLACE, 47, 4, BACK_BYTES, FOTA_E_FORMAT},
        {"prologue and a byte", IN_PLACE, 47, 4, BACK_BYTES - 1, FOTA_OK},
    };
    struct signer s = signer(1);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct trial_case *c = &cases[i];
        uint8_t n = c->kind == TWO_SLOTS ? 5 : 51;
        struct draft d = {.total_bytes = 0};
        put_head(&d, c->kind);
        put_trial(&d, c->kind, n);
        uint8_t value[4];
        fota_put_le32(value, c->value);
        memcpy(d.bytes + d.head_bytes - n + c->off, value, c->n_bytes);
        finish(&d, &s, 1);
        if (parse_and_verify(&d, 1) != c->expected) fail_msg("%s", c->name);
    }
}

static void a_trial_stands_once_at_its_length_and_has_a_base(void **state)
{
    (void)state;
    struct signer s = signer(1);
    for (unsigned kind = 0; kind <= FULL; kind++) {
        for (unsigned n = 0; n <= 60; n++) {
            struct draft d = {.total_bytes = 0};
            put_head(&d, (enum kind)kind);
            if (n < 51) add_section(&d, 2, (uint8_t)n);
            if (n >= 51) put_trial(&d, IN_PLACE, (uint8_t)n);
            if (n < 51 && n > 0) d.bytes[d.head_bytes - n] = 3;
            finish(&d, &s, 1);
            bool right = (kind == IN_PLACE && n == 51) || (kind == TWO_SLOTS && n == 5);
            assert_int_equal(parse_and_verify(&d, 1), right ? FOTA_OK : FOTA_E_FORMAT);
        }
    }
    struct draft d = {.total_bytes = 0};
    put_head(&d, TWO_SLOTS);
    put_trial(&d, TWO_SLOTS, 5);
    put_trial(&d, TWO_SLOTS, 5);
    finish(&d, &s, 1);
    assert_int_equal(parse_and_verify(&d, 1), FOTA_E_FORMAT);
}

static void a_package_turned_describes_the_way_back(void **state)
{
    (void)state;
    struct signer s = signer(1);
    struct draft d = {.total_bytes = 0};
    put_head(&d, IN_PLACE);
    put_trial(&d, IN_PLACE, 51);
    finish(&d, &s, 1);
    struct fota_package forth;
    uint8_t head[FOTA_PACKAGE_HEAD_MAX];
    assert_int_equal(parse(&forth, head, &d), FOTA_OK);
    assert_int_equal(forth.trial_boots, 3);
    assert_int_equal(forth.body_bytes, BODY_BYTES - BACK_BYTES);
    struct fota_package back = forth;
    fota_package_turn(&back);
    assert_true(back.turned);
    assert_int_equal(back.security_counter, 6);
    assert_int_equal(back.base_bytes, 2000);
    assert_int_equal(back.new_bytes, 1000);
    assert_int_equal(back.body_off, forth.body_off + forth.body_bytes);
    assert_int_equal(back.body_bytes, BACK_BYTES);
    assert_int_equal(back.prologue_bytes, 9);
    assert_int_equal(back.scratch_sectors, 7);
    assert_int_equal(back.n_units, 2);
    assert_int_equal(back.decoder_kib, 13);
    assert_int_equal(back.base_sha256[0], 0xE0);
    assert_int_equal(back.new_sha256[31], 0xB0);
    assert_int_equal(back.body_sha256[31], 0xBA);
    assert_string_equal(back.from_version, "A 08!");
    assert_string_equal(back.to_version, "A 07");
    assert_memory_equal(back.id, forth.id, sizeof forth.id);
    assert_int_equal(fota_package_most_scratch(&back), 8);
    assert_int_equal(fota_package_most_kib(&back), 13);
    fota_package_turn(&back);
    assert_memory_equal(&back, &forth, sizeof forth);
}

static void head_and_signatures_end_at_512_bytes(void **state)
{
    (void)state;
    struct signer s[4] = {signer(4), signer(3), signer(2), signer(1)};
    for (uint8_t n = 70; n <= 74; n++) { /* 160 + 2 + n + 1 + 4 * 69 = 512 for n = 73 */
        struct draft d = {.total_bytes = 0};
        put_head(&d, IN_PLACE);
        add_section(&d, 128, n);
        finish(&d, s, 4);
        assert_int_equal(parse_and_verify(&d, 1), n <= 73 ? FOTA_OK : FOTA_E_FORMAT);
    }
    /* A head of 512 bytes leaves no room for the block. */
    struct draft d = {.total_bytes = 0};
    put_head(&d, IN_PLACE);
    add_section(&d, 128, 255);
    add_section(&d, 128, (uint8_t)(512 - d.head_bytes - 2));
    assert_int_equal(d.head_bytes, 512);
    finish(&d, s, 1);
    assert_int_equal(parse_and_verify(&d, 4), FOTA_E_FORMAT);
}

static void five_signatures_are_refused_even_if_they_fit(void **state)
{
    (void)state;
    struct signer s[5] = {signer(1), signer(2), signer(3), signer(4), signer(5)};
    struct draft d = {.total_bytes = 0};
    put_head(&d, IN_PLACE);
    finish(&d, s, 5);
    assert_true(d.body_off <= 512);
    assert_int_equal(parse_and_verify(&d, 1), FOTA_E_FORMAT);
}

static void a_package_cut_anywhere_is_truncated_or_no_package(void **state)
{
    (void)state;
    struct draft d = draft(IN_PLACE);
    for (uint32_t n = 0; n < d.total_bytes; n++) {
        uint8_t *exact = test_malloc(n != 0 ? n : 1); /* the sanitizer sees a byte too many */
        struct fota_package p;
        memcpy(exact, d.bytes, n);
        assert_int_equal(fota_package_parse(&p, exact, n),
                         n != 0 ? FOTA_E_TRUNCATED : FOTA_E_FORMAT);
        test_free(exact);
    }
    struct fota_package p;
    uint8_t text[3] = {'F', 'O', 'X'};
    assert_int_equal(fota_package_parse(&p, text, 3), FOTA_E_FORMAT);
    assert_int_equal(fota_package_parse(&p, text, 2), FOTA_E_TRUNCATED);
}

static void a_flipped_bit_in_head_or_block_is_refused(void **state)
{
    (void)state;
    for (enum kind kind = IN_PLACE; kind <= FULL; kind++) {
        struct draft d = draft(kind);
        for (uint32_t bit = 0; bit < d.body_off * 8; bit++) {
            d.bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
            enum fota_err err = parse_and_verify(&d, 1);
            if (err >= 0) print_message("bit %u of byte %u\n", bit % 8, bit / 8);
            assert_true(err < 0);
            d.bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
        }
        assert_int_equal(parse_and_verify(&d, 1), FOTA_OK);
    }
}

static void one_good_entry_by_a_trusted_key_suffices(void **state)
{
    (void)state;
    struct signer s[3] = {signer(1), signer(2), signer(3)};
    struct draft d = {.total_bytes = 0};
    put_head(&d, TWO_SLOTS);
    finish(&d, s, 3);
    for (uint8_t trusted = 1; trusted <= 3; trusted++) {
        assert_int_equal(parse_and_verify(&d, trusted), FOTA_OK);
    }
    assert_int_equal(parse_and_verify(&d, 4), FOTA_E_UNKNOWN_KEY);
    uint8_t *second = d.bytes + d.head_bytes + 1 + 69;
    second[5] ^= 1; /* a bad one by a trusted key, good ones by others */
    assert_int_equal(parse_and_verify(&d, 2), FOTA_E_SIGNATURE);
    assert_int_equal(parse_and_verify(&d, 3), FOTA_OK);
    second[0] = 2; /* an algorithm that is not known */
    assert_int_equal(parse_and_verify(&d, 2), FOTA_E_UNKNOWN_KEY);
    /* A bad entry does not stand in the way of a good one by the same key. */
    memcpy(second, second + 69, 69);
    second[5] ^= 1;
    assert_int_equal(parse_and_verify(&d, 3), FOTA_OK);
    second[69 + 5] ^= 1;
    assert_int_equal(parse_and_verify(&d, 3), FOTA_E_SIGNATURE);
}

/* --- unit heads --- */

static const struct unit_case {
    const char *name;
    uint32_t first, n, written_lo, written_hi;
    enum fota_err expected;
    uint32_t n_written, head_bytes;
} unit_cases[] = {
    {"one sector", 0, 1, 1, 0, FOTA_OK, 1, 15},
    {"eight sectors", 5, 8, 0x81, 0, FOTA_OK, 2, 15},
    {"nine sectors", 5, 9, 0x1FF, 0, FOTA_OK, 9, 16},
    {"64 sectors", 4032, 64, 0xFFFFFFFF, 0xFFFFFFFF, FOTA_OK, 64, 22},
    {"last sector only", 7, 64, 0, 0x80000000, FOTA_OK, 1, 22},
    {"no sector", 5, 0, 1, 0, FOTA_E_BODY, 0, 0},
    {"65 sectors", 5, 65, 1, 0, FOTA_E_BODY, 0, 0},
    {"255 sectors", 5, 255, 1, 0, FOTA_E_BODY, 0, 0},
    {"nothing written", 5, 8, 0, 0, FOTA_E_BODY, 0, 0},
    {"spare bit", 5, 1, 3, 0, FOTA_E_BODY, 0, 0},
    {"highest spare bit", 5, 7, 0x81, 0, FOTA_E_BODY, 0, 0},
    {"spare bit of 63", 5, 63, 1, 0x80000000, FOTA_E_BODY, 0, 0},
    {"past the last sector", 4033, 64, 1, 0, FOTA_E_BODY, 0, 0},
    {"far past the last sector", 65535, 1, 1, 0, FOTA_E_BODY, 0, 0},
};

static uint32_t put_unit(uint8_t bytes[32], const struct unit_case *c)
{
    uint8_t map[8];
    uint32_t n_map = (c->n + 7) / 8;
    if (n_map > 8) n_map = 8;
    fota_put_le32(map, c->written_lo);
    fota_put_le32(map + 4, c->written_hi);
    fota_put_le16(bytes, (uint16_t)c->first);
    bytes[2] = (uint8_t)c->n;
    fota_put_le16(bytes + 3, 0x5678);
    bytes[5] = 0x34;
    fota_put_le32(bytes + 6, 0xCAFEBABE);
    memcpy(bytes + 10, map, n_map);
    fota_put_le32(bytes + 10 + n_map, 0xDEADBEEF);
    return 14 + n_map;
}

static void unit_heads_are_read_and_bounded(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof unit_cases / sizeof unit_cases[0]; i++) {
        const struct unit_case *c = &unit_cases[i];
        uint8_t bytes[32] = {0};
        uint32_t n = put_unit(bytes, c);
        struct fota_unit u;
        enum fota_err err = fota_unit_parse(&u, bytes, sizeof bytes);
        if (err != c->expected) print_message("%s\n", c->name);
        assert_int_equal(err, c->expected);
        if (err < 0) continue;
        assert_int_equal(u.first_sector, c->first);
        assert_int_equal(u.n_sectors, c->n);
        assert_int_equal(u.n_written, c->n_written);
        assert_int_equal(u.coded_bytes, 0x345678);
        assert_int_equal(u.new_crc, 0xCAFEBABE);
        assert_int_equal(u.coded_crc, 0xDEADBEEF);
        assert_int_equal(u.head_bytes, c->head_bytes);
        assert_int_equal(u.head_bytes, n);
        assert_int_equal(u.head_crc, fota_crc32(0, bytes, n - 4));
        for (uint32_t k = 0; k < 70; k++) {
            uint32_t word = k < 32 ? c->written_lo : c->written_hi;
            assert_int_equal(fota_unit_writes(&u, k), k < c->n && (word >> k % 32 & 1) != 0);
        }
        for (uint32_t cut = 0; cut < n; cut++) {
            uint8_t *exact = test_malloc(cut != 0 ? cut : 1);
            memcpy(exact, bytes, cut);
            assert_int_equal(fota_unit_parse(&u, exact, cut), FOTA_E_BODY);
            test_free(exact);
        }
    }
}

/* --- reading from flash --- */

static enum fota_err memory_read(void *ctx, uint32_t addr, uint8_t *dst, uint32_t n_bytes)
{
    memcpy(dst, (const uint8_t *)ctx + addr, n_bytes);
    return FOTA_OK;
}

static void reads_from_flash_are_unmasked_and_stay_inside_the_package(void **state)
{
    (void)state;
    struct draft d = draft(IN_PLACE);
    uint8_t flash_bytes[2048];
    static const struct fota_flash_run run = {4, 512};
    struct fota_flash flash = {.ctx = flash_bytes,
                               .runs = &run,
                               .n_runs = 1,
                               .program_bytes = 1,
                               .page_bytes = 256,
                               .erased = 0xFF,
                               .read = memory_read};
    struct fota_area area = {&flash, 512, 1024};
    d.bytes[5] = 0x5A;
    memcpy(flash_bytes + 512, d.bytes, d.total_bytes);
    fota_package_mask(0x5A, 0, flash_bytes + 512, d.total_bytes);
    assert_memory_equal(flash_bytes + 512, d.bytes, 12);
    assert_int_equal(flash_bytes[512 + 12], d.bytes[12] ^ 0x5A);
    struct fota_package_prefix prefix;
    assert_int_equal(fota_package_parse_prefix(&prefix, flash_bytes + 512), FOTA_OK);
    for (uint32_t off = 0; off <= d.total_bytes; off++) {
        for (uint32_t n = 0; n < 20; n++) {
            uint8_t got[20];
            enum fota_err err = fota_package_read(&area, &prefix, off, got, n);
            assert_int_equal(err, off + n <= d.total_bytes ? FOTA_OK : FOTA_E_RANGE);
            if (err == FOTA_OK) assert_memory_equal(got, d.bytes + off, n);
        }
    }
    uint8_t got[1];
    assert_int_equal(fota_package_read(&area, &prefix, 0xFFFFFFFF, got, 1), FOTA_E_RANGE);
    assert_int_equal(fota_package_read(&area, &prefix, 1, got, 0xFFFFFFFF), FOTA_E_RANGE);
    area.n_bytes = 128; /* an area that is smaller than the package says */
    assert_int_equal(fota_package_read(&area, &prefix, 128, got, 1), FOTA_E_RANGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_is_read_from_its_place),
        cmocka_unit_test(each_field_is_bounded),
        cmocka_unit_test(the_prefix_bounds_head_and_total),
        cmocka_unit_test(empty_strings_are_refused),
        cmocka_unit_test(strings_of_31_characters_fit_and_no_longer_ones),
        cmocka_unit_test(unknown_sections_are_skipped_when_optional_and_refused_when_required),
        cmocka_unit_test(every_field_of_a_trial_has_its_bounds),
        cmocka_unit_test(a_trial_stands_once_at_its_length_and_has_a_base),
        cmocka_unit_test(a_package_turned_describes_the_way_back),
        cmocka_unit_test(head_and_signatures_end_at_512_bytes),
        cmocka_unit_test(five_signatures_are_refused_even_if_they_fit),
        cmocka_unit_test(a_package_cut_anywhere_is_truncated_or_no_package),
        cmocka_unit_test(a_flipped_bit_in_head_or_block_is_refused),
        cmocka_unit_test(one_good_entry_by_a_trusted_key_suffices),
        cmocka_unit_test(unit_heads_are_read_and_bounded),
        cmocka_unit_test(reads_from_flash_are_unmasked_and_stay_inside_the_package),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
