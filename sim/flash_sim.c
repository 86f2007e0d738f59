/* SPDX-License-Identifier: MIT */
#include "sim/flash_sim.h"
#include <string.h>

enum unit_state {
    UNIT_CLEAN,   /* not programmed since the sector's last complete erase */
    UNIT_WRITTEN, /* programmed */
    UNIT_TOUCHED, /* by a torn operation */
    UNIT_ECC,     /* the same, and its ECC does not fit */
    UNIT_AGAIN,   /* touched by an excepted program that was torn */
};

/* How a lying range reads: `data`, `other`, a mixture, or in turns by boot. */
enum form {
    FORM_DATA,
    FORM_OTHER,
    FORM_MIXED,
    FORM_TURNS_DATA,  /* `data` at the first, third ... boot after it was torn */
    FORM_TURNS_OTHER, /* `other` at those */
};

uint32_t fota_sim_random(uint64_t *seed)
{
    /* splitmix64: any seed is good, also 0 */
    *seed += 0x9E3779B97F4A7C15U;
    uint64_t z = *seed;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
    return (uint32_t)(z >> 32);
}

static uint32_t below(struct fota_sim_flash *f, uint32_t n)
{
    return n == 0 ? 0 : fota_sim_random(&f->power->seed) % n;
}

static void violate(struct fota_sim_flash *f, const char *what)
{
    if (f->n_violations == 0) f->violation = what;
    f->n_violations++;
}

/* ---- lies ---- */

static enum form form_now(const struct fota_sim_flash *f, const struct fota_sim_lie *lie)
{
    uint32_t age = f->power->boot - lie->boot;
    enum form form = (enum form)(age <= 1 ? lie->first : lie->later);
    if (form == FORM_TURNS_DATA) return age % 2 == 1 ? FORM_DATA : FORM_OTHER;
    if (form == FORM_TURNS_OTHER) return age % 2 == 1 ? FORM_OTHER : FORM_DATA;
    return form;
}

/* How byte `addr` of the lie reads now. */
static uint8_t lie_byte(struct fota_sim_flash *f, enum form form, uint32_t addr)
{
    uint8_t mask = 0;
    if (form == FORM_OTHER) mask = 0xFF;
    if (form == FORM_MIXED) mask = (uint8_t)fota_sim_random(&f->power->seed);
    return (uint8_t)((f->data[addr] & ~mask) | (f->other[addr] & mask));
}

static void read_lies(struct fota_sim_flash *f, uint32_t addr, uint8_t *dst, uint32_t n_bytes)
{
    for (uint32_t i = 0; i < f->n_lies; i++) {
        const struct fota_sim_lie *lie = &f->lies[i];
        if (addr >= lie->addr + lie->n_bytes || lie->addr >= addr + n_bytes) continue;
        enum form form = form_now(f, lie);
        for (uint32_t k = 0; k < n_bytes; k++)
            if (addr + k >= lie->addr && addr + k - lie->addr < lie->n_bytes)
                dst[k] = lie_byte(f, form, addr + k);
    }
}

/* Forget the lies of a range: `data` holds. */
static void drop_lies(struct fota_sim_flash *f, uint32_t addr, uint32_t n_bytes)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < f->n_lies; i++) {
        struct fota_sim_lie lie = f->lies[i];
        bool apart = lie.addr + lie.n_bytes <= addr || addr + n_bytes <= lie.addr;
        if (apart) f->lies[kept++] = lie;
    }
    f->n_lies = kept;
}

/* `data` becomes what reads now; the lies of the range are gone. */
static void settle(struct fota_sim_flash *f, uint32_t addr, uint32_t n_bytes)
{
    if (f->n_lies == 0) return;
    read_lies(f, addr, f->data + addr, n_bytes);
    drop_lies(f, addr, n_bytes);
}

