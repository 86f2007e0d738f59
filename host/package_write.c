/* SPDX-License-Identifier: MIT */
#include "host/package_write.h"
#include "core/le.h"
#include "core/package.h"
#include "port/monocypher/monocypher_verifier.h"
#include <stdlib.h>
#include <string.h>

#define ESCAPE           0x2BU /* '+' */
#define SIG_ED25519      1U
#define SECTION_HEAD     2U /* type and length */
#define SECTION_TRIAL    2U
#define TRIAL_BYTES      5U
#define TRIAL_BACK_BYTES 51U
#define SIG_ENTRY_BYTES  (1U + FOTA_KEY_ID_BYTES + FOTA_ED25519_SIG_BYTES)

bool fota_package_string_is_valid(const char *text)
{
    size_t n = strlen(text);
    if (n == 0 || n > FOTA_PACKAGE_STRING_MAX) return false;
    for (size_t i = 0; i < n; i++) {
        if (text[i] < 0x20 || text[i] > 0x7E || text[i] == '"') return false;
    }
    return true;
}

static void hash(uint8_t digest[FOTA_SHA256_BYTES], const uint8_t *bytes, size_t n_bytes)
{
    struct fota_sha256 sha;
    fota_sha256_init(&sha);
    fota_sha256_update(&sha, bytes, n_bytes);
    fota_sha256_final(&sha, digest);
}

static bool is_full(const struct fota_package_spec *s)
{
    return s->old_image.n_bytes == 0;
}

static bool has_back(const struct fota_package_spec *s)
{
    return s->trial_boots != 0 && !s->two_slots;
}

static size_t trial_bytes(const struct fota_package_spec *s)
{
    if (s->trial_boots == 0) return 0;
    return SECTION_HEAD + (has_back(s) ? TRIAL_BACK_BYTES : TRIAL_BYTES);
}

static uint32_t bodies_bytes(const struct fota_package_spec *s)
{
    return s->encoded->body_bytes + (has_back(s) ? s->back->body_bytes : 0);
}

static size_t head_and_block_bytes(const struct fota_package_spec *s)
{
    return FOTA_PACKAGE_FIXED_BYTES + strlen(s->product) + strlen(s->from_version) +
           strlen(s->to_version) + trial_bytes(s) + 1 + (size_t)s->n_signers * SIG_ENTRY_BYTES;
}

/* Half of what a package can hold: there may be two. */
static bool is_out_of_bounds(const struct fota_encoded *e)
{
    return e->body_bytes > (FOTA_PACKAGE_BYTES_MAX - FOTA_PACKAGE_HEAD_MAX) / 2 ||
           e->decoder_bytes > 65535U * 1024U;
}

static enum fota_err check_spec(const struct fota_package_spec *s, struct fota_fault *fault)
{
    const char *why = NULL;
    if (!fota_package_string_is_valid(s->product)) why = "product";
    if (!fota_package_string_is_valid(s->to_version)) why = "version of the new image";
    if (is_full(s) ? s->from_version[0] != '\0'
                   : !fota_package_string_is_valid(s->from_version)) {
        why = "version of the old image";
    }
    if (s->new_image.n_bytes == 0) why = "new image without bytes";
    if (is_full(s) && s->trial_boots != 0) why = "a trial needs a base to come back to";
    if (s->trial_boots != 0 && s->trial_boots < FOTA_TRIAL_BOOTS_MIN)
        why = "a trial of fewer than 3 boots";
    if (is_full(s) && s->downgrade) why = "a downgrade needs a base";
    if (s->n_signers == 0 || s->n_signers > FOTA_PACKAGE_SIGS_MAX)
        why = "1 to 4 keys are wanted";
    if (why == NULL && head_and_block_bytes(s) > FOTA_PACKAGE_HEAD_MAX) {
        why = "so many keys do not fit beside strings of this length";
    }
    if (is_out_of_bounds(s->encoded) || (has_back(s) && is_out_of_bounds(s->back))) {
        why = "body out of all bounds";
    }
    if (why == NULL) return FOTA_OK;
    return fota_fault_set(fault, FOTA_E_USAGE, NULL, "%s", why);
}

