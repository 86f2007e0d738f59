/* SPDX-License-Identifier: MIT */
/* A package source whose bytes come over the very line that the AT client uses: from the
 * module's file store, or from a server that the module reaches.  The client lends it the line
 * between its own commands, so there is one owner of the line and one time-out: when the
 * source's read() answers FOTA_MORE, the client asks say() for a command, hands what the module
 * answers to hear() and take(), and so on until say() has nothing more to say; then it reads
 * again. */
#ifndef FOTA_CORE_AT_TALK_H
#define FOTA_CORE_AT_TALK_H

#include "core/at_client_reply.h"
#include "core/err.h"
#include <stddef.h>
#include <stdint.h>

enum fota_talk {
    FOTA_TALK_ON,      /* more of the answer is to come */
    FOTA_TALK_NEXT,    /* it is complete: what is to be said next? */
    FOTA_TALK_AGAIN,   /* begin over, a bounded number of times: find the module, reset(), say()
                        */
    FOTA_TALK_GIVE_UP, /* it will not get better */
};

/* What hear() and take() tell beside that. */
struct fota_talk_note {
    uint32_t n_raw;    /* of hear(): so many bytes behind this line go to take() */
    enum fota_err err; /* of AGAIN and GIVE_UP: why */
};

struct fota_at_talk {
    void *ctx;
    /* Nothing said before holds any longer: the module or the line may have been lost. */
    void (*reset)(void *ctx);
    /* Write what is to be sent next, with its CR where it is a command, into `out` (n_max
     * bytes, 512 at least) and how long the answer may take into *limit_ms (0: as for any
     * command). Returns its length; 0: the source can be read. */
    size_t (*say)(void *ctx, char *out, size_t n_max, uint32_t *limit_ms);
    /* A line of the module, or its prompt ">". */
    enum fota_talk (*hear)(void *ctx, const struct fota_at_reply *reply, const char *line,
                           struct fota_talk_note *note);
    /* Raw bytes, those of note->n_raw in any pieces. */
    enum fota_talk (*take)(void *ctx, const uint8_t *bytes, uint32_t n,
                           struct fota_talk_note *note);
    /* The package is no longer needed: what is said now tidies up.  What comes of it does not
     * matter. */
    void (*end)(void *ctx);
};

#endif