static void add_lie(struct fota_sim_flash *f, uint32_t addr, uint32_t n_bytes, enum form first,
                    enum form later)
{
    if (f->n_lies == FOTA_SIM_LIES_MAX) {
        struct fota_sim_lie oldest = f->lies[0];
        settle(f, oldest.addr, oldest.n_bytes);
    }
    struct fota_sim_lie *lie = &f->lies[f->n_lies++];
    lie->addr = addr;
    lie->n_bytes = n_bytes;
    lie->boot = f->power->boot;
    lie->first = (uint8_t)first;
    lie->later = (uint8_t)later;
}

/* ---- reading ---- */

static enum fota_err sim_read(void *ctx, uint32_t addr, uint8_t *dst, uint32_t n_bytes)
{
    struct fota_sim_flash *f = ctx;
    f->n_reads++;
    if (n_bytes > f->n_bytes || addr > f->n_bytes - n_bytes) {
        violate(f, "read outside the device");
        return FOTA_E_RANGE;
    }
    memcpy(dst, f->data + addr, n_bytes);
    if (f->n_lies > 0) read_lies(f, addr, dst, n_bytes);
    if (!f->ecc || n_bytes == 0) return FOTA_OK;
    uint32_t unit = f->port.program_bytes;
    for (uint32_t u = addr / unit; u <= (addr + n_bytes - 1) / unit; u++)
        if (f->units[u] == UNIT_ECC) return FOTA_E_TORN;
    return FOTA_OK;
}

/* ---- programs ---- */

static uint8_t programmed(const struct fota_sim_flash *f, uint8_t old, uint8_t value)
{
    return f->port.erased == 0xFF ? old & value : old | value;
}

static void
mark_units(struct fota_sim_flash *f, uint32_t addr, uint32_t n_bytes, enum unit_state state)
{
    uint32_t unit = f->port.program_bytes;
    memset(f->units + addr / unit, (int)state, (n_bytes + unit - 1) / unit);
}

static void put(struct fota_sim_flash *f, uint32_t addr, const uint8_t *src, uint32_t n_bytes)
{
    for (uint32_t i = 0; i < n_bytes; i++)
        f->data[addr + i] = programmed(f, f->data[addr + i], src[i]);
}

/* Random bits of what was to be programmed arrive. */
static void
put_random_bits(struct fota_sim_flash *f, uint32_t addr, const uint8_t *src, uint32_t n_bytes)
{
    for (uint32_t i = 0; i < n_bytes; i++) {
        uint8_t missing = (uint8_t)fota_sim_random(&f->power->seed);
        uint8_t value =
            (uint8_t)(f->port.erased == 0xFF ? src[i] | missing : src[i] & ~missing);
        f->data[addr + i] = programmed(f, f->data[addr + i], value);
    }
}

static void put_all_but_one_bit(struct fota_sim_flash *f, uint32_t addr, const uint8_t *src,
                                uint32_t n_bytes)
{
    uint32_t start = below(f, n_bytes * 8);
    uint32_t missing = start;
    for (uint32_t k = 0; k < n_bytes * 8; k++) {
        uint32_t bit = (start + k) % (n_bytes * 8);
        uint8_t changes =
            f->data[addr + bit / 8] ^ programmed(f, f->data[addr + bit / 8], src[bit / 8]);
        if ((changes >> (bit % 8)) & 1) {
            missing = bit;
            break;
        }
    }
    uint8_t before = f->data[addr + missing / 8];
    put(f, addr, src, n_bytes);
    uint8_t mask = (uint8_t)(1U << (missing % 8));
    uint8_t *byte = &f->data[addr + missing / 8];
    *byte = (uint8_t)((*byte & ~mask) | (before & mask));
}

/* Whole units arrive, and `torn` in part the next one. */
static void put_prefix(struct fota_sim_flash *f, uint32_t addr, const uint8_t *src,
                       uint32_t n_bytes, bool torn)
{
    uint32_t unit = f->port.program_bytes;
    uint32_t n = below(f, n_bytes / unit) * unit;
    put(f, addr, src, n);
    mark_units(f, addr, n, UNIT_WRITTEN);
    if (!torn) return;
    put_random_bits(f, addr + n, src + n, unit);
    mark_units(f, addr + n, unit, f->ecc ? UNIT_ECC : UNIT_TOUCHED);
}

