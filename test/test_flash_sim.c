/* SPDX-License-Identifier: MIT */
#include "sim/flash_sim.h"
#include "test/sim_area.h"
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct fota_flash_run runs[] = {{4, 256}};
static const struct fota_sim_geometry nor = {runs, 1, 4, 64, 0xFF, false};
static const struct fota_sim_geometry nor_zero = {runs, 1, 4, 64, 0x00, false};
static const struct fota_sim_geometry once = {runs, 1, 4, 64, 0xFF, true};
static struct sim_area s;

static void fill(uint8_t *bytes, uint8_t value)
{
    memset(bytes, value, 64);
}

static enum fota_err program(uint32_t addr, const uint8_t *src, uint32_t n)
{
    return s.flash.port.program(&s.flash, addr, src, n);
}

static enum fota_err erase(uint32_t addr)
{
    return s.flash.port.erase(&s.flash, addr);
}

/* Fail in the next operation, as told. */
static void arm(enum fota_sim_when when, unsigned outcome)
{
    s.power.cut_at = s.power.n_ops + 1;
    s.power.when = when;
    s.power.outcome = outcome;
}

static void program_page(void *addr)
{
    uint8_t bytes[64];
    fill(bytes, (uint8_t)~s.flash.port.erased);
    (void)program(*(uint32_t *)addr, bytes, 64);
}

static void erase_sector(void *addr)
{
    (void)erase(*(uint32_t *)addr);
}

/* Program a page with the power failing in it. */
static void cut_program(enum fota_sim_when when, unsigned outcome)
{
    uint32_t addr = 0;
    arm(when, outcome);
    assert_false(sim_area_survives(&s, program_page, &addr));
    s.power.boot++;
}

static void cut_erase(enum fota_sim_when when, unsigned outcome)
{
    uint32_t addr = 0;
    arm(when, outcome);
    assert_false(sim_area_survives(&s, erase_sector, &addr));
    s.power.boot++;
}

/* How the first page reads: 'b' blank, 'r' right (all bits programmed), 'm' something between.
 */
static char look(void)
{
    uint8_t page[64];
    unsigned n_blank = 0;
    unsigned n_right = 0;
    assert_int_equal(s.flash.port.read(&s.flash, 0, page, sizeof page), FOTA_OK);
    for (size_t i = 0; i < sizeof page; i++) {
        n_blank += page[i] == s.flash.port.erased;
        n_right += page[i] == 0xFF - s.flash.port.erased;
    }
    if (n_blank == sizeof page) return 'b';
    return n_right == sizeof page ? 'r' : 'm';
}

static void bits_only_leave_the_erased_value(void **state)
{
    (void)state;
    uint8_t bytes[64];
    sim_area_init(&s, &nor);
    fill(bytes, 0xF0);
    assert_int_equal(program(0, bytes, 4), FOTA_OK);
    fill(bytes, 0x0F);
    assert_int_equal(program(0, bytes, 4), FOTA_OK);
    assert_int_equal(s.data[0], 0x00);
    assert_int_equal(s.flash.n_violations, 1);
    sim_area_init(&s, &nor_zero);
    assert_int_equal(program(0, bytes, 4), FOTA_OK);
    fill(bytes, 0xF0);
    assert_int_equal(program(0, bytes, 4), FOTA_OK);
    assert_int_equal(s.data[0], 0xFF);
}

static void breaches_of_the_contract_are_recorded(void **state)
{
    (void)state;
    uint8_t bytes[128] = {0};
    sim_area_init(&s, &nor);
    assert_int_equal(program(2, bytes, 4), FOTA_E_RANGE);
    assert_int_equal(program(0, bytes, 6), FOTA_E_RANGE);
    assert_int_equal(program(60, bytes, 8), FOTA_E_RANGE);
    assert_int_equal(program(0, bytes, 128), FOTA_E_RANGE);
    assert_int_equal(program(1024, bytes, 4), FOTA_E_RANGE);
    assert_int_equal(erase(64), FOTA_E_RANGE);
    assert_int_equal(erase(1024), FOTA_E_RANGE);
    assert_int_equal(s.flash.port.read(&s.flash, 1020, bytes, 8), FOTA_E_RANGE);
    assert_int_equal(s.flash.n_violations, 8);
    assert_string_equal(s.flash.violation, "program across units, pages or the device's end");
}

static void a_write_once_unit_refuses_a_second_program(void **state)
{
    (void)state;
    uint8_t bytes[64] = {0};
    sim_area_init(&s, &once);
    assert_int_equal(program(0, bytes, 4), FOTA_OK);
    assert_int_equal(program(0, bytes, 4), FOTA_E_FLASH);
    assert_int_equal(s.flash.n_violations, 1);
    assert_int_equal(erase(0), FOTA_OK);
    assert_int_equal(program(0, bytes, 4), FOTA_OK);
    assert_int_equal(s.flash.n_violations, 1);
}

static void power_fails_before_or_after_the_counted_operation(void **state)
{
    (void)state;
    sim_area_init(&s, &nor);
    cut_program(FOTA_SIM_BEFORE, 0);
    assert_int_equal(look(), 'b');
    assert_int_equal(s.power.n_ops, 1);
    cut_program(FOTA_SIM_AFTER, 0);
    assert_int_equal(look(), 'r');
    cut_erase(FOTA_SIM_BEFORE, 0);
    assert_int_equal(look(), 'r');
    cut_erase(FOTA_SIM_AFTER, 0);
    assert_int_equal(look(), 'b');
    assert_int_equal(s.flash.n_violations, 0);
}

