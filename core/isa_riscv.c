/* SPDX-License-Identifier: MIT */
/* RISC-V with compressed instructions: JAL; branches, C.J, C.BEQZ, C.BNEZ; AUIPC and LUI
 * with the ADDI, load, store or JALR that completes the address. */
#include "core/isa.h"

#define AHEAD_BYTES 32U

enum form {
    FORM_JAL,
    FORM_BRANCH,
    FORM_C_JUMP,
    FORM_C_BRANCH,
    FORM_AUIPC,
    FORM_LUI,
    FORM_LOW_I, /* 12 bits at 20 */
    FORM_LOW_S, /* 7 bits at 25, 5 at 7 */
    FORM_NONE,
};

static uint32_t bit_field(uint32_t v, uint32_t from, uint32_t n_bits, uint32_t to)
{
    return ((v >> from) & ((1U << n_bits) - 1)) << to;
}

/* ---- immediates ---- */

static uint32_t jal_offset(uint32_t w)
{
    return fota_isa_signed(bit_field(w, 31, 1, 20) | bit_field(w, 12, 8, 12) |
                               bit_field(w, 20, 1, 11) | bit_field(w, 21, 10, 1),
                           21);
}

static uint32_t branch_offset(uint32_t w)
{
    return fota_isa_signed(bit_field(w, 31, 1, 12) | bit_field(w, 7, 1, 11) |
                               bit_field(w, 25, 6, 5) | bit_field(w, 8, 4, 1),
                           13);
}

static uint32_t c_jump_offset(uint32_t w)
{
    return fota_isa_signed(bit_field(w, 12, 1, 11) | bit_field(w, 11, 1, 4) |
                               bit_field(w, 9, 2, 8) | bit_field(w, 8, 1, 10) |
                               bit_field(w, 7, 1, 6) | bit_field(w, 6, 1, 7) |
                               bit_field(w, 3, 3, 1) | bit_field(w, 2, 1, 5),
                           12);
}

static uint32_t c_branch_offset(uint32_t w)
{
    return fota_isa_signed(bit_field(w, 12, 1, 8) | bit_field(w, 10, 2, 3) |
                               bit_field(w, 5, 2, 6) | bit_field(w, 3, 2, 1) |
                               bit_field(w, 2, 1, 5),
                           9);
}

static bool set_offset(uint32_t *w, uint8_t form, uint32_t v)
{
    static const uint8_t bits[] = {21, 13, 12, 9};
    if (v % 2 != 0 || !fota_isa_fits(v, bits[form])) return false;
    switch ((enum form)form) {
    case FORM_JAL:
        *w = (*w & 0xFFFU) | bit_field(v, 20, 1, 31) | bit_field(v, 12, 8, 12) |
             bit_field(v, 11, 1, 20) | bit_field(v, 1, 10, 21);
        return true;
    case FORM_BRANCH:
        *w = (*w & 0x1FFF07FU) | bit_field(v, 12, 1, 31) | bit_field(v, 11, 1, 7) |
             bit_field(v, 5, 6, 25) | bit_field(v, 1, 4, 8);
        return true;
    case FORM_C_JUMP:
        *w = (*w & 0xFFFFE003U) | bit_field(v, 11, 1, 12) | bit_field(v, 4, 1, 11) |
             bit_field(v, 8, 2, 9) | bit_field(v, 10, 1, 8) | bit_field(v, 6, 1, 7) |
             bit_field(v, 7, 1, 6) | bit_field(v, 1, 3, 3) | bit_field(v, 5, 1, 2);
        return true;
    case FORM_C_BRANCH:
        *w = (*w & 0xFFFFE383U) | bit_field(v, 8, 1, 12) | bit_field(v, 3, 2, 10) |
             bit_field(v, 6, 2, 5) | bit_field(v, 1, 2, 3) | bit_field(v, 5, 1, 2);
        return true;
    case FORM_AUIPC:
    case FORM_LUI:
    case FORM_LOW_I:
    case FORM_LOW_S:
    case FORM_NONE:
        break;
    }
    return false;
}

