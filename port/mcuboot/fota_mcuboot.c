/* SPDX-License-Identifier: MIT */
#include "port/mcuboot/fota_mcuboot.h"
#include "core/at_line.h"
#include "core/identity.h"
#include "core/le.h"
#include "core/mem.h"

/* Image header and TLV area (MCUboot, docs/design.md, "Image Format"). */
#define IMAGE_MAGIC         0x96F3B83DU
#define TLV_MAGIC           0x6907U
#define TLV_PROTECTED_MAGIC 0x6908U
#define FLAGS_ENCRYPTED     0x0CU /* AES-128, AES-256 */
#define TLV_HEADER_BYTES    4U
#define STEP_BYTES          1024U
#define MAGIC_BYTES         16U
#define ALIGN_MAX           32U
#define FLAG_SET            1U
#define SWAP_TEST           2U
#define SWAP_PERMANENT      3U
#define STATES_OF_A_SECTOR  3U
#define TRIES_MAX           3U

enum stage {
    STAGE_HEADER,
    STAGE_HASH,
    STAGE_RECORD,
    STAGE_REFUSED, /* the journal asks for nothing that could be done here */
    STAGE_CLEAR,
    STAGE_UPDATE,
    STAGE_MARK,
    STAGE_DONE,
};

/* In the order they are written: the magic makes the others count. */
enum field { FIELD_SWAP_INFO, FIELD_IMAGE_OK, FIELD_MAGIC, FIELD_COUNT };

/* ---- slots ---- */

static enum fota_err
refuse_program(void *ctx, uint32_t addr, const uint8_t *src, uint32_t n_bytes)
{
    (void)ctx;
    (void)addr;
    (void)src;
    (void)n_bytes;
    return FOTA_E_RANGE;
}

static enum fota_err refuse_erase(void *ctx, uint32_t addr)
{
    (void)ctx;
    (void)addr;
    return FOTA_E_RANGE;
}

static uint32_t magic_bytes(const struct fota_mcuboot_slots *slots)
{
    return slots->max_align > MAGIC_BYTES ? slots->max_align : MAGIC_BYTES;
}

static uint32_t program_unit(const struct fota_mcuboot_slots *slots)
{
    uint32_t a = slots->primary.flash->program_bytes;
    uint32_t b = slots->secondary.flash->program_bytes;
    return a > b ? a : b;
}

uint32_t fota_mcuboot_trailer_bytes(const struct fota_mcuboot_slots *slots)
{
    uint32_t n_fields = slots->mode == FOTA_MCUBOOT_OFFSET ? 5U : 4U;
    return slots->max_sectors * STATES_OF_A_SECTOR * program_unit(slots) +
           n_fields * slots->max_align + magic_bytes(slots);
}

static bool is_align(uint32_t n)
{
    return n == 8 || n == 16 || n == ALIGN_MAX;
}

/* Sectors at the end of the slot that hold trailer; all of them when it does not fit. */
static uint32_t n_trailer_sectors(const struct fota_area *slot, uint32_t n_bytes)
{
    uint32_t n_sectors = fota_area_n_sectors(slot);
    struct fota_sector sector;
    for (uint32_t n = 1; n < n_sectors; n++) {
        if (fota_area_sector(slot, n_sectors - n, &sector) < 0) break;
        if (slot->n_bytes - sector.off >= n_bytes) return n;
    }
    return n_sectors;
}

/* What is left of a slot but `first` sectors at its begin and `last` at its end. */
static uint32_t n_left(const struct fota_area *slot, uint32_t first, uint32_t last)
{
    uint32_t n_sectors = fota_area_n_sectors(slot);
    return n_sectors > first + last ? n_sectors - first - last : 0;
}

/* `n` sectors from `first` on. */
static enum fota_err
cut_out(const struct fota_area *slot, uint32_t first, uint32_t n, struct fota_area *out)
{
    struct fota_sector begin;
    struct fota_sector end;
    enum fota_err err = fota_area_sector(slot, first, &begin);
    if (err == FOTA_OK) err = fota_area_sector(slot, first + n - 1, &end);
    if (err != FOTA_OK) return err;
    out->flash = slot->flash;
    out->addr = slot->addr + begin.off;
    out->n_bytes = end.off + end.n_bytes - begin.off;
    return FOTA_OK;
}

