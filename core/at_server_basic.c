/* SPDX-License-Identifier: MIT */
#include "core/at_server.h"

#define ARRAY_COUNT(a) (sizeof(a) / sizeof(a)[0])

/* As the `test` text of +IPR. */
static const uint32_t rates[] = {0, 9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600};

/* The number of a basic command, 0 when there is none.  False: larger than `max`. */
static bool basic_number(const char *args, uint32_t max, uint32_t *value)
{
    *value = 0;
    return *args == '\0' || (fota_at_parse_number(&args, value) && *value <= max);
}

/* Sets a flag from the number of a basic command. */
static enum fota_at_answer set_flag(uint8_t *flag, const char *args)
{
    uint32_t value;
    if (!basic_number(args, 1, &value)) {
        return FOTA_AT_DONE_ERROR;
    }
    *flag = (uint8_t)value;
    return FOTA_AT_DONE_OK;
}

static enum fota_at_answer
on_echo(struct fota_at_server *s, enum fota_at_form form, const char *args, size_t n_args)
{
    (void)form;
    (void)n_args;
    return set_flag(&s->settings.echo, args);
}

static enum fota_at_answer
on_verbose(struct fota_at_server *s, enum fota_at_form form, const char *args, size_t n_args)
{
    (void)form;
    (void)n_args;
    return set_flag(&s->settings.verbose, args);
}

static enum fota_at_answer
on_quiet(struct fota_at_server *s, enum fota_at_form form, const char *args, size_t n_args)
{
    (void)form;
    (void)n_args;
    return set_flag(&s->settings.quiet, args);
}

static enum fota_at_answer
on_factory(struct fota_at_server *s, enum fota_at_form form, const char *args, size_t n_args)
{
    uint32_t value;
    (void)form;
    (void)n_args;
    if (!basic_number(args, 0, &value)) {
        return FOTA_AT_DONE_ERROR;
    }
    fota_at_settings_factory(&s->settings, s->device->baud);
    return FOTA_AT_DONE_OK;
}

/* S parameters are read as three digits (V.250 5.3.2). */
static enum fota_at_answer
s_parameter(struct fota_at_server *s, uint8_t *value, enum fota_at_form form, const char *args)
{
    uint32_t number;
    if (form == FOTA_AT_READ) {
        const char text[4] = {(char)('0' + *value / 100), (char)('0' + *value / 10 % 10),
                              (char)('0' + *value % 10), '\0'};
        fota_at_server_info(s, text);
        return FOTA_AT_DONE_OK;
    }
    if (!fota_at_parse_number(&args, &number) || number > 127) {
        return FOTA_AT_DONE_ERROR;
    }
    *value = (uint8_t)number;
    return FOTA_AT_DONE_OK;
}

static enum fota_at_answer
on_s3(struct fota_at_server *s, enum fota_at_form form, const char *args, size_t n_args)
{
    (void)n_args;
    return s_parameter(s, &s->settings.s3, form, args);
}

static enum fota_at_answer
on_s4(struct fota_at_server *s, enum fota_at_form form, const char *args, size_t n_args)
{
    (void)n_args;
    return s_parameter(s, &s->settings.s4, form, args);
}

static enum fota_at_answer
on_s5(struct fota_at_server *s, enum fota_at_form form, const char *args, size_t n_args)
{
    (void)n_args;
    return s_parameter(s, &s->settings.s5, form, args);
}

/* Up to `n` numbers separated by commas.  One that is left out keeps its value (3GPP TS 27.007
 * 4.2).  False: anything else, or more. */
static bool numbers(const char *args, uint32_t *values, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (*args != ',' && *args != '\0' && !fota_at_parse_number(&args, &values[i])) {
            return false;
        }
        if (*args == '\0') {
            return true;
        }
        if (*args != ',') {
            return false;
        }
        args++;
    }
    return false;
}

static enum fota_at_answer
on_cmee(struct fota_at_server *s, enum fota_at_form form, const char *args, size_t n_args)
{
    uint32_t value = s->settings.cmee;
    (void)n_args;
    if (form == FOTA_AT_READ) {
        fota_at_server_info_begin(s);
        fota_at_server_text(s, "+CMEE: ");
        fota_at_server_number(s, value);
        fota_at_server_info_end(s);
        return FOTA_AT_DONE_OK;
    }
    if (!numbers(args, &value, 1) || value > 2) {
        return FOTA_AT_DONE_ERROR;
    }
    s->settings.cmee = (uint8_t)value;
    return FOTA_AT_DONE_OK;
}

static bool is_flow_control(uint32_t value)
{
    return value == 0 || value == 2;
}

static enum fota_at_answer
on_ifc(struct fota_at_server *s, enum fota_at_form form, const char *args, size_t n_args)
{
    uint32_t values[2] = {s->settings.ifc_dce, s->settings.ifc_dte};
    (void)n_args;
    if (form == FOTA_AT_READ) {
        fota_at_server_info_begin(s);
        fota_at_server_text(s, "+IFC: ");
        fota_at_server_number(s, values[0]);
        fota_at_server_text(s, ",");
        fota_at_server_number(s, values[1]);
        fota_at_server_info_end(s);
        return FOTA_AT_DONE_OK;
    }
    if (!numbers(args, values, 2) || !is_flow_control(values[0]) ||
        !is_flow_control(values[1])) {
        return FOTA_AT_DONE_ERROR;
    }
    s->settings.ifc_dce = (uint8_t)values[0];
    s->settings.ifc_dte = (uint8_t)values[1];
    return FOTA_AT_DONE_OK;
}

static enum fota_at_answer
on_ipr(struct fota_at_server *s, enum fota_at_form form, const char *args, size_t n_args)
{
    uint32_t value = s->settings.ipr;
    (void)n_args;
    if (form == FOTA_AT_READ) {
        fota_at_server_info_begin(s);
        fota_at_server_text(s, "+IPR: ");
        fota_at_server_number(s, value);
        fota_at_server_info_end(s);
        return FOTA_AT_DONE_OK;
    }
    if (!numbers(args, &value, 1)) {
        return FOTA_AT_DONE_ERROR;
    }
    for (size_t i = 0; i < ARRAY_COUNT(rates); i++) {
        if (rates[i] == value) {
            s->settings.ipr = value;
            return FOTA_AT_DONE_OK;
        }
    }
    return FOTA_AT_DONE_ERROR;
}

#define PARAMETER (FOTA_AT_READ | FOTA_AT_WRITE | FOTA_AT_TEST)

const struct fota_at_command fota_at_basic_commands[] = {
    {"E", FOTA_AT_EXEC, on_echo, NULL},
    {"V", FOTA_AT_EXEC, on_verbose, NULL},
    {"Q", FOTA_AT_EXEC, on_quiet, NULL},
    {"&F", FOTA_AT_EXEC, on_factory, NULL},
    {"S3", FOTA_AT_READ | FOTA_AT_WRITE, on_s3, NULL},
    {"S4", FOTA_AT_READ | FOTA_AT_WRITE, on_s4, NULL},
    {"S5", FOTA_AT_READ | FOTA_AT_WRITE, on_s5, NULL},
    {"+CMEE", PARAMETER, on_cmee, "+CMEE: (0-2)"},
    {"+IFC", PARAMETER, on_ifc, "+IFC: (0,2),(0,2)"},
    {"+IPR", PARAMETER, on_ipr,
     "+IPR: (0,9600,19200,38400,57600,115200),(230400,460800,921600)"},
};
const size_t fota_at_n_basic_commands = ARRAY_COUNT(fota_at_basic_commands);
