/* SPDX-License-Identifier: MIT */
/* The planner of updates in place.  That what it plans can be carried out is proved for every
 * body by fota_encode() itself (host/prove.c); here: that the order is a good one, and that the
 * plan says of every old byte what the rules of doc/package-format.md 5 say. */
#include "host/encode.h"
#include "host/order.h"
#include "host/plan.h"
#include "images.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#define SECTOR 4096U

static struct fota_encoded encode(const struct fota_area *slot, struct fota_bytes old_image,
                                  struct fota_bytes new_image, uint32_t scratch)
{
    struct fota_encode_options options = {.mode = scratch > 0 ? FOTA_ENCODE_IN_PLACE
                                                              : FOTA_ENCODE_TWO_SLOTS,
                                          .slot = slot,
                                          .scratch_sectors = scratch,
                                          .decoder_bytes = 16384};
    struct fota_encoded e;
    assert_int_equal(fota_encode(&e, old_image, new_image, &options), FOTA_OK);
    return e;
}

/* Pieces of one old image of random bytes, put together anew; nothing of it can be guessed. */
struct piece {
    uint32_t from; /* in the old image; UINT32_MAX: new bytes */
    uint32_t n_bytes;
};

#define OLD_BYTES 163840U
#define FRESH     UINT32_MAX

struct shift {
    const char *name;
    struct piece pieces[6];
    uint32_t scratch;
    uint32_t most; /* body bytes */
};

/* The random bytes that are new in each cost what they cost: `most` is that, and 26 bytes for
 * each unit of as many sectors as there are scratch sectors, and 300 bytes for edges. */
static const struct shift shifts[] = {
    {"all moves up", {{FRESH, 3000}, {0, 140000}}, 1, 3000 + 40 * 26 + 300},
    {"all moves down", {{3000, 140000}}, 1, 40 * 26 + 300},
    {"down, then up",
     {{5000, 75000}, {FRESH, 10000}, {80000, 70000}},
     2,
     10000 + 24 * 26 + 300},
    {"up, then down", {{FRESH, 5000}, {0, 60000}, {70000, 70000}}, 2, 5000 + 22 * 26 + 300},
    {"two halves change places, room for one", {{81920, 81920}, {0, 81920}}, 20, 4 * 26 + 300},
    {"up by more than the scratch", {{FRESH, 40000}, {0, 120000}}, 2, 40000 + 40 * 26 + 500},
};

static void what_moves_is_written_away_from_where_it_goes(void **state)
{
    (void)state;
    struct test_slot slot;
    make_slot(&slot, 64, SECTOR);
    uint8_t *old_image = random_image(OLD_BYTES, 11);
    uint8_t *fresh = random_image(OLD_BYTES, 12);
    for (size_t i = 0; i < sizeof shifts / sizeof *shifts; i++) {
        const struct shift *t = &shifts[i];
        uint8_t *image = malloc(2 * OLD_BYTES);
        uint32_t n = 0;
        for (const struct piece *p = t->pieces; p->n_bytes != 0; p++) {
            const uint8_t *from = p->from == FRESH ? fresh + n : old_image + p->from;
            memcpy(image + n, from, p->n_bytes);
            n += p->n_bytes;
        }
        struct fota_encoded e = encode(&slot.area, (struct fota_bytes){old_image, OLD_BYTES},
                                       (struct fota_bytes){image, n}, t->scratch);
        if (e.body_bytes > t->most) print_error("%s: %u bytes\n", t->name, e.body_bytes);
        assert_true(e.body_bytes <= t->most);
        fota_encoded_free(&e);
        free(image);
    }
    free(old_image);
    free(fresh);
}

/* Code that moves by more and more, up to 2.5 KiB: units are few, and each costs its head and a
 * fresh start of the models, nothing is lost. */
static void eight_scratch_sectors_cost_little(void **state)
{
    (void)state;
    struct test_slot slot;
    make_slot(&slot, 64, SECTOR);
    uint8_t *a = code_image(200000, 8);
    uint8_t *b = code_image(200000, 60);
    struct fota_bytes old_image = {a, 200000};
    struct fota_bytes new_image = {b, 200000};
    struct fota_encoded two = encode(&slot.area, old_image, new_image, 0);
    struct fota_encoded in_place = encode(&slot.area, old_image, new_image, 8);
    assert_true(in_place.body_bytes <= two.body_bytes + in_place.n_units * 90U);
    assert_in_range(in_place.n_units, 1, 8);
    fota_encoded_free(&two);
    fota_encoded_free(&in_place);
    free(a);
    free(b);
}

/* ---------- the plan against the rules, on random geometries and orders ---------- */

struct world {
    struct fota_flash_run runs[3];
    struct fota_flash flash;
    struct fota_area slot;
};

static void make_world(struct world *w, uint32_t *random)
{
    static const uint32_t sizes[] = {256, 1024, 2048, 4096, 16384};
    uint32_t n_bytes = 0;
    for (int i = 0; i < 3; i++) {
        w->runs[i] = (struct fota_flash_run){1 + next_random(random) % 12,
                                             sizes[next_random(random) % 5]};
        n_bytes += w->runs[i].n_sectors * w->runs[i].sector_bytes;
    }
    w->flash = (struct fota_flash){
        .runs = w->runs, .n_runs = 3, .program_bytes = 1, .page_bytes = 256, .erased = 0xFF};
    w->slot = (struct fota_area){&w->flash, 0, n_bytes};
}

