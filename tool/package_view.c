/* SPDX-License-Identifier: MIT */
#include "tool/package_view.h"
#include "core/package_check.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define BAUD           115200.0
#define BITS_PER_BYTE  10.0 /* start, 8 data, stop */
#define CHUNK_BYTES    450U /* of one AT+QFAW (seed 2.3.2) */
#define CHUNK_OVERHEAD 18U  /* AT+QFAW="" CR, and CR LF OK CR LF of the answer */
#define ESCAPE_BYTES   3U
#define SIG_ENTRY      (1U + FOTA_KEY_ID_BYTES + FOTA_ED25519_SIG_BYTES)

enum { HEX_BYTES = 2 * FOTA_SHA256_BYTES + 1 };

static const char *to_hex(char out[HEX_BYTES], const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        (void)snprintf(out + 2 * i, 3, "%02x", bytes[i]);
    }
    return out;
}

/* --- figures --- */

static double data_mode_seconds(uint32_t n_bytes)
{
    return (n_bytes + ESCAPE_BYTES) * BITS_PER_BYTE / BAUD;
}

static double command_seconds(uint32_t n_bytes)
{
    uint32_t n_chunks = (n_bytes + CHUNK_BYTES - 1) / CHUNK_BYTES;
    return (2.0 * n_bytes + (double)n_chunks * CHUNK_OVERHEAD) * BITS_PER_BYTE / BAUD;
}

static double ratio(const struct fota_package_view *v)
{
    return (double)v->file->n_bytes / v->file->pkg.new_bytes;
}

static const char *kind(const struct fota_package *p)
{
    if ((p->features & FOTA_FEATURE_FULL) != 0) return "full image";
    return (p->features & FOTA_FEATURE_TWO_SLOTS) != 0 ? "delta, two slots" : "delta, in place";
}

static bool is_full(const struct fota_package *p)
{
    return (p->features & FOTA_FEATURE_FULL) != 0;
}

enum fota_err fota_package_view_open(struct fota_package_view *view,
                                     const struct fota_package_file *file, const char *path,
                                     const struct fota_layout *device, struct fota_fault *fault)
{
    memset(view, 0, sizeof *view);
    view->file = file;
    view->path = path;
    view->device = device;
    view->flash = (struct fota_flash){.runs = &view->run, .n_runs = 1};
    if (device != NULL) {
        view->slot = device->area[FOTA_AREA_SLOT];
        view->has_geometry = fota_area_geometry_id(&view->slot) == file->pkg.geometry_id;
        view->staging_sectors = fota_area_n_sectors(&device->area[FOTA_AREA_STAGING]);
    } else if (fota_package_file_geometry(&view->run, file)) {
        view->slot =
            (struct fota_area){&view->flash, 0, view->run.n_sectors * view->run.sector_bytes};
        view->has_geometry = true;
        view->staging_sectors =
            (file->n_bytes + view->run.sector_bytes - 1) / view->run.sector_bytes;
    }
    return fota_package_file_parts(&view->parts, file, view->has_geometry ? &view->slot : NULL,
                                   path, fault);
}

enum fota_err fota_package_view_fit(const struct fota_package_view *view)
{
    const struct fota_layout *d = view->device;
    return fota_package_fits(&view->file->pkg, d->area, d->profile.decoder_bytes);
}

/* --- JSON --- */

static json_t *
image_json(uint32_t n_bytes, const uint8_t sha256[FOTA_SHA256_BYTES], const char *version)
{
    char hex[HEX_BYTES];
    return json_pack("{s:s, s:I, s:s}", "version", version, "bytes", (json_int_t)n_bytes,
                     "sha256", to_hex(hex, sha256, FOTA_SHA256_BYTES));
}

static json_t *signatures_json(const struct fota_package_file *file)
{
    json_t *all = json_array();
    const uint8_t *entry = file->plain + file->pkg.sigs_off;
    for (unsigned i = 0; i < file->pkg.n_sigs; i++, entry += SIG_ENTRY) {
        char hex[HEX_BYTES];
        (void)json_array_append_new(all,
                                    json_pack("{s:i, s:s}", "algorithm", entry[0], "key_id",
                                              to_hex(hex, entry + 1, FOTA_KEY_ID_BYTES)));
    }
    return all;
}