static uint32_t first_sector(const struct fota_mcuboot *m)
{
    return m->slots.mode == FOTA_MCUBOOT_OFFSET ? 1 : 0;
}

enum fota_err fota_mcuboot_init(struct fota_mcuboot *m, const struct fota_mcuboot_slots *slots,
                                struct fota_device *device)
{
    memset(m, 0, sizeof *m);
    m->slots = *slots;
    m->device = device;
    struct fota_area *primary = &device->area[FOTA_AREA_SLOT];
    struct fota_area *secondary = &device->area[FOTA_AREA_SLOT2];
    if (!is_align(slots->max_align) || program_unit(slots) > slots->max_align ||
        slots->max_sectors == 0 || slots->max_sectors > FOTA_PACKAGE_SLOT_SECTORS_MAX ||
        slots->secondary.n_bytes % slots->max_align != 0)
        return FOTA_E_PROFILE;
    uint32_t n_bytes = fota_mcuboot_trailer_bytes(slots);
    uint32_t spare = slots->mode == FOTA_MCUBOOT_MOVE ? 1 : 0;
    m->n_trailer = n_trailer_sectors(&slots->secondary, n_bytes);
    uint32_t n = n_left(&slots->secondary, first_sector(m), m->n_trailer);
    uint32_t n_primary =
        n_left(&slots->primary, 0, spare + n_trailer_sectors(&slots->primary, n_bytes));
    if (n > n_primary) n = n_primary;
    if (n == 0 || cut_out(&slots->primary, 0, n, primary) < 0 ||
        cut_out(&slots->secondary, first_sector(m), n, secondary) < 0 ||
        fota_area_geometry_id(primary) != fota_area_geometry_id(secondary))
        return FOTA_E_PROFILE;
    m->guarded = *slots->primary.flash;
    m->guarded.program = refuse_program;
    m->guarded.erase = refuse_erase;
    primary->flash = &m->guarded;
    device->no_trial = true;
    return FOTA_OK;
}

/* ---- what runs ---- */

/* Length of the TLV area at `*off`, which begins with `magic`; moves `*off` behind it. */
static enum fota_err pass_tlvs(const struct fota_area *slot, uint16_t magic, uint32_t *off)
{
    uint8_t head[TLV_HEADER_BYTES];
    uint32_t left = slot->n_bytes - *off;
    if (left < sizeof head) return FOTA_E_NO_IMAGE;
    enum fota_err err = fota_area_read(slot, *off, head, sizeof head);
    if (err < 0) return err;
    uint32_t n_bytes = fota_le16(head + 2);
    if (fota_le16(head) != magic || n_bytes < sizeof head || n_bytes > left)
        return FOTA_E_NO_IMAGE;
    *off += n_bytes;
    return FOTA_OK;
}

/* Length of the signed image that begins with `header`. */
static enum fota_err
image_bytes(const struct fota_area *slot, const uint8_t *header, uint32_t *n_bytes)
{
    uint32_t header_bytes = fota_le16(header + 8);
    uint32_t program_bytes = fota_le32(header + 12);
    bool is_protected = fota_le16(header + 10) != 0;
    if (fota_le32(header) != IMAGE_MAGIC || header_bytes > slot->n_bytes ||
        program_bytes > slot->n_bytes - header_bytes)
        return FOTA_E_NO_IMAGE;
    if ((fota_le32(header + 16) & FLAGS_ENCRYPTED) != 0) return FOTA_E_IMAGE;
    *n_bytes = header_bytes + program_bytes;
    enum fota_err err = FOTA_OK;
    if (is_protected) err = pass_tlvs(slot, TLV_PROTECTED_MAGIC, n_bytes);
    return err < 0 ? err : pass_tlvs(slot, TLV_MAGIC, n_bytes);
}

static enum fota_err step_header(struct fota_mcuboot *m)
{
    const struct fota_area *slot = &m->device->area[FOTA_AREA_SLOT];
    enum fota_err err =
        fota_area_read(slot, 0, m->u.identify.header, sizeof m->u.identify.header);
    if (err == FOTA_OK) err = image_bytes(slot, m->u.identify.header, &m->u.identify.n_bytes);
    if (err < 0) return err;
    fota_sha256_init(&m->u.identify.sha);
    m->stage = STAGE_HASH;
    return FOTA_MORE;
}