/* How the page reads at the four boots after the cut; '*' anything. */
static void torn_programs_read_as_the_fault_model_says(void **state)
{
    (void)state;
    static const char *const reads[FOTA_SIM_P_COUNT] = {
        "bbbb", "rrrr", "****", "****", "mmmm", "mmmm", "bbbb",
        "mmmm", "rbbb", "rmmm", "rbrb", "brrr", "brbr",
    };
    for (unsigned erased = 0; erased < 2; erased++) {
        for (unsigned outcome = 0; outcome < FOTA_SIM_P_COUNT; outcome++) {
            sim_area_init(&s, erased == 0 ? &nor : &nor_zero);
            s.power.seed = outcome;
            cut_program(FOTA_SIM_TORN, outcome);
            for (unsigned boot = 0; boot < 4; boot++) {
                char expected = reads[outcome][boot];
                char got = look();
                if (expected != '*' && got != expected)
                    fail_msg("outcome %u boot %u: %c for %c", outcome, boot, got, expected);
                s.power.boot++;
            }
            uint8_t bytes[64] = {0};
            (void)program(0, bytes, 64);
            assert_int_equal(s.flash.n_violations > 0,
                             outcome != FOTA_SIM_P_NOTHING && s.flash.units[0] != 0);
            assert_int_equal(erase(0), FOTA_OK);
            assert_int_equal(look(), 'b');
        }
    }
}

static void torn_erases_read_as_the_fault_model_says(void **state)
{
    (void)state;
    static const char *const reads[FOTA_SIM_E_COUNT] = {
        "rrrr", "bbbb", "mmmm", "mmmm", "bmmm", "rmmm",
        "brrr", "rbbb", "brbr", "****", "****", "****",
    };
    for (unsigned outcome = 0; outcome < FOTA_SIM_E_COUNT; outcome++) {
        uint8_t bytes[64] = {0};
        sim_area_init(&s, &nor);
        s.power.seed = outcome;
        assert_int_equal(program(0, bytes, 64), FOTA_OK);
        cut_erase(FOTA_SIM_TORN, outcome);
        for (unsigned boot = 0; boot < 4; boot++) {
            char expected = reads[outcome][boot];
            char got = look();
            if (expected != '*' && got != expected)
                fail_msg("outcome %u boot %u: %c for %c", outcome, boot, got, expected);
            s.power.boot++;
        }
        if (outcome == FOTA_SIM_E_DONE) continue;
        assert_int_equal(program(64, bytes, 4), FOTA_OK);
        assert_int_equal(s.flash.n_violations, outcome == FOTA_SIM_E_NOTHING ? 0 : 1);
    }
}

static bool is_zeros(const uint8_t *src, uint32_t n_bytes)
{
    return n_bytes > 0 && src[0] == 0;
}

static void what_an_excepted_program_touched_may_be_programmed_again(void **state)
{
    (void)state;
    uint8_t bytes[64] = {0};
    sim_area_init(&s, &nor);
    s.flash.is_excepted = is_zeros;
    cut_program(FOTA_SIM_TORN, FOTA_SIM_P_TOUCHED);
    assert_int_equal(program(0, bytes, 64), FOTA_OK);
    assert_int_equal(s.flash.n_violations, 0);
    assert_int_equal(program(0, bytes, 4), FOTA_OK); /* it was completed */
    assert_int_equal(s.flash.n_violations, 1);
    sim_area_init(&s, &nor);
    s.flash.is_excepted = is_zeros;
    cut_program(FOTA_SIM_TORN, FOTA_SIM_P_TOUCHED);
    bytes[0] = 1;
    assert_int_equal(program(0, bytes, 4), FOTA_OK);
    assert_int_equal(s.flash.n_violations, 1);
}

static void saved_state_comes_back_with_its_lies(void **state)
{
    (void)state;
    static uint8_t saved[8192];
    sim_area_init(&s, &nor);
    cut_program(FOTA_SIM_TORN, FOTA_SIM_P_RIGHT_BLANK);
    assert_true(fota_sim_flash_state_bytes(&s.flash) <= sizeof saved);
    fota_sim_flash_save(&s.flash, saved);
    assert_int_equal(erase(0), FOTA_OK);
    assert_int_equal(look(), 'b');
    fota_sim_flash_load(&s.flash, saved);
    assert_int_equal(look(), 'r');
    s.power.boot++;
    assert_int_equal(look(), 'b');
}

static void program_unit(void *addr)
{
    static const uint8_t bytes[4] = {0};
    (void)program(*(uint32_t *)addr, bytes, sizeof bytes);
}

static void more_lies_than_are_kept_settle(void **state)
{
    (void)state;
    sim_area_init(&s, &nor);
    for (uint32_t i = 0; i < FOTA_SIM_LIES_MAX + 10; i++) {
        uint32_t addr = 4 * i;
        arm(FOTA_SIM_TORN, FOTA_SIM_P_RIGHT_BLANK);
        assert_false(sim_area_survives(&s, program_unit, &addr));
    }
    assert_int_equal(s.flash.n_lies, FOTA_SIM_LIES_MAX);
    assert_int_equal(s.flash.n_violations, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bits_only_leave_the_erased_value),
        cmocka_unit_test(breaches_of_the_contract_are_recorded),
        cmocka_unit_test(a_write_once_unit_refuses_a_second_program),
        cmocka_unit_test(power_fails_before_or_after_the_counted_operation),
        cmocka_unit_test(torn_programs_read_as_the_fault_model_says),
        cmocka_unit_test(torn_erases_read_as_the_fault_model_says),
        cmocka_unit_test(what_an_excepted_program_touched_may_be_programmed_again),
        cmocka_unit_test(saved_state_comes_back_with_its_lies),
        cmocka_unit_test(more_lies_than_are_kept_settle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
