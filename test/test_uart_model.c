/* SPDX-License-Identifier: MIT */
#include "module/uart_model.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define SECOND UINT64_C(1000000000)
#define BEGIN  (7 * SECOND)

static struct uart_model uart;
static uint8_t pattern[200000];

static uint8_t byte_at(size_t i)
{
    return (uint8_t)(i * 7 + (i >> 8));
}

static int set_up(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof pattern; i++) {
        pattern[i] = byte_at(i);
    }
    return 0;
}

static void begin(uint32_t baud, uint32_t ring, uint32_t threshold, uint32_t latency)
{
    const struct uart_model_config config = {
        .baud = baud, .ring_bytes = ring, .rts_threshold = threshold, .rts_latency = latency};
    uart_model_init(&uart, &config, BEGIN);
    /* the host has something to send from BEGIN on */
    assert_int_equal(uart_model_run(&uart, pattern, 1, BEGIN, true), baud != 0 ? 0 : 1);
    if (baud == 0) {
        uart_model_take(&uart, 1);
    }
}

/* Take everything from the ring; it continues the pattern at `off`. */
static uint32_t read_all(uint32_t off)
{
    const uint8_t *bytes;
    uint32_t total = 0;
    for (uint32_t n; (n = uart_model_received(&uart, &bytes)) > 0; total += n) {
        assert_memory_equal(bytes, pattern + off + total, n);
        uart_model_take(&uart, n);
    }
    return total;
}

static const uint32_t rates[] = {9600, 115200, 460800, 921600};

static void a_byte_takes_ten_bits_towards_the_module(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        uint32_t sent = 0;
        begin(rates[i], 512, 256, 16);
        for (uint64_t t = BEGIN; t < BEGIN + SECOND; t += 500000) { /* every half millisecond */
            uint32_t n = uart_model_run(&uart, pattern + sent, sizeof pattern - sent, t, true);
            assert_int_equal(read_all(sent), n);
            sent += n;
        }
        assert_in_range(sent, rates[i] / 10 - rates[i] / 10000 - 1, rates[i] / 10 + 1);
        assert_int_equal(uart.n_lost, 0);
        assert_true(uart.rts);
    }
}

static void a_byte_takes_ten_bits_towards_the_host(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        const uint8_t *bytes;
        uint32_t written = 0;
        uint32_t left = 0;
        begin(rates[i], 512, 256, 16);
        for (uint64_t t = BEGIN; t < BEGIN + SECOND; t += 500000) {
            written += uart_model_write(&uart, pattern + written, sizeof pattern - written, t);
            for (uint32_t n; (n = uart_model_leaving(&uart, t, &bytes)) > 0; left += n) {
                assert_memory_equal(bytes, pattern + left, n);
                uart_model_left(&uart, n);
            }
        }
        assert_in_range(left, rates[i] / 10 - rates[i] / 10000 - 1, rates[i] / 10 + 1);
    }
}

static void a_host_that_was_idle_cannot_catch_up(void **state)
{
    (void)state;
    begin(115200, 512, 256, 16);
    assert_int_equal(uart_model_run(&uart, pattern, 0, BEGIN + SECOND, true), 0);
    assert_int_equal(uart_model_run(&uart, pattern, 100, BEGIN + 9 * SECOND, true), 0);
    assert_int_equal(uart_model_run(&uart, pattern, 100, BEGIN + 9 * SECOND + 868100, true),
                     10);
}

static void a_line_to_the_host_that_was_idle_cannot_catch_up(void **state)
{
    const uint8_t *bytes;
    (void)state;
    begin(115200, 512, 256, 16);
    assert_int_equal(uart_model_write(&uart, pattern, 100, BEGIN + SECOND), 100);
    assert_int_equal(uart_model_leaving(&uart, BEGIN + SECOND, &bytes), 0);
    assert_int_equal(uart_model_leaving(&uart, BEGIN + SECOND + 868100, &bytes), 10);
}

/* The application does something else for ever; the host has plenty to send. */
static void rts_stops_an_obedient_host_after_exactly_the_latency(void **state)
{
    const uint32_t ring = 16;
    (void)state;
    for (uint32_t threshold = 1; threshold <= ring; threshold++) {
        for (uint32_t latency = 0; latency <= ring; latency++) {
            uint32_t sent = 0;
            begin(115200, ring, threshold, latency);
            for (unsigned i = 1; i < 20; i++) {
                sent +=
                    uart_model_run(&uart, pattern + sent, 1000, BEGIN + i * SECOND / 50, false);
            }
            uint32_t total = threshold + latency;
            assert_int_equal(sent, total);
            assert_false(uart.rts);
            assert_int_equal(uart.n_received, total);
            assert_int_equal(uart.n_lost, total > ring ? total - ring : 0);
            assert_int_equal(read_all(0), total < ring ? total : ring);
            assert_true(uart.rts);
            for (unsigned m = 20; m < 40; m++) { /* the same again */
                (void)uart_model_run(&uart, pattern, 1000, BEGIN + m * SECOND / 50, false);
            }
            assert_int_equal(uart.n_received, 2 * total);
        }
    }
}

