/* SPDX-License-Identifier: MIT */
/* What `fota send` shows while it works: a bar with rate and time left on a terminal, plain
 * lines elsewhere, and a record of what happened for its last word. */
#ifndef FOTA_TOOL_SEND_VIEW_H
#define FOTA_TOOL_SEND_VIEW_H

#include "core/at_client.h"
#include "tool/cli.h"

struct fota_send_view {
    const struct fota_cli *cli;
    uint32_t total_bytes;
    bool bar;       /* standard output is a terminal */
    bool bar_shown; /* and the cursor stands behind one */
    uint32_t begin_ms;
    uint32_t drawn_ms;
    uint32_t sent_begin_ms; /* when the transfer began, or began anew */
    uint32_t sent_from;     /* and where */
    uint32_t sent_bytes;
    bool sending;
    bool accepted;
    uint64_t line_bytes; /* written to the module, commands and all */
    bool began;          /* a transfer, at first_from */
    uint32_t first_from;
    uint32_t brought_ms; /* from the begin of this run to the acceptance */
    uint32_t percent;
    uint32_t percent_told;
    /* what happened */
    char version_before[FOTA_CLIENT_VERSION_MAX];
    char version_after[FOTA_CLIENT_VERSION_MAX];
    char mode[8];
    char error_text[FOTA_CLIENT_LINE_MAX];
    uint32_t resumed_off;
};

void fota_send_view_init(struct fota_send_view *view, const struct fota_cli *cli,
                         uint32_t total_bytes);
/* A fota_client_event_fn; ctx: the view. */
void fota_send_view_event(void *ctx, enum fota_client_event event, uint32_t number,
                          const char *text);
/* Bytes of the package that this run had to bring, for each byte written to the module. */
double fota_send_view_efficiency(const struct fota_send_view *view);
/* Tell that the port is gone, or (back) there again. */
void fota_send_view_lost(struct fota_send_view *view, const char *port, bool back);
/* Leave the bar's line. */
void fota_send_view_end(struct fota_send_view *view);
/* Milliseconds of a clock that only goes forward; wraps. */
uint32_t fota_now_ms(void);

#endif
