/* SPDX-License-Identifier: MIT */
/* A progress bar on stderr, drawn only where a person looks: on a terminal. */
#ifndef FOTA_TOOL_PROGRESS_H
#define FOTA_TOOL_PROGRESS_H

#include <stdbool.h>

struct fota_progress {
    const char *label;
    bool enabled;
    bool drawn;
    unsigned percent;
};

/* Begin a bar; `wanted` false (--quiet) or no terminal: nothing is ever drawn. */
void fota_progress_begin(struct fota_progress *p, const char *label, bool wanted);
/* Show 0..100.  Draws only when the number has changed.  `ctx` is the struct: a callback. */
void fota_progress_show(void *ctx, unsigned percent);
/* Remove the bar. */
void fota_progress_end(struct fota_progress *p);

#endif
