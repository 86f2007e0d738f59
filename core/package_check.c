/* SPDX-License-Identifier: MIT */
#include "core/package_check.h"
#include "core/delta.h"
#include "core/le.h"

enum stage {
    STAGE_PREFIX,
    STAGE_HEAD,
    STAGE_ALREADY,
    STAGE_FIT,
    STAGE_BASE,
    STAGE_BODY,
    STAGE_UNITS,
    STAGE_DONE,
};

enum { STEP_BYTES = 1024, CHUNK_BYTES = 256 };

static const struct fota_area *staging_of(const struct fota_package_check *c)
{
    return &c->device->area[FOTA_AREA_STAGING];
}

static bool has_feature(const struct fota_package *pkg, enum fota_feature feature)
{
    return (pkg->features & (uint32_t)feature) != 0;
}

bool fota_package_is_in_place(const struct fota_package *pkg)
{
    return !has_feature(pkg, FOTA_FEATURE_FULL) && !has_feature(pkg, FOTA_FEATURE_TWO_SLOTS);
}

enum fota_err fota_package_unit_at(struct fota_unit *out, const struct fota_area *staging,
                                   const struct fota_package *pkg, uint32_t off)
{
    uint8_t bytes[FOTA_UNIT_HEAD_MAX];
    if (off >= pkg->body_bytes) return FOTA_E_BODY;
    uint32_t left = pkg->body_bytes - off;
    uint32_t n = left < sizeof bytes ? left : (uint32_t)sizeof bytes;
    enum fota_err err = fota_package_read(staging, &pkg->prefix, pkg->body_off + off, bytes, n);
    if (err == FOTA_E_TORN) return FOTA_E_CODED;
    if (err < 0) return err;
    err = fota_unit_parse(out, bytes, n);
    if (err < 0) return err;
    return out->coded_bytes <= left - out->head_bytes ? FOTA_OK : FOTA_E_BODY;
}

bool fota_package_stashes(const struct fota_package *pkg, const struct fota_area *slot,
                          uint32_t index)
{
    struct fota_sector sector;
    if (!fota_package_is_in_place(pkg)) return false;
    return fota_area_sector(slot, index, &sector) == FOTA_OK && sector.off < pkg->base_bytes;
}

uint32_t fota_package_n_stash(const struct fota_package *pkg, const struct fota_area *slot,
                              const struct fota_unit *unit)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < unit->n_sectors; i++)
        if (fota_unit_writes(unit, i) &&
            fota_package_stashes(pkg, slot, unit->first_sector + i))
            n++;
    return n;
}

static void read_identity(struct fota_device_image *image, const struct fota_device *device)
{
    struct fota_identity id;
    image->known = fota_identity_read(&id, &device->area[FOTA_AREA_IDENTITY]) == FOTA_OK;
    if (!image->known) return;
    image->slot = id.slot;
    image->n_bytes = id.image_bytes;
    image->security_counter = id.security_counter;
    memcpy(image->sha256, id.image_sha256, sizeof image->sha256);
}

void fota_package_check_begin(struct fota_package_check *c, const struct fota_device *device,
                              uint32_t received_bytes, bool check_base)
{
    memset(c, 0, sizeof *c);
    c->device = device;
    c->received_bytes = received_bytes;
    c->check_base = check_base;
    c->stage = STAGE_PREFIX;
    read_identity(&c->image, device);
    if (fota_device_has_two_slots(device))
        c->target = c->image.known && c->image.slot == 1 ? 0 : 1;
}

static enum fota_err step_prefix(struct fota_package_check *c)
{
    uint8_t bytes[FOTA_PACKAGE_PREFIX_BYTES];
    struct fota_package_prefix prefix;
    if (c->received_bytes == 0) return FOTA_E_EMPTY;
    if (c->received_bytes < sizeof bytes) return FOTA_E_TRUNCATED;
    enum fota_err err = fota_area_read(staging_of(c), 0, bytes, sizeof bytes);
    if (err < 0) return err;
    err = fota_package_parse_prefix(&prefix, bytes);
    if (err < 0) return err;
    if (prefix.total_bytes > staging_of(c)->n_bytes) return FOTA_E_STAGING_SPACE;
    bool known = c->received_bytes != UINT32_MAX;
    if (known && c->received_bytes < prefix.total_bytes) return FOTA_E_TRUNCATED;
    if (known && c->received_bytes > prefix.total_bytes) return FOTA_E_OVERLONG;
    c->pkg.prefix = prefix;
    c->stage = STAGE_HEAD;
    return FOTA_MORE;
}

