/* SPDX-License-Identifier: MIT */
/* From images to a body: for each order of units parse, write the prologue, code the units;
 * keep the smallest, prove it. */
#include "host/encode.h"
#include "core/crc32.h"
#include "core/delta_state.h"
#include "core/le.h"
#include "host/address_map.h"
#include "host/analyze.h"
#include "host/buffer.h"
#include "host/order.h"
#include "host/parse.h"
#include "host/plan.h"
#include "host/project.h"
#include "host/prove.h"
#include "host/rangeenc.h"

#define UNIT_CODED_MAX 0xFFFFFFU /* coded_bytes has 24 bits */

struct job {
    struct fota_bytes old_image;
    struct fota_bytes new_image;
    const struct fota_encode_options *options;
    struct fota_plan plan;
    struct fota_ops ops;
    enum fota_arch arch;
    struct fota_delta_space space;
    uint32_t *references; /* fota_count_references() of the old image */
    struct fota_map map;  /* both as the decoder will have them */
    struct fota_map ram_map;
    struct fota_buffer body;
    uint32_t unit; /* being coded */
    uint32_t n_hashed;
};

static bool is_full(const struct job *j)
{
    return j->options->mode == FOTA_ENCODE_FULL;
}

static uint32_t copyable(void *ctx, uint32_t dst_off, uint32_t src_off)
{
    const struct job *j = ctx;
    return fota_plan_copyable(&j->plan, dst_off, src_off);
}

static void free_maps(struct job *j)
{
    free(j->map.at);
    free(j->ram_map.at);
    j->map = j->ram_map = (struct fota_map){0};
}

/* Workspace behind the decoder's state, for hashed counters and maps. */
static uint32_t shared_bytes(const struct job *j)
{
    return j->options->decoder_bytes - FOTA_DELTA_STATE_BYTES;
}

/* The map gets up to 70 % of that. */
static enum fota_err make_maps(struct job *j)
{
    uint32_t room = shared_bytes(j) / 10 * 6 / (uint32_t)FOTA_MAP_SEGMENT_BYTES;
    uint32_t n_marked;
    if (room > UINT16_MAX) room = UINT16_MAX;
    free_maps(j);
    enum fota_err err = fota_ram_map_build(&j->ram_map, &j->ops, j->old_image, j->new_image,
                                           &j->space, room / 4 < 255 ? room / 4 : 255);
    if (err == FOTA_OK)
        err = fota_address_map_mark(&j->ops, j->references, j->old_image.n_bytes,
                                    room - j->ram_map.n, &n_marked);
    if (err == FOTA_OK) err = fota_address_map_build(&j->map, &j->ops, n_marked);
    return err;
}

/* The hashed counters get what the maps leave. */
static uint32_t count_hashed(const struct job *j)
{
    uint32_t left =
        shared_bytes(j) - (j->map.n + j->ram_map.n) * (uint32_t)FOTA_MAP_SEGMENT_BYTES;
    uint32_t units = left / 2 / FOTA_DELTA_HASH_UNIT;
    return (units < 255 ? units : 255) * FOTA_DELTA_HASH_UNIT;
}

/* One pass over images as `how` shows them. */
static enum fota_err parse_pass(struct job *j, const struct fota_projection *how)
{
    bool weak = how->map == NULL;
    uint8_t *src = malloc(j->old_image.n_bytes + 1U);
    uint8_t *dst = malloc((size_t)2 * j->new_image.n_bytes);
    enum fota_err err = src != NULL && dst != NULL ? FOTA_OK : FOTA_E_NOMEM;
    uint8_t *flags = weak && err == FOTA_OK ? dst + j->new_image.n_bytes : NULL;
    if (err == FOTA_OK) err = fota_project(src, NULL, j->old_image, true, how);
    if (err == FOTA_OK) err = fota_project(dst, flags, j->new_image, false, how);
    fota_ops_free(&j->ops);
    if (err == FOTA_OK) {
        struct fota_parse_job parse_job = {
            .src = {src, j->old_image.n_bytes},
            .dst = {dst, j->new_image.n_bytes},
            .weak = flags,
            .literal_from = j->new_image.at,
            .level = j->options->level,
            .readable = copyable,
            .ctx = j,
        };
        err = fota_parse(&j->ops, &parse_job);
    }
    free(src);
    free(dst);
    return err;
}

