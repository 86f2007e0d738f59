/* SPDX-License-Identifier: MIT */
#include "test/fake_codec.h"
#include "core/crc32.h"
#include "core/delta.h"
#include "core/le.h"
#include "core/package.h"
#include "core/sha256.h"
#include "sim/flash_sim.h"
#include <stdbool.h>
#include <string.h>

enum { BLOCK = 16, OP_LITERAL = 0, OP_OLD = 1, OP_NEW = 2, MASK = 0x5A, PROLOGUE = 4 };

static const uint8_t prologue[PROLOGUE] = {'F', 'A', 'K', 'E'};

/* ---- the decoder ---- */

struct fota_delta {
    const struct fota_delta_source *source;
    struct fota_delta_params params;
    struct fota_delta_unit unit;
    uint32_t done; /* new bytes handed out */
    uint32_t used; /* coded bytes */
    uint32_t fill; /* of the block */
    uint32_t next; /* in the block */
    uint8_t block[BLOCK];
};

enum fota_err
fota_delta_open(struct fota_delta **d, void *work, uint32_t work_bytes,
                const struct fota_delta_params *params, const struct fota_delta_source *source)
{
    uint8_t bytes[PROLOGUE];
    if (work_bytes < sizeof **d) return FOTA_E_RAM;
    if (params->prologue_bytes != PROLOGUE) return FOTA_E_BODY;
    enum fota_err err = source->body(source->ctx, 0, bytes, PROLOGUE);
    if (err < 0) return err;
    if (memcmp(bytes, prologue, PROLOGUE) != 0) return FOTA_E_BODY;
    *d = work;
    (*d)->source = source;
    (*d)->params = *params;
    return FOTA_OK;
}

enum fota_err fota_delta_begin(struct fota_delta *d, const struct fota_delta_unit *unit)
{
    d->unit = *unit;
    d->done = 0;
    d->used = 0;
    d->fill = 0;
    d->next = 0;
    return FOTA_OK;
}

static enum fota_err take(struct fota_delta *d, uint8_t *dst, uint32_t n)
{
    if (n > d->unit.coded_bytes - d->used) return FOTA_E_BODY;
    enum fota_err err = d->source->body(d->source->ctx, d->unit.coded_off + d->used, dst, n);
    d->used += n;
    return err;
}

/* The reference of a block; what may be read and what can be read must agree. */
static enum fota_err
read_reference(const struct fota_delta *d, unsigned op, uint32_t off, uint8_t *dst, uint32_t n)
{
    const struct fota_delta_source *s = d->source;
    memset(dst, 0, n);
    if (op == OP_LITERAL) return FOTA_OK;
    for (uint32_t i = 0; i < n;) {
        uint32_t k =
            op == OP_OLD ? s->old_readable(s->ctx, off + i) : s->new_readable(s->ctx, off + i);
        if (k == 0) return FOTA_E_BODY;
        i = k < n - i ? i + k : n;
    }
    return op == OP_OLD ? s->old_image(s->ctx, off, dst, n) : s->new_image(s->ctx, off, dst, n);
}

static enum fota_err next_block(struct fota_delta *d)
{
    uint8_t head[4];
    uint8_t reference[BLOCK];
    uint32_t left = d->unit.new_bytes - d->done;
    uint32_t n = left < BLOCK ? left : BLOCK;
    enum fota_err err = take(d, head, sizeof head);
    if (err < 0) return err;
    if (head[0] > OP_NEW) return FOTA_E_BODY;
    uint32_t off = head[1] | ((uint32_t)head[2] << 8) | ((uint32_t)head[3] << 16);
    err = read_reference(d, head[0], off, reference, n);
    if (err < 0) return err;
    err = take(d, d->block, n);
    if (err < 0) return err;
    for (uint32_t i = 0; i < n; i++)
        d->block[i] ^= reference[i];
    d->fill = n;
    d->next = 0;
    return FOTA_OK;
}