/* Whether `text` is the terminated string in `field`. */
static bool is_text(const char *field, const char *text)
{
    for (uint32_t i = 0; i <= FOTA_PACKAGE_STRING_MAX; i++) {
        if (field[i] != text[i]) return false;
        if (text[i] == '\0') return true;
    }
    return false;
}

/* The same bytes in RAM are parsed and verified: what acts later is what was signed. */
static enum fota_err step_head(struct fota_package_check *c)
{
    uint8_t *head = c->part.head;
    uint32_t n_bytes = fota_package_head_read_bytes(&c->pkg.prefix);
    enum fota_err err = fota_area_read(staging_of(c), 0, head, n_bytes);
    if (err < 0) return err;
    err = fota_package_parse(&c->pkg, head, n_bytes);
    if (err < 0) return err;
    if (c->pkg.prefix.total_bytes > staging_of(c)->n_bytes) return FOTA_E_STAGING_SPACE;
    err = fota_package_verify(&c->pkg, head, c->device->verifier);
    if (err < 0) return err;
    if (!is_text(c->pkg.product, c->device->product)) return FOTA_E_PRODUCT;
    if (c->back && c->pkg.trial_boots == 0) return FOTA_E_CODED;
    if (c->back) fota_package_turn(&c->pkg);
    c->off = 0;
    c->stage = STAGE_ALREADY;
    return FOTA_MORE;
}

/* The slot that holds the base. */
static const struct fota_area *base_slot(const struct fota_package_check *c)
{
    return fota_device_slot(c->device,
                            fota_device_has_two_slots(c->device) ? 1U - c->target : 0U);
}

static bool may_be_already_there(const struct fota_package_check *c)
{
    return c->check_base && c->image.known && c->image.n_bytes == c->pkg.new_bytes &&
           memcmp(c->image.sha256, c->pkg.new_sha256, FOTA_SHA256_BYTES) == 0;
}

/* Also when the base may be damaged: that, a record in the journal says, and whoever can write
 * one must not get an older image started. */
static enum fota_err check_counter(const struct fota_package_check *c)
{
    if (!c->image.known) return FOTA_OK;
    if (c->pkg.security_counter >= c->image.security_counter) return FOTA_OK;
    bool downgrade = has_feature(&c->pkg, FOTA_FEATURE_DOWNGRADE) && c->pkg.base_bytes != 0;
    return downgrade ? FOTA_OK : FOTA_E_COUNTER;
}

/* Already there only if the slot really holds it: a damaged image may be sent again. */
static enum fota_err step_already(struct fota_package_check *c)
{
    if (may_be_already_there(c)) {
        if (c->off == 0) fota_image_hash_begin(&c->part.hash, base_slot(c), c->pkg.new_bytes);
        c->off = 1;
        enum fota_err err = fota_image_hash_step(&c->part.hash, c->pkg.new_sha256);
        if (err == FOTA_MORE) return FOTA_MORE;
        if (err == FOTA_OK) return FOTA_E_ALREADY;
    }
    c->stage = STAGE_FIT;
    enum fota_err err = check_counter(c);
    if (err < 0 || c->pkg.trial_boots == 0 || c->back || !c->check_base) return err;
    /* Whoever goes forth on trial must be able to come back: look at that first. */
    fota_package_turn(&c->pkg);
    return check_counter(c);
}

static uint32_t largest_sector(const struct fota_area *area)
{
    uint32_t n_sectors = fota_area_n_sectors(area);
    uint32_t largest = 0;
    for (uint32_t i = 0; i < n_sectors; i++) {
        struct fota_sector sector;
        if (fota_area_sector(area, i, &sector) < 0) continue;
        if (sector.n_bytes > largest) largest = sector.n_bytes;
    }
    return largest;
}

/* Enough ring sectors, each as large as any of the slot. */
static bool
has_ring(const struct fota_package *pkg, const struct fota_area area[FOTA_AREA_COUNT])
{
    uint32_t need = largest_sector(&area[FOTA_AREA_SLOT]);
    for (uint32_t i = 0; i < fota_package_most_scratch(pkg); i++) {
        struct fota_sector sector;
        if (fota_area_sector(&area[FOTA_AREA_SCRATCH], i, &sector) < 0) return false;
        if (sector.n_bytes < need) return false;
    }
    return pkg->scratch_sectors > 0;
}