static enum fota_err parse_full(struct job *j)
{
    struct fota_parse_job parse_job = {
        .src = j->new_image,
        .dst = j->new_image,
        .literal_from = j->new_image.at,
        .from_itself = true,
        .level = j->options->level,
        .readable = copyable,
        .ctx = j,
    };
    return fota_parse(&j->ops, &parse_job);
}

/* First with references blanked, then, as often as pays, with references as the map that came
 * out moves them. */
static enum fota_err parse(struct job *j)
{
    if (is_full(j)) return parse_full(j);
    struct fota_projection how = {.arch = j->arch, .space = &j->space};
    enum fota_err err = parse_pass(j, &how);
    unsigned passes = j->arch == FOTA_ARCH_DATA ? 0 : j->options->level == 1 ? 1 : 2;
    while (err == FOTA_OK && passes-- > 0) {
        err = make_maps(j);
        how.map = &j->map;
        how.ram_map = &j->ram_map;
        if (err == FOTA_OK) err = parse_pass(j, &how);
    }
    if (err == FOTA_OK && j->arch != FOTA_ARCH_DATA) err = make_maps(j);
    return err;
}

/* Parameters and RAM segments, as fota_delta_open() reads them. */
static enum fota_err
write_space(struct job *j, struct fota_op_model *model, const struct fota_coder *coder)
{
    enum fota_err err = FOTA_OK;
    fota_delta_space_code(&j->space, coder, j->ram_map.n > 0);
    for (uint32_t i = 0; err == FOTA_OK && i < j->ram_map.n; i++) {
        const uint8_t *segment = j->ram_map.at + i * FOTA_MAP_SEGMENT_BYTES;
        uint32_t begin = fota_le32(segment) & FOTA_MAP_MASK;
        uint32_t diagonal = fota_map_diagonal(&j->ram_map, begin);
        err = fota_delta_ram_segment_code(model, coder, &begin, &diagonal);
    }
    fota_op_model_reset(model);
    return err;
}

static enum fota_err write_prologue(struct job *j)
{
    uint8_t plain[FOTA_PROLOGUE_PLAIN] = {(uint8_t)(j->n_hashed / FOTA_DELTA_HASH_UNIT),
                                          (uint8_t)j->ram_map.n};
    fota_put_le16(plain + 2, (uint16_t)j->map.n);
    fota_buffer_put(&j->body, plain, sizeof plain);
    struct fota_rangeenc enc;
    fota_rangeenc_begin(&enc, &j->body);
    struct fota_coder coder = {.ctx = &enc, .code = fota_rangeenc_code};
    struct fota_op_limits limits = {
        .new_bytes = j->new_image.n_bytes,
        .src_bytes = is_full(j) ? j->new_image.n_bytes : j->old_image.n_bytes,
        .has_map = j->arch != FOTA_ARCH_DATA,
    };
    struct fota_op_model model;
    fota_op_model_reset(&model);
    enum fota_err err = FOTA_OK;
    if (j->arch != FOTA_ARCH_DATA) err = write_space(j, &model, &coder);
    for (uint32_t i = 0; err == FOTA_OK && i <= j->ops.n; i++) {
        struct fota_op op = {.new_off = j->new_image.n_bytes};
        if (i < j->ops.n) op = j->ops.at[i];
        err = fota_op_code(&model, &op, &coder, &limits);
    }
    fota_rangeenc_end(&enc);
    return err;
}

static enum fota_err read_body(void *ctx, uint32_t off, uint8_t *dst, uint32_t n_bytes)
{
    const struct job *j = ctx;
    if (off > j->body.n || n_bytes > j->body.n - off) return FOTA_E_BODY;
    memcpy(dst, j->body.at + off, n_bytes);
    return FOTA_OK;
}

