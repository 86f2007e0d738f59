/* SPDX-License-Identifier: MIT */
/* The talking source alone: what it says, and what it makes of every kind of answer. */
#include "core/at_client.h"
#include "core/at_fetch.h"
#include "core/crc32.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define PACKAGE_BYTES 1000U
#define URL           "http://127.0.0.1:8080/p.fota"
#define NAME          "UFS:E7D9925E.FOT"

static uint8_t package[PACKAGE_BYTES];
static struct fota_at_fetch fetch;
static struct fota_talk_note note;
static uint32_t file_at; /* where raw bytes of the fake module come from */

static void make_package(uint32_t total)
{
    for (size_t i = 0; i < sizeof package; i++) {
        package[i] = (uint8_t)(i * 131 + 7);
    }
    memcpy(package, "FOTA\0\0\310\0", 8); /* version, mask, head of 200 bytes */
    package[8] = (uint8_t)total;
    package[9] = (uint8_t)(total >> 8);
    package[10] = (uint8_t)(total >> 16);
    package[11] = 0;
}

static void begin(const char *url)
{
    const struct fota_at_fetch_options options = {.fresh = false};
    make_package(PACKAGE_BYTES);
    assert_int_equal(fota_at_fetch_init(&fetch, url, &options), FOTA_OK);
    file_at = 0;
}

static uint32_t said_limit_ms;

static void expect_say(const char *text)
{
    char out[575];
    size_t n = fetch.talk.say(fetch.talk.ctx, out, sizeof out - 1, &said_limit_ms);
    out[n] = '\0';
    assert_string_equal(out, text);
    assert_int_equal(n, strlen(text));
}

/* One line of the module; the raw bytes it announces follow in pieces. */
static enum fota_talk hear(const char *line)
{
    struct fota_at_reply reply = fota_at_client_reply(line);
    note = (struct fota_talk_note){.n_raw = 0, .err = FOTA_OK};
    enum fota_talk talk = fetch.talk.hear(fetch.talk.ctx, &reply, line, &note);
    for (uint32_t left = note.n_raw; left > 0;) {
        uint32_t n = left < 7 ? left : 7;
        assert_int_equal(fetch.talk.take(fetch.talk.ctx, package + file_at, n, &note),
                         FOTA_TALK_ON);
        file_at += n;
        left -= n;
    }
    return talk;
}

/* The command, then lines divided by '|'; all but the last change nothing. */
static enum fota_talk exchange(const char *say, const char *lines)
{
    char text[700];
    expect_say(say);
    (void)snprintf(text, sizeof text, "%s", lines);
    for (char *line = text;;) {
        char *bar = strchr(line, '|');
        if (bar == NULL) {
            return hear(line);
        }
        *bar = '\0';
        assert_int_equal(hear(line), FOTA_TALK_ON);
        line = bar + 1;
    }
}

static void next(const char *say, const char *lines)
{
    assert_int_equal(exchange(say, lines), FOTA_TALK_NEXT);
}

static void again(const char *say, const char *lines, enum fota_err err)
{
    assert_int_equal(exchange(say, lines), FOTA_TALK_AGAIN);
    assert_int_equal(note.err, err);
}

/* What is for good is tried twice; this is the second time. */
static void give_up(const char *say, const char *lines, enum fota_err err)
{
    fetch.n_fatal = 1;
    assert_int_equal(exchange(say, lines), FOTA_TALK_GIVE_UP);
    assert_int_equal(note.err, err);
}

static void is_ready(uint32_t n_bytes)
{
    expect_say("");
    assert_int_equal(fetch.source.n_bytes, n_bytes);
}

#define LOOK                                                                                   \
    next("AT+QFOPEN?\r", "OK");                                                                \
    next("AT+QFLST=\"" NAME "\"\r", "+CME ERROR: 661")
#define DOWNLOAD                                                                               \
    next("AT+QHTTPURL=28,5\r", "CONNECT");                                                     \
    next(URL, "OK");                                                                           \
    next("AT+QHTTPDL=\"" NAME "\",2147483647,60\r", "OK|+QHTTPDL: 1000,1000,0")
