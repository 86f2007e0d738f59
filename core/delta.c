/* SPDX-License-Identifier: MIT */
/* The decoder's frame: prologue, ops in sequence, units.  doc/codec.md 1. */
#include "core/delta.h"
#include "core/delta_state.h"
#include "core/le.h"
#include "core/mem.h"

/* What the plain begin of the prologue says. */
struct plain {
    uint8_t hash_bits;
};

static enum fota_err read_plain(struct plain *out, const struct fota_delta_params *params,
                                const struct fota_delta_source *source)
{
    uint8_t bytes[FOTA_PROLOGUE_PLAIN];
    if (params->codec != FOTA_CODEC_DELTA1 || params->arch != FOTA_ARCH_DATA)
        return FOTA_E_FEATURE;
    if (params->prologue_bytes < sizeof bytes) return FOTA_E_BODY;
    enum fota_err err = source->body(source->ctx, 0, bytes, sizeof bytes);
    if (err != FOTA_OK) return err;
    out->hash_bits = bytes[0];
    if (out->hash_bits < FOTA_DELTA_HASH_BITS_MIN || out->hash_bits > FOTA_DELTA_HASH_BITS_MAX)
        return FOTA_E_BODY;
    return FOTA_OK;
}

static uint32_t workspace_bytes(const struct plain *plain)
{
    return (uint32_t)sizeof(struct fota_delta) +
           ((uint32_t)sizeof(uint16_t) << plain->hash_bits);
}

enum fota_err
fota_delta_workspace_bytes(uint32_t *n_bytes, const struct fota_delta_params *params,
                           const struct fota_delta_source *source)
{
    struct plain plain;
    enum fota_err err = read_plain(&plain, params, source);
    if (err == FOTA_OK) *n_bytes = workspace_bytes(&plain);
    return err;
}

static struct fota_coder ops_coder(struct fota_delta *d)
{
    return (struct fota_coder){.ctx = &d->ops_rangedec, .code = fota_rangedec_code};
}

static void rewind_ops(struct fota_delta *d)
{
    fota_op_model_reset(&d->ops);
    fota_rangedec_begin(&d->ops_rangedec, FOTA_PROLOGUE_PLAIN,
                        d->params.prologue_bytes - FOTA_PROLOGUE_PLAIN);
    d->op = (struct fota_op){0};
}

static enum fota_err next_op(struct fota_delta *d)
{
    struct fota_coder coder = ops_coder(d);
    struct fota_op op = {0};
    enum fota_err err = fota_op_code(&d->ops, &op, &coder, &d->limits);
    if (fota_rangedec_result(&d->ops_rangedec) != FOTA_OK)
        err = fota_rangedec_result(&d->ops_rangedec);
    if (err == FOTA_OK) d->op = op;
    return err;
}

/* Whether the current op lies wholly before `pos`. */
static bool op_is_past(const struct fota_delta *d)
{
    return d->op.n_bytes != 0
               ? d->pos - d->op.new_off >= d->op.n_bytes && d->pos >= d->op.new_off
               : d->ops.pos <= d->pos && d->ops.pos < d->limits.new_bytes;
}

enum fota_err
fota_delta_open(struct fota_delta **out, void *work, uint32_t work_bytes,
                const struct fota_delta_params *params, const struct fota_delta_source *source)
{
    struct plain plain;
    enum fota_err err = read_plain(&plain, params, source);
    if (err != FOTA_OK) return err;
    if (work_bytes < workspace_bytes(&plain)) return FOTA_E_RAM;
    struct fota_delta *d = work;
    memset(d, 0, sizeof *d);
    d->source = source;
    d->params = *params;
    d->hash_bits = plain.hash_bits;
    d->hashed = (uint16_t *)(void *)(d + 1);
    bool full = params->old_bytes == 0;
    d->limits = (struct fota_op_limits){
        .new_bytes = params->new_bytes,
        .src_bytes = full ? params->new_bytes : params->old_bytes,
    };
    d->rangedec.ctx = d->ops_rangedec.ctx = source->ctx;
    d->rangedec.body = d->ops_rangedec.body = source->body;
    d->err = FOTA_E_BODY; /* no unit begun */
    rewind_ops(d);
    for (;;) {
        err = next_op(d);
        if (err != FOTA_OK) return err;
        if (d->op.n_bytes == 0) break;
    }
    err = fota_rangedec_end(&d->ops_rangedec);
    if (err == FOTA_OK) *out = d;
    return err;
}

