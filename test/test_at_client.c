/* SPDX-License-Identifier: MIT */
/* The client against a module that follows a script. */
#include "core/at_client.h"
#include "core/crc32.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* One turn of the module: waits for exactly `expect` (a null pointer: for nothing) and says
 * `reply` after `wait_ms`. */
struct turn {
    const char *expect;
    const char *reply;
    uint32_t wait_ms;
};

struct run {
    struct fota_at_client client;
    struct fota_package_source source;
    struct fota_client_options options;
    const uint8_t *package;
    size_t n_package;
    enum fota_err source_error; /* what the next read answers, once */
    size_t reads_left;          /* before source_error */
    uint32_t source_ready_ms;   /* until then it answers FOTA_MORE; 0: at once */
    char log[8192];             /* events */
    char sent[65536];           /* not yet expected bytes */
    size_t n_sent;
    uint32_t now_ms;
    uint32_t line_bytes_per_tick; /* the line takes so many; 0: all */
    bool line_is_stuck;
    char line[300]; /* last line event */
    enum fota_err result;
};

static const uint8_t seed_package[6] = {0x05, 0xA5, 0xD9, 0x85, 0xB1, 0x9D};

static enum fota_err source_read(void *ctx, uint32_t off, uint8_t *dst, uint32_t n)
{
    struct run *r = ctx;
    assert_true(n > 0 && off <= r->n_package && n <= r->n_package - off);
    if (r->source_error != FOTA_OK && r->reads_left-- == 0) {
        enum fota_err err = r->source_error;
        r->source_error = FOTA_OK;
        return err;
    }
    if (r->source_ready_ms != 0 && (int32_t)(r->now_ms - r->source_ready_ms) < 0) {
        return FOTA_MORE;
    }
    memcpy(dst, r->package + off, n);
    return FOTA_OK;
}

static void
write_down(void *ctx, enum fota_client_event event, uint32_t number, const char *text)
{
    static const char *const names[] = {
        [FOTA_CLIENT_VERSION_BEFORE] = "before", [FOTA_CLIENT_MODE] = "mode",
        [FOTA_CLIENT_RESUMED] = "resumed",       [FOTA_CLIENT_SENT] = "sent",
        [FOTA_CLIENT_ACCEPTED] = "accepted",     [FOTA_CLIENT_PERCENT] = "percent",
        [FOTA_CLIENT_STATUS] = "status",         [FOTA_CLIENT_READY] = "ready",
        [FOTA_CLIENT_VERSION_AFTER] = "after",   [FOTA_CLIENT_ERROR_TEXT] = "error",
    };
    struct run *r = ctx;
    size_t n = strlen(r->log);
    if (event == FOTA_CLIENT_LINE) {
        (void)snprintf(r->line, sizeof r->line, "%s", text);
        return;
    }
    (void)snprintf(r->log + n, sizeof r->log - n, "%s", names[event]);
    n = strlen(r->log);
    if (text[0] != '\0') {
        (void)snprintf(r->log + n, sizeof r->log - n, " %s;", text);
    } else {
        (void)snprintf(r->log + n, sizeof r->log - n, " %u;", (unsigned)number);
    }
}

static void prepare(struct run *r, const uint8_t *package, size_t n)
{
    memset(r, 0, sizeof *r);
    r->package = package;
    r->n_package = n;
    r->options.expect_version = "M95FAR02A08";
    r->now_ms = 4294960000U; /* wraps during the test */
}

static void collect(struct run *r)
{
    const uint8_t *bytes;
    size_t n = fota_at_client_output(&r->client, &bytes);
    if (r->line_bytes_per_tick > 0 && n > r->line_bytes_per_tick) {
        n = r->line_bytes_per_tick;
    }
    n = r->line_is_stuck ? 0 : n;
    assert_true(n < sizeof r->sent - r->n_sent);
    memcpy(r->sent + r->n_sent, bytes, n);
    r->n_sent += n;
    fota_at_client_sent(&r->client, n, r->now_ms);
}

static void tick(struct run *r, uint32_t ms)
{
    r->result = fota_at_client_poll(&r->client, r->now_ms);
    collect(r);
    r->now_ms += ms;
}

static void say(struct run *r, const char *text)
{
    for (; *text != '\0' && r->result == FOTA_MORE; text++) {
        fota_at_client_feed(&r->client, (const uint8_t *)text, 1, r->now_ms);
        r->result = fota_at_client_poll(&r->client, r->now_ms);
    }
}

/* Waits until the client has sent exactly `text`. */
static void expect_sent(struct run *r, const char *text)
{
    size_t n = strlen(text);
    for (unsigned ms = 0; r->n_sent < n && r->result == FOTA_MORE && ms < 400000; ms += 10) {
        tick(r, 10);
    }
    if (r->n_sent != n || memcmp(r->sent, text, n) != 0) {
        fail_msg("expected \"%s\", not \"%.*s\" (result %d, %s)", text, (int)r->n_sent, r->sent,
                 (int)r->result, r->log);
    }
    r->n_sent = 0;
}

static void start(struct run *r)
{
    r->source = (struct fota_package_source){
        .ctx = r, .n_bytes = (uint32_t)r->n_package, .read = source_read};
    r->result = FOTA_MORE;
    fota_at_client_begin(&r->client, &r->source, &r->options, write_down, r);
}

static void play(struct run *r, const struct turn *turns)
{
    start(r);
    for (; turns->expect != NULL || turns->reply != NULL; turns++) {
        if (turns->expect != NULL) {
            expect_sent(r, turns->expect);
        }
        for (uint32_t ms = 0; ms < turns->wait_ms; ms += 10) {
            tick(r, 10);
        }
        if (turns->reply != NULL) {
            say(r, turns->reply);
        }
    }
    for (unsigned s = 0; r->result == FOTA_MORE && s < 100000; s++) {
        tick(r, 100);
        r->n_sent = 0; /* a silent module */
    }
}

static void expect_result(struct run *r, enum fota_err result, const char *log)
{
    assert_string_equal(r->log, log);
    assert_int_equal(r->result, result);
}

#define OK     "\r\nOK\r\n"
#define ERR    "\r\nERROR\r\n"
#define ATI(v) "\r\nQuectel_Ltd\r\nQuectel_M95\r\nRevision: " v "\r\n\r\nOK\r\n"
#define OLD    "M95FAR02A07"
#define NEW    "M95FAR02A08"
#define BEGIN                                                                                  \
    {"AT\r", OK, 0}, {"ATE0\r", OK, 0}, {"AT+CMEE=1\r", OK, 0},                                \
    {                                                                                          \
        "ATI\r", ATI(OLD), 0                                                                   \
    }
#define AGAIN                                                                                  \
    {"+++", NULL, 0}, {"AT\r", OK, 0}, {"ATE0\r", OK, 0}, {"AT+CMEE=1\r", OK, 0},              \
    {                                                                                          \
        "ATI\r", ATI(OLD), 0                                                                   \
    }
#define PROVE                                                                                  \
    {"AT\r", "AT\r" OK, 0},                                                                    \
    {                                                                                          \
        "ATI\r", "ATI\r" ATI(NEW), 0                                                           \
    }
#define END                                                                                    \
    {                                                                                          \
        NULL, NULL, 0                                                                          \
    }
#define UPDATE                                                                                 \
    "Finish data downloading, rebooting....\r\n Update  percent = 100%\r\n"                    \
    " Quectel firmware update success. status=0\r\nRebooting....\r\nRDY\r\n"
#define UPDATED "accepted 0;percent 100;status 0;ready 0;after " NEW ";"
#define PACKAGE "\x05\xA5\xD9\x85\xB1\x9D"

/* clang-format off */

/* Seed 2.3.1, its lines as printed there, with the blanks. */
static void the_dialogue_of_seed_2_3_1_succeeds(void **state)
{
    static const struct turn turns[] = {
        BEGIN,
        {"AT+QFUA\r", OK, 0},
        {NULL, "\r\nCONNECT\r\n", 60000}, /* erasing takes its time */
        {PACKAGE "+++", NULL, 0},
        {NULL, "\r\nFinish data downloading, rebooting....                                          \r\n", 0},
        {NULL, " Quectel firmware update is processing....                                      \r\n\r\n", 5000},
        {NULL, ".......RunFirmwareUpdate......                                                  \r\n\r\n", 0},
        {NULL, " Update  percent = 1%                                                            \r\n\r\n", 0},
        {NULL, " Update  percent = 2%                                                           \r\n\r\n", 100000},
        {NULL, "       ....... \r\n\r\n", 0},
        {NULL, " Update  percent = 99%                                                          \r\n\r\n", 100000},
        {NULL, " Update  percent = 100%                                                         \r\n\r\n", 0},
        {NULL, " Quectel firmware update success. status=0                                      \r\n\r\n", 0},
        {NULL, "Rebooting....   \r\n", 0},
        {NULL, "RDY\r\n", 3000},
        PROVE, END};
    static struct run r;
    (void)state;
    prepare(&r, seed_package, 6);
    r.options.mode = FOTA_CLIENT_QFUA;
    play(&r, turns);
    expect_result(&r, FOTA_OK, "before " OLD ";mode QFUA;sent 6;accepted 0;percent 1;percent 2;"
                  "percent 99;percent 100;status 0;ready 0;after " NEW ";");
}