static uint32_t low_part(uint32_t w, enum form form)
{
    uint32_t v = w >> 20;
    if (form == FORM_LOW_S) v = bit_field(w, 25, 7, 5) | bit_field(w, 7, 5, 0);
    return fota_isa_signed(v, 12);
}

/* ---- registers ---- */

/* How an instruction takes the lower part of an address, by its opcode. */
static enum form low_form(uint32_t w)
{
    switch (w & 0x7FU) {
    case 0x13: /* ADDI */
    case 0x1B: /* ADDIW */
        return (w & 0x7000U) == 0 ? FORM_LOW_I : FORM_NONE;
    case 0x03:
    case 0x07: /* loads */
    case 0x67: /* JALR */
        return FORM_LOW_I;
    case 0x23:
    case 0x27: /* stores */
        return FORM_LOW_S;
    default:
        return FORM_NONE;
    }
}

static uint32_t source_register(uint32_t w)
{
    return (w >> 15) & 31U;
}

/* The register that an instruction writes; 0 if none. */
static uint32_t written(uint32_t w)
{
    uint32_t rd = (w >> 7) & 31U;
    uint32_t top = (w >> 13) & 7U;
    switch (w & 3U) {
    case 0:
        return top < 4 ? 8 + ((w >> 2) & 7U) : 0;
    case 1:
        return top < 4 ? rd : top == 4 ? 8 + ((w >> 7) & 7U) : 0;
    case 2:
        return top < 5 ? rd : 0;
    default:
        return (w & 0x7FU) == 0x63 || low_form(w) == FORM_LOW_S ? 0 : rd;
    }
}

static uint32_t ahead(const struct fota_isa_place *p, uint32_t off, bool *good)
{
    uint32_t word = 0;
    uint32_t n = 2;
    for (uint32_t i = 0; i < n && *good; i++) {
        int32_t byte = p->old_byte(p->ctx, off + i);
        *good = byte >= 0;
        if (*good) word |= (uint32_t)byte << (8 * i);
        if (i == 0 && (word & 3U) == 3) n = 4;
    }
    return word;
}

/* What the next user of the register adds to it; 0 if there is none. */
static uint32_t find_low(const struct fota_isa_place *p, uint32_t reg)
{
    bool good = true;
    for (uint32_t off = 4; off < AHEAD_BYTES;) {
        uint32_t word = ahead(p, p->src + off, &good);
        if (!good) return 0;
        bool wide = (word & 3U) == 3;
        enum form form = wide ? low_form(word) : FORM_NONE;
        if (form != FORM_NONE && source_register(word) == reg) return low_part(word, form);
        if (written(word) == reg) return 0;
        off += wide ? 4 : 2;
    }
    return 0;
}

/* ---- the interface ---- */

static struct fota_ref find_compressed(const struct fota_isa_place *p)
{
    struct fota_ref r = {.n_bytes = 2};
    uint32_t half = p->word & 0xFFFFU;
    uint32_t key = half & 0xE003U;
    if (key == 0xA001U) {
        r.kind = FOTA_REF_ADJUST;
        r.form = FORM_C_JUMP;
        r.target = p->src + c_jump_offset(half);
    } else if (key == 0xC001U || key == 0xE001U) {
        r.kind = FOTA_REF_ADJUST;
        r.form = FORM_C_BRANCH;
        r.target = p->src + c_branch_offset(half);
    }
    return r;
}

/* Value that AUIPC or LUI, at an address, puts into its register. */
static uint32_t high_value(uint32_t w, uint32_t address)
{
    return (w & 0xFFFFF000U) + ((w & 0x7FU) == 0x17 ? address : 0);
}

