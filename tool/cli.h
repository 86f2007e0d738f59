/* SPDX-License-Identifier: MIT */
/* What all verbs of the `fota` program share: the table they stand in, their common options,
 * and how success and failure are told. */
#ifndef FOTA_TOOL_CLI_H
#define FOTA_TOOL_CLI_H

#include "host/fault.h"
#include <getopt.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct fota_cli {
    const struct fota_verb *verb;
    bool quiet;   /* -q: no progress, no summary */
    bool verbose; /* -v */
    bool json;    /* --json: one document on stdout */
};

/* One verb.  `run` gets argv[0] = the verb's name and returns the exit code. */
struct fota_verb {
    const char *name;
    const char *summary; /* one line for the list */
    const char *help;    /* usage, options, examples */
    int (*run)(struct fota_cli *cli, int argc, char **argv);
};

extern const struct fota_verb fota_verb_keygen;
extern const struct fota_verb fota_verb_diff;
extern const struct fota_verb fota_verb_info;
extern const struct fota_verb fota_verb_verify;
extern const struct fota_verb fota_verb_apply;
extern const struct fota_verb fota_verb_fetch;
extern const struct fota_verb fota_verb_serve;
extern const struct fota_verb fota_verb_module;
extern const struct fota_verb fota_verb_send;
extern const struct fota_verb fota_verb_help;

/* The verb with this name, or a null pointer. */
const struct fota_verb *fota_verb_find(const char *name);

/* Options of every verb, for the end of its long option table. */
#define FOTA_CLI_LONG_OPTIONS                                                                  \
    {"help", no_argument, NULL, 'h'}, {"quiet", no_argument, NULL, 'q'},                       \
        {"verbose", no_argument, NULL, 'v'}, {"json", no_argument, NULL, 'J'},                 \
    {                                                                                          \
        NULL, 0, NULL, 0                                                                       \
    }
/* The same for its short ones; begin the string with ':'. */
#define FOTA_CLI_SHORT_OPTIONS "hqv"

/* What fota_cli_option() does with what getopt_long() returned and the verb does not know. */
enum fota_cli_next {
    FOTA_CLI_GO_ON,
    FOTA_CLI_EXIT_OK,    /* help was printed */
    FOTA_CLI_EXIT_USAGE, /* the fault was printed */
};
enum fota_cli_next fota_cli_option(struct fota_cli *cli, int option, char **argv);
/* The exit code of FOTA_CLI_EXIT_*. */
int fota_cli_exit(const struct fota_cli *cli, enum fota_cli_next next);

/* Print the failure - where, what, why, remedy - on stderr, with --json also as a document on
 * stdout.  Returns the exit code. */
int fota_cli_fail(const struct fota_cli *cli, const struct fota_fault *fault);
/* The same for wrong usage. */
__attribute__((format(printf, 2, 3))) int
fota_cli_usage(const struct fota_cli *cli, const char *format, ...);
/* A warning on stderr. */
__attribute__((format(printf, 1, 2))) void fota_cli_warn(const char *format, ...);
/* Print the document on stdout and release it.  Returns the exit code: 0, or that of
 * FOTA_E_IO. */
int fota_cli_print_json(const struct fota_cli *cli, json_t *document);
/* End of a verb that has printed its result: flush stdout.  Returns the exit code, as above. */
int fota_cli_done(const struct fota_cli *cli);

/* A number of an option: decimal or 0x, suffix K or M; least..most.  False: not one. */
bool fota_cli_number(uint32_t *out, const char *text, uint32_t least, uint32_t most);

#endif