static enum fota_err read_old(void *ctx, uint32_t off, uint8_t *dst, uint32_t n_bytes)
{
    const struct job *j = ctx;
    memcpy(dst, j->old_image.at + off, n_bytes);
    return FOTA_OK;
}

static uint32_t old_readable(void *ctx, uint32_t off)
{
    const struct job *j = ctx;
    return fota_plan_old_readable(&j->plan, j->unit, off);
}

static enum fota_err read_new(void *ctx, uint32_t off, uint8_t *dst, uint32_t n_bytes)
{
    const struct job *j = ctx;
    memcpy(dst, j->new_image.at + off, n_bytes);
    return FOTA_OK;
}

/* Outside the current span, in a full image: units are in ascending order. */
static uint32_t new_readable(void *ctx, uint32_t off)
{
    const struct job *j = ctx;
    uint32_t begin = j->plan.units[j->unit].new_off;
    return off < begin ? begin - off : 0;
}

/* Head and coded bytes of the current unit. */
static enum fota_err write_unit(struct job *j, struct fota_delta *d)
{
    const struct fota_plan_unit *u = &j->plan.units[j->unit];
    const uint8_t *new_bytes = j->new_image.at + u->new_off;
    struct fota_buffer coded = {0};
    struct fota_rangeenc enc;
    fota_rangeenc_begin(&enc, &coded);
    struct fota_coder coder = {.ctx = &enc, .code = fota_rangeenc_code};
    struct fota_delta_unit place = {.new_off = u->new_off, .new_bytes = u->new_bytes};
    enum fota_err err = fota_delta_begin_with(d, &place, &coder);
    if (err == FOTA_OK) err = fota_delta_encode(d, new_bytes);
    fota_rangeenc_end(&enc);
    if (coded.n == 0) fota_buffer_put(&coded, "", 1); /* never none */
    if (err == FOTA_OK && coded.failed) err = FOTA_E_NOMEM;
    if (err == FOTA_OK && coded.n > UNIT_CODED_MAX) err = FOTA_E_IMAGE;
    if (err == FOTA_OK) {
        uint8_t head[FOTA_UNIT_HEAD_MAX];
        uint32_t bitmap = (u->n_sectors + 7) / 8;
        fota_put_le16(head, (uint16_t)u->first_sector);
        head[2] = (uint8_t)u->n_sectors;
        fota_put_le16(head + 3, (uint16_t)coded.n);
        head[5] = (uint8_t)(coded.n >> 16);
        fota_put_le32(head + 6, fota_crc32(0, new_bytes, u->new_bytes));
        memcpy(head + 10, u->written, bitmap);
        uint32_t crc = fota_crc32(0, head, 10 + bitmap);
        fota_put_le32(head + 10 + bitmap, fota_crc32(crc, coded.at, coded.n));
        fota_buffer_put(&j->body, head, 14 + bitmap);
        fota_buffer_put(&j->body, coded.at, coded.n);
    }
    fota_buffer_free(&coded);
    return err;
}

static enum fota_err write_units(struct job *j, struct fota_encoded *out)
{
    struct fota_delta_params params = {.codec = out->codec,
                                       .arch = out->arch,
                                       .old_bytes = j->old_image.n_bytes,
                                       .new_bytes = j->new_image.n_bytes,
                                       .prologue_bytes = out->prologue_bytes};
    struct fota_delta_source source = {.ctx = j,
                                       .body = read_body,
                                       .old_image = read_old,
                                       .old_readable = old_readable,
                                       .new_image = read_new,
                                       .new_readable = new_readable};
    enum fota_err err = fota_delta_workspace_bytes(&out->decoder_bytes, &params, &source);
    if (err != FOTA_OK) return err;
    if (out->decoder_bytes > j->options->decoder_bytes) return FOTA_E_RAM;
    void *work = malloc(out->decoder_bytes);
    if (work == NULL) return FOTA_E_NOMEM;
    struct fota_delta *d;
    err = fota_delta_open(&d, work, out->decoder_bytes, &params, &source);
    for (j->unit = 0; err == FOTA_OK && j->unit < j->plan.n_units; j->unit++)
        err = write_unit(j, d);
    free(work);
    return err;
}

