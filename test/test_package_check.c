/* SPDX-License-Identifier: MIT */
#include "core/le.h"
#include "core/sha256.h"
#include "test/tiny.h"
#include <setjmp.h>

static struct tiny t;

static const char one_slot[] = "profile tiny\n"
                               "flash nor sectors=6x256,10x512 program=16 page=256\n"
                               "area slot nor 0 1024\n"
                               "area scratch nor 1024 512\n"
                               "area staging nor 1536 1536\n"
                               "area journal nor 3072 1536\n"
                               "area identity nor 4608 1024\n"
                               "area settings nor 5632 1024\n"
                               "decoder 2048\n";
static const char two_slots[] = "profile tiny2\n"
                                "flash nor sectors=8x256,11x512 program=16 page=256\n"
                                "area slot nor 0 1024\n"
                                "area slot2 nor 1024 1024\n"
                                "area staging nor 2048 2048\n"
                                "area journal nor 4096 1536\n"
                                "area identity nor 5632 1024\n"
                                "area settings nor 6656 1024\n"
                                "decoder 2048\n";

static const struct tiny_options in_place = {
    .profile = one_slot, .old_bytes = 700, .new_bytes = 760, .scratch = 2, .same = 256};
static const struct tiny_options full = {
    .profile = one_slot, .old_bytes = 700, .new_bytes = 760, .features = 1};
static const struct tiny_options slots = {
    .profile = two_slots, .old_bytes = 700, .new_bytes = 760, .features = 4};

enum { MASK = 0x5A };

/* Put a package into staging as it is. */
static void stage(const uint8_t *bytes, uint32_t n)
{
    const struct fota_area *staging = &t.d.device.area[FOTA_AREA_STAGING];
    memset(t.d.flash[0].data + staging->addr, 0xFF, staging->n_bytes);
    memcpy(t.d.flash[0].data + staging->addr, bytes, n);
}

static enum fota_err check_with(uint32_t received, bool check_base)
{
    static struct fota_package_check c;
    enum fota_err err;
    uint64_t before = t.d.power.n_ops;
    fota_package_check_begin(&c, &t.d.device, received, check_base);
    do
        err = fota_package_check_step(&c);
    while (err == FOTA_MORE);
    assert_int_equal(t.d.power.n_ops, before); /* reads only */
    return err;
}

static enum fota_err check(void)
{
    return check_with(UINT32_MAX, true);
}

static uint8_t package[TINY_PACKAGE_MAX];

/* A copy of the first package to change: unmasked. */
static uint32_t copy_package(void)
{
    uint32_t n = t.packages[0].n_bytes;
    memcpy(package, t.packages[0].at, n);
    for (uint32_t i = 12; i < n; i++)
        package[i] ^= MASK;
    return n;
}

/* Mask, hash the body and sign again, so that only the change itself can be objected to. */
static enum fota_err check_changed(uint32_t n, bool hash_body)
{
    uint32_t body = fota_le16(package + 6) + 70U;
    struct fota_sha256 sha;
    fota_sha256_init(&sha);
    fota_sha256_update(&sha, package + body, n - body);
    if (hash_body) fota_sha256_final(&sha, package + 92);
    for (uint32_t i = 12; i < n; i++)
        package[i] ^= MASK;
    fake_sign(package);
    stage(package, n);
    return check();
}

static void good_packages_are_accepted(void **state)
{
    (void)state;
    static const struct tiny_options *const rows[] = {&in_place, &full, &slots, &in_place,
                                                      &slots};
    for (size_t i = 0; i < 5; i++) {
        struct tiny_options o = *rows[i];
        o.trial_boots = i >= 3 ? 3 : 0;
        tiny_init(&t, &o);
        stage(t.packages[0].at, t.packages[0].n_bytes);
        assert_int_equal(check(), FOTA_OK);
        assert_int_equal(check_with(t.packages[0].n_bytes, true), FOTA_OK);
        assert_int_equal(check_with(t.packages[0].n_bytes, false), FOTA_OK);
        tiny_free(&t);
    }
}

