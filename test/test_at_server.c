/* SPDX-License-Identifier: MIT */
#include "core/at_server.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* A device that writes down what it is handed. */
struct fake {
    struct fota_at_server at;
    struct fota_at_device device;
    char out[65536]; /* what was printed */
    size_t n_out;
    uint8_t data[8192]; /* data mode bytes, or those of +QFAW */
    size_t n_data;
    size_t declared; /* length at which data_complete() becomes true */
    size_t budget;   /* bytes that data() still takes */
    unsigned ends;   /* data_end() calls */
    bool timed_out;
    bool names_no_error;
    enum fota_at_answer end_answer;
};

static struct fake *fake_of(struct fota_at_server *s)
{
    return s->device->ctx;
}

static void fake_put(void *ctx, const char *bytes, size_t n)
{
    struct fake *f = ctx;
    assert_true(n < sizeof f->out - f->n_out);
    memcpy(f->out + f->n_out, bytes, n);
    f->n_out += n;
    f->out[f->n_out] = '\0';
}

static size_t fake_data(void *ctx, const uint8_t *bytes, size_t n)
{
    struct fake *f = ctx;
    assert_true(n > 0);
    n = n < f->budget ? n : f->budget;
    assert_true(n <= sizeof f->data - f->n_data);
    memcpy(f->data + f->n_data, bytes, n);
    f->n_data += n;
    f->budget -= n;
    return n;
}

static bool fake_data_complete(void *ctx)
{
    const struct fake *f = ctx;
    return f->n_data == f->declared;
}

static enum fota_at_answer fake_data_end(void *ctx, struct fota_at_server *s, bool timed_out)
{
    struct fake *f = ctx;
    f->ends++;
    f->timed_out = timed_out;
    if (f->end_answer == FOTA_AT_SILENT) {
        fota_at_server_text(s, "Finish data downloading, rebooting....\r\n");
    }
    if (!f->names_no_error) {
        s->error = FOTA_E_TRUNCATED;
    }
    return f->end_answer;
}

static const char *fake_error_text(enum fota_err err)
{
    return fota_err_row(err)->text;
}

static enum fota_at_answer
on_ati(struct fota_at_server *s, enum fota_at_form form, const char *args, size_t n_args)
{
    (void)form;
    if (n_args > 0 && strcmp(args, "0") != 0) {
        return FOTA_AT_DONE_ERROR;
    }
    fota_at_server_info_begin(s);
    fota_at_server_text(s, "Quectel_Ltd");
    fota_at_server_info_newline(s);
    fota_at_server_text(s, "Quectel_M95");
    fota_at_server_info_newline(s);
    fota_at_server_text(s, "Revision: M95FAR02A07");
    fota_at_server_info_end(s);
    return FOTA_AT_DONE_OK;
}

/* AT+SHOW in all forms prints what the handler sees. */
static enum fota_at_answer
on_show(struct fota_at_server *s, enum fota_at_form form, const char *args, size_t n_args)
{
    assert_int_equal(strlen(args), n_args);
    fota_at_server_info_begin(s);
    fota_at_server_text(s, form == FOTA_AT_EXEC ? "exec" : form == FOTA_AT_READ ? "read" : "=");
    fota_at_server_text(s, args);
    fota_at_server_info_end(s);
    return FOTA_AT_DONE_OK;
}

static enum fota_at_answer
on_fail(struct fota_at_server *s, enum fota_at_form form, const char *args, size_t n_args)
{
    (void)n_args;
    if (form == FOTA_AT_WRITE) {
        uint32_t code = 0;
        assert_true(fota_at_parse_number(&args, &code));
        s->error = fota_err_from_code(code);
    }
    return FOTA_AT_DONE_ERROR;
}

static enum fota_at_answer
on_wait(struct fota_at_server *s, enum fota_at_form form, const char *args, size_t n_args)
{
    (void)form;
    (void)args;
    (void)n_args;
    s->error = FOTA_E_BASE;
    return FOTA_AT_PENDING;
}

static enum fota_at_answer
on_qfai(struct fota_at_server *s, enum fota_at_form form, const char *args, size_t n_args)
{
    (void)args;
    (void)n_args;
    if (form == FOTA_AT_READ) {
        fota_at_server_info_begin(s);
        fota_at_server_text(s, "+QFAI: ");
        fota_at_server_number(s, (uint32_t)fake_of(s)->n_data);
        fota_at_server_text(s, ",4294967295,\"");
        fota_at_server_hex32(s, 0x00C0FFEE);
        fota_at_server_text(s, "\"");
        fota_at_server_info_end(s);
    }
    return FOTA_AT_DONE_OK;
}

static enum fota_at_answer
on_qfaw(struct fota_at_server *s, enum fota_at_form form, const char *args, size_t n_args)
{
    struct fake *f = fake_of(s);
    assert_int_equal(form, FOTA_AT_HEX);
    assert_true(n_args >= 1 && n_args <= FOTA_AT_CHUNK_MAX);
    memcpy(f->data + f->n_data, args, n_args);
    f->n_data += n_args;
    return FOTA_AT_DONE_OK;
}

static enum fota_at_answer
on_qfau(struct fota_at_server *s, enum fota_at_form form, const char *args, size_t n_args)
{
    (void)form;
    (void)args;
    (void)n_args;
    fota_at_server_text(s, "Finish data downloading, rebooting....\r\n");
    return FOTA_AT_SILENT;
}

static enum fota_at_answer
on_qfua(struct fota_at_server *s, enum fota_at_form form, const char *args, size_t n_args)
{
    (void)s;
    (void)form;
    (void)args;
    (void)n_args;
    return FOTA_AT_DATA;
}

/* Data of five bytes. */
static enum fota_at_answer
on_count(struct fota_at_server *s, enum fota_at_form form, const char *args, size_t n_args)
{
    (void)form;
    (void)n_args;
    s->counted = (struct fota_at_counted){
        .ctx = fake_of(s),
        .n_bytes = 5,
        .limit_ms = 2000,
        .limit_is_for_all = strcmp(args, "1") == 0,
        .take = fake_data,
        .end = fake_data_end,
    };
    fota_at_server_connect(s);
    return FOTA_AT_COUNTED;
}

static enum fota_at_answer
on_said(struct fota_at_server *s, enum fota_at_form form, const char *args, size_t n_args)
{
    (void)form;
    (void)args;
    (void)n_args;
    fota_at_server_info(s, "SEND OK");
    return FOTA_AT_DONE_SAID;
}

static enum fota_at_answer
on_reset(struct fota_at_server *s, enum fota_at_form form, const char *args, size_t n_args)
{
    (void)s;
    (void)form;
    (void)args;
    (void)n_args;
    return FOTA_AT_OK_SILENT;
}

