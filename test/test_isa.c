/* SPDX-License-Identifier: MIT */
/* Encodings and targets as binutils 2.40 shows them. */
#include "core/isa.h"
#include "images.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct row {
    uint8_t arch;
    uint32_t word;
    uint32_t src;
    uint8_t n_bytes;
    uint8_t kind;
    uint32_t target;
};

static int32_t nothing(void *ctx, uint32_t off)
{
    (void)ctx;
    (void)off;
    return -1;
}

static struct fota_isa_place place_of(uint32_t word, uint32_t off)
{
    return (struct fota_isa_place){
        .src = off, .pos = off, .word = word, .n_bytes = 4, .old_byte = nothing};
}

/* A32 is what runs. */
static const struct fota_isa_state in_arm = {.mode = 15};

static void instructions_and_their_targets_are_found(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {FOTA_ARCH_THUMB, 0xF800F000, 0x100, 4, FOTA_REF_CALL, 0x104},
        {FOTA_ARCH_THUMB, 0xB800F000, 0x100, 4, FOTA_REF_FAR, 0x104},
        {FOTA_ARCH_THUMB, 0x00004801, 0x102, 2, FOTA_REF_LOAD, 0x108},
        {FOTA_ARCH_THUMB, 0x0000D0FE, 0x100, 2, FOTA_REF_ADJUST, 0x100},
        {FOTA_ARCH_THUMB, 0x00004604, 0x100, 2, FOTA_REF_NONE, 0},
        {FOTA_ARCH_ARM, 0xEB0003FE, 0x0, 4, FOTA_REF_CALL, 0x1000},      /* BL */
        {FOTA_ARCH_ARM, 0x1BFFFFFA, 0x4, 4, FOTA_REF_CALL, 0xFFFFFFF4U}, /* BLNE */
        {FOTA_ARCH_ARM, 0xEA000000, 0x8, 4, FOTA_REF_FAR, 0x10},         /* B */
        {FOTA_ARCH_ARM, 0xFB00003E, 0xC, 4, FOTA_REF_CALL, 0x10E},       /* BLX */
        {FOTA_ARCH_ARM, 0xE51F0010, 0x10, 4, FOTA_REF_LOAD, 0x8},        /* LDR */
        {FOTA_ARCH_ARM, 0xE59F1FF0, 0x14, 4, FOTA_REF_LOAD, 0x100C},     /* LDR */
        {FOTA_ARCH_AARCH64, 0x94000400, 0x0, 4, FOTA_REF_CALL, 0x1000},  /* BL */
        {FOTA_ARCH_AARCH64, 0x17FFFFFE, 0x4, 4, FOTA_REF_FAR, 0xFFFFFFFCU},
        {FOTA_ARCH_AARCH64, 0x54000080, 0x8, 4, FOTA_REF_ADJUST, 0x18},        /* B.EQ */
        {FOTA_ARCH_AARCH64, 0xB4FFFF63, 0xC, 4, FOTA_REF_ADJUST, 0xFFFFFFF8U}, /* CBZ */
        {FOTA_ARCH_AARCH64, 0x36180101, 0x10, 4, FOTA_REF_ADJUST, 0x30},       /* TBZ */
        {FOTA_ARCH_AARCH64, 0x30000022, 0x14, 4, FOTA_REF_ADJUST, 0x19},       /* ADR */
        {FOTA_ARCH_AARCH64, 0x90000001, 0x1234, 4, FOTA_REF_HIGH, 0x1000},     /* ADRP */
        {FOTA_ARCH_AARCH64, 0x58000203, 0x2C, 4, FOTA_REF_ADJUST, 0x6C},       /* LDR */
        {FOTA_ARCH_AARCH64, 0x91048C21, 0x1C, 4, FOTA_REF_NONE, 0},            /* ADD alone */
        {FOTA_ARCH_RISCV, 0x234010EF, 0x0, 4, FOTA_REF_CALL, 0x1234},          /* JAL */
        {FOTA_ARCH_RISCV, 0xFFDFF06F, 0x4, 4, FOTA_REF_FAR, 0x0},              /* J */
        {FOTA_ARCH_RISCV, 0x04B50063, 0x8, 4, FOTA_REF_ADJUST, 0x48},          /* BEQ */
        {FOTA_ARCH_RISCV, 0x00012517, 0xC, 4, FOTA_REF_HIGH, 0x1200C},         /* AUIPC */
        {FOTA_ARCH_RISCV, 0x200015B7, 0x14, 4, FOTA_REF_HIGH, 0x20001000},     /* LUI */
        {FOTA_ARCH_RISCV, 0x0000A201, 0x20, 2, FOTA_REF_ADJUST, 0x120},        /* C.J */
        {FOTA_ARCH_RISCV, 0x0000D165, 0x22, 2, FOTA_REF_ADJUST, 0x2},          /* C.BEQZ */
        {FOTA_ARCH_XTENSA, 0x0000FFC5, 0x0, 3, FOTA_REF_CALL, 0x1000},         /* CALL0 */
        {FOTA_ARCH_XTENSA, 0x00003F06, 0x3, 3, FOTA_REF_ADJUST, 0x103},        /* J */
        {FOTA_ARCH_XTENSA, 0x0003C216, 0x6, 3, FOTA_REF_ADJUST, 0x46},         /* BEQZ */
        {FOTA_ARCH_XTENSA, 0x00F41237, 0x9, 3, FOTA_REF_ADJUST, 0x1},          /* BEQ */
        {FOTA_ARCH_XTENSA, 0x000884B6, 0xC, 3, FOTA_REF_ADJUST, 0x18},         /* BLTUI */
        {FOTA_ARCH_XTENSA, 0x00000021, 0x11, 3, FOTA_REF_WORD, 0xFFFC0014U},   /* L32R */
        {FOTA_ARCH_XTENSA, 0x0000F00D, 0xF, 2, FOTA_REF_NONE, 0},              /* RET.N */
        {FOTA_ARCH_XTENSA_BE, 0x00FF0350, 0x0, 3, FOTA_REF_CALL, 0x1000},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *row = &rows[i];
        struct fota_isa_state s = in_arm;
        struct fota_isa_place p = place_of(row->word, row->src);
        struct fota_ref r = fota_isa_of(row->arch)->find(&s, &p);
        assert_int_equal(r.n_bytes, row->n_bytes);
        assert_int_equal(r.kind, row->kind);
        if (r.kind != FOTA_REF_NONE) assert_int_equal(r.target, row->target);
    }
}