static void a_device_whose_boot_loader_has_its_own_trials_refuses_ours(void **state)
{
    (void)state;
    for (uint8_t boots = 0; boots <= 3; boots += 3) {
        struct tiny_options o = slots;
        o.trial_boots = boots;
        tiny_init(&t, &o);
        t.d.device.no_trial = true;
        stage(t.packages[0].at, t.packages[0].n_bytes);
        assert_int_equal(check(), boots == 0 ? FOTA_OK : FOTA_E_FEATURE);
        tiny_free(&t);
    }
}

/* A package with a trial is looked at both ways before anything is erased. */
static void who_goes_forth_on_trial_must_be_able_to_come_back(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint32_t off; /* from the trial section's boots on */
        uint32_t n_bytes;
        uint32_t value;
        enum fota_err expected;
        enum fota_err touched; /* once the base may be damaged: only forward */
    } rows[] = {
        {"as it is", 0, 1, 3, FOTA_OK, FOTA_OK},
        {"counter of the base below the device's", 1, 4, 2, FOTA_E_COUNTER, FOTA_OK},
        {"ring", 41, 2, 3, FOTA_E_GEOMETRY, FOTA_E_GEOMETRY},
        {"decoder", 45, 2, 3, FOTA_E_RAM, FOTA_E_RAM},
        {"body hash", 9, 1, 0, FOTA_E_BODY_HASH, FOTA_OK},
        {"units", 43, 2, 1, FOTA_E_BODY, FOTA_OK},
        {"more units", 43, 2, 9, FOTA_E_BODY, FOTA_OK},
    };
    struct tiny_options o = in_place;
    o.trial_boots = 3;
    tiny_init(&t, &o);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint32_t n = copy_package();
        uint8_t *trial = package + fota_le16(package + 6) - 51;
        uint8_t value[4];
        fota_put_le32(value, rows[i].value);
        if (rows[i].expected == FOTA_E_BODY_HASH) value[0] = (uint8_t)~trial[9];
        memcpy(trial + rows[i].off, value, rows[i].n_bytes);
        for (uint32_t k = 12; k < n; k++)
            package[k] ^= MASK;
        fake_sign(package);
        stage(package, n);
        if (check() != rows[i].expected) fail_msg("%s", rows[i].name);
        if (check_with(n, false) != rows[i].touched) fail_msg("%s, touched", rows[i].name);
    }
    tiny_free(&t);
}

static void what_was_received_must_be_the_whole_package(void **state)
{
    (void)state;
    tiny_init(&t, &in_place);
    stage(t.packages[0].at, t.packages[0].n_bytes);
    assert_int_equal(check_with(0, true), FOTA_E_EMPTY);
    assert_int_equal(check_with(11, true), FOTA_E_TRUNCATED);
    for (uint32_t n = 12; n < t.packages[0].n_bytes; n++)
        assert_int_equal(check_with(n, true), FOTA_E_TRUNCATED);
    assert_int_equal(check_with(t.packages[0].n_bytes + 1, true), FOTA_E_OVERLONG);
    tiny_free(&t);
}

/* One bit flipped anywhere: refused. */
static void every_flipped_bit_is_refused(void **state)
{
    (void)state;
    tiny_init(&t, &in_place);
    uint32_t n = t.packages[0].n_bytes;
    stage(t.packages[0].at, n);
    uint8_t *at = t.d.flash[0].data + t.d.device.area[FOTA_AREA_STAGING].addr;
    for (uint32_t bit = 0; bit < 8 * n; bit++) {
        at[bit / 8] ^= (uint8_t)(1U << (bit % 8));
        enum fota_err err = check_with(n, true);
        if (err >= 0) fail_msg("bit %u: accepted", bit);
        at[bit / 8] ^= (uint8_t)(1U << (bit % 8));
    }
    assert_int_equal(check(), FOTA_OK);
    tiny_free(&t);
}

