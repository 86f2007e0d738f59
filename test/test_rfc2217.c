/* SPDX-License-Identifier: MIT */
/* Bytes on the wire as RFC 2217 and RFC 855 give them; python3-serial's client is tried in
 * test/system/test_line.py. */
#include "module/rfc2217.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct rfc2217 server;

static int set_up(void **state)
{
    (void)state;
    rfc2217_begin(&server);
    rfc2217_sent(&server, server.n_out);
    return 0;
}

/* Feed, and compare data and answers.  However the bytes are cut the outcome is the same. */
static void check(const char *in, size_t n_in, const char *data, size_t n_data,
                  const char *answer, size_t n_answer)
{
    uint8_t bytes[64];
    uint8_t got[64];
    const struct rfc2217 before = server;
    for (size_t cut = 0; cut <= n_in; cut++) {
        bool purge = false;
        server = before;
        memcpy(bytes, in, n_in);
        size_t n = rfc2217_decode(&server, bytes, cut, &purge);
        memcpy(got, bytes, n);
        size_t more = rfc2217_decode(&server, bytes + cut, n_in - cut, &purge);
        memcpy(got + n, bytes + cut, more);
        assert_int_equal(n + more, n_data);
        assert_memory_equal(got, data, n_data);
        assert_int_equal(server.n_out, n_answer);
        assert_memory_equal(server.out, answer, n_answer);
    }
    rfc2217_sent(&server, server.n_out);
}

#define CHECK(in, data, answer)                                                                \
    check(in, sizeof(in) - 1, data, sizeof(data) - 1, answer, sizeof(answer) - 1)

static void data_passes_and_iac_is_doubled(void **state)
{
    (void)state;
    CHECK("AT\r", "AT\r", "");
    CHECK("a\xff\xff"
          "b",
          "a\xff"
          "b",
          "");
    const uint8_t down[] = {'x', 255, 'y'};
    assert_int_equal(rfc2217_encode(&server, down, 3), 3);
    assert_int_equal(server.n_out, 4);
    assert_memory_equal(server.out, "x\xff\xffy", 4);
}

static void options_are_answered_once(void **state)
{
    (void)state;
    CHECK("\xff\xfd\x2c", "", ""); /* DO COM-PORT: offered already */
    CHECK("\xff\xfb\x2c", "", "");
    CHECK("\xff\xfd\x01", "", "\xff\xfc\x01");           /* DO ECHO: WONT */
    CHECK("\xff\xfb\x18", "", "\xff\xfe\x18");           /* WILL TERMINAL-TYPE: DONT */
    CHECK("a\xff\xfe\x03z", "az", "\xff\xfc\x03");       /* DONT SGA: WONT */
    CHECK("\xff\xfe\x03", "", "");                       /* again: nothing */
    CHECK("\xff\xfd\x03", "", "\xff\xfb\x03");           /* DO SGA: WILL */
    CHECK("\xff\xfd\x03", "", "");                       /* again: nothing */
    CHECK("\xff\xfc\x01\xff\xfe\x01\xff\xf1q", "q", ""); /* refusals, NOP */
}

static void settings_are_answered_with_what_is_in_force(void **state)
{
    (void)state;
    CHECK("\xff\xfa\x2c\x01\x00\x01\xc2\x00\xff\xf0", "",
          "\xff\xfa\x2c\x65\x00\x01\xc2\x00\xff\xf0");
    assert_int_equal(server.baud, 115200);
    CHECK("\xff\xfa\x2c\x01\x00\x00\x00\x00\xff\xf0", "",
          "\xff\xfa\x2c\x65\x00\x01\xc2\x00\xff\xf0"); /* asks */
    CHECK("\xff\xfa\x2c\x01\x00\x00\xff\xff\xff\xff\xff\xf0", "",
          "\xff\xfa\x2c\x65\x00\x00\xff\xff\xff\xff\xff\xf0"); /* 65535: doubled both ways */
    assert_int_equal(server.baud, 65535);
    CHECK("\xff\xfa\x2c\x02\x07\xff\xf0", "", "\xff\xfa\x2c\x66\x08\xff\xf0"); /* 8 bits */
    CHECK("\xff\xfa\x2c\x03\x02\xff\xf0", "", "\xff\xfa\x2c\x67\x01\xff\xf0"); /* no parity */
    CHECK("\xff\xfa\x2c\x04\x02\xff\xf0", "",
          "\xff\xfa\x2c\x68\x01\xff\xf0"); /* one stop bit */
}