#define OPEN                                                                                   \
    next("AT+QFOPEN=\"" NAME "\",2\r", "+QFOPEN: 3000|OK");                                    \
    file_at = 0;                                                                               \
    next("AT+QFREAD=3000,12\r", "CONNECT 12|OK");                                              \
    is_ready(PACKAGE_BYTES)

/* Reads [off, off + n) and compares. */
static void read_back(uint32_t off, uint32_t n, const char *command)
{
    uint8_t bytes[450];
    char text[40];
    assert_int_equal(fetch.source.read(fetch.source.ctx, off, bytes, n), FOTA_MORE);
    file_at = off;
    (void)snprintf(text, sizeof text, "CONNECT %u|OK", (unsigned)n);
    next(command, text);
    is_ready(PACKAGE_BYTES);
    assert_int_equal(fetch.source.read(fetch.source.ctx, off, bytes, n), FOTA_OK);
    assert_memory_equal(bytes, package + off, n);
}

static void a_package_is_downloaded_into_a_file_and_read(void **state)
{
    uint8_t bytes[450];
    (void)state;
    begin(URL);
    LOOK;
    DOWNLOAD;
    assert_int_equal(said_limit_ms, 600000);
    OPEN;
    assert_int_equal(fetch.source.read(fetch.source.ctx, 0, bytes, 450), FOTA_MORE);
    next("AT+QFSEEK=3000,0\r", "OK");
    file_at = 0;
    next("AT+QFREAD=3000,450\r", "CONNECT 450|OK");
    is_ready(PACKAGE_BYTES);
    /* what was read is handed over once, and to the place it was asked for */
    assert_int_equal(fetch.source.read(fetch.source.ctx, 0, bytes, 450), FOTA_OK);
    assert_memory_equal(bytes, package, 450);
    assert_int_equal(fetch.source.read(fetch.source.ctx, 0, bytes, 450), FOTA_MORE);
    next("AT+QFSEEK=3000,0\r", "OK");
    file_at = 0;
    next("AT+QFREAD=3000,450\r", "CONNECT 450|OK");
    read_back(450, 450, "AT+QFREAD=3000,450\r"); /* in order: no seek */
    read_back(900, 100, "AT+QFREAD=3000,100\r");
    fetch.talk.end(fetch.talk.ctx);
    next("AT+QFCLOSE=3000\r", "OK");
    next("AT+QFDEL=\"" NAME "\"\r", "OK");
    expect_say("");
}

static void halves_of_an_answer_come_in_either_order_and_with_strange_lines(void **state)
{
    (void)state;
    begin(URL);
    next("AT+QFOPEN?\r", "+CREG: 1|+QFOPEN: \"UFS:other\",7,0|OK");
    next("AT+QFLST=\"" NAME "\"\r", "Call Ready|+CME ERROR: 661");
    next("AT+QHTTPURL=28,5\r", "RING|CONNECT");
    next(URL, "+CREG: 1|OK");
    next("AT+QHTTPDL=\"" NAME "\",2147483647,60\r", "+QHTTPDL: 1000,-1,0|NOISE|OK");
    next("AT+QFOPEN=\"" NAME "\",2\r", "+CREG: 1|+QFOPEN: 3000|OK");
    next("AT+QFREAD=3000,12\r", "OK|CONNECT 12|+CREG: 1|OK"); /* a late OK before */
    is_ready(PACKAGE_BYTES);
}

static void what_an_earlier_run_left_is_used(void **state)
{
    (void)state;
    begin(URL);
    next("AT+QFOPEN?\r", "+QFOPEN: \"" NAME "\",41,0|+QFOPEN: \"" NAME "\",42,0|OK");
    next("AT+QFCLOSE=41\r", "OK");
    next("AT+QFOPEN?\r", "+QFOPEN: \"" NAME "\",42,0|OK");
    next("AT+QFCLOSE=42\r", "OK");
    next("AT+QFOPEN?\r", "OK");
    next("AT+QFLST=\"" NAME "\"\r", "+QFLST: \"" NAME "\",1000|OK");
    OPEN;
}