static bool
was_planned_for(const struct fota_package *pkg, const struct fota_area area[FOTA_AREA_COUNT])
{
    bool two_slots = area[FOTA_AREA_SLOT2].n_bytes != 0;
    if (has_feature(pkg, FOTA_FEATURE_TWO_SLOTS) && !two_slots) return false;
    if (fota_package_is_in_place(pkg) && (two_slots || !has_ring(pkg, area))) return false;
    if (two_slots && pkg->geometry_id != fota_area_geometry_id(&area[FOTA_AREA_SLOT2])) {
        return false;
    }
    return pkg->geometry_id == fota_area_geometry_id(&area[FOTA_AREA_SLOT]);
}

enum fota_err
fota_package_fits(const struct fota_package *pkg, const struct fota_area area[FOTA_AREA_COUNT],
                  uint32_t decoder_bytes)
{
    uint32_t slot_bytes = area[FOTA_AREA_SLOT].n_bytes;
    if (!was_planned_for(pkg, area)) return FOTA_E_GEOMETRY;
    if (pkg->new_bytes == 0 || pkg->new_bytes > slot_bytes) return FOTA_E_SLOT_SPACE;
    if (pkg->base_bytes > slot_bytes) return FOTA_E_BASE;
    if (pkg->prefix.total_bytes > area[FOTA_AREA_STAGING].n_bytes) return FOTA_E_STAGING_SPACE;
    if (!fota_delta_supports(pkg->codec, pkg->arch)) return FOTA_E_FEATURE;
    return fota_package_most_kib(pkg) * 1024U > decoder_bytes ? FOTA_E_RAM : FOTA_OK;
}

static enum fota_err step_fit(struct fota_package_check *c)
{
    const struct fota_package *pkg = &c->pkg;
    const struct fota_area *slot = fota_device_slot(c->device, c->target);
    uint32_t last;
    if (pkg->trial_boots != 0 && c->device->no_trial) return FOTA_E_FEATURE;
    enum fota_err err = fota_package_fits(pkg, c->device->area, c->device->decoder_bytes);
    if (err < 0) return err;
    err = fota_area_sector_at(slot, pkg->new_bytes - 1U, &last);
    if (err < 0) return err;
    if (last >= FOTA_PACKAGE_SLOT_SECTORS_MAX) return FOTA_E_GEOMETRY;
    c->n_image = (uint16_t)(last + 1U);
    c->stage = STAGE_BASE;
    fota_image_hash_begin(&c->part.hash, base_slot(c), pkg->base_bytes);
    return FOTA_MORE;
}

/* Whether the direction is looked at that is not asked for. */
static bool is_other_way(const struct fota_package_check *c)
{
    return c->pkg.turned != c->back;
}

/* A direction has passed: look at the one that was asked for, if it was not this. */
static enum fota_err end_direction(struct fota_package_check *c)
{
    c->stage = STAGE_DONE;
    if (!is_other_way(c)) return FOTA_OK;
    fota_package_turn(&c->pkg);
    c->stage = STAGE_FIT;
    return FOTA_MORE;
}

static bool compares_base(const struct fota_package_check *c)
{
    if (has_feature(&c->pkg, FOTA_FEATURE_FULL) || c->pkg.n_units == 0) return false;
    return c->check_base && !is_other_way(c);
}

static enum fota_err step_base(struct fota_package_check *c)
{
    if (compares_base(c)) {
        enum fota_err err = fota_image_hash_step(&c->part.hash, c->pkg.base_sha256);
        if (err == FOTA_MORE) return FOTA_MORE;
        if (err < 0) return FOTA_E_BASE;
    }
    fota_sha256_init(&c->part.hash.sha);
    c->off = 0;
    if (c->pkg.n_units == 0) return end_direction(c);
    c->stage = STAGE_BODY;
    return FOTA_MORE;
}

static enum fota_err step_body(struct fota_package_check *c)
{
    uint8_t chunk[CHUNK_BYTES];
    const struct fota_package *pkg = &c->pkg;
    for (uint32_t done = 0; done < STEP_BYTES && c->off < pkg->body_bytes;) {
        uint32_t left = pkg->body_bytes - c->off;
        uint32_t n = left < CHUNK_BYTES ? left : CHUNK_BYTES;
        enum fota_err err =
            fota_package_read(staging_of(c), &pkg->prefix, pkg->body_off + c->off, chunk, n);
        if (err < 0) return err;
        fota_sha256_update(&c->part.hash.sha, chunk, n);
        c->off += n;
        done += n;
    }
    if (c->off < pkg->body_bytes) return FOTA_MORE;
    uint8_t digest[FOTA_SHA256_BYTES];
    fota_sha256_final(&c->part.hash.sha, digest);
    if (memcmp(digest, pkg->body_sha256, sizeof digest) != 0) return FOTA_E_BODY_HASH;
    memset(&c->part, 0, sizeof c->part);
    c->unit = 0;
    c->n_marked = 0;
    c->n_steps = 0;
    c->off = pkg->prologue_bytes;
    c->stage = STAGE_UNITS;
    return FOTA_MORE;
}

