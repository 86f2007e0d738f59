/* SPDX-License-Identifier: MIT */
/* The `fota` program: one verb a file, cmd_<verb>.c. */
#include "tool/cli.h"
#include <stdio.h>
#include <string.h>

static const struct fota_verb *const verbs[] = {
    &fota_verb_keygen, &fota_verb_diff,   &fota_verb_info,  &fota_verb_verify, &fota_verb_apply,
    &fota_verb_send,   &fota_verb_module, &fota_verb_fetch, &fota_verb_serve,  &fota_verb_help,
};
#define N_VERBS (sizeof verbs / sizeof verbs[0])

static void print_overview(FILE *to)
{
    (void)fputs("fota: delta firmware updates for modules and microcontrollers\n\n"
                "usage: fota VERB [OPTION]... [FILE]...\n\n",
                to);
    for (size_t i = 0; i < N_VERBS; i++) {
        (void)fprintf(to, "  %-8s %s\n", verbs[i]->name, verbs[i]->summary);
    }
    (void)fputs("\nEvery verb has:\n"
                "  -h, --help     usage, options and examples\n"
                "  -q, --quiet    no progress and no summary\n"
                "  -v, --verbose  more detail\n"
                "      --json     one JSON document on standard output\n"
                "\nfota --version prints the version.  Exit codes: fota help errors.\n",
                to);
}

const struct fota_verb *fota_verb_find(const char *name)
{
    for (size_t i = 0; i < N_VERBS; i++) {
        if (strcmp(verbs[i]->name, name) == 0) return verbs[i];
    }
    return NULL;
}

int main(int argc, char **argv)
{
    struct fota_cli cli = {.verb = NULL};
    if (argc < 2) {
        print_overview(stderr);
        return fota_cli_usage(&cli, "no verb given");
    }
    const char *name = argv[1];
    if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0) {
        (void)puts("fota " FOTA_VERSION);
        return fota_cli_done(&cli);
    }
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 ||
        (strcmp(name, "help") == 0 && argc == 2)) {
        print_overview(stdout);
        return fota_cli_done(&cli);
    }
    cli.verb = fota_verb_find(name);
    if (cli.verb == NULL) return fota_cli_usage(&cli, "no verb '%s': see fota --help", name);
    opterr = 0; /* messages are ours */
    return cli.verb->run(&cli, argc - 1, argv + 1);
}