/* Without terminator: its length stands elsewhere. */
static size_t put_string(uint8_t *at, const char *text)
{
    size_t n = 0;
    while (text[n] != '\0') {
        at[n] = (uint8_t)text[n];
        n++;
    }
    return n;
}

static uint16_t decoder_kib(const struct fota_encoded *e)
{
    return (uint16_t)((e->decoder_bytes + 1023) / 1024);
}

/* doc/package-format.md 3.1. */
static size_t put_trial(uint8_t *at, const struct fota_package_spec *s)
{
    const struct fota_encoded *e = s->back;
    at[0] = SECTION_TRIAL;
    at[1] = (uint8_t)(trial_bytes(s) - SECTION_HEAD);
    at[2] = s->trial_boots;
    fota_put_le32(at + 3, s->base_counter);
    if (!has_back(s)) return trial_bytes(s);
    fota_put_le32(at + 7, e->body_bytes);
    hash(at + 11, e->body, e->body_bytes);
    fota_put_le16(at + 43, e->scratch_sectors);
    fota_put_le16(at + 45, e->n_units);
    fota_put_le16(at + 47, decoder_kib(e));
    fota_put_le32(at + 49, e->prologue_bytes);
    return trial_bytes(s);
}

/* The head without mask and signatures; returns its bytes.  doc/package-format.md 2 and 3. */
static uint32_t put_head(uint8_t head[FOTA_PACKAGE_HEAD_MAX], const struct fota_package_spec *s)
{
    const struct fota_encoded *e = s->encoded;
    uint32_t features = (is_full(s) ? (uint32_t)FOTA_FEATURE_FULL : 0) |
                        (s->downgrade ? (uint32_t)FOTA_FEATURE_DOWNGRADE : 0) |
                        (s->two_slots ? (uint32_t)FOTA_FEATURE_TWO_SLOTS : 0);
    memset(head, 0, FOTA_PACKAGE_HEAD_MAX);
    memcpy(head, "FOTA", 4);
    head[4] = FOTA_PACKAGE_VERSION;
    fota_put_le32(head + 12, features);
    fota_put_le32(head + 16, s->security_counter);
    fota_put_le32(head + 20, s->old_image.n_bytes);
    fota_put_le32(head + 24, s->new_image.n_bytes);
    if (!is_full(s)) hash(head + 28, s->old_image.at, s->old_image.n_bytes);
    hash(head + 60, s->new_image.at, s->new_image.n_bytes);
    hash(head + 92, e->body, e->body_bytes);
    fota_put_le32(head + 124, fota_area_geometry_id(s->slot));
    fota_put_le16(head + 128, e->scratch_sectors);
    fota_put_le16(head + 130, e->n_units);
    fota_put_le16(head + 132, decoder_kib(e));
    head[134] = e->codec;
    head[135] = e->arch;
    fota_put_le32(head + 136, e->prologue_bytes);
    head[144] = (uint8_t)strlen(s->product);
    head[145] = (uint8_t)strlen(s->from_version);
    head[146] = (uint8_t)strlen(s->to_version);
    size_t n = FOTA_PACKAGE_FIXED_BYTES;
    n += put_string(head + n, s->product);
    n += put_string(head + n, s->from_version);
    n += put_string(head + n, s->to_version);
    if (s->trial_boots != 0) {
        head[147] = 1;
        n += put_trial(head + n, s);
    }
    fota_put_le16(head + 6, (uint16_t)n);
    fota_put_le32(head + 8, (uint32_t)n + 1 + s->n_signers * SIG_ENTRY_BYTES + bodies_bytes(s));
    return (uint32_t)n;
}

static enum fota_err put_signatures(uint8_t *head, uint32_t head_bytes,
                                    const struct fota_package_spec *s, struct fota_fault *fault)
{
    uint8_t *entry = head + head_bytes;
    *entry++ = (uint8_t)s->n_signers;
    for (unsigned i = 0; i < s->n_signers; i++, entry += SIG_ENTRY_BYTES) {
        entry[0] = SIG_ED25519;
        const struct fota_signer *signer = &s->signers[i];
        fota_key_id(signer->public_key, entry + 1);
        enum fota_err err =
            signer->sign(signer, head, head_bytes, entry + 1 + FOTA_KEY_ID_BYTES, fault);
        if (err < 0) return err;
    }
    return FOTA_OK;
}

