/* SPDX-License-Identifier: MIT */
/* What makes a device profile impossible.  The list is that of doc/device-profile.md. */
#include "core/mem.h"
#include "core/package.h"
#include "core/profile.h"

#define JOURNAL_SECTORS_MIN  2U
#define JOURNAL_SECTORS_MAX  8U
#define JOURNAL_RECORD_BYTES 64U /* FOTA_JOURNAL_RECORD_BYTES of core/journal.h */
#define JOURNAL_RECORDS_MIN  8U
#define RECORD_SECTORS       2U /* identity, settings: core/record_store.h */
#define RECORD_SECTOR_BYTES  512U
#define DECODER_BYTES_MIN    2048U

/* The layout under examination. */
struct layout {
    const struct fota_profile *profile;
    struct fota_flash flash[FOTA_PROFILE_FLASHES_MAX];
    struct fota_area area[FOTA_AREA_COUNT];
    uint32_t n_sectors[FOTA_AREA_COUNT];
};

static bool is_power_of_two(uint32_t n)
{
    return n != 0 && (n & (n - 1)) == 0;
}

static const char *check_flash(const struct fota_profile_flash *f)
{
    if (f->erased != 0xFF && f->erased != 0x00) return "erased is neither 0xff nor 0x00";
    if (!is_power_of_two(f->program_bytes) || !is_power_of_two(f->page_bytes)) {
        return "program and page must be powers of two";
    }
    if (f->page_bytes > FOTA_PAGE_MAX) return "page is more than 256 bytes";
    if (f->page_bytes < f->program_bytes) return "page is smaller than the program unit";
    if (f->n_runs == 0 || f->n_runs > FOTA_PROFILE_RUNS_MAX)
        return "1 to 8 sector runs are wanted";
    uint64_t total_bytes = 0;
    for (uint32_t i = 0; i < f->n_runs; i++) {
        const struct fota_flash_run *run = &f->runs[i];
        if (run->n_sectors == 0 || run->sector_bytes == 0)
            return "a run of no sectors or no bytes";
        if (run->sector_bytes % f->page_bytes != 0)
            return "a sector is no multiple of the page";
        total_bytes += (uint64_t)run->n_sectors * run->sector_bytes;
        if (total_bytes > UINT32_MAX) return "the flash has 4 GiB or more";
    }
    return NULL;
}

static const char *check_area_place(const struct layout *l, unsigned id)
{
    const struct fota_area *a = &l->area[id];
    if (a->n_bytes == 0) return NULL;
    uint32_t flash_bytes = fota_flash_bytes(a->flash);
    if (a->n_bytes > flash_bytes || a->addr > flash_bytes - a->n_bytes) {
        return "the area lies outside its flash";
    }
    if (l->n_sectors[id] == 0) return "the area does not begin and end at sector boundaries";
    for (unsigned other = 0; other < id; other++) {
        const struct fota_area *b = &l->area[other];
        if (b->n_bytes == 0 || b->flash != a->flash) continue;
        bool apart = a->addr >= b->addr ? a->addr - b->addr >= b->n_bytes
                                        : b->addr - a->addr >= a->n_bytes;
        if (!apart) return "the area overlaps another";
    }
    return NULL;
}

/* Smallest and largest sector of an area. */
static void sector_range(const struct fota_area *area, uint32_t *smallest, uint32_t *largest)
{
    *smallest = UINT32_MAX;
    *largest = 0;
    uint32_t base = 0;
    for (uint32_t i = 0; i < area->flash->n_runs; i++) {
        const struct fota_flash_run *run = &area->flash->runs[i];
        uint32_t run_bytes = run->n_sectors * run->sector_bytes;
        bool touches = base >= area->addr ? base - area->addr < area->n_bytes
                                          : area->addr - base < run_bytes;
        if (touches && run->sector_bytes < *smallest) *smallest = run->sector_bytes;
        if (touches && run->sector_bytes > *largest) *largest = run->sector_bytes;
        base += run_bytes;
    }
}

/* Whether the second slot has the sectors of the first. */
static bool slots_are_equal(const struct layout *l)
{
    const struct fota_area *slot = &l->area[FOTA_AREA_SLOT];
    const struct fota_area *slot2 = &l->area[FOTA_AREA_SLOT2];
    if (l->n_sectors[FOTA_AREA_SLOT] != l->n_sectors[FOTA_AREA_SLOT2]) return false;
    for (uint32_t i = 0; i < l->n_sectors[FOTA_AREA_SLOT]; i++) {
        struct fota_sector a;
        struct fota_sector b;
        if (fota_area_sector(slot, i, &a) < 0 || fota_area_sector(slot2, i, &b) < 0)
            return false;
        if (a.n_bytes != b.n_bytes) return false;
    }
    return true;
}

