/* SPDX-License-Identifier: MIT */
#include "core/thumb.h"

static uint32_t sign_extend(uint32_t v, uint32_t n_bits)
{
    uint32_t sign = 1U << (n_bits - 1);
    return (v ^ sign) - sign;
}

uint32_t fota_thumb_branch_offset(uint32_t half, enum fota_thumb_branch kind)
{
    switch (kind) {
    case FOTA_THUMB_B_COND:
        return (sign_extend(half & 0xFFU, 8) << 1) + 4U;
    case FOTA_THUMB_B:
        return (sign_extend(half & 0x7FFU, 11) << 1) + 4U;
    case FOTA_THUMB_CBZ:
        return ((half & 0xF8U) >> 2) + ((half & 0x200U) >> 3) + 4U;
    case FOTA_THUMB_NO_BRANCH:
        break;
    }
    return 0;
}

bool fota_thumb_set_branch(uint32_t *half, enum fota_thumb_branch kind, uint32_t offset)
{
    uint32_t v = offset - 4U;
    if ((v & 1U) != 0) return false;
    uint32_t imm = v >> 1;
    switch (kind) {
    case FOTA_THUMB_B_COND:
        if (v + 0x100U >= 0x200U) return false;
        *half = (*half & 0xFF00U) | (imm & 0xFFU);
        return true;
    case FOTA_THUMB_B:
        if (v + 0x800U >= 0x1000U) return false;
        *half = (*half & 0xF800U) | (imm & 0x7FFU);
        return true;
    case FOTA_THUMB_CBZ:
        if (v >= 0x80U) return false;
        *half = (*half & 0xFD07U) | ((imm & 0x1FU) << 3) | ((imm & 0x20U) << 4);
        return true;
    case FOTA_THUMB_NO_BRANCH:
        break;
    }
    return false;
}

uint32_t fota_thumb_load_target(uint32_t word, uint32_t address)
{
    uint32_t pc = (address + 4U) & ~3U;
    if (!fota_thumb_is_wide_load(word)) return pc + (word & 0xFFU) * 4U;
    uint32_t imm = (word >> 16) & 0xFFFU;
    return word & 0x80U ? pc + imm : pc - imm;
}

bool fota_thumb_set_load(uint32_t *word, uint32_t address, uint32_t target)
{
    uint32_t offset = target - ((address + 4U) & ~3U);
    if (!fota_thumb_is_wide_load(*word)) {
        if ((offset & 3U) != 0 || offset > 1020U) return false;
        *word = (*word & ~0xFFU) | offset / 4U;
        return true;
    }
    uint32_t up = offset == 0 ? (*word >> 7) & 1U : offset < 0x80000000U;
    uint32_t imm = up ? offset : 0U - offset;
    if (imm > 0xFFFU) return false;
    *word = (*word & 0xF000FF7FU) | (up << 7) | (imm << 16);
    return true;
}