static bool holds_escape(const uint8_t *bytes, uint32_t n_bytes)
{
    for (uint32_t i = 2; i < n_bytes; i++) {
        if (bytes[i] == ESCAPE && bytes[i - 1] == ESCAPE && bytes[i - 2] == ESCAPE) return true;
    }
    return bytes[n_bytes - 1] == ESCAPE;
}

/* Fill `package` (plain body already in its place) with the first mask that fits: head and
 * signatures change with it. */
static enum fota_err seal(uint8_t *package, uint32_t n_bytes, const struct fota_package_spec *s,
                          struct fota_fault *fault)
{
    uint8_t head[FOTA_PACKAGE_HEAD_MAX];
    uint32_t head_bytes = put_head(head, s);
    uint32_t body_off = n_bytes - bodies_bytes(s);
    for (unsigned mask = 0; mask < 256; mask++) {
        head[5] = (uint8_t)mask;
        enum fota_err err = put_signatures(head, head_bytes, s, fault);
        if (err < 0) return err;
        memcpy(package, head, body_off);
        fota_package_mask((uint8_t)mask, 0, package, n_bytes);
        if (!holds_escape(package, n_bytes)) return FOTA_OK;
        fota_package_mask((uint8_t)mask, 0, package, n_bytes);
    }
    return fota_fault_set(
        fault, FOTA_E_INTERNAL, NULL,
        "no mask keeps +++ out of this package: change the level or the images");
}

/* Read the package with the device's own parser and verifier. */
static enum fota_err read_back(const uint8_t *package, uint32_t n_bytes,
                               const struct fota_package_spec *s, struct fota_fault *fault)
{
    struct fota_package pkg;
    uint8_t head[FOTA_PACKAGE_HEAD_MAX];
    uint32_t n_head = n_bytes < FOTA_PACKAGE_HEAD_MAX ? n_bytes : FOTA_PACKAGE_HEAD_MAX;
    memcpy(head, package, n_head);
    enum fota_err err = fota_package_parse(&pkg, head, n_head);
    for (unsigned i = 0; i < s->n_signers && err == FOTA_OK; i++) {
        struct fota_trusted_keys trusted = {&s->signers[i].public_key, 1};
        struct fota_verifier verifier = fota_monocypher_verifier(&trusted);
        err = fota_package_verify(&pkg, head, &verifier);
    }
    if (err == FOTA_OK && pkg.prefix.total_bytes == n_bytes &&
        pkg.body_bytes == s->encoded->body_bytes &&
        pkg.body_bytes + pkg.back.body_bytes == bodies_bytes(s)) {
        return FOTA_OK;
    }
    return fota_fault_set(fault, FOTA_E_INTERNAL, NULL, "the package does not read back: %s",
                          err < 0 ? "refused" : "other lengths");
}

enum fota_err fota_package_write(uint8_t **out, uint32_t *n_bytes,
                                 const struct fota_package_spec *spec, struct fota_fault *fault)
{
    enum fota_err err = check_spec(spec, fault);
    if (err < 0) return err;
    uint32_t body_off = (uint32_t)head_and_block_bytes(spec);
    uint32_t total_bytes = body_off + bodies_bytes(spec);
    uint8_t *package = malloc(total_bytes);
    if (package == NULL) return fota_fault_set(fault, FOTA_E_NOMEM, NULL, "%s", "");
    memcpy(package + body_off, spec->encoded->body, spec->encoded->body_bytes);
    if (has_back(spec))
        memcpy(package + body_off + spec->encoded->body_bytes, spec->back->body,
               spec->back->body_bytes);
    err = seal(package, total_bytes, spec, fault);
    if (err == FOTA_OK) err = read_back(package, total_bytes, spec, fault);
    if (err < 0) {
        free(package);
        return err;
    }
    *out = package;
    *n_bytes = total_bytes;
    return FOTA_OK;
}
