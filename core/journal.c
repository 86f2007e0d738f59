/* SPDX-License-Identifier: MIT */
/* The update journal.  Rule numbers are those of doc/design.md 5; why each stands:
 * doc/proof.md.
 *
 *     CLOSED -open-> RECOMMIT -> ERASE -> HEAD -> COPY -> READY -append-> APPEND -> READY
 *                                  ^                         sector full: |
 *                                  +--------------------------------------+
 *     no sector takes it: FAILED */
#include "core/journal.h"
#include "core/crc32.h"
#include "core/le.h"

enum {
    MAGIC_OFF = 0,
    EPOCH_OFF = 4,
    FLAGS_OFF = 8,
    PHASE_OFF = 9,
    RESULT_OFF = 10,
    TARGET_OFF = 11,
    PACKAGE_ID_OFF = 12,
    UNIT_OFF = 20,
    STEP_OFF = 24,
    UNIT_OFF_OFF = 28,
    CUTS_OFF = 32,
    TRIALS_OFF = 34,
    PROGRESS_OFF = 35,
    FROM_ID_OFF = 36,
    TO_ID_OFF = 44,
    COUNTER_OFF = 52,
    CRC_OFF = 60,
    RECORD_BYTES = FOTA_JOURNAL_RECORD_BYTES,
    FLAG_COPY = 1,
    ERASES_MAX = 3, /* of one sector */
};
#define MAGIC 0x31304A46U /* "FJ01" */

enum stage {
    STAGE_CLOSED,
    STAGE_RECOMMIT,
    STAGE_ERASE,
    STAGE_HEAD,
    STAGE_COPY,
    STAGE_READY,
    STAGE_APPEND,
    STAGE_FAILED,
};

static void
encode(uint8_t r[RECORD_BYTES], const struct fota_snapshot *s, uint32_t epoch, uint8_t flags)
{
    memset(r, 0, RECORD_BYTES);
    fota_put_le32(r + MAGIC_OFF, MAGIC);
    fota_put_le32(r + EPOCH_OFF, epoch);
    r[FLAGS_OFF] = flags;
    r[PHASE_OFF] = (uint8_t)s->phase;
    r[RESULT_OFF] = s->result;
    r[TARGET_OFF] = s->target_slot;
    memcpy(r + PACKAGE_ID_OFF, s->package_id, sizeof s->package_id);
    fota_put_le32(r + UNIT_OFF, s->unit);
    fota_put_le32(r + STEP_OFF, s->step);
    fota_put_le32(r + UNIT_OFF_OFF, s->unit_off);
    fota_put_le16(r + CUTS_OFF, s->cuts);
    r[TRIALS_OFF] = s->trials;
    r[PROGRESS_OFF] = (uint8_t)s->progress;
    memcpy(r + FROM_ID_OFF, s->from_id, sizeof s->from_id);
    memcpy(r + TO_ID_OFF, s->to_id, sizeof s->to_id);
    fota_put_le32(r + COUNTER_OFF, s->counter);
    fota_put_le32(r + CRC_OFF, fota_crc32(0, r, CRC_OFF));
}

static void decode(struct fota_snapshot *s, const uint8_t r[RECORD_BYTES])
{
    s->phase = (enum fota_phase)r[PHASE_OFF];
    s->result = r[RESULT_OFF];
    s->target_slot = r[TARGET_OFF];
    memcpy(s->package_id, r + PACKAGE_ID_OFF, sizeof s->package_id);
    s->unit = fota_le32(r + UNIT_OFF);
    s->step = fota_le32(r + STEP_OFF);
    s->unit_off = fota_le32(r + UNIT_OFF_OFF);
    s->cuts = fota_le16(r + CUTS_OFF);
    s->trials = r[TRIALS_OFF];
    s->progress = (enum fota_progress)r[PROGRESS_OFF];
    memcpy(s->from_id, r + FROM_ID_OFF, sizeof s->from_id);
    memcpy(s->to_id, r + TO_ID_OFF, sizeof s->to_id);
    s->counter = fota_le32(r + COUNTER_OFF);
}