/* Both byte orders of Xtensa have the same fields, from the other end. */
static void big_endian_xtensa_has_its_fields_the_other_way_round(void **state)
{
    (void)state;
    struct fota_isa_state s = {0};
    struct fota_isa_place p = place_of(0xFF0350, 0); /* 50 03 FF: op0 5, offset 3FFh words */
    struct fota_ref r = fota_isa_xtensa_be.find(&s, &p);
    assert_int_equal(r.kind, FOTA_REF_CALL);
    assert_int_equal(r.target, 4 + 4 * 0x3FF);
    uint32_t word = p.word;
    assert_true(fota_isa_xtensa_be.set(&s, &word, &r, &p, 4 + 4 * 0x12345));
    assert_int_equal(word, 0x452351);
}

static void a_register_carries_the_upper_part_to_the_lower(void **state)
{
    (void)state;
    static const struct {
        uint8_t arch;
        uint32_t high;
        uint32_t low;
        uint32_t target; /* both at 0 */
    } rows[] = {
        {FOTA_ARCH_AARCH64, 0xB0000001, 0x91048C21, 0x1123},   /* ADRP, ADD */
        {FOTA_ARCH_AARCH64, 0xB0000001, 0xF9409422, 0x1128},   /* LDR X */
        {FOTA_ARCH_AARCH64, 0xB0000001, 0xB9012C22, 0x112C},   /* STR W */
        {FOTA_ARCH_AARCH64, 0xB0000001, 0x3DC04C20, 0x1130},   /* LDR Q */
        {FOTA_ARCH_RISCV, 0x00012517, 0xFFC50513, 0x11FFC},    /* AUIPC, ADDI */
        {FOTA_ARCH_RISCV, 0x200015B7, 0x7EC5AE23, 0x200017FC}, /* LUI, SW */
        {FOTA_ARCH_RISCV, 0x200015B7, 0xFF85A683, 0x20000FF8}, /* LUI, LW */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct fota_isa *isa = fota_isa_of(rows[i].arch);
        struct fota_isa_state s = {0};
        struct fota_isa_place p = place_of(rows[i].high, 0);
        struct fota_ref r = isa->find(&s, &p);
        isa->done(&s, &r, &p, rows[i].high);
        p = place_of(rows[i].low, 4);
        r = isa->find(&s, &p);
        assert_int_equal(r.kind, FOTA_REF_LOW);
        assert_int_equal(r.target, rows[i].target);
        uint32_t word = rows[i].low;
        uint32_t target;
        assert_true(isa->set(&s, &word, &r, &p, rows[i].target - 16));
        assert_true(isa->target(&s, word, &r, &p, &target));
        assert_int_equal(target, rows[i].target - 16);
        isa->done(&s, &r, &p, word);
    }
}