/* Note what a unit writes.  No sector twice, none behind the image. */
static enum fota_err mark_unit(struct fota_package_check *c, const struct fota_unit *unit)
{
    if (unit->first_sector + unit->n_sectors > c->n_image) return FOTA_E_BODY;
    for (uint32_t i = 0; i < unit->n_sectors; i++) {
        if (!fota_unit_writes(unit, i)) continue;
        uint32_t index = unit->first_sector + i;
        if (fota_sector_bit(c->part.written, index)) return FOTA_E_BODY;
        fota_sector_bit_set(c->part.written, index);
        c->n_marked++;
    }
    return FOTA_OK;
}

/* What no unit writes must be in its place already: in place, part of the base. */
static enum fota_err check_unwritten(const struct fota_package_check *c)
{
    const struct fota_package *pkg = &c->pkg;
    const struct fota_area *slot = fota_device_slot(c->device, c->target);
    if (c->n_marked == c->n_image) return FOTA_OK;
    if (!fota_package_is_in_place(pkg)) return FOTA_E_BODY;
    for (uint32_t i = 0; i < c->n_image; i++) {
        struct fota_sector sector;
        if (fota_sector_bit(c->part.written, i)) continue;
        enum fota_err err = fota_area_sector(slot, i, &sector);
        if (err < 0) return err;
        uint32_t left = pkg->new_bytes - sector.off;
        uint32_t end = sector.off + (left < sector.n_bytes ? left : sector.n_bytes);
        if (end > pkg->base_bytes) return FOTA_E_BODY;
    }
    return FOTA_OK;
}

static enum fota_err step_units(struct fota_package_check *c)
{
    struct fota_unit unit;
    const struct fota_package *pkg = &c->pkg;
    const struct fota_area *slot = fota_device_slot(c->device, c->target);
    enum fota_err err = fota_package_unit_at(&unit, staging_of(c), pkg, c->off);
    if (err < 0) return err;
    err = mark_unit(c, &unit);
    if (err < 0) return err;
    uint32_t n_stash = fota_package_n_stash(pkg, slot, &unit);
    if (n_stash > pkg->scratch_sectors) return FOTA_E_BODY;
    c->n_steps += n_stash + unit.n_written;
    c->off += unit.head_bytes + unit.coded_bytes;
    c->unit++;
    if (c->unit < pkg->n_units) return FOTA_MORE;
    if (c->off != pkg->body_bytes) return FOTA_E_BODY;
    err = check_unwritten(c);
    return err < 0 ? err : end_direction(c);
}

static enum fota_err step(struct fota_package_check *c)
{
    switch ((enum stage)c->stage) {
    case STAGE_PREFIX:
        return step_prefix(c);
    case STAGE_HEAD:
        return step_head(c);
    case STAGE_ALREADY: {
        enum fota_err err = step_already(c);
        return err < 0 ? err : FOTA_MORE;
    }
    case STAGE_FIT:
        return step_fit(c);
    case STAGE_BASE:
        return step_base(c);
    case STAGE_BODY:
        return step_body(c);
    case STAGE_UNITS:
        return step_units(c);
    case STAGE_DONE:
        return FOTA_OK;
    }
    return FOTA_E_INTERNAL;
}

enum fota_err fota_package_check_step(struct fota_package_check *c)
{
    enum fota_err err = step(c);
    return err == FOTA_E_TORN ? FOTA_E_CODED : err;
}

void fota_package_check_ask(const struct fota_package_check *c, struct fota_snapshot *out)
{
    const struct fota_package *pkg = &c->pkg;
    memset(out, 0, sizeof *out);
    out->phase = FOTA_PHASE_RUN;
    out->progress = FOTA_PROGRESS_ASKED;
    out->unit_off = pkg->prologue_bytes;
    out->target_slot = c->target;
    /* A trial alone does not raise it. */
    out->counter = pkg->trial_boots != 0 && c->image.known ? 0 : pkg->security_counter;
    if (c->image.known && c->image.security_counter > out->counter)
        out->counter = c->image.security_counter;
    memcpy(out->package_id, pkg->id, sizeof out->package_id);
    memcpy(out->from_id, pkg->base_sha256, sizeof out->from_id);
    memcpy(out->to_id, pkg->new_sha256, sizeof out->to_id);
}