static json_t *geometry_json(const struct fota_package_view *v)
{
    json_t *runs = json_array();
    struct fota_flash_run run = {0, 0};
    struct fota_sector sector;
    uint32_t n = v->has_geometry ? fota_area_n_sectors(&v->slot) : 0;
    for (uint32_t i = 0; i <= n; i++) {
        bool end = i == n || fota_area_sector(&v->slot, i, &sector) < 0;
        if (run.n_sectors != 0 && (end || sector.n_bytes != run.sector_bytes)) {
            (void)json_array_append_new(runs, json_pack("{s:I, s:I}", "sectors",
                                                        (json_int_t)run.n_sectors, "bytes",
                                                        (json_int_t)run.sector_bytes));
            run.n_sectors = 0;
        }
        if (end) break;
        run.n_sectors++;
        run.sector_bytes = sector.n_bytes;
    }
    char id[9];
    (void)snprintf(id, sizeof id, "%08" PRIx32, v->file->pkg.geometry_id);
    json_t *geometry = json_pack("{s:s}", "id", id);
    (void)json_object_set_new(geometry, "slot",
                              v->has_geometry ? json_incref(runs) : json_null());
    json_decref(runs);
    return geometry;
}

static json_t *parts_json(const struct fota_package_parts *p)
{
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "head", (json_int_t)p->head_bytes,
                     "signatures", (json_int_t)p->signature_bytes, "prologue",
                     (json_int_t)p->prologue_bytes, "unit_heads",
                     (json_int_t)p->unit_head_bytes, "coded", (json_int_t)p->coded_bytes,
                     "back", (json_int_t)p->back_bytes);
}

/* A number, or null when it is not known. */
static json_t *known(bool is_known, uint32_t value)
{
    return is_known ? json_integer((json_int_t)value) : json_null();
}

static json_t *work_json(const struct fota_package_view *v)
{
    json_t *work = json_pack("{s:I}", "slot_erases", (json_int_t)v->parts.n_written);
    (void)json_object_set_new(work, "scratch_erases",
                              known(v->has_geometry, v->parts.n_stashed));
    (void)json_object_set_new(work, "staging_erases",
                              known(v->staging_sectors != 0, v->staging_sectors));
    return work;
}

static json_t *device_json(const struct fota_package_view *v)
{
    enum fota_err err = fota_package_view_fit(v);
    json_t *device =
        json_pack("{s:s, s:b}", "profile", v->device->profile.name, "fits", err == FOTA_OK);
    if (err < 0) {
        const struct fota_err_row *row = fota_err_row(err);
        (void)json_object_set_new(device, "reason",
                                  json_pack("{s:i, s:s, s:s}", "code", (int)fota_err_code(err),
                                            "name", row->name, "text", row->text));
    }
    return device;
}

static json_t *trial_json(const struct fota_package *p)
{
    if (p->trial_boots == 0) return json_null();
    return json_pack("{s:i, s:I}", "boots", (int)p->trial_boots, "base_counter",
                     (json_int_t)p->back.security_counter);
}

