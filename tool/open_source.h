/* SPDX-License-Identifier: MIT */
/* Package sources for verbs: their options, what they report, and how they fail. */
#ifndef FOTA_TOOL_OPEN_SOURCE_H
#define FOTA_TOOL_OPEN_SOURCE_H

#include "source/source.h"
#include "tool/cli.h"

/* For the long option table of a verb; the values begin at FOTA_SOURCE_OPTION_FIRST. */
#define FOTA_SOURCE_OPTION_FIRST 0x200
#define FOTA_SOURCE_LONG_OPTIONS                                                               \
    {"ca", required_argument, NULL, FOTA_SOURCE_OPTION_FIRST},                                 \
        {"max-bytes", required_argument, NULL, FOTA_SOURCE_OPTION_FIRST + 1},                  \
        {"tries", required_argument, NULL, FOTA_SOURCE_OPTION_FIRST + 2},                      \
        {"timeout", required_argument, NULL, FOTA_SOURCE_OPTION_FIRST + 3},                    \
        {"product", required_argument, NULL, FOTA_SOURCE_OPTION_FIRST + 4},                    \
    {                                                                                          \
        "from-version", required_argument, NULL, FOTA_SOURCE_OPTION_FIRST + 5                  \
    }
/* Their lines for a verb's help. */
#define FOTA_SOURCE_OPTIONS_HELP                                                               \
    "  --ca FILE            trust the certificates in this PEM file, not the system's\n"       \
    "  --max-bytes N        refuse larger files; suffix K or M (64M)\n"                        \
    "  --tries N            attempts in a row that bring no byte (6)\n"                        \
    "  --timeout SECONDS    without a byte, then the connection is given up (30)\n"            \
    "  --product NAME       of a directory: take the package for this product\n"               \
    "  --from-version TEXT  of a directory: take the package for a device with this version\n"

/* Take an option getopt_long() returned.  0: not one of these; 1: taken; -1: wrong, told. */
int fota_open_source_option(const struct fota_cli *cli, struct fota_source_options *options,
                            int option);

/* Open with progress on the terminal.  Ctrl-C sets *options->stop, which this provides.  On
 * failure `fault` is filled; its file is source->place. */
FOTA_NODISCARD enum fota_err
fota_open_source(const struct fota_cli *cli, struct fota_source *source, const char *url,
                 struct fota_source_options *options, struct fota_fault *fault);
/* What Ctrl-C sets; also installs the handler. */
const volatile sig_atomic_t *fota_open_source_stop(void);

#endif
