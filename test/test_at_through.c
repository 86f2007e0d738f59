/* SPDX-License-Identifier: MIT */
/* The client and its talking source against the module's real application and its real HTTP,
 * FTP, TCP and file commands, over a line and a network in which one thing goes wrong at a
 * chosen byte.  Time is simulated.  Prints a table: fault, times injected, outcome.
 * FOTA_TEST_STRIDE > 1 thins out the bytes. */
#include "core/at_client.h"
#include "core/at_fetch.h"
#include "module/modem.h"
#include "test/app_device.h"

#ifndef FOTA_TEST_STRIDE
#define FOTA_TEST_STRIDE 1
#endif

#define TICK_MS    20U
#define RUN_MS     2000000U
#define RATE_BYTES 300U /* of either direction in a tick */

/* What goes wrong, once, at byte `at` of what it happens to. */
enum fault {
    FAULT_NONE,
    UP_LOST, /* MCU to module */
    UP_TWICE,
    UP_FLIPPED,
    DOWN_LOST,
    DOWN_TWICE,
    DOWN_FLIPPED,
    DOWN_CUT,       /* all that the module says from there on for 1 s */
    MODULE_RESET,   /* at a byte of either direction */
    MCU_RESET,      /* a new client on a line whose bytes are lost */
    SERVER_CUT,     /* at a byte of what it sends */
    SERVER_CUT_NEW, /* and when asked again it has another version of the package */
};

struct way {
    const char *name;
    const char *url;
    bool in_ram;
};

static const struct way ways[] = {
    {"HTTP, UFS:", "http://h/p", false},
    {"HTTP, RAM:", "http://h/p", true},
    {"FTP, UFS:", "ftp://h/p", false},
    {"TCP", "tcp://h:1/p", false},
};

static struct world {
    enum fault fault;
    uint32_t at; /* UINT32_MAX: done */
    uint32_t
        n_line; /* bytes on the line, both directions together where it is the module's reset */
    uint32_t n_up;
    uint32_t n_down;
    uint32_t n_served;
    bool faulty; /* the fault has happened */
    bool updated;
    bool accepted;
    uint32_t mute_until_ms;
    /* line */
    uint8_t up[4096];
    size_t n_in_up;
    uint8_t down[16384];
    size_t n_in_down;
    /* MCU */
    struct fota_at_client client;
    struct fota_at_fetch fetch;
    enum fota_err result;
    uint32_t sent;        /* package bytes acknowledged, last told */
    uint32_t sent_before; /* when the MCU was reset */
    uint32_t resumed;
    unsigned n_clients;
    /* network */
    const uint8_t *served; /* package_bytes */
    uint32_t served_at;
    bool fetching;
    bool begun;
    const struct fota_sink *sink;
    uint8_t wire[1024]; /* TCP answers on their way */
    size_t n_wire;
    bool tcp_broken;
} w;

static struct modem modem;
static uint8_t *other; /* another package, as good, of the same length */

/* ---- faults ---- */

/* Whether the fault is to happen at byte `n` of its own kind. */
static bool is_due(enum fault fault, uint32_t n)
{
    if (w.fault != fault || w.faulty || n != w.at) {
        return false;
    }
    w.faulty = true;
    return true;
}

static void put_into(uint8_t *line, size_t *n, size_t max, uint8_t byte, unsigned times)
{
    for (; times > 0; times--) {
        assert_true(*n < max);
        line[(*n)++] = byte;
    }
}

static void module_reset(void);
static void mcu_reset(void);

/* A byte on the line, in either direction. */
static void count_line_byte(void)
{
    uint32_t n = w.n_line++;
    if (is_due(MODULE_RESET, n)) {
        module_reset();
    }
}

/* ---- the module ---- */

static void say_down(void *ctx, const char *bytes, size_t n)
{
    (void)ctx;
    for (size_t i = 0; i < n; i++) {
        uint32_t at = w.n_down++;
        unsigned times = 1;
        uint8_t byte = (uint8_t)bytes[i];
        times = is_due(DOWN_LOST, at) ? 0 : times;
        times = is_due(DOWN_TWICE, at) ? 2 : times;
        byte ^= is_due(DOWN_FLIPPED, at) ? 4 : 0;
        if (is_due(DOWN_CUT, at)) {
            w.mute_until_ms = clock_ms + 1000;
        }
        if (w.mute_until_ms != 0 && (int32_t)(clock_ms - w.mute_until_ms) < 0) {
            times = 0;
        }
        put_into(w.down, &w.n_in_down, sizeof w.down, byte, times);
    }
}