static void a_part_or_something_else_that_is_left_is_deleted(void **state)
{
    static const struct {
        unsigned listed;
        uint32_t total;
        bool opened;
    } rows[] = {{999, 1000, true}, {1000, 999, true}, {1000, 0, true}, {11, 1000, false}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[80];
        begin(URL);
        make_package(rows[i].total);
        next("AT+QFOPEN?\r", "ERROR"); /* a module that does not know it */
        (void)snprintf(text, sizeof text, "+QFLST: \"" NAME "\",%u|OK", rows[i].listed);
        next("AT+QFLST=\"" NAME "\"\r", text);
        if (rows[i].opened) {
            next("AT+QFOPEN=\"" NAME "\",2\r", "+QFOPEN: 5|OK");
            next("AT+QFREAD=5,12\r", "CONNECT 12|OK");
            next("AT+QFCLOSE=5\r", "OK");
        }
        next("AT+QFDEL=\"" NAME "\"\r", i == 0 ? "+CME ERROR: 661" : "OK");
        make_package(PACKAGE_BYTES);
        DOWNLOAD;
        OPEN;
    }
}

static void a_fresh_start_deletes_once(void **state)
{
    const struct fota_at_fetch_options options = {
        .fresh = true, .in_ram = true, .silence_s = 9};
    (void)state;
    begin(URL);
    assert_int_equal(fota_at_fetch_init(&fetch, URL, &options), FOTA_OK);
    for (int i = 0; i < 2; i++) {
        next("AT+QFOPEN?\r", "OK");
        next("AT+QFLST=\"RAM:E7D9925E.FOT\"\r", "+QFLST: \"RAM:E7D9925E.FOT\",1000|OK");
        if (i == 0) {
            next("AT+QFDEL=\"RAM:E7D9925E.FOT\"\r", "OK");
            next("AT+QHTTPURL=28,5\r", "CONNECT");
            next(URL, "OK");
            next("AT+QHTTPDL=\"RAM:E7D9925E.FOT\",2147483647,9\r", "OK|+QHTTPDL: 1000,1000,0");
        }
        expect_say("AT+QFOPEN=\"RAM:E7D9925E.FOT\",2\r");
        fetch.talk.reset(fetch.talk.ctx); /* the module was lost: what is there is new */
    }
}

static void a_download_of_somebody_else_is_waited_for(void **state)
{
    (void)state;
    begin(URL);
    next("AT+QFOPEN?\r", "OK");
    next("AT+QFLST=\"" NAME "\"\r", "+QFLST: \"" NAME "\",4|OK");
    next("AT+QFDEL=\"" NAME "\"\r", "+CME ERROR: 673");
    next("AT\r", "OK|+QHTTPDL: 1000,1000,0");
    next("AT+QFLST=\"" NAME "\"\r", "+QFLST: \"" NAME "\",1000|OK");
    OPEN;
}

static void a_file_that_cannot_be_opened_is_looked_for_again(void **state)
{
    (void)state;
    begin(URL);
    LOOK;
    DOWNLOAD;
    again("AT+QFOPEN=\"" NAME "\",2\r", "+CME ERROR: 661", FOTA_E_LINK);   /* it went away */
    again("AT+QFOPEN=\"" NAME "\",2\r", "+CME ERROR: 673", FOTA_E_IN_USE); /* no handle */
}