/* The whole range holds what was meant in `data`, and what was there before in `other`. */
static void put_lie(struct fota_sim_flash *f, uint32_t addr, const uint8_t *src,
                    uint32_t n_bytes, const enum form form[2])
{
    mark_units(f, addr, n_bytes, UNIT_TOUCHED);
    if (f->other == NULL) {
        put_random_bits(f, addr, src, n_bytes);
        return;
    }
    memcpy(f->other + addr, f->data + addr, n_bytes);
    put(f, addr, src, n_bytes);
    add_lie(f, addr, n_bytes, form[0], form[1]);
}

static void tear_program(struct fota_sim_flash *f, uint32_t addr, const uint8_t *src,
                         uint32_t n_bytes, enum fota_sim_torn_program outcome)
{
    static const enum form form[FOTA_SIM_P_COUNT][2] = {
        [FOTA_SIM_P_WEAK] = {FORM_MIXED, FORM_MIXED},
        [FOTA_SIM_P_RIGHT_BLANK] = {FORM_DATA, FORM_OTHER},
        [FOTA_SIM_P_RIGHT_WEAK] = {FORM_DATA, FORM_MIXED},
        [FOTA_SIM_P_RIGHT_ALTERNATING] = {FORM_TURNS_DATA, FORM_TURNS_DATA},
        [FOTA_SIM_P_BLANK_RIGHT] = {FORM_OTHER, FORM_DATA},
        [FOTA_SIM_P_BLANK_ALTERNATING] = {FORM_TURNS_OTHER, FORM_TURNS_OTHER},
    };
    if (outcome == FOTA_SIM_P_NOTHING) return;
    settle(f, addr, n_bytes);
    switch (outcome) {
    case FOTA_SIM_P_NOTHING:
        return;
    case FOTA_SIM_P_DONE:
        mark_units(f, addr, n_bytes, UNIT_WRITTEN);
        put(f, addr, src, n_bytes);
        return;
    case FOTA_SIM_P_UNIT_PREFIX:
    case FOTA_SIM_P_BYTE_PREFIX:
        put_prefix(f, addr, src, n_bytes, outcome == FOTA_SIM_P_BYTE_PREFIX);
        return;
    case FOTA_SIM_P_RANDOM_BITS:
        mark_units(f, addr, n_bytes, f->ecc ? UNIT_ECC : UNIT_TOUCHED);
        put_random_bits(f, addr, src, n_bytes);
        return;
    case FOTA_SIM_P_NEARLY_ALL:
        mark_units(f, addr, n_bytes, UNIT_TOUCHED);
        put_all_but_one_bit(f, addr, src, n_bytes);
        return;
    case FOTA_SIM_P_TOUCHED:
        mark_units(f, addr, n_bytes, UNIT_TOUCHED);
        return;
    case FOTA_SIM_P_WEAK:
    case FOTA_SIM_P_RIGHT_BLANK:
    case FOTA_SIM_P_RIGHT_WEAK:
    case FOTA_SIM_P_RIGHT_ALTERNATING:
    case FOTA_SIM_P_BLANK_RIGHT:
    case FOTA_SIM_P_BLANK_ALTERNATING:
    case FOTA_SIM_P_COUNT:
        put_lie(f, addr, src, n_bytes, form[outcome % FOTA_SIM_P_COUNT]);
        return;
    }
}

/* After an excepted program was torn: what it touched may be programmed again. */
static void
except_units(struct fota_sim_flash *f, uint32_t addr, const uint8_t *src, uint32_t n_bytes)
{
    uint32_t unit = f->port.program_bytes;
    if (f->is_excepted == NULL || !f->is_excepted(src, n_bytes)) return;
    for (uint32_t u = addr / unit; u < (addr + n_bytes) / unit; u++)
        if (f->units[u] == UNIT_TOUCHED) f->units[u] = UNIT_AGAIN;
}

