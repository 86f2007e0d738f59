/* SPDX-License-Identifier: MIT */
#include "core/crc32.h"
#include "core/le.h"
#include "core/updater.h"
#include "test/tiny.h"
#include <setjmp.h>
#include <stdio.h>

static struct tiny t;

/* 16 slot sectors of 256, ring of 4. */
static const char nor[] = "profile nor\n"
                          "flash nor sectors=20x256,20x512 program=16 page=256\n"
                          "area slot nor 0 4096\n"
                          "area scratch nor 4096 1024\n"
                          "area staging nor 5120 6144\n"
                          "area journal nor 11264 1536\n"
                          "area identity nor 12800 1024\n"
                          "area settings nor 13824 1024\n"
                          "decoder 2048\n";
enum { STAGING = 5120, SCRATCH = 4096 };

/* Unit 1, two journal sectors. */
static const char byte_nor[] = "profile byte\n"
                               "flash nor sectors=20x256,20x512 program=1 page=64\n"
                               "area slot nor 0 4096\n"
                               "area scratch nor 4096 1024\n"
                               "area staging nor 5120 6144\n"
                               "area journal nor 11264 1024\n"
                               "area identity nor 12288 1024\n"
                               "area settings nor 13312 1024\n"
                               "decoder 2048\n";

/* Write-once units of 8 with ECC, erased zeros. */
static const char once[] = "profile once\n"
                           "flash mcu sectors=20x256,20x512 program=8 page=64 erased=0x00 "
                           "write-once=yes\n"
                           "area slot mcu 0 4096\n"
                           "area scratch mcu 4096 1024\n"
                           "area staging mcu 5120 6144\n"
                           "area journal mcu 11264 1536\n"
                           "area identity mcu 12800 1024\n"
                           "area settings mcu 13824 1024\n"
                           "decoder 2048\n";

/* Units of 64; sectors of three sizes in one slot. */
static const char mixed[] = "profile mixed\n"
                            "flash mcu sectors=4x256,2x1024,2x512,2x1024,19x512 program=64 "
                            "page=64 write-once=yes\n"
                            "area slot mcu 0 4096\n"
                            "area scratch mcu 4096 2048\n"
                            "area staging mcu 6144 6144\n"
                            "area journal mcu 12288 1536\n"
                            "area identity mcu 13824 1024\n"
                            "area settings mcu 14848 1024\n"
                            "decoder 2048\n";

/* Units of 256: a record fills a page. */
static const char pages[] = "profile pages\n"
                            "flash mcu sectors=20x256,12x512,10x2048 program=256 page=256\n"
                            "area slot mcu 0 4096\n"
                            "area scratch mcu 4096 1024\n"
                            "area staging mcu 5120 6144\n"
                            "area journal mcu 11264 6144\n"
                            "area identity mcu 17408 4096\n"
                            "area settings mcu 21504 4096\n"
                            "decoder 2048\n";

/* Staging on a flash of its own, with another unit and page. */
static const char spi[] = "profile spi\n"
                          "flash mcu sectors=20x256,10x512 program=8 page=256 write-once=yes\n"
                          "flash spi sectors=3x2048 program=1 page=256\n"
                          "area slot mcu 0 4096\n"
                          "area scratch mcu 4096 1024\n"
                          "area staging spi 0 6144\n"
                          "area journal mcu 5120 1536\n"
                          "area identity mcu 6656 1024\n"
                          "area settings mcu 7680 1024\n"
                          "decoder 2048\n";

static const char slots[] = "profile slots\n"
                            "flash nor sectors=32x256,24x512 program=16 page=256\n"
                            "area slot nor 0 4096\n"
                            "area slot2 nor 4096 4096\n"
                            "area staging nor 8192 6144\n"
                            "area journal nor 14336 1536\n"
                            "area identity nor 15872 1024\n"
                            "area settings nor 16896 1024\n"
                            "decoder 2048\n";

static const struct tiny_options base = {
    .profile = nor, .old_bytes = 3500, .new_bytes = 3800, .scratch = 4, .unit_sectors = 2};

/* Run the story (there and back) in peace. */
static void run_story(const struct tiny_options *o, uint32_t busy, const char *name)
{
    struct fota_powercut p;
    memset(&p, 0, sizeof p);
    tiny_init(&t, o);
    t.d.power.busy = busy;
    p.device = &t.d;
    p.story = &t.story;
    if (!fota_powercut_run(&p)) fail_msg("%s: %s", name, p.failure);
    tiny_free(&t);
}