/* In each of these steps, what ends it and how. */
static void failures_of_a_download_end_it_or_are_tried_again(void **state)
{
    static const struct {
        const char *answer;
        bool for_good;
        enum fota_err err;
    } rows[] = {
        {"ERROR", false, FOTA_E_REFUSED},
        {"+CME ERROR: 4001", false, FOTA_E_REFUSED}, /* of a real module's own */
        {"+CME ERROR: 670", true, FOTA_E_STORE},
        {"+CME ERROR: 673", false, FOTA_E_IN_USE},
        {"OK|+QHTTPDL: 0,-1,661", true, FOTA_E_NOT_FOUND},
        {"OK|+QHTTPDL: 0,-1,662", true, FOTA_E_ACCESS},
        {"OK|+QHTTPDL: 0,2000000,670", true, FOTA_E_STORE},
        {"OK|+QHTTPDL: 0,-1,664", false, FOTA_E_NETWORK},
        {"OK|+QHTTPDL: 0,-1,3814", false, FOTA_E_SERVER},
        {"OK|+QHTTPDL: 999,1000,0", false, FOTA_E_NETWORK}, /* cut, or the file has changed */
        {"OK|+QHTTPDL: ", false, FOTA_E_NONSENSE},
        {"OK|+QHTTPDL: 1000", false, FOTA_E_NONSENSE},
        {"OK|+QHTTPDL: 1000,1000", false, FOTA_E_NONSENSE},
        {"OK|+QHTTPDL: 1000,1000,", false, FOTA_E_NONSENSE},
        {"OK|+QHTTPDL: 1000,1000,0,0", false, FOTA_E_NONSENSE},
        {"OK|+QHTTPDL: -1,1000,0", false, FOTA_E_NONSENSE},
        {"OK|+QHTTPDL: 99999999999,1000,0", false, FOTA_E_NONSENSE},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        begin(URL);
        LOOK;
        next("AT+QHTTPURL=28,5\r", "CONNECT");
        next(URL, "OK");
        again("AT+QHTTPDL=\"" NAME "\",2147483647,60\r", rows[i].answer, rows[i].err);
        (rows[i].for_good ? give_up : again)("AT+QHTTPDL=\"" NAME "\",2147483647,60\r",
                                             rows[i].answer, rows[i].err);
    }
    begin(URL);
    LOOK;
    again("AT+QHTTPURL=28,5\r", "ERROR", FOTA_E_REFUSED);
    begin(URL);
    LOOK;
    next("AT+QHTTPURL=28,5\r", "CONNECT");
    again(URL, "+CME ERROR: 636", FOTA_E_TIMEOUT);
    begin(URL);
    LOOK;
    next("AT+QHTTPURL=28,5\r", "CONNECT");
    give_up(URL, "+CME ERROR: 602", FOTA_E_USAGE);
}

static void what_is_no_package_on_the_server_is_downloaded_twice(void **state)
{
    static const struct {
        uint32_t total;
        uint8_t magic;
        enum fota_err err;
    } rows[] = {
        {1001, 'F', FOTA_E_TRUNCATED}, {999, 'F', FOTA_E_OVERLONG}, {1000, '<', FOTA_E_FORMAT}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        begin(URL);
        make_package(rows[i].total);
        package[0] = rows[i].magic;
        LOOK;
        DOWNLOAD;
        next("AT+QFOPEN=\"" NAME "\",2\r", "+QFOPEN: 1|OK");
        again("AT+QFREAD=1,12\r", "CONNECT 12|OK", rows[i].err);
        fetch.talk.reset(fetch.talk.ctx);
        next("AT+QFOPEN?\r", "OK");
        next("AT+QFLST=\"" NAME "\"\r", "+QFLST: \"" NAME "\",1000|OK");
        next("AT+QFOPEN=\"" NAME "\",2\r", "+QFOPEN: 1|OK");
        file_at = 0;
        next("AT+QFREAD=1,12\r", "CONNECT 12|OK");
        next("AT+QFCLOSE=1\r", "OK");
        next("AT+QFDEL=\"" NAME "\"\r", "OK");
        DOWNLOAD;
        next("AT+QFOPEN=\"" NAME "\",2\r", "+QFOPEN: 1|OK");
        file_at = 0;
        give_up("AT+QFREAD=1,12\r", "CONNECT 12|OK", rows[i].err);
    }
}