/* Check a program against the contract; what may be programmed again: flash_sim.h. */
static enum fota_err
check_program(struct fota_sim_flash *f, uint32_t addr, const uint8_t *src, uint32_t n_bytes)
{
    uint32_t unit = f->port.program_bytes;
    if (n_bytes == 0 || n_bytes > f->n_bytes || addr > f->n_bytes - n_bytes ||
        (addr | n_bytes) % unit != 0 ||
        addr / f->port.page_bytes != (addr + n_bytes - 1) / f->port.page_bytes) {
        violate(f, "program across units, pages or the device's end");
        return FOTA_E_RANGE;
    }
    bool excepted = f->is_excepted != NULL && f->is_excepted(src, n_bytes);
    for (uint32_t u = addr / unit; u < (addr + n_bytes) / unit; u++) {
        if (f->units[u] == UNIT_CLEAN) continue;
        if (!excepted || f->units[u] != UNIT_AGAIN) violate(f, "unit programmed twice");
        if (f->port.write_once) return FOTA_E_FLASH;
    }
    return FOTA_OK;
}

/* ---- erases ---- */

static bool find_sector(const struct fota_sim_flash *f, uint32_t addr, uint32_t *n_bytes)
{
    uint32_t base = 0;
    for (uint32_t i = 0; i < f->port.n_runs; i++) {
        const struct fota_flash_run *run = &f->port.runs[i];
        uint32_t run_bytes = run->n_sectors * run->sector_bytes;
        *n_bytes = run->sector_bytes;
        if (addr - base < run_bytes) return (addr - base) % run->sector_bytes == 0;
        base += run_bytes;
    }
    return false;
}

static void blank(struct fota_sim_flash *f, uint32_t addr, uint32_t n_bytes)
{
    memset(f->data + addr, f->port.erased, n_bytes);
}

static void erase_fully(struct fota_sim_flash *f, uint32_t addr, uint32_t n_bytes)
{
    drop_lies(f, addr, n_bytes);
    blank(f, addr, n_bytes);
    mark_units(f, addr, n_bytes, UNIT_CLEAN);
}

static void erase_random_bits(struct fota_sim_flash *f, uint32_t addr, uint32_t n_bytes)
{
    for (uint32_t i = 0; i < n_bytes; i++) {
        uint8_t mask = (uint8_t)fota_sim_random(&f->power->seed);
        uint8_t old = f->data[addr + i];
        f->data[addr + i] = (uint8_t)((old & ~mask) | (f->port.erased & mask));
    }
}

static void
erase_lie(struct fota_sim_flash *f, uint32_t addr, uint32_t n_bytes, const enum form form[2])
{
    if (f->other == NULL) {
        erase_random_bits(f, addr, n_bytes);
        return;
    }
    memset(f->other + addr, f->port.erased, n_bytes);
    add_lie(f, addr, n_bytes, form[0], form[1]);
}

static void tear_erase(struct fota_sim_flash *f, uint32_t addr, uint32_t n_bytes,
                       enum fota_sim_torn_erase outcome)
{
    static const enum form form[FOTA_SIM_E_COUNT][2] = {
        [FOTA_SIM_E_WEAK] = {FORM_MIXED, FORM_MIXED},
        [FOTA_SIM_E_BLANK_WEAK] = {FORM_OTHER, FORM_MIXED},
        [FOTA_SIM_E_OLD_WEAK] = {FORM_DATA, FORM_MIXED},
        [FOTA_SIM_E_BLANK_OLD] = {FORM_OTHER, FORM_DATA},
        [FOTA_SIM_E_OLD_BLANK] = {FORM_DATA, FORM_OTHER},
        [FOTA_SIM_E_ALTERNATING] = {FORM_TURNS_OTHER, FORM_TURNS_OTHER},
    };
    uint32_t piece = 16 < n_bytes ? 16 : n_bytes;
    uint32_t border = below(f, n_bytes);
    if (outcome == FOTA_SIM_E_NOTHING) return;
    if (outcome == FOTA_SIM_E_DONE) {
        erase_fully(f, addr, n_bytes);
        return;
    }
    settle(f, addr, n_bytes);
    mark_units(f, addr, n_bytes, UNIT_TOUCHED);
    switch (outcome) {
    case FOTA_SIM_E_NOTHING:
    case FOTA_SIM_E_DONE:
        return;
    case FOTA_SIM_E_RANDOM_BITS:
        if (f->ecc) mark_units(f, addr, n_bytes, UNIT_ECC);
        erase_random_bits(f, addr, n_bytes);
        return;
    case FOTA_SIM_E_PIECES:
        for (uint32_t off = 0; off + piece <= n_bytes; off += piece)
            if (fota_sim_random(&f->power->seed) & 1) blank(f, addr + off, piece);
        return;
    case FOTA_SIM_E_HEAD:
        blank(f, addr, border);
        return;
    case FOTA_SIM_E_TAIL:
        blank(f, addr + border, n_bytes - border);
        return;
    case FOTA_SIM_E_WEAK:
    case FOTA_SIM_E_BLANK_WEAK:
    case FOTA_SIM_E_OLD_WEAK:
    case FOTA_SIM_E_BLANK_OLD:
    case FOTA_SIM_E_OLD_BLANK:
    case FOTA_SIM_E_ALTERNATING:
    case FOTA_SIM_E_COUNT:
        erase_lie(f, addr, n_bytes, form[outcome % FOTA_SIM_E_COUNT]);
        return;
    }
}

