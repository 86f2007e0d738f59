/* SPDX-License-Identifier: MIT */
#include "tool/progress.h"
#include <stdio.h>
#include <unistd.h>

enum { WIDTH = 40 };

void fota_progress_begin(struct fota_progress *p, const char *label, bool wanted)
{
    *p =
        (struct fota_progress){.label = label, .enabled = wanted && isatty(STDERR_FILENO) == 1};
    fota_progress_show(p, 0);
}

void fota_progress_show(void *ctx, unsigned percent)
{
    static const char full[WIDTH + 1] = "########################################";
    static const char empty[WIDTH + 1] = "........................................";
    struct fota_progress *p = ctx;
    if (!p->enabled || (p->drawn && p->percent == percent)) return;
    int n = (int)((percent > 100 ? 100 : percent) * WIDTH / 100);
    (void)fprintf(stderr, "\r%-10s [%.*s%.*s] %3u %%", p->label, n, full, WIDTH - n, empty,
                  percent);
    (void)fflush(stderr);
    p->percent = percent;
    p->drawn = true;
}

void fota_progress_end(struct fota_progress *p)
{
    if (p->drawn) (void)fprintf(stderr, "\r%*s\r", WIDTH + 24, "");
    p->drawn = false;
}
