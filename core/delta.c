/* SPDX-License-Identifier: MIT */
/* The decoder's frame: prologue, ops in sequence, units.  doc/codec.md 1. */
#include "core/delta.h"
#include "core/delta_state.h"
#include "core/le.h"
#include "core/mem.h"

/* What the plain begin of the prologue says. */
struct plain {
    uint32_t n_hashed;
    uint8_t n_ram; /* segments of the RAM map */
    uint16_t n_map;
};

bool fota_delta_supports(uint8_t codec, uint8_t arch)
{
    return codec == FOTA_CODEC_DELTA1 && arch < FOTA_ARCH_COUNT &&
           ((FOTA_ARCH_MASK >> arch) & 1U) != 0;
}

static enum fota_err read_plain(struct plain *out, const struct fota_delta_params *params,
                                const struct fota_delta_source *source)
{
    uint8_t bytes[FOTA_PROLOGUE_PLAIN];
    if (!fota_delta_supports(params->codec, params->arch)) return FOTA_E_FEATURE;
    if (params->prologue_bytes < sizeof bytes) return FOTA_E_BODY;
    enum fota_err err = source->body(source->ctx, 0, bytes, sizeof bytes);
    if (err != FOTA_OK) return err;
    out->n_hashed = bytes[0] * FOTA_DELTA_HASH_UNIT;
    out->n_ram = bytes[1];
    out->n_map = fota_le16(bytes + 2);
    if (out->n_hashed == 0) return FOTA_E_BODY;
    /* References are to the old image; and an item must not reach over the page being made. */
    if (params->arch != FOTA_ARCH_DATA && params->old_bytes == 0) return FOTA_E_BODY;
    return params->arch == FOTA_ARCH_DATA && (out->n_ram | out->n_map) != 0 ? FOTA_E_BODY
                                                                            : FOTA_OK;
}