static const struct fota_at_command commands[] = {
    {"I", FOTA_AT_EXEC, on_ati, NULL},
    {"&Y", FOTA_AT_EXEC, on_show, NULL},
    {"+SHOW", FOTA_AT_EXEC | FOTA_AT_READ | FOTA_AT_WRITE, on_show, NULL},
    {"+FAIL", FOTA_AT_EXEC | FOTA_AT_WRITE, on_fail, NULL},
    {"+WAIT", FOTA_AT_EXEC, on_wait, NULL},
    {"+QFAI", FOTA_AT_EXEC | FOTA_AT_READ | FOTA_AT_TEST, on_qfai, NULL},
    {"+QFAW", FOTA_AT_HEX | FOTA_AT_TEST, on_qfaw, "+QFAW: (1-450)"},
    {"+QFAU", FOTA_AT_EXEC, on_qfau, NULL},
    {"+QFUA", FOTA_AT_EXEC, on_qfua, NULL},
    {"+COUNT", FOTA_AT_WRITE, on_count, NULL},
    {"+SAID", FOTA_AT_EXEC, on_said, NULL},
    {"+BAD", FOTA_AT_HEX, on_fail, NULL},
    {"+CFUN", FOTA_AT_WRITE, on_reset, NULL},
    {"+ONLYTEST", FOTA_AT_TEST, NULL, NULL},
};

static void start(struct fake *f)
{
    struct fota_at_settings factory;
    memset(f, 0, sizeof *f);
    f->device = (struct fota_at_device){
        .ctx = f,
        .commands = commands,
        .n_commands = sizeof commands / sizeof commands[0],
        .error_text = fake_error_text,
        .put = fake_put,
        .data = fake_data,
        .data_complete = fake_data_complete,
        .data_end = fake_data_end,
    };
    f->declared = SIZE_MAX;
    f->budget = SIZE_MAX;
    f->end_answer = FOTA_AT_SILENT;
    fota_at_settings_factory(&factory, 0);
    memset(&f->at, 0xA5, sizeof f->at);
    fota_at_server_init(&f->at, &f->device, &factory);
}

/* Feeds all; commands that wait are finished with OK. */
static void feed_bytes(struct fake *f, const void *bytes, size_t n)
{
    const uint8_t *at = bytes;
    while (n > 0) {
        size_t taken = fota_at_server_feed(&f->at, at, n, 0);
        at += taken;
        n -= taken;
        assert_true(n == 0 || fota_at_server_is_pending(&f->at));
        fota_at_server_finish(&f->at, FOTA_AT_DONE_OK);
    }
}

static void feed(struct fake *f, const char *text)
{
    feed_bytes(f, text, strlen(text));
}

static void expect_output(struct fake *f, const char *expected)
{
    assert_string_equal(f->out, expected);
    f->n_out = 0;
    f->out[0] = '\0';
}

struct dialogue {
    const char *input;
    const char *output;
};

#define FINISH "Finish data downloading, rebooting....\r\n"
#define ATI    "\r\nQuectel_Ltd\r\nQuectel_M95\r\nRevision: M95FAR02A07\r\n"