/* Seed 2.3.2, its lines as printed there.  The module knows the seed's commands only. */
static void the_dialogue_of_seed_2_3_2_succeeds_with_a_module_that_knows_nothing_else(void **state)
{
    static const struct turn turns[] = {
        {"AT\r", "AT\r" OK, 0},
        {"ATE0\r", "ATE0\r" ERR, 0},
        {"AT+CMEE=1\r", "AT+CMEE=1\r" ERR, 0},
        {"ATI\r", "ATI\r" ATI(OLD), 0},
        {"AT+QFAI\r", "AT+QFAI\r" OK, 0},
        {"AT+QFAW=\"05A5D985B19D\"\r", "AT+QFAW=\"05A5D985B19D\"\r" OK, 0},
        {"AT+QFAU\r", "AT+QFAU\r", 0},
        {NULL, "Finish data downloading, rebooting....                                          \r\n", 20000},
        {NULL, "Quectel firmware update is processing....                                      \r\n\r\n", 0},
        {NULL, ".......RunFirmwareUpdate......                                                  \r\n\r\n", 0},
        {NULL, " Update  percent = 1%                                                            \r\n\r\n", 0},
        {NULL, " Update  percent = 2%                                                           \r\n\r\n", 0},
        {NULL, "       ....... \r\n", 0},
        {NULL, "  Update  percent = 99%                                                          \r\n\r\n", 0},
        {NULL, " Update  percent = 100%                                                         \r\n\r\n", 0},
        {NULL, " Quectel firmware update success. status=0                                      \r\n\r\n", 0},
        {NULL, "Rebooting....   \r\n", 0},
        {NULL, "RDY\r\n", 3000},
        PROVE, END};
    static struct run r;
    (void)state;
    prepare(&r, seed_package, 6);
    r.options.expect_version = NULL;
    play(&r, turns);
    expect_result(&r, FOTA_OK, "before " OLD ";mode QFAW;sent 6;accepted 0;percent 1;percent 2;"
                  "percent 99;percent 100;status 0;ready 0;after " NEW ";");
}

static void auto_takes_data_mode_where_module_and_line_have_flow_control(void **state)
{
    static const struct turn with[] = {
        BEGIN, {"AT+IFC?\r", "\r\n+IFC: 2,2\r\nCall Ready\r\n" OK, 0},
        {"AT+QFUA\r", OK "\r\nCONNECT\r\n", 0}, {PACKAGE "+++", UPDATE, 0}, PROVE, END};
    static const struct turn broken[] = {
        BEGIN, {"AT+IFC?\r", "\r\n+IFC: 2,2\r\n" ERR, 0}, {"AT+QFAI\r", OK, 0},
        {"AT+QFAW=\"05A5D985B19D\"\r", OK, 0}, {"AT+QFAU\r", UPDATE, 0}, PROVE, END};
    static const struct turn without[] = {
        BEGIN, {"AT+IFC?\r", "\r\n+IFC: 2,0\r\n" OK, 0}, {"AT+QFAI\r", OK, 0},
        {"AT+QFAW=\"05A5D985B19D\"\r", OK, 0}, {"AT+QFAU\r", UPDATE, 0}, PROVE, END};
    static const struct turn unknown[] = {
        BEGIN, {"AT+IFC?\r", ERR, 0}, {"AT+QFAI\r", OK, 0},
        {"AT+QFAW=\"05A5D985B19D\"\r", OK, 0}, {"AT+QFAU\r", OK UPDATE, 0}, PROVE, END};
    static const struct turn refused[] = {
        BEGIN, {"AT+IFC?\r", "\r\n+IFC: 2,2\r\n" OK, 0}, {"AT+QFUA\r", "\r\n+CME ERROR: 632\r\n", 0},
        {"AT+QFAI\r", OK, 0}, {"AT+QFAW=\"05A5D985B19D\"\r", OK, 0}, {"AT+QFAU\r", UPDATE, 0}, PROVE, END};
    static struct run r;
    (void)state;
    prepare(&r, seed_package, 6);
    r.options.line_has_flow_control = true;
    uint32_t since = r.now_ms;
    play(&r, with);
    expect_result(&r, FOTA_OK, "before " OLD ";mode QFUA;sent 6;" UPDATED);
    assert_in_range(r.now_ms - since, 0, 1000); /* no answer was waited for in vain */
    prepare(&r, seed_package, 6);
    r.options.line_has_flow_control = true;
    play(&r, broken);
    expect_result(&r, FOTA_OK, "before " OLD ";mode QFAW;sent 6;" UPDATED);
    prepare(&r, seed_package, 6);
    r.options.line_has_flow_control = true;
    play(&r, without);
    expect_result(&r, FOTA_OK, "before " OLD ";mode QFAW;sent 6;" UPDATED);
    prepare(&r, seed_package, 6);
    r.options.line_has_flow_control = true;
    play(&r, unknown);
    expect_result(&r, FOTA_OK, "before " OLD ";mode QFAW;sent 6;" UPDATED);
    prepare(&r, seed_package, 6);
    r.options.line_has_flow_control = true;
    play(&r, refused);
    expect_result(&r, FOTA_OK, "before " OLD ";mode QFUA;mode QFAW;sent 6;" UPDATED);
}

static void auto_turns_to_commands_only_where_they_can_help(void **state)
{
    static const struct {
        const char *answer;
        bool turns;
    } rows[] = {{ERR, true}, {"\r\n+CME ERROR: 100\r\n", true}, {"\r\n+CME ERROR: 632\r\n", true},
                {"\r\n+CME ERROR: 637\r\n", false}, {"\r\n+CME ERROR: 640\r\n", false}};
    static struct run r;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct turn turns[] = {BEGIN, {"AT+IFC?\r", "\r\n+IFC: 2,2\r\n" OK, 0},
            {"AT+QFUA\r", rows[i].answer, 0}, {rows[i].turns ? "AT+QFAI\r" : "", NULL, 0}, END};
        prepare(&r, seed_package, 6);
        r.options.line_has_flow_control = true;
        play(&r, turns);
        assert_int_equal(r.result, rows[i].turns ? FOTA_E_LINK : FOTA_E_REFUSED);
    }
}

static void a_quiet_numeric_module_and_one_that_wakes_slowly_are_found(void **state)
{
    static const struct turn quiet[] = {
        {"AT\r", NULL, 0}, {"ATQ0V1\r", OK, 0}, {"ATE0\r", ERR, 0}, {"AT+CMEE=1\r", ERR, 0},
        {"ATI\r", ATI(NEW), 0}, END};
    static const struct turn slow[] = {
        {"AT\r", "\xFE\x80?", 0}, {"ATQ0V1\r", "A\r\n", 0}, {"AT\r", ERR, 0}, {"+++", NULL, 0},
        {"AT\r", NULL, 0}, {"AT\r", OK, 0}, {"ATE0\r", OK, 0}, {"AT+CMEE=1\r", OK, 0},
        {"ATI\r", ATI(NEW), 0}, END};
    static struct run r;
    (void)state;
    prepare(&r, seed_package, 6);
    play(&r, quiet);
    expect_result(&r, FOTA_E_ALREADY, "before " NEW ";");
    prepare(&r, seed_package, 6);
    play(&r, slow);
    expect_result(&r, FOTA_E_ALREADY, "before " NEW ";");
}

static void silence_and_nonsense_are_told_apart(void **state)
{
    static const struct turn silent[] = {{"AT\r", NULL, 0}, {"ATQ0V1\r", NULL, 0}, {"AT\r", NULL, 0},
        {"+++", NULL, 0}, {"AT\r", NULL, 0}, {"AT\r", NULL, 0}, {"ATQ0V1\r", NULL, 0}, {"AT\r", NULL, 0},
        {"ATQ0V1\r", NULL, 0}, END};
    static const struct turn echo[] = {{"AT\r", "AT\r", 0}, {"ATQ0V1\r", "ATQ0V1\r", 0}, END};
    static const struct turn noise[] = {{"AT\r", "login: ", 0}, END};
    static const struct turn gone[] = {BEGIN, {"AT+QFAI\r", NULL, 0}, END};
    static const struct turn cut[] = {BEGIN, {"AT+QFAI\r", OK, 0}, {"AT+QFAW=\"05A5D985B19D\"\r", NULL, 0}, END};
    static struct run r;
    (void)state;
    prepare(&r, seed_package, 6);
    play(&r, silent);
    expect_result(&r, FOTA_E_NO_ANSWER, "");
    prepare(&r, seed_package, 6);
    play(&r, echo);
    expect_result(&r, FOTA_E_NONSENSE, "");
    prepare(&r, seed_package, 6);
    play(&r, noise);
    expect_result(&r, FOTA_E_NONSENSE, "");
    prepare(&r, seed_package, 6);
    play(&r, gone);
    expect_result(&r, FOTA_E_LINK, "before " OLD ";mode QFAW;");
    prepare(&r, seed_package, 6);
    play(&r, cut);
    expect_result(&r, FOTA_E_LINK, "before " OLD ";mode QFAW;");
}

static void refusals_name_the_modules_error(void **state)
{
    static const struct {
        enum fota_client_mode mode;
        struct turn turns[12];
        enum fota_err result;
        enum fota_err module_error;
        const char *log;
    } rows[] = {
        {FOTA_CLIENT_QFUA, {BEGIN, {"AT+QFUA\r", "\r\n+CME ERROR: 632\r\n", 0}, END},
         FOTA_E_REFUSED, FOTA_E_FLOW_CONTROL, "error +CME ERROR: 632;"},
        {FOTA_CLIENT_QFUA, {BEGIN, {"AT+QFUA\r", "\r\nCONNECT\r\n", 0}, {PACKAGE "+++",
          " Quectel firmware update failed. status=17\r\n\r\n+CME ERROR: 617\r\n", 30000}, END},
         FOTA_E_REFUSED, FOTA_E_BASE, "sent 6;error Quectel firmware update failed. status=17;error +CME ERROR: 617;"},
        /* AT+CMEE=0: status= names it */
        {FOTA_CLIENT_QFAW, {BEGIN, {"AT+QFAI\r", OK, 0}, {"AT+QFAW=\"05A5D985B19D\"\r", OK, 0},
          {"AT+QFAU\r", " Quectel firmware update failed. status=14\r\n\r\nERROR\r\n", 0}, END},
         FOTA_E_REFUSED, FOTA_E_SIGNATURE, "sent 6;error Quectel firmware update failed. status=14;error ERROR;"},
        /* no result code behind it */
        {FOTA_CLIENT_QFAW, {BEGIN, {"AT+QFAI\r", OK, 0}, {"AT+QFAW=\"05A5D985B19D\"\r", OK, 0},
          {"AT+QFAU\r", " Quectel firmware update failed. status=16\r\n", 0}, END},
         FOTA_E_REFUSED, FOTA_E_PRODUCT, "sent 6;error Quectel firmware update failed. status=16;"},
        {FOTA_CLIENT_QFAW, {BEGIN, {"AT+QFAI\r", "\r\n+CME ERROR: 637\r\n", 0}, END},
         FOTA_E_REFUSED, FOTA_E_BUSY, "error +CME ERROR: 637;"},
        {FOTA_CLIENT_QFAW, {BEGIN, {"AT+QFAI\r", OK, 0}, {"AT+QFAW=\"05A5D985B19D\"\r", "\r\n+CME ERROR: 20\r\n", 0},
          {"AT+QFAI?\r", ERR, 0}, END},
         FOTA_E_REFUSED, FOTA_E_STAGING_SPACE, "error +CME ERROR: 20;"},
        {FOTA_CLIENT_QFAW, {BEGIN, {"AT+QFAI\r", OK, 0}, {"AT+QFAW=\"05A5D985B19D\"\r", OK, 0},
          {"AT+QFAU\r", " Quectel firmware update failed. status=18\r\n\r\n+CME ERROR: 618\r\n", 0}, END},
         FOTA_E_ALREADY, FOTA_E_ALREADY, "sent 6;error Quectel firmware update failed. status=18;error +CME ERROR: 618;"},
        {FOTA_CLIENT_QFUA, {BEGIN, {"AT+QFUA\r", "\r\nCONNECT\r\n\r\nNO CARRIER\r\n", 0}, END},
         FOTA_E_REFUSED, FOTA_OK, "error NO CARRIER;"},
    };
    static struct run r;
    char log[256];
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        prepare(&r, seed_package, 6);
        r.options.mode = rows[i].mode;
        play(&r, rows[i].turns);
        (void)snprintf(log, sizeof log, "before " OLD ";mode %s;%s",
                       rows[i].mode == FOTA_CLIENT_QFUA ? "QFUA" : "QFAW", rows[i].log);
        expect_result(&r, rows[i].result, log);
        assert_int_equal(fota_at_client_module_error(&r.client), rows[i].module_error);
    }
}