json_t *fota_package_view_json(const struct fota_package_view *v)
{
    const struct fota_package *p = &v->file->pkg;
    char hex[HEX_BYTES];
    json_t *doc =
        json_pack("{s:b, s:s, s:I, s:i, s:s, s:i, s:s, s:b, s:b, s:b, s:s, s:I, s:i, s:i, s:I}",
                  "ok", 1, "file", v->path, "bytes", (json_int_t)v->file->n_bytes, "format",
                  (int)p->prefix.version, "id", to_hex(hex, p->id, sizeof p->id), "mask",
                  (int)p->prefix.mask, "kind", kind(p), "full", is_full(p), "two_slots",
                  (p->features & FOTA_FEATURE_TWO_SLOTS) != 0, "downgrade",
                  (p->features & FOTA_FEATURE_DOWNGRADE) != 0, "product", p->product,
                  "security_counter", (json_int_t)p->security_counter, "codec", (int)p->codec,
                  "arch", (int)p->arch, "units", (json_int_t)p->n_units);
    (void)json_object_set_new(
        doc, "base",
        is_full(p) ? json_null() : image_json(p->base_bytes, p->base_sha256, p->from_version));
    (void)json_object_set_new(doc, "new",
                              image_json(p->new_bytes, p->new_sha256, p->to_version));
    (void)json_object_set_new(doc, "body",
                              json_pack("{s:I, s:s}", "bytes", (json_int_t)p->body_bytes,
                                        "sha256",
                                        to_hex(hex, p->body_sha256, sizeof p->body_sha256)));
    (void)json_object_set_new(doc, "trial", trial_json(p));
    (void)json_object_set_new(doc, "signatures", signatures_json(v->file));
    (void)json_object_set_new(doc, "geometry", geometry_json(v));
    (void)json_object_set_new(doc, "parts", parts_json(&v->parts));
    (void)json_object_set_new(
        doc, "needs",
        json_pack("{s:I, s:I, s:I, s:I}", "decoder_bytes",
                  (json_int_t)fota_package_most_kib(p) * 1024, "scratch_sectors",
                  (json_int_t)fota_package_most_scratch(p), "staging_bytes",
                  (json_int_t)v->file->n_bytes, "slot_bytes", (json_int_t)p->new_bytes));
    (void)json_object_set_new(doc, "work", work_json(v));
    (void)json_object_set_new(doc, "seconds_at_115200",
                              json_pack("{s:f, s:f}", "data_mode",
                                        data_mode_seconds(v->file->n_bytes), "commands",
                                        command_seconds(v->file->n_bytes)));
    (void)json_object_set_new(doc, "ratio_to_full_image", json_real(ratio(v)));
    if (v->device != NULL) (void)json_object_set_new(doc, "device", device_json(v));
    return doc;
}

/* --- text --- */

static void
print_image(const char *label, uint32_t n_bytes, const uint8_t *sha256, const char *version)
{
    char hex[HEX_BYTES];
    (void)printf("%-12s %s, %" PRIu32 " bytes, SHA-256 %s\n", label, version, n_bytes,
                 to_hex(hex, sha256, FOTA_SHA256_BYTES));
}

static void print_head(const struct fota_package_view *v)
{
    const struct fota_package *p = &v->file->pkg;
    char hex[HEX_BYTES];
    (void)printf("%-12s %s, %" PRIu32 " bytes, format v%u, mask %02x\n", "package", v->path,
                 v->file->n_bytes, p->prefix.version, p->prefix.mask);
    (void)printf("%-12s %s\n", "id", to_hex(hex, p->id, sizeof p->id));
    (void)printf("%-12s %s%s\n", "kind", kind(p),
                 (p->features & FOTA_FEATURE_DOWNGRADE) != 0 ? ", downgrade allowed" : "");
    (void)printf("%-12s %s\n", "product", p->product);
    if (!is_full(p)) print_image("from", p->base_bytes, p->base_sha256, p->from_version);
    print_image("to", p->new_bytes, p->new_sha256, p->to_version);
    (void)printf("%-12s %" PRIu32 "\n", "counter", p->security_counter);
    if (p->trial_boots != 0) {
        (void)printf("%-12s %u boots to confirm, else back to counter %" PRIu32 "\n", "trial",
                     p->trial_boots, p->back.security_counter);
    }
    const uint8_t *entry = v->file->plain + p->sigs_off;
    for (unsigned i = 0; i < p->n_sigs; i++, entry += SIG_ENTRY) {
        (void)printf("%-12s by key %s (not checked: fota verify)\n", i == 0 ? "signed" : "",
                     to_hex(hex, entry + 1, FOTA_KEY_ID_BYTES));
    }
    (void)printf("%-12s %u, arch %u\n", "codec", p->codec, p->arch);
}