static void short_reads_are_completed_and_wrong_lengths_are_not_believed(void **state)
{
    static const char *const wrong[] = {"CONNECT 451", "CONNECT 0",   "CONNECT",
                                        "CONNECT x",   "CONNECT 45x", "CONNECT 4294967296",
                                        "CONNECT -1"};
    uint8_t bytes[450];
    (void)state;
    begin(URL);
    LOOK;
    DOWNLOAD;
    OPEN;
    assert_int_equal(fetch.source.read(fetch.source.ctx, 12, bytes, 450), FOTA_MORE);
    file_at = 12;
    next("AT+QFREAD=3000,450\r", "CONNECT 200|OK");
    next("AT+QFREAD=3000,250\r", "CONNECT 1|OK");
    next("AT+QFREAD=3000,249\r", "CONNECT 249|OK");
    is_ready(PACKAGE_BYTES);
    assert_int_equal(fetch.source.read(fetch.source.ctx, 12, bytes, 450), FOTA_OK);
    assert_memory_equal(bytes, package + 12, 450);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(fetch.source.read(fetch.source.ctx, 462, bytes, 450), FOTA_MORE);
        again("AT+QFREAD=3000,450\r", wrong[i], FOTA_E_NONSENSE);
        assert_int_equal(note.n_raw, 0);
    }
    assert_int_equal(fetch.source.read(fetch.source.ctx, 462, bytes, 450), FOTA_MORE);
    again("AT+QFREAD=3000,450\r", "+CME ERROR: 671", FOTA_E_LINK); /* the module was reset */
}

static void ftp_commands_carry_the_parts_of_the_address(void **state)
{
    (void)state;
    begin("ftp://me:pass:word@host:2121/a/b/p.fota");
    next("AT+QFOPEN?\r", "OK");
    next("AT+QFLST=\"UFS:F90BED01.FOT\"\r", "ERROR");
    next("AT+QFTPCLOSE\r", "+CME ERROR: 672");
    next("AT+QFTPUSER=\"me\"\r", "OK");
    next("AT+QFTPPASS=\"pass:word\"\r", "OK");
    next("AT+QFTPOPEN=\"host\",2121\r", "OK|+QFTPOPEN:0");
    next("AT+QFTPCFG=4,\"/UFS/F90BED01.FOT\"\r", "OK|+QFTPCFG: 0");
    next("AT+QFTPPATH=\"/a/b/\"\r", "OK|+QFTPPATH:0");
    next("AT+QFTPGET=\"p.fota\"\r", "OK|+QFTPGET:1000");
    next("AT+QFTPCLOSE\r", "OK|+QFTPCLOSE:0");
    next("AT+QFOPEN=\"UFS:F90BED01.FOT\",2\r", "+QFOPEN: 1|OK");
    next("AT+QFREAD=1,12\r", "CONNECT 12|OK");
    is_ready(1000);
    begin("ftp://host/p");
    next("AT+QFOPEN?\r", "OK");
    next("AT+QFLST=\"UFS:311A33A9.FOT\"\r", "ERROR");
    next("AT+QFTPCLOSE\r", "OK|+QFTPCLOSE:0");
    next("AT+QFTPUSER=\"anonymous\"\r", "OK");
    next("AT+QFTPPASS=\"anonymous\"\r", "OK");
    give_up("AT+QFTPOPEN=\"host\",21\r", "OK|+QFTPOPEN:-662", FOTA_E_ACCESS);
}

/* ---- TCP ---- */

static void put_raw(const char *line, const uint8_t *bytes, uint32_t n)
{
    char text[80];
    struct fota_at_reply reply = fota_at_client_reply("+QIRD: 127.0.0.1:9,TCP,1");
    uint32_t n_line = (uint32_t)strlen(line);
    (void)snprintf(text, sizeof text, "+QIRD: 127.0.0.1:9,TCP,%u", (unsigned)(n_line + n));
    reply.text = text;
    note = (struct fota_talk_note){.n_raw = 0, .err = FOTA_OK};
    assert_int_equal(fetch.talk.hear(fetch.talk.ctx, &reply, text, &note), FOTA_TALK_ON);
    assert_int_equal(note.n_raw, n_line + n);
    for (uint32_t i = 0; i < n_line; i++) {
        (void)fetch.talk.take(fetch.talk.ctx, (const uint8_t *)line + i, 1, &note);
    }
    if (n > 0) {
        (void)fetch.talk.take(fetch.talk.ctx, bytes, n, &note);
    }
}