/* clang-format off */
static const struct dialogue dialogues[] = {
    /* echo, prefix, case, blanks */
    {"AT\r", "AT\r\r\nOK\r\n"},
    {"at\r", "at\r\r\nOK\r\n"},
    {"aT\r", "aT\r\r\nOK\r\n"},
    {"ATE0\r", "ATE0\r\r\nOK\r\n"},
    {"ATE0\rAT\r", "ATE0\r\r\nOK\r\n\r\nOK\r\n"},
    {"ATE\rATE1\rAT\r", "ATE\r\r\nOK\r\n\r\nOK\r\nAT\r\r\nOK\r\n"},
    {"AT E 0\r", "AT E 0\r\r\nOK\r\n"},
    {"AT\r\n\nAT\r\n", "AT\r\r\nOK\r\nAT\r\r\nOK\r\n"},
    {"noise\x01\xFF" "AT\r", "AT\r\r\nOK\r\n"},
    {"AXAT\r", "AAT\r\r\nOK\r\n"},
    {"AAAT\r", "AAAT\r\r\nOK\r\n"},
    {"\r\r", ""},
    {"A T\r", "A"},
    /* unknown and malformed commands */
    {"ATX\r", "ATX\r\r\nERROR\r\n"},
    {"AT+NONE\r", "AT+NONE\r\r\nERROR\r\n"},
    {"AT+NONE=?\r", "AT+NONE=?\r\r\nERROR\r\n"},
    {"AT+\r", "AT+\r\r\nERROR\r\n"},
    {"AT=1\r", "AT=1\r\r\nERROR\r\n"},
    {"AT;\r", "AT;\r\r\nERROR\r\n"},
    {"AT&\r", "AT&\r\r\nERROR\r\n"},
    {"AT1\r", "AT1\r\r\nERROR\r\n"},
    {"AT\"\r", "AT\"\r\r\nERROR\r\n"},
    {"AT+SHOW?x\r", "AT+SHOW?x\r\r\nERROR\r\n"},
    {"AT+SHOW=?\r", "AT+SHOW=?\r\r\nERROR\r\n"},
    {"AT+WAIT?\r", "AT+WAIT?\r\r\nERROR\r\n"},
    {"AT+SHO\r", "AT+SHO\r\r\nERROR\r\n"},
    {"AT+SHOWN\r", "AT+SHOWN\r\r\nERROR\r\n"},
    {"ATE2\r", "ATE2\r\r\nERROR\r\n"},
    {"ATE00001\r", "ATE00001\r\r\nOK\r\n"},
    {"ATE99999999999\r", "ATE99999999999\r\r\nERROR\r\n"},
    {"ATI9\r", "ATI9\r\r\nERROR\r\n"},
    {"AT&F1\r", "AT&F1\r\r\nERROR\r\n"},
    /* forms and arguments */
    {"ATI\r", "ATI\r" ATI "\r\nOK\r\n"},
    {"ati0\r", "ati0\r" ATI "\r\nOK\r\n"},
    {"AT+SHOW\r", "AT+SHOW\r\r\nexec\r\n\r\nOK\r\n"},
    {"AT+SHOW?\r", "AT+SHOW?\r\r\nread\r\n\r\nOK\r\n"},
    {"AT+SHOW=\r", "AT+SHOW=\r\r\n=\r\n\r\nOK\r\n"},
    {"at + show = a , \"a ;B\" , c\r", "at + show = a , \"a ;B\" , c\r\r\n=A,\"a ;B\",C\r\n\r\nOK\r\n"},
    {"at+show=az@[`{\r", "at+show=az@[`{\r\r\n=AZ@[`{\r\n\r\nOK\r\n"},
    {"AT+SHOW=??\r", "AT+SHOW=??\r\r\n=??\r\n\r\nOK\r\n"},
    {"AT&Y12\r", "AT&Y12\r\r\nexec12\r\n\r\nOK\r\n"},
    {"AT+ONLYTEST=?\r", "AT+ONLYTEST=?\r\r\nOK\r\n"},
    {"AT+QFAI=?\r", "AT+QFAI=?\r\r\nOK\r\n"},
    {"AT+QFAW=?\r", "AT+QFAW=?\r\r\n+QFAW: (1-450)\r\n\r\nOK\r\n"},
    {"AT+QFAI?\r", "AT+QFAI?\r\r\n+QFAI: 0,4294967295,\"00C0FFEE\"\r\n\r\nOK\r\n"},
    /* concatenation */
    {"ATE0V1Q0\r", "ATE0V1Q0\r\r\nOK\r\n"},
    {"ATE0;V1\r", "ATE0;V1\r\r\nOK\r\n"},
    {"ATE1I+SHOW;+SHOW?;I\r", "ATE1I+SHOW;+SHOW?;I\r" ATI "\r\nexec\r\n\r\nread\r\n" ATI "\r\nOK\r\n"},
    {"AT+SHOW;\r", "AT+SHOW;\r\r\nexec\r\n\r\nOK\r\n"},
    {"AT+SHOW;;+SHOW\r", "AT+SHOW;;+SHOW\r\r\nexec\r\n\r\nERROR\r\n"},
    {"AT+SHOW;+NONE;+SHOW\r", "AT+SHOW;+NONE;+SHOW\r\r\nexec\r\n\r\nERROR\r\n"},
    {"AT+SHOW+SHOW\r", "AT+SHOW+SHOW\r\r\nERROR\r\n"},
    {"AT&Y1&Y2\r", "AT&Y1&Y2\r\r\nexec1\r\n\r\nexec2\r\n\r\nOK\r\n"},
    /* A/ */
    {"A/", "A/\r\nOK\r\n"},
    {"AT+SHOW=\"x y\"\ra/", "AT+SHOW=\"x y\"\r\r\n=\"x y\"\r\n\r\nOK\r\na/\r\n=\"x y\"\r\n\r\nOK\r\n"},
    {"AT&Y1&Y2\rA/A/", "AT&Y1&Y2\r\r\nexec1\r\n\r\nexec2\r\n\r\nOK\r\n"
                       "A/\r\nexec1\r\n\r\nexec2\r\n\r\nOK\r\nA/\r\nexec1\r\n\r\nexec2\r\n\r\nOK\r\n"},
    {"AT+NONE\rA/", "AT+NONE\r\r\nERROR\r\nA/\r\nERROR\r\n"},
    /* editing */
    {"ATX\bI\r", "ATX\bI\r" ATI "\r\nOK\r\n"},
    {"AT\b\bI\r", "AT\b\bI\r" ATI "\r\nOK\r\n"},
    {"AT+X=\"a \b\b\b\b\bSHOW\r", "AT+X=\"a \b\b\b\b\bSHOW\r\r\nexec\r\n\r\nOK\r\n"},
    {"ATS5=42\rATX*I\r", "ATS5=42\r\r\nOK\r\nATX*I\r" ATI "\r\nOK\r\n"},
    {"AT\tI\x01\r", "AT\tI\x01\r" ATI "\r\nOK\r\n"},
    /* S parameters: the result code is framed by the new value (V.250 6.2.1) */
    {"ATS3?S4?S5?\r", "ATS3?S4?S5?\r\r\n013\r\n\r\n010\r\n\r\n008\r\n\r\nOK\r\n"},
    {"ATS3=33\rAT!", "ATS3=33\r!\nOK!\nAT!!\nOK!\n"},
    {"ATS4=45\r", "ATS4=45\r\r-OK\r-"},
    {"ATS4=127S4?\r", "ATS4=127S4?\r\r\x7F" "127\r\x7F" "\r\x7FOK\r\x7F"},
    {"ATS5=99S5?S5=100S5?S5=119S5?\r", "ATS5=99S5?S5=100S5?S5=119S5?\r\r\n099\r\n\r\n100\r\n\r\n119\r\n\r\nOK\r\n"},
    {"ATS3=128\r", "ATS3=128\r\r\nERROR\r\n"},
    {"ATS3\r", "ATS3\r\r\nERROR\r\n"},
    {"ATS3=\r", "ATS3=\r\r\nERROR\r\n"},
    {"ATS\r", "ATS\r\r\nERROR\r\n"},
    {"ATS6?\r", "ATS6?\r\r\nERROR\r\n"},
    {"ATS3=13E0\rAT\r", "ATS3=13E0\r\r\nOK\r\n\r\nOK\r\n"},
    /* numeric and quiet */
    {"ATV0\rAT\rATX\r", "ATV0\r0\rAT\r0\rATX\r4\r"},
    {"ATV0\rATI\r", "ATV0\r0\rATI\rQuectel_Ltd\r\nQuectel_M95\r\nRevision: M95FAR02A07\r\n0\r"},
    {"ATV0\rAT+FAIL=24\r", "ATV0\r0\rAT+FAIL=24\r+CME ERROR: package body damaged: bytes lost or changed on the way\r"},
    {"ATV0+QFUA\r", "ATV0+QFUA\r0\r1\r"},
    {"ATQ1\rAT\rATX\rAT+FAIL=24\rAT+SHOW\r", "ATQ1\rAT\rATX\rAT+FAIL=24\rAT+SHOW\r\r\nexec\r\n"},
    {"ATQ1\rATQ0\r", "ATQ1\rATQ0\r\r\nOK\r\n"},
    {"ATQ1E0V0\rAT&F\rAT\r", "ATQ1E0V0\r\r\nOK\r\nAT\r\r\nOK\r\n"},
    /* +CMEE: 27.007 9.2; errors of syntax are always ERROR */
    {"AT+CMEE?;+CMEE=?\r", "AT+CMEE?;+CMEE=?\r\r\n+CMEE: 2\r\n\r\n+CMEE: (0-2)\r\n\r\nOK\r\n"},
    {"AT+FAIL=17\r", "AT+FAIL=17\r\r\n+CME ERROR: package does not match the firmware in the device\r\n"},
    {"AT+CMEE=1;+FAIL=17\r", "AT+CMEE=1;+FAIL=17\r\r\n+CME ERROR: 617\r\n"},
    {"AT+CMEE=1;+FAIL=22\r", "AT+CMEE=1;+FAIL=22\r\r\n+CME ERROR: 20\r\n"},
    {"AT+CMEE=0;+FAIL=17\r", "AT+CMEE=0;+FAIL=17\r\r\nERROR\r\n"},
    {"AT+CMEE=1;+FAIL\r", "AT+CMEE=1;+FAIL\r\r\nERROR\r\n"},
    {"AT+CMEE=1x\r", "AT+CMEE=1x\r\r\nERROR\r\n"},
    {"AT+CMEE=1;+CMEE=2;+CMEE?\r", "AT+CMEE=1;+CMEE=2;+CMEE?\r\r\n+CMEE: 2\r\n\r\nOK\r\n"},
    {"AT+CMEE=3\r", "AT+CMEE=3\r\r\nERROR\r\n"},
    {"AT+CMEE=1,1\r", "AT+CMEE=1,1\r\r\nERROR\r\n"},
    {"AT+CMEE=x\r", "AT+CMEE=x\r\r\nERROR\r\n"},
    {"AT+CMEE=1;+CMEE=;+CMEE?\r", "AT+CMEE=1;+CMEE=;+CMEE?\r\r\n+CMEE: 1\r\n\r\nOK\r\n"},
    {"AT+CMEE\r", "AT+CMEE\r\r\nERROR\r\n"},
    /* +IFC, +IPR */
    {"AT+IFC?;+IFC=?\r", "AT+IFC?;+IFC=?\r\r\n+IFC: 2,2\r\n\r\n+IFC: (0,2),(0,2)\r\n\r\nOK\r\n"},
    {"AT+IFC=0,0;+IFC?\r", "AT+IFC=0,0;+IFC?\r\r\n+IFC: 0,0\r\n\r\nOK\r\n"},
    {"AT+IFC=0;+IFC?;+IFC=,0;+IFC?\r", "AT+IFC=0;+IFC?;+IFC=,0;+IFC?\r\r\n+IFC: 0,2\r\n\r\n+IFC: 0,0\r\n\r\nOK\r\n"},
    {"AT+IFC=1,1\r", "AT+IFC=1,1\r\r\nERROR\r\n"},
    {"AT+IFC=0,1;+IFC?\rAT+IFC?\r", "AT+IFC=0,1;+IFC?\r\r\nERROR\r\nAT+IFC?\r\r\n+IFC: 2,2\r\n\r\nOK\r\n"},
    {"AT+IFC=0,0,0\r", "AT+IFC=0,0,0\r\r\nERROR\r\n"},
    {"AT+IPR?;+IPR=?\r", "AT+IPR?;+IPR=?\r\r\n+IPR: 115200\r\n\r\n"
        "+IPR: (0,9600,19200,38400,57600,115200),(230400,460800,921600)\r\n\r\nOK\r\n"},
    {"AT+IPR=0;+IPR?\r", "AT+IPR=0;+IPR?\r\r\n+IPR: 0\r\n\r\nOK\r\n"},
    {"AT+IPR=921600;+IPR?\r", "AT+IPR=921600;+IPR?\r\r\n+IPR: 921600\r\n\r\nOK\r\n"},
    {"AT+IPR=9600;+IPR=19200;+IPR=38400;+IPR=57600;+IPR=115200;+IPR=230400;+IPR=460800\r",
     "AT+IPR=9600;+IPR=19200;+IPR=38400;+IPR=57600;+IPR=115200;+IPR=230400;+IPR=460800\r\r\nOK\r\n"},
    {"AT+IPR=9600,1\r", "AT+IPR=9600,1\r\r\nERROR\r\n"},
    {"AT+IPR=9601\r", "AT+IPR=9601\r\r\nERROR\r\n"},
    {"AT+IPR=\r", "AT+IPR=\r\r\nOK\r\n"},
    /* a command that waits keeps its input waiting, also the rest of its line */
    {"AT+WAIT\rAT\r", "AT+WAIT\r\r\nOK\r\nAT\r\r\nOK\r\n"},
    {"AT+SHOW;+WAIT;+SHOW?;+WAIT\rATI\r", "AT+SHOW;+WAIT;+SHOW?;+WAIT\r\r\nexec\r\n\r\nread\r\n\r\nOK\r\nATI\r" ATI "\r\nOK\r\n"},
    /* silence before a reset */
    {"AT+CFUN=1,1\rAT\r", "AT+CFUN=1,1\r\r\nOK\r\n"},
    {"AT+QFAU;+SHOW\rAT\rA/", "AT+QFAU;+SHOW\r" FINISH},
    /* seed 2.3.2 up to the reboot */
    {"AT+QFAI\rAT+QFAW=\"05A5D9\"\rAT+QFAW=\"85B19D\"\rAT+QFAU\r",
     "AT+QFAI\r\r\nOK\r\nAT+QFAW=\"05A5D9\"\r\r\nOK\r\nAT+QFAW=\"85B19D\"\r\r\nOK\r\nAT+QFAU\r" FINISH},
    /* a HEX form: blanks and case as everywhere, nothing but pairs of digits in the quotes */
    {"at +qfaw = \"0a\" \r", "at +qfaw = \"0a\" \r\r\nOK\r\n"},
    {"AT+QFAW=\"0\"\r", "AT+QFAW=\"0\"\r\r\n+CME ERROR: data is not pairs of hexadecimal digits\r\n"},
    {"AT+QFAW=\"\"\r", "AT+QFAW=\"\"\r\r\n+CME ERROR: data is not pairs of hexadecimal digits\r\n"},
    {"AT+CMEE=1\rAT+QFAW=\"0G\"\r", "AT+CMEE=1\r\r\nOK\r\nAT+QFAW=\"0G\"\r\r\n+CME ERROR: 25\r\n"},
    {"AT+CMEE=1\rAT+QFAW=\"00 11\"\r", "AT+CMEE=1\r\r\nOK\r\nAT+QFAW=\"00 11\"\r\r\n+CME ERROR: 25\r\n"},
    {"AT+CMEE=1\rAT+QFAW=\"00\n11\"\r", "AT+CMEE=1\r\r\nOK\r\nAT+QFAW=\"00\n11\"\r\r\n+CME ERROR: 25\r\n"},
    {"AT+CMEE=1\rAT+QFAW=\"001\b\"\r", "AT+CMEE=1\r\r\nOK\r\nAT+QFAW=\"001\b\"\r\r\n+CME ERROR: 25\r\n"},
    {"AT+CMEE=1\rAT+QFAW=\"0011\r", "AT+CMEE=1\r\r\nOK\r\nAT+QFAW=\"0011\r\r\n+CME ERROR: 25\r\n"},
    {"AT+CMEE=1\rAT+QFAW=\"0011\"x\r", "AT+CMEE=1\r\r\nOK\r\nAT+QFAW=\"0011\"x\r\r\n+CME ERROR: 25\r\n"},
    {"AT+CMEE=1\rAT+QFAW=\"0011\";+SHOW\r", "AT+CMEE=1\r\r\nOK\r\nAT+QFAW=\"0011\";+SHOW\r\r\n+CME ERROR: 25\r\n"},
    {"AT+CMEE=1;+FAIL=17\rAT+BAD=\"00\"\r", "AT+CMEE=1;+FAIL=17\r\r\n+CME ERROR: 617\r\nAT+BAD=\"00\"\r\r\nERROR\r\n"},
    {"AT+QFAW=0011\r", "AT+QFAW=0011\r\r\nERROR\r\n"},
    {"AT+QFAW\r", "AT+QFAW\r\r\nERROR\r\n"},
    {"AT+QFAW?\r", "AT+QFAW?\r\r\nERROR\r\n"},
    {"AT+SHOW;+QFAW=\"0011\"\r", "AT+SHOW;+QFAW=\"0011\"\r\r\nexec\r\n\r\nERROR\r\n"},
};
/* clang-format on */

