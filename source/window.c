/* SPDX-License-Identifier: MIT */
/* Serve reads from one buffer, filled by ranges of the buffer's size.  Nothing is kept, so the
 * package as a whole cannot be checked here: every answer must prove, by a strong validator,
 * that it is of the same version as the first.  A package that fits the buffer needs no
 * validator: it is taken from one single answer. */
#include "source/package_whole.h"
#include "source/retry.h"
#include "source/text.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct window {
    struct fota_transport transport;
    const struct fota_source_options *options;
    struct fota_source *source;
    struct fota_validator validator;
    bool known; /* validator and total hold for all answers from now on */
    uint32_t total;
    uint64_t off;  /* of the buffer's first byte in the package */
    uint32_t n;    /* bytes in the buffer */
    uint64_t skip; /* bytes of the answer that come before what is wanted */
    uint8_t bytes[];
};

static uint32_t room(const struct window *w)
{
    const uint32_t size = w->options->window_bytes;
    const uint64_t left = w->total != 0 ? w->total - w->off : size;
    return left < size ? (uint32_t)left : size;
}

static enum fota_err on_begin(void *ctx, const struct fota_answer *answer)
{
    struct window *w = ctx;
    const uint64_t wanted = w->off + w->n;
    if (answer->off > wanted) {
        return FOTA_E_CHANGED;
    }
    w->skip = wanted - answer->off;
    if (!w->known) {
        w->validator = answer->validator;
        w->n = 0;
        w->skip = 0;
        return answer->off == 0 ? FOTA_OK : FOTA_E_CHANGED;
    }
    if (answer->validator.text[0] == '\0') {
        return FOTA_E_VALIDATOR;
    }
    const bool same = w->validator.strong && answer->validator.strong &&
                      strcmp(w->validator.text, answer->validator.text) == 0 &&
                      (answer->total == FOTA_TOTAL_UNKNOWN || answer->total == w->total);
    return same ? FOTA_OK : FOTA_E_CHANGED;
}

/* With the first bytes: how long the package is, and whether it can be read this way. */
static enum fota_err learn_total(struct window *w)
{
    if (w->total != 0 || w->n < FOTA_PACKAGE_PREFIX_BYTES) {
        return FOTA_OK;
    }
    const enum fota_err err = fota_package_whole_size(w->bytes, &w->total);
    if (err != FOTA_OK) {
        return err;
    }
    if (w->total > w->options->max_bytes) {
        return FOTA_E_TOO_LARGE;
    }
    if (w->total > w->options->window_bytes && !w->validator.strong) {
        return FOTA_E_VALIDATOR;
    }
    w->known = w->validator.strong;
    return FOTA_OK;
}

static enum fota_err on_bytes(void *ctx, const uint8_t *bytes, size_t n_bytes)
{
    struct window *w = ctx;
    while (n_bytes > 0) {
        if (w->skip > 0) {
            const size_t n = w->skip < n_bytes ? (size_t)w->skip : n_bytes;
            w->skip -= n;
            bytes += n;
            n_bytes -= n;
            continue;
        }
        if (w->n == room(w)) {
            return FOTA_MORE;
        }
        /* the prefix first: it decides how much more is wanted */
        uint32_t n = room(w) - w->n;
        if (w->total == 0 && n > FOTA_PACKAGE_PREFIX_BYTES - w->n) {
            n = FOTA_PACKAGE_PREFIX_BYTES - w->n;
        }
        n = n < n_bytes ? n : (uint32_t)n_bytes;
        memcpy(w->bytes + w->n, bytes, n);
        w->n += n;
        bytes += n;
        n_bytes -= n;
        const enum fota_err err = learn_total(w);
        if (err != FOTA_OK) {
            return err;
        }
    }
    return FOTA_OK;
}

static bool is_full(const struct window *w)
{
    return w->total != 0 && w->n == room(w);
}

/* Fill the buffer from w->off on. */
static enum fota_err fill(struct window *w)
{
    struct fota_retry retry = {w->options, 0};
    const struct fota_sink sink = {w, on_begin, on_bytes};
    struct fota_attempt attempt;
    while (!is_full(w)) {
        if (!w->known) { /* no version to go on with */
            w->n = 0;
            w->total = 0;
        }
        const uint32_t before = w->n;
        const struct fota_request request = {w->off + w->n, room(w) - w->n, &w->validator};
        enum fota_err err = w->transport.get(w->transport.ctx, &request, &sink, &attempt);
        if (err == FOTA_E_RANGE && attempt.past_end) {
            err = w->known ? FOTA_E_CHANGED : FOTA_E_SERVER;
        }
        if (err == FOTA_OK && !is_full(w)) {
            (void)snprintf(attempt.text, sizeof attempt.text, "server ends before the package");
            attempt.again = true;
            err = FOTA_E_TRUNCATED;
        }
        if (err == FOTA_OK) {
            break;
        }
        fota_source_text(w->source->detail, "%s", attempt.text);
        if (err == FOTA_E_CHANGED) {
            attempt.again = false;
        }
        err = fota_retry_wait(&retry, err, &attempt, w->known && w->n > before);
        if (err != FOTA_OK) {
            return err;
        }
    }
    w->source->detail[0] = '\0';
    return FOTA_OK;
}

static enum fota_err window_read(void *ctx, uint32_t off, uint8_t *dst, uint32_t n_bytes)
{
    struct window *w = ctx;
    if (off > w->total || n_bytes > w->total - off) {
        return FOTA_E_RANGE;
    }
    while (n_bytes > 0) {
        if (off < w->off || off - w->off >= w->n) {
            w->off = off;
            w->n = 0;
        }
        const enum fota_err err = fill(w);
        if (err != FOTA_OK) {
            return err;
        }
        const uint32_t from = (uint32_t)(off - w->off);
        const uint32_t n = n_bytes < w->n - from ? n_bytes : w->n - from;
        memcpy(dst, w->bytes + from, n);
        dst += n;
        off += n;
        n_bytes -= n;
    }
    return FOTA_OK;
}

static void window_close(void *ctx)
{
    struct window *w = ctx;
    w->transport.close(w->transport.ctx);
    free(w);
}

enum fota_err fota_window_open(struct fota_source *s, const struct fota_transport *t,
                               const struct fota_source_options *options)
{
    const uint32_t size = options->window_bytes;
    struct window *w = size >= FOTA_PACKAGE_PREFIX_BYTES ? calloc(1, sizeof *w + size) : NULL;
    if (w == NULL) {
        t->close(t->ctx);
        return size >= FOTA_PACKAGE_PREFIX_BYTES ? FOTA_E_NOMEM : FOTA_E_USAGE;
    }
    w->transport = *t;
    w->options = options;
    w->source = s;
    const enum fota_err err = fill(w);
    if (err != FOTA_OK) {
        window_close(w);
        return err;
    }
    w->known = true;
    s->package = (struct fota_package_source){w, w->total, window_read, window_close};
    return FOTA_OK;
}
