/* SPDX-License-Identifier: MIT */
#include "tool/cli.h"
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum fota_cli_next fota_cli_option(struct fota_cli *cli, int option, char **argv)
{
    switch (option) {
    case 'h':
        (void)fputs(cli->verb->help, stdout);
        return FOTA_CLI_EXIT_OK;
    case 'q':
        cli->quiet = true;
        return FOTA_CLI_GO_ON;
    case 'v':
        cli->verbose = true;
        return FOTA_CLI_GO_ON;
    case 'J':
        cli->json = true;
        return FOTA_CLI_GO_ON;
    case ':':
        (void)fota_cli_usage(cli, "option %s wants a value", argv[optind - 1]);
        return FOTA_CLI_EXIT_USAGE;
    default:
        break;
    }
    if (optopt > ' ' && optopt < 0x7F) {
        (void)fota_cli_usage(cli, "unknown option -%c", optopt);
    } else {
        (void)fota_cli_usage(cli, "unknown option %s", argv[optind - 1]);
    }
    return FOTA_CLI_EXIT_USAGE;
}

int fota_cli_exit(const struct fota_cli *cli, enum fota_cli_next next)
{
    if (next == FOTA_CLI_EXIT_USAGE) return (int)fota_err_code(FOTA_E_USAGE);
    return fota_cli_done(cli);
}

/* Print the document and release it; failures are left to ferror(). */
static void dump_json(json_t *document)
{
    (void)json_dumpf(document, stdout, JSON_INDENT(2));
    (void)fputc('\n', stdout);
    json_decref(document);
}

static json_t *fault_document(const struct fota_fault *fault, const struct fota_err_row *row)
{
    json_t *error =
        json_pack("{s:i, s:s, s:s, s:s, s:s}", "code", (int)fota_err_code(fault->err), "name",
                  row->name, "text", row->text, "detail", fault->detail, "remedy", row->remedy);
    if (fault->file != NULL) (void)json_object_set_new(error, "file", json_string(fault->file));
    switch (fault->place) {
    case FOTA_FAULT_NOWHERE:
        break;
    case FOTA_FAULT_AT_OFFSET:
        (void)json_object_set_new(error, "offset", json_integer((json_int_t)fault->at));
        break;
    case FOTA_FAULT_AT_LINE:
        (void)json_object_set_new(error, "line", json_integer((json_int_t)fault->at));
        break;
    }
    return json_pack("{s:b, s:o}", "ok", 0, "error", error);
}

int fota_cli_fail(const struct fota_cli *cli, const struct fota_fault *fault)
{
    const struct fota_err_row *row = fota_err_row(fault->err);
    char place[48] = "";
    (void)fflush(stdout);
    if (fault->place != FOTA_FAULT_NOWHERE) {
        (void)snprintf(place, sizeof place, " at %s %" PRIu64,
                       fault->place == FOTA_FAULT_AT_LINE ? "line" : "offset", fault->at);
    }
    (void)fprintf(stderr, "fota: %s%s%s%s%s%s\n", fault->file != NULL ? fault->file : "", place,
                  fault->file != NULL ? ": " : "", row->text,
                  fault->detail[0] != '\0' ? ": " : "", fault->detail);
    (void)fprintf(stderr, "remedy: %s\n", row->remedy);
    if (cli->json) dump_json(fault_document(fault, row));
    return (int)fota_err_code(fault->err);
}

int fota_cli_usage(const struct fota_cli *cli, const char *format, ...)
{
    char text[200];
    struct fota_fault fault;
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    (void)fota_fault_set(&fault, FOTA_E_USAGE, cli->verb != NULL ? cli->verb->name : NULL, "%s",
                         text);
    return fota_cli_fail(cli, &fault);
}

void fota_cli_warn(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)fputs("fota: warning: ", stderr);
    (void)vfprintf(stderr, format, args);
    (void)fputc('\n', stderr);
    va_end(args);
}

int fota_cli_print_json(const struct fota_cli *cli, json_t *document)
{
    struct fota_cli plain = *cli;
    plain.json = false; /* a second document would help nobody */
    dump_json(document);
    return fota_cli_done(&plain);
}

int fota_cli_done(const struct fota_cli *cli)
{
    if (fflush(stdout) == 0 && ferror(stdout) == 0) return 0;
    struct fota_fault fault;
    (void)fota_fault_set(&fault, FOTA_E_IO, "standard output", "%s", strerror(errno));
    return fota_cli_fail(cli, &fault);
}

bool fota_cli_number(uint32_t *out, const char *text, uint32_t least, uint32_t most)
{
    if (text[0] < '0' || text[0] > '9') return false;
    int base = text[0] == '0' && text[1] == 'x' ? 16 : 10;
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, base);
    if (errno != 0 || value > UINT32_MAX) return false;
    unsigned shift = *end == 'K' ? 10 : *end == 'M' ? 20 : 0;
    if (shift != 0) end++;
    value <<= shift;
    if (*end != '\0' || value < least || value > most) return false;
    *out = (uint32_t)value;
    return true;
}