/* Output and handed-over bytes are those of the whole input, however it is cut. */
static void every_dialogue_answers_the_same_however_it_is_cut(void **state)
{
    static struct fake f;
    (void)state;
    for (size_t i = 0; i < sizeof dialogues / sizeof dialogues[0]; i++) {
        const char *input = dialogues[i].input;
        size_t n = strlen(input);
        start(&f);
        feed(&f, input);
        size_t n_data = f.n_data;
        expect_output(&f, dialogues[i].output);
        start(&f);
        for (size_t at = 0; at < n; at++) {
            feed_bytes(&f, input + at, 1);
        }
        expect_output(&f, dialogues[i].output);
        assert_int_equal(f.n_data, n_data);
        for (size_t cut = 1; cut < n; cut++) {
            start(&f);
            feed_bytes(&f, input, cut);
            feed_bytes(&f, input + cut, n - cut);
            expect_output(&f, dialogues[i].output);
            assert_int_equal(f.n_data, n_data);
        }
    }
}

static void factory_settings_are_those_of_the_reference(void **state)
{
    struct fota_at_settings s;
    (void)state;
    memset(&s, 0xA5, sizeof s);
    fota_at_settings_factory(&s, 0);
    assert_int_equal(s.echo, 1);
    assert_int_equal(s.verbose, 1);
    assert_int_equal(s.quiet, 0);
    assert_int_equal(s.cmee, 2);
    assert_int_equal(s.ifc_dce, 2);
    assert_int_equal(s.ifc_dte, 2);
    assert_int_equal(s.ipr, 115200);
    assert_int_equal(s.s3, 13);
    assert_int_equal(s.s4, 10);
    assert_int_equal(s.s5, 8);
}