static void a_failed_update_is_followed_to_the_old_firmware(void **state)
{
    static const struct turn turns[] = {
        BEGIN, {"AT+QFUA\r", OK "\r\nCONNECT\r\n", 0}, {PACKAGE "+++",
        "Finish data downloading, rebooting....\r\n Quectel firmware update is processing....\r\n"
        " Quectel firmware update failed. status=25\r\nRebooting....\r\nRDY\r\n", 0},
        {"AT\r", OK, 0}, {"ATI\r", ATI(OLD), 0}, END};
    static struct run r;
    (void)state;
    prepare(&r, seed_package, 6);
    r.options.mode = FOTA_CLIENT_QFUA;
    play(&r, turns);
    expect_result(&r, FOTA_E_FAILED_UPDATE, "before " OLD ";mode QFUA;sent 6;accepted 0;status 25;"
                  "error Quectel firmware update failed. status=25;ready 0;after " OLD ";");
    assert_int_equal(fota_at_client_module_error(&r.client), FOTA_E_CODED);
}

static void without_rdy_the_module_is_asked_until_it_answers(void **state)
{
    static const struct turn rebooting[] = {
        BEGIN, {"AT+QFUA\r", OK "\r\nCONNECT\r\n", 0}, {PACKAGE "+++",
        "Finish data downloading, rebooting....\r\n Update  percent = 100%\r\n"
        " Quectel firmware update success. status=0\r\nRebooting....\r\n", 0},
        {"AT\r", NULL, 0}, {"ATQ0V1\r", NULL, 0}, {"AT\r", NULL, 0}, {"ATQ0V1\r", NULL, 0}, {"AT\r", OK, 0},
        {"ATI\r", ATI(NEW), 0}, END};
    static const struct turn following[] = { /* every line of the update is lost, too */
        BEGIN, {"AT+QFUA\r", OK "\r\nCONNECT\r\n", 0}, {PACKAGE "+++", "Finish data downloading, rebooting....\r\n", 0},
        PROVE, END};
    static const struct turn never[] = {
        BEGIN, {"AT+QFUA\r", OK "\r\nCONNECT\r\n", 0}, {PACKAGE "+++", "Finish data downloading, rebooting....\r\n", 0}, END};
    static struct run r;
    (void)state;
    prepare(&r, seed_package, 6);
    r.options.mode = FOTA_CLIENT_QFUA;
    play(&r, rebooting);
    expect_result(&r, FOTA_OK, "before " OLD ";mode QFUA;sent 6;accepted 0;percent 100;status 0;after " NEW ";");
    prepare(&r, seed_package, 6);
    r.options.mode = FOTA_CLIENT_QFUA;
    play(&r, following);
    expect_result(&r, FOTA_OK, "before " OLD ";mode QFUA;sent 6;accepted 0;after " NEW ";");
    prepare(&r, seed_package, 6);
    r.options.mode = FOTA_CLIENT_QFUA;
    play(&r, never);
    expect_result(&r, FOTA_E_NO_ANSWER, "before " OLD ";mode QFUA;sent 6;accepted 0;");
}

static void success_is_only_what_the_version_proves(void **state)
{
    static const struct turn old[] = {
        BEGIN, {"AT+QFUA\r", OK "\r\nCONNECT\r\n", 0}, {PACKAGE "+++", UPDATE, 0},
        {"AT\r", OK, 0}, {"ATI\r", ATI(OLD), 0}, {"AT\r", OK, 0}, {"ATI\r", ERR, 0}, {"AT+CGMR\r", ERR, 0},
        {"AT\r", OK, 0}, {"ATI\r", ATI(OLD), 0}, END};
    static const struct turn late[] = { /* a starting module shows it at the second try */
        BEGIN, {"AT+QFUA\r", OK "\r\nCONNECT\r\n", 0}, {PACKAGE "+++", UPDATE, 0},
        {"AT\r", OK, 0}, {"ATI\r", ATI("none"), 0}, {"AT\r", OK, 0}, {"ATI\r", ATI(NEW), 0}, END};
    static const struct turn no_line[] = { /* changed, but the line of success is missing */
        BEGIN, {"AT+QFUA\r", OK "\r\nCONNECT\r\n", 0}, {PACKAGE "+++", "Finish data downloading, rebooting....\r\nRDY\r\n", 0},
        {"AT\r", OK, 0}, {"ATI\r", ATI(NEW), 0}, {"AT\r", OK, 0}, {"ATI\r", ATI(NEW), 0},
        {"AT\r", OK, 0}, {"ATI\r", ATI(NEW), 0}, END};
    static struct run r;
    (void)state;
    for (unsigned expecting = 0; expecting < 2; expecting++) {
        prepare(&r, seed_package, 6);
        r.options.mode = FOTA_CLIENT_QFUA;
        r.options.expect_version = expecting != 0 ? NEW : NULL;
        play(&r, old);
        expect_result(&r, FOTA_E_UNPROVEN, "before " OLD ";mode QFUA;sent 6;accepted 0;percent 100;status 0;ready 0;after " OLD ";");
    }
    prepare(&r, seed_package, 6);
    r.options.mode = FOTA_CLIENT_QFUA;
    play(&r, late);
    expect_result(&r, FOTA_OK, "before " OLD ";mode QFUA;sent 6;" UPDATED);
    prepare(&r, seed_package, 6);
    r.options.mode = FOTA_CLIENT_QFUA;
    r.options.expect_version = NULL;
    play(&r, no_line);
    expect_result(&r, FOTA_E_UNPROVEN, "before " OLD ";mode QFUA;sent 6;accepted 0;ready 0;after " NEW ";");
}

static void a_trial_is_confirmed_when_the_version_is_proven(void **state)
{
    static const struct turn good[] = {
        BEGIN, {"AT+QFUA\r", OK "\r\nCONNECT\r\n", 0}, {PACKAGE "+++", UPDATE, 0}, PROVE,
        {"AT+QFUC\r", OK, 0}, END};
    static const struct turn lost[] = { /* asked again: it does no harm */
        BEGIN, {"AT+QFUA\r", OK "\r\nCONNECT\r\n", 0}, {PACKAGE "+++", UPDATE, 0}, PROVE,
        {"AT+QFUC\r", NULL, 0}, {NULL, "", 5000}, PROVE, {"AT+QFUC\r", OK, 0}, END};
    static const struct turn unknown[] = {
        BEGIN, {"AT+QFUA\r", OK "\r\nCONNECT\r\n", 0}, {PACKAGE "+++", UPDATE, 0}, PROVE,
        {"AT+QFUC\r", "\r\n+CME ERROR: 643\r\n", 0}, END};
    static const struct turn old[] = { /* what is not proven is not confirmed */
        BEGIN, {"AT+QFUA\r", OK "\r\nCONNECT\r\n", 0}, {PACKAGE "+++", UPDATE, 0},
        {"AT\r", OK, 0}, {"ATI\r", ATI(OLD), 0}, {"AT\r", OK, 0}, {"ATI\r", ATI(OLD), 0},
        {"AT\r", OK, 0}, {"ATI\r", ATI(OLD), 0}, END};
    static const struct {
        const struct turn *turns;
        enum fota_err result;
        enum fota_err module_error;
    } rows[] = {{good, FOTA_OK, FOTA_OK},
                {lost, FOTA_OK, FOTA_OK},
                {unknown, FOTA_E_REFUSED, FOTA_E_JOURNAL},
                {old, FOTA_E_UNPROVEN, FOTA_OK}};
    static struct run r;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        prepare(&r, seed_package, 6);
        r.options.mode = FOTA_CLIENT_QFUA;
        r.options.confirm = true;
        play(&r, rows[i].turns);
        assert_int_equal(r.result, rows[i].result);
        assert_int_equal(fota_at_client_module_error(&r.client), rows[i].module_error);
    }
}

