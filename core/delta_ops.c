/* SPDX-License-Identifier: MIT */
#include "core/delta_ops.h"

static uint32_t log2_floor(uint32_t v)
{
    uint32_t e = 0;
    while (v >>= 1)
        e++;
    return e;
}

static void counters_reset(uint16_t *c, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        c[i] = FOTA_SHORT_START;
}

void fota_number_reset(struct fota_number *n)
{
    counters_reset(n->exponent, 32);
    counters_reset(&n->upper[0][0], 48);
    counters_reset(&n->lower[0][0], 48);
}

/* `n_bits` bits, most significant first, each by a counter of its own in the tree. */
static uint32_t
code_tree(uint16_t *tree, const struct fota_coder *coder, uint32_t n_bits, uint32_t value)
{
    uint32_t node = 1;
    while (n_bits-- > 0)
        node = node * 2 + fota_code_short(coder, &tree[node - 1], (value >> n_bits) & 1U);
    return node;
}

uint32_t fota_number_code(struct fota_number *n, const struct fota_coder *coder, uint32_t value)
{
    uint32_t v = value + 1;
    uint32_t e = code_tree(n->exponent, coder, 5, log2_floor(v)) - 32;
    uint32_t row = e < 15 ? e : 15;
    uint32_t upper = e < 2 ? e : 2;
    uint32_t lower = e - upper < 2 ? e - upper : 2;
    uint32_t out =
        code_tree(n->upper[row], coder, upper, (v >> (e - upper)) & ((1U << upper) - 1));
    for (uint32_t left = e - upper; left > lower; left--)
        out = out * 2 + coder->code(coder->ctx, 0x8000, (v >> (left - 1)) & 1U);
    uint32_t low = code_tree(n->lower[row], coder, lower, v & ((1U << lower) - 1));
    out = (out << lower) | (low & ((1U << lower) - 1));
    return out - 1;
}

void fota_op_model_reset(struct fota_op_model *m)
{
    for (int i = 0; i < 2; i++) {
        fota_number_reset(&m->gap[i]);
        fota_number_reset(&m->len[i]);
        counters_reset(m->recent_miss[i], FOTA_OP_RECENT);
    }
    fota_number_reset(&m->jump);
    counters_reset(&m->jump_back, 1);
    counters_reset(m->in_map, 16);
    for (uint32_t i = 0; i < FOTA_OP_RECENT; i++)
        m->recent[i] = 0;
    m->pos = 0;
    m->fresh = 0;
}

/* A diagonal: a recent one by its place, or a jump from the last one.  Puts it first. */
static uint32_t code_diagonal(struct fota_op_model *m, const struct fota_coder *coder,
                              uint32_t diagonal, bool no_gap)
{
    uint32_t i = 0;
    while (i < FOTA_OP_RECENT &&
           fota_code_short(coder, &m->recent_miss[no_gap][i], diagonal != m->recent[i]))
        i++;
    m->fresh = i != 0;
    if (i == FOTA_OP_RECENT) {
        uint32_t jump = diagonal - m->recent[0];
        uint32_t back = fota_code_short(coder, &m->jump_back, jump >> 31);
        jump = fota_number_code(&m->jump, coder, (back ? 0U - jump : jump) - 1) + 1;
        diagonal = m->recent[0] + (back ? 0U - jump : jump);
        i = FOTA_OP_RECENT - 1;
    } else {
        diagonal = m->recent[i];
    }
    for (; i > 0; i--)
        m->recent[i] = m->recent[i - 1];
    m->recent[0] = diagonal;
    return diagonal;
}

enum fota_err fota_op_code(struct fota_op_model *m, struct fota_op *op,
                           const struct fota_coder *coder, const struct fota_op_limits *limits)
{
    uint32_t left = limits->new_bytes - m->pos;
    uint32_t gap = fota_number_code(&m->gap[m->fresh], coder, op->new_off - m->pos);
    if (gap > left) return FOTA_E_BODY;
    op->new_off = m->pos + gap;
    left -= gap;
    if (left == 0) {
        op->n_bytes = 0;
        m->pos = limits->new_bytes;
        return FOTA_OK;
    }
    uint32_t len = fota_number_code(&m->len[gap == 0], coder, op->n_bytes - 1);
    if (len >= left) return FOTA_E_BODY;
    op->n_bytes = len + 1;
    op->src_off = op->new_off + code_diagonal(m, coder, op->src_off - op->new_off, gap == 0);
    if (op->src_off > limits->src_bytes || op->n_bytes > limits->src_bytes - op->src_off)
        return FOTA_E_BODY;
    op->in_map =
        limits->has_map &&
        fota_code_short(coder, &m->in_map[log2_floor(op->n_bytes) & 15U], op->in_map) != 0;
    m->pos = op->new_off + op->n_bytes;
    return FOTA_OK;
}