static void errors_without_texts_are_numbers(void **state)
{
    static struct fake f;
    (void)state;
    start(&f);
    f.device.error_text = NULL;
    feed(&f, "AT+FAIL=17\r");
    expect_output(&f, "AT+FAIL=17\r\r\n+CME ERROR: 617\r\n");
}

static void a_device_may_override_the_settings_commands(void **state)
{
    static const struct fota_at_command own[] = {{"+CMEE", FOTA_AT_READ, on_show, NULL}};
    static struct fake f;
    (void)state;
    start(&f);
    f.device.commands = own;
    f.device.n_commands = 1;
    feed(&f, "ATE0\rAT+CMEE?\rAT+CMEE=1\r");
    expect_output(&f, "ATE0\r\r\nOK\r\n\r\nread\r\n\r\nOK\r\n\r\nERROR\r\n");
}

static void more_commands_are_found_behind_the_first_ones(void **state)
{
    static const struct fota_at_command more[] = {
        {"+CMEE", FOTA_AT_READ, on_show, NULL},
        {"+MINE", FOTA_AT_READ, on_show, NULL},
        {"+FAIL", FOTA_AT_READ, on_show, NULL},
    };
    static struct fake f;
    (void)state;
    start(&f);
    f.device.more_commands = more;
    f.device.n_more_commands = 2;
    feed(&f, "ATE0\rAT+CMEE?\rAT+MINE?\rAT+FAIL?\r");
    expect_output(&f,
                  "ATE0\r\r\nOK\r\n\r\nread\r\n\r\nOK\r\n\r\nread\r\n\r\nOK\r\n\r\nERROR\r\n");
}

static void a_pending_command_takes_no_input_and_answers_what_it_is_told(void **state)
{
    static struct fake f;
    (void)state;
    start(&f);
    assert_int_equal(fota_at_server_feed(&f.at, (const uint8_t *)"AT+WAIT\rAT\r", 11, 0), 8);
    assert_true(fota_at_server_is_pending(&f.at));
    assert_int_equal(fota_at_server_feed(&f.at, (const uint8_t *)"AT\r", 3, 0), 0);
    fota_at_server_poll(&f.at, 1000000);
    expect_output(&f, "AT+WAIT\r");
    fota_at_server_finish(&f.at, FOTA_AT_DONE_ERROR);
    expect_output(&f, "\r\n+CME ERROR: package does not match the firmware in the device\r\n");
    assert_false(fota_at_server_is_pending(&f.at));
    fota_at_server_finish(&f.at, FOTA_AT_DONE_OK); /* nothing is pending: ignored */
    expect_output(&f, "");
    assert_int_equal(fota_at_server_feed(&f.at, (const uint8_t *)"AT\r", 3, 0), 3);
    expect_output(&f, "AT\r\r\nOK\r\n");
}

static void lines_of_255_characters_run_and_longer_ones_are_dropped_whole(void **state)
{
    static struct fake f;
    char line[FOTA_AT_LINE_MAX + 2];
    (void)state;
    start(&f);
    feed(&f, "ATE0\r");
    expect_output(&f, "ATE0\r\r\nOK\r\n");
    memset(line, ' ', sizeof line);
    memcpy(line, "+SHOW;", 6);
    line[sizeof line - 1] = '\0'; /* 256 characters: one too many */
    feed(&f, "AT");
    feed(&f, line);
    feed(&f, "\r");
    expect_output(&f, "\r\nERROR\r\n");
    line[FOTA_AT_LINE_MAX] = '\0';
    feed(&f, "AT");
    feed(&f, line);
    feed(&f, "\r");
    expect_output(&f, "\r\nexec\r\n\r\nOK\r\n");
    feed(&f, "AT");
    for (unsigned i = 0; i < 1000; i++) {
        feed(&f, "+SHOW;\"");
    }
    feed(&f, "\rAT\r");
    expect_output(&f, "\r\nERROR\r\n\r\nOK\r\n");
}

