/* SPDX-License-Identifier: MIT */
/* Thumb, and A32 with Thumb among it.  A32: BL, BLX, B; LDR (literal). */
#include "core/isa.h"
#include "core/thumb.h"

enum form {
    FORM_T_CALL,
    FORM_T_LOAD,
    FORM_T_B_COND,
    FORM_T_B,
    FORM_T_CBZ,
    FORM_T_WIDE_LOAD,
    FORM_A_BRANCH,
    FORM_A_LOAD,
};

static struct fota_ref find_branch(const struct fota_isa_place *p, uint32_t half)
{
    enum fota_thumb_branch branch = fota_thumb_branch_of(half);
    struct fota_ref r = {.n_bytes = 2, .kind = FOTA_REF_ADJUST};
    switch (branch) {
    case FOTA_THUMB_B_COND:
        r.form = FORM_T_B_COND;
        break;
    case FOTA_THUMB_B:
        r.form = FORM_T_B;
        break;
    case FOTA_THUMB_CBZ:
        r.form = FORM_T_CBZ;
        break;
    case FOTA_THUMB_NO_BRANCH:
        r.kind = FOTA_REF_NONE;
        return r;
    }
    r.target = p->src + fota_thumb_branch_offset(half, branch);
    return r;
}

static struct fota_ref find_thumb(struct fota_isa_state *s, const struct fota_isa_place *p)
{
    uint32_t half = p->word & 0xFFFFU;
    (void)s;
    if (fota_thumb_is_wide(half)) {
        struct fota_ref r = {.n_bytes = 4};
        if (p->n_bytes < 4) return r;
        r.opcode = (uint8_t)(((p->word >> 24) & 0xD0U) | 0x0FU);
        if (fota_thumb_is_call(p->word)) {
            r.kind = p->word >> 30 == 3 ? FOTA_REF_CALL : FOTA_REF_FAR;
            r.form = FORM_T_CALL;
            r.target = p->src + fota_thumb_call_offset(p->word);
        } else if (fota_thumb_is_wide_load(p->word)) {
            r.kind = FOTA_REF_LOAD;
            r.form = FORM_T_WIDE_LOAD;
            r.target = fota_thumb_load_target(p->word, p->src);
        }
        return r;
    }
    if (fota_thumb_is_load(half))
        return (struct fota_ref){.n_bytes = 2,
                                 .kind = FOTA_REF_LOAD,
                                 .form = FORM_T_LOAD,
                                 .target = fota_thumb_load_target(half, p->src)};
    return find_branch(p, half);
}

static bool set_a32(uint32_t *word, const struct fota_ref *r, uint32_t offset)
{
    offset -= 8;
    if (r->form == FORM_A_LOAD) {
        uint32_t up = offset < 0x80000000U;
        uint32_t imm = up ? offset : 0U - offset;
        if (imm > 0xFFFU) return false;
        *word = (*word & 0xFF7FF000U) | (up << 23) | imm;
        return true;
    }
    if (!fota_isa_fits(offset, 26)) return false;
    if (*word >> 28 == 0xF) {
        if (offset % 2 != 0) return false;
        *word = (*word & 0xFE000000U) | ((offset & 2U) << 23);
    } else {
        if (offset % 4 != 0) return false;
        *word &= 0xFF000000U;
    }
    *word |= (offset >> 2) & 0xFFFFFFU;
    return true;
}

static bool set(const struct fota_isa_state *s, uint32_t *word, const struct fota_ref *r,
                const struct fota_isa_place *p, uint32_t target)
{
    (void)s;
    switch ((enum form)r->form) {
    case FORM_T_CALL:
        return fota_thumb_set_call(word, target - p->pos);
    case FORM_T_LOAD:
    case FORM_T_WIDE_LOAD:
        return fota_thumb_set_load(word, p->pos, target);
    case FORM_T_B_COND:
        return fota_thumb_set_branch(word, FOTA_THUMB_B_COND, target - p->pos);
    case FORM_T_B:
        return fota_thumb_set_branch(word, FOTA_THUMB_B, target - p->pos);
    case FORM_T_CBZ:
        return fota_thumb_set_branch(word, FOTA_THUMB_CBZ, target - p->pos);
    case FORM_A_BRANCH:
    case FORM_A_LOAD:
        return set_a32(word, r, target - p->pos);
    }
    return false;
}

static bool is_a32_branch(uint32_t word)
{
    return (word & 0x0E000000U) == 0x0A000000U;
}

static uint32_t a32_branch_offset(uint32_t word)
{
    uint32_t offset = fota_isa_signed(word, 24) * 4;
    if (word >> 28 == 0xF) offset += (word >> 23) & 2U;
    return offset + 8;
}

/* Only calls are asked. */
static bool new_target(const struct fota_isa_state *s, uint32_t word, const struct fota_ref *r,
                       const struct fota_isa_place *p, uint32_t *target)
{
    (void)s;
    if (r->form == FORM_A_BRANCH) {
        *target = p->pos + a32_branch_offset(word);
        return is_a32_branch(word);
    }
    *target = p->pos + fota_thumb_call_offset(word);
    return fota_thumb_is_call(word);
}

#define MODE_MAX 15U
#define MODE_A32 8U

static struct fota_ref find_a32(const struct fota_isa_place *p)
{
    struct fota_ref r = {.n_bytes = 4, .opcode = (uint8_t)(p->word >> 24)};
    if (is_a32_branch(p->word)) {
        bool links = (p->word & 0x01000000U) != 0 || p->word >> 28 == 0xF;
        r.kind = links ? FOTA_REF_CALL : FOTA_REF_FAR;
        r.form = FORM_A_BRANCH;
        r.target = p->src + a32_branch_offset(p->word);
    } else if ((p->word & 0x0F7F0000U) == 0x051F0000U) {
        uint32_t imm = p->word & 0xFFFU;
        r.kind = FOTA_REF_LOAD;
        r.form = FORM_A_LOAD;
        r.target = p->src + 8 + (p->word & 0x800000U ? imm : 0U - imm);
    }
    return r;
}

/* Nearly all of A32 is executed always (condition E), which Thumb shows rarely there. */
static struct fota_ref find_arm(struct fota_isa_state *s, const struct fota_isa_place *p)
{
    if (p->src % 4 == 0 && p->n_bytes == 4) {
        bool always = p->word >> 28 == 0xE;
        if (always)
            s->mode = s->mode < MODE_MAX - 2 ? (uint8_t)(s->mode + 2) : MODE_MAX;
        else if (s->mode > 0)
            s->mode--;
        if (s->mode >= MODE_A32) return find_a32(p);
    }
    return find_thumb(s, p);
}

const struct fota_isa fota_isa_thumb = {
    .align = 2, .find = find_thumb, .set = set, .target = new_target};
const struct fota_isa fota_isa_arm = {
    .align = 2, .find = find_arm, .set = set, .target = new_target};
