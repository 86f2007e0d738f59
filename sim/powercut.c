/* SPDX-License-Identifier: MIT */
#include "sim/powercut.h"
#include <stdlib.h>
#include <string.h>

enum { RUNS_MAX = 40, KNOWN_FIRST = 4096 };

/* The device right before an operation. */
struct point {
    uint8_t *state;
    unsigned done;
    unsigned n_starts;
    uint32_t boot;
    struct fota_sim_op op;
    uint8_t src[FOTA_PAGE_MAX];
};

/* All points of one run. */
struct fota_powercut_level {
    struct point *points;
    uint32_t n_points;
    uint32_t n_allocated;
};

static size_t state_bytes(const struct fota_sim_device *d)
{
    size_t n = 0;
    for (uint32_t i = 0; i < d->n_flash; i++)
        n += fota_sim_flash_state_bytes(&d->flash[i]);
    if (n == 0) abort();
    return n;
}

static void save(const struct fota_sim_device *d, uint8_t *state)
{
    for (uint32_t i = 0; i < d->n_flash; i++) {
        fota_sim_flash_save(&d->flash[i], state);
        state += fota_sim_flash_state_bytes(&d->flash[i]);
    }
}

static void load(struct fota_sim_device *d, const uint8_t *state)
{
    for (uint32_t i = 0; i < d->n_flash; i++) {
        fota_sim_flash_load(&d->flash[i], state);
        state += fota_sim_flash_state_bytes(&d->flash[i]);
    }
}

/* ---- recording ---- */

static struct point *next_point(struct fota_powercut *p)
{
    struct fota_powercut_level *level = p->level;
    if (level->n_points == level->n_allocated) {
        uint32_t n = level->n_allocated == 0 ? 64 : 2 * level->n_allocated;
        level->points = realloc(level->points, n * sizeof *level->points);
        if (level->points == NULL) abort();
        memset(level->points + level->n_allocated, 0,
               (n - level->n_allocated) * sizeof *level->points);
        level->n_allocated = n;
    }
    struct point *point = &level->points[level->n_points++];
    if (point->state == NULL) point->state = calloc(1, state_bytes(p->device));
    if (point->state == NULL) abort();
    return point;
}

static void record(void *ctx, const struct fota_sim_op *op)
{
    struct fota_powercut *p = ctx;
    if (!p->recording) return;
    struct point *point = next_point(p);
    save(p->device, point->state);
    point->done = p->done;
    point->n_starts = p->n_starts;
    point->boot = p->device->power.boot;
    point->op = *op;
    if (op->src != NULL) memcpy(point->src, op->src, op->n_bytes);
}

/* ---- known states ---- */

static uint64_t mix(uint64_t hash, const void *bytes, size_t n)
{
    const uint8_t *at = bytes;
    for (; n > 0;) {
        uint64_t word = 0;
        size_t k = n < sizeof word ? n : sizeof word;
        memcpy(&word, at, k);
        hash = (hash ^ word) * 0x9E3779B97F4A7C15U;
        hash ^= hash >> 32;
        at += k;
        n -= k;
    }
    return hash;
}

/* Everything the future depends on.  The age of lies counts, not when they were born. */
static uint64_t hash_state(const struct fota_powercut *p, unsigned depth)
{
    const struct fota_sim_device *d = p->device;
    uint64_t hash = 0xCBF29CE484222325U;
    hash = mix(hash, &p->done, sizeof p->done);
    hash = mix(hash, &p->n_starts, sizeof p->n_starts);
    hash = mix(hash, &depth, sizeof depth);
    for (uint32_t i = 0; i < d->n_flash; i++) {
        const struct fota_sim_flash *f = &d->flash[i];
        hash = mix(hash, f->data, f->n_bytes);
        hash = mix(hash, f->units, f->n_bytes / f->port.program_bytes);
        for (uint32_t k = 0; k < f->n_lies; k++) {
            struct fota_sim_lie lie = f->lies[k];
            lie.boot = d->power.boot - lie.boot;
            hash = mix(hash, &lie.addr, sizeof lie.addr);
            hash = mix(hash, &lie.n_bytes, sizeof lie.n_bytes);
            hash = mix(hash, &lie.boot, sizeof lie.boot);
            hash = mix(hash, &lie.first, sizeof lie.first);
            hash = mix(hash, &lie.later, sizeof lie.later);
            hash = mix(hash, f->other + lie.addr, lie.n_bytes);
        }
    }
    return hash != 0 ? hash : 1;
}