static void start_module(void)
{
    modem_reset(&modem);
    fota_app_init(&app, &device, false, say_down, NULL);
    if (w.updated) {
        (void)snprintf(app.identity.version, sizeof app.identity.version, "A08");
    }
    fota_app_ready(&app);
}

static void module_reset(void)
{
    w.n_in_up = 0;
    w.n_in_down = 0;
    sim.power.boot++;
    start_module();
}

/* What the boot loader does and says, in short. */
static void module_updates(void)
{
    static const char lines[] =
        " Quectel firmware update is processing....\r\n"
        " Update  percent = 1%\r\n Update  percent = 100%\r\n"
        " Quectel firmware update success. status=0\r\nRebooting....\r\n";
    w.n_in_up = 0;
    sim.power.boot++;
    if (phase_found() == FOTA_PHASE_RUN) {
        w.updated = true;
        w.accepted = true;
        say_down(NULL, lines, sizeof lines - 1);
    }
    start_module();
}

static void run_module(void)
{
    size_t n = w.n_in_up < RATE_BYTES ? w.n_in_up : RATE_BYTES;
    size_t taken = n > 0 ? fota_app_feed(&app, w.up, n, clock_ms) : 0;
    memmove(w.up, w.up + taken, w.n_in_up - taken);
    w.n_in_up -= taken;
    enum fota_app_next next = FOTA_APP_AGAIN;
    for (unsigned i = 0; i < 40 && next == FOTA_APP_AGAIN; i++) {
        next = fota_app_poll(&app, clock_ms);
    }
    if (next == FOTA_APP_RESET) {
        module_updates();
        return;
    }
    (void)modem_poll(&modem, &app.at);
}

/* ---- the network ---- */

/* The server has sent a byte.  False: the connection broke before it. */
static bool serve_byte(void)
{
    uint32_t n = w.n_served++;
    if (is_due(SERVER_CUT, n)) {
        return false;
    }
    if (is_due(SERVER_CUT_NEW, n)) {
        w.served = other;
        return false;
    }
    return true;
}

static enum fota_err
net_fetch(void *ctx, const char *url, uint32_t silence_ms, const struct fota_sink *sink)
{
    (void)ctx;
    (void)silence_ms; /* a damaged command may say anything */
    w.fetching = strcmp(url, "http://h/p") == 0 || strstr(url, "h:21/p") != NULL ||
                 strstr(url, "h:21/") != NULL;
    w.begun = false;
    w.served_at = 0;
    w.sink = sink;
    return FOTA_OK;
}

static enum fota_err net_fetch_step(void *ctx)
{
    (void)ctx;
    if (!w.fetching) {
        return FOTA_E_NOT_FOUND;
    }
    if (!w.begun) {
        const struct fota_answer answer = {.total = package_bytes};
        w.begun = true;
        return w.sink->begin(w.sink->ctx, &answer) == FOTA_OK ? FOTA_MORE : FOTA_E_SERVER;
    }
    for (unsigned i = 0; i < 100; i++) {
        if (w.served_at == package_bytes) {
            return FOTA_OK;
        }
        if (!serve_byte()) {
            return FOTA_E_NETWORK;
        }
        enum fota_err err = w.sink->bytes(w.sink->ctx, w.served + w.served_at++, 1);
        if (err != FOTA_OK) {
            return err == FOTA_MORE ? FOTA_OK : err;
        }
    }
    return FOTA_MORE;
}

static void net_fetch_stop(void *ctx)
{
    (void)ctx;
    w.fetching = false;
}

static enum fota_err net_connect(void *ctx, const char *host, uint32_t port)
{
    (void)ctx;
    w.n_wire = 0;
    w.tcp_broken = strcmp(host, "h") != 0 || port != 1;
    return FOTA_OK;
}

static enum fota_err net_connect_step(void *ctx)
{
    (void)ctx;
    return w.tcp_broken ? FOTA_E_NETWORK : FOTA_OK;
}

static size_t net_send(void *ctx, const uint8_t *bytes, size_t n)
{
    char line[200];
    char hash[65];
    unsigned off = 0;
    unsigned count = 0;
    (void)ctx;
    (void)snprintf(line, sizeof line, "%.*s", (int)n, (const char *)bytes);
    if (sscanf(line, "GET /p %u %u\n", &off, &count) != 2 || off > package_bytes) {
        (void)snprintf((char *)w.wire, sizeof w.wire, "ERR 57 ?\n");
        w.n_wire = strlen((char *)w.wire);
        return n;
    }
    count = count < package_bytes - off ? count : package_bytes - off;
    count = count < 600 ? count : 600; /* a server may give less than was asked for */
    memset(hash, w.served == other ? 'b' : 'a', 64);
    hash[64] = '\0';
    w.n_wire = (size_t)snprintf((char *)w.wire, sizeof w.wire, "OK %u %u %u %s %08x\n", off,
                                count, (unsigned)package_bytes, hash,
                                (unsigned)fota_crc32(0, w.served + off, count));
    assert_true(w.n_wire + count <= sizeof w.wire);
    memcpy(w.wire + w.n_wire, w.served + off, count);
    w.n_wire += count;
    return n;
}