/* The version of the header: major, minor, revision, and the build unless it is 0. */
static void print_version(const uint8_t *header, char *text)
{
    text = fota_at_print_number(text, header[20]);
    *text++ = '.';
    text = fota_at_print_number(text, header[21]);
    *text++ = '.';
    text = fota_at_print_number(text, fota_le16(header + 22));
    if (fota_le32(header + 24) != 0) {
        *text++ = '+';
        text = fota_at_print_number(text, fota_le32(header + 24));
    }
    *text = '\0';
}

/* Product names end in the device as in packages: cut at FOTA_PACKAGE_STRING_MAX. */
static void copy_text(char dst[FOTA_PACKAGE_STRING_MAX + 1], const char *src)
{
    for (uint32_t i = 0; i < FOTA_PACKAGE_STRING_MAX && src[i] != '\0'; i++)
        dst[i] = src[i];
}

/* The hash is known: write the identity, unless it stands there. */
static enum fota_err end_hash(struct fota_mcuboot *m)
{
    const struct fota_area *area = &m->device->area[FOTA_AREA_IDENTITY];
    struct fota_identity old_one;
    struct fota_identity id;
    uint8_t old_bytes[FOTA_IDENTITY_BYTES];
    uint8_t bytes[FOTA_IDENTITY_BYTES];
    memset(&id, 0, sizeof id);
    copy_text(id.product, m->device->product);
    print_version(m->u.identify.header, id.version);
    id.image_bytes = m->u.identify.n_bytes;
    fota_sha256_final(&m->u.identify.sha, id.image_sha256);
    bool known = fota_identity_read(&old_one, area) == FOTA_OK;
    if (known) {
        id.security_counter = old_one.security_counter;
        fota_identity_encode(&old_one, old_bytes);
    }
    fota_identity_encode(&id, bytes);
    m->stage = STAGE_DONE;
    if (known && memcmp(bytes, old_bytes, sizeof bytes) == 0) return FOTA_OK;
    fota_record_write_begin(&m->u.identify.write, area, bytes, sizeof bytes, 0);
    m->stage = STAGE_RECORD;
    return FOTA_MORE;
}

static enum fota_err step_hash(struct fota_mcuboot *m)
{
    const struct fota_area *slot = &m->device->area[FOTA_AREA_SLOT];
    uint8_t bytes[64];
    for (uint32_t done = 0; done < STEP_BYTES; done += sizeof bytes) {
        uint32_t left = m->u.identify.n_bytes - m->u.identify.off;
        uint32_t n = left < sizeof bytes ? left : (uint32_t)sizeof bytes;
        if (n == 0) return end_hash(m);
        enum fota_err err = fota_area_read(slot, m->u.identify.off, bytes, n);
        if (err < 0) return err;
        fota_sha256_update(&m->u.identify.sha, bytes, n);
        m->u.identify.off += n;
    }
    return FOTA_MORE;
}

static enum fota_err step_record(struct fota_mcuboot *m)
{
    enum fota_err err = fota_record_write_step(&m->u.identify.write);
    if (err == FOTA_OK) m->stage = STAGE_DONE;
    return err;
}

void fota_mcuboot_identify(struct fota_mcuboot *m)
{
    memset(&m->u, 0, sizeof m->u);
    m->stage = STAGE_HEADER;
}

/* ---- the update ---- */

void fota_mcuboot_update(struct fota_mcuboot *m, struct fota_journal *journal, void *work,
                         bool permanent)
{
    const struct fota_snapshot *last = fota_journal_last(journal);
    m->permanent = permanent;
    m->at = 0;
    m->tries = 0;
    m->stage = STAGE_REFUSED;
    if (last == NULL || last->phase != FOTA_PHASE_RUN || last->target_slot != 1) return;
    fota_updater_open(&m->u.updater, m->device, journal, work);
    m->stage = STAGE_CLEAR;
}

/* An erase or program did not do its work: clear all again, or give up. */
static enum fota_err redo(struct fota_mcuboot *m, enum fota_err err)
{
    m->tries++;
    m->at = 0;
    return m->tries < TRIES_MAX ? FOTA_MORE : err;
}

/* No mark, before the image changes: trailer sectors, the one with the magic first.  MCUboot
 * also refuses an image by offset while a header stands in the slot's first sector. */
