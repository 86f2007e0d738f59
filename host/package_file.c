/* SPDX-License-Identifier: MIT */
#include "host/package_file.h"
#include "core/crc32.h"
#include "core/flash.h"
#include "host/input_file.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* The parser's verdict, in the file's terms. */
static enum fota_err
explain(enum fota_err err, size_t n_bytes, const struct fota_package_prefix *prefix,
        const char *path, struct fota_fault *fault)
{
    if (err != FOTA_E_TRUNCATED) return fota_fault_set(fault, err, path, "%s", "");
    if (n_bytes < FOTA_PACKAGE_PREFIX_BYTES) {
        return fota_fault_set(fault, err, path, "%zu bytes", n_bytes);
    }
    return fota_fault_set(fault, err, path, "%zu of %" PRIu32 " bytes", n_bytes,
                          prefix->total_bytes);
}

static enum fota_err
parse(struct fota_package_file *out, const char *path, struct fota_fault *fault)
{
    struct fota_package_prefix prefix = {0, 0, 0, 0};
    uint8_t head[FOTA_PACKAGE_HEAD_MAX];
    size_t n_head = out->n_bytes < sizeof head ? out->n_bytes : sizeof head;
    if (n_head != 0) memcpy(head, out->masked, n_head);
    enum fota_err err =
        n_head < FOTA_PACKAGE_PREFIX_BYTES ? FOTA_OK : fota_package_parse_prefix(&prefix, head);
    if (err == FOTA_OK) err = fota_package_parse(&out->pkg, head, (uint32_t)n_head);
    if (err == FOTA_OK && out->n_bytes < prefix.total_bytes) err = FOTA_E_TRUNCATED;
    if (err < 0) return explain(err, out->n_bytes, &prefix, path, fault);
    if (out->n_bytes == prefix.total_bytes) return FOTA_OK;
    return fota_fault_set_at(fault, FOTA_E_OVERLONG, path, FOTA_FAULT_AT_OFFSET,
                             prefix.total_bytes, "%" PRIu32 " bytes behind the package's end",
                             out->n_bytes - prefix.total_bytes);
}

/* `out` holds the masked bytes, which it frees on failure. */
static enum fota_err
take_apart(struct fota_package_file *out, const char *path, struct fota_fault *fault)
{
    enum fota_err err = parse(out, path, fault);
    if (err == FOTA_OK) {
        out->plain = malloc(out->n_bytes);
        if (out->plain == NULL) err = fota_fault_set(fault, FOTA_E_NOMEM, path, "%s", "");
    }
    if (out->plain == NULL) {
        fota_package_file_free(out);
        return err;
    }
    memcpy(out->plain, out->masked, out->n_bytes);
    fota_package_mask(out->pkg.prefix.mask, 0, out->plain, out->n_bytes);
    return FOTA_OK;
}

enum fota_err fota_package_file_read(struct fota_package_file *out, const char *path,
                                     struct fota_fault *fault)
{
    struct fota_input_file file;
    memset(out, 0, sizeof *out);
    enum fota_err err =
        fota_input_file_read(&file, path, FOTA_PACKAGE_BYTES_MAX, FOTA_E_FORMAT, fault);
    if (err < 0) return err;
    out->masked = file.at;
    out->n_bytes = (uint32_t)file.n_bytes;
    return take_apart(out, path, fault);
}

enum fota_err fota_package_file_of(struct fota_package_file *out, const uint8_t *bytes,
                                   uint32_t n_bytes, const char *path, struct fota_fault *fault)
{
    memset(out, 0, sizeof *out);
    out->masked = malloc(n_bytes != 0 ? n_bytes : 1);
    if (out->masked == NULL) return fota_fault_set(fault, FOTA_E_NOMEM, path, "%s", "");
    memcpy(out->masked, bytes, n_bytes);
    out->n_bytes = n_bytes;
    return take_apart(out, path, fault);
}

enum fota_err
fota_package_file_verify(const struct fota_package_file *file, struct fota_trusted_keys keys,
                         const char *path, struct fota_fault *fault)
{
    struct fota_verifier verifier = fota_monocypher_verifier(&keys);
    enum fota_err err = fota_package_verify(&file->pkg, file->plain, &verifier);
    return err == FOTA_OK ? FOTA_OK : fota_fault_set(fault, err, path, "%s", "");
}

/* --- the body --- */

struct walk {
    const struct fota_package_file *file;
    const struct fota_package *pkg; /* forth or turned */
    const struct fota_area *slot;   /* may be a null pointer */
    const char *path;
    struct fota_fault *fault;
    struct fota_package_parts *parts;
    uint32_t off; /* of the next unit head, in the file */
    bool written[FOTA_PACKAGE_SLOT_SECTORS_MAX];
};

static enum fota_err refuse(struct walk *w, enum fota_err err, uint32_t unit, const char *why)
{
    return fota_fault_set_at(w->fault, err, w->path, FOTA_FAULT_AT_OFFSET, w->off,
                             "unit %" PRIu32 ": %s", unit, why);
}

/* Sector `index` of the slot: whether it begins inside an image of n_bytes. */
static bool begins_inside(const struct fota_area *slot, uint32_t index, uint32_t n_bytes)
{
    struct fota_sector sector;
    return fota_area_sector(slot, index, &sector) == FOTA_OK && sector.off < n_bytes;
}