static enum fota_err net_receive(void *ctx, uint8_t *bytes, size_t n_max, size_t *n)
{
    (void)ctx;
    *n = 0;
    while (!w.tcp_broken && *n < n_max && *n < w.n_wire && *n < 90) {
        if (!serve_byte()) {
            w.tcp_broken = true;
        } else {
            bytes[*n] = w.wire[*n];
            (*n)++;
        }
    }
    memmove(w.wire, w.wire + *n, w.n_wire - *n);
    w.n_wire -= *n;
    return w.tcp_broken ? FOTA_E_NETWORK : FOTA_OK;
}

static void net_disconnect(void *ctx)
{
    (void)ctx;
    w.n_wire = 0;
}

static const struct net net = {.fetch = net_fetch,
                               .fetch_step = net_fetch_step,
                               .fetch_stop = net_fetch_stop,
                               .connect = net_connect,
                               .connect_step = net_connect_step,
                               .send = net_send,
                               .receive = net_receive,
                               .disconnect = net_disconnect};

/* ---- the MCU ---- */

static void on_event(void *ctx, enum fota_client_event event, uint32_t number, const char *text)
{
    (void)ctx;
    (void)text;
    if (event == FOTA_CLIENT_SENT) {
        w.sent = number;
    } else if (event == FOTA_CLIENT_RESUMED) {
        w.resumed = number;
    }
}

static void start_client(const struct way *way)
{
    const struct fota_at_fetch_options how = {.in_ram = way->in_ram};
    assert_int_equal(fota_at_fetch_init(&w.fetch, way->url, &how), FOTA_OK);
    const struct fota_client_options options = {
        .resume = true, .expect_version = "A08", .talk = &w.fetch.talk};
    fota_at_client_begin(&w.client, &w.fetch.source, &options, on_event, NULL);
    w.n_clients++;
}

static const struct way *way_of_run;

/* Bytes of the dead MCU's command that the module has are followed by those of the new one. */
static void mcu_reset(void)
{
    w.n_in_down = 0;
    w.sent_before = w.sent;
    w.resumed = 0;
    start_client(way_of_run);
}

static void run_client(void)
{
    const uint8_t *bytes = NULL;
    w.result = fota_at_client_poll(&w.client, clock_ms);
    size_t n = fota_at_client_output(&w.client, &bytes);
    n = n < RATE_BYTES ? n : RATE_BYTES;
    for (size_t i = 0; i < n; i++) {
        uint32_t at = w.n_up++;
        unsigned times = 1;
        uint8_t byte = bytes[i];
        if (is_due(MCU_RESET, at)) {
            mcu_reset();
            return;
        }
        times = is_due(UP_LOST, at) ? 0 : times;
        times = is_due(UP_TWICE, at) ? 2 : times;
        byte ^= is_due(UP_FLIPPED, at) ? 1 : 0;
        put_into(w.up, &w.n_in_up, sizeof w.up, byte, times);
        count_line_byte();
    }
    fota_at_client_sent(&w.client, n, clock_ms);
    size_t n_down = w.n_in_down < RATE_BYTES ? w.n_in_down : RATE_BYTES;
    for (size_t i = 0; i < n_down && w.n_in_down > 0; i++) {
        uint8_t byte = w.down[0];
        memmove(w.down, w.down + 1, --w.n_in_down);
        fota_at_client_feed(&w.client, &byte, 1, clock_ms);
        count_line_byte();
    }
}

/* ---- a run ---- */

static void run(const struct way *way, enum fault fault, uint32_t at)
{
    (void)set_up(NULL);
    memset(&w, 0, sizeof w);
    way_of_run = way;
    w.fault = fault;
    w.at = at;
    w.served = package;
    modem_close(&modem);
    modem_init(&modem, &net);
    device.commands = modem_commands;
    device.n_commands = modem_n_commands;
    device.commands_ctx = &modem;
    start_module();
    w.n_in_down = 0;
    w.n_down = 0;
    start_client(way);
    w.result = FOTA_MORE;
    for (uint32_t ms = 0; w.result == FOTA_MORE && ms < RUN_MS; ms += TICK_MS) {
        run_client();
        run_module();
        clock_ms += TICK_MS;
    }
}

