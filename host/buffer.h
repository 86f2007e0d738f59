/* SPDX-License-Identifier: MIT */
/* A growing byte string.  `failed` is sticky: set when memory ran out, checked once at the end.
 */
#ifndef FOTA_HOST_BUFFER_H
#define FOTA_HOST_BUFFER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct fota_buffer {
    uint8_t *at; /* malloc'd */
    size_t n;
    size_t room;
    bool failed;
};

/* Room for `n` more bytes; a null pointer when there is none. */
static inline uint8_t *fota_buffer_extend(struct fota_buffer *b, size_t n)
{
    if (b->failed) return NULL;
    if (b->room - b->n < n) {
        size_t room = (b->n + n) * 2;
        uint8_t *at = realloc(b->at, room);
        if (at == NULL) {
            b->failed = true;
            return NULL;
        }
        b->at = at;
        b->room = room;
    }
    uint8_t *p = b->at + b->n;
    b->n += n;
    return p;
}

static inline void fota_buffer_put(struct fota_buffer *b, const void *bytes, size_t n)
{
    uint8_t *p = n > 0 ? fota_buffer_extend(b, n) : NULL;
    if (p != NULL) memcpy(p, bytes, n);
}

static inline void fota_buffer_free(struct fota_buffer *b)
{
    free(b->at);
    memset(b, 0, sizeof *b);
}

#endif
