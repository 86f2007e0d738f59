/* SPDX-License-Identifier: MIT */
#include "core/package.h"
#include "core/crc32.h"
#include "core/flash.h"
#include "core/le.h"

#define SIG_ENTRY_BYTES (1U + FOTA_KEY_ID_BYTES + FOTA_ED25519_SIG_BYTES)
#define SIG_ED25519     1U
#define OFF_VERSION     4U
#define OFF_MASK        5U
#define OFF_HEAD_BYTES  6U
#define OFF_TOTAL_BYTES 8U

/* Section types below this one are required. */
#define SECTION_OPTIONAL 128U
#define SECTION_TRIAL    2U
#define TRIAL_BYTES      5U  /* two slots: the base stays where it is */
#define TRIAL_BACK_BYTES 51U /* in place: and the body that brings it back */

static const uint8_t magic[4] = {'F', 'O', 'T', 'A'};

/* Lengths of what follows the fixed fields. */
struct tail_lengths {
    uint8_t product;
    uint8_t from_version;
    uint8_t to_version;
    uint8_t n_sections;
};

enum fota_err fota_package_parse_prefix(struct fota_package_prefix *out,
                                        const uint8_t prefix[FOTA_PACKAGE_PREFIX_BYTES])
{
    if (memcmp(prefix, magic, sizeof magic) != 0) return FOTA_E_FORMAT;
    if (prefix[OFF_VERSION] != FOTA_PACKAGE_VERSION) return FOTA_E_VERSION;
    uint16_t head_bytes = fota_le16(prefix + OFF_HEAD_BYTES);
    uint32_t total_bytes = fota_le32(prefix + OFF_TOTAL_BYTES);
    if (head_bytes < FOTA_PACKAGE_FIXED_BYTES || head_bytes > FOTA_PACKAGE_HEAD_MAX) {
        return FOTA_E_FORMAT;
    }
    if (total_bytes <= head_bytes || total_bytes > FOTA_PACKAGE_BYTES_MAX) return FOTA_E_FORMAT;
    *out = (struct fota_package_prefix){.version = prefix[OFF_VERSION],
                                        .mask = prefix[OFF_MASK],
                                        .head_bytes = head_bytes,
                                        .total_bytes = total_bytes};
    return FOTA_OK;
}

uint32_t fota_package_head_read_bytes(const struct fota_package_prefix *prefix)
{
    return prefix->total_bytes < FOTA_PACKAGE_HEAD_MAX ? prefix->total_bytes
                                                       : FOTA_PACKAGE_HEAD_MAX;
}

void fota_package_mask(uint8_t mask, uint32_t off, uint8_t *bytes, uint32_t n_bytes)
{
    uint32_t i = off < FOTA_PACKAGE_PREFIX_BYTES ? FOTA_PACKAGE_PREFIX_BYTES - off : 0;
    for (; i < n_bytes; i++) {
        bytes[i] ^= mask;
    }
}

static void take_hash(struct fota_reader *r, uint8_t hash[FOTA_SHA256_BYTES])
{
    const uint8_t *p = fota_take(r, FOTA_SHA256_BYTES);
    if (p != NULL) memcpy(hash, p, FOTA_SHA256_BYTES);
}

/* The fixed fields behind the prefix, as they stand. */
static void take_fixed(struct fota_package *p, struct tail_lengths *tail, uint32_t *timestamp,
                       struct fota_reader *r)
{
    p->features = fota_take_le32(r);
    p->security_counter = fota_take_le32(r);
    p->base_bytes = fota_take_le32(r);
    p->new_bytes = fota_take_le32(r);
    take_hash(r, p->base_sha256);
    take_hash(r, p->new_sha256);
    take_hash(r, p->body_sha256);
    p->geometry_id = fota_take_le32(r);
    p->scratch_sectors = fota_take_le16(r);
    p->n_units = fota_take_le16(r);
    p->decoder_kib = fota_take_le16(r);
    p->codec = fota_take_u8(r);
    p->arch = fota_take_u8(r);
    p->prologue_bytes = fota_take_le32(r);
    *timestamp = fota_take_le32(r);
    tail->product = fota_take_u8(r);
    tail->from_version = fota_take_u8(r);
    tail->to_version = fota_take_u8(r);
    tail->n_sections = fota_take_u8(r);
}