/* ---- operations ---- */

/* What happens to the operation that begins now. */
enum fate {
    FATE_DONE,
    FATE_NEVER, /* power fails before it */
    FATE_TORN,
    FATE_LAST, /* power fails right after it */
    FATE_FAILS,
};

static enum fate begin_op(const struct fota_sim_op *op)
{
    struct fota_sim_flash *f = op->flash;
    struct fota_sim_power *p = f->power;
    uint32_t addr = op->addr;
    if (p->before != NULL) p->before(p->before_ctx, op);
    p->n_ops++;
    if (p->n_ops == p->cut_at) {
        if (p->when == FOTA_SIM_BEFORE) return FATE_NEVER;
        return p->when == FOTA_SIM_TORN ? FATE_TORN : FATE_LAST;
    }
    if (p->n_ops >= p->fail_at && p->n_ops - p->fail_at < p->n_fail) return FATE_FAILS;
    if (addr >= f->worn_addr && addr - f->worn_addr < f->worn_bytes) return FATE_FAILS;
    return FATE_DONE;
}

static unsigned outcome_of(struct fota_sim_flash *f, unsigned count)
{
    unsigned outcome = f->power->outcome;
    return outcome == FOTA_SIM_ANY ? below(f, count) : outcome % count;
}

static enum fota_err fail_as_set(const struct fota_sim_power *p)
{
    return p->failure == FOTA_SIM_REPORTED ? FOTA_E_FLASH : FOTA_OK;
}

static enum fota_err sim_program(void *ctx, uint32_t addr, const uint8_t *src, uint32_t n_bytes)
{
    struct fota_sim_flash *f = ctx;
    struct fota_sim_power *p = f->power;
    const struct fota_sim_op op = {f, addr, src, n_bytes};
    enum fate fate = begin_op(&op);
    if (fate == FATE_NEVER) p->cut(p->cut_ctx);
    enum fota_err err = check_program(f, addr, src, n_bytes);
    f->n_programs++;
    if (err == FOTA_OK) {
        enum fota_sim_torn_program outcome = FOTA_SIM_P_DONE;
        if (fate == FATE_TORN)
            outcome = (enum fota_sim_torn_program)outcome_of(f, FOTA_SIM_P_COUNT);
        if (fate == FATE_FAILS) outcome = FOTA_SIM_P_RANDOM_BITS;
        tear_program(f, addr, src, n_bytes, outcome);
        if (fate == FATE_TORN) except_units(f, addr, src, n_bytes);
    }
    if (fate == FATE_TORN || fate == FATE_LAST) p->cut(p->cut_ctx);
    return err == FOTA_OK && fate == FATE_FAILS ? fail_as_set(p) : err;
}