static enum fota_err count_sectors(struct walk *w, const struct fota_unit *u, uint32_t unit)
{
    const struct fota_package *pkg = w->pkg;
    bool in_place = (pkg->features & (FOTA_FEATURE_FULL | FOTA_FEATURE_TWO_SLOTS)) == 0;
    uint32_t n_stashed = 0;
    uint32_t last = u->first_sector + u->n_sectors - 1;
    if (w->slot != NULL && !begins_inside(w->slot, last, pkg->new_bytes)) {
        return refuse(w, FOTA_E_BODY, unit, "spans sectors behind the new image");
    }
    for (uint32_t i = 0; i < u->n_sectors; i++) {
        uint32_t sector = u->first_sector + i;
        if (!fota_unit_writes(u, i)) continue;
        if (w->written[sector]) return refuse(w, FOTA_E_BODY, unit, "writes a sector again");
        w->written[sector] = true;
        if (in_place && w->slot != NULL && begins_inside(w->slot, sector, pkg->base_bytes)) {
            n_stashed++;
        }
    }
    if (in_place && n_stashed > pkg->scratch_sectors) {
        return refuse(w, FOTA_E_BODY, unit, "stashes more sectors than the ring has");
    }
    if (last > w->parts->last_sector) w->parts->last_sector = last;
    w->parts->n_stashed += n_stashed;
    w->parts->n_written += u->n_written;
    return FOTA_OK;
}

static enum fota_err take_unit(struct walk *w, uint32_t unit)
{
    struct fota_unit u;
    const uint8_t *at = w->file->plain + w->off;
    uint32_t left = w->pkg->body_off + w->pkg->body_bytes - w->off;
    if (fota_unit_parse(&u, at, left) < 0 || u.coded_bytes > left - u.head_bytes) {
        return refuse(w, FOTA_E_BODY, unit, "head malformed");
    }
    if (fota_crc32(u.head_crc, at + u.head_bytes, u.coded_bytes) != u.coded_crc) {
        return refuse(w, FOTA_E_CODED, unit, "CRC of head and coded bytes");
    }
    enum fota_err err = count_sectors(w, &u, unit);
    if (err < 0) return err;
    w->parts->unit_head_bytes += u.head_bytes;
    w->parts->coded_bytes += u.coded_bytes;
    w->off += u.head_bytes + u.coded_bytes;
    return FOTA_OK;
}

static bool body_hash_is_right(const struct walk *w)
{
    struct fota_sha256 sha;
    uint8_t digest[FOTA_SHA256_BYTES];
    fota_sha256_init(&sha);
    fota_sha256_update(&sha, w->file->plain + w->pkg->body_off, w->pkg->body_bytes);
    fota_sha256_final(&sha, digest);
    return memcmp(digest, w->pkg->body_sha256, sizeof digest) == 0;
}

/* One direction's body. */
static enum fota_err walk_body(struct walk *w)
{
    const struct fota_package *pkg = w->pkg;
    if (!body_hash_is_right(w)) {
        return fota_fault_set(w->fault, FOTA_E_BODY_HASH, w->path, "SHA-256 of the body");
    }
    memset(w->written, 0, sizeof w->written);
    w->off = pkg->body_off + pkg->prologue_bytes;
    for (uint32_t i = 0; i < pkg->n_units; i++) {
        enum fota_err err = take_unit(w, i);
        if (err < 0) return err;
    }
    return w->off == pkg->body_off + pkg->body_bytes
               ? FOTA_OK
               : refuse(w, FOTA_E_BODY, pkg->n_units, "bytes behind the last");
}

enum fota_err
fota_package_file_parts(struct fota_package_parts *out, const struct fota_package_file *file,
                        const struct fota_area *slot, const char *path,
                        struct fota_fault *fault)
{
    struct fota_package pkg = file->pkg;
    struct fota_package_parts back = {0};
    struct walk w = {
        .file = file, .pkg = &pkg, .slot = slot, .path = path, .fault = fault, .parts = out};
    *out = (struct fota_package_parts){.head_bytes = pkg.prefix.head_bytes,
                                       .signature_bytes = pkg.body_off - pkg.prefix.head_bytes,
                                       .prologue_bytes = pkg.prologue_bytes,
                                       .back_bytes = pkg.back.body_bytes};
    enum fota_err err = walk_body(&w);
    if (err < 0 || pkg.back.n_units == 0) return err;
    fota_package_turn(&pkg);
    w.parts = &back;
    return walk_body(&w);
}

bool fota_package_file_geometry(struct fota_flash_run *run,
                                const struct fota_package_file *file)
{
    const struct fota_package *pkg = &file->pkg;
    uint32_t least = pkg->base_bytes > pkg->new_bytes ? pkg->base_bytes : pkg->new_bytes;
    struct fota_flash flash = {.runs = run, .n_runs = 1};
    for (uint32_t sector = 256; sector <= 0x100000; sector *= 2) {
        for (uint32_t n = least / sector + (least % sector != 0);
             n <= FOTA_PACKAGE_SLOT_SECTORS_MAX; n++) {
            const struct fota_area slot = {&flash, 0, n * sector};
            *run = (struct fota_flash_run){n, sector};
            if (n != 0 && n <= UINT32_MAX / sector &&
                fota_area_geometry_id(&slot) == pkg->geometry_id) {
                return true;
            }
        }
    }
    return false;
}

void fota_package_file_free(struct fota_package_file *file)
{
    free(file->masked);
    free(file->plain);
    memset(file, 0, sizeof *file);
}