/* Old bytes readable at sector `s` while unit `u` is decoded, by the words of the format. */
static bool is_readable(const struct fota_plan *p, uint32_t u, uint32_t s)
{
    uint32_t stashes = 0;
    uint32_t stash_of_s = UINT32_MAX;
    bool written = false;
    for (uint32_t i = 0; i <= u; i++) {
        const struct fota_plan_unit *unit = &p->units[i];
        for (uint32_t k = 0; k < unit->n_sectors; k++) {
            if (((unit->written[k / 8] >> (k % 8)) & 1U) == 0) continue;
            uint32_t sector = unit->first_sector + k;
            if (sector == s) written = true;
            if (p->sector_off[sector] >= p->old_bytes) continue;
            if (sector == s) stash_of_s = stashes;
            stashes++;
        }
    }
    return !written || (stash_of_s != UINT32_MAX && stashes - stash_of_s <= p->scratch_sectors);
}

static void check_plan(const struct fota_plan *p, const uint8_t *old_image,
                       const uint8_t *new_image, uint32_t scratch)
{
    uint32_t *times = calloc(p->n_sectors, sizeof *times);
    assert_true(p->scratch_sectors >= 1 && p->scratch_sectors <= scratch);
    for (uint32_t u = 0; u < p->n_units; u++) {
        const struct fota_plan_unit *unit = &p->units[u];
        assert_in_range(unit->n_sectors, 1, FOTA_UNIT_SPAN_MAX);
        assert_true(unit->n_stash <= p->scratch_sectors);
        assert_true(unit->first_sector + unit->n_sectors <= p->n_new_sectors);
        for (uint32_t k = 0; k < unit->n_sectors; k++)
            times[unit->first_sector + k] += (unit->written[k / 8] >> (k % 8)) & 1U;
        for (uint32_t s = 0; s < p->n_sectors; s++)
            assert_int_equal(fota_plan_old_readable(p, u, p->sector_off[s]) > 0,
                             p->sector_off[s] < p->old_bytes && is_readable(p, u, s));
    }
    for (uint32_t s = 0; s < p->n_new_sectors; s++) {
        uint32_t off = p->sector_off[s];
        uint32_t end =
            p->sector_off[s + 1] < p->new_bytes ? p->sector_off[s + 1] : p->new_bytes;
        assert_true(times[s] <= 1);
        if (times[s] == 0) /* never touched: it must be there already */
            assert_true(end <= p->old_bytes &&
                        memcmp(old_image + off, new_image + off, end - off) == 0);
    }
    free(times);
}

static void check_orders(const struct world *w, uint32_t *random)
{
    uint32_t room = w->slot.n_bytes;
    uint32_t n_old = 1 + next_random(random) % room;
    uint32_t n_new = 1 + next_random(random) % room;
    uint8_t *a = random_image(room, 5);
    uint8_t *b = malloc(room);
    struct fota_op ops[8];
    struct fota_ops list = {ops, 0};
    memcpy(b, a, room);
    for (uint32_t off = 0; list.n < 8 && off < n_new;) {
        uint32_t n = 1 + next_random(random) % (room / 4);
        uint32_t src = next_random(random) % n_old;
        if (n > n_new - off) n = n_new - off;
        if (n > n_old - src) n = n_old - src;
        if (next_random(random) % 4 == 0 && off < n_old) src = off; /* not moved */
        if (n > n_old - src) n = n_old - src;
        memcpy(b + off, a + src, n);
        ops[list.n++] = (struct fota_op){off, n, src, false};
        off += n + next_random(random) % 3 * 100;
    }
    struct fota_encode_options options = {.mode = FOTA_ENCODE_IN_PLACE,
                                          .slot = &w->slot,
                                          .scratch_sectors = 1 + next_random(random) % 12,
                                          .unit_sectors = next_random(random) % 6};
    struct fota_bytes old_image = {a, n_old};
    struct fota_bytes new_image = {b, n_new};
    struct fota_plan plan;
    struct fota_orders orders;
    assert_int_equal(fota_plan_begin(&plan, old_image, new_image, &options), FOTA_OK);
    assert_int_equal(fota_orders_find(&orders, &plan, &list, new_image, &options, UINT32_MAX),
                     FOTA_OK);
    fota_plan_free(&plan);
    assert_true(orders.n >= 1);
    for (uint32_t i = 0; i < orders.n; i++) {
        assert_int_equal(fota_plan_make(&plan, old_image, new_image, &options, &orders.at[i]),
                         FOTA_OK);
        check_plan(&plan, a, b, options.scratch_sectors);
        for (uint32_t u = 0; options.unit_sectors != 0 && u < plan.n_units; u++)
            assert_true(plan.units[u].n_written <= options.unit_sectors);
        fota_plan_free(&plan);
    }
    fota_orders_free(&orders);
    free(a);
    free(b);
}

static void plans_keep_the_rules_on_random_geometries(void **state)
{
    (void)state;
    uint32_t random = (uint32_t)time(NULL) | 1U;
    print_message("seed %u\n", random);
    for (int i = 0; i < 300; i++) {
        struct world w;
        make_world(&w, &random);
        check_orders(&w, &random);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_moves_is_written_away_from_where_it_goes),
        cmocka_unit_test(eight_scratch_sectors_cost_little),
        cmocka_unit_test(plans_keep_the_rules_on_random_geometries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