enum fota_err fota_delta_begin_with(struct fota_delta *d, const struct fota_delta_unit *unit,
                                    const struct fota_coder *coder)
{
    if (unit->new_off > d->params.new_bytes ||
        unit->new_bytes > d->params.new_bytes - unit->new_off)
        return FOTA_E_BODY;
    d->coder = *coder;
    d->unit = *unit;
    d->pos = unit->new_off;
    d->end = unit->new_off + unit->new_bytes;
    d->n_pending = 0;
    d->src.n = 0;
    fota_delta_models_reset(d);
    d->err = FOTA_OK;
    if (d->op.new_off > d->pos || d->op.n_bytes == 0) rewind_ops(d);
    while (d->err == FOTA_OK && op_is_past(d))
        d->err = next_op(d);
    return d->err;
}

enum fota_err fota_delta_begin(struct fota_delta *d, const struct fota_delta_unit *unit)
{
    struct fota_coder coder = {.ctx = &d->rangedec, .code = fota_rangedec_code};
    fota_rangedec_begin(&d->rangedec, unit->coded_off, unit->coded_bytes);
    return fota_delta_begin_with(d, unit, &coder);
}

/* How many source bytes from `off` on may be read now, at least as far as the window reaches.
 */
static uint32_t src_readable(const struct fota_delta *d, uint32_t off)
{
    const struct fota_delta_source *s = d->source;
    if (off >= d->limits.src_bytes) return 0;
    uint32_t most = d->limits.src_bytes - off;
    uint32_t n;
    if (d->params.old_bytes != 0) {
        n = s->old_readable(s->ctx, off);
    } else if (off >= d->unit.new_off && off < d->end) {
        uint32_t page = d->pos - d->pos % FOTA_DELTA_PAGE;
        n = off < page ? page - off : 0;
    } else {
        n = s->new_readable(s->ctx, off);
        if (off < d->unit.new_off && n > d->unit.new_off - off) n = d->unit.new_off - off;
    }
    return n < most ? n : most;
}

int32_t fota_delta_src_byte(struct fota_delta *d, uint32_t off)
{
    struct fota_window *w = &d->src;
    if (off - w->off < w->n && off >= w->off) return w->bytes[off - w->off];
    uint32_t n = src_readable(d, off);
    if (n == 0) return -1;
    if (n > sizeof w->bytes) n = (uint32_t)sizeof w->bytes;
    const struct fota_delta_source *s = d->source;
    w->n = 0;
    enum fota_err err = d->params.old_bytes != 0 ? s->old_image(s->ctx, off, w->bytes, n)
                                                 : s->new_image(s->ctx, off, w->bytes, n);
    if (err != FOTA_OK) {
        if (d->err == FOTA_OK) d->err = err;
        return -1;
    }
    w->off = off;
    w->n = n;
    return w->bytes[0];
}

/* The next new byte or bytes, 1 to 4 of them. */
static uint8_t code_item(struct fota_delta *d, uint8_t item[4])
{
    if (op_is_past(d)) {
        d->err = next_op(d);
        if (d->err != FOTA_OK) return 0;
    }
    if (d->op.n_bytes == 0 || d->pos < d->op.new_off) {
        item[0] = fota_delta_literal(d, item[0]);
        return 1;
    }
    int32_t src = fota_delta_src_byte(d, d->op.src_off + (d->pos - d->op.new_off));
    if (src < 0) {
        if (d->err == FOTA_OK) d->err = FOTA_E_BODY;
        return 0;
    }
    item[0] = fota_delta_copied(d, item[0], (uint8_t)src, d->pos & 3U);
    return 1;
}

enum fota_err fota_delta_read(struct fota_delta *d, uint8_t *dst, uint32_t n_bytes)
{
    if (d->err != FOTA_OK) return d->err;
    if (n_bytes > d->n_pending + (d->end - d->pos)) return d->err = FOTA_E_BODY;
    while (n_bytes > 0) {
        if (d->n_pending == 0) {
            d->n_pending = code_item(d, d->pending);
            if (d->err == FOTA_OK) d->err = fota_rangedec_result(&d->rangedec);
            if (d->err != FOTA_OK) return d->err;
        }
        uint32_t n = d->n_pending < n_bytes ? d->n_pending : n_bytes;
        memcpy(dst, d->pending, n);
        memmove(d->pending, d->pending + n, d->n_pending - n);
        d->n_pending = (uint8_t)(d->n_pending - n);
        dst += n;
        n_bytes -= n;
    }
    return FOTA_OK;
}

enum fota_err fota_delta_encode(struct fota_delta *d, const uint8_t *new_bytes)
{
    while (d->err == FOTA_OK && d->pos < d->end) {
        uint8_t item[4] = {0};
        uint32_t left = d->end - d->pos;
        memcpy(item, new_bytes, left < 4 ? left : 4);
        new_bytes += code_item(d, item);
    }
    return d->err;
}

enum fota_err fota_delta_end(struct fota_delta *d)
{
    if (d->err != FOTA_OK) return d->err;
    if (d->pos != d->end || d->n_pending != 0) return d->err = FOTA_E_BODY;
    return fota_rangedec_end(&d->rangedec);
}