static bool is_record(const uint8_t r[RECORD_BYTES])
{
    return fota_le32(r + MAGIC_OFF) == MAGIC &&
           fota_le32(r + CRC_OFF) == fota_crc32(0, r, CRC_OFF) &&
           r[PHASE_OFF] >= FOTA_PHASE_IDLE && r[PHASE_OFF] <= FOTA_PHASE_KEEP &&
           r[TARGET_OFF] <= 1 && r[PROGRESS_OFF] <= FOTA_PROGRESS_TOUCHED;
}

static bool is_final_phase(uint8_t phase)
{
    return phase == FOTA_PHASE_IDLE || phase == FOTA_PHASE_RESULT;
}

/* Serial comparison: right as long as the two are less than 2^31 apart. */
static bool is_newer(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) > 0;
}

static uint32_t slot_bytes(const struct fota_journal *j)
{
    return fota_flash_round_up(j->area->flash, RECORD_BYTES);
}

static uint16_t n_slots(const struct fota_journal *j)
{
    struct fota_sector sector;
    if (fota_area_sector(j->area, 0, &sector) < 0) return 0;
    uint32_t n = sector.n_bytes / slot_bytes(j);
    return (uint16_t)(n < FOTA_JOURNAL_SLOTS_MAX ? n : FOTA_JOURNAL_SLOTS_MAX);
}

/* What one slot holds. */
struct slot {
    bool blank;
    bool valid;
    uint8_t record[RECORD_BYTES];
};

/* Read a slot: its record, and whether anything in it, padding included, is programmed.  What
 * the medium calls torn is neither blank nor valid. */
static enum fota_err
read_slot(const struct fota_journal *j, uint32_t sector, uint32_t index, struct slot *slot)
{
    struct fota_sector place;
    uint8_t padding[RECORD_BYTES];
    enum fota_err err = fota_area_sector(j->area, sector, &place);
    if (err < 0) return err;
    uint32_t size = slot_bytes(j);
    uint32_t base = place.off + index * size;
    slot->blank = true;
    slot->valid = true;
    for (uint32_t off = 0; off < size;) {
        uint8_t *dst = off == 0 ? slot->record : padding;
        uint32_t n = size - off < RECORD_BYTES ? size - off : RECORD_BYTES;
        err = fota_area_read(j->area, base + off, dst, n);
        if (err == FOTA_E_TORN) {
            slot->blank = false;
            slot->valid = false;
        } else if (err < 0) {
            return err;
        } else {
            for (uint32_t i = 0; i < n && slot->blank; i++)
                slot->blank = dst[i] == j->area->flash->erased;
        }
        off += n;
    }
    slot->valid = slot->valid && !slot->blank && is_record(slot->record);
    return FOTA_OK;
}

/* What one sector says. */
struct reading {
    bool has_head;
    bool counts;
    bool finished;
    bool has_other;         /* a valid non-COPY record beyond slot 0 */
    uint32_t epoch;         /* of the head */
    uint32_t last_nonblank; /* slot */
    uint8_t state[RECORD_BYTES];
};

static bool say_the_same(const uint8_t a[RECORD_BYTES], const uint8_t b[RECORD_BYTES])
{
    return memcmp(a + PHASE_OFF, b + PHASE_OFF, CRC_OFF - PHASE_OFF) == 0;
}

/* Take the record of a slot beyond the first into account; `last` is the valid one before. */
static void take_slot(struct reading *r, uint8_t last[RECORD_BYTES], const struct slot *slot)
{
    const uint8_t *record = slot->record;
    if (!slot->valid || fota_le32(record + EPOCH_OFF) != r->epoch) return;
    r->finished = is_final_phase(record[PHASE_OFF]) && say_the_same(record, last);
    memcpy(last, record, RECORD_BYTES);
    if ((record[FLAGS_OFF] & FLAG_COPY) != 0) return;
    r->has_other = true;
    memcpy(r->state, record, RECORD_BYTES);
}

/* Read every slot of a sector, once (rules 1 and 2). */
static enum fota_err
read_sector(const struct fota_journal *j, uint32_t sector, struct reading *r)
{
    struct slot slot;
    uint8_t last[RECORD_BYTES];
    memset(r, 0, sizeof *r);
    enum fota_err err = read_slot(j, sector, 0, &slot);
    if (err < 0) return err;
    r->has_head = slot.valid && (slot.record[FLAGS_OFF] & FLAG_COPY) == 0;
    if (!r->has_head) return FOTA_OK;
    r->epoch = fota_le32(slot.record + EPOCH_OFF);
    memcpy(r->state, slot.record, RECORD_BYTES);
    memcpy(last, slot.record, RECORD_BYTES);
    for (uint32_t i = 1; i < n_slots(j); i++) {
        err = read_slot(j, sector, i, &slot);
        if (err < 0) return err;
        if (slot.blank) continue;
        r->counts = true;
        r->last_nonblank = i;
        take_slot(r, last, &slot);
    }
    return FOTA_OK;
}