static void rts_rises_at_half_of_the_threshold(void **state)
{
    (void)state;
    begin(115200, 100, 50, 0);
    (void)uart_model_run(&uart, pattern, 1000, BEGIN + SECOND, false);
    uart_model_take(&uart, 24);
    assert_false(uart.rts);
    uart_model_take(&uart, 1);
    assert_true(uart.rts);
}

static void a_host_that_ignores_rts_loses_what_finds_the_ring_full(void **state)
{
    (void)state;
    begin(115200, 32, 16, 8);
    uart_model_set_flow(&uart, true, false);
    /* a program of 3 ms: 34 bytes */
    uint32_t sent = uart_model_run(&uart, pattern, 1000, BEGIN + 3000000, false);
    assert_int_equal(sent, 34);
    assert_int_equal(uart.n_lost, 2);
    assert_false(uart.rts);
    assert_int_equal(read_all(0), 32); /* the first 32: the newest are lost */
}

static void a_module_without_flow_control_never_drops_rts(void **state)
{
    (void)state;
    begin(115200, 32, 16, 0);
    uart_model_set_flow(&uart, false, true);
    assert_int_equal(uart_model_run(&uart, pattern, 1000, BEGIN + 10000000, false), 115);
    assert_true(uart.rts);
    assert_int_equal(uart.n_lost, 115 - 32);
    uart_model_set_flow(&uart, true, true); /* AT+IFC=2,2 */
    assert_false(uart.rts);
    assert_int_equal(uart_model_run(&uart, pattern, 1000, BEGIN + 20000000, false), 0);
}

/* The program that drives the model may be late; only flash operations make the module so. */
static void a_late_machine_loses_nothing(void **state)
{
    uint32_t sent = 0;
    (void)state;
    begin(921600, 32, 16, 0);
    uart_model_set_flow(&uart, true, false);
    for (uint64_t t = BEGIN; sent < 10000; t += SECOND / 3) {
        uint32_t n = uart_model_run(&uart, pattern + sent, 1000, t, true);
        assert_true(n <= 32);
        assert_int_equal(read_all(sent), n);
        sent += n;
    }
    assert_int_equal(uart.n_lost, 0);
}

static void without_a_rate_bytes_take_no_time_and_none_is_lost(void **state)
{
    (void)state;
    begin(0, 32, 16, 0);
    uart_model_set_flow(&uart, false, false);
    assert_int_equal(uart_model_run(&uart, pattern, 1000, BEGIN, false), 32);
    assert_int_equal(uart_model_run(&uart, pattern + 32, 1000, BEGIN + SECOND, false), 0);
    assert_int_equal(read_all(0), 32);
    assert_int_equal(uart_model_run(&uart, pattern + 32, 1000, BEGIN + SECOND, false), 32);
    assert_int_equal(uart.n_lost, 0);
    const uint8_t *bytes;
    assert_int_equal(uart_model_write(&uart, pattern, 9000, BEGIN), UART_QUEUE_MAX);
    assert_int_equal(uart_model_leaving(&uart, BEGIN, &bytes), UART_QUEUE_MAX);
}

static void a_line_that_is_held_does_not_catch_up(void **state)
{
    const uint8_t *bytes;
    (void)state;
    begin(115200, 512, 256, 16);
    assert_int_equal(uart_model_write(&uart, pattern, 100, BEGIN), 100);
    uart_model_hold(&uart, BEGIN + SECOND);
    assert_int_equal(uart_model_leaving(&uart, BEGIN + SECOND, &bytes), 0);
    assert_int_equal(uart_model_leaving(&uart, BEGIN + SECOND + 868100, &bytes), 10);
}

static void another_rate_is_in_force_at_once(void **state)
{
    (void)state;
    begin(115200, 512, 256, 16);
    assert_int_equal(uart_model_run(&uart, pattern, 1000, BEGIN + 868100, true), 10);
    uart_model_set_baud(&uart, 9600);
    assert_int_equal(uart_model_run(&uart, pattern, 1000, BEGIN + 868100 + 10500000, true), 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_byte_takes_ten_bits_towards_the_module),
        cmocka_unit_test(a_byte_takes_ten_bits_towards_the_host),
        cmocka_unit_test(a_host_that_was_idle_cannot_catch_up),
        cmocka_unit_test(a_line_to_the_host_that_was_idle_cannot_catch_up),
        cmocka_unit_test(rts_stops_an_obedient_host_after_exactly_the_latency),
        cmocka_unit_test(rts_rises_at_half_of_the_threshold),
        cmocka_unit_test(a_host_that_ignores_rts_loses_what_finds_the_ring_full),
        cmocka_unit_test(a_module_without_flow_control_never_drops_rts),
        cmocka_unit_test(a_late_machine_loses_nothing),
        cmocka_unit_test(without_a_rate_bytes_take_no_time_and_none_is_lost),
        cmocka_unit_test(a_line_that_is_held_does_not_catch_up),
        cmocka_unit_test(another_rate_is_in_force_at_once),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
