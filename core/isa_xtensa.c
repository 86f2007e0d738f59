/* SPDX-License-Identifier: MIT */
/* Xtensa with the density option: CALL0 to CALL12; J, branches; L32R.  Instructions are 3
 * bytes, or 2 where op0 is 8 or more, at any address.  A big-endian core has the fields of an
 * instruction in the opposite order, from the highest bit of its first byte. */
#include "core/isa.h"

enum form {
    FORM_CALL,      /* 18 bits, words */
    FORM_J,         /* 18 bits */
    FORM_BRANCH_12, /* 12 bits */
    FORM_BRANCH_8,  /* 8 bits */
    FORM_L32R,      /* 16 bits, words, always back */
};

/* Fields: op0 (4 bits), n (2), m (2); an immediate takes the other end. */
static uint32_t field(uint32_t word, bool big, uint32_t from, uint32_t n_bits)
{
    if (big) {
        word = fota_isa_swap(word) >> 8;
        from = 24 - from - n_bits;
    }
    return (word >> from) & ((1U << n_bits) - 1);
}

static uint32_t with_immediate(uint32_t word, bool big, uint32_t n_bits, uint32_t v)
{
    uint32_t mask = ((1U << n_bits) - 1) << (24 - n_bits);
    uint32_t bits = (v << (24 - n_bits)) & mask;
    if (big) {
        mask = fota_isa_swap((mask >> (24 - n_bits)) << 8);
        bits = fota_isa_swap((bits >> (24 - n_bits)) << 8);
    }
    return (word & ~mask) | bits;
}

static struct fota_ref
near(const struct fota_isa_place *p, bool big, enum form form, uint32_t n_bits)
{
    uint32_t v = fota_isa_signed(field(p->word, big, 24 - n_bits, n_bits), n_bits);
    return (struct fota_ref){
        .n_bytes = 3, .kind = FOTA_REF_ADJUST, .form = (uint8_t)form, .target = p->src + 4 + v};
}

static struct fota_ref find_at(const struct fota_isa_place *p, bool big)
{
    uint32_t op0 = field(p->word, big, 0, 4);
    uint32_t n = field(p->word, big, 4, 2);
    struct fota_ref r = {.n_bytes = op0 >= 8 ? 2 : 3};
    uint32_t next = p->base + p->src + 4;
    if (p->n_bytes < 3) return r;
    switch (op0) {
    case 5:
        r.kind = FOTA_REF_CALL;
        r.form = FORM_CALL;
        r.opcode = (uint8_t)(0x50U | n);
        r.target = (next & ~3U) + (fota_isa_signed(field(p->word, big, 6, 18), 18) << 2);
        r.target -= p->base;
        return r;
    case 6:
        if (n == 0) return near(p, big, FORM_J, 18);
        if (n == 1) return near(p, big, FORM_BRANCH_12, 12);
        if (n == 3 && field(p->word, big, 6, 2) < 2) return r; /* ENTRY, loops and others */
        return near(p, big, FORM_BRANCH_8, 8);
    case 7:
        return near(p, big, FORM_BRANCH_8, 8);
    case 1:
        r.kind = FOTA_REF_WORD;
        r.form = FORM_L32R;
        r.opcode = (uint8_t)(0x10U | field(p->word, big, 4, 4));
        r.target = ((next - 1) & ~3U) - p->base;
        r.target += (field(p->word, big, 8, 16) | 0xFFFF0000U) << 2;
        return r;
    default:
        return r;
    }
}

static bool set_at(uint32_t *word, bool big, const struct fota_ref *r,
                   const struct fota_isa_place *p, uint32_t target)
{
    static const uint8_t bits[] = {18, 18, 12, 8, 16};
    uint32_t next = p->base + p->pos + 4;
    uint32_t v = target + p->base;
    switch ((enum form)r->form) {
    case FORM_CALL:
        v -= next & ~3U;
        if (v % 4 != 0 || !fota_isa_fits(v, 20)) return false;
        v >>= 2;
        break;
    case FORM_L32R:
        v -= (next - 1) & ~3U;
        if (v % 4 != 0 || v < 0xFFFC0000U) return false;
        v >>= 2;
        break;
    case FORM_J:
    case FORM_BRANCH_12:
    case FORM_BRANCH_8:
        v -= next;
        if (!fota_isa_fits(v, bits[r->form])) return false;
        break;
    }
    *word = with_immediate(*word, big, bits[r->form], v);
    return true;
}

static bool target_at(uint32_t word, bool big, const struct fota_ref *r,
                      const struct fota_isa_place *p, uint32_t *target)
{
    struct fota_isa_place at = *p;
    at.src = p->pos;
    at.word = word;
    at.n_bytes = 3;
    struct fota_ref found = find_at(&at, big);
    *target = found.target;
    return found.kind == r->kind;
}

static struct fota_ref find(struct fota_isa_state *s, const struct fota_isa_place *p)
{
    (void)s;
    return find_at(p, false);
}

static struct fota_ref find_be(struct fota_isa_state *s, const struct fota_isa_place *p)
{
    (void)s;
    return find_at(p, true);
}

static bool set(const struct fota_isa_state *s, uint32_t *word, const struct fota_ref *r,
                const struct fota_isa_place *p, uint32_t target)
{
    (void)s;
    return set_at(word, false, r, p, target);
}

static bool set_be(const struct fota_isa_state *s, uint32_t *word, const struct fota_ref *r,
                   const struct fota_isa_place *p, uint32_t target)
{
    (void)s;
    return set_at(word, true, r, p, target);
}

static bool new_target(const struct fota_isa_state *s, uint32_t word, const struct fota_ref *r,
                       const struct fota_isa_place *p, uint32_t *target)
{
    (void)s;
    return target_at(word, false, r, p, target);
}

static bool
new_target_be(const struct fota_isa_state *s, uint32_t word, const struct fota_ref *r,
              const struct fota_isa_place *p, uint32_t *target)
{
    (void)s;
    return target_at(word, true, r, p, target);
}

const struct fota_isa fota_isa_xtensa = {
    .align = 1, .words_anywhere = true, .find = find, .set = set, .target = new_target};
const struct fota_isa fota_isa_xtensa_be = {.align = 1,
                                            .big_endian = true,
                                            .words_anywhere = true,
                                            .find = find_be,
                                            .set = set_be,
                                            .target = new_target_be};