static const char *check_scratch(const struct layout *l)
{
    const struct fota_area *slot = &l->area[FOTA_AREA_SLOT];
    const struct fota_area *scratch = &l->area[FOTA_AREA_SCRATCH];
    if (scratch->n_bytes == 0) return NULL;
    if (l->n_sectors[FOTA_AREA_SCRATCH] > FOTA_PACKAGE_SCRATCH_MAX) {
        return "more than 64 scratch sectors";
    }
    uint32_t smallest;
    uint32_t largest;
    sector_range(scratch, &smallest, &largest);
    for (uint32_t i = 0; i < l->n_sectors[FOTA_AREA_SLOT]; i++) {
        struct fota_sector sector;
        if (fota_area_sector(slot, i, &sector) < 0 || sector.n_bytes > smallest) {
            return "a scratch sector is smaller than a slot sector";
        }
        if (sector.n_bytes % scratch->flash->page_bytes != 0) {
            return "a slot sector is no multiple of the scratch's page";
        }
    }
    return NULL;
}

static const char *check_journal(const struct layout *l)
{
    const struct fota_area *journal = &l->area[FOTA_AREA_JOURNAL];
    uint32_t n = l->n_sectors[FOTA_AREA_JOURNAL];
    if (n < JOURNAL_SECTORS_MIN || n > JOURNAL_SECTORS_MAX)
        return "a journal has 2 to 8 sectors";
    uint32_t smallest;
    uint32_t largest;
    sector_range(journal, &smallest, &largest);
    if (smallest != largest) return "the journal's sectors differ in size";
    uint32_t unit = journal->flash->program_bytes;
    uint32_t record_bytes = (JOURNAL_RECORD_BYTES + unit - 1) / unit * unit;
    if (smallest / record_bytes < JOURNAL_RECORDS_MIN) {
        return "a journal sector holds fewer than 8 records";
    }
    return NULL;
}

static const char *check_record(const struct layout *l, enum fota_area_id id)
{
    uint32_t smallest;
    uint32_t largest;
    if (l->n_sectors[id] != RECORD_SECTORS) return "identity and settings have 2 sectors each";
    sector_range(&l->area[id], &smallest, &largest);
    if (smallest < RECORD_SECTOR_BYTES)
        return "a sector of identity or settings is below 512 bytes";
    return NULL;
}

/* Area by area, where one line is to blame. */
static const char *check_area_rules(const struct layout *l, enum fota_area_id id)
{
    switch (id) {
    case FOTA_AREA_SLOT:
        return l->n_sectors[id] > FOTA_PACKAGE_SLOT_SECTORS_MAX
                   ? "a slot of more than 4096 sectors"
                   : NULL;
    case FOTA_AREA_SLOT2:
        return l->n_sectors[id] == 0 || slots_are_equal(l)
                   ? NULL
                   : "slot2 has other sectors than slot";
    case FOTA_AREA_SCRATCH:
        return check_scratch(l);
    case FOTA_AREA_JOURNAL:
        return check_journal(l);
    case FOTA_AREA_IDENTITY:
    case FOTA_AREA_SETTINGS:
        return check_record(l, id);
    case FOTA_AREA_STAGING:
    case FOTA_AREA_COUNT:
        break;
    }
    return NULL;
}

static const char *check_presence(const struct layout *l)
{
    if (l->area[FOTA_AREA_SLOT].n_bytes == 0) return "area slot is missing";
    if (l->area[FOTA_AREA_STAGING].n_bytes == 0) return "area staging is missing";
    if (l->area[FOTA_AREA_JOURNAL].n_bytes == 0) return "area journal is missing";
    if (l->area[FOTA_AREA_IDENTITY].n_bytes == 0) return "area identity is missing";
    if (l->area[FOTA_AREA_SETTINGS].n_bytes == 0) return "area settings is missing";
    bool scratch = l->area[FOTA_AREA_SCRATCH].n_bytes != 0;
    bool slot2 = l->area[FOTA_AREA_SLOT2].n_bytes != 0;
    if (!scratch && !slot2) return "neither scratch nor slot2";
    if (scratch && slot2) return "both scratch and slot2";
    if (l->profile->decoder_bytes < DECODER_BYTES_MIN) return "a decoder of less than 2 KiB";
    return NULL;
}

static enum fota_err refuse(struct fota_profile_fault *fault, unsigned line, const char *reason)
{
    *fault = (struct fota_profile_fault){line, reason};
    return FOTA_E_PROFILE;
}

enum fota_err
fota_profile_check(const struct fota_profile *profile, struct fota_profile_fault *fault)
{
    struct layout l;
    memset(&l, 0, sizeof l);
    l.profile = profile;
    for (uint32_t i = 0; i < profile->n_flash; i++) {
        const char *reason = check_flash(&profile->flash[i]);
        if (reason != NULL) return refuse(fault, profile->flash[i].line, reason);
        l.flash[i] = fota_profile_flash_port(&profile->flash[i]);
    }
    fota_profile_areas(profile, l.flash, l.area);
    for (unsigned i = 0; i < FOTA_AREA_COUNT; i++) {
        l.n_sectors[i] = fota_area_n_sectors(&l.area[i]);
        const char *reason = check_area_place(&l, i);
        if (reason != NULL) return refuse(fault, profile->area[i].line, reason);
    }
    const char *reason = check_presence(&l);
    if (reason != NULL) return refuse(fault, 0, reason);
    for (unsigned i = 0; i < FOTA_AREA_COUNT; i++) {
        reason = check_area_rules(&l, (enum fota_area_id)i);
        if (reason != NULL) return refuse(fault, profile->area[i].line, reason);
    }
    return FOTA_OK;
}