enum fota_err fota_delta_read(struct fota_delta *d, uint8_t *dst, uint32_t n_bytes)
{
    for (uint32_t i = 0; i < n_bytes; i++) {
        if (d->next == d->fill) {
            if (d->done == d->unit.new_bytes) return FOTA_E_BODY;
            enum fota_err err = next_block(d);
            if (err < 0) return err;
        }
        dst[i] = d->block[d->next++];
        d->done++;
    }
    return FOTA_OK;
}

bool fota_delta_supports(uint8_t codec, uint8_t arch)
{
    return codec == FOTA_CODEC_DELTA1 && arch == FOTA_ARCH_DATA;
}

enum fota_err fota_delta_end(struct fota_delta *d)
{
    return d->done == d->unit.new_bytes && d->used == d->unit.coded_bytes ? FOTA_OK
                                                                          : FOTA_E_BODY;
}

/* ---- the builder ---- */

/* What the format's rules know of the slot while units are built one after the other. */
struct model {
    const struct fake_spec *spec;
    uint64_t seed;
    bool in_place;
    uint8_t any_writes[FOTA_PACKAGE_SLOT_SECTORS_MAX]; /* by any unit */
    uint8_t earlier[FOTA_PACKAGE_SLOT_SECTORS_MAX];    /* by an earlier unit */
    uint32_t stashed[FOTA_PACKAGE_SLOT_SECTORS_MAX];   /* in order */
    uint32_t n_stashed;
    const struct fake_unit *unit;
    uint32_t pos; /* image offset being coded */
};

static struct model model;

static uint32_t sector_at(const struct fota_area *slot, uint32_t off)
{
    uint32_t index = 0;
    (void)!fota_area_sector_at(slot, off, &index);
    return index;
}

static struct fota_sector sector_of(const struct fota_area *slot, uint32_t index)
{
    struct fota_sector sector = {0, 0};
    (void)!fota_area_sector(slot, index, &sector);
    return sector;
}

static bool in_span(const struct model *m, uint32_t sector)
{
    return sector >= m->unit->first && sector - m->unit->first < m->unit->n;
}

static bool unit_writes(const struct fake_unit *u, uint32_t sector)
{
    return sector >= u->first && sector - u->first < u->n &&
           (u->mask >> (sector - u->first) & 1);
}

static bool may_read_old(const struct model *m, uint32_t off)
{
    if (off >= m->spec->old_bytes) return false;
    if (!m->in_place) return true;
    uint32_t sector = sector_at(m->spec->slot, off);
    if (!m->earlier[sector] && !unit_writes(m->unit, sector)) return true;
    for (uint32_t i = 0; i < m->spec->scratch_sectors && i < m->n_stashed; i++)
        if (m->stashed[m->n_stashed - 1 - i] == sector) return true;
    return false;
}

static bool may_read_new(const struct model *m, uint32_t off)
{
    if (off >= m->spec->new_bytes) return false;
    uint32_t sector = sector_at(m->spec->slot, off);
    if (in_span(m, sector)) return off < m->pos - m->pos % 256;
    return m->earlier[sector] || !m->any_writes[sector];
}

static bool may_read(const struct model *m, unsigned op, uint32_t off, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (!(op == OP_OLD ? may_read_old(m, off + i) : may_read_new(m, off + i))) return false;
    return true;
}

static uint32_t code_block(struct model *m, uint8_t *out, uint32_t n)
{
    const struct fake_spec *spec = m->spec;
    unsigned op = OP_LITERAL;
    uint32_t off = 0;
    for (unsigned tries = 0; tries < 8 && op == OP_LITERAL; tries++) {
        unsigned kind = fota_sim_random(&m->seed) % 4 == 0 ? OP_NEW : OP_OLD;
        uint32_t size = kind == OP_OLD ? spec->old_bytes : spec->new_bytes;
        if (size == 0) continue;
        off = fota_sim_random(&m->seed) % size;
        if (may_read(m, kind, off, n)) op = kind;
    }
    if (op == OP_LITERAL) off = 0;
    out[0] = (uint8_t)op;
    out[1] = (uint8_t)off;
    out[2] = (uint8_t)(off >> 8);
    out[3] = (uint8_t)(off >> 16);
    for (uint32_t i = 0; i < n; i++) {
        uint8_t reference = op == OP_OLD   ? spec->old_image[off + i]
                            : op == OP_NEW ? spec->new_image[off + i]
                                           : 0;
        out[4 + i] = spec->new_image[m->pos + i] ^ reference;
    }
    return 4 + n;
}