/* Let what a sector says rule, if it counts and is newer than what ruled so far. */
static void consider(struct fota_journal *j, uint8_t sector, const struct reading *r)
{
    if (!r->counts) return;
    if (j->has_snapshot && !is_newer(r->epoch, j->ruling_epoch)) return;
    j->ruling = sector;
    j->ruling_epoch = r->epoch;
    j->has_snapshot = true;
    j->finished = r->finished;
    decode(&j->last, r->state);
    j->recommit_slot = r->has_other ? n_slots(j) : (uint16_t)(r->last_nonblank + 2U);
}

enum fota_err fota_journal_load(struct fota_journal *j, const struct fota_area *area)
{
    memset(j, 0, sizeof *j);
    j->area = area;
    uint32_t n_sectors = fota_area_n_sectors(area);
    if (n_sectors > FOTA_JOURNAL_SECTORS_MAX) n_sectors = FOTA_JOURNAL_SECTORS_MAX;
    j->n_sectors = (uint8_t)n_sectors;
    j->ruling = j->n_sectors;
    j->stage = STAGE_CLOSED;
    bool any_head = false;
    for (uint8_t i = 0; i < j->n_sectors; i++) {
        struct reading r;
        enum fota_err err = read_sector(j, i, &r);
        if (err < 0) return err;
        /* A head without more does not count now, but may at another boot: stay above it. */
        if (r.has_head && (!any_head || is_newer(r.epoch, j->epoch))) j->epoch = r.epoch;
        any_head = any_head || r.has_head;
        consider(j, i, &r);
    }
    return FOTA_OK;
}

const struct fota_snapshot *fota_journal_last(const struct fota_journal *j)
{
    return j->has_snapshot ? &j->last : NULL;
}

bool fota_journal_is_final(const struct fota_journal *j)
{
    return !j->has_snapshot || j->finished;
}

bool fota_journal_is_open(const struct fota_journal *j)
{
    return j->stage == STAGE_READY || j->stage == STAGE_APPEND;
}

uint32_t fota_journal_epoch(const struct fota_journal *j)
{
    return j->epoch;
}

/* Turn to the next sector that is not the ruling one. */
static void enter_next_sector(struct fota_journal *j)
{
    if (j->sectors_left == 0) {
        j->stage = STAGE_FAILED;
        return;
    }
    j->sectors_left--;
    do {
        j->sector = (uint8_t)((j->sector + 1U) % j->n_sectors);
    } while (j->sector == j->ruling);
    j->epoch++;
    j->tries = 0;
    j->stage = STAGE_ERASE;
}

/* OPEN from the sector that rules now. */
static void begin_open(struct fota_journal *j)
{
    bool has_ruling = j->ruling < j->n_sectors;
    uint8_t last = j->n_sectors > 0 ? (uint8_t)(j->n_sectors - 1U) : 0;
    j->sector = has_ruling ? j->ruling : last;
    j->sectors_left = has_ruling ? last : j->n_sectors;
    j->part_off = 0;
    j->stage = STAGE_RECOMMIT;
}

/* The sector opened in this boot takes no more records: it rules, go on in another. */
static void leave_sector(struct fota_journal *j)
{
    j->ruling = j->sector;
    j->recommit_slot = n_slots(j);
    begin_open(j);
}

void fota_journal_open(struct fota_journal *j, const struct fota_snapshot *state)
{
    if (fota_journal_is_open(j)) {
        fota_journal_append(j, state);
        return;
    }
    j->next = *state;
    if (!j->has_snapshot) j->recommit_slot = n_slots(j);
    begin_open(j);
}

void fota_journal_append(struct fota_journal *j, const struct fota_snapshot *state)
{
    j->next = *state;
    j->part_off = 0;
    j->stage = STAGE_APPEND;
    if (j->slot >= n_slots(j)) leave_sector(j);
}