static bool is_zero(const uint8_t *bytes, size_t n)
{
    uint8_t any = 0;
    for (size_t i = 0; i < n; i++) {
        any |= bytes[i];
    }
    return any == 0;
}

/* What the fields say about the base, the kind of update and each other. */
static bool fields_agree(const struct fota_package *p, const struct tail_lengths *tail)
{
    bool full = (p->features & FOTA_FEATURE_FULL) != 0;
    bool in_place = !full && (p->features & FOTA_FEATURE_TWO_SLOTS) == 0;
    if (full) {
        /* A downgrade is bound to its base. */
        if ((p->features & FOTA_FEATURE_DOWNGRADE) != 0) return false;
        if (!is_zero(p->base_sha256, sizeof p->base_sha256)) return false;
    }
    if ((p->base_bytes == 0) != full || (tail->from_version == 0) != full) return false;
    if (p->base_bytes > FOTA_PACKAGE_BYTES_MAX) return false;
    if (p->new_bytes == 0 || p->new_bytes > FOTA_PACKAGE_BYTES_MAX) return false;
    if (tail->product == 0 || tail->to_version == 0) return false;
    if ((p->scratch_sectors != 0) != in_place) return false;
    return p->scratch_sectors <= FOTA_PACKAGE_SCRATCH_MAX && p->n_units != 0;
}

/* A string of `n` printable bytes without '"' into dst, with a terminator. */
static bool take_string(char dst[FOTA_PACKAGE_STRING_MAX + 1], struct fota_reader *r, uint8_t n)
{
    const uint8_t *p = n <= FOTA_PACKAGE_STRING_MAX ? fota_take(r, n) : NULL;
    if (p == NULL) return false;
    for (unsigned i = 0; i < n; i++) {
        if (p[i] < 0x20 || p[i] > 0x7E || p[i] == '"') return false;
        dst[i] = (char)p[i];
    }
    dst[n] = '\0';
    return true;
}

/* Section 3.1. */
static enum fota_err take_trial(struct fota_package *p, struct fota_reader r)
{
    struct fota_package_back *back = &p->back;
    bool in_place = (p->features & FOTA_FEATURE_TWO_SLOTS) == 0;
    if (p->trial_boots != 0 || (p->features & FOTA_FEATURE_FULL) != 0) return FOTA_E_FORMAT;
    if (r.left != (in_place ? TRIAL_BACK_BYTES : TRIAL_BYTES)) return FOTA_E_FORMAT;
    p->trial_boots = fota_take_u8(&r);
    if (p->trial_boots < FOTA_TRIAL_BOOTS_MIN) return FOTA_E_FORMAT;
    back->security_counter = fota_take_le32(&r);
    if (!in_place) return FOTA_OK;
    back->body_bytes = fota_take_le32(&r);
    take_hash(&r, back->body_sha256);
    back->scratch_sectors = fota_take_le16(&r);
    back->n_units = fota_take_le16(&r);
    back->decoder_kib = fota_take_le16(&r);
    back->prologue_bytes = fota_take_le32(&r);
    if (back->scratch_sectors == 0 || back->scratch_sectors > FOTA_PACKAGE_SCRATCH_MAX) {
        return FOTA_E_FORMAT;
    }
    return back->n_units != 0 && back->body_bytes > back->prologue_bytes ? FOTA_OK
                                                                         : FOTA_E_FORMAT;
}

static enum fota_err
take_sections(struct fota_package *p, struct fota_reader *r, unsigned n_sections)
{
    for (unsigned i = 0; i < n_sections; i++) {
        uint8_t type = fota_take_u8(r);
        uint8_t n_bytes = fota_take_u8(r);
        const uint8_t *value = fota_take(r, n_bytes);
        if (r->overrun || type == 0) return FOTA_E_FORMAT;
        if (type >= SECTION_OPTIONAL) continue;
        if (type != SECTION_TRIAL) return FOTA_E_FEATURE;
        enum fota_err err = take_trial(p, (struct fota_reader){value, n_bytes, false});
        if (err < 0) return err;
    }
    return FOTA_OK;
}