static uint32_t workspace_bytes(const struct plain *plain)
{
    return FOTA_DELTA_STATE_BYTES + (uint32_t)sizeof(uint16_t) * plain->n_hashed +
           ((uint32_t)plain->n_map + plain->n_ram) * (uint32_t)FOTA_MAP_SEGMENT_BYTES;
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

static uint32_t code_raw(const struct fota_coder *coder, uint32_t value, uint32_t n_bits)
{
    uint32_t out = 0;
    while (n_bits-- > 0)
        out = out * 2 + coder->code(coder->ctx, 0x8000, (value >> n_bits) & 1U);
    return out;
}

void fota_delta_space_code(struct fota_delta_space *space, const struct fota_coder *coder,
                           bool has_ram)
{
    space->base = code_raw(coder, space->base >> 8, 24) << 8;
    if (!has_ram) return;
    space->ram_begin = code_raw(coder, space->ram_begin >> 8, 24) << 8;
    space->ram_bytes = code_raw(coder, space->ram_bytes >> 8, 16) << 8;
}

enum fota_err
fota_delta_ram_segment_code(struct fota_op_model *m, const struct fota_coder *coder,
                            uint32_t *begin, uint32_t *diagonal)
{
    uint32_t apart = fota_number_code(&m->gap[0], coder, *begin - m->pos);
    if (apart > FOTA_MAP_MASK - m->pos) return FOTA_E_BODY;
    *begin = m->pos += apart;
    uint32_t step = *diagonal - m->recent[0];
    uint32_t back = fota_code_short(coder, &m->jump_back, step >> 31);
    step = fota_number_code(&m->jump, coder, back ? 0U - step : step);
    m->recent[0] += back ? 0U - step : step;
    *diagonal = m->recent[0];
    return FOTA_OK;
}

/* Begin to read the coded prologue: parameters, RAM segments; the ops follow. */
static enum fota_err rewind_ops(struct fota_delta *d)
{
    struct fota_coder coder = ops_coder(d);
    enum fota_err err = FOTA_OK;
    fota_op_model_reset(&d->ops);
    fota_rangedec_begin(&d->ops_rangedec, FOTA_PROLOGUE_PLAIN,
                        d->params.prologue_bytes - FOTA_PROLOGUE_PLAIN);
    if (d->params.arch != FOTA_ARCH_DATA)
        fota_delta_space_code(&d->space, &coder, d->ram_map.room > 0);
    d->ram_map.n = 0;
    for (uint32_t i = 0; err == FOTA_OK && i < d->ram_map.room; i++) {
        uint32_t begin = 0;
        uint32_t diagonal = 0;
        err = fota_delta_ram_segment_code(&d->ops, &coder, &begin, &diagonal);
        if (err == FOTA_OK) err = fota_map_add(&d->ram_map, begin, diagonal);
    }
    fota_op_model_reset(&d->ops);
    d->op = (struct fota_op){0};
    enum fota_err medium = fota_rangedec_result(&d->ops_rangedec);
    return medium != FOTA_OK ? medium : err;
}

static enum fota_err next_op(struct fota_delta *d)
{
    struct fota_coder coder = ops_coder(d);
    struct fota_op op = {0};
    enum fota_err err = fota_op_code(&d->ops, &op, &coder, &d->limits);
    if (fota_rangedec_result(&d->ops_rangedec) != FOTA_OK)
        err = fota_rangedec_result(&d->ops_rangedec);
    d->op = err == FOTA_OK ? op : (struct fota_op){0}; /* none: the next begin rewinds */
    return err;
}

/* Whether the current op lies wholly before `pos`. */
static bool op_is_past(const struct fota_delta *d)
{
    return d->op.n_bytes != 0
               ? d->pos - d->op.new_off >= d->op.n_bytes && d->pos >= d->op.new_off
               : d->ops.pos <= d->pos && d->ops.pos < d->limits.new_bytes;
}

/* Check the whole op table and fill the map. */
static enum fota_err read_ops(struct fota_delta *d)
{
    enum fota_err err = rewind_ops(d);
    while (err == FOTA_OK) {
        err = next_op(d);
        if (err != FOTA_OK || d->op.n_bytes == 0) break;
        if (d->op.in_map)
            err = fota_map_add(&d->map, d->op.src_off, d->op.src_off - d->op.new_off);
    }
    if (err == FOTA_OK && d->map.n != d->map.room) err = FOTA_E_BODY;
    return err == FOTA_OK ? fota_rangedec_end(&d->ops_rangedec) : err;
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
    d->isa = fota_isa_of(params->arch);
    d->n_hashed = plain.n_hashed;
    d->n_direct = plain.n_hashed >= FOTA_DELTA_DIRECT_FROM ? FOTA_DELTA_DIRECT : 0;
    d->hashed = (uint16_t *)(void *)((uint8_t *)work + FOTA_DELTA_STATE_BYTES);
    d->map.at = (uint8_t *)(d->hashed + plain.n_hashed);
    d->map.room = plain.n_map;
    d->ram_map.at = d->map.at + (size_t)plain.n_map * FOTA_MAP_SEGMENT_BYTES;
    d->ram_map.room = plain.n_ram;
    bool full = params->old_bytes == 0;
    d->limits = (struct fota_op_limits){
        .new_bytes = params->new_bytes,
        .src_bytes = full ? params->new_bytes : params->old_bytes,
        .has_map = params->arch != FOTA_ARCH_DATA,
    };
    d->rangedec.ctx = d->ops_rangedec.ctx = source->ctx;
    d->rangedec.body = d->ops_rangedec.body = source->body;
    d->err = FOTA_E_BODY; /* no unit begun */
    err = read_ops(d);
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
    fota_delta_words_reset(d);
    d->err = FOTA_OK;
    if (d->op.new_off > d->pos || d->op.n_bytes == 0) d->err = rewind_ops(d);
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
    uint32_t src_off = d->op.src_off + (d->pos - d->op.new_off);
    uint32_t n = d->isa != NULL ? fota_delta_word(d, src_off, item) : 0;
    if (n > 0 || d->err != FOTA_OK) return (uint8_t)n;
    int32_t src = fota_delta_src_byte(d, src_off);
    if (src < 0) {
        if (d->err == FOTA_OK) d->err = FOTA_E_BODY;
        return 0;
    }
    item[0] = fota_delta_copied(d, item[0], (uint8_t)src, src_off & 3U);
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