static void versions_are_read_from_every_layout(void **state)
{
    static const struct {
        const char *ati;
        const char *cgmr; /* a null pointer: not asked */
        const char *log;
    } rows[] = {
        {ATI("M95FAR02A07"), NULL, "before M95FAR02A07;"},
        {"\r\nQuectel\r\nEC25\r\nRevision: EC25EFAR06A03M4G\r\n\r\nOK\r\n", NULL, "before EC25EFAR06A03M4G;"},
        {"Quectel_Ltd\r\nQuectel_BC66\r\nRevision:BC66NBR01A10  \r\nOK\r\n", NULL, "before BC66NBR01A10;"},
        {"\r\nBC660K-GL\r\n" OK, "\r\nRevision: BC660KGLAAR01A01\r\n" OK, "before BC660KGLAAR01A01;"},
        {"\r\nERROR\r\n", "AT+CGMR\r\r\nBG96MAR02A07M1G\r\n" OK, "before BG96MAR02A07M1G;"},
        {OK, "\r\nM66FBR03A05\r\n" OK, "before M66FBR03A05;"}, /* nothing but OK */
        {ERR, ERR, "before 0;"},
        {"\r\nRevision: \x1B[2J\x07\r\n" OK, NULL, "before ?[2J?;"},
        {"\r\nRevision: 123456789.123456789.123456789.123456789.123456789.123456789.123456789.\r\n" OK,
         NULL, "before 123456789.123456789.123456789.123456789.123456789.123456789.123;"},
    };
    static struct run r;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct turn turns[] = {{"AT\r", OK, 0}, {"ATE0\r", OK, 0}, {"AT+CMEE=1\r", OK, 0},
            {"ATI\r", rows[i].ati, 0}, {"AT+CGMR\r", rows[i].cgmr, 0}, {"AT+QFAI\r", "\r\n+CME ERROR: 637\r\n", 0}, END};
        char log[128];
        if (rows[i].cgmr == NULL) {
            turns[4] = turns[5];
            turns[5] = turns[6];
        }
        prepare(&r, seed_package, 6);
        uint32_t since = r.now_ms;
        play(&r, turns);
        bool bare = strcmp(rows[i].ati, OK) == 0; /* then a text is waited for */
        assert_in_range(r.now_ms - since, 0, bare ? 6000 : 1000);
        (void)snprintf(log, sizeof log, "%smode QFAW;error +CME ERROR: 637;", rows[i].log);
        expect_result(&r, FOTA_E_REFUSED, log);
    }
}

/* clang-format on */

/* ---- transfers of more than one piece ---- */

static uint8_t long_package[3000];

static const char *chunk_command(uint32_t off, uint32_t n)
{
    static const char hex[] = "0123456789ABCDEF";
    static char command[1024];
    char *at = command + sprintf(command, "AT+QFAW=\"");
    for (uint32_t i = 0; i < n; i++) {
        *at++ = hex[long_package[off + i] >> 4];
        *at++ = hex[long_package[off + i] & 15];
    }
    (void)sprintf(at, "\"\r");
    return command;
}

static const char *received_text(uint32_t n, uint32_t total, uint32_t damage)
{
    static char text[80];
    (void)snprintf(text, sizeof text, "\r\n+QFAI: %u,%u,\"%08X\"\r\n" OK, (unsigned)n,
                   (unsigned)total, (unsigned)(fota_crc32(0, long_package, n) ^ damage));
    return text;
}

static void prepare_long(struct run *r, enum fota_client_mode mode)
{
    for (size_t i = 0; i < sizeof long_package; i++) {
        long_package[i] = (uint8_t)(i * 31 + (i >> 8) + 1);
    }
    prepare(r, long_package, sizeof long_package);
    r->options.mode = mode;
}

static const struct turn begin[] = {BEGIN, END};
static const struct turn again[] = {AGAIN, END};
static const struct turn prove[] = {PROVE, END};

static void go_on(struct run *r, const struct turn *turns)
{
    for (; turns->expect != NULL; turns++) {
        expect_sent(r, turns->expect);
        say(r, turns->reply != NULL ? turns->reply : "");
    }
}

static void answer(struct run *r, const char *expect, const char *reply)
{
    expect_sent(r, expect);
    say(r, reply);
}

static void start_long(struct run *r)
{
    start(r);
    go_on(r, r->options.resume ? again : begin);
}

/* Commands of at most 450 bytes, from `off` to the end. */
static void take_chunks(struct run *r, uint32_t off, uint32_t end)
{
    while (off < end) {
        uint32_t n = end - off < 450 ? end - off : 450;
        answer(r, chunk_command(off, n), OK);
        off += n;
    }
}

static void take_stream(struct run *r, uint32_t off)
{
    size_t n = r->n_package - off;
    char *plus = r->sent + n;
    for (unsigned i = 0; r->n_sent < n + 3 && i < 20000; i++) {
        tick(r, 1);
    }
    assert_int_equal(r->n_sent, n + 3);
    assert_memory_equal(r->sent, long_package + off, n);
    assert_memory_equal(plus, "+++", 3);
    r->n_sent = 0;
}

static void finish_long(struct run *r)
{
    say(r, UPDATE);
    go_on(r, prove);
    assert_int_equal(r->result, FOTA_OK);
}

static void chunks_hold_450_bytes_and_the_last_the_rest(void **state)
{
    static struct run r;
    (void)state;
    prepare_long(&r, FOTA_CLIENT_QFAW);
    start_long(&r);
    answer(&r, "AT+QFAI\r", OK);
    take_chunks(&r, 0, 3000);
    expect_sent(&r, "AT+QFAU\r");
    finish_long(&r);
    assert_string_equal(r.log, "before " OLD ";mode QFAW;sent 450;sent 900;sent 1350;sent 1800;"
                               "sent 2250;sent 2700;sent 3000;" UPDATED);
}

static void the_stream_holds_every_byte_and_the_escape_however_slow_the_line(void **state)
{
    static const uint32_t speeds[] = {0, 1, 2, 3, 7, 1023, 1024};
    static struct run r;
    (void)state;
    for (size_t i = 0; i < sizeof speeds / sizeof speeds[0]; i++) {
        prepare_long(&r, FOTA_CLIENT_QFUA);
        start_long(&r);
        answer(&r, "AT+QFUA\r", OK "\r\nCONNECT\r\n");
        r.line_bytes_per_tick = speeds[i];
        take_stream(&r, 0);
        r.line_bytes_per_tick = 0;
        finish_long(&r);
        assert_string_equal(r.log,
                            "before " OLD ";mode QFUA;sent 1021;sent 2042;sent 3000;" UPDATED);
    }
}

static void a_source_that_is_not_ready_is_asked_again_and_its_error_is_the_result(void **state)
{
    static struct run r;
    (void)state;
    for (size_t reads = 0; reads < 3; reads++) {
        prepare_long(&r, FOTA_CLIENT_QFUA);
        r.source_error = FOTA_MORE;
        r.reads_left = reads;
        start_long(&r);
        answer(&r, "AT+QFUA\r", OK "\r\nCONNECT\r\n");
        take_stream(&r, 0);
        finish_long(&r);
        prepare_long(&r, FOTA_CLIENT_QFAW);
        r.source_error = FOTA_MORE;
        r.reads_left = reads;
        start_long(&r);
        answer(&r, "AT+QFAI\r", OK);
        take_chunks(&r, 0, 3000);
        expect_sent(&r, "AT+QFAU\r");
        finish_long(&r);
        prepare_long(&r, FOTA_CLIENT_QFUA);
        r.source_error = FOTA_E_IO;
        r.reads_left = reads;
        start_long(&r);
        answer(&r, "AT+QFUA\r", OK "\r\nCONNECT\r\n");
        for (unsigned i = 0; i < 10; i++) {
            tick(&r, 1);
        }
        assert_int_equal(r.result, FOTA_E_IO);
        assert_int_equal(r.n_sent, 1021 * reads);
    }
}

static void packages_of_every_length_around_the_buffers_are_sent_whole(void **state)
{
    static const uint32_t lengths[] = {1,    2,    449,  450,  451,  899,  900,
                                       901,  1020, 1021, 1022, 1023, 1024, 1025,
                                       1027, 2041, 2042, 2043, 2048};
    static struct run r;
    (void)state;
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        prepare_long(&r, FOTA_CLIENT_QFUA);
        r.n_package = lengths[i];
        start_long(&r);
        answer(&r, "AT+QFUA\r", OK "\r\nCONNECT\r\n");
        take_stream(&r, 0);
        finish_long(&r);
        prepare_long(&r, FOTA_CLIENT_QFAW);
        r.n_package = lengths[i];
        r.options.resume = true;
        start_long(&r);
        answer(&r, "AT+QFAI?\r", received_text(lengths[i], lengths[i], 1));
        answer(&r, "AT+QFAI\r", OK);
        take_chunks(&r, 0, lengths[i]);
        expect_sent(&r, "AT+QFAU\r");
        finish_long(&r);
    }
}

static void a_source_may_take_its_time(void **state)
{
    static struct run r;
    (void)state;
    for (unsigned mode = FOTA_CLIENT_QFUA; mode <= FOTA_CLIENT_QFAW; mode++) {
        bool qfua = mode == FOTA_CLIENT_QFUA;
        prepare_long(&r, (enum fota_client_mode)mode);
        start_long(&r);
        r.source_ready_ms = r.now_ms + 1000000;
        answer(&r, qfua ? "AT+QFUA\r" : "AT+QFAI\r", qfua ? "\r\nCONNECT\r\n" : OK);
        for (unsigned s = 0; s < 990; s++) {
            tick(&r, 1000);
        }
        assert_int_equal(r.n_sent, 0);
        r.now_ms = r.source_ready_ms;
        if (qfua) {
            take_stream(&r, 0);
        } else {
            take_chunks(&r, 0, 3000);
            expect_sent(&r, "AT+QFAU\r");
        }
        finish_long(&r);
    }
}

/* A command's time begins when the line has taken it. */
static void a_slow_line_is_no_silence(void **state)
{
    static struct run r;
    (void)state;
    prepare_long(&r, FOTA_CLIENT_QFAW);
    start_long(&r);
    answer(&r, "AT+QFAI\r", OK);
    r.line_bytes_per_tick = 1; /* a chunk takes 9 s, an answer 5 at most */
    take_chunks(&r, 0, 3000);
    expect_sent(&r, "AT+QFAU\r");
    r.line_bytes_per_tick = 0;
    finish_long(&r);
}