/* Signed by the maker, but wrong for this device. */
static void each_reason_has_its_code(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint32_t off;
        uint32_t n_bytes;
        uint32_t value;
        enum fota_err expected;
    } rows[] = {
        {"product", 148, 1, 'N', FOTA_E_PRODUCT},
        {"counter", 16, 4, 2, FOTA_E_COUNTER},
        {"equal counter", 16, 4, 3, FOTA_OK},
        {"unknown feature", 12, 4, 1U << 6, FOTA_E_FEATURE},
        {"two slots", 12, 4, 4, FOTA_E_FORMAT},
        {"geometry", 124, 4, 1, FOTA_E_GEOMETRY},
        {"ring", 128, 2, 3, FOTA_E_GEOMETRY},
        {"no ring", 128, 2, 0, FOTA_E_FORMAT},
        {"small ring", 128, 2, 1, FOTA_OK},
        {"slot", 24, 4, 1025, FOTA_E_SLOT_SPACE},
        {"base", 28, 4, 0, FOTA_E_BASE},
        {"base too large", 20, 4, 1025, FOTA_E_BASE},
        {"decoder", 132, 2, 3, FOTA_E_RAM},
        {"codec", 134, 1, 9, FOTA_E_FEATURE},
        {"architecture", 135, 1, 9, FOTA_E_FEATURE},
        {"units", 130, 2, 1, FOTA_E_BODY},
        {"more units", 130, 2, 3, FOTA_E_BODY},
        {"staging", 8, 4, 1537, FOTA_E_STAGING_SPACE},
    };
    tiny_init(&t, &in_place);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint32_t n = copy_package();
        uint8_t value[4];
        fota_put_le32(value, rows[i].value);
        memcpy(package + rows[i].off, value, rows[i].n_bytes);
        enum fota_err err = check_changed(n, true);
        if (err != rows[i].expected)
            fail_msg("%s: %d for %d", rows[i].name, err, rows[i].expected);
    }
    tiny_free(&t);
}

static void a_damaged_body_is_told_from_a_malformed_one(void **state)
{
    (void)state;
    tiny_init(&t, &in_place);
    uint32_t n = copy_package();
    package[n - 1] ^= 1;
    assert_int_equal(check_changed(n, false), FOTA_E_BODY_HASH);
    n = copy_package();
    package[n - 1] ^= 1; /* coded bytes: only the boot loader's CRC looks at them */
    assert_int_equal(check_changed(n, true), FOTA_OK);
    tiny_free(&t);
}

