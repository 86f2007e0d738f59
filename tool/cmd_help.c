/* SPDX-License-Identifier: MIT */
/* fota help VERB, fota help errors: the error table as text, JSON, or doc/errors.md. */
#include "tool/cli.h"
#include <stdio.h>
#include <string.h>

static const char help[] = "usage: fota help VERB\n"
                           "       fota help errors [--json | --markdown]\n"
                           "\n"
                           "Prints a verb's help, or the table of all errors: exit code, "
                           "number of +CME ERROR, what is\n"
                           "wrong and what to do.\n"
                           "\n"
                           "examples:\n"
                           "  fota help diff\n"
                           "  fota help errors\n"
                           "  fota help errors --markdown > doc/errors.md\n";

static void print_text(void)
{
    const struct fota_err_row *row;
    (void)printf("%4s %4s  %s\n", "exit", "cme", "meaning, and what to do");
    for (unsigned i = 0; (row = fota_err_row_at(i)) != NULL; i++) {
        (void)printf("%4u %4u  %s: %s\n%12s%s\n", fota_err_code(row->err),
                     fota_err_cme(row->err), row->name, row->text, "", row->remedy);
    }
}

static void print_markdown(void)
{
    const struct fota_err_row *row;
    (void)puts("# Errors\n\n"
               "Generated from core/errors.def by `fota help errors --markdown`; do not edit. "
               "The code is the exit "
               "code of `fota`,\nthe `status=` of the module's last line and the `code` in "
               "JSON; the CME number is that of "
               "`+CME ERROR: <n>`.\nCodes are only appended.\n\n"
               "| code | CME | name | meaning | what to do |\n|--:|--:|---|---|---|");
    for (unsigned i = 0; (row = fota_err_row_at(i)) != NULL; i++) {
        (void)printf("| %u | %u | `%s` | %s | %s |\n", fota_err_code(row->err),
                     fota_err_cme(row->err), row->name, row->text, row->remedy);
    }
}

static int print_json(const struct fota_cli *cli)
{
    const struct fota_err_row *row;
    json_t *rows = json_array();
    for (unsigned i = 0; (row = fota_err_row_at(i)) != NULL; i++) {
        (void)json_array_append_new(
            rows, json_pack("{s:i, s:i, s:s, s:s, s:s}", "code", (int)fota_err_code(row->err),
                            "cme", (int)fota_err_cme(row->err), "name", row->name, "text",
                            row->text, "remedy", row->remedy));
    }
    return fota_cli_print_json(cli, rows);
}

/* The verb itself answers, as to --help: it may be another program's. */
static int ask_for_help(const struct fota_verb *verb)
{
    static char name[16];
    static char option[] = "--help";
    char *argv[] = {name, option, NULL};
    struct fota_cli cli = {.verb = verb};
    (void)snprintf(name, sizeof name, "%s", verb->name);
    optind = 0; /* getopt begins anew */
    return verb->run(&cli, 2, argv);
}

static int run(struct fota_cli *cli, int argc, char **argv)
{
    static const struct option options[] = {{"markdown", no_argument, NULL, 'm'},
                                            FOTA_CLI_LONG_OPTIONS};
    bool markdown = false;
    int option;
    while ((option = getopt_long(argc, argv, ":" FOTA_CLI_SHORT_OPTIONS, options, NULL)) !=
           -1) {
        if (option == 'm') {
            markdown = true;
            continue;
        }
        enum fota_cli_next next = fota_cli_option(cli, option, argv);
        if (next != FOTA_CLI_GO_ON) return fota_cli_exit(cli, next);
    }
    if (argc - optind != 1) return fota_cli_usage(cli, "give one subject: a verb, or errors");
    const char *subject = argv[optind];
    const struct fota_verb *verb = fota_verb_find(subject);
    if (strcmp(subject, "errors") != 0 && verb == NULL) {
        return fota_cli_usage(cli, "no help for '%s'", subject);
    }
    if (verb != NULL) return ask_for_help(verb);
    if (cli->json) return print_json(cli);
    if (markdown) {
        print_markdown();
    } else {
        print_text();
    }
    return fota_cli_done(cli);
}

const struct fota_verb fota_verb_help = {"help", "a verb's help, or the table of errors", help,
                                         run};