/* A unit head and its coded bytes; returns how many, 0 when they do not fit. */
static uint32_t code_unit(struct model *m, uint8_t *out, uint32_t capacity)
{
    const struct fake_spec *spec = m->spec;
    const struct fake_unit *u = m->unit;
    uint32_t n_map = (u->n + 7) / 8;
    uint32_t head = 10 + n_map + 4;
    uint32_t begin = sector_of(spec->slot, u->first).off;
    struct fota_sector last = sector_of(spec->slot, u->first + u->n - 1);
    uint32_t end = last.off + last.n_bytes;
    if (end > spec->new_bytes) end = spec->new_bytes;
    for (uint32_t i = 0; m->in_place && i < u->n; i++)
        if ((u->mask >> i & 1) && sector_of(spec->slot, u->first + i).off < spec->old_bytes)
            m->stashed[m->n_stashed++] = u->first + i;
    uint32_t used = head;
    for (m->pos = begin; m->pos < end;) {
        uint32_t n = end - m->pos < BLOCK ? end - m->pos : BLOCK;
        if (used + 4 + n > capacity) return 0;
        used += code_block(m, out + used, n);
        m->pos += n;
    }
    uint32_t coded = used - head;
    fota_put_le16(out, (uint16_t)u->first);
    out[2] = (uint8_t)u->n;
    out[3] = (uint8_t)coded;
    out[4] = (uint8_t)(coded >> 8);
    out[5] = (uint8_t)(coded >> 16);
    fota_put_le32(out + 6, fota_crc32(0, spec->new_image + begin, end - begin));
    for (uint32_t i = 0; i < n_map; i++)
        out[10 + i] = (uint8_t)(u->mask >> (8 * i));
    uint32_t crc = fota_crc32(0, out, 10 + n_map);
    fota_put_le32(out + 10 + n_map, fota_crc32(crc, out + head, coded));
    for (uint32_t i = 0; i < u->n; i++)
        if (u->mask >> i & 1) m->earlier[u->first + i] = 1;
    return used;
}

static void sha256(uint8_t digest[FOTA_SHA256_BYTES], const uint8_t *bytes, uint32_t n)
{
    struct fota_sha256 h;
    fota_sha256_init(&h);
    fota_sha256_update(&h, bytes, n);
    fota_sha256_final(&h, digest);
}

/* Encoding of Ed25519's base point: neither of small order nor non-canonical. */
static const uint8_t fake_key[FOTA_ED25519_KEY_BYTES] = {
    0x58, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
    0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
    0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
};

static void mask_all(uint8_t *package, uint32_t from, uint32_t to)
{
    for (uint32_t i = from; i < to; i++)
        package[i] ^= MASK;
}

void fake_sign(uint8_t *package)
{
    uint32_t head = fota_le16(package + 6);
    uint8_t *block = package + head;
    mask_all(package, 12, head);
    memset(block, 0, 1 + 69);
    block[0] = 1;
    block[1] = 1;
    fota_key_id(fake_key, block + 2);
    memcpy(block + 6, fake_key, sizeof fake_key);
    fota_put_le32(block + 6 + 32, fota_crc32(0, package, head));
    mask_all(package, 12, head + 1 + 69);
}

static uint8_t *put_text(uint8_t *p, const char *text)
{
    memcpy(p, text, strlen(text));
    return p + strlen(text);
}