/* Everything between prefix and signature block; `head` is unmasked, head_bytes long. */
static enum fota_err parse_head(struct fota_package *p, const uint8_t *head)
{
    struct tail_lengths tail;
    uint32_t timestamp;
    struct fota_reader r = {head + FOTA_PACKAGE_PREFIX_BYTES,
                            p->prefix.head_bytes - FOTA_PACKAGE_PREFIX_BYTES, false};
    take_fixed(p, &tail, &timestamp, &r);
    if ((p->features & ~FOTA_FEATURES_KNOWN) != 0) return FOTA_E_FEATURE;
    if (timestamp != 0 || !fields_agree(p, &tail)) return FOTA_E_FORMAT;
    if (!take_string(p->product, &r, tail.product) ||
        !take_string(p->from_version, &r, tail.from_version) ||
        !take_string(p->to_version, &r, tail.to_version)) {
        return FOTA_E_FORMAT;
    }
    enum fota_err err = take_sections(p, &r, tail.n_sections);
    if (err < 0) return err;
    return r.left == 0 ? FOTA_OK : FOTA_E_FORMAT;
}

/* Place and count of the signatures, and the body behind them. */
static enum fota_err
parse_signatures(struct fota_package *p, const uint8_t *head, uint32_t n_bytes)
{
    uint32_t count_off = p->prefix.head_bytes;
    if (count_off >= n_bytes)
        return FOTA_E_FORMAT; /* n_bytes is HEAD_MAX or the whole package */
    uint8_t n_sigs = head[count_off];
    if (n_sigs == 0 || n_sigs > FOTA_PACKAGE_SIGS_MAX) return FOTA_E_FORMAT;
    uint32_t body_off = count_off + 1 + n_sigs * SIG_ENTRY_BYTES;
    if (body_off > n_bytes) return FOTA_E_FORMAT;
    p->n_sigs = n_sigs;
    p->sigs_off = (uint16_t)(count_off + 1);
    p->body_off = body_off;
    p->body_bytes = p->prefix.total_bytes - body_off;
    if (p->back.body_bytes >= p->body_bytes) return FOTA_E_FORMAT;
    p->body_bytes -= p->back.body_bytes;
    return p->body_bytes > p->prologue_bytes ? FOTA_OK : FOTA_E_FORMAT;
}

enum fota_err fota_package_parse(struct fota_package *out, uint8_t *head, uint32_t n_bytes)
{
    if (n_bytes < FOTA_PACKAGE_PREFIX_BYTES) {
        size_t n = n_bytes < sizeof magic ? n_bytes : sizeof magic;
        return n != 0 && memcmp(head, magic, n) == 0 ? FOTA_E_TRUNCATED : FOTA_E_FORMAT;
    }
    struct fota_package p;
    memset(&p, 0, sizeof p);
    enum fota_err err = fota_package_parse_prefix(&p.prefix, head);
    if (err < 0) return err;
    uint32_t wanted_bytes = fota_package_head_read_bytes(&p.prefix);
    if (n_bytes < wanted_bytes) return FOTA_E_TRUNCATED;
    fota_package_mask(p.prefix.mask, 0, head, wanted_bytes);
    err = parse_head(&p, head);
    if (err < 0) return err;
    err = parse_signatures(&p, head, wanted_bytes);
    if (err < 0) return err;

    struct fota_sha256 sha;
    uint8_t digest[FOTA_SHA256_BYTES];
    fota_sha256_init(&sha);
    fota_sha256_update(&sha, head, p.prefix.head_bytes);
    fota_sha256_final(&sha, digest);
    memcpy(p.id, digest, sizeof p.id);
    *out = p;
    return FOTA_OK;
}

enum fota_err fota_package_verify(const struct fota_package *pkg, const uint8_t *head,
                                  const struct fota_verifier *verifier)
{
    enum fota_err result = FOTA_E_UNKNOWN_KEY;
    const uint8_t *entry = head + pkg->sigs_off;
    for (unsigned i = 0; i < pkg->n_sigs; i++, entry += SIG_ENTRY_BYTES) {
        if (entry[0] != SIG_ED25519) continue;
        enum fota_err err = fota_sign_verify(verifier, entry + 1, entry + 1 + FOTA_KEY_ID_BYTES,
                                             head, pkg->prefix.head_bytes);
        if (err == FOTA_OK) return FOTA_OK;
        if (err != FOTA_E_UNKNOWN_KEY) result = err;
    }
    return result;
}