static void flow_control_and_lines_are_set(void **state)
{
    (void)state;
    assert_false(server.hardware_flow);
    CHECK("\xff\xfa\x2c\x05\x03\xff\xf0", "", "\xff\xfa\x2c\x69\x03\xff\xf0");
    assert_true(server.hardware_flow);
    CHECK("\xff\xfa\x2c\x05\x02\xff\xf0", "", "\xff\xfa\x2c\x69\x03\xff\xf0"); /* XON: no */
    CHECK("\xff\xfa\x2c\x05\x01\xff\xf0", "", "\xff\xfa\x2c\x69\x01\xff\xf0");
    assert_false(server.hardware_flow);
    CHECK("\xff\xfa\x2c\x05\x00\xff\xf0", "", "\xff\xfa\x2c\x69\x01\xff\xf0"); /* asks */
    CHECK("\xff\xfa\x2c\x05\x0c\xff\xf0", "", "\xff\xfa\x2c\x69\x0c\xff\xf0");
    assert_false(server.rts);
    CHECK("\xff\xfa\x2c\x05\x0a\xff\xf0", "", "\xff\xfa\x2c\x69\x0c\xff\xf0"); /* asks */
    CHECK("\xff\xfa\x2c\x08\xff\xf0", "", "");
    assert_true(server.suspended);
    CHECK("\xff\xfa\x2c\x09\xff\xf0", "", "");
    assert_false(server.suspended);
}

static void a_change_of_cts_is_told_once(void **state)
{
    (void)state;
    rfc2217_set_cts(&server, true);
    rfc2217_set_cts(&server, true);
    assert_int_equal(server.n_out, 7);
    assert_memory_equal(server.out, "\xff\xfa\x2c\x6b\xb1\xff\xf0", 7);
    rfc2217_set_cts(&server, false);
    assert_int_equal(server.n_out, 14);
    assert_memory_equal(server.out + 7, "\xff\xfa\x2c\x6b\xa1\xff\xf0", 7);
}

static void a_purge_drops_what_stands_before_it(void **state)
{
    uint8_t bytes[] = "old\xff\xfa\x2c\x0c\x02\xff\xf0new";
    bool purge = false;
    (void)state;
    assert_int_equal(rfc2217_decode(&server, bytes, sizeof bytes - 1, &purge), 3);
    assert_true(purge);
    assert_memory_equal(bytes, "new", 3);
    assert_memory_equal(server.out, "\xff\xfa\x2c\x70\x02\xff\xf0", 7);
}

static void malformed_subnegotiations_are_ignored(void **state)
{
    (void)state;
    CHECK("\xff\xfa\xff\xf0", "", "");
    CHECK("\xff\xfa\x2c\xff\xf0", "", "");
    CHECK("\xff\xfa\x2c\x05\xff\xf0", "", "");
    CHECK("\xff\xfa\x2c\x01\x01\x02\x03\xff\xf0", "", "");
    CHECK("\xff\xfa\x18\x01\x01\x02\x03\xff\xf0z", "z", "");
    CHECK("\xff\xfa\x2c\x01\x01\x02\x03\x04\x05\x06\x07\x08\xff\xf0z", "z", ""); /* too long */
    assert_int_equal(server.baud, 0);
}

/* A client that sends and reads nothing costs no memory but its own answers. */
static void answers_nobody_takes_are_dropped(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2000; i++) {
        uint8_t bytes[] = "\xff\xfa\x2c\x05\x03\xff\xf0";
        bool purge = false;
        (void)rfc2217_decode(&server, bytes, sizeof bytes - 1, &purge);
        assert_true(server.n_out <= RFC2217_OUT_MAX);
    }
    const uint8_t down[] = {'x'};
    assert_int_equal(rfc2217_encode(&server, down, 1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(data_passes_and_iac_is_doubled, set_up),
        cmocka_unit_test_setup(options_are_answered_once, set_up),
        cmocka_unit_test_setup(settings_are_answered_with_what_is_in_force, set_up),
        cmocka_unit_test_setup(flow_control_and_lines_are_set, set_up),
        cmocka_unit_test_setup(a_change_of_cts_is_told_once, set_up),
        cmocka_unit_test_setup(a_purge_drops_what_stands_before_it, set_up),
        cmocka_unit_test_setup(malformed_subnegotiations_are_ignored, set_up),
        cmocka_unit_test_setup(answers_nobody_takes_are_dropped, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