static enum fota_err step_clear(struct fota_mcuboot *m)
{
    const struct fota_area *slot = &m->slots.secondary;
    if (m->at == m->n_trailer + first_sector(m)) {
        m->at = 0;
        m->field = FIELD_SWAP_INFO;
        m->stage = STAGE_UPDATE;
        return FOTA_MORE;
    }
    uint32_t index = m->at < m->n_trailer ? fota_area_n_sectors(slot) - 1 - m->at : 0;
    enum fota_err err = fota_area_erase(slot, index);
    if (err == FOTA_BUSY) return FOTA_BUSY;
    if (err < 0) return redo(m, err);
    m->at++;
    return FOTA_MORE;
}

static enum fota_err step_update(struct fota_mcuboot *m)
{
    enum fota_err err = fota_updater_poll(&m->u.updater);
    if (err != FOTA_OK) return err;
    m->stage = STAGE_MARK;
    return FOTA_MORE;
}

/* Content of the field being written, and its place in the slot. */
static uint32_t
trailer_field(const struct fota_mcuboot *m, uint8_t bytes[ALIGN_MAX], uint32_t *n_bytes)
{
    static const uint8_t magic[MAGIC_BYTES] = {0x77, 0xc2, 0x95, 0xf3, 0x60, 0xd2, 0xef, 0x7f,
                                               0x35, 0x52, 0x50, 0x0f, 0x2c, 0xb6, 0x79, 0x80};
    static const uint8_t aligned[MAGIC_BYTES - 2] = {0x2d, 0xe1, 0x5d, 0x29, 0x41, 0x0b, 0x8d,
                                                     0x77, 0x67, 0x9c, 0x11, 0x0f, 0x1f, 0x8a};
    const struct fota_area *slot = &m->slots.secondary;
    uint32_t align = m->slots.max_align;
    uint32_t n_magic = magic_bytes(&m->slots);
    uint32_t off = slot->n_bytes - n_magic;
    memset(bytes, slot->flash->erased, ALIGN_MAX);
    *n_bytes = slot->flash->program_bytes;
    switch ((enum field)m->field) {
    case FIELD_SWAP_INFO:
        bytes[0] = m->permanent ? SWAP_PERMANENT : SWAP_TEST;
        return off - 3 * align; /* copy_done lies between */
    case FIELD_IMAGE_OK:
        bytes[0] = FLAG_SET;
        return off - align;
    case FIELD_MAGIC:
    case FIELD_COUNT:
        break;
    }
    *n_bytes = n_magic;
    uint8_t *at = bytes + n_magic - MAGIC_BYTES;
    if (align == 8) {
        memcpy(at, magic, MAGIC_BYTES);
    } else {
        fota_put_le16(at, (uint16_t)align);
        memcpy(at + 2, aligned, sizeof aligned);
    }
    return off;
}

static enum fota_err step_mark(struct fota_mcuboot *m)
{
    const struct fota_area *slot = &m->slots.secondary;
    uint8_t bytes[ALIGN_MAX];
    uint32_t n_bytes;
    if (m->field == FIELD_IMAGE_OK && !m->permanent) m->field++;
    uint32_t off = trailer_field(m, bytes, &n_bytes);
    uint32_t n = n_bytes - m->at;
    if (n > slot->flash->page_bytes) n = slot->flash->page_bytes;
    enum fota_err err = fota_area_program(slot, off + m->at, bytes + m->at, n);
    if (err < 0) return err;
    m->at += n;
    if (m->at < n_bytes) return FOTA_MORE;
    m->at = 0;
    m->field++;
    if (m->field < FIELD_COUNT) return FOTA_MORE;
    m->stage = STAGE_DONE;
    return FOTA_OK;
}

enum fota_err fota_mcuboot_poll(struct fota_mcuboot *m)
{
    switch ((enum stage)m->stage) {
    case STAGE_HEADER:
        return step_header(m);
    case STAGE_HASH:
        return step_hash(m);
    case STAGE_RECORD:
        return step_record(m);
    case STAGE_REFUSED:
        return FOTA_E_NO_TRANSFER;
    case STAGE_CLEAR:
        return step_clear(m);
    case STAGE_UPDATE:
        return step_update(m);
    case STAGE_MARK:
        return step_mark(m);
    case STAGE_DONE:
        return FOTA_OK;
    }
    return FOTA_E_INTERNAL;
}