/* Program the next part of a record, at most a page.  FOTA_OK when that was the last. */
static enum fota_err program_part(struct fota_journal *j, uint32_t sector, uint32_t index,
                                  const uint8_t record[RECORD_BYTES])
{
    uint8_t padded[FOTA_PAGE_MAX];
    struct fota_sector place;
    enum fota_err err = fota_area_sector(j->area, sector, &place);
    if (err < 0) return err;
    uint32_t size = slot_bytes(j);
    uint32_t page = j->area->flash->page_bytes;
    uint32_t n = size - j->part_off < page ? size - j->part_off : page;
    memset(padded, j->area->flash->erased, sizeof padded);
    memcpy(padded, record, RECORD_BYTES);
    uint32_t off = place.off + index * size + j->part_off;
    err = fota_area_program(j->area, off, padded + j->part_off, n);
    j->part_off = (uint16_t)(j->part_off + n);
    if (err >= 0 && j->part_off < size) return FOTA_MORE;
    j->part_off = 0;
    return err;
}

static enum fota_err step_recommit(struct fota_journal *j)
{
    uint8_t record[RECORD_BYTES];
    encode(record, &j->last, j->ruling_epoch, FLAG_COPY);
    enum fota_err err = program_part(j, j->ruling, j->recommit_slot, record);
    if (err == FOTA_MORE) return FOTA_MORE;
    j->recommit_slot = err < 0 ? (uint16_t)(j->recommit_slot + 1U) : n_slots(j);
    return FOTA_MORE;
}

static enum fota_err step_erase(struct fota_journal *j)
{
    enum fota_err err = fota_area_erase(j->area, j->sector);
    if (err == FOTA_BUSY) return FOTA_BUSY;
    if (err == FOTA_OK) {
        j->slot = 0;
        j->stage = STAGE_HEAD;
        return FOTA_MORE;
    }
    j->tries++;
    if (j->tries >= ERASES_MAX) enter_next_sector(j);
    return FOTA_MORE;
}

static enum fota_err step_head(struct fota_journal *j)
{
    uint8_t record[RECORD_BYTES];
    encode(record, &j->next, j->epoch, 0);
    enum fota_err err = program_part(j, j->sector, 0, record);
    if (err == FOTA_MORE) return FOTA_MORE;
    if (err < 0) {
        enter_next_sector(j);
        return FOTA_MORE;
    }
    j->slot = 1;
    j->stage = STAGE_COPY;
    return FOTA_MORE;
}

/* Program `next` into the next slot; a slot that does not take it is passed over. */
static enum fota_err program_next(struct fota_journal *j, uint8_t flags)
{
    uint8_t record[RECORD_BYTES];
    encode(record, &j->next, j->epoch, flags);
    enum fota_err err = program_part(j, j->sector, j->slot, record);
    if (err == FOTA_MORE) return FOTA_MORE;
    j->slot++;
    if (err < 0) return FOTA_MORE;
    j->last = j->next;
    j->has_snapshot = true;
    j->stage = STAGE_READY;
    return FOTA_OK;
}

static enum fota_err step_copy(struct fota_journal *j)
{
    enum fota_err err = program_next(j, FLAG_COPY);
    if (err == FOTA_MORE && j->slot >= n_slots(j)) enter_next_sector(j);
    return err;
}

static enum fota_err step_append(struct fota_journal *j)
{
    enum fota_err err = program_next(j, 0);
    if (err == FOTA_MORE && j->slot >= n_slots(j)) leave_sector(j);
    return err;
}

enum fota_err fota_journal_step(struct fota_journal *j)
{
    if (j->stage == STAGE_RECOMMIT && j->recommit_slot >= n_slots(j)) enter_next_sector(j);
    switch ((enum stage)j->stage) {
    case STAGE_CLOSED:
        return FOTA_E_INTERNAL;
    case STAGE_RECOMMIT:
        return step_recommit(j);
    case STAGE_ERASE:
        return step_erase(j);
    case STAGE_HEAD:
        return step_head(j);
    case STAGE_COPY:
        return step_copy(j);
    case STAGE_READY:
        return FOTA_OK;
    case STAGE_APPEND:
        return step_append(j);
    case STAGE_FAILED:
        return FOTA_E_JOURNAL;
    }
    return FOTA_E_INTERNAL;
}