/* Any word: what is found can be set to its own target and is the same; set to another target
 * that it reaches, it is found with that one. */
static void targets_that_are_set_are_found_again(void **state)
{
    (void)state;
    uint32_t seed = 0x1234567;
    uint32_t n_set = 0;
    for (uint8_t arch = 1; arch < FOTA_ARCH_COUNT; arch++) {
        const struct fota_isa *isa = fota_isa_of(arch);
        for (uint32_t i = 0; i < 200000; i++) {
            struct fota_isa_state s = in_arm;
            struct fota_isa_place p =
                place_of(next_random(&seed), next_random(&seed) % 0x100000 / 4 * 4);
            p.base = next_random(&seed) & 0xFFFFFF00U;
            struct fota_ref r = isa->find(&s, &p);
            assert_in_range(r.n_bytes, 2, 4);
            uint32_t mask = UINT32_MAX >> (8 * (4 - r.n_bytes));
            if (r.kind == FOTA_REF_NONE) continue;
            uint32_t word = p.word;
            if (isa->set(&s, &word, &r, &p, r.target)) {
                /* two encodings of the same: LDR with a distance of -0, B with a cleared bit */
                struct fota_isa_place same = place_of(word, p.src);
                same.base = p.base;
                s = in_arm;
                assert_int_equal(isa->find(&s, &same).target, r.target);
            }
            word = p.word & mask;
            uint32_t other = r.target + (next_random(&seed) % 64 - 32) * 4;
            if (r.kind == FOTA_REF_HIGH || !isa->set(&s, &word, &r, &p, other)) continue;
            struct fota_isa_place again = place_of(word, p.src);
            again.base = p.base;
            s = in_arm;
            assert_int_equal(isa->find(&s, &again).target, other);
            n_set++;
        }
    }
    assert_true(n_set > 100000);
}

static void what_is_unknown_has_no_instruction_set(void **state)
{
    (void)state;
    assert_null(fota_isa_of(FOTA_ARCH_DATA));
    assert_null(fota_isa_of(FOTA_ARCH_COUNT));
    assert_null(fota_isa_of(255));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(instructions_and_their_targets_are_found),
        cmocka_unit_test(big_endian_xtensa_has_its_fields_the_other_way_round),
        cmocka_unit_test(a_register_carries_the_upper_part_to_the_lower),
        cmocka_unit_test(targets_that_are_set_are_found_again),
        cmocka_unit_test(what_is_unknown_has_no_instruction_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