static struct fota_ref find_wide(const struct fota_isa_state *s, const struct fota_isa_place *p)
{
    uint32_t w = p->word;
    uint32_t opcode = w & 0x7FU;
    uint32_t rd = (w >> 7) & 31U;
    struct fota_ref r = {.n_bytes = 4, .opcode = (uint8_t)((opcode << 1) ^ rd)};
    enum form low = low_form(w);
    if (opcode == 0x6F) {
        r.kind = rd != 0 ? FOTA_REF_CALL : FOTA_REF_FAR;
        r.form = FORM_JAL;
        r.target = p->src + jal_offset(w);
    } else if (opcode == 0x63) {
        r.kind = FOTA_REF_ADJUST;
        r.form = FORM_BRANCH;
        r.target = p->src + branch_offset(w);
    } else if ((opcode == 0x17 || opcode == 0x37) && rd != 0) {
        r.kind = FOTA_REF_HIGH;
        r.form = opcode == 0x17 ? FORM_AUIPC : FORM_LUI;
        r.target = high_value(w, p->base + p->src) + find_low(p, rd) - p->base;
    } else if (low != FORM_NONE && ((s->valid >> source_register(w)) & 1U)) {
        r.kind = FOTA_REF_LOW;
        r.form = (uint8_t)low;
        r.target = s->reg[source_register(w)].old_value + low_part(w, low) - p->base;
    }
    return r;
}

static struct fota_ref find(struct fota_isa_state *s, const struct fota_isa_place *p)
{
    if ((p->word & 3U) != 3) return find_compressed(p);
    if (p->n_bytes < 4) return (struct fota_ref){.n_bytes = 4};
    return find_wide(s, p);
}

static bool set(const struct fota_isa_state *s, uint32_t *word, const struct fota_ref *r,
                const struct fota_isa_place *p, uint32_t target)
{
    uint32_t v = target + p->base;
    switch ((enum form)r->form) {
    case FORM_AUIPC:
        v -= p->base + p->pos;
        *word = (*word & 0xFFFU) | ((v + 0x800U) & 0xFFFFF000U);
        return true;
    case FORM_LUI:
        *word = (*word & 0xFFFU) | ((v + 0x800U) & 0xFFFFF000U);
        return true;
    case FORM_LOW_I:
    case FORM_LOW_S:
        v -= s->reg[source_register(*word)].new_value;
        if (!fota_isa_fits(v, 12)) return false;
        if (r->form == FORM_LOW_I)
            *word = (*word & 0xFFFFFU) | (v << 20);
        else
            *word = (*word & 0x1FFF07FU) | bit_field(v, 5, 7, 25) | bit_field(v, 0, 5, 7);
        return true;
    case FORM_JAL:
    case FORM_BRANCH:
    case FORM_C_JUMP:
    case FORM_C_BRANCH:
        return set_offset(word, r->form, target - p->pos);
    case FORM_NONE:
        break;
    }
    return false;
}

static bool new_target(const struct fota_isa_state *s, uint32_t word, const struct fota_ref *r,
                       const struct fota_isa_place *p, uint32_t *target)
{
    if (r->form == FORM_JAL) {
        *target = p->pos + jal_offset(word);
        return (word & 0x7FU) == 0x6F;
    }
    uint32_t reg = source_register(word);
    enum form form = low_form(word);
    if (r->kind != FOTA_REF_LOW || form != (enum form)r->form || ((s->valid >> reg) & 1U) == 0)
        return false;
    *target = s->reg[reg].new_value + low_part(word, form) - p->base;
    return true;
}

static void done(struct fota_isa_state *s, const struct fota_ref *r,
                 const struct fota_isa_place *p, uint32_t new_word)
{
    uint32_t reg = written(p->word);
    if (p->n_bytes < r->n_bytes) return;
    if (r->kind == FOTA_REF_HIGH) {
        s->reg[reg].old_value = high_value(p->word, p->base + p->src);
        s->reg[reg].new_value = high_value(new_word, p->base + p->pos);
        s->valid |= 1U << reg;
    } else {
        s->valid &= ~(1U << reg);
    }
}

const struct fota_isa fota_isa_riscv = {
    .align = 2, .find = find, .set = set, .target = new_target, .done = done};