/* ---- the table ---- */

static const struct {
    enum fault fault;
    const char *name;
    bool damages; /* a wrong command may be understood: an error is allowed, if nothing changed
                   */
} faults[] = {
    {UP_LOST, "a byte to the module lost", true},
    {UP_TWICE, "... doubled", true},
    {UP_FLIPPED, "... a bit flipped", true},
    {DOWN_LOST, "a byte from the module lost", false},
    {DOWN_TWICE, "... doubled", false},
    {DOWN_FLIPPED, "... a bit flipped", false},
    {DOWN_CUT, "module not heard for a second", false},
    {MODULE_RESET, "module reset", false},
    {MCU_RESET, "MCU reset", false},
    {SERVER_CUT, "server cut", false},
    {SERVER_CUT_NEW, "server cut, another version then", false},
};

/* Bytes that this fault can happen at. */
static uint32_t bytes_of(enum fault fault)
{
    switch (fault) {
    case FAULT_NONE:
        return 0;
    case UP_LOST:
    case UP_TWICE:
    case UP_FLIPPED:
    case MCU_RESET:
        return w.n_up;
    case DOWN_LOST:
    case DOWN_TWICE:
    case DOWN_FLIPPED:
    case DOWN_CUT:
        return w.n_down;
    case MODULE_RESET:
        return w.n_line;
    case SERVER_CUT:
    case SERVER_CUT_NEW:
        return w.n_served;
    }
    return 0;
}

static bool is_deleted(void)
{
    for (size_t i = 0; i < STORE_FILES_MAX; i++) {
        if (modem.store.files[i].name[0] != '\0') {
            return false;
        }
    }
    return true;
}

static void judge(const struct way *way, size_t row, uint32_t at, unsigned outcome[2])
{
    const char *what = faults[row].name;
    if (w.result == FOTA_OK || (w.result == FOTA_E_ALREADY && w.updated)) {
        outcome[0]++;
        if (!w.updated) {
            fail_msg("%s, %s at %u: not updated", way->name, what, (unsigned)at);
        }
    } else if (w.result != FOTA_MORE && !w.accepted) {
        outcome[1]++;
        if (!faults[row].damages || !slot_is_old()) {
            fail_msg("%s, %s at %u: ended with %d", way->name, what, (unsigned)at,
                     (int)w.result);
        }
    } else {
        fail_msg("%s, %s at %u: result %d, updated %d", way->name, what, (unsigned)at,
                 (int)w.result, (int)w.updated);
    }
    /* the second MCU sends what is missing: staging forgets less than a page and a chunk */
    if (faults[row].fault == MCU_RESET && w.sent_before > 1024 &&
        w.sent_before < package_bytes && w.resumed + 256 + 450 < w.sent_before) {
        fail_msg("%s, %s at %u: resumed at %u, %u had been sent", way->name, what, (unsigned)at,
                 (unsigned)w.resumed, (unsigned)w.sent_before);
    }
}

static void one_fault_at_every_byte(void **state)
{
    (void)state;
    for (size_t i_way = 0; i_way < sizeof ways / sizeof ways[0]; i_way++) {
        const struct way *way = &ways[i_way];
        run(way, FAULT_NONE, 0);
        assert_int_equal(w.result, FOTA_OK);
        assert_true(w.updated);
        assert_true(is_deleted());
        for (size_t row = 0; row < sizeof faults / sizeof faults[0]; row++) {
            unsigned outcome[2] = {0, 0};
            run(way, FAULT_NONE, 0);
            uint32_t n = bytes_of(faults[row].fault);
            for (uint32_t at = (uint32_t)(row % FOTA_TEST_STRIDE); at < n;
                 at += FOTA_TEST_STRIDE) {
                run(way, faults[row].fault, at);
                judge(way, row, at, outcome);
            }
            print_message(
                "%-11s %-34s %6u injected, %6u updated, %4u errors, firmware unchanged\n",
                way->name, faults[row].name, outcome[0] + outcome[1], outcome[0], outcome[1]);
        }
    }
}

static int make_both(void **state)
{
    package_counter = 1;
    (void)make_package(state);
    other = package;
    uint32_t other_bytes = package_bytes;
    package_counter = 0;
    (void)make_package(state);
    assert_int_equal(package_bytes, other_bytes);
    modem_init(&modem, &net);
    return 0;
}

static int free_both(void **state)
{
    modem_close(&modem);
    free(other);
    return free_package(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(one_fault_at_every_byte)};
    return cmocka_run_group_tests(tests, make_both, free_both);
}