static void a_line_that_takes_no_bytes_is_lost(void **state)
{
    static struct run r;
    (void)state;
    prepare_long(&r, FOTA_CLIENT_QFUA);
    start_long(&r);
    answer(&r, "AT+QFUA\r", OK "\r\nCONNECT\r\n");
    r.line_is_stuck = true;
    for (unsigned i = 0; i < 1300 && r.result == FOTA_MORE; i++) {
        tick(&r, 100);
    }
    assert_int_equal(r.result, FOTA_E_LINK);
}

/* Times of the reference: 8 tries of 1.25 s, one escape of 1.2 s. */
static void a_module_is_searched_for_eleven_seconds_each_time(void **state)
{
    static const struct turn silent[] = {{"AT\r", NULL, 0}, END};
    static struct run r;
    (void)state;
    prepare(&r, seed_package, 6);
    uint32_t since = r.now_ms;
    play(&r, silent);
    assert_int_equal(r.result, FOTA_E_NO_ANSWER);
    assert_in_range(r.now_ms - since, 11200, 11200 + 9 * 100 + 200);
    /* a later search has all its tries again, whatever was heard before it */
    prepare_long(&r, FOTA_CLIENT_QFAW);
    start(&r);
    expect_sent(&r, "AT\r");
    expect_sent(&r, "ATQ0V1\r");
    say(&r, OK);
    go_on(&r, begin + 1);
    answer(&r, "AT+QFAI\r", "garbage\r\n");
    expect_sent(&r, "+++");
    since = r.now_ms;
    for (unsigned i = 0; i < 1000 && r.result == FOTA_MORE; i++) {
        tick(&r, 100);
    }
    assert_int_equal(r.result, FOTA_E_LINK);
    assert_in_range(r.now_ms - since, 1200 + 11200 - 100, 1200 + 11200 + 10 * 100 + 200);
}

static void time_outs_follow_the_options(void **state)
{
    static struct run r;
    (void)state;
    prepare_long(&r, FOTA_CLIENT_QFAW);
    r.options.answer_ms = 1; /* the shortest there is: it still ends */
    r.options.update_ms = 1;
    start(&r);
    for (unsigned i = 0; i < 200 && r.result == FOTA_MORE; i++) {
        tick(&r, 10);
    }
    assert_int_equal(r.result, FOTA_E_NO_ANSWER);
    prepare_long(&r, FOTA_CLIENT_QFAW);
    start_long(&r);
    expect_sent(&r, "AT+QFAI\r"); /* 120 s */
    uint32_t since = r.now_ms;
    expect_sent(&r, "+++");
    assert_in_range(r.now_ms - since, 119900, 120100);
    prepare_long(&r, FOTA_CLIENT_QFAW);
    r.options.answer_ms = 2000;
    r.options.update_ms = 9000;
    start_long(&r);
    expect_sent(&r, "AT+QFAI\r");
    since = r.now_ms;
    expect_sent(&r, "+++");
    assert_in_range(r.now_ms - since, 8900, 9100);
    answer(&r, "AT\r", OK);
    expect_sent(&r, "ATE0\r");
    since = r.now_ms;
    expect_sent(&r, "+++");
    assert_in_range(r.now_ms - since, 1900, 2100);
}

/* Bytes that arrive long after the last poll begin the time of what they bring about. */
static void the_time_of_feed_counts(void **state)
{
    static struct run r;
    (void)state;
    prepare_long(&r, FOTA_CLIENT_QFAW);
    start(&r);
    expect_sent(&r, "AT\r");
    r.now_ms += 100000;
    fota_at_client_feed(&r.client, (const uint8_t *)"OK\r", 3, r.now_ms);
    tick(&r, 10);
    expect_sent(&r, "ATE0\r");
}

static void
without_rdy_the_module_is_asked_after_the_answer_time_and_for_two_minutes(void **state)
{
    static struct run r;
    (void)state;
    prepare_long(&r, FOTA_CLIENT_QFUA);
    start_long(&r);
    answer(&r, "AT+QFUA\r", OK "\r\nCONNECT\r\n");
    take_stream(&r, 0);
    say(&r, "Rebooting....\r\n"); /* all before it is lost */
    uint32_t since = r.now_ms;
    expect_sent(&r, "AT\r");
    assert_in_range(r.now_ms - since, 4900, 5100);
    assert_non_null(strstr(r.log, "accepted"));
    since = r.now_ms;
    for (unsigned i = 0; i < 3000 && r.result == FOTA_MORE; i++) {
        tick(&r, 100);
        r.n_sent = 0;
    }
    assert_int_equal(r.result, FOTA_E_NO_ANSWER);
    assert_in_range(r.now_ms - since, 128000, 145000);
}

static void lines_are_shown_printable_and_cut(void **state)
{
    static const struct {
        const char *said;
        const char *shown;
    } rows[] = {
        {"x\r", "x"},
        {"  two words  \n", "two words"},
        {" ~\x7F\x1F\x80\xFF \r", "~????"},
        {"   \r", ""},
    };
    static struct run r;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        prepare_long(&r, FOTA_CLIENT_QFAW);
        start(&r);
        say(&r, rows[i].said);
        assert_string_equal(r.line, rows[i].shown);
    }
    prepare_long(&r, FOTA_CLIENT_QFAW);
    start(&r);
    for (unsigned i = 0; i < 1000; i++) {
        say(&r, "y");
    }
    say(&r, "\r");
    assert_int_equal(strlen(r.line), FOTA_CLIENT_LINE_MAX - 1);
}

static void an_empty_package_is_not_sent(void **state)
{
    static const struct turn turns[] = {END};
    static struct run r;
    (void)state;
    prepare(&r, seed_package, 0);
    play(&r, turns);
    expect_result(&r, FOTA_E_EMPTY, "");
}

/* ---- going on where it stood ---- */

static void a_transfer_goes_on_where_the_modules_bytes_are_the_sources(void **state)
{
    static const struct {
        enum fota_client_mode mode;
        uint32_t received;
        uint32_t total;
        uint32_t damage; /* of the CRC */
        bool resumed;
    } rows[] = {
        {FOTA_CLIENT_QFUA, 2048, 3000, 0, true},  {FOTA_CLIENT_QFAW, 2048, 3000, 0, true},
        {FOTA_CLIENT_QFUA, 3000, 3000, 0, true},  {FOTA_CLIENT_QFAW, 3000, 3000, 0, true},
        {FOTA_CLIENT_QFUA, 1, 3000, 0, true},     {FOTA_CLIENT_QFUA, 2048, 3000, 1, false},
        {FOTA_CLIENT_QFAW, 2048, 3000, 1, false}, {FOTA_CLIENT_QFUA, 2048, 3001, 0, false},
        {FOTA_CLIENT_QFUA, 0, 3000, 0, false},    {FOTA_CLIENT_QFUA, 0, 0, 0, false},
        {FOTA_CLIENT_QFAW, 2048, 0, 0, false},
    };
    static struct run r;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint32_t off = rows[i].resumed ? rows[i].received : 0;
        char command[40];
        prepare_long(&r, rows[i].mode);
        r.options.resume = true;
        start_long(&r);
        answer(&r, "AT+QFAI?\r",
               received_text(rows[i].received, rows[i].total, rows[i].damage));
        if (rows[i].mode == FOTA_CLIENT_QFUA) {
            (void)snprintf(command, sizeof command, "AT+QFUA=%u\r", (unsigned)off);
            answer(&r, off > 0 ? command : "AT+QFUA\r", OK "\r\nCONNECT\r\n");
            take_stream(&r, off);
        } else {
            answer(&r, off > 0 ? "AT+QFAI=1\r" : "AT+QFAI\r",
                   off > 0 ? received_text(off, 3000, 0) : OK);
            take_chunks(&r, off, 3000);
            expect_sent(&r, "AT+QFAU\r");
        }
        finish_long(&r);
        assert_int_equal(strstr(r.log, "resumed") != NULL, rows[i].resumed);
    }
}

/* More than the package has: not ours. */
static void a_module_that_claims_too_much_is_begun_afresh(void **state)
{
    static struct run r;
    (void)state;
    prepare_long(&r, FOTA_CLIENT_QFUA);
    r.options.resume = true;
    start_long(&r);
    answer(&r, "AT+QFAI?\r", "\r\n+QFAI: 4294967295,3000,\"00000000\"\r\n" OK);
    answer(&r, "AT+QFUA\r", OK "\r\nCONNECT\r\n");
    take_stream(&r, 0);
    finish_long(&r);
}

static void where_the_module_cannot_go_on_it_is_begun_afresh(void **state)
{
    static struct run r;
    (void)state;
    prepare_long(&r, FOTA_CLIENT_QFUA);
    r.options.resume = true;
    start_long(&r);
    answer(&r, "AT+QFAI?\r", "\r\n+QFAI: 1024,3000,\"00000000\"\r\n" ERR);
    answer(&r, "AT+QFUA\r", "\r\nCONNECT\r\n");
    take_stream(&r, 0);
    finish_long(&r);
    prepare_long(&r, FOTA_CLIENT_QFUA);
    r.options.resume = true;
    start_long(&r);
    answer(&r, "AT+QFAI?\r", received_text(1024, 3000, 0));
    answer(&r, "AT+QFUA=1024\r", "\r\n+CME ERROR: 21\r\n");
    answer(&r, "AT+QFUA\r", OK "\r\nCONNECT\r\n");
    take_stream(&r, 0);
    finish_long(&r);
    prepare_long(&r, FOTA_CLIENT_QFAW);
    r.options.resume = true;
    start_long(&r);
    answer(&r, "AT+QFAI?\r", received_text(1024, 3000, 0));
    answer(&r, "AT+QFAI=1\r", received_text(1024, 3000, 1)); /* it changed its mind */
    answer(&r, "AT+QFAI\r", OK);
    take_chunks(&r, 0, 3000);
    expect_sent(&r, "AT+QFAU\r");
    finish_long(&r);
    prepare_long(&r, FOTA_CLIENT_QFAW);
    r.options.resume = true;
    start_long(&r);
    answer(&r, "AT+QFAI?\r", received_text(1024, 3000, 0));
    answer(&r, "AT+QFAI=1\r", ERR);
    answer(&r, "AT+QFAI\r", OK);
    take_chunks(&r, 0, 3000);
    expect_sent(&r, "AT+QFAU\r");
    finish_long(&r);
}