static void fill_in(struct fota_encoded *out, const struct job *j)
{
    struct fota_encode_stats *s = &out->stats;
    *s = (struct fota_encode_stats){.prologue_bytes = out->prologue_bytes,
                                    .n_ops = j->ops.n,
                                    .n_map_segments = j->map.n + j->ram_map.n};
    out->n_units = (uint16_t)j->plan.n_units;
    if (j->options->mode == FOTA_ENCODE_IN_PLACE)
        out->scratch_sectors = (uint16_t)j->plan.scratch_sectors;
    s->literal_bytes = j->new_image.n_bytes;
    for (uint32_t i = 0; i < j->ops.n; i++)
        s->literal_bytes -= j->ops.at[i].n_bytes;
    for (uint32_t i = 0; i < j->plan.n_units; i++) {
        s->unit_head_bytes += 14 + (j->plan.units[i].n_sectors + 7) / 8;
        s->written_sectors += j->plan.units[i].n_written;
        s->stash_steps += j->plan.units[i].n_stash;
    }
    s->unchanged_sectors = j->plan.n_new_sectors - s->written_sectors;
    s->coded_bytes = (uint32_t)j->body.n - s->prologue_bytes - s->unit_head_bytes;
}

static enum fota_err
encode_plan(struct fota_encoded *out, struct job *j, const struct fota_plan_choice *how)
{
    *out = (struct fota_encoded){.codec = FOTA_CODEC_DELTA1, .arch = (uint8_t)j->arch};
    if (j->options->decoder_bytes < FOTA_DELTA_STATE_BYTES + 4 * FOTA_DELTA_HASH_UNIT)
        return FOTA_E_RAM;
    enum fota_err err = fota_plan_make(&j->plan, j->old_image, j->new_image, j->options, how);
    if (err == FOTA_OK) err = parse(j);
    j->n_hashed = count_hashed(j);
    if (err == FOTA_OK) err = write_prologue(j);
    out->prologue_bytes = (uint32_t)j->body.n;
    if (err == FOTA_OK) err = write_units(j, out);
    if (err == FOTA_OK && j->body.failed) err = FOTA_E_NOMEM;
    if (err == FOTA_OK) {
        fill_in(out, j);
        out->body = j->body.at;
        out->body_bytes = (uint32_t)j->body.n;
    } else {
        fota_buffer_free(&j->body);
    }
    free_maps(j);
    fota_ops_free(&j->ops);
    fota_plan_free(&j->plan);
    j->body = (struct fota_buffer){0};
    return err;
}

static void report(const struct fota_encode_options *options, unsigned percent)
{
    if (options->progress != NULL) options->progress(options->progress_ctx, percent);
}

#define ORDERS_TRIED 5U /* unless a level is given */

/* The plans to try: in place, after a parse as if all of the old image stayed readable. */
static enum fota_err find_orders(struct fota_orders *out, struct job *j)
{
    const struct fota_encode_options *options = j->options;
    if (options->mode != FOTA_ENCODE_IN_PLACE) {
        *out = (struct fota_orders){.at = calloc(1, sizeof *out->at), .n = 1};
        return out->at != NULL ? FOTA_OK : FOTA_E_NOMEM;
    }
    struct fota_projection how = {.arch = j->arch, .space = &j->space};
    enum fota_err err = fota_plan_begin(&j->plan, j->old_image, j->new_image, options);
    if (err == FOTA_OK) err = parse_pass(j, &how);
    if (err == FOTA_OK)
        err = fota_orders_find(out, &j->plan, &j->ops, j->new_image, options,
                               options->level == 1   ? 1
                               : options->level == 3 ? UINT32_MAX
                                                     : ORDERS_TRIED);
    fota_ops_free(&j->ops);
    fota_plan_free(&j->plan);
    return err;
}