/* ---- AT+QFAW ---- */

static void feed_hex(struct fake *f, size_t n_digits, bool lower)
{
    feed(f, "AT+QFAW=\"");
    for (size_t i = 0; i < n_digits; i++) {
        char digit = (lower ? "0123456789abcdef" : "0123456789ABCDEF")[(i * 7 + i / 2) % 16];
        feed_bytes(f, &digit, 1);
    }
    feed(f, "\"\r");
}

static void hex_forms_take_1_to_450_bytes_in_either_case(void **state)
{
    static struct fake f;
    uint8_t first[FOTA_AT_CHUNK_MAX];
    (void)state;
    start(&f);
    feed(&f, "ATE0\r");
    f.n_out = 0;
    feed_hex(&f, 900, false);
    expect_output(&f, "\r\nOK\r\n");
    assert_int_equal(f.n_data, 450);
    for (size_t i = 0; i < 450; i++) {
        size_t j = 2 * i + 1;
        uint8_t expected = (uint8_t)(((2 * i * 7 + i) % 16) << 4 | (j * 7 + j / 2) % 16);
        assert_int_equal(f.data[i], expected);
    }
    memcpy(first, f.data, 450);
    f.n_data = 0;
    feed_hex(&f, 900, true);
    expect_output(&f, "\r\nOK\r\n");
    assert_int_equal(f.n_data, 450);
    assert_memory_equal(f.data, first, 450);
    feed_hex(&f, 2, true);
    expect_output(&f, "\r\nOK\r\n");
    assert_int_equal(f.n_data, 451);
}

static void a_refused_hex_line_hands_over_nothing_and_the_next_one_works(void **state)
{
    static struct fake f;
    (void)state;
    start(&f);
    feed(&f, "ATE0+CMEE=1\r");
    f.n_out = 0;
    feed_hex(&f, 901, false);
    expect_output(&f, "\r\n+CME ERROR: 24\r\n");
    feed_hex(&f, 902, false);
    expect_output(&f, "\r\n+CME ERROR: 24\r\n");
    feed_hex(&f, 100000, true);
    expect_output(&f, "\r\n+CME ERROR: 24\r\n");
    feed_hex(&f, 899, false);
    expect_output(&f, "\r\n+CME ERROR: 25\r\n");
    assert_int_equal(f.n_data, 0);
    feed_hex(&f, 900, false);
    expect_output(&f, "\r\nOK\r\n");
    assert_int_equal(f.n_data, 450);
}

static void every_character_but_the_digits_spoils_a_hex_line(void **state)
{
    static struct fake f;
    (void)state;
    start(&f);
    feed(&f, "ATE0+CMEE=1\r");
    for (unsigned c = 0; c < 256; c++) {
        char byte = (char)c;
        bool digit = fota_at_hex_digit((uint8_t)c) < 16;
        f.n_out = 0;
        f.n_data = 0;
        feed(&f, "AT+QFAW=\"01");
        feed_bytes(&f, &byte, 1);
        feed(&f, "2\"\r");
        assert_int_equal(f.n_data, digit ? 2 : 0);
        expect_output(&f, digit ? "\r\nOK\r\n" : "\r\n+CME ERROR: 25\r\n");
        feed(&f, "\r"); /* an unfinished line, when the byte was CR */
    }
}

/* ---- data mode ---- */

static void enter_data_mode(struct fake *f)
{
    start(f);
    feed(f, "AT+QFUA\r");
    expect_output(f, "AT+QFUA\r\r\nOK\r\n\r\nCONNECT\r\n");
}

static size_t feed_at(struct fake *f, const char *bytes, size_t n, uint32_t now_ms)
{
    return fota_at_server_feed(&f->at, (const uint8_t *)bytes, n, now_ms);
}

/* Seed 2.3.1, with the length known: +++ needs no silence, and is taken for the escape wherever
 * reads cut it. */
static void pluses_behind_the_declared_length_end_at_once_however_cut(void **state)
{
    static const char sent[] = "binary\r\nAT\r\0\xFF++A+B+++";
    const size_t n = sizeof sent - 1;
    static struct fake f;
    (void)state;
    for (size_t first = 0; first <= n; first++) {
        for (size_t second = first; second <= n; second++) {
            enter_data_mode(&f);
            f.declared = n - 3;
            assert_int_equal(feed_at(&f, sent, first, 5), first);
            assert_int_equal(feed_at(&f, sent + first, second - first, 6), second - first);
            assert_int_equal(feed_at(&f, sent + second, n - second, 7), n - second);
            assert_int_equal(f.ends, 1);
            assert_false(f.timed_out);
            expect_output(&f, FINISH);
            assert_int_equal(f.n_data, n - 3);
            assert_memory_equal(f.data, sent, n - 3);
        }
    }
}

static void a_package_that_ends_in_pluses_is_complete_before_the_escape(void **state)
{
    static struct fake f;
    (void)state;
    enter_data_mode(&f);
    f.declared = 5;
    assert_int_equal(feed_at(&f, "123+++++", 7, 0), 7);
    assert_int_equal(f.ends, 0);
    assert_int_equal(feed_at(&f, "+", 1, 0), 1);
    assert_int_equal(f.ends, 1);
    assert_int_equal(f.n_data, 5);
    assert_memory_equal(f.data, "123++", 5);
}

static void otherwise_pluses_end_only_by_silence_whatever_came_before(void **state)
{
    static const struct {
        const char *sent;
        const char *data;
    } rows[] = {
        {"+++", ""},         {"junk+++", "junk"},
        {"++++", "+"},       {"junk+++++++", "junk++++"},
        {"+++a+++", "+++a"}, {"AT+QFAI\r+++", "AT+QFAI\r"},
    };
    static struct fake f;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t n = strlen(rows[i].sent);
        for (size_t cut = 0; cut <= n; cut++) {
            enter_data_mode(&f);
            f.end_answer = FOTA_AT_DONE_ERROR;
            (void)feed_at(&f, rows[i].sent, cut, UINT32_MAX - 1);
            (void)feed_at(&f, rows[i].sent + cut, n - cut, UINT32_MAX);
            uint32_t last = cut < n ? UINT32_MAX : UINT32_MAX - 1;
            fota_at_server_poll(&f.at, last + 999); /* the clock wraps */
            assert_int_equal(f.ends, 0);
            fota_at_server_poll(&f.at, last + 1000);
            assert_int_equal(f.ends, 1);
            assert_false(f.timed_out);
            assert_int_equal(f.n_data, strlen(rows[i].data));
            assert_memory_equal(f.data, rows[i].data, f.n_data);
            expect_output(&f, "\r\n+CME ERROR: package incomplete\r\n");
            feed(&f, "AT\r");
            expect_output(&f, "AT\r\r\nOK\r\n");
        }
    }
}

