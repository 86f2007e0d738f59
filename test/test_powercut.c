/* SPDX-License-Identifier: MIT */
/* Power cuts on tiny devices, before, inside and after every flash operation, with every
 * outcome of the fault model: single ones on every kind of flash, all pairs, and more.  What
 * must hold is in sim/powercut.c; what each test catches: doc/proof.md. */
#include "test/tiny.h"
#include <setjmp.h>
#include <stdlib.h>

#ifndef FOTA_TEST_STRIDE
#define FOTA_TEST_STRIDE 1 /* of the first cuts of chains: all */
#endif

static struct tiny t;
static uint64_t n_tried;

/* With FOTA_POWERCUT_ALL in the environment nothing is left out: minutes instead of seconds. */
static uint32_t stride(uint32_t usual)
{
    return getenv("FOTA_POWERCUT_ALL") != NULL ? 1 : usual * FOTA_TEST_STRIDE;
}

#define AREAS_IN_PLACE(journal, identity, settings)                                            \
    "area slot nor 0 1024\n"                                                                   \
    "area scratch nor 1024 512\n"                                                              \
    "area staging nor 1536 1536\n"                                                             \
    "area journal nor 3072 " journal "\n"                                                      \
    "area identity nor " identity " 1024\n"                                                    \
    "area settings nor " settings " 1024\n"                                                    \
    "decoder 2048\n"

/* 8 records in a journal sector. */
static const char three_sectors[] =
    "profile three\n"
    "flash nor sectors=6x256,10x512 program=16 page=256\n" AREAS_IN_PLACE("1536", "4608",
                                                                          "5632");
static const char two_sectors[] =
    "profile two\n"
    "flash nor sectors=6x256,9x512 program=16 page=256\n" AREAS_IN_PLACE("1024", "4096",
                                                                         "5120");
static const char unit_1[] =
    "profile unit1\n"
    "flash nor sectors=6x256,9x512 program=1 page=128\n" AREAS_IN_PLACE("1024", "4096", "5120");
static const char zeros_once[] = "profile zeros\n"
                                 "flash nor sectors=6x256,9x512 program=8 page=64 erased=0x00 "
                                 "write-once=yes\n" AREAS_IN_PLACE("1024", "4096", "5120");
static const char unit_64[] = "profile unit64\n"
                              "flash nor sectors=6x256,10x512 program=64 page=64 "
                              "write-once=yes\n" AREAS_IN_PLACE("1536", "4608", "5632");
static const char unit_256[] = "profile unit256\n"
                               "flash nor sectors=6x256,3x512,6x2048 program=256 page=256\n"
                               "area slot nor 0 1024\n"
                               "area scratch nor 1024 512\n"
                               "area staging nor 1536 1536\n"
                               "area journal nor 3072 4096\n"
                               "area identity nor 7168 4096\n"
                               "area settings nor 11264 4096\n"
                               "decoder 2048\n";
/* Slot sectors of 256, 512 and 128; ring sectors of 512. */
static const char mixed[] = "profile mixed\n"
                            "flash nor sectors=1x256,1x512,2x128,12x512 program=16 page=64\n"
                            "area slot nor 0 1024\n"
                            "area scratch nor 1024 1024\n"
                            "area staging nor 2048 2048\n"
                            "area journal nor 4096 1024\n"
                            "area identity nor 5120 1024\n"
                            "area settings nor 6144 1024\n"
                            "decoder 2048\n";
static const char spi_staging[] = "profile spi\n"
                                  "flash mcu sectors=6x256,6x512 program=16 page=256\n"
                                  "flash spi sectors=1x2048 program=1 page=256\n"
                                  "area slot mcu 0 1024\n"
                                  "area scratch mcu 1024 512\n"
                                  "area staging spi 0 2048\n"
                                  "area journal mcu 1536 1024\n"
                                  "area identity mcu 2560 1024\n"
                                  "area settings mcu 3584 1024\n"
                                  "decoder 2048\n";
static const char two_slots[] = "profile slots\n"
                                "flash nor sectors=8x256,10x512 program=16 page=256\n"
                                "area slot nor 0 1024\n"
                                "area slot2 nor 1024 1024\n"
                                "area staging nor 2048 2048\n"
                                "area journal nor 4096 1024\n"
                                "area identity nor 5120 1024\n"
                                "area settings nor 6144 1024\n"
                                "decoder 2048\n";

/* Three sectors, two of which change; the image grows and shrinks. */
static const struct tiny_options in_place = {
    .profile = two_sectors, .old_bytes = 700, .new_bytes = 760, .scratch = 2, .same = 256};