static void every_flash_and_scheme_ends_with_the_new_image(void **state)
{
    (void)state;
    static const struct {
        const char *profile;
        uint32_t features;
        const char *name;
    } rows[] = {
        {nor, 0, "in place"},      {byte_nor, 0, "unit 1"},   {once, 0, "unit 8 of zeros"},
        {mixed, 0, "mixed"},       {pages, 0, "unit 256"},    {spi, 0, "staging on spi"},
        {slots, 4, "two slots"},   {nor, 1, "full"},          {mixed, 1, "full, mixed"},
        {slots, 1, "full, slots"}, {pages, 1, "full, pages"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct tiny_options o = base;
        o.profile = rows[i].profile;
        o.features = rows[i].features;
        if (o.features != 0) o.scratch = 0;
        if (o.profile == mixed && o.features == 0) o.scratch = 2;
        run_story(&o, 0, rows[i].name);
        run_story(&o, 3, rows[i].name); /* erases answer busy */
        o.descending = 1;
        run_story(&o, 0, rows[i].name);
    }
}

static void images_of_boundary_sizes(void **state)
{
    (void)state;
    static const uint32_t sizes[] = {1, 15, 16, 17, 255, 256, 257, 511, 512, 513, 4095, 4096};
    enum { N = sizeof sizes / sizeof sizes[0] };
    for (size_t i = 0; i < N; i++) {
        for (size_t k = 0; k < N; k++) {
            for (unsigned unit_sectors = 1; unit_sectors <= 4; unit_sectors += 3) {
                struct tiny_options o = base;
                char name[64];
                o.old_bytes = sizes[i];
                o.new_bytes = sizes[k];
                o.unit_sectors = unit_sectors;
                o.descending = (int)(i + k) % 2;
                (void)snprintf(name, sizeof name, "%u to %u", sizes[i], sizes[k]);
                run_story(&o, 0, name);
            }
        }
    }
}

static void unchanged_sectors_are_not_touched(void **state)
{
    (void)state;
    struct tiny_options o = base;
    o.old_bytes = 4000;
    o.new_bytes = 4000;
    o.same = 2560; /* ten of sixteen sectors */
    tiny_init(&t, &o);
    t.d.flash[0].worn_bytes = 2560; /* nothing would stick there */
    assert_int_equal(fota_sim_device_receive(&t.d, t.packages[0]), FOTA_SIM_RESET);
    assert_int_equal(fota_sim_device_boot(&t.d), FOTA_SIM_RESET);
    assert_true(fota_sim_device_holds(&t.d, 0, t.images[1]));
    tiny_free(&t);
}

/* ---- flash that fails ---- */

/* Boot until it settles; returns how it ends. */
static enum fota_sim_end settle(void)
{
    enum fota_sim_end end = FOTA_SIM_RESET;
    for (unsigned i = 0; i < 8 && end == FOTA_SIM_RESET; i++)
        end = fota_sim_device_boot(&t.d);
    return end;
}

static void expect_old_or_new_or_recovery(uint64_t at, const char *what)
{
    enum fota_sim_end end = settle();
    if (end == FOTA_SIM_RECOVERY) return;
    if (end != FOTA_SIM_STARTED) fail_msg("%s %u: end %d", what, (unsigned)at, end);
    if (!fota_sim_device_holds(&t.d, t.d.slot, t.images[0]) &&
        !fota_sim_device_holds(&t.d, t.d.slot, t.images[1]))
        fail_msg("%s %u: another image was started", what, (unsigned)at);
}

static uint64_t count_operations(const struct tiny_options *o)
{
    tiny_init(&t, o);
    assert_int_equal(fota_sim_device_receive(&t.d, t.packages[0]), FOTA_SIM_RESET);
    uint64_t received = t.d.power.n_ops;
    assert_int_equal(fota_sim_device_boot(&t.d), FOTA_SIM_RESET);
    uint64_t n = t.d.power.n_ops - received;
    tiny_free(&t);
    return n;
}

/* One or two bad operations anywhere: erased again and redone, or gone around. */
static void bad_operations_are_redone(void **state)
{
    (void)state;
    static const uint32_t features[] = {0, 1, 4};
    for (size_t i = 0; i < 3; i++) {
        struct tiny_options o = base;
        o.features = features[i];
        o.profile = features[i] == 4 ? slots : nor;
        o.scratch = features[i] == 0 ? 4 : 0;
        uint64_t n_ops = count_operations(&o);
        for (uint64_t at = 1; at <= n_ops; at++) {
            for (unsigned kind = 0; kind < 4; kind++) {
                tiny_init(&t, &o);
                assert_int_equal(fota_sim_device_receive(&t.d, t.packages[0]), FOTA_SIM_RESET);
                t.d.power.failure = kind % 2 == 0 ? FOTA_SIM_REPORTED : FOTA_SIM_SILENT;
                t.d.power.fail_at = t.d.power.n_ops + at;
                t.d.power.n_fail = 1 + kind / 2;
                enum fota_sim_end end = settle();
                if (end != FOTA_SIM_STARTED ||
                    !fota_sim_device_holds(&t.d, t.d.slot, t.images[1]))
                    fail_msg("scheme %u, operation %u, kind %u: end %d, status %d", features[i],
                             (unsigned)at, kind, end, t.d.boot.journal.last.result);
                /* an erase that silently fails on a blank sector cannot be seen */
                if (kind % 2 == 0) assert_int_equal(fota_sim_device_violations(&t.d), 0);
                tiny_free(&t);
            }
        }
    }
}

/* From some operation on nothing sticks any more: no wrong image is ever started. */
static void a_flash_that_dies_never_starts_a_wrong_image(void **state)
{
    (void)state;
    uint64_t n_ops = count_operations(&base);
    for (uint64_t at = 1; at <= n_ops; at++) {
        for (unsigned kind = 0; kind < 2; kind++) {
            tiny_init(&t, &base);
            assert_int_equal(fota_sim_device_receive(&t.d, t.packages[0]), FOTA_SIM_RESET);
            t.d.power.failure = kind == 0 ? FOTA_SIM_REPORTED : FOTA_SIM_SILENT;
            t.d.power.fail_at = t.d.power.n_ops + at;
            t.d.power.n_fail = UINT64_MAX / 2;
            expect_old_or_new_or_recovery(at, "dead from operation");
            t.d.power.n_fail = 0; /* the supply was to blame: now it goes on */
            enum fota_sim_end end = settle();
            assert_int_equal(end, FOTA_SIM_STARTED);
            tiny_free(&t);
        }
    }
}

/* A sector that is worn for good. */
static void worn_sectors_end_in_old_new_or_recovery(void **state)
{
    (void)state;
    for (uint32_t addr = 0; addr < 13824; addr += 256) {
        tiny_init(&t, &base);
        if (fota_sim_device_receive(&t.d, t.packages[0]) == FOTA_SIM_RESET) {
            t.d.flash[0].worn_addr = addr;
            t.d.flash[0].worn_bytes = 256;
            t.d.power.failure = FOTA_SIM_SILENT;
            expect_old_or_new_or_recovery(addr, "worn sector");
            bool slot_worn = addr < 3800;
            bool is_new = fota_sim_device_holds(&t.d, 0, t.images[1]);
            if (slot_worn) assert_false(is_new);
            if (addr >= 11264) assert_true(is_new); /* journal and identity go around it */
        }
        tiny_free(&t);
    }
}

static void a_worn_ring_leaves_the_old_firmware_and_the_reason(void **state)
{
    (void)state;
    tiny_init(&t, &base);
    assert_int_equal(fota_sim_device_receive(&t.d, t.packages[0]), FOTA_SIM_RESET);
    t.d.flash[0].worn_addr = SCRATCH;
    t.d.flash[0].worn_bytes = 256;
    assert_int_equal(fota_sim_device_boot(&t.d), FOTA_SIM_STARTED);
    assert_non_null(strstr(t.d.console, "failed. status=42\r\n"));
    assert_true(fota_sim_device_holds(&t.d, 0, t.images[0]));
    assert_int_equal(fota_sim_device_boot(&t.d), FOTA_SIM_STARTED);
    assert_string_equal(t.d.console, "");
    assert_int_equal(fota_journal_last(&t.d.boot.journal)->result, 42);
    assert_true(fota_journal_is_final(&t.d.boot.journal));
    tiny_free(&t);
}

/* ---- flash that forgets, between two boots ---- */

/* Receive, cut the update after `at` of its operations, and flip a bit at `addr`. */
static bool cut_and_flip(uint64_t at, uint32_t addr)
{
    tiny_init(&t, &base);
    assert_int_equal(fota_sim_device_receive(&t.d, t.packages[0]), FOTA_SIM_RESET);
    t.d.power.cut_at = t.d.power.n_ops + at;
    t.d.power.when = FOTA_SIM_AFTER;
    bool was_cut = fota_sim_device_boot(&t.d) == FOTA_SIM_POWER_CUT;
    t.d.flash[0].data[addr] ^= 0x40;
    return was_cut;
}

static void a_bit_flipped_in_staging_between_boots(void **state)
{
    (void)state;
    uint64_t n_ops = count_operations(&base);
    unsigned n_recovery = 0;
    unsigned n_old = 0;
    for (uint64_t at = 1; at <= n_ops - 6; at += 3) {
        uint32_t off = (uint32_t)(at * 53 % 3000);
        assert_true(cut_and_flip(at, STAGING + off));
        enum fota_sim_end end = settle();
        if (end == FOTA_SIM_STARTED) {
            assert_true(fota_sim_device_holds(&t.d, 0, t.images[0]));
            assert_non_null(strstr(t.d.console, "failed. status="));
            n_old++;
        } else {
            assert_int_equal(end, FOTA_SIM_RECOVERY);
            n_recovery++;
        }
        tiny_free(&t);
    }
    assert_true(n_old >= 2 && n_recovery > 20);
}

static void a_bit_flipped_in_the_slot_between_boots(void **state)
{
    (void)state;
    uint64_t n_ops = count_operations(&base);
    for (uint64_t at = 1; at <= n_ops; at++) {
        uint32_t addr = (uint32_t)(at * 97 % 3500);
        (void)cut_and_flip(at, addr);
        expect_old_or_new_or_recovery(at, "slot flipped after operation");
        tiny_free(&t);
    }
}

static void a_bit_flipped_in_the_ring_between_boots(void **state)
{
    (void)state;
    uint64_t n_ops = count_operations(&base);
    for (uint64_t at = 1; at <= n_ops; at++) {
        uint32_t addr = SCRATCH + (uint32_t)(at * 97 % 1024);
        (void)cut_and_flip(at, addr);
        expect_old_or_new_or_recovery(at, "ring flipped after operation");
        tiny_free(&t);
    }
}

/* The read-back check sees a bit that changed in the slot while the ring still helps. */
static void what_changed_behind_the_write_is_written_again(void **state)
{
    (void)state;
    uint64_t n_ops = count_operations(&base);
    unsigned n_redone = 0;
    for (uint64_t at = 1; at <= n_ops - 6; at++) {
        (void)cut_and_flip(at, 0); /* of the first unit's first sector */
        enum fota_sim_end end = settle();
        if (end == FOTA_SIM_STARTED && fota_sim_device_holds(&t.d, 0, t.images[1])) n_redone++;
        tiny_free(&t);
    }
    assert_true(n_redone > 2);
}

/* A unit that has been read back and recorded is not looked at again but by the last hash: a
 * success is never claimed for another image. */
static void damage_of_a_finished_unit_is_seen_at_the_end(void **state)
{
    (void)state;
    uint64_t n_ops = count_operations(&base);
    unsigned n_seen = 0;
    for (uint64_t at = 20; at <= n_ops - 6; at++) {
        assert_true(cut_and_flip(at, 0)); /* of the first unit's first sector */
        enum fota_sim_end end = fota_sim_device_boot(&t.d);
        bool success = strstr(t.d.console, "success") != NULL;
        assert_int_equal(success, fota_sim_device_holds(&t.d, 0, t.images[1]));
        if (strstr(t.d.console, "failed. status=27\r\n") != NULL) n_seen++;
        assert_int_equal(end, success ? FOTA_SIM_RESET : FOTA_SIM_RECOVERY);
        tiny_free(&t);
    }
    assert_true(n_seen > 20);
}

static void a_torn_ring_is_content_lost(void **state)
{
    (void)state;
    uint64_t n_ops = count_operations(&base);
    for (uint64_t at = 8; at <= n_ops; at += 5) {
        (void)cut_and_flip(at, 4000);
        t.d.flash[0].ecc = true;
        t.d.flash[0].units[SCRATCH / 16 + 3] = 3;
        expect_old_or_new_or_recovery(at, "ring torn after operation");
        tiny_free(&t);
    }
}

static void another_package_in_staging_is_not_applied(void **state)
{
    (void)state;
    struct tiny_options o = base;
    o.features = 1;
    o.scratch = 0;
    tiny_init(&t, &o);
    static uint8_t full[TINY_PACKAGE_MAX];
    uint32_t n = t.packages[0].n_bytes;
    memcpy(full, t.packages[0].at, n);
    tiny_free(&t);
    tiny_init(&t, &base);
    assert_int_equal(fota_sim_device_receive(&t.d, t.packages[0]), FOTA_SIM_RESET);
    memset(t.d.flash[0].data + STAGING, 0xFF, 6144);
    memcpy(t.d.flash[0].data + STAGING, full, n);
    assert_int_equal(fota_sim_device_boot(&t.d), FOTA_SIM_STARTED);
    assert_non_null(strstr(t.d.console, "failed. status=25\r\n"));
    assert_true(fota_sim_device_holds(&t.d, 0, t.images[0]));
    tiny_free(&t);
}

/* ---- packages that the maker should not have signed ---- */

/* Flip a bit of the coded bytes of unit `index` and sign the package again. */
static void spoil_unit(uint32_t index, bool fix_crc)
{
    uint8_t *p = t.package_bytes[0];
    uint32_t n = t.packages[0].n_bytes;
    for (uint32_t i = 12; i < n; i++)
        p[i] ^= 0x5A;
    uint32_t body = fota_le16(p + 6) + 70U;
    uint32_t at = body + 4;
    while (index-- > 0)
        at += 15U + fota_le16(p + at + 3);
    p[at + 15 + 4] ^= 1;
    if (fix_crc) {
        uint32_t crc = fota_crc32(0, p + at, 11);
        fota_put_le32(p + at + 11, fota_crc32(crc, p + at + 15, fota_le16(p + at + 3)));
    }
    struct fota_sha256 sha;
    fota_sha256_init(&sha);
    fota_sha256_update(&sha, p + body, n - body);
    fota_sha256_final(&sha, p + 92);
    for (uint32_t i = 12; i < n; i++)
        p[i] ^= 0x5A;
    fake_sign(p);
}

static void coded_bytes_are_checked_before_the_units_first_erase(void **state)
{
    (void)state;
    tiny_init(&t, &base);
    spoil_unit(0, false);
    assert_int_equal(fota_sim_device_receive(&t.d, t.packages[0]), FOTA_SIM_RESET);
    assert_int_equal(fota_sim_device_boot(&t.d), FOTA_SIM_STARTED);
    assert_non_null(strstr(t.d.console, "failed. status=25\r\n"));
    assert_true(fota_sim_device_holds(&t.d, 0, t.images[0]));
    tiny_free(&t);
}

static void a_failed_update_is_repaired_by_a_full_package(void **state)
{
    (void)state;
    for (unsigned fix_crc = 0; fix_crc < 2; fix_crc++) {
        struct tiny_options o = base;
        o.features = 1;
        o.scratch = 0;
        static uint8_t full[TINY_PACKAGE_MAX];
        tiny_init(&t, &o);
        struct fota_sim_bytes repair = {full, t.packages[0].n_bytes};
        memcpy(full, t.packages[0].at, repair.n_bytes);
        tiny_free(&t);
        tiny_init(&t, &base);
        spoil_unit(2, fix_crc != 0);
        assert_int_equal(fota_sim_device_receive(&t.d, t.packages[0]), FOTA_SIM_RESET);
        assert_int_equal(fota_sim_device_boot(&t.d), FOTA_SIM_RECOVERY);
        assert_non_null(strstr(t.d.console, fix_crc ? "status=26\r\n" : "status=25\r\n"));
        assert_int_equal(fota_sim_device_boot(&t.d), FOTA_SIM_RECOVERY);
        assert_int_equal(fota_sim_device_receive(&t.d, t.packages[1]), FOTA_SIM_REFUSED);
        assert_int_equal(t.d.err, FOTA_E_BASE);
        assert_int_equal(fota_sim_device_receive(&t.d, repair), FOTA_SIM_RESET);
        assert_int_equal(fota_sim_device_boot(&t.d), FOTA_SIM_RESET);
        assert_int_equal(fota_sim_device_boot(&t.d), FOTA_SIM_STARTED);
        assert_true(fota_sim_device_holds(&t.d, 0, t.images[1]));
        tiny_free(&t);
    }
}

/* ---- records ---- */

static void the_security_counter_never_falls(void **state)
{
    (void)state;
    struct fota_identity id;
    tiny_init(&t, &base);
    fota_sim_device_provision(&t.d, t.images[0], "A07", 5);
    assert_int_equal(fota_sim_device_receive(&t.d, t.packages[0]), FOTA_SIM_RESET);
    assert_int_equal(fota_sim_device_boot(&t.d), FOTA_SIM_RESET);
    assert_int_equal(fota_identity_read(&id, &t.d.device.area[FOTA_AREA_IDENTITY]), FOTA_OK);
    assert_int_equal(id.security_counter, 5);
    assert_string_equal(id.version, "A08");
    assert_string_equal(id.product, "M95");
    assert_int_equal(id.image_bytes, 3800);
    tiny_free(&t);
    /* The identity is lost in the middle of the update: the journal remembers the counter. */
    tiny_init(&t, &base);
    assert_int_equal(fota_sim_device_receive(&t.d, t.packages[0]), FOTA_SIM_RESET);
    t.d.power.cut_at = t.d.power.n_ops + 20;
    assert_int_equal(fota_sim_device_boot(&t.d), FOTA_SIM_POWER_CUT);
    memset(t.d.flash[0].data + 12800, 0xFF, 1024);
    memset(t.d.flash[0].units + 800, 0, 64);
    assert_int_equal(fota_sim_device_boot(&t.d), FOTA_SIM_RESET);
    assert_int_equal(fota_identity_read(&id, &t.d.device.area[FOTA_AREA_IDENTITY]), FOTA_OK);
    assert_int_equal(id.security_counter, 5);
    tiny_free(&t);
}

static void cuts_are_counted(void **state)
{
    (void)state;
    tiny_init(&t, &base);
    assert_int_equal(fota_sim_device_receive(&t.d, t.packages[0]), FOTA_SIM_RESET);
    for (unsigned i = 0; i < 3; i++) {
        t.d.power.cut_at = t.d.power.n_ops + 12;
        assert_int_equal(fota_sim_device_boot(&t.d), FOTA_SIM_POWER_CUT);
    }
    assert_int_equal(fota_sim_device_boot(&t.d), FOTA_SIM_RESET);
    assert_int_equal(fota_sim_device_boot(&t.d), FOTA_SIM_STARTED);
    const struct fota_snapshot *last = fota_journal_last(&t.d.boot.journal);
    assert_int_equal(last->cuts, 3);
    assert_int_equal(last->result, 0);
    tiny_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_flash_and_scheme_ends_with_the_new_image),
        cmocka_unit_test(images_of_boundary_sizes),
        cmocka_unit_test(unchanged_sectors_are_not_touched),
        cmocka_unit_test(bad_operations_are_redone),
        cmocka_unit_test(a_flash_that_dies_never_starts_a_wrong_image),
        cmocka_unit_test(worn_sectors_end_in_old_new_or_recovery),
        cmocka_unit_test(a_worn_ring_leaves_the_old_firmware_and_the_reason),
        cmocka_unit_test(a_bit_flipped_in_staging_between_boots),
        cmocka_unit_test(a_bit_flipped_in_the_slot_between_boots),
        cmocka_unit_test(a_bit_flipped_in_the_ring_between_boots),
        cmocka_unit_test(what_changed_behind_the_write_is_written_again),
        cmocka_unit_test(damage_of_a_finished_unit_is_seen_at_the_end),
        cmocka_unit_test(a_torn_ring_is_content_lost),
        cmocka_unit_test(another_package_in_staging_is_not_applied),
        cmocka_unit_test(coded_bytes_are_checked_before_the_units_first_erase),
        cmocka_unit_test(a_failed_update_is_repaired_by_a_full_package),
        cmocka_unit_test(the_security_counter_never_falls),
        cmocka_unit_test(cuts_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