static bool put_known(uint64_t *set, size_t size, uint64_t hash)
{
    size_t at = (size_t)(hash % size);
    while (set[at] != 0) {
        if (set[at] == hash) return false;
        at = at + 1 < size ? at + 1 : 0;
    }
    set[at] = hash;
    return true;
}

/* Note a state; whether it is new. */
static bool is_new_state(struct fota_powercut *p, uint64_t hash)
{
    if (2 * p->n_known >= p->known_size) {
        size_t size = p->known_size == 0 ? KNOWN_FIRST : 2 * p->known_size;
        uint64_t *set = calloc(size, sizeof *set);
        if (set == NULL) abort();
        for (size_t i = 0; i < p->known_size; i++)
            if (p->known[i] != 0) put_known(set, size, p->known[i]);
        free(p->known);
        p->known = set;
        p->known_size = size;
    }
    bool is_new = put_known(p->known, p->known_size, hash);
    p->n_known += is_new;
    return is_new;
}

/* ---- the story, and what must hold ---- */

static bool fail(struct fota_powercut *p, const char *why)
{
    if (p->failure == NULL) p->failure = why;
    return false;
}

static enum fota_powercut_ending ending(const struct fota_powercut_story *story, unsigned i)
{
    return story->endings == NULL ? FOTA_POWERCUT_PLAIN : story->endings[i];
}

/* What is in the device when `done` packages have been applied or undone. */
static struct fota_sim_bytes base_of(const struct fota_powercut_story *story, unsigned done)
{
    while (done > 0 && ending(story, done - 1) == FOTA_POWERCUT_UNCONFIRMED)
        done--;
    return story->images[done];
}

/* And its security counter: a trial alone does not raise it. */
static uint32_t counter_of(const struct fota_powercut_story *story, unsigned done)
{
    for (unsigned i = 0; i < done; i++)
        if (ending(story, i) != FOTA_POWERCUT_UNCONFIRMED) return story->counter;
    return story->first_counter;
}

static bool is_on_trial(const struct fota_sim_device *d)
{
    const struct fota_snapshot *last = fota_journal_last(&d->boot.journal);
    return last != NULL && last->phase == FOTA_PHASE_TRIAL;
}

/* The new image was started: on trial, or for good. */
static bool check_new(struct fota_powercut *p, const struct fota_identity *id)
{
    const struct fota_snapshot *last = fota_journal_last(&p->device->boot.journal);
    if (memcmp(last->to_id, id->image_sha256, sizeof last->to_id) != 0)
        return fail(p, "the result record is of another image");
    if (is_on_trial(p->device)) {
        p->n_starts++;
        if (ending(p->story, p->done) == FOTA_POWERCUT_PLAIN)
            return fail(p, "a trial that nobody asked for");
        return p->n_starts <= p->story->trial_boots ||
               fail(p, "an image on trial was started too often");
    }
    if (ending(p->story, p->done) == FOTA_POWERCUT_UNCONFIRMED)
        return fail(p, "an image was kept that nobody confirmed");
    p->n_starts = 0;
    p->done++;
    return true;
}

/* The old image was started: nothing done yet, or the trial has failed. */
static bool check_old(struct fota_powercut *p)
{
    const struct fota_snapshot *last = fota_journal_last(&p->device->boot.journal);
    if (is_on_trial(p->device)) return fail(p, "the old image was started in a trial");
    if (p->done == p->story->n_packages || last == NULL || last->phase != FOTA_PHASE_RESULT)
        return true;
    if (ending(p->story, p->done) != FOTA_POWERCUT_UNCONFIRMED)
        return p->n_starts == 0 || fail(p, "an update was undone");
    if (last->result == 0) return true; /* of the package before */
    p->n_starts = 0;
    p->done++;
    return true;
}