static const struct tiny_options slots = {
    .profile = two_slots, .old_bytes = 400, .new_bytes = 512, .features = 4};

/* Two sectors. */
static const struct tiny_options small = {
    .profile = two_sectors, .old_bytes = 300, .new_bytes = 480, .scratch = 1, .trial_boots = 3};

/* ---- trials ---- */

/* A trial that fails, the same again and confirmed, then a failing one of the way back. */
struct trial_story {
    struct fota_sim_bytes images[4];
    struct fota_sim_bytes packages[3];
};
static struct trial_story trial;
static const enum fota_powercut_ending endings[] = {
    FOTA_POWERCUT_UNCONFIRMED, FOTA_POWERCUT_CONFIRMED, FOTA_POWERCUT_UNCONFIRMED};

/* That story; or only its first package, whose trial ends as `only` says. */
static void tell_trials(const enum fota_powercut_ending *only)
{
    trial = (struct trial_story){{t.images[0], t.images[1], t.images[1], t.images[0]},
                                 {t.packages[0], t.packages[0], t.packages[1]}};
    t.story.images = trial.images;
    t.story.packages = trial.packages;
    t.story.endings = only != NULL ? only : endings;
    t.story.n_packages = only != NULL ? 1 : 3;
}

/* ---- running ---- */

static void prepare(struct fota_powercut *p, const struct tiny_options *o)
{
    memset(p, 0, sizeof *p);
    tiny_init(&t, o);
    p->device = &t.d;
    p->story = &t.story;
    p->depth = 1;
    p->draws = 1;
}

static void explore(struct fota_powercut *p, const char *name)
{
    bool held = fota_powercut_explore(p);
    n_tried += p->counts.n_cuts;
    tiny_report(p, held, name);
    tiny_free(&t);
}

/* ---- tests ---- */