#define HASH_A "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define HASH_B "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdee"

static void open_tcp(void)
{
    begin("tcp://host:99/p.fota");
    next("AT+QICLOSE\r", "ERROR");
    next("AT+QINDI=1\r", "OK");
    next("AT+QIOPEN=\"TCP\",\"host\",99\r", "OK|CONNECT OK");
    next("AT+QISEND=16\r", ">");
    next("GET /p.fota 0 0\n", "SEND OK");
    expect_say("AT+QIRD=0,1,0,600\r");
    put_raw("OK 0 0 1000 " HASH_A " 00000000\n", NULL, 0);
    assert_int_equal(hear("OK"), FOTA_TALK_NEXT);
    is_ready(1000);
}

static void a_tcp_answer_may_come_in_pieces_and_late(void **state)
{
    uint8_t bytes[450];
    char line[160];
    (void)state;
    open_tcp();
    assert_int_equal(fetch.source.read(fetch.source.ctx, 450, bytes, 450), FOTA_MORE);
    next("AT+QISEND=20\r", ">");
    next("GET /p.fota 450 450\n", "SEND OK");
    next("AT+QIRD=0,1,0,600\r", "OK"); /* nothing there yet */
    assert_int_equal(exchange("AT\r", "OK|+CREG: 1|+QIRDI: 0,1,0"), FOTA_TALK_NEXT);
    assert_int_equal(said_limit_ms, 60000);
    expect_say("AT+QIRD=0,1,0,600\r");
    (void)snprintf(line, sizeof line, "OK 450 450 1000 " HASH_A " %08x\n",
                   (unsigned)fota_crc32(0, package + 450, 450));
    put_raw(line, package + 450, 100);
    assert_int_equal(hear("OK"), FOTA_TALK_NEXT);
    expect_say("AT+QIRD=0,1,0,600\r");
    put_raw("", package + 550, 350);
    assert_int_equal(hear("OK"), FOTA_TALK_NEXT);
    is_ready(1000);
    assert_int_equal(fetch.source.read(fetch.source.ctx, 450, bytes, 450), FOTA_OK);
    assert_memory_equal(bytes, package + 450, 450);
    fetch.talk.end(fetch.talk.ctx);
    next("AT+QICLOSE\r", "CLOSE OK");
    expect_say("");
}

static void a_tcp_server_may_give_less_at_once(void **state)
{
    uint8_t bytes[450];
    char line[160];
    (void)state;
    open_tcp();
    assert_int_equal(fetch.source.read(fetch.source.ctx, 0, bytes, 450), FOTA_MORE);
    for (uint32_t at = 0; at < 450; at += 225) {
        (void)snprintf(line, sizeof line, "GET /p.fota %u %u\n", (unsigned)at,
                       (unsigned)(450 - at));
        next(at == 0 ? "AT+QISEND=18\r" : "AT+QISEND=20\r", ">");
        next(line, "SEND OK");
        (void)snprintf(line, sizeof line, "OK %u 225 1000 " HASH_A " %08x\n", (unsigned)at,
                       (unsigned)fota_crc32(0, package + at, 225));
        expect_say("AT+QIRD=0,1,0,600\r");
        put_raw(line, package + at, 225);
        assert_int_equal(hear("OK"), FOTA_TALK_NEXT);
    }
    is_ready(1000);
    assert_int_equal(fetch.source.read(fetch.source.ctx, 0, bytes, 450), FOTA_OK);
    assert_memory_equal(bytes, package, 450);
}