/* What the journal says of the last update must be true.  Only a RUN record that read blank at
 * first, and right when the package was asked for again, takes the result before it away. */
static bool check_result(struct fota_powercut *p)
{
    const struct fota_snapshot *last = fota_journal_last(&p->device->boot.journal);
    if (last == NULL || p->done == 0) return true;
    if (last->phase == FOTA_PHASE_IDLE && last->result == 0) return true;
    bool undone = ending(p->story, p->done - 1) == FOTA_POWERCUT_UNCONFIRMED;
    unsigned expected =
        undone && !is_on_trial(p->device) ? fota_err_code(FOTA_E_UNCONFIRMED) : 0;
    return last->result == expected || fail(p, "the update has another result");
}

/* The boot loader has started an image: it must be the old or the new one, exactly. */
static bool check_started(struct fota_powercut *p)
{
    struct fota_sim_device *d = p->device;
    const struct fota_powercut_story *story = p->story;
    struct fota_identity id;
    bool is_old = fota_sim_device_holds(d, d->slot, base_of(story, p->done));
    bool is_new = p->done < story->n_packages &&
                  fota_sim_device_holds(d, d->slot, story->images[p->done + 1]);
    if (fota_identity_read(&id, &d->device.area[FOTA_AREA_IDENTITY]) < 0)
        return fail(p, "no identity");
    if (!is_old && !is_new) return fail(p, "an image was started that is neither old nor new");
    if (!(is_new ? check_new(p, &id) : check_old(p)) || !check_result(p)) return false;
    return id.security_counter == counter_of(story, p->done) ||
           fail(p, "the security counter is not what it should be");
}

static bool check_contract(struct fota_powercut *p)
{
    if (fota_sim_device_violations(p->device) != 0)
        return fail(p, "the flash contract was violated");
    if (p->device->most_ops_in_a_poll > 1) return fail(p, "more than one operation in a poll");
    return true;
}

/* Further boots of a device whose story has ended start the image and write nothing.  Only when
 * a final record was torn and lies, one of them may have to finish the journal again: at most
 * one for each cut. */
static bool check_settled(struct fota_powercut *p)
{
    struct fota_sim_device *d = p->device;
    unsigned n_quiet = 0;
    unsigned n_loud = 0;
    while (n_quiet < 2) {
        uint64_t before = d->power.n_ops;
        enum fota_sim_end end = fota_sim_device_boot(d);
        bool quiet = d->power.n_ops == before;
        if (end != FOTA_SIM_STARTED && (quiet || end != FOTA_SIM_RESET))
            return fail(p, "a further boot did not start the image");
        if (end == FOTA_SIM_STARTED &&
            !fota_sim_device_holds(d, d->slot, base_of(p->story, p->story->n_packages)))
            return fail(p, "a further boot started another image");
        n_quiet = quiet ? n_quiet + 1 : 0;
        n_loud += !quiet;
        if (n_loud > p->n_lies) return fail(p, "a further boot wrote to the flash");
    }
    return check_contract(p);
}

/* One program run.  FOTA_SIM_STARTED: the story has ended. */
static enum fota_sim_end run_program(struct fota_powercut *p)
{
    struct fota_sim_device *d = p->device;
    enum fota_sim_end end = fota_sim_device_boot(d);
    if (!check_contract(p)) return FOTA_SIM_STUCK;
    if (end != FOTA_SIM_STARTED) return end;
    if (!check_started(p)) return FOTA_SIM_STUCK;
    if (p->done == p->story->n_packages) return FOTA_SIM_STARTED;
    bool trial = is_on_trial(d);
    if (trial && ending(p->story, p->done) == FOTA_POWERCUT_UNCONFIRMED) return FOTA_SIM_RESET;
    if (p->boot_is_power_up) d->power.boot--;
    end = trial ? fota_sim_device_confirm(d)
                : fota_sim_device_receive(d, p->story->packages[p->done]);
    if (!check_contract(p)) return FOTA_SIM_STUCK;
    return end;
}

