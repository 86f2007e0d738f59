/* SPDX-License-Identifier: MIT */
/* Every fault of the line at every byte of a small transfer, in both modes.  Each ends with the
 * new firmware or a clear error and the old one; a broken transfer goes on where it stood.
 * Prints the table of doc/line.md.  FOTA_LINE_RUN=<fault>,<mode>,<at> repeats one run alone. */
#include "test/line_run.h"

#ifndef FOTA_TEST_STRIDE
#define FOTA_TEST_STRIDE 1
#endif

static struct line_run run;
static uint8_t new_image[SLOT_BYTES];
static uint32_t n_up[3]; /* bytes and commands of an undisturbed transfer, by mode */
static uint32_t n_down[3];
static uint32_t n_commands[3];

static const uint8_t *slot(void)
{
    return sim.data + profile.area[FOTA_AREA_SLOT].addr;
}

static int set_up_runs(void **state)
{
    assert_int_equal(make_package(state), 0);
    memcpy(&pristine, &sim, sizeof sim);
    for (unsigned mode = FOTA_CLIENT_QFUA; mode <= FOTA_CLIENT_QFAW; mode++) {
        assert_int_equal(run_line(&run, mode, FAULT_NONE, 0), FOTA_OK);
        n_up[mode] = run.n_up;
        n_down[mode] = run.n_down;
        n_commands[mode] = run.n_commands;
        memcpy(new_image, slot(), NEW_BYTES);
        assert_false(slot_is_old());
    }
    print_message("package %u bytes; on the line: QFUA %u, QFAW %u bytes\n", package_bytes,
                  n_up[FOTA_CLIENT_QFUA], n_up[FOTA_CLIENT_QFAW]);
    return 0;
}

/* ---- judging ---- */

enum { ERROR_MAX = 100 };

struct tally {
    uint32_t injected;
    uint32_t finished;
    uint32_t resumed;
    uint32_t errors[ERROR_MAX + 1]; /* by code; firmware unchanged */
};

static const char *const names[FAULT_COUNT] = {
    [FAULT_NONE] = "none",
    [FAULT_LOST] = "byte to the module lost",
    [FAULT_DOUBLED] = "byte to the module doubled",
    [FAULT_FLIPPED] = "byte to the module changed in one bit",
    [FAULT_SWAPPED] = "two bytes to the module swapped",
    [FAULT_ESCAPE] = "`+++` before a byte",
    [FAULT_NOISE] = "noise to the module before a byte",
    [FAULT_HOST] = "host dies before a byte, another takes over",
    [FAULT_RESET] = "module resets behind a byte",
    [FAULT_DOWN_LOST] = "byte to the host lost",
    [FAULT_DOWN_DOUBLED] = "byte to the host doubled",
    [FAULT_DOWN_FLIPPED] = "byte to the host changed in one bit",
    [FAULT_DOWN_NOISE] = "noise to the host before a byte",
    [FAULT_REPLY] = "answer to a command lost",
};

#define CHECK(condition)                                                                       \
    do {                                                                                       \
        if (!(condition)) {                                                                    \
            fail_msg("%s; repeat with FOTA_LINE_RUN=%u,%u,%u (result %d)", #condition,         \
                     (unsigned)run.fault, (unsigned)run.mode, (unsigned)run.at, (int)result);  \
        }                                                                                      \
    } while (0)

/* The second part brings only what is missing. */
static void check_second_part(enum fota_err result)
{
    uint32_t missing = package_bytes - run.durable;
    uint32_t sent = run.n_up - run.up_at_break;
    if (run.fault != FAULT_HOST && run.fault != FAULT_RESET) {
        return;
    }
    uint32_t chunks = missing / FOTA_AT_CHUNK_MAX + 1;
    CHECK(sent <= 110 + (run.mode == FOTA_CLIENT_QFUA ? missing : 2 * missing + 11 * chunks));
    if (run.durable > 0 && sent > 60) { /* fewer: only the end was missing */
        CHECK(run.resumed);
        CHECK(run.fault == FAULT_HOST ? run.resumed_off >= run.durable
                                      : run.resumed_off == run.durable);
    }
}

static void judge(struct tally *t, enum fota_err result)
{
    t->injected += run.done;
    if (result == FOTA_OK || (result == FOTA_E_ALREADY && run.fault == FAULT_HOST)) {
        CHECK(memcmp(slot(), new_image, NEW_BYTES) == 0);
        CHECK(app.has_identity && strcmp(app.identity.version, "A08") == 0);
        check_second_part(result);
        t->finished += run.done;
        t->resumed += run.resumed;
        return;
    }
    CHECK(slot_is_old());
    power_up(&run); /* and it is what starts */
    CHECK(app.has_identity && strcmp(app.identity.version, "A07") == 0);
    CHECK(fota_err_code(result) <= ERROR_MAX);
    t->errors[fota_err_code(result)]++;
}

static void print_tally(enum fault fault, enum fota_client_mode mode, const struct tally *t)
{
    char errors[400] = "";
    size_t n = 0;
    for (unsigned code = 0; code <= ERROR_MAX; code++) {
        if (t->errors[code] > 0) {
            n += (size_t)snprintf(errors + n, sizeof errors - n, ", %u error %u",
                                  (unsigned)t->errors[code], code);
        }
    }
    print_message("| %s | %s | %u | %u finished%s |\n", names[fault],
                  mode == FOTA_CLIENT_QFUA ? "QFUA" : "QFAW", (unsigned)t->injected,
                  (unsigned)t->finished, errors);
}

static uint32_t places(enum fault fault, unsigned mode)
{
    if (fault == FAULT_REPLY) {
        return n_commands[mode];
    }
    return fault >= FAULT_DOWN_LOST ? n_down[mode] : n_up[mode];
}

static void every_fault_at_every_byte(void **state)
{
    const char *only = getenv("FOTA_LINE_RUN");
    (void)state;
    if (only != NULL) {
        unsigned fault;
        unsigned mode;
        unsigned at;
        struct tally t = {0};
        assert_int_equal(sscanf(only, "%u,%u,%u", &fault, &mode, &at), 3);
        judge(&t, run_line(&run, mode, fault, at));
        print_tally(fault, mode, &t);
        return;
    }
    for (unsigned fault = FAULT_LOST; fault < FAULT_COUNT; fault++) {
        for (unsigned mode = FOTA_CLIENT_QFUA; mode <= FOTA_CLIENT_QFAW; mode++) {
            struct tally t = {0};
            uint32_t stride = fault == FAULT_REPLY ? 1 : FOTA_TEST_STRIDE;
            for (uint32_t at = 0; at < places(fault, mode); at += stride) {
                judge(&t, run_line(&run, mode, fault, at));
            }
            print_tally(fault, mode, &t);
            assert_true(t.injected > 0);
            assert_int_equal(t.finished, t.injected); /* one fault is always got over */
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_fault_at_every_byte),
    };
    return cmocka_run_group_tests(tests, set_up_runs, free_package);
}
