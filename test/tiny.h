/* SPDX-License-Identifier: MIT */
/* For tests: a small simulated device from a profile text, two images, and packages from one to
 * the other and back, made by test/fake_codec.c. */
#ifndef FOTA_TEST_TINY_H
#define FOTA_TEST_TINY_H

#include "sim/powercut.h"
#include "test/fake_codec.h"
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { TINY_COUNTER_OLD = 3, TINY_COUNTER_NEW = 5 };
enum { TINY_IMAGE_MAX = 16384, TINY_PACKAGE_MAX = 32768 };

struct tiny {
    struct fota_sim_device d;
    uint8_t image_bytes[2][TINY_IMAGE_MAX];
    uint8_t package_bytes[2][TINY_PACKAGE_MAX];
    struct fota_sim_bytes images[3]; /* old, new, old */
    struct fota_sim_bytes packages[2];
    struct fota_powercut_story story;
};

struct tiny_options {
    const char *profile;
    uint32_t old_bytes;
    uint32_t new_bytes;
    uint32_t features;     /* of both packages */
    uint32_t unit_sectors; /* 0: 1 */
    uint32_t scratch;      /* ring sectors used */
    uint32_t same;         /* this many of the first bytes are equal in both */
    int descending;
    uint8_t trial_boots; /* of both packages */
    bool no_lies;
};

/* How image `from` becomes the other one. */
static inline struct fake_spec
tiny_spec(const struct tiny *t, const struct tiny_options *o, unsigned from)
{
    struct fake_spec spec;
    unsigned to = 1 - from;
    bool full = (o->features & 1) != 0;
    memset(&spec, 0, sizeof spec);
    spec.slot = &t->d.device.area[FOTA_AREA_SLOT];
    spec.features = o->features;
    spec.counter = TINY_COUNTER_NEW;
    spec.scratch_sectors = o->scratch;
    spec.old_image = full ? NULL : t->images[from].at;
    spec.old_bytes = full ? 0 : t->images[from].n_bytes;
    spec.new_image = t->images[to].at;
    spec.new_bytes = t->images[to].n_bytes;
    spec.product = "M95";
    spec.from_version = from == 0 ? "A07" : "A08";
    spec.to_version = to == 0 ? "A07" : "A08";
    spec.seed = 77 + from;
    fake_plan(&spec, o->unit_sectors == 0 ? 1 : o->unit_sectors, o->descending);
    return spec;
}

static inline void tiny_package(struct tiny *t, const struct tiny_options *o, unsigned from)
{
    struct fake_spec spec = tiny_spec(t, o, from);
    struct fake_spec back = tiny_spec(t, o, 1 - from);
    back.counter = from == 0 ? TINY_COUNTER_OLD : TINY_COUNTER_NEW;
    spec.trial_boots = o->trial_boots;
    spec.back = &back;
    uint32_t n = fake_package(t->package_bytes[from], TINY_PACKAGE_MAX, &spec);
    assert_true(n > 0);
    assert_true(n <= t->d.device.area[FOTA_AREA_STAGING].n_bytes);
    t->packages[from] = (struct fota_sim_bytes){t->package_bytes[from], n};
}

/* A device with the old image in it. */
static inline void tiny_init(struct tiny *t, const struct tiny_options *o)
{
    struct fota_profile profile;
    struct fota_profile_fault fault;
    uint64_t seed = 12345;
    enum fota_err err = fota_profile_parse(&profile, o->profile, strlen(o->profile), &fault);
    if (err == FOTA_OK) err = fota_profile_check(&profile, &fault);
    if (err < 0) fail_msg("profile: line %u: %s", fault.line, fault.reason);
    assert_int_equal(fota_sim_device_init(&t->d, &profile, !o->no_lies, &fake_verifier, "M95"),
                     FOTA_OK);
    for (uint32_t i = 0; i < TINY_IMAGE_MAX; i++) {
        uint8_t byte = (uint8_t)fota_sim_random(&seed);
        t->image_bytes[0][i] = byte;
        t->image_bytes[1][i] = i < o->same ? byte : (uint8_t)fota_sim_random(&seed);
    }
    t->images[0] = (struct fota_sim_bytes){t->image_bytes[0], o->old_bytes};
    t->images[1] = (struct fota_sim_bytes){t->image_bytes[1], o->new_bytes};
    t->images[2] = t->images[0];
    tiny_package(t, o, 0);
    tiny_package(t, o, 1);
    t->story = (struct fota_powercut_story){.images = t->images,
                                            .packages = t->packages,
                                            .n_packages = 2,
                                            .trial_boots = o->trial_boots,
                                            .first_counter = TINY_COUNTER_OLD,
                                            .counter = TINY_COUNTER_NEW};
    fota_sim_device_provision(&t->d, t->images[0], "A07", TINY_COUNTER_OLD);
    for (uint32_t i = 0; i < t->d.n_flash; i++)
        t->d.flash[i].n_programs = 0;
    t->d.power.n_ops = 0;
}

static inline void tiny_free(struct tiny *t)
{
    fota_sim_device_free(&t->d);
}

static inline void tiny_report(const struct fota_powercut *p, bool held, const char *name)
{
    print_message("%s: %llu operations, %llu cuts tried (%llu of them to a known state), %s\n",
                  name, (unsigned long long)p->counts.n_ops,
                  (unsigned long long)p->counts.n_cuts, (unsigned long long)p->counts.n_known,
                  held ? "all survived" : "FAILED");
    if (held) return;
    for (unsigned i = 0; i < p->path_length; i++)
        print_message("  cut in operation %u, outcome %u\n", p->path[i].op, p->path[i].outcome);
    fail_msg("%s", p->failure);
}

#endif
