/* SPDX-License-Identifier: MIT */
/* Power cuts on tiny devices: all single ones, all pairs.  What each catches: doc/proof.md. */
#include "test/tiny.h"
#include <setjmp.h>
#include <stdlib.h>

#ifndef FOTA_TEST_STRIDE
#define FOTA_TEST_STRIDE 1 /* of the first cuts of pairs: all */
#endif

static struct tiny t;

/* In place, three journal sectors. */
static const char in_place_3[] = "profile tiny\n"
                                 "flash nor sectors=6x256,10x512 program=16 page=256\n"
                                 "area slot nor 0 1024\n"
                                 "area scratch nor 1024 512\n"
                                 "area staging nor 1536 1536\n"
                                 "area journal nor 3072 1536\n"
                                 "area identity nor 4608 1024\n"
                                 "area settings nor 5632 1024\n"
                                 "decoder 2048\n";

static const struct tiny_options in_place = {
    .profile = in_place_3, .old_bytes = 700, .new_bytes = 760, .scratch = 2, .same = 256};

static void
explore(const struct tiny_options *o, unsigned depth, unsigned draws, const char *name)
{
    struct fota_powercut p;
    memset(&p, 0, sizeof p);
    tiny_init(&t, o);
    p.device = &t.d;
    p.story = &t.story;
    p.depth = depth;
    p.draws = draws;
    p.stride = depth > 1 ? FOTA_TEST_STRIDE : 1;
    bool held = fota_powercut_explore(&p);
    tiny_report(&p, held, name);
    tiny_free(&t);
}

static void without_cuts_the_story_ends(void **state)
{
    (void)state;
    struct fota_powercut p;
    memset(&p, 0, sizeof p);
    tiny_init(&t, &in_place);
    p.device = &t.d;
    p.story = &t.story;
    tiny_report(&p, fota_powercut_run(&p), "no cut");
    tiny_free(&t);
}

static void single_cuts_in_place(void **state)
{
    (void)state;
    explore(&in_place, 1, 5, "singles");
}

static void pairs_of_cuts_in_place(void **state)
{
    (void)state;
    explore(&in_place, 2, 1, "pairs");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_cuts_the_story_ends),
        cmocka_unit_test(single_cuts_in_place),
        cmocka_unit_test(pairs_of_cuts_in_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