static bool run_to_end(struct fota_powercut *p)
{
    for (unsigned i = 0; i < RUNS_MAX; i++) {
        switch (run_program(p)) {
        case FOTA_SIM_STARTED:
            return check_settled(p);
        case FOTA_SIM_RESET:
            if (p->boot_is_power_up) p->device->power.boot--;
            break;
        case FOTA_SIM_RECOVERY:
            return fail(p, "no valid image: recovery");
        case FOTA_SIM_REFUSED:
            return fail(p, "the application refused the package");
        case FOTA_SIM_POWER_CUT:
            return fail(p, "a cut that was not asked for");
        case FOTA_SIM_STUCK:
            return fail(p, "a program did not end");
        }
    }
    return fail(p, "the story does not end");
}

bool fota_powercut_run(struct fota_powercut *p)
{
    uint64_t before = p->device->power.n_ops;
    bool held = run_to_end(p);
    p->counts.n_ops = p->device->power.n_ops - before;
    return held;
}

/* ---- exploring ---- */

/* Cut the power in the operation of a point. */
static void
cut_in(struct fota_powercut *p, const struct point *point, unsigned outcome, unsigned draw)
{
    struct fota_sim_device *d = p->device;
    load(d, point->state);
    p->done = point->done;
    p->n_starts = point->n_starts;
    d->power.boot = point->boot;
    d->power.cut_at = d->power.n_ops + 1;
    d->power.when = FOTA_SIM_TORN;
    d->power.outcome = outcome;
    d->power.seed = p->seed + draw * 0x9E3779B97F4A7C15U + outcome * (uint64_t)1000003U;
    const struct fota_sim_op *op = &point->op;
    if (setjmp(d->cut) != 0) return;
    if (op->src == NULL) {
        while (op->flash->port.erase(op->flash, op->addr) == FOTA_BUSY)
            continue;
    } else {
        (void)op->flash->port.program(op->flash, op->addr, point->src, op->n_bytes);
    }
}

static bool explore(struct fota_powercut *p, unsigned level);

/* Whether some cells read differently at different boots. */
static bool has_lies(const struct fota_sim_device *d)
{
    for (uint32_t i = 0; i < d->n_flash; i++)
        if (d->flash[i].n_lies > 0) return true;
    return false;
}

/* One cut, and what follows.  The recursion is as deep as there are levels. */
/* NOLINTNEXTLINE(misc-no-recursion) */
static bool try_cut(struct fota_powercut *p, unsigned level, uint32_t index, unsigned outcome,
                    unsigned draw)
{
    const struct point *point = &p->levels[level].points[index];
    cut_in(p, point, outcome, draw);
    p->path[level] = (struct fota_powercut_cut){index, outcome};
    p->path_length = level + 1;
    if (level == 0) p->counts.n_singles++;
    uint64_t hash = hash_state(p, level);
    p->device->power.seed = hash;
    p->n_lies = has_lies(p->device) ? level + 1 : 0;
    bool last = level + 1 == p->depth;
    if (last) p->counts.n_cuts++;
    if (!is_new_state(p, hash)) {
        p->counts.n_known += last;
        return true;
    }
    return last ? run_to_end(p) : explore(p, level + 1);
}

/* Run to the end from here, then cut in each operation of that run. */
/* NOLINTNEXTLINE(misc-no-recursion) */
static bool explore(struct fota_powercut *p, unsigned level)
{
    p->level = &p->levels[level];
    p->level->n_points = 0;
    p->recording = true;
    bool held = run_to_end(p);
    p->recording = false;
    if (!held) return false;
    uint32_t n_points = p->levels[level].n_points;
    uint32_t first = level == 0 ? p->first_op : 0;
    uint32_t stride = level == 0 && p->stride > 0 ? p->stride : 1;
    if (level == 0) p->counts.n_ops = n_points;
    if (level > 0 && p->window > 0 && p->window < n_points) n_points = p->window;
    for (uint32_t i = first; i < n_points; i += stride) {
        bool erase = p->levels[level].points[i].op.src == NULL;
        unsigned n = erase ? (unsigned)FOTA_SIM_E_COUNT : (unsigned)FOTA_SIM_P_COUNT;
        for (unsigned k = 0; k < n * p->draws; k++)
            if (!try_cut(p, level, i, k % n, k / n)) return false;
    }
    return true;
}