static void pluses_followed_by_anything_within_the_guard_time_are_data(void **state)
{
    static struct fake f;
    (void)state;
    enter_data_mode(&f);
    (void)feed_at(&f, "ab+", 3, 0);
    (void)feed_at(&f, "+", 1, 900);
    (void)feed_at(&f, "+", 1, 1800);
    fota_at_server_poll(&f.at, 2799);
    (void)feed_at(&f, "x", 1, 2799);
    fota_at_server_poll(&f.at, 20000);
    assert_int_equal(f.ends, 0);
    assert_int_equal(f.n_data, 6);
    assert_memory_equal(f.data, "ab+++x", 6);
    (void)feed_at(&f, "++", 2, 20000);
    fota_at_server_poll(&f.at, 30000); /* two are no escape */
    assert_int_equal(f.ends, 0);
    (void)feed_at(&f, "+", 1, 30000);
    fota_at_server_poll(&f.at, 31000);
    assert_int_equal(f.ends, 1);
    assert_int_equal(f.n_data, 6);
}

static void surplus_bytes_are_never_taken_for_commands(void **state)
{
    static struct fake f;
    (void)state;
    enter_data_mode(&f);
    f.declared = 4;
    (void)feed_at(&f, "1234 more+++AT\r", 15, 0);
    assert_int_equal(f.ends, 0);
    assert_int_equal(f.n_data, 15);
    expect_output(&f, "");
}

static void sixty_seconds_without_a_byte_leave_data_mode(void **state)
{
    static struct fake f;
    (void)state;
    start(&f);
    f.end_answer = FOTA_AT_DONE_OK;
    (void)feed_at(&f, "ATE0+WAIT\r", 10, 0);
    fota_at_server_finish(&f.at, FOTA_AT_DATA);
    f.n_out = 0;
    fota_at_server_poll(&f.at, 100); /* the clock starts at the first poll */
    fota_at_server_poll(&f.at, 60099);
    assert_int_equal(f.ends, 0);
    (void)feed_at(&f, "x+", 2, 60099);
    fota_at_server_poll(&f.at, 120098);
    assert_int_equal(f.ends, 0);
    fota_at_server_poll(&f.at, 120099);
    assert_int_equal(f.ends, 1);
    assert_true(f.timed_out);
    expect_output(&f, "\r\nOK\r\n");
    fota_at_server_poll(&f.at, 4000000);
    assert_int_equal(f.ends, 1);
}

/* The device takes a few bytes at a time: nothing is lost or doubled, and bytes that wait are
 * no silence. */
static void data_that_cannot_be_taken_yet_waits(void **state)
{
    static const char sent[] = "abc+++def++++g++++";
    const size_t n = sizeof sent - 1;
    static struct fake f;
    (void)state;
    for (size_t step = 1; step < 4; step++) {
        size_t at = 0;
        uint32_t now = 0;
        enter_data_mode(&f);
        f.end_answer = FOTA_AT_DONE_OK;
        f.budget = 0;
        while (at < n) {
            at += feed_at(&f, sent + at, n - at, now);
            fota_at_server_poll(&f.at, now);
            now += 70000;
            f.budget = at < n ? step : 0;
            assert_int_equal(f.ends, 0);
        }
        assert_int_equal(f.n_data, n - 3);
        assert_memory_equal(f.data, sent, n - 3);
        fota_at_server_poll(&f.at, now - 70000 + 1000);
        assert_int_equal(f.ends, 1);
    }
}

/* What is left of an earlier session does not shorten or stop the time of the next one. */
static void every_data_mode_has_its_own_time(void **state)
{
    static struct fake f;
    (void)state;
    enter_data_mode(&f);
    f.end_answer = FOTA_AT_DONE_OK;
    f.declared = 2;
    f.budget = 1;
    assert_int_equal(feed_at(&f, "xy+++", 5, 10), 1); /* blocked */
    f.budget = SIZE_MAX;
    assert_int_equal(feed_at(&f, "y+++AT+WAIT\r", 12, 20), 12);
    assert_int_equal(f.ends, 1);
    fota_at_server_finish(&f.at, FOTA_AT_DATA);
    fota_at_server_poll(&f.at, 100000);
    assert_int_equal(f.ends, 1);
    fota_at_server_poll(&f.at, 159999);
    assert_int_equal(f.ends, 1);
    fota_at_server_poll(&f.at, 160000);
    assert_int_equal(f.ends, 2);
    assert_true(f.timed_out);
    feed(&f, "AT+WAIT\r");
    assert_int_equal(f.ends, 2);
}

/* ---- data by its length ---- */

static void counted_data_is_what_its_length_says_and_nothing_else(void **state)
{
    static const char line[] = "AT+COUNT=0;+SHOW\r+++\rAAT+SHOW\r";
    static struct fake f;
    (void)state;
    for (size_t step = 1; step < sizeof line; step++) {
        start(&f);
        f.end_answer = FOTA_AT_DONE_OK;
        f.at.settings.echo = 0;
        for (size_t at = 0; at < sizeof line - 1;) {
            size_t n = sizeof line - 1 - at < step ? sizeof line - 1 - at : step;
            at += feed_at(&f, line + at, n, 0);
        }
        assert_int_equal(f.n_data, 5);
        assert_memory_equal(f.data, "+++\rA", 5);
        assert_int_equal(f.ends, 1);
        assert_false(f.timed_out);
        expect_output(&f, "\r\nCONNECT\r\n\r\nOK\r\n\r\nexec\r\n\r\nOK\r\n");
    }
}

static void counted_data_that_does_not_come_is_given_up(void **state)
{
    static struct fake f;
    (void)state;
    for (unsigned for_all = 0; for_all < 2; for_all++) {
        start(&f);
        f.end_answer = FOTA_AT_DONE_ERROR;
        feed(&f, for_all == 1 ? "AT+COUNT=1\r" : "AT+COUNT=0\r");
        (void)feed_at(&f, "xy", 2, 1500); /* the command came at 0 */
        fota_at_server_poll(&f.at, 1999);
        assert_int_equal(f.ends, 0);
        fota_at_server_poll(&f.at, 2000);
        assert_int_equal(f.ends, for_all);
        fota_at_server_poll(&f.at, 3499);
        assert_int_equal(f.ends, for_all);
        fota_at_server_poll(&f.at, 3500);
        assert_int_equal(f.ends, 1);
        assert_true(f.timed_out);
        assert_true(fota_at_server_is_idle(&f.at));
    }
}