/* Fixed fields and strings; returns the head's bytes. */
static bool is_back_coded(const struct fake_spec *spec)
{
    return spec->trial_boots != 0 && (spec->features & FOTA_FEATURE_TWO_SLOTS) == 0;
}

static uint32_t trial_bytes(const struct fake_spec *spec)
{
    if (spec->trial_boots == 0) return 0;
    return is_back_coded(spec) ? 53 : 7;
}

/* The trial section. */
static uint8_t *
put_trial(uint8_t *p, const struct fake_spec *spec, const uint8_t *body, uint32_t body_bytes)
{
    p[0] = 2;
    p[1] = (uint8_t)(trial_bytes(spec) - 2);
    p[2] = spec->trial_boots;
    fota_put_le32(p + 3, spec->back->counter);
    if (!is_back_coded(spec)) return p + 7;
    fota_put_le32(p + 7, body_bytes);
    sha256(p + 11, body, body_bytes);
    fota_put_le16(p + 43, (uint16_t)spec->back->scratch_sectors);
    fota_put_le16(p + 45, (uint16_t)spec->back->n_units);
    fota_put_le16(p + 47, 1);
    fota_put_le32(p + 49, PROLOGUE);
    return p + 53;
}

static uint32_t put_head(uint8_t *out, const struct fake_spec *spec, const uint8_t *body,
                         uint32_t forth_bytes, uint32_t body_bytes)
{
    bool full = spec->old_bytes == 0;
    const char *from = full ? "" : spec->from_version;
    memset(out, 0, FOTA_PACKAGE_FIXED_BYTES);
    put_text(out, "FOTA");
    out[5] = MASK;
    fota_put_le32(out + 12, spec->features);
    fota_put_le32(out + 16, spec->counter);
    fota_put_le32(out + 20, spec->old_bytes);
    fota_put_le32(out + 24, spec->new_bytes);
    if (!full) sha256(out + 28, spec->old_image, spec->old_bytes);
    sha256(out + 60, spec->new_image, spec->new_bytes);
    sha256(out + 92, body, forth_bytes);
    fota_put_le32(out + 124, fota_area_geometry_id(spec->slot));
    fota_put_le16(out + 128, (uint16_t)spec->scratch_sectors);
    fota_put_le16(out + 130, (uint16_t)spec->n_units);
    fota_put_le16(out + 132, 1);
    out[134] = FOTA_CODEC_DELTA1;
    fota_put_le32(out + 136, PROLOGUE);
    out[144] = (uint8_t)strlen(spec->product);
    out[145] = (uint8_t)strlen(from);
    out[146] = (uint8_t)strlen(spec->to_version);
    uint8_t *p = put_text(out + FOTA_PACKAGE_FIXED_BYTES, spec->product);
    p = put_text(put_text(p, from), spec->to_version);
    if (spec->trial_boots != 0) {
        out[147] = 1;
        p = put_trial(p, spec, body + forth_bytes, body_bytes - forth_bytes);
    }
    uint32_t head = (uint32_t)(p - out);
    fota_put_le16(out + 6, (uint16_t)head);
    fota_put_le32(out + 8, head + 1 + 69 + body_bytes);
    return head;
}

/* One direction's prologue and units at `off`; returns where they end, 0 without room. */
static uint32_t
code_body(uint8_t *out, uint32_t capacity, uint32_t off, const struct fake_spec *spec)
{
    memset(&model, 0, sizeof model);
    model.spec = spec;
    model.seed = spec->seed;
    model.in_place = (spec->features & (FOTA_FEATURE_FULL | FOTA_FEATURE_TWO_SLOTS)) == 0;
    for (uint32_t i = 0; i < spec->n_units; i++)
        for (uint32_t k = 0; k < spec->units[i].n; k++)
            if (spec->units[i].mask >> k & 1) model.any_writes[spec->units[i].first + k] = 1;
    if (capacity < off + PROLOGUE) return 0;
    memcpy(out + off, prologue, PROLOGUE);
    uint32_t end = off + PROLOGUE;
    for (uint32_t i = 0; i < spec->n_units; i++) {
        model.unit = &spec->units[i];
        if (capacity - end < 32) return 0;
        uint32_t n = code_unit(&model, out + end, capacity - end);
        if (n == 0) return 0;
        end += n;
    }
    return end;
}