static void a_lost_ok_is_settled_by_asking_the_module(void **state)
{
    static struct run r;
    (void)state;
    prepare_long(&r, FOTA_CLIENT_QFAW);
    start_long(&r);
    answer(&r, "AT+QFAI\r", OK);
    take_chunks(&r, 0, 1350);
    expect_sent(&r, chunk_command(1350, 450)); /* its OK is lost */
    go_on(&r, again);
    answer(&r, "AT+QFAI?\r", received_text(1536, 3000, 0));
    answer(&r, "AT+QFAI=1\r", received_text(1536, 3000, 0));
    take_chunks(&r, 1536, 1986);
    expect_sent(&r, chunk_command(1986, 450)); /* and another one */
    go_on(&r, again);
    answer(&r, "AT+QFAI?\r", received_text(2304, 3000, 0));
    expect_sent(&r, "AT+QFAI=1\r");
    r.source_error = FOTA_MORE; /* the source is not ready when it goes on */
    r.reads_left = 0;
    for (const char *at = received_text(2304, 3000, 0); *at != '\0'; at++) {
        fota_at_client_feed(&r.client, (const uint8_t *)at, 1, r.now_ms);
    }
    assert_int_equal(r.source_error, FOTA_OK);
    fota_at_client_feed(&r.client, (const uint8_t *)OK, 6, r.now_ms); /* a stray one */
    take_chunks(&r, 2304, 3000);
    expect_sent(&r, "AT+QFAU\r");
    finish_long(&r);
    assert_null(strstr(r.log, "sent 2304"));
}

static void lost_oks_do_not_add_up_while_bytes_get_through(void **state)
{
    static struct run r;
    (void)state;
    prepare_long(&r, FOTA_CLIENT_QFAW);
    start_long(&r);
    answer(&r, "AT+QFAI\r", OK);
    uint32_t off = 0;
    for (; off < 2560; off += 256) {
        expect_sent(&r, chunk_command(off, off < 2550 ? 450 : 440));
        go_on(&r, again);
        answer(&r, "AT+QFAI?\r", received_text(off + 256, 3000, 0));
        answer(&r, "AT+QFAI=1\r", received_text(off + 256, 3000, 0));
    }
    for (unsigned i = 0; i < 5; i++) { /* here nothing gets through any more */
        expect_sent(&r, chunk_command(off, 440));
        go_on(&r, again);
        answer(&r, "AT+QFAI?\r", received_text(off, 3000, 0));
        answer(&r, "AT+QFAI=1\r", received_text(off, 3000, 0));
    }
    expect_sent(&r, chunk_command(off, 440));
    for (unsigned i = 0; i < 1000 && r.result == FOTA_MORE; i++) {
        tick(&r, 10);
    }
    assert_int_equal(r.result, FOTA_E_LINK);
}

static void a_late_ok_is_not_taken_for_the_next_answer(void **state)
{
    static struct run r;
    (void)state;
    prepare_long(&r, FOTA_CLIENT_QFAW);
    start_long(&r);
    answer(&r, "AT+QFAI\r", OK);
    expect_sent(&r, chunk_command(0, 450));
    expect_sent(&r, "+++");
    expect_sent(&r, "AT\r");
    answer(&r, "", OK);       /* of the chunk */
    answer(&r, "ATE0\r", OK); /* of AT, and so on: one late */
    answer(&r, "AT+CMEE=1\r", OK);
    answer(&r, "ATI\r", OK);
    assert_int_equal(r.n_sent, 0);
    say(&r, ATI(OLD)); /* here it is in step again */
    answer(&r, "AT+QFAI?\r", received_text(256, 3000, 0));
    answer(&r, "AT+QFAI=1\r", received_text(256, 3000, 0));
    take_chunks(&r, 256, 3000);
    expect_sent(&r, "AT+QFAU\r");
    finish_long(&r);
}

static void with_an_old_module_a_lost_ok_begins_the_transfer_afresh(void **state)
{
    static struct run r;
    (void)state;
    prepare_long(&r, FOTA_CLIENT_QFAW);
    start_long(&r);
    answer(&r, "AT+QFAI\r", OK);
    take_chunks(&r, 0, 900);
    for (unsigned i = 0; i < 5; i++) {
        expect_sent(&r, chunk_command(900, 450));
        go_on(&r, again);
        answer(&r, "AT+QFAI?\r", ERR);
        answer(&r, "AT+QFAI\r", OK);
        take_chunks(&r, 0, 900);
    }
    expect_sent(&r, chunk_command(900, 450));
    for (unsigned i = 0; i < 10000 && r.result == FOTA_MORE; i++) {
        tick(&r, 10);
    }
    assert_int_equal(r.result, FOTA_E_LINK); /* not for ever */
}

static void a_chunk_damaged_on_the_line_is_sent_again(void **state)
{
    static const char *const errors[] = {
        "\r\n+CME ERROR: 25\r\n",  "\r\n+CME ERROR: 24\r\n", ERR,
        "\r\n+CME ERROR: 100\r\n", "\r\n+CME ERROR: 3\r\n",  "\r\n+CME ERROR: 21\r\n",
        "\r\n+CME ERROR: 636\r\n"};
    static struct run r;
    (void)state;
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        prepare_long(&r, FOTA_CLIENT_QFAW);
        start_long(&r);
        answer(&r, "AT+QFAI\r", OK);
        take_chunks(&r, 0, 450);
        answer(&r, chunk_command(450, 450), errors[i]);
        go_on(&r, again);
        answer(&r, "AT+QFAI?\r", received_text(256, 3000, 0));
        answer(&r, "AT+QFAI=1\r", received_text(256, 3000, 0));
        take_chunks(&r, 256, 3000);
        expect_sent(&r, "AT+QFAU\r");
        finish_long(&r);
        assert_int_equal(fota_at_client_module_error(&r.client), FOTA_OK);
    }
}

static void a_module_that_resets_in_the_middle_is_taken_up_again(void **state)
{
    static struct run r;
    (void)state;
    prepare_long(&r, FOTA_CLIENT_QFUA);
    start_long(&r);
    answer(&r, "AT+QFUA\r", OK "\r\nCONNECT\r\n");
    tick(&r, 1);
    assert_int_equal(r.n_sent, 1021);
    r.n_sent = 0;
    say(&r, "\r\nRDY\r\n");
    go_on(&r, again);
    answer(&r, "AT+QFAI?\r", received_text(512, 3000, 0));
    answer(&r, "AT+QFUA=512\r", OK "\r\nCONNECT\r\n");
    take_stream(&r, 512);
    finish_long(&r);
    assert_null(strstr(strstr(r.log, "mode") + 1, "mode"));
    prepare_long(&r, FOTA_CLIENT_QFUA);
    start_long(&r);
    answer(&r, "AT+QFUA\r", OK "\r\nCONNECT\r\n");
    tick(&r, 1);
    r.n_sent = 0;
    say(&r, " Quectel firmware update failed. status=36\r\n" ERR); /* time-out */
    go_on(&r, again);
    answer(&r, "AT+QFAI?\r", received_text(512, 3000, 0));
    answer(&r, "AT+QFUA=512\r", OK "\r\nCONNECT\r\n");
    take_stream(&r, 512);
    finish_long(&r);
}

static void
a_module_that_left_data_mode_before_connect_was_heard_is_taken_up_again(void **state)
{
    static struct run r;
    (void)state;
    prepare_long(&r, FOTA_CLIENT_QFUA);
    start_long(&r);
    answer(&r, "AT+QFUA\r",
           OK " Quectel firmware update failed. status=36\r\n" ERR); /* AT+CMEE=0 */
    go_on(&r, again);
    answer(&r, "AT+QFAI?\r", ERR);
    answer(&r, "AT+QFUA\r", "\r\nCONNECT\r\n");
    take_stream(&r, 0);
    finish_long(&r);
}

/* A refused package is sent again when the module's bytes are not the source's. */
static void a_refusal_for_damage_on_the_way_is_told_from_one_of_the_package(void **state)
{
    static const struct {
        enum fota_err refused;
        bool asked;
        uint32_t received;
        uint32_t total;
        uint32_t damage;
        int32_t off; /* where it goes on, or -1: the package itself is refused */
    } rows[] = {
        {FOTA_E_BODY_HASH, true, 3000, 3000, 0, -1},
        {FOTA_E_BODY_HASH, true, 3000, 3000, 1, 0},
        {FOTA_E_TRUNCATED, true, 2816, 3000, 0, 2816},
        {FOTA_E_TRUNCATED, true, 2816, 3001, 0, 0},
        {FOTA_E_OVERLONG, true, 3000, 3000, 1, 0},
        {FOTA_E_FORMAT, true, 0, 0, 0, 0},
        {FOTA_E_SIGNATURE, true, 3000, 3000, 0, -1},
        {FOTA_E_SIGNATURE, true, 3000, 3000, 7, 0},
        {FOTA_E_UNKNOWN_KEY, true, 3000, 3000, 0, -1},
        {FOTA_E_UNKNOWN_KEY, true, 3000, 3000, 7, 0},
        {FOTA_E_VERSION, true, 0, 0, 0, 0},
        {FOTA_E_STAGING_SPACE, true, 0, 0, 0, 0},
        {FOTA_E_PRODUCT, false, 0, 0, 0, -1},
        {FOTA_E_BASE, false, 0, 0, 0, -1},
        {FOTA_E_COUNTER, false, 0, 0, 0, -1},
    };
    static struct run r;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[120];
        prepare_long(&r, FOTA_CLIENT_QFUA);
        start_long(&r);
        answer(&r, "AT+QFUA\r", OK "\r\nCONNECT\r\n");
        take_stream(&r, 0);
        unsigned code = fota_err_code(rows[i].refused);
        (void)snprintf(text, sizeof text,
                       " Quectel firmware update failed. status=%u\r\n\r\n+CME ERROR: %u\r\n",
                       code, fota_err_cme(rows[i].refused));
        say(&r, text);
        if (rows[i].asked) {
            answer(&r, "AT+QFAI?\r",
                   received_text(rows[i].received, rows[i].total, rows[i].damage));
        }
        if (rows[i].off >= 0) {
            (void)snprintf(text, sizeof text, "AT+QFUA=%d\r", (int)rows[i].off);
            answer(&r, rows[i].off > 0 ? text : "AT+QFUA\r", OK "\r\nCONNECT\r\n");
            take_stream(&r, (uint32_t)rows[i].off);
            finish_long(&r);
        } else {
            for (unsigned i_tick = 0; i_tick < 10; i_tick++) {
                tick(&r, 10);
            }
            assert_int_equal(r.result, FOTA_E_REFUSED);
            assert_int_equal(fota_at_client_module_error(&r.client), rows[i].refused);
            assert_int_equal(r.n_sent, 0);
        }
    }
}