static void a_tcp_answer_to_something_else_is_not_used(void **state)
{
    static const struct {
        const char *line; /* %08x is the CRC of 450 bytes */
        uint32_t n;
        bool for_good;
        enum fota_err err;
    } rows[] = {
        {"OK 1 450 1000 " HASH_A " %08x\n", 450, false, FOTA_E_SERVER},
        {"OK 0 451 1000 " HASH_A " %08x\n", 450, false, FOTA_E_SERVER},
        {"OK 0 0 1000 " HASH_A " 00000000\n", 0, false, FOTA_E_SERVER},
        {"OK 0 450 1000 " HASH_B " %08x\n", 450, false, FOTA_E_CHANGED},
        {"OK 0 450 1001 " HASH_A " %08x\n", 450, false, FOTA_E_CHANGED},
        {"OK 0 450 1000 " HASH_A " 00000000\n", 450, false, FOTA_E_SERVER},
        {"OK 0 450 1000 " HASH_A " %08x\n", 451, false, FOTA_E_SERVER},
        {"OK 0 450 1000 " HASH_A "\n", 450, false, FOTA_E_SERVER},
        {"HTTP/1.1 400 Bad Request\n", 100, false, FOTA_E_SERVER},
        {HASH_A HASH_A, 100, false, FOTA_E_SERVER}, /* no line end */
        {"ERR 61 no package\n", 0, true, FOTA_E_NOT_FOUND},
        {"ERR 65 changed\n", 0, false, FOTA_E_CHANGED},
    };
    uint8_t bytes[451];
    char line[200];
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        open_tcp();
        assert_int_equal(fetch.source.read(fetch.source.ctx, 0, bytes, 450), FOTA_MORE);
        next("AT+QISEND=18\r", ">");
        next("GET /p.fota 0 450\n", "SEND OK");
        expect_say("AT+QIRD=0,1,0,600\r");
        (void)snprintf(line, sizeof line, rows[i].line, (unsigned)fota_crc32(0, package, 450));
        fetch.n_fatal = 1; /* what is for good is tried twice */
        put_raw(line, package, rows[i].n);
        assert_int_equal(hear("OK"), rows[i].for_good ? FOTA_TALK_GIVE_UP : FOTA_TALK_AGAIN);
        assert_int_equal(note.err, rows[i].err);
    }
}

static void a_tcp_connection_that_fails_is_begun_again(void **state)
{
    uint8_t bytes[450];
    (void)state;
    begin("tcp://host:99/p.fota");
    next("AT+QICLOSE\r", "CLOSE OK");
    next("AT+QINDI=1\r", "OK");
    again("AT+QIOPEN=\"TCP\",\"host\",99\r", "OK|CONNECT FAIL", FOTA_E_NETWORK);
    open_tcp();
    assert_int_equal(fetch.source.read(fetch.source.ctx, 0, bytes, 450), FOTA_MORE);
    again("AT+QISEND=18\r", "CLOSED|+CME ERROR: 672", FOTA_E_NETWORK);
    open_tcp();
    assert_int_equal(fetch.source.read(fetch.source.ctx, 0, bytes, 450), FOTA_MORE);
    next("AT+QISEND=18\r", ">");
    again("GET /p.fota 0 450\n", "SEND FAIL", FOTA_E_NETWORK);
    open_tcp();
    assert_int_equal(fetch.source.read(fetch.source.ctx, 0, bytes, 450), FOTA_MORE);
    next("AT+QISEND=18\r", ">");
    next("GET /p.fota 0 450\n", "SEND OK");
    again("AT+QIRD=0,1,0,600\r", "CLOSED|OK",
          FOTA_E_NETWORK); /* and nothing was left to read */
    open_tcp();
    assert_int_equal(fetch.source.read(fetch.source.ctx, 0, bytes, 450), FOTA_MORE);
    next("AT+QISEND=18\r", ">");
    next("GET /p.fota 0 450\n", "SEND OK");
    next("AT+QIRD=0,1,0,600\r", "OK");
    again("AT\r", "OK|CLOSED", FOTA_E_NETWORK);
}

static void wrong_lengths_of_qird_are_not_believed(void **state)
{
    static const char *const wrong[] = {"+QIRD: 1.2.3.4:5,TCP,601",
                                        "+QIRD: 1.2.3.4:5,TCP,0",
                                        "+QIRD: 1.2.3.4:5,TCP,",
                                        "+QIRD:",
                                        "+QIRD: x",
                                        "+QIRD: 1.2.3.4:5,TCP,10x"};
    uint8_t bytes[450];
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        open_tcp();
        assert_int_equal(fetch.source.read(fetch.source.ctx, 0, bytes, 450), FOTA_MORE);
        next("AT+QISEND=18\r", ">");
        next("GET /p.fota 0 450\n", "SEND OK");
        again("AT+QIRD=0,1,0,600\r", wrong[i], FOTA_E_NONSENSE);
        assert_int_equal(note.n_raw, 0);
    }
}

