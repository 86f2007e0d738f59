/* SPDX-License-Identifier: MIT */
/* A64: B, BL; B.cond, CBZ, CBNZ, TBZ, TBNZ; LDR (literal); ADR; ADRP with ADD or a load or
 * store behind it. */
#include "core/isa.h"

#define AHEAD_BYTES 32U

enum form {
    FORM_CALL, /* 26 bits at 0 */
    FORM_19,   /* 19 bits at 5 */
    FORM_14,   /* 14 bits at 5 */
    FORM_ADR,
    FORM_ADRP,
    FORM_LOW, /* 12 bits at 10 */
};

/* Instructions that take the low part: a shift of their immediate, or -1. */
static int32_t low_shift(uint32_t word)
{
    if ((word & 0xFFC00000U) == 0x91000000U) return 0;
    if ((word & 0x3B000000U) != 0x39000000U) return -1;
    if ((word & 0x04800000U) == 0x04800000U && word >> 30 == 0) return 4;
    return (int32_t)(word >> 30);
}

static uint32_t source_register(uint32_t word)
{
    return (word >> 5) & 31U;
}

/* Whether the instruction puts something into the register of bits 0 to 4. */
static bool writes(uint32_t word)
{
    if ((word & 0x1C000000U) == 0x14000000U) return false;             /* branches */
    if ((word & 0x0A000000U) == 0x08000000U) return (word >> 22) & 1U; /* memory */
    return true;
}

static uint32_t ahead(const struct fota_isa_place *p, uint32_t off, bool *good)
{
    uint32_t word = 0;
    for (uint32_t i = 0; i < 4 && *good; i++) {
        int32_t byte = p->old_byte(p->ctx, off + i);
        *good = byte >= 0;
        if (*good) word |= (uint32_t)byte << (8 * i);
    }
    return word;
}

/* The offset into the page that the next user of the register asks for; 0 if none does. */
static uint32_t find_low(const struct fota_isa_place *p, uint32_t reg)
{
    bool good = true;
    for (uint32_t off = 4; off < AHEAD_BYTES; off += 4) {
        uint32_t word = ahead(p, p->src + off, &good);
        if (!good) return 0;
        int32_t shift = low_shift(word);
        if (shift >= 0 && source_register(word) == reg) return ((word >> 10) & 0xFFFU) << shift;
        if (writes(word) && (word & 31U) == reg) return 0;
    }
    return 0;
}

static uint32_t page_of(uint32_t word, uint32_t address)
{
    uint32_t imm = ((word >> 29) & 3U) | ((word >> 3) & 0x1FFFFCU);
    return (address & ~0xFFFU) + (fota_isa_signed(imm, 21) << 12);
}

static struct fota_ref find(struct fota_isa_state *s, const struct fota_isa_place *p)
{
    uint32_t w = p->word;
    struct fota_ref r = {.n_bytes = 4, .opcode = (uint8_t)(w >> 24)};
    if (p->n_bytes < 4) return r;
    if ((w & 0x7C000000U) == 0x14000000U) {
        r.kind = w >> 31 ? FOTA_REF_CALL : FOTA_REF_FAR;
        r.form = FORM_CALL;
        r.opcode = (uint8_t)((w >> 24) & 0xFCU);
        r.target = p->src + (fota_isa_signed(w, 26) << 2);
    } else if ((w & 0xFF000010U) == 0x54000000U || (w & 0x7E000000U) == 0x34000000U ||
               (w & 0x3B000000U) == 0x18000000U) {
        r.kind = FOTA_REF_ADJUST;
        r.form = FORM_19;
        r.target = p->src + (fota_isa_signed(w >> 5, 19) << 2);
    } else if ((w & 0x7E000000U) == 0x36000000U) {
        r.kind = FOTA_REF_ADJUST;
        r.form = FORM_14;
        r.target = p->src + (fota_isa_signed(w >> 5, 14) << 2);
    } else if ((w & 0x9F000000U) == 0x10000000U) {
        uint32_t imm = ((w >> 29) & 3U) | ((w >> 3) & 0x1FFFFCU);
        r.kind = FOTA_REF_ADJUST;
        r.form = FORM_ADR;
        r.target = p->src + fota_isa_signed(imm, 21);
    } else if ((w & 0x9F000000U) == 0x90000000U) {
        r.kind = FOTA_REF_HIGH;
        r.form = FORM_ADRP;
        r.opcode = (uint8_t)(0x80U | (w & 31U));
        r.target = page_of(w, p->base + p->src) + find_low(p, w & 31U) - p->base;
    } else if (low_shift(w) >= 0 && ((s->valid >> source_register(w)) & 1U)) {
        r.kind = FOTA_REF_LOW;
        r.form = FORM_LOW;
        r.target = s->reg[source_register(w)].old_value +
                   (((w >> 10) & 0xFFFU) << low_shift(w)) - p->base;
    }
    return r;
}

