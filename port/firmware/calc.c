/* SPDX-License-Identifier: MIT */
/* AT+QCALC="3*(4+5)": integer arithmetic, with sqrt() and mod.  New in release 8.  The grammar
 * nests, so the depth is bounded instead of the stack being trusted. */
#include "port/firmware/firmware.h"
#include "port/firmware/number.h"
#include "port/firmware/text.h"

#define DEPTH_MAX 8U

struct calc {
    const char *at;
    unsigned depth;
    bool failed;
};

/* NOLINTBEGIN(misc-no-recursion): bracket() bounds it */

static int64_t sum(struct calc *c);

static int64_t fail(struct calc *c)
{
    c->failed = true;
    return 0;
}

static void skip_blanks(struct calc *c)
{
    while (*c->at == ' ') {
        c->at++;
    }
}

static int64_t bracket(struct calc *c)
{
    if (c->depth == DEPTH_MAX) {
        return fail(c);
    }
    c->depth++;
    int64_t value = sum(c);
    c->depth--;
    if (*c->at != ')') {
        return fail(c);
    }
    c->at++;
    return value;
}

static int64_t primary(struct calc *c)
{
    skip_blanks(c);
    const char *rest;
    if (*c->at == '(') {
        c->at++;
        return bracket(c);
    }
    if (firmware_text_begins(c->at, "sqrt(", &rest)) {
        c->at = rest;
        int64_t value = bracket(c);
        return value < 0 ? fail(c) : firmware_square_root((uint64_t)value);
    }
    uint32_t number;
    return firmware_text_number(&c->at, &number) ? (int64_t)number : fail(c);
}

static int64_t product(struct calc *c)
{
    int64_t value = primary(c);
    for (;;) {
        skip_blanks(c);
        char op = *c->at;
        if (c->failed || (op != '*' && op != '/' && op != '%')) {
            return value;
        }
        c->at++;
        int64_t other = primary(c);
        if (op == '*') {
            if (!firmware_multiply(value, other, &value)) {
                return fail(c);
            }
            continue;
        }
        if (other == 0) {
            return fail(c);
        }
        value = op == '/' ? value / other : value % other;
    }
}

static int64_t sum(struct calc *c)
{
    int64_t value = product(c);
    for (;;) {
        skip_blanks(c);
        char op = *c->at;
        if (c->failed || (op != '+' && op != '-')) {
            return value;
        }
        c->at++;
        int64_t other = product(c);
        if (!firmware_add(value, op == '+' ? other : -other, &value)) {
            return fail(c);
        }
    }
}

/* NOLINTEND(misc-no-recursion) */

enum fota_at_answer firmware_on_calc(struct fota_at_server *s, enum fota_at_form form,
                                     const char *args, size_t n_args)
{
    (void)form;
    (void)n_args;
    char expression[128];
    struct calc c = {.at = expression};
    if (!firmware_text_unquote(args, expression, sizeof expression)) {
        s->error = FOTA_E_SYNTAX;
        return FOTA_AT_DONE_ERROR;
    }
    int64_t value = sum(&c);
    if (c.failed || *c.at != '\0') {
        s->error = FOTA_E_SYNTAX;
        return FOTA_AT_DONE_ERROR;
    }
    char line[48];
    struct firmware_text t = firmware_text_begin(line, sizeof line);
    firmware_text_add(&t, "+QCALC: ");
    firmware_text_add_number(&t, value);
    fota_at_server_info(s, line);
    return FOTA_AT_DONE_OK;
}