uint32_t fake_package(uint8_t *out, uint32_t capacity, const struct fake_spec *spec)
{
    uint32_t body_off = (uint32_t)(FOTA_PACKAGE_FIXED_BYTES + strlen(spec->product) +
                                   (spec->old_bytes ? strlen(spec->from_version) : 0) +
                                   strlen(spec->to_version) + trial_bytes(spec) + 1 + 69);
    uint32_t end = code_body(out, capacity, body_off, spec);
    uint32_t forth_end = end;
    if (end != 0 && is_back_coded(spec)) end = code_body(out, capacity, end, spec->back);
    if (end == 0) return 0;
    (void)put_head(out, spec, out + body_off, forth_end - body_off, end - body_off);
    mask_all(out, 12, end);
    fake_sign(out);
    return end;
}

static bool is_equal_sector(const struct fake_spec *spec, uint32_t index)
{
    struct fota_sector sector = sector_of(spec->slot, index);
    uint32_t end = sector.off + sector.n_bytes;
    if (end > spec->new_bytes) end = spec->new_bytes;
    return end <= spec->old_bytes &&
           memcmp(spec->old_image + sector.off, spec->new_image + sector.off,
                  end - sector.off) == 0;
}

void fake_plan(struct fake_spec *spec, uint32_t unit_sectors, int descending)
{
    uint32_t n_image = sector_at(spec->slot, spec->new_bytes - 1) + 1;
    bool in_place = (spec->features & (FOTA_FEATURE_FULL | FOTA_FEATURE_TWO_SLOTS)) == 0;
    uint32_t n_spans = (n_image + unit_sectors - 1) / unit_sectors;
    spec->n_units = 0;
    for (uint32_t i = 0; i < n_spans; i++) {
        struct fake_unit u = {(descending ? n_spans - 1 - i : i) * unit_sectors, unit_sectors,
                              0};
        if (u.n > n_image - u.first) u.n = n_image - u.first;
        for (uint32_t k = 0; k < u.n; k++)
            if (!in_place || !is_equal_sector(spec, u.first + k)) u.mask |= (uint64_t)1 << k;
        if (u.mask != 0) spec->units[spec->n_units++] = u;
    }
}

/* ---- the verifier ---- */

static enum fota_err find_fake_key(void *ctx, const uint8_t id[FOTA_KEY_ID_BYTES],
                                   uint8_t key[FOTA_ED25519_KEY_BYTES])
{
    uint8_t fake_id[FOTA_KEY_ID_BYTES];
    (void)ctx;
    fota_key_id(fake_key, fake_id);
    if (memcmp(id, fake_id, sizeof fake_id) != 0) return FOTA_E_UNKNOWN_KEY;
    memcpy(key, fake_key, sizeof fake_key);
    return FOTA_OK;
}

static enum fota_err
verify_fake(void *ctx, const uint8_t sig[FOTA_ED25519_SIG_BYTES],
            const uint8_t key[FOTA_ED25519_KEY_BYTES], const uint8_t *msg, size_t msg_bytes)
{
    uint8_t expected[FOTA_ED25519_SIG_BYTES] = {0};
    (void)ctx;
    memcpy(expected, key, FOTA_ED25519_KEY_BYTES);
    fota_put_le32(expected + FOTA_ED25519_KEY_BYTES, fota_crc32(0, msg, msg_bytes));
    return memcmp(sig, expected, sizeof expected) == 0 ? FOTA_OK : FOTA_E_SIGNATURE;
}

const struct fota_verifier fake_verifier = {NULL, find_fake_key, verify_fake};
