/* SPDX-License-Identifier: MIT */
/* Expected encodings are from the Armv7-M Architecture Reference Manual, A7.7. */
#include "core/thumb.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void calls_are_told_from_other_instructions(void **state)
{
    (void)state;
    static const struct {
        uint32_t word;
        bool is_call;
        uint32_t offset;
    } rows[] = {
        {0xF800F000, true, 4},           /* BL .+4 */
        {0xFFFEF7FF, true, 0},           /* BL . */
        {0xF804F001, true, 0x100C},      /* BL .+0x100c */
        {0xB800F000, true, 4},           /* B.W .+4 (T4) */
        {0x8000F000, false, 0},          /* BEQ.W */
        {0xE800F000, false, 0},          /* BLX */
        {0xF8D0F8DF, false, 0},          /* LDR.W */
        {0x9000F000 & 0, false, 0},      /* MOVS R0, R0 twice */
        {0xD000F400, true, 0xFF000004U}, /* BL .-0xfffffc */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(fota_thumb_is_call(rows[i].word), rows[i].is_call);
        if (rows[i].is_call)
            assert_int_equal(fota_thumb_call_offset(rows[i].word), rows[i].offset);
    }
}

static void calls_reach_16_mib_and_keep_their_opcode(void **state)
{
    (void)state;
    for (uint32_t link = 0; link < 2; link++) {
        for (uint32_t i = 0; i < 4096; i++) {
            uint32_t offset = 4U + ((i * 8190U) - 0x1000000U);
            uint32_t word = link ? 0xF800F000U : 0xB800F000U;
            bool fits = offset - 4U + 0x1000000U < 0x2000000U;
            assert_int_equal(fota_thumb_set_call(&word, offset), fits);
            if (!fits) continue;
            assert_true(fota_thumb_is_call(word) && (word >> 30 == 3) == (link == 1));
            assert_int_equal(fota_thumb_call_offset(word), offset);
        }
    }
    uint32_t word = 0xF800F000U;
    assert_false(fota_thumb_set_call(&word, 5));
    assert_false(fota_thumb_set_call(&word, 0x1000004));
    assert_false(fota_thumb_set_call(&word, 0xFF000002));
    assert_int_equal(word, 0xF800F000U);
}

static void every_short_branch_is_made_again_from_its_offset(void **state)
{
    (void)state;
    uint32_t n = 0;
    for (uint32_t half = 0; half < 0x10000; half++) {
        enum fota_thumb_branch kind = fota_thumb_branch_of(half);
        if (kind == FOTA_THUMB_NO_BRANCH) continue;
        uint32_t offset = fota_thumb_branch_offset(half, kind);
        uint32_t again = half ^ (kind == FOTA_THUMB_B_COND ? 0x55U
                                 : kind == FOTA_THUMB_B    ? 0x555U
                                                           : 0x2A8U);
        assert_true(fota_thumb_set_branch(&again, kind, offset));
        assert_int_equal(again, half);
        n++;
    }
    assert_int_equal(n, 14 * 256 + 2048 + 4 * 256);
    uint32_t half = 0xD000;
    assert_false(fota_thumb_set_branch(&half, FOTA_THUMB_B_COND, 4 + 256));
    assert_false(fota_thumb_set_branch(&half, FOTA_THUMB_B_COND, 4U - 258U));
    assert_false(fota_thumb_set_branch(&half, FOTA_THUMB_B, 4 + 2048));
    assert_false(fota_thumb_set_branch(&half, FOTA_THUMB_CBZ, 4 + 128));
    assert_false(fota_thumb_set_branch(&half, FOTA_THUMB_CBZ, 2));
    assert_false(fota_thumb_set_branch(&half, FOTA_THUMB_NO_BRANCH, 4));
    assert_int_equal(half, 0xD000);
}

static void loads_are_made_again_from_their_target(void **state)
{
    (void)state;
    for (uint32_t address = 0x1000; address < 0x1008; address += 2) {
        uint32_t pc = (address + 4) & ~3U;
        for (uint32_t imm = 0; imm < 4096; imm++) {
            uint32_t wide = 0x1000F85FU | (imm & 1U) << 7 | imm << 16;
            uint32_t target = fota_thumb_load_target(wide, address);
            assert_int_equal(target, (imm & 1U) ? pc + imm : pc - imm);
            uint32_t again = 0x1555F85FU;
            assert_true(fota_thumb_set_load(&again, address, target));
            assert_int_equal(again, wide);
            if (imm > 255) continue;
            uint32_t narrow = 0x4900U | imm;
            target = fota_thumb_load_target(narrow, address);
            assert_int_equal(target, pc + imm * 4);
            again = 0x4955U;
            assert_true(fota_thumb_set_load(&again, address, target));
            assert_int_equal(again, narrow);
        }
        uint32_t word = 0x4800;
        assert_false(fota_thumb_set_load(&word, address, pc + 1024));
        assert_false(fota_thumb_set_load(&word, address, pc + 2));
        assert_false(fota_thumb_set_load(&word, address, pc - 4));
        word = 0x1000F8DF;
        assert_false(fota_thumb_set_load(&word, address, pc + 4096));
        assert_false(fota_thumb_set_load(&word, address, pc - 4096));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_are_told_from_other_instructions),
        cmocka_unit_test(calls_reach_16_mib_and_keep_their_opcode),
        cmocka_unit_test(every_short_branch_is_made_again_from_its_offset),
        cmocka_unit_test(loads_are_made_again_from_their_target),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