static void a_package_that_arrives_damaged_again_and_again_is_refused(void **state)
{
    static struct run r;
    (void)state;
    prepare_long(&r, FOTA_CLIENT_QFUA);
    start_long(&r);
    for (unsigned i = 0; i < 6; i++) {
        answer(&r, "AT+QFUA\r", OK "\r\nCONNECT\r\n");
        take_stream(&r, 0);
        say(&r, " Quectel firmware update failed. status=24\r\n\r\n+CME ERROR: 624\r\n");
        if (i < 5) {
            answer(&r, "AT+QFAI?\r", received_text(3000, 3000, i + 1));
        }
    }
    assert_int_equal(r.result, FOTA_E_REFUSED);
    assert_int_equal(fota_at_client_module_error(&r.client), FOTA_E_BODY_HASH);
}

static void
a_module_that_cannot_tell_its_bytes_is_believed_to_have_refused_the_package(void **state)
{
    static struct run r;
    (void)state;
    prepare_long(&r, FOTA_CLIENT_QFUA);
    start_long(&r);
    answer(&r, "AT+QFUA\r", OK "\r\nCONNECT\r\n");
    take_stream(&r, 0);
    say(&r, "\r\n+CME ERROR: 624\r\n");
    answer(&r, "AT+QFAI?\r", ERR);
    assert_int_equal(r.result, FOTA_E_REFUSED);
}

/* Without RTS bytes are lost in data mode; commands are answered one by one. */
static void a_mode_left_to_the_client_changes_when_data_mode_loses_bytes(void **state)
{
    static const struct {
        enum fota_err refused;
        uint32_t received;
        uint32_t damage;
        uint32_t off;
    } rows[] = {
        {FOTA_E_TRUNCATED, 2816, 1, 0},
        {FOTA_E_TRUNCATED, 2816, 0, 2816},
        {FOTA_E_BODY_HASH, 3000, 1, 0},
        {FOTA_E_FORMAT, 0, 0, 0},
    };
    static struct run r;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[40];
        prepare_long(&r, FOTA_CLIENT_AUTO);
        r.options.line_has_flow_control = true;
        start_long(&r);
        answer(&r, "AT+IFC?\r", "\r\n+IFC: 2,2\r\n" OK);
        answer(&r, "AT+QFUA\r", OK "\r\nCONNECT\r\n");
        take_stream(&r, 0);
        (void)snprintf(text, sizeof text, "\r\n+CME ERROR: %u\r\n",
                       fota_err_cme(rows[i].refused));
        say(&r, text);
        answer(
            &r, "AT+QFAI?\r",
            received_text(rows[i].received, rows[i].received > 0 ? 3000 : 0, rows[i].damage));
        if (rows[i].off > 0) {
            answer(&r, "AT+QFAI=1\r", received_text(rows[i].off, 3000, 0));
        } else {
            answer(&r, "AT+QFAI\r", OK);
        }
        take_chunks(&r, rows[i].off, 3000);
        expect_sent(&r, "AT+QFAU\r");
        finish_long(&r);
    }
}

/* The end of the escape sequence was lost: the module leaves data mode by itself. */
static void a_time_out_behind_the_last_byte_is_taken_up_again(void **state)
{
    static struct run r;
    (void)state;
    prepare_long(&r, FOTA_CLIENT_QFUA);
    start_long(&r);
    answer(&r, "AT+QFUA\r", OK "\r\nCONNECT\r\n");
    take_stream(&r, 0);
    say(&r, " Quectel firmware update failed. status=36\r\n\r\n+CME ERROR: 636\r\n");
    go_on(&r, again);
    answer(&r, "AT+QFAI?\r", received_text(2816, 3000, 0));
    answer(&r, "AT+QFUA=2816\r", OK "\r\nCONNECT\r\n");
    take_stream(&r, 2816);
    finish_long(&r);
}

static void what_is_refused_by_its_first_bytes_is_believed_the_second_time(void **state)
{
    static const enum fota_err errors[] = {FOTA_E_FORMAT, FOTA_E_VERSION, FOTA_E_FEATURE,
                                           FOTA_E_STAGING_SPACE};
    static struct run r;
    (void)state;
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        char text[40];
        (void)snprintf(text, sizeof text, "\r\n+CME ERROR: %u\r\n", fota_err_cme(errors[i]));
        prepare_long(&r, FOTA_CLIENT_QFAW);
        start_long(&r);
        answer(&r, "AT+QFAI\r", OK);
        answer(&r, chunk_command(0, 450), text);
        answer(&r, "AT+QFAI?\r", received_text(0, 0, 0));
        answer(&r, "AT+QFAI\r", OK);
        answer(&r, chunk_command(0, 450), text);
        assert_int_equal(r.result, FOTA_E_REFUSED);
        assert_int_equal(fota_at_client_module_error(&r.client), errors[i]);
    }
}

/* A command of the transfer that the module did not understand may have been damaged on the
 * way: what it says then names no error, or that of another command. */
static void a_command_that_was_not_understood_is_sent_again(void **state)
{
    static const char *const answers[] = {ERR, "\r\n+CME ERROR: 100\r\n",
                                          "\r\n+CME ERROR: 3\r\n"};
    static struct run r;
    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        prepare_long(&r, FOTA_CLIENT_QFUA);
        start_long(&r);
        answer(&r, "AT+QFUA\r", answers[i]);
        go_on(&r, again);
        answer(&r, "AT+QFAI?\r", received_text(0, 0, 0));
        answer(&r, "AT+QFUA\r", OK "\r\nCONNECT\r\n");
        take_stream(&r, 0);
        finish_long(&r);
        prepare_long(&r, FOTA_CLIENT_QFAW);
        start_long(&r);
        answer(&r, "AT+QFAI\r", answers[i]);
        go_on(&r, again);
        answer(&r, "AT+QFAI?\r", received_text(0, 0, 0));
        answer(&r, "AT+QFAI\r", OK);
        take_chunks(&r, 0, 3000);
        answer(&r, "AT+QFAU\r", answers[i]);
        go_on(&r, again);
        answer(&r, "AT+QFAI?\r", received_text(3000, 3000, 0));
        answer(&r, "AT+QFAI=1\r", received_text(3000, 3000, 0));
        expect_sent(&r, "AT+QFAU\r");
        finish_long(&r);
    }
}

static void what_ati_shows_outweighs_a_damaged_line_of_failure(void **state)
{
    static struct run r;
    (void)state;
    prepare_long(&r, FOTA_CLIENT_QFUA);
    start_long(&r);
    answer(&r, "AT+QFUA\r", OK "\r\nCONNECT\r\n");
    take_stream(&r, 0);
    say(&r,
        "Finish data downloading, rebooting....\r\n Quectel firmware update failed. status=1"
        "\r\nRebooting....\r\nRDY\r\n");
    go_on(&r, prove);
    assert_int_equal(r.result, FOTA_OK);
}

static void what_is_sent_again_may_be_resumed(void **state)
{
    static struct run r;
    (void)state;
    prepare_long(&r, FOTA_CLIENT_QFUA);
    start_long(&r);
    answer(&r, "AT+QFUA\r", OK "\r\nCONNECT\r\n");
    take_stream(&r, 0);
    say(&r, "\r\n+CME ERROR: 624\r\n");
    answer(&r, "AT+QFAI?\r", received_text(3000, 3000, 1));
    answer(&r, "AT+QFUA\r", OK "\r\nCONNECT\r\n");
    take_stream(&r, 0);
    say(&r, "\r\nRDY\r\n"); /* a reset before it could start the update */
    go_on(&r, again);
    answer(&r, "AT+QFAI?\r", received_text(3000, 3000, 0));
    answer(&r, "AT+QFUA=3000\r", OK "\r\nCONNECT\r\n");
    take_stream(&r, 3000);
    finish_long(&r);
}

/* A version misread at the begin is no update. */
static void only_behind_the_start_a_changed_version_is_one_to_be_proven(void **state)
{
    static struct run r;
    (void)state;
    prepare_long(&r, FOTA_CLIENT_QFAW);
    start(&r);
    answer(&r, "AT\r", OK);
    answer(&r, "ATE0\r", OK);
    answer(&r, "AT+CMEE=1\r", OK);
    answer(&r, "ATI\r", ATI("M95FAR0?A07"));
    answer(&r, "AT+QFAI\r", OK);
    expect_sent(&r, chunk_command(0, 450));
    go_on(&r, again);
    answer(&r, "AT+QFAI?\r", received_text(256, 3000, 0));
    answer(&r, "AT+QFAI=1\r", received_text(256, 3000, 0));
    take_chunks(&r, 256, 3000);
    expect_sent(&r, "AT+QFAU\r");
    finish_long(&r);
}

static void an_update_whose_every_line_is_lost_is_proven_by_the_version(void **state)
{
    static struct run r;
    (void)state;
    for (unsigned mode = FOTA_CLIENT_QFUA; mode <= FOTA_CLIENT_QFAW; mode++) {
        prepare_long(&r, (enum fota_client_mode)mode);
        start_long(&r);
        if (mode == FOTA_CLIENT_QFUA) {
            answer(&r, "AT+QFUA\r", OK "\r\nCONNECT\r\n");
            take_stream(&r, 0);
        } else {
            answer(&r, "AT+QFAI\r", OK);
            take_chunks(&r, 0, 3000);
            expect_sent(&r, "AT+QFAU\r");
        }
        answer(&r, "+++", "");
        answer(&r, "AT\r", OK);
        answer(&r, "ATE0\r", OK);
        answer(&r, "AT+CMEE=1\r", OK);
        answer(&r, "ATI\r", ATI(NEW));
        assert_int_equal(r.result, FOTA_OK);
    }
}