/* Heads that a maker's broken generator could sign. */
static void malformed_units_are_refused(void **state)
{
    (void)state;
    tiny_init(&t, &in_place);
    uint32_t n = copy_package();
    uint32_t unit = fota_le16(package + 6) + 70U + 4U;
    uint32_t second = unit + 15U + fota_le16(package + unit + 3);
    static const struct {
        uint32_t off;
        uint8_t value;
        const char *name;
    } rows[] = {
        {0, 3, "begins behind the image"},
        {1, 1, "begins far away"},
        {2, 0, "no sectors"},
        {2, 3, "ends behind the image"},
        {5, 1, "more coded bytes"},
        {3, 0, "other coded bytes"},
        {10, 0, "writes nothing"},
        {10, 3, "spare bit"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        copy_package();
        package[unit + rows[i].off] = rows[i].value;
        if (check_changed(n, true) != FOTA_E_BODY) fail_msg("%s", rows[i].name);
    }
    copy_package();
    package[second] = package[unit]; /* the same sector twice */
    assert_int_equal(check_changed(n, true), FOTA_E_BODY);
    tiny_free(&t);
}

static void what_no_unit_writes_must_be_in_the_base(void **state)
{
    (void)state;
    static const struct tiny_options *const rows[] = {&in_place, &full, &slots};
    for (size_t i = 0; i < 3; i++) {
        struct fake_spec spec;
        tiny_init(&t, rows[i]);
        memset(&spec, 0, sizeof spec);
        spec.slot = &t.d.device.area[FOTA_AREA_SLOT];
        spec.features = rows[i]->features;
        spec.counter = 9;
        spec.scratch_sectors = rows[i]->scratch;
        spec.old_image = t.images[0].at;
        spec.old_bytes = i == 1 ? 0 : t.images[0].n_bytes;
        spec.new_image = t.images[1].at;
        spec.new_bytes = t.images[1].n_bytes;
        spec.product = "M95";
        spec.from_version = "A07";
        spec.to_version = "A08";
        spec.n_units = 1;
        /* new: 760 bytes in 3 sectors, base 700: the third must be written */
        spec.units[0] = (struct fake_unit){0, 2, 3};
        uint32_t n = fake_package(package, sizeof package, &spec);
        stage(package, n);
        assert_int_equal(check(), FOTA_E_BODY);
        spec.units[0] = (struct fake_unit){1, 2, 3};
        n = fake_package(package, sizeof package, &spec);
        stage(package, n);
        assert_int_equal(check(), i == 0 ? FOTA_OK : FOTA_E_BODY);
        tiny_free(&t);
    }
}

static void a_unit_stashes_no_more_than_the_ring_holds(void **state)
{
    (void)state;
    tiny_init(&t, &in_place);
    struct fake_spec spec;
    memset(&spec, 0, sizeof spec);
    spec.slot = &t.d.device.area[FOTA_AREA_SLOT];
    spec.counter = 9;
    spec.scratch_sectors = 2;
    spec.old_image = t.images[0].at;
    spec.old_bytes = t.images[0].n_bytes;
    spec.new_image = t.images[1].at;
    spec.new_bytes = t.images[1].n_bytes;
    spec.product = "M95";
    spec.from_version = "A07";
    spec.to_version = "A08";
    spec.n_units = 1;
    spec.units[0] = (struct fake_unit){0, 3, 7};
    uint32_t n = fake_package(package, sizeof package, &spec);
    stage(package, n);
    assert_int_equal(check(), FOTA_E_BODY);
    spec.units[0].mask = 6;
    n = fake_package(package, sizeof package, &spec);
    stage(package, n);
    assert_int_equal(check(), FOTA_OK);
    tiny_free(&t);
}

static void already_there_means_that_the_slot_holds_it(void **state)
{
    (void)state;
    tiny_init(&t, &full);
    stage(t.packages[1].at, t.packages[1].n_bytes); /* makes the image that is there */
    assert_int_equal(check(), FOTA_E_ALREADY);
    t.d.flash[0].data[100] ^= 4; /* damaged: the same version repairs it */
    assert_int_equal(check(), FOTA_OK);
    tiny_free(&t);
}

static void a_full_package_needs_no_identity(void **state)
{
    (void)state;
    tiny_init(&t, &full);
    stage(t.packages[0].at, t.packages[0].n_bytes);
    memset(t.d.flash[0].data + 4608, 0, 1024);
    assert_int_equal(check(), FOTA_OK);
    memset(t.d.flash[0].data, 0, 1024);
    assert_int_equal(check(), FOTA_OK);
    tiny_free(&t);
}

static void a_downgrade_package_works_from_its_base_only(void **state)
{
    (void)state;
    tiny_init(&t, &in_place);
    uint32_t n = copy_package();
    fota_put_le32(package + 16, 1);
    assert_int_equal(check_changed(n, true), FOTA_E_COUNTER);
    copy_package();
    fota_put_le32(package + 16, 1);
    fota_put_le32(package + 12, 2);
    assert_int_equal(check_changed(n, true), FOTA_OK);
    t.d.flash[0].data[10] ^= 1;
    assert_int_equal(check(), FOTA_E_BASE);
    tiny_free(&t);
}

/* A journal that says so, whoever wrote it, does not let an older full image in. */
static void the_counter_holds_even_if_the_base_may_be_damaged(void **state)
{
    (void)state;
    tiny_init(&t, &full);
    uint32_t n = copy_package();
    fota_put_le32(package + 16, 2);
    assert_int_equal(check_changed(n, true), FOTA_E_COUNTER);
    assert_int_equal(check_with(UINT32_MAX, false), FOTA_E_COUNTER);
    tiny_free(&t);
}

static void packages_for_the_other_scheme_are_refused(void **state)
{
    (void)state;
    static uint8_t other[TINY_PACKAGE_MAX];
    tiny_init(&t, &slots);
    uint32_t n = t.packages[0].n_bytes;
    memcpy(other, t.packages[0].at, n);
    tiny_free(&t);
    tiny_init(&t, &in_place);
    stage(other, n);
    assert_int_equal(check(), FOTA_E_GEOMETRY);
    n = t.packages[0].n_bytes;
    memcpy(other, t.packages[0].at, n);
    tiny_free(&t);
    tiny_init(&t, &slots);
    stage(other, n);
    assert_int_equal(check(), FOTA_E_GEOMETRY);
    tiny_free(&t);
}

static void torn_staging_is_damage_of_the_package(void **state)
{
    (void)state;
    tiny_init(&t, &in_place);
    stage(t.packages[0].at, t.packages[0].n_bytes);
    t.d.flash[0].ecc = true;
    t.d.flash[0].units[(1536 + 600) / 16] = 3;
    assert_int_equal(check(), FOTA_E_CODED);
    tiny_free(&t);
}

static void the_record_that_asks_says_what_the_head_says(void **state)
{
    (void)state;
    static struct fota_package_check c;
    struct fota_snapshot ask;
    enum fota_err err;
    tiny_init(&t, &slots);
    stage(t.packages[0].at, t.packages[0].n_bytes);
    fota_package_check_begin(&c, &t.d.device, UINT32_MAX, true);
    do
        err = fota_package_check_step(&c);
    while (err == FOTA_MORE);
    fota_package_check_ask(&c, &ask);
    assert_int_equal(ask.phase, FOTA_PHASE_RUN);
    assert_int_equal(ask.progress, FOTA_PROGRESS_ASKED);
    assert_memory_equal(ask.package_id, c.pkg.id, 8);
    assert_int_equal(ask.unit, 0);
    assert_int_equal(ask.step, 0);
    assert_int_equal(ask.unit_off, 4);
    assert_int_equal(ask.target_slot, 1);
    assert_int_equal(ask.counter, 5);
    assert_memory_equal(ask.from_id, c.pkg.base_sha256, 8);
    assert_memory_equal(ask.to_id, c.pkg.new_sha256, 8);
    tiny_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_packages_are_accepted),
        cmocka_unit_test(a_device_whose_boot_loader_has_its_own_trials_refuses_ours),
        cmocka_unit_test(who_goes_forth_on_trial_must_be_able_to_come_back),
        cmocka_unit_test(what_was_received_must_be_the_whole_package),
        cmocka_unit_test(every_flipped_bit_is_refused),
        cmocka_unit_test(each_reason_has_its_code),
        cmocka_unit_test(a_damaged_body_is_told_from_a_malformed_one),
        cmocka_unit_test(malformed_units_are_refused),
        cmocka_unit_test(what_no_unit_writes_must_be_in_the_base),
        cmocka_unit_test(a_unit_stashes_no_more_than_the_ring_holds),
        cmocka_unit_test(already_there_means_that_the_slot_holds_it),
        cmocka_unit_test(a_full_package_needs_no_identity),
        cmocka_unit_test(a_downgrade_package_works_from_its_base_only),
        cmocka_unit_test(the_counter_holds_even_if_the_base_may_be_damaged),
        cmocka_unit_test(packages_for_the_other_scheme_are_refused),
        cmocka_unit_test(torn_staging_is_damage_of_the_package),
        cmocka_unit_test(the_record_that_asks_says_what_the_head_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