static void begin(struct fota_powercut *p)
{
    p->device->power.before = record;
    p->device->power.before_ctx = p;
    p->done = 0;
    p->n_starts = 0;
    p->failure = NULL;
    if (p->draws == 0) p->draws = 1;
    p->n_lies = 0;
    p->levels = calloc(FOTA_POWERCUT_DEPTH_MAX, sizeof *p->levels);
    if (p->levels == NULL) abort();
}

static void end(struct fota_powercut *p)
{
    for (unsigned i = 0; i < FOTA_POWERCUT_DEPTH_MAX; i++) {
        for (uint32_t k = 0; k < p->levels[i].n_allocated; k++)
            free(p->levels[i].points[k].state);
        free(p->levels[i].points);
    }
    free(p->levels);
    free(p->known);
    p->levels = NULL;
    p->known = NULL;
    p->n_known = 0;
    p->known_size = 0;
    p->device->power.before = NULL;
}

bool fota_powercut_explore(struct fota_powercut *p)
{
    begin(p);
    bool held = explore(p, 0);
    end(p);
    return held;
}

/* ---- chains ---- */

/* A story with a cut every few operations, `length` times, then in peace. */
static bool run_chain(struct fota_powercut *p, uint32_t length)
{
    struct fota_sim_power *power = &p->device->power;
    uint32_t n_cuts = 0;
    for (uint32_t i = 0; i < length + RUNS_MAX; i++) {
        power->cut_at = 0;
        uint32_t reach = fota_sim_random(&power->seed) % 4 == 0 ? 40 : 12;
        if (n_cuts < length)
            power->cut_at = power->n_ops + 1 + fota_sim_random(&power->seed) % reach;
        power->when = FOTA_SIM_TORN;
        power->outcome = FOTA_SIM_ANY;
        switch (run_program(p)) {
        case FOTA_SIM_STARTED:
            power->cut_at = 0;
            return check_settled(p);
        case FOTA_SIM_POWER_CUT:
            n_cuts++;
            p->counts.n_cuts++;
            break;
        case FOTA_SIM_RESET:
            break;
        case FOTA_SIM_RECOVERY:
            return fail(p, "no valid image: recovery");
        case FOTA_SIM_REFUSED:
            return fail(p, "the application refused the package");
        case FOTA_SIM_STUCK:
            return fail(p, "a program did not end");
        }
    }
    return fail(p, "the story does not end");
}

bool fota_powercut_chains(struct fota_powercut *p, uint32_t n_chains, uint32_t length)
{
    struct fota_sim_device *d = p->device;
    uint8_t *state = calloc(1, state_bytes(d));
    if (state == NULL) abort();
    save(d, state);
    bool held = true;
    for (uint32_t i = 0; i < n_chains && held; i++) {
        load(d, state);
        d->power.seed = p->seed + i;
        p->done = 0;
        p->n_starts = 0;
        p->n_lies = length;
        p->path[0].op = i;
        held = run_chain(p, length);
    }
    free(state);
    return held;
}

bool fota_powercut_starve(struct fota_powercut *p, uint32_t k)
{
    struct fota_sim_power *power = &p->device->power;
    p->done = 0;
    p->n_starts = 0;
    for (uint32_t i = 0; i < 4000; i++) {
        power->cut_at = power->n_ops + 1 + k;
        power->when = FOTA_SIM_TORN;
        power->outcome = FOTA_SIM_P_NOTHING;
        switch (run_program(p)) {
        case FOTA_SIM_STARTED:
            power->cut_at = 0;
            return check_settled(p);
        case FOTA_SIM_POWER_CUT:
            p->counts.n_cuts++;
            break;
        case FOTA_SIM_RESET:
            break;
        case FOTA_SIM_RECOVERY:
        case FOTA_SIM_REFUSED:
        case FOTA_SIM_STUCK:
            return fail(p, "starved device did not stay safe");
        }
    }
    return false;
}