static void print_parts(const struct fota_package_view *v)
{
    const struct fota_package_parts *p = &v->parts;
    const struct {
        const char *name;
        uint32_t n_bytes;
    } rows[] = {{"head", p->head_bytes},         {"signatures", p->signature_bytes},
                {"prologue", p->prologue_bytes}, {"unit heads", p->unit_head_bytes},
                {"coded", p->coded_bytes},       {"way back", p->back_bytes}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (i + 1 == sizeof rows / sizeof rows[0] && rows[i].n_bytes == 0) break;
        (void)printf("%-12s %9" PRIu32 "  %5.1f %%  %s\n", i == 0 ? "bytes" : "",
                     rows[i].n_bytes, 100.0 * rows[i].n_bytes / v->file->n_bytes, rows[i].name);
    }
}

static void print_needs(const struct fota_package_view *v)
{
    const struct fota_package *p = &v->file->pkg;
    (void)printf("%-12s %u KiB RAM for the decoder, %u scratch sectors, %" PRIu32
                 " bytes of staging, %" PRIu32 " bytes of slot\n",
                 "needs", fota_package_most_kib(p), fota_package_most_scratch(p),
                 v->file->n_bytes, p->new_bytes);
    if (v->has_geometry && v->device == NULL) {
        (void)printf("%-12s slot of %" PRIu32 " sectors of %" PRIu32 " bytes (id %08" PRIx32
                     ")\n",
                     "geometry", v->run.n_sectors, v->run.sector_bytes, p->geometry_id);
    } else {
        (void)printf("%-12s id %08" PRIx32 "%s\n", "geometry", p->geometry_id,
                     v->has_geometry ? "" : ", not known: give --device");
    }
    (void)printf("%-12s %u units, %" PRIu32 " sectors of the slot", "erases", p->n_units,
                 v->parts.n_written);
    if (v->has_geometry) (void)printf(", %" PRIu32 " of scratch", v->parts.n_stashed);
    if (v->staging_sectors != 0) (void)printf(", %" PRIu32 " of staging", v->staging_sectors);
    (void)putchar('\n');
}

static void print_seconds(const struct fota_package_view *v)
{
    (void)printf("%-12s %.1f s in data mode (AT+QFUA), %.1f s by commands (AT+QFAW)\n",
                 "at 115200", data_mode_seconds(v->file->n_bytes),
                 command_seconds(v->file->n_bytes));
}

void fota_package_view_print(const struct fota_package_view *v)
{
    print_head(v);
    print_parts(v);
    print_needs(v);
    print_seconds(v);
    (void)printf("%-12s %.1f %% of the new image\n", "ratio", 100.0 * ratio(v));
    if (v->device == NULL) return;
    enum fota_err err = fota_package_view_fit(v);
    (void)printf("%-12s %s: %s\n", "device", v->device->profile.name,
                 err == FOTA_OK ? "fits" : fota_err_row(err)->text);
}

void fota_package_view_print_summary(const struct fota_package_view *v)
{
    const struct fota_package *p = &v->file->pkg;
    (void)printf("%s: %" PRIu32 " bytes, %.1f %% of the new image (%" PRIu32 " bytes)\n",
                 v->path, v->file->n_bytes, 100.0 * ratio(v), p->new_bytes);
    (void)printf(
        "%s%s: %u units, %" PRIu32 " sectors written, %" PRIu32
        " stashed in %u scratch sectors, %u KiB RAM\n",
        kind(p), (p->features & FOTA_FEATURE_DOWNGRADE) != 0 ? ", downgrade allowed" : "",
        p->n_units, v->parts.n_written, v->parts.n_stashed, p->scratch_sectors, p->decoder_kib);
    if (p->trial_boots != 0) {
        (void)printf("trial of %u boots, way back %" PRIu32 " bytes\n", p->trial_boots,
                     v->parts.back_bytes);
    }
    print_seconds(v);
}