static void the_last_line_of_the_update_is_enough(void **state)
{
    static struct run r;
    (void)state;
    for (unsigned ok = 0; ok < 2; ok++) {
        prepare_long(&r, FOTA_CLIENT_QFUA);
        r.options.expect_version = NULL;
        start_long(&r);
        answer(&r, "AT+QFUA\r", OK "\r\nCONNECT\r\n");
        take_stream(&r, 0);
        say(&r, ok != 0
                    ? " Quectel firmware update success. status=0\r\nRDY\r\n"
                    : "Rebooting....\r\n Quectel firmware update success. status=7\r\nRDY\r\n");
        go_on(&r, prove);
        assert_int_equal(r.result, ok != 0 ? FOTA_OK : FOTA_E_FAILED_UPDATE);
        assert_int_equal(fota_at_client_module_error(&r.client),
                         ok != 0 ? FOTA_OK : FOTA_E_KEY);
    }
}

/* A pause longer than any that is expected, for example a power cut in the update. */
static void an_update_that_goes_on_after_a_long_silence_is_followed_again(void **state)
{
    static struct run r;
    (void)state;
    prepare_long(&r, FOTA_CLIENT_QFUA);
    start_long(&r);
    answer(&r, "AT+QFUA\r", OK "\r\nCONNECT\r\n");
    take_stream(&r, 0);
    say(&r, "Finish data downloading, rebooting....\r\n Update  percent = 7%\r\n");
    expect_sent(&r, "AT\r");
    say(&r, " Update  percent = 8%\r\n");
    for (unsigned s = 0; s < 110; s++) {
        tick(&r, 1000);
    }
    assert_int_equal(r.n_sent, 0); /* it is left alone */
    say(&r, " Update  percent = 100%\r\n");
    say(&r, " Quectel firmware update success. status=0\r\nRebooting....\r\nRDY\r\n");
    go_on(&r, prove);
    assert_int_equal(r.result, FOTA_OK);
    assert_string_equal(r.log,
                        "before " OLD ";mode QFUA;sent 1021;sent 2042;sent 3000;accepted 0;"
                        "percent 7;percent 8;percent 100;status 0;ready 0;after " NEW ";");
}

static void an_update_under_way_at_the_begin_is_followed(void **state)
{
    static struct run r;
    (void)state;
    for (unsigned expecting = 0; expecting < 2; expecting++) {
        prepare_long(&r, FOTA_CLIENT_AUTO);
        r.options.expect_version = expecting != 0 ? NEW : NULL;
        start(&r);
        answer(&r, "AT\r", " Update  percent = 41%\r\n Update  percent = 40%\r\n");
        say(&r, " Update  percent = 42%\r\n");
        say(&r, " Quectel firmware update success. status=0\r\nRebooting....\r\nRDY\r\n");
        for (unsigned tries = expecting != 0 ? 1 : 3; tries > 0; tries--) {
            go_on(&r, prove);
        }
        /* without a version to expect: an update to what? */
        assert_int_equal(r.result, expecting != 0 ? FOTA_OK : FOTA_E_UNPROVEN);
        assert_string_equal(r.log,
                            "accepted 0;percent 41;percent 42;status 0;ready 0;after " NEW ";");
    }
}

/* ---- hostile modules ---- */

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525U + 1013904223U;
    return *seed >> 8;
}

/* Whatever a module says, and however often, the client ends; it never reads outside the source
 * (source_read checks). */
static void no_module_keeps_the_client_for_ever(void **state)
{
    static const char *const words[] = {
        OK,
        ERR,
        "RDY\r\n",
        ATI(OLD),
        ATI("x"),
        "\r\nCONNECT\r\n",
        "\r\n+IFC: 2,2\r\n",
        "\r\n+CME ERROR: 25\r\n",
        "\r\n+CME ERROR: 636\r\n",
        "Finish data downloading\r\n",
        " Update  percent = 50%\r\n",
        " Update  percent = 51%\r\n",
        "Rebooting....\r\n",
        " Quectel firmware update failed. status=3\r\n",
        "\xFF\x01 junk\r\n",
        "AT\r",
        "\r\n+QFAI: 2999,3000,\"12345678\"\r\n",
        "firmware update success. status=0\r\n",
        "",
    };
    const size_t n_words = sizeof words / sizeof words[0];
    static struct run r;
    (void)state;
    for (uint32_t round = 0; round < 600; round++) {
        uint32_t seed = round;
        unsigned steps = 0;
        prepare_long(&r, round % 2 == 0 ? FOTA_CLIENT_QFUA : FOTA_CLIENT_QFAW);
        r.options.resume = round % 3 == 0;
        r.options.expect_version = "never";
        r.source =
            (struct fota_package_source){.ctx = &r, .n_bytes = 3000, .read = source_read};
        r.result = FOTA_MORE;
        fota_at_client_begin(&r.client, &r.source, &r.options, NULL, NULL);
        while (r.result == FOTA_MORE) {
            /* the same word for ever, or a mixture with a favourite */
            size_t word = round < n_words ? round : next_random(&seed) % n_words;
            if (round % 5 == 1 && next_random(&seed) % 2 == 0) {
                word = 0;
            }
            say(&r, words[word]);
            r.n_sent = 0;
            tick(&r, 1 + next_random(&seed) % 400);
            assert_true(++steps < 100000);
        }
        assert_int_not_equal(r.result, FOTA_OK);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_dialogue_of_seed_2_3_1_succeeds),
        cmocka_unit_test(
            the_dialogue_of_seed_2_3_2_succeeds_with_a_module_that_knows_nothing_else),
        cmocka_unit_test(auto_takes_data_mode_where_module_and_line_have_flow_control),
        cmocka_unit_test(auto_turns_to_commands_only_where_they_can_help),
        cmocka_unit_test(a_quiet_numeric_module_and_one_that_wakes_slowly_are_found),
        cmocka_unit_test(silence_and_nonsense_are_told_apart),
        cmocka_unit_test(refusals_name_the_modules_error),
        cmocka_unit_test(a_failed_update_is_followed_to_the_old_firmware),
        cmocka_unit_test(without_rdy_the_module_is_asked_until_it_answers),
        cmocka_unit_test(success_is_only_what_the_version_proves),
        cmocka_unit_test(a_trial_is_confirmed_when_the_version_is_proven),
        cmocka_unit_test(versions_are_read_from_every_layout),
        cmocka_unit_test(chunks_hold_450_bytes_and_the_last_the_rest),
        cmocka_unit_test(the_stream_holds_every_byte_and_the_escape_however_slow_the_line),
        cmocka_unit_test(a_source_that_is_not_ready_is_asked_again_and_its_error_is_the_result),
        cmocka_unit_test(packages_of_every_length_around_the_buffers_are_sent_whole),
        cmocka_unit_test(a_source_may_take_its_time),
        cmocka_unit_test(a_slow_line_is_no_silence),
        cmocka_unit_test(a_line_that_takes_no_bytes_is_lost),
        cmocka_unit_test(a_module_is_searched_for_eleven_seconds_each_time),
        cmocka_unit_test(time_outs_follow_the_options),
        cmocka_unit_test(the_time_of_feed_counts),
        cmocka_unit_test(
            without_rdy_the_module_is_asked_after_the_answer_time_and_for_two_minutes),
        cmocka_unit_test(lines_are_shown_printable_and_cut),
        cmocka_unit_test(an_empty_package_is_not_sent),
        cmocka_unit_test(a_transfer_goes_on_where_the_modules_bytes_are_the_sources),
        cmocka_unit_test(a_module_that_claims_too_much_is_begun_afresh),
        cmocka_unit_test(where_the_module_cannot_go_on_it_is_begun_afresh),
        cmocka_unit_test(a_lost_ok_is_settled_by_asking_the_module),
        cmocka_unit_test(lost_oks_do_not_add_up_while_bytes_get_through),
        cmocka_unit_test(a_late_ok_is_not_taken_for_the_next_answer),
        cmocka_unit_test(with_an_old_module_a_lost_ok_begins_the_transfer_afresh),
        cmocka_unit_test(a_chunk_damaged_on_the_line_is_sent_again),
        cmocka_unit_test(a_module_that_resets_in_the_middle_is_taken_up_again),
        cmocka_unit_test(
            a_module_that_left_data_mode_before_connect_was_heard_is_taken_up_again),
        cmocka_unit_test(a_refusal_for_damage_on_the_way_is_told_from_one_of_the_package),
        cmocka_unit_test(a_package_that_arrives_damaged_again_and_again_is_refused),
        cmocka_unit_test(
            a_module_that_cannot_tell_its_bytes_is_believed_to_have_refused_the_package),
        cmocka_unit_test(a_mode_left_to_the_client_changes_when_data_mode_loses_bytes),
        cmocka_unit_test(a_time_out_behind_the_last_byte_is_taken_up_again),
        cmocka_unit_test(what_is_refused_by_its_first_bytes_is_believed_the_second_time),
        cmocka_unit_test(a_command_that_was_not_understood_is_sent_again),
        cmocka_unit_test(what_ati_shows_outweighs_a_damaged_line_of_failure),
        cmocka_unit_test(what_is_sent_again_may_be_resumed),
        cmocka_unit_test(only_behind_the_start_a_changed_version_is_one_to_be_proven),
        cmocka_unit_test(an_update_whose_every_line_is_lost_is_proven_by_the_version),
        cmocka_unit_test(the_last_line_of_the_update_is_enough),
        cmocka_unit_test(an_update_that_goes_on_after_a_long_silence_is_followed_again),
        cmocka_unit_test(an_update_under_way_at_the_begin_is_followed),
        cmocka_unit_test(no_module_keeps_the_client_for_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