static void swap(void *a, void *b, size_t n_bytes)
{
    uint8_t *x = a;
    uint8_t *y = b;
    for (size_t i = 0; i < n_bytes; i++) {
        uint8_t kept = x[i];
        x[i] = y[i];
        y[i] = kept;
    }
}

void fota_package_turn(struct fota_package *p)
{
    struct fota_package_back *back = &p->back;
    /* The way back lies behind the way forth. */
    p->body_off = p->turned ? p->body_off - back->body_bytes : p->body_off + p->body_bytes;
    p->turned = !p->turned;
    swap(&p->base_bytes, &p->new_bytes, sizeof p->base_bytes);
    swap(p->base_sha256, p->new_sha256, sizeof p->base_sha256);
    swap(p->from_version, p->to_version, sizeof p->from_version);
    swap(&p->security_counter, &back->security_counter, sizeof back->security_counter);
    swap(&p->body_bytes, &back->body_bytes, sizeof back->body_bytes);
    swap(&p->prologue_bytes, &back->prologue_bytes, sizeof back->prologue_bytes);
    swap(p->body_sha256, back->body_sha256, sizeof back->body_sha256);
    swap(&p->scratch_sectors, &back->scratch_sectors, sizeof back->scratch_sectors);
    swap(&p->n_units, &back->n_units, sizeof back->n_units);
    swap(&p->decoder_kib, &back->decoder_kib, sizeof back->decoder_kib);
}

static unsigned count_bits(const uint8_t *bytes, size_t n)
{
    unsigned count = 0;
    for (size_t i = 0; i < n; i++) {
        for (unsigned b = bytes[i]; b != 0; b &= b - 1) {
            count++;
        }
    }
    return count;
}

enum fota_err fota_unit_parse(struct fota_unit *out, const uint8_t *bytes, uint32_t n_bytes)
{
    struct fota_reader r = {bytes, n_bytes, false};
    struct fota_unit u;
    memset(&u, 0, sizeof u);
    u.first_sector = fota_take_le16(&r);
    u.n_sectors = fota_take_u8(&r);
    u.coded_bytes = fota_take_le16(&r);
    u.coded_bytes |= (uint32_t)fota_take_u8(&r) << 16;
    u.new_crc = fota_take_le32(&r);
    if (r.overrun || u.n_sectors == 0 || u.n_sectors > FOTA_UNIT_SPAN_MAX) return FOTA_E_BODY;
    if (u.first_sector + u.n_sectors > FOTA_PACKAGE_SLOT_SECTORS_MAX) return FOTA_E_BODY;
    uint32_t n_map = (u.n_sectors + 7) / 8;
    const uint8_t *map = fota_take(&r, n_map);
    uint32_t before_crc = (uint32_t)(n_bytes - r.left);
    u.coded_crc = fota_take_le32(&r);
    if (r.overrun) return FOTA_E_BODY;
    memcpy(u.written, map, n_map);
    uint32_t n_spare = n_map * 8 - u.n_sectors;
    if (map[n_map - 1] >> (8 - n_spare) != 0) return FOTA_E_BODY;
    u.n_written = count_bits(map, n_map);
    if (u.n_written == 0) return FOTA_E_BODY;
    u.head_bytes = before_crc + 4;
    u.head_crc = fota_crc32(0, bytes, before_crc);
    *out = u;
    return FOTA_OK;
}

bool fota_unit_writes(const struct fota_unit *unit, uint32_t i)
{
    return i < unit->n_sectors && (unit->written[i / 8] >> (i % 8) & 1) != 0;
}

enum fota_err
fota_package_read(const struct fota_area *staging, const struct fota_package_prefix *prefix,
                  uint32_t off, uint8_t *dst, uint32_t n_bytes)
{
    if (n_bytes > prefix->total_bytes || off > prefix->total_bytes - n_bytes) {
        return FOTA_E_RANGE;
    }
    enum fota_err err = fota_area_read(staging, off, dst, n_bytes);
    if (err < 0) return err;
    fota_package_mask(prefix->mask, off, dst, n_bytes);
    return FOTA_OK;
}