static void all_single_cuts_on_every_flash(void **state)
{
    (void)state;
    static const struct {
        const char *profile;
        uint32_t features;
        uint32_t unit_sectors;
        bool ecc;
        uint32_t busy;
        const char *name;
    } rows[] = {
        {three_sectors, 0, 1, false, 0, "singles, 3 journal sectors"},
        {two_sectors, 0, 2, false, 2, "singles, 2 journal sectors, busy erases"},
        {unit_1, 0, 1, false, 0, "singles, unit 1"},
        {zeros_once, 0, 1, true, 0, "singles, unit 8, erased 0, write-once, ECC"},
        {unit_64, 0, 2, true, 0, "singles, unit 64, write-once, ECC"},
        {unit_256, 0, 1, false, 0, "singles, unit 256"},
        {mixed, 0, 1, false, 0, "singles, sectors of 3 sizes"},
        {spi_staging, 0, 1, false, 1, "singles, staging on a second flash"},
        {two_slots, 4, 1, true, 0, "singles, two slots, ECC"},
        {two_slots, 1, 1, false, 0, "singles, two slots, full image"},
        {three_sectors, 1, 1, true, 0, "singles, one slot, full image, ECC"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fota_powercut p;
        struct tiny_options o = in_place;
        o.profile = rows[i].profile;
        o.features = rows[i].features;
        o.unit_sectors = rows[i].unit_sectors;
        if (o.features != 0) o.scratch = 0;
        prepare(&p, &o);
        for (uint32_t k = 0; k < t.d.n_flash; k++)
            t.d.flash[k].ecc = rows[i].ecc;
        t.d.power.busy = rows[i].busy;
        p.draws = 5;
        p.stride = stride(1) > 4 ? 4 : 1;
        explore(&p, rows[i].name);
    }
}

static void all_pairs(const struct tiny_options *o, bool ecc, bool boot_is_power_up,
                      uint32_t usual_stride, const char *name)
{
    struct fota_powercut p;
    prepare(&p, o);
    for (uint32_t k = 0; k < t.d.n_flash; k++)
        t.d.flash[k].ecc = ecc;
    p.depth = 2;
    p.stride = stride(usual_stride);
    p.boot_is_power_up = boot_is_power_up;
    explore(&p, name);
}

static void all_pairs_of_cuts_in_place(void **state)
{
    (void)state;
    struct tiny_options o = in_place;
    o.scratch = 1; /* every stash overwrites the one before */
    all_pairs(&o, false, false, 1, "pairs, in place, 2 journal sectors");
}

static void all_pairs_of_cuts_with_three_journal_sectors(void **state)
{
    (void)state;
    struct tiny_options o = in_place;
    o.profile = three_sectors;
    all_pairs(&o, false, true, 1, "pairs, in place, 3 journal sectors, lies by power-up");
}

static void all_pairs_of_cuts_with_two_slots(void **state)
{
    (void)state;
    all_pairs(&slots, false, false, 1, "pairs, two slots, 2 journal sectors");
}

static void all_pairs_of_cuts_on_write_once_flash(void **state)
{
    (void)state;
    struct tiny_options o = in_place;
    o.profile = unit_64;
    o.unit_sectors = 2;
    all_pairs(&o, true, false, 7, "pairs, in place, unit 64, write-once, ECC");
}

static void triples_near_each_other(void **state)
{
    (void)state;
    struct fota_powercut p;
    prepare(&p, &in_place);
    p.depth = 3;
    p.window = 5;
    p.stride = stride(10);
    explore(&p, "triples, cuts 2 and 3 in the first 5 operations");
}

static void random_chains_of_cuts(void **state)
{
    (void)state;
    struct fota_powercut p;
    prepare(&p, &in_place);
    bool held = fota_powercut_chains(&p, 50000 / stride(10), 60);
    n_tried += p.counts.n_cuts;
    tiny_report(&p, held, "chains of up to 60 random cuts");
    tiny_free(&t);
}

static void single_cuts_of_trials(void **state)
{
    (void)state;
    static const struct {
        const char *profile;
        uint32_t features;
        uint32_t unit_sectors;
        bool ecc;
        uint32_t busy;
        const char *name;
    } rows[] = {
        {two_slots, 4, 1, true, 0, "singles, trials, two slots, ECC"},
        {two_sectors, 0, 1, false, 2, "singles, trials, in place, 2 journal sectors"},
        {three_sectors, 0, 2, true, 0, "singles, trials, in place, 3 journal sectors, ECC"},
        {zeros_once, 0, 1, true, 0, "singles, trials, erased 0, write-once, ECC"},
        {mixed, 0, 1, false, 0, "singles, trials, sectors of 3 sizes"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fota_powercut p;
        struct tiny_options o = small;
        o.profile = rows[i].profile;
        o.features = rows[i].features;
        o.unit_sectors = rows[i].unit_sectors;
        o.scratch = o.features != 0 ? 0 : o.unit_sectors;
        prepare(&p, &o);
        tell_trials(NULL);
        for (uint32_t k = 0; k < t.d.n_flash; k++)
            t.d.flash[k].ecc = rows[i].ecc;
        t.d.power.busy = rows[i].busy;
        p.draws = 5;
        explore(&p, rows[i].name);
    }
}

static void
pairs_of_trials(const struct tiny_options *o, uint32_t usual_stride, const char *name)
{
    struct fota_powercut p;
    prepare(&p, o);
    tell_trials(NULL);
    p.depth = 2;
    p.stride = stride(usual_stride);
    explore(&p, name);
}

static void pairs_of_cuts_of_trials(void **state)
{
    (void)state;
    struct tiny_options o = small;
    pairs_of_trials(&o, 5, "pairs, trials, in place");
    o.profile = two_slots;
    o.features = 4;
    o.scratch = 0;
    pairs_of_trials(&o, 5, "pairs, trials, two slots");
}

static void random_chains_of_cuts_of_trials(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        struct fota_powercut p;
        struct tiny_options o = small;
        bool back = i % 2 == 0;
        o.trial_boots = back ? 3 : 255; /* a cut may cost a start */
        if (i >= 2) {
            o.profile = two_slots;
            o.features = 4;
            o.scratch = 0;
        }
        prepare(&p, &o);
        tell_trials(&endings[back ? 0 : 1]);
        bool held = fota_powercut_chains(&p, 10000 / stride(10), 60);
        n_tried += p.counts.n_cuts;
        tiny_report(&p, held,
                    back ? "chains, a trial that fails" : "chains, a trial that is confirmed");
        tiny_free(&t);
    }
}

/* The power fails k operations after every boot: from which k on does the update end?  Below
 * that it makes no progress and no damage. */
static void the_least_supply_that_ends(void **state)
{
    (void)state;
    static const struct {
        const char *profile;
        uint32_t features;
        uint32_t unit_sectors;
        uint32_t least; /* 5 + pages of a sector: open 3, erase, pages, record */
        const char *name;
    } rows[] = {
        {two_sectors, 0, 1, 6, "page 256, 2 journal sectors"},
        {two_sectors, 0, 2, 6, "page 256, units of two sectors"},
        {three_sectors, 0, 1, 6, "page 256, 3 journal sectors"},
        {unit_1, 0, 1, 7, "page 128"},
        {unit_64, 0, 1, 9, "page 64"},
        {two_slots, 4, 1, 6, "two slots, page 256"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint32_t least = 0;
        for (uint32_t k = 0; k < 12; k++) {
            struct fota_powercut p;
            struct tiny_options o = in_place;
            o.profile = rows[i].profile;
            o.features = rows[i].features;
            o.unit_sectors = rows[i].unit_sectors;
            o.same = 0;
            if (o.features != 0) o.scratch = 0;
            prepare(&p, &o);
            t.story.n_packages = 1;
            assert_int_equal(fota_sim_device_receive(&t.d, t.packages[0]), FOTA_SIM_RESET);
            bool ended = fota_powercut_starve(&p, k);
            if (p.failure != NULL) fail_msg("%s, k = %u: %s", rows[i].name, k, p.failure);
            if (ended && least == 0) least = k;
            if (!ended) least = 0;
            tiny_free(&t);
        }
        print_message("supply of k operations a boot, %s: ends from k = %u on\n", rows[i].name,
                      least);
        assert_int_equal(least, rows[i].least);
    }
}

/* The same for a trial, from the end of the update on.  A confirmation that power is too short
 * for ends, once the starts are used up, with the old image. */
static void the_least_supply_that_ends_a_trial(void **state)
{
    (void)state;
    static const struct {
        const char *profile;
        uint32_t features;
        unsigned ending;
        uint32_t least;
        const char *name;
    } rows[] = {
        {two_sectors, 0, FOTA_POWERCUT_UNCONFIRMED, 7, "the way back, page 256"},
        {unit_64, 0, FOTA_POWERCUT_UNCONFIRMED, 10, "the way back, page 64"},
        {two_slots, 4, FOTA_POWERCUT_UNCONFIRMED, 7, "the way back, two slots"},
        {two_sectors, 0, FOTA_POWERCUT_CONFIRMED, 7, "confirmation, page 256"},
        {unit_64, 0, FOTA_POWERCUT_CONFIRMED, 8, "confirmation, page 64"},
        {two_slots, 4, FOTA_POWERCUT_CONFIRMED, 7, "confirmation, two slots"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint32_t least = 0;
        const enum fota_powercut_ending end = (enum fota_powercut_ending)rows[i].ending;
        for (uint32_t k = 0; k < 14; k++) {
            struct fota_powercut p;
            struct tiny_options o = small;
            o.profile = rows[i].profile;
            o.features = rows[i].features;
            o.scratch = o.features != 0 ? 0 : 1;
            prepare(&p, &o);
            tell_trials(&end);
            assert_int_equal(fota_sim_device_receive(&t.d, t.packages[0]), FOTA_SIM_RESET);
            assert_int_equal(fota_sim_device_boot(&t.d), FOTA_SIM_RESET);
            bool ended = fota_powercut_starve(&p, k);
            if (p.failure != NULL && (end == FOTA_POWERCUT_UNCONFIRMED ||
                                      strcmp(p.failure, "an update was undone") != 0))
                fail_msg("%s, k = %u: %s", rows[i].name, k, p.failure);
            if (ended && least == 0) least = k;
            if (!ended) least = 0;
            tiny_free(&t);
        }
        print_message("supply of k operations a boot, %s: ends from k = %u on\n", rows[i].name,
                      least);
        assert_int_equal(least, rows[i].least);
    }
}

/* Argument: a pattern of test names, to run only those. */
int main(int argc, char **argv)
{
    if (argc > 1) cmocka_set_test_filter(argv[1]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_single_cuts_on_every_flash),
        cmocka_unit_test(all_pairs_of_cuts_in_place),
        cmocka_unit_test(all_pairs_of_cuts_with_three_journal_sectors),
        cmocka_unit_test(all_pairs_of_cuts_with_two_slots),
        cmocka_unit_test(all_pairs_of_cuts_on_write_once_flash),
        cmocka_unit_test(triples_near_each_other),
        cmocka_unit_test(random_chains_of_cuts),
        cmocka_unit_test(the_least_supply_that_ends),
        cmocka_unit_test(the_least_supply_that_ends_a_trial),
        cmocka_unit_test(single_cuts_of_trials),
        cmocka_unit_test(pairs_of_cuts_of_trials),
        cmocka_unit_test(random_chains_of_cuts_of_trials),
    };
    int n_failed = cmocka_run_group_tests(tests, NULL, NULL);
    print_message("all tests: %llu cuts tried\n", (unsigned long long)n_tried);
    return n_failed;
}