static enum fota_err sim_erase(void *ctx, uint32_t addr)
{
    struct fota_sim_flash *f = ctx;
    struct fota_sim_power *p = f->power;
    uint32_t n_bytes;
    if (!find_sector(f, addr, &n_bytes)) {
        violate(f, "erase of what is no sector");
        return FOTA_E_RANGE;
    }
    if (f->busy_left == 0) f->busy_left = p->busy + 1;
    if (--f->busy_left > 0) return FOTA_BUSY;
    const struct fota_sim_op op = {f, addr, NULL, n_bytes};
    enum fate fate = begin_op(&op);
    if (fate == FATE_NEVER) p->cut(p->cut_ctx);
    f->n_erases++;
    enum fota_sim_torn_erase outcome = FOTA_SIM_E_DONE;
    if (fate == FATE_TORN) outcome = (enum fota_sim_torn_erase)outcome_of(f, FOTA_SIM_E_COUNT);
    if (fate == FATE_FAILS) outcome = FOTA_SIM_E_RANDOM_BITS;
    tear_erase(f, addr, n_bytes, outcome);
    if (fate == FATE_TORN || fate == FATE_LAST) p->cut(p->cut_ctx);
    return fate == FATE_FAILS ? fail_as_set(p) : FOTA_OK;
}

/* ---- set-up and state ---- */

void fota_sim_flash_init(struct fota_sim_flash *f, struct fota_sim_power *power,
                         const struct fota_sim_geometry *geometry, uint8_t *data,
                         uint8_t *other, uint8_t *units)
{
    memset(f, 0, sizeof *f);
    f->port.ctx = f;
    f->port.runs = geometry->runs;
    f->port.n_runs = geometry->n_runs;
    f->port.program_bytes = geometry->program_bytes;
    f->port.page_bytes = geometry->page_bytes;
    f->port.erased = geometry->erased;
    f->port.write_once = geometry->write_once;
    f->port.read = sim_read;
    f->port.program = sim_program;
    f->port.erase = sim_erase;
    f->power = power;
    f->data = data;
    f->other = other;
    f->units = units;
    f->n_bytes = fota_flash_bytes(&f->port);
    for (uint32_t u = 0; u < f->n_bytes / geometry->program_bytes; u++) {
        units[u] = UNIT_CLEAN;
        for (uint32_t i = 0; i < geometry->program_bytes; i++)
            if (data[u * geometry->program_bytes + i] != geometry->erased)
                units[u] = UNIT_WRITTEN;
    }
}

static size_t units_bytes(const struct fota_sim_flash *f)
{
    return f->n_bytes / f->port.program_bytes;
}

size_t fota_sim_flash_state_bytes(const struct fota_sim_flash *f)
{
    return sizeof f->lies + sizeof f->n_lies + units_bytes(f) +
           (size_t)f->n_bytes * (f->other != NULL ? 2U : 1U);
}

void fota_sim_flash_save(const struct fota_sim_flash *f, uint8_t *state)
{
    memcpy(state, f->data, f->n_bytes);
    state += f->n_bytes;
    memcpy(state, f->units, units_bytes(f));
    state += units_bytes(f);
    memcpy(state, &f->n_lies, sizeof f->n_lies);
    state += sizeof f->n_lies;
    memcpy(state, f->lies, f->n_lies * sizeof f->lies[0]);
    state += sizeof f->lies;
    if (f->other != NULL && f->n_lies > 0) memcpy(state, f->other, f->n_bytes);
}

void fota_sim_flash_load(struct fota_sim_flash *f, const uint8_t *state)
{
    memcpy(f->data, state, f->n_bytes);
    state += f->n_bytes;
    memcpy(f->units, state, units_bytes(f));
    state += units_bytes(f);
    memcpy(&f->n_lies, state, sizeof f->n_lies);
    state += sizeof f->n_lies;
    memcpy(f->lies, state, f->n_lies * sizeof f->lies[0]);
    state += sizeof f->lies;
    if (f->other != NULL && f->n_lies > 0) memcpy(f->other, state, f->n_bytes);
    f->busy_left = 0;
}