static void set_21(uint32_t *word, uint32_t v)
{
    *word = (*word & 0x9F00001FU) | ((v & 3U) << 29) | ((v & 0x1FFFFCU) << 3);
}

static bool set(const struct fota_isa_state *s, uint32_t *word, const struct fota_ref *r,
                const struct fota_isa_place *p, uint32_t target)
{
    uint32_t offset = target - p->pos;
    switch ((enum form)r->form) {
    case FORM_CALL:
        if (offset % 4 != 0 || !fota_isa_fits(offset, 28)) return false;
        *word = (*word & 0xFC000000U) | ((offset >> 2) & 0x3FFFFFFU);
        return true;
    case FORM_19:
        if (offset % 4 != 0 || !fota_isa_fits(offset, 21)) return false;
        *word = (*word & 0xFF00001FU) | (((offset >> 2) & 0x7FFFFU) << 5);
        return true;
    case FORM_14:
        if (offset % 4 != 0 || !fota_isa_fits(offset, 16)) return false;
        *word = (*word & 0xFFF8001FU) | (((offset >> 2) & 0x3FFFU) << 5);
        return true;
    case FORM_ADR:
        if (!fota_isa_fits(offset, 21)) return false;
        set_21(word, offset);
        return true;
    case FORM_ADRP: {
        uint32_t pages = ((p->base + target) & ~0xFFFU) - ((p->base + p->pos) & ~0xFFFU);
        set_21(word, (pages >> 12) | (pages >> 31 << 20));
        return true;
    }
    case FORM_LOW: {
        uint32_t low = p->base + target - s->reg[source_register(*word)].new_value;
        int32_t shift = low_shift(*word);
        if (shift < 0 || low > 0xFFFU || (low & ((1U << shift) - 1)) != 0) return false;
        *word = (*word & 0xFFC003FFU) | ((low >> shift) << 10);
        return true;
    }
    }
    return false;
}

static bool new_target(const struct fota_isa_state *s, uint32_t word, const struct fota_ref *r,
                       const struct fota_isa_place *p, uint32_t *target)
{
    if (r->form == FORM_CALL) {
        *target = p->pos + (fota_isa_signed(word, 26) << 2);
        return (word & 0x7C000000U) == 0x14000000U;
    }
    int32_t shift = low_shift(word);
    uint32_t reg = source_register(word);
    if (r->form != FORM_LOW || shift < 0 || ((s->valid >> reg) & 1U) == 0) return false;
    *target = s->reg[reg].new_value + (((word >> 10) & 0xFFFU) << shift) - p->base;
    return true;
}

static void done(struct fota_isa_state *s, const struct fota_ref *r,
                 const struct fota_isa_place *p, uint32_t new_word)
{
    uint32_t reg = p->word & 31U;
    if (p->n_bytes < 4) return;
    if (r->kind == FOTA_REF_HIGH) {
        s->reg[reg].old_value = page_of(p->word, p->base + p->src);
        s->reg[reg].new_value = page_of(new_word, p->base + p->pos);
        s->valid |= 1U << reg;
    } else if (writes(p->word)) {
        s->valid &= ~(1U << reg);
    }
}

const struct fota_isa fota_isa_aarch64 = {
    .align = 4, .find = find, .set = set, .target = new_target, .done = done};