static void counted_data_that_cannot_be_taken_yet_waits(void **state)
{
    static struct fake f;
    (void)state;
    start(&f);
    f.end_answer = FOTA_AT_DONE_OK;
    feed(&f, "AT+COUNT=0\r");
    f.budget = 2;
    assert_int_equal(feed_at(&f, "12345", 5, 0), 2);
    fota_at_server_poll(&f.at, 100000); /* what waits is no silence */
    assert_int_equal(f.ends, 0);
    f.budget = SIZE_MAX;
    assert_int_equal(feed_at(&f, "345", 3, 100000), 3);
    assert_int_equal(f.ends, 1);
}

static void a_result_that_the_handler_says_stands_alone(void **state)
{
    static struct fake f;
    (void)state;
    start(&f);
    assert_true(fota_at_server_is_idle(&f.at));
    feed(&f, "ATE0+SAID;+SHOW");
    assert_false(fota_at_server_is_idle(&f.at));
    f.n_out = 0;
    feed(&f, "\r");
    expect_output(&f, "\r\r\nSEND OK\r\n");
    assert_true(fota_at_server_is_idle(&f.at));
}

static void an_error_that_is_not_named_is_error(void **state)
{
    static struct fake f;
    (void)state;
    enter_data_mode(&f);
    f.end_answer = FOTA_AT_DONE_ERROR;
    f.names_no_error = true;
    f.at.error = FOTA_E_BASE; /* of an earlier command */
    f.declared = 0;
    (void)feed_at(&f, "+++", 3, 0);
    expect_output(&f, "\r\nERROR\r\n");
}

static void a_pending_end_of_data_mode_is_answered_like_a_command(void **state)
{
    static struct fake f;
    (void)state;
    enter_data_mode(&f);
    f.end_answer = FOTA_AT_PENDING;
    f.declared = 2;
    assert_int_equal(feed_at(&f, "xy+++AT\r", 8, 0), 5);
    assert_true(fota_at_server_is_pending(&f.at));
    expect_output(&f, "");
    f.at.error = FOTA_E_SIGNATURE;
    fota_at_server_finish(&f.at, FOTA_AT_DONE_ERROR);
    expect_output(&f, "\r\n+CME ERROR: signature wrong\r\n");
    assert_int_equal(feed_at(&f, "AT\r", 3, 0), 3);
    expect_output(&f, "AT\r\r\nOK\r\n");
}

static void the_rest_of_a_line_behind_data_mode_is_dropped(void **state)
{
    static struct fake f;
    (void)state;
    start(&f);
    f.end_answer = FOTA_AT_DONE_OK;
    f.declared = 0;
    feed(&f, "ATE0+QFUA;+SHOW\r+++");
    expect_output(&f, "ATE0+QFUA;+SHOW\r\r\nOK\r\n\r\nCONNECT\r\n\r\nOK\r\n");
}

/* ---- hostile lines ---- */

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525U + 1013904223U;
    return *seed >> 8;
}

/* Any bytes: no crash (the sanitizers watch), and the server can always be brought back. */
static void any_bytes_leave_a_server_that_answers(void **state)
{
    static const char alphabet[] = "AT+QFAWSHOWEVI&;=?\"0123456789abF,/ \b\r\r\n";
    static struct fake f;
    (void)state;
    for (uint32_t round = 1; round <= 2000; round++) {
        uint32_t seed = round;
        start(&f);
        for (unsigned i = 0; i < 400 && f.n_out < sizeof f.out / 2; i++) {
            uint32_t r = next_random(&seed);
            char byte = (char)(r >> 8);
            if (r % 8 != 0) {
                byte = alphabet[(r >> 8) % (sizeof alphabet - 1)];
            }
            feed_bytes(&f, &byte, 1);
            if (r % 64 == 1) {
                feed(&f, "\rAT");
            }
            f.n_data = 0;
        }
        if (f.at.settings.s3 == '\r' && f.at.settings.quiet == 0) {
            f.n_out = 0;
            feed(&f, "\rAT\r");
            f.n_out = 0;
            f.at.settings.verbose = 1;
            feed(&f, "AT\r");
            assert_true(f.n_out > 0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_dialogue_answers_the_same_however_it_is_cut),
        cmocka_unit_test(factory_settings_are_those_of_the_reference),
        cmocka_unit_test(errors_without_texts_are_numbers),
        cmocka_unit_test(a_device_may_override_the_settings_commands),
        cmocka_unit_test(more_commands_are_found_behind_the_first_ones),
        cmocka_unit_test(a_pending_command_takes_no_input_and_answers_what_it_is_told),
        cmocka_unit_test(lines_of_255_characters_run_and_longer_ones_are_dropped_whole),
        cmocka_unit_test(hex_forms_take_1_to_450_bytes_in_either_case),
        cmocka_unit_test(a_refused_hex_line_hands_over_nothing_and_the_next_one_works),
        cmocka_unit_test(every_character_but_the_digits_spoils_a_hex_line),
        cmocka_unit_test(pluses_behind_the_declared_length_end_at_once_however_cut),
        cmocka_unit_test(a_package_that_ends_in_pluses_is_complete_before_the_escape),
        cmocka_unit_test(otherwise_pluses_end_only_by_silence_whatever_came_before),
        cmocka_unit_test(pluses_followed_by_anything_within_the_guard_time_are_data),
        cmocka_unit_test(surplus_bytes_are_never_taken_for_commands),
        cmocka_unit_test(sixty_seconds_without_a_byte_leave_data_mode),
        cmocka_unit_test(data_that_cannot_be_taken_yet_waits),
        cmocka_unit_test(every_data_mode_has_its_own_time),
        cmocka_unit_test(counted_data_is_what_its_length_says_and_nothing_else),
        cmocka_unit_test(counted_data_that_does_not_come_is_given_up),
        cmocka_unit_test(counted_data_that_cannot_be_taken_yet_waits),
        cmocka_unit_test(a_result_that_the_handler_says_stands_alone),
        cmocka_unit_test(an_error_that_is_not_named_is_error),
        cmocka_unit_test(a_pending_end_of_data_mode_is_answered_like_a_command),
        cmocka_unit_test(the_rest_of_a_line_behind_data_mode_is_dropped),
        cmocka_unit_test(any_bytes_leave_a_server_that_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