static enum fota_err check(struct fota_bytes old_image, struct fota_bytes new_image,
                           const struct fota_encode_options *options)
{
    if (new_image.n_bytes == 0 || new_image.n_bytes > FOTA_IMAGE_MAX_BYTES ||
        old_image.n_bytes > FOTA_IMAGE_MAX_BYTES ||
        (old_image.n_bytes == 0) != (options->mode == FOTA_ENCODE_FULL))
        return FOTA_E_IMAGE;
    if (options->mode == FOTA_ENCODE_IN_PLACE &&
        (options->scratch_sectors == 0 || options->scratch_sectors > FOTA_PACKAGE_SCRATCH_MAX))
        return FOTA_E_GEOMETRY;
    return FOTA_OK;
}

static enum fota_err try_choice(struct fota_encoded *best, bool *smaller, struct job *j,
                                const struct fota_plan_choice *choice)
{
    struct fota_encoded tried;
    enum fota_err err = encode_plan(&tried, j, choice);
    if (err != FOTA_OK) return err;
    *smaller = best->body == NULL || tried.body_bytes < best->body_bytes;
    fota_encoded_free(*smaller ? best : &tried);
    if (*smaller) *best = tried;
    return FOTA_OK;
}

/* What `analysis` says at place `at`; past its end: data. */
static enum fota_err take_arch(struct job *j, const struct fota_analysis *analysis, uint32_t at)
{
    j->arch = FOTA_ARCH_DATA;
    if (at >= analysis->n) return FOTA_OK;
    j->arch = analysis->at[at].arch;
    j->space = analysis->at[at].space;
    return fota_count_references(j->references, j->old_image, j->arch, &j->space);
}

/* The smallest body: of all instruction sets, and of none, with the first plan; then of all
 * plans with the best one. */
static enum fota_err
try_choices(struct fota_encoded *best, struct job *j, const struct fota_analysis *analysis)
{
    uint32_t n_arch = j->options->level == 1 ? 1 : analysis->n + 1;
    uint32_t best_arch = 0;
    bool smaller;
    struct fota_orders orders = {0};
    enum fota_err err = take_arch(j, analysis, 0);
    if (err == FOTA_OK) err = find_orders(&orders, j);
    for (uint32_t i = 0; err == FOTA_OK && i < n_arch + orders.n - 1; i++) {
        err = take_arch(j, analysis, i < n_arch ? i : best_arch);
        if (err == FOTA_OK)
            err = try_choice(best, &smaller, j, &orders.at[i < n_arch ? 0 : i - n_arch + 1]);
        if (err == FOTA_OK && smaller && i < n_arch) best_arch = i;
        report(j->options, 90U * (i + 1) / (n_arch + orders.n - 1));
    }
    fota_orders_free(&orders);
    return err;
}

enum fota_err
fota_encode(struct fota_encoded *out, struct fota_bytes old_image, struct fota_bytes new_image,
            const struct fota_encode_options *options)
{
    struct fota_encoded best = {0};
    struct fota_analysis analysis = {0};
    struct job j = {.old_image = old_image, .new_image = new_image, .options = options};
    enum fota_err err = check(old_image, new_image, options);
    if (err != FOTA_OK) return err;
    j.references = malloc((old_image.n_bytes + 1U) * sizeof *j.references);
    if (j.references == NULL) return FOTA_E_NOMEM;
    if (err == FOTA_OK && !is_full(&j)) err = fota_analyze(&analysis, old_image);
    if (err == FOTA_OK) err = try_choices(&best, &j, &analysis);
    free(j.references);
    if (err == FOTA_OK) err = fota_prove(&best, old_image, new_image, options);
    if (err != FOTA_OK) {
        fota_encoded_free(&best);
        return err;
    }
    report(options, 100);
    *out = best;
    return FOTA_OK;
}

void fota_encoded_free(struct fota_encoded *encoded)
{
    free(encoded->body);
    encoded->body = NULL;
}