static void addresses_are_taken_or_refused(void **state)
{
    static const struct {
        const char *url;
        bool taken;
    } rows[] = {
        {"http://h/p", true},
        {"https://h/p", true},
        {"ftp://h/p", true},
        {"tcp://h:1/p", true},
        {"tcp://h:1", true},
        {"tcp://h:1/", true},
        {"tcp://h/p", false},
        {"tcp://h:1/a/b", false},
        {"tcp://u@h:1/p", false},
        {"ftp://h/", false},
        {"ftp://h", false},
        {"ftp:///p", false},
        {"ftp://h/a%20b", false},
        {"ftps://h/p", false},
        {"file:///p", false},
        {"p.fota", false},
        {"", false},
        {"http://h/a b", false},
        {"http://h/\"", false},
        {"http://h/\r", false},
        {"http://h/\xC3\xA4", false},
        {"ftp://u:p@h:2/d/p", true},
    };
    char url[FOTA_FETCH_URL_MAX + 2];
    const struct fota_at_fetch_options options = {.fresh = false};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(fota_at_fetch_init(&fetch, rows[i].url, &options),
                         rows[i].taken ? FOTA_OK : FOTA_E_USAGE);
    }
    memset(url, 'x', sizeof url);
    memcpy(url, "http://", 7);
    url[FOTA_FETCH_URL_MAX + 1] = '\0';
    assert_int_equal(fota_at_fetch_init(&fetch, url, &options), FOTA_E_USAGE);
    url[FOTA_FETCH_URL_MAX] = '\0';
    assert_int_equal(fota_at_fetch_init(&fetch, url, &options), FOTA_OK);
}

/* Less than 1 KiB of package data in RAM at any time: the source holds none but the prefix, the
 * client's one buffer holds one chunk and its digits. */
static void package_data_in_ram_is_less_than_a_kib(void **state)
{
    (void)state;
    _Static_assert(FOTA_CLIENT_OUT_MAX <= 1024, "the one buffer");
    assert_int_equal(sizeof((struct fota_at_client *)0)->out, FOTA_CLIENT_OUT_MAX);
    assert_int_equal(sizeof fetch.prefix, 12);
    assert_in_range(sizeof fetch, 0, 520); /* nor has it room for any */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_package_is_downloaded_into_a_file_and_read),
        cmocka_unit_test(halves_of_an_answer_come_in_either_order_and_with_strange_lines),
        cmocka_unit_test(what_an_earlier_run_left_is_used),
        cmocka_unit_test(a_part_or_something_else_that_is_left_is_deleted),
        cmocka_unit_test(a_fresh_start_deletes_once),
        cmocka_unit_test(a_download_of_somebody_else_is_waited_for),
        cmocka_unit_test(a_file_that_cannot_be_opened_is_looked_for_again),
        cmocka_unit_test(failures_of_a_download_end_it_or_are_tried_again),
        cmocka_unit_test(what_is_no_package_on_the_server_is_downloaded_twice),
        cmocka_unit_test(short_reads_are_completed_and_wrong_lengths_are_not_believed),
        cmocka_unit_test(ftp_commands_carry_the_parts_of_the_address),
        cmocka_unit_test(a_tcp_answer_may_come_in_pieces_and_late),
        cmocka_unit_test(a_tcp_server_may_give_less_at_once),
        cmocka_unit_test(a_tcp_answer_to_something_else_is_not_used),
        cmocka_unit_test(a_tcp_connection_that_fails_is_begun_again),
        cmocka_unit_test(wrong_lengths_of_qird_are_not_believed),
        cmocka_unit_test(addresses_are_taken_or_refused),
        cmocka_unit_test(package_data_in_ram_is_less_than_a_kib),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
