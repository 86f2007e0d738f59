/* SPDX-License-Identifier: MIT */
/* What test/system/test_mcuboot.py cannot reach with images that imgtool makes. */
#include "core/identity.h"
#include "core/le.h"
#include "port/mcuboot/fota_mcuboot.h"
#include "sim/flash_sim.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define ARRAY_COUNT(a) (sizeof(a) / sizeof(a)[0])

enum { SECTOR = 1024, SLOT_SECTORS = 16, N_SECTORS = 40, N_BYTES = N_SECTORS * SECTOR };
enum { HEADER_BYTES = 64, PROGRAM_BYTES = 1000 };

static struct {
    struct fota_flash_run run;
    uint8_t data[N_BYTES];
    uint8_t units[N_BYTES];
    struct fota_sim_power power;
    struct fota_sim_flash flash;
    struct fota_mcuboot_slots slots;
    struct fota_device device;
    struct fota_mcuboot m;
} f;

static struct fota_area sectors(uint32_t first, uint32_t n)
{
    return (struct fota_area){&f.flash.port, first * SECTOR, n * SECTOR};
}

static void make_flash(uint32_t unit)
{
    const struct fota_sim_geometry geometry = {&f.run, 1, unit, 256, 0xFF, false};
    memset(&f.power, 0, sizeof f.power);
    f.run = (struct fota_flash_run){N_SECTORS, SECTOR};
    fota_sim_flash_init(&f.flash, &f.power, &geometry, f.data, NULL, f.units);
}

static int set_up(void **state)
{
    (void)state;
    memset(&f, 0, sizeof f);
    memset(f.data, 0xFF, sizeof f.data);
    make_flash(8);
    f.slots = (struct fota_mcuboot_slots){.primary = sectors(0, SLOT_SECTORS),
                                          .secondary = sectors(SLOT_SECTORS, SLOT_SECTORS),
                                          .mode = FOTA_MCUBOOT_SCRATCH,
                                          .max_align = 8,
                                          .max_sectors = 16};
    f.device.product = "M95";
    f.device.area[FOTA_AREA_IDENTITY] = sectors(32, 2);
    f.device.area[FOTA_AREA_JOURNAL] = sectors(34, 3);
    return 0;
}

static enum fota_err run(void)
{
    enum fota_err err;
    do {
        err = fota_mcuboot_poll(&f.m);
    } while (err == FOTA_MORE || err == FOTA_BUSY);
    return err;
}

static void the_trailer_is_as_long_as_mcuboot_says(void **state)
{
    static const struct {
        enum fota_mcuboot_mode mode;
        uint32_t unit, align, max_sectors, n_bytes;
    } rows[] = {
        {FOTA_MCUBOOT_SCRATCH, 1, 8, 128, 432},     {FOTA_MCUBOOT_SCRATCH, 8, 8, 128, 3120},
        {FOTA_MCUBOOT_MOVE, 4, 8, 64, 816},         {FOTA_MCUBOOT_OFFSET, 8, 8, 128, 3128},
        {FOTA_MCUBOOT_SCRATCH, 1, 32, 128, 544},    {FOTA_MCUBOOT_OFFSET, 16, 16, 64, 3168},
        {FOTA_MCUBOOT_SCRATCH, 32, 32, 256, 24736}, {FOTA_MCUBOOT_OFFSET, 32, 32, 256, 24768},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        make_flash(rows[i].unit);
        f.slots.mode = rows[i].mode;
        f.slots.max_align = rows[i].align;
        f.slots.max_sectors = rows[i].max_sectors;
        assert_int_equal(fota_mcuboot_trailer_bytes(&f.slots), rows[i].n_bytes);
    }
}

static void images_get_what_spare_sectors_and_trailers_leave(void **state)
{
    static const struct {
        enum fota_mcuboot_mode mode;
        uint32_t max_sectors, more_secondary; /* sectors that the secondary has more */
        uint32_t first, n;                    /* of the secondary; 0: refused */
    } rows[] = {
        {FOTA_MCUBOOT_SCRATCH, 16, 0, 0, 15}, /* 384 + 48 bytes: one sector */
        {FOTA_MCUBOOT_SCRATCH, 40, 0, 0, 15}, /* 1008: one */
        {FOTA_MCUBOOT_SCRATCH, 41, 0, 0, 14}, /* 1032: two */
        {FOTA_MCUBOOT_MOVE, 16, 0, 0, 14},    /* the primary keeps one more free */
        {FOTA_MCUBOOT_OFFSET, 16, 0, 1, 14},  /* the secondary begins one later */
        {FOTA_MCUBOOT_OFFSET, 16, 1, 1, 15},  /* as MCUboot advises: a sector more */
        {FOTA_MCUBOOT_SCRATCH, 638, 0, 0, 1}, /* 15,360 */
        {FOTA_MCUBOOT_SCRATCH, 639, 0, 0, 0},
        {FOTA_MCUBOOT_OFFSET, 638, 0, 0, 0},
        {FOTA_MCUBOOT_SCRATCH, 0, 0, 0, 0},
        {FOTA_MCUBOOT_SCRATCH, 0x60000000, 0, 0, 0}, /* a length that would wrap */
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        f.slots.mode = rows[i].mode;
        f.slots.max_sectors = rows[i].max_sectors;
        f.slots.secondary = sectors(SLOT_SECTORS, SLOT_SECTORS + rows[i].more_secondary);
        enum fota_err err = fota_mcuboot_init(&f.m, &f.slots, &f.device);
        assert_int_equal(err, rows[i].n == 0 ? FOTA_E_PROFILE : FOTA_OK);
        if (err < 0) continue;
        assert_int_equal(f.device.area[FOTA_AREA_SLOT].addr, 0);
        assert_int_equal(f.device.area[FOTA_AREA_SLOT].n_bytes, rows[i].n * SECTOR);
        assert_int_equal(f.device.area[FOTA_AREA_SLOT2].addr,
                         (SLOT_SECTORS + rows[i].first) * SECTOR);
        assert_int_equal(f.device.area[FOTA_AREA_SLOT2].n_bytes, rows[i].n * SECTOR);
    }
}

static void an_alignment_that_mcuboot_does_not_have_is_refused(void **state)
{
    static const uint32_t aligns[] = {0, 1, 4, 12, 64};
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(aligns); i++) {
        f.slots.max_align = aligns[i];
        assert_int_equal(fota_mcuboot_init(&f.m, &f.slots, &f.device), FOTA_E_PROFILE);
    }
    make_flash(16); /* fields of 8 bytes cannot be written one by one */
    f.slots.max_align = 8;
    assert_int_equal(fota_mcuboot_init(&f.m, &f.slots, &f.device), FOTA_E_PROFILE);
}

static void the_primary_slot_cannot_be_changed(void **state)
{
    static const uint8_t bytes[8] = {0};
    (void)state;
    assert_int_equal(fota_mcuboot_init(&f.m, &f.slots, &f.device), FOTA_OK);
    const struct fota_area *slot = &f.device.area[FOTA_AREA_SLOT];
    assert_int_equal(fota_area_program(slot, 0, bytes, sizeof bytes), FOTA_E_RANGE);
    assert_int_equal(fota_area_erase(slot, 0), FOTA_E_RANGE);
    assert_int_equal(f.power.n_ops, 0);
    assert_true(f.device.no_trial);
}

/* ---- what runs ---- */

struct header {
    uint32_t magic, header_bytes, protected_bytes, program_bytes, flags, build;
};

static const struct header plain = {0x96F3B83D, HEADER_BYTES, 0, PROGRAM_BYTES, 0, 0};

/* Header, program, protected TLVs if the header has some, 12 bytes of others. */
static void
put_image(const struct header *h, uint16_t protected_magic, uint16_t magic, uint16_t n_tlv)
{
    uint8_t *tlv = f.data + HEADER_BYTES + PROGRAM_BYTES;
    memset(f.data, 0x11, SLOT_SECTORS * SECTOR);
    fota_put_le32(f.data, h->magic);
    fota_put_le16(f.data + 8, (uint16_t)h->header_bytes);
    fota_put_le16(f.data + 10, (uint16_t)h->protected_bytes);
    fota_put_le32(f.data + 12, h->program_bytes);
    fota_put_le32(f.data + 16, h->flags);
    f.data[20] = 255;
    f.data[21] = 7;
    fota_put_le16(f.data + 22, 65535);
    fota_put_le32(f.data + 24, h->build);
    if (h->protected_bytes != 0) {
        fota_put_le16(tlv, protected_magic);
        fota_put_le16(tlv + 2, (uint16_t)h->protected_bytes);
        tlv += h->protected_bytes;
    }
    fota_put_le16(tlv, magic);
    fota_put_le16(tlv + 2, n_tlv);
    make_flash(8);
}

static enum fota_err identify(struct fota_identity *id)
{
    assert_int_equal(fota_mcuboot_init(&f.m, &f.slots, &f.device), FOTA_OK);
    fota_mcuboot_identify(&f.m);
    enum fota_err err = run();
    if (err == FOTA_OK)
        assert_int_equal(fota_identity_read(id, &f.device.area[FOTA_AREA_IDENTITY]), FOTA_OK);
    return err;
}

static void the_running_image_becomes_the_identity(void **state)
{
    struct fota_identity id;
    struct fota_sha256 sha;
    uint8_t digest[FOTA_SHA256_BYTES];
    struct header h = plain;
    (void)state;
    h.protected_bytes = 20;
    h.build = 4294967295U;
    put_image(&h, 0x6908, 0x6907, 12);
    assert_int_equal(identify(&id), FOTA_OK);
    assert_string_equal(id.product, "M95");
    assert_string_equal(id.version, "255.7.65535+4294967295");
    assert_int_equal(id.slot, 0);
    assert_int_equal(id.image_bytes, HEADER_BYTES + PROGRAM_BYTES + 20 + 12);
    fota_sha256_init(&sha);
    fota_sha256_update(&sha, f.data, id.image_bytes);
    fota_sha256_final(&sha, digest);
    assert_memory_equal(id.image_sha256, digest, sizeof digest);

    uint64_t n_ops = f.power.n_ops;
    assert_int_equal(identify(&id), FOTA_OK);
    assert_int_equal(f.power.n_ops, n_ops); /* it stands there already */
}

static void the_security_counter_outlives_a_swap(void **state)
{
    struct fota_identity id = {.product = "M95", .security_counter = 9, .slot = 1};
    uint8_t bytes[FOTA_IDENTITY_BYTES];
    struct fota_record_write write;
    enum fota_err err;
    (void)state;
    put_image(&plain, 0, 0x6907, 12);
    fota_identity_encode(&id, bytes);
    fota_record_write_begin(&write, &f.device.area[FOTA_AREA_IDENTITY], bytes, sizeof bytes, 0);
    do {
        err = fota_record_write_step(&write);
    } while (err == FOTA_MORE);
    assert_int_equal(err, FOTA_OK);
    assert_int_equal(identify(&id), FOTA_OK);
    assert_string_equal(id.version, "255.7.65535");
    assert_int_equal(id.security_counter, 9);
    assert_int_equal(id.slot, 0);
}

static void what_is_no_plain_image_of_mcuboot_is_refused(void **state)
{
    enum { SLOT_BYTES = 15 * SECTOR, LARGEST = SLOT_BYTES - HEADER_BYTES };
    static const struct {
        struct header h;
        uint16_t protected_magic, magic, n_tlv;
        enum fota_err err;
    } rows[] = {
        {{0x96F3B83C, HEADER_BYTES, 0, PROGRAM_BYTES, 0, 0}, 0, 0x6907, 12, FOTA_E_NO_IMAGE},
        {{0x96F3B83D, HEADER_BYTES, 0, PROGRAM_BYTES, 4, 0}, 0, 0x6907, 12, FOTA_E_IMAGE},
        {{0x96F3B83D, HEADER_BYTES, 0, PROGRAM_BYTES, 8, 0}, 0, 0x6907, 12, FOTA_E_IMAGE},
        {{0x96F3B83D, HEADER_BYTES, 0, PROGRAM_BYTES, 0, 0}, 0, 0x6908, 12, FOTA_E_NO_IMAGE},
        {{0x96F3B83D, HEADER_BYTES, 0, PROGRAM_BYTES, 0, 0}, 0, 0x6907, 3, FOTA_E_NO_IMAGE},
        {{0x96F3B83D, HEADER_BYTES, 0, PROGRAM_BYTES, 0, 0},
         0,
         0x6907,
         0xFFFF,
         FOTA_E_NO_IMAGE},
        {{0x96F3B83D, HEADER_BYTES, 8, PROGRAM_BYTES, 0, 0},
         0x6907,
         0x6907,
         12,
         FOTA_E_NO_IMAGE},
        {{0x96F3B83D, HEADER_BYTES, 0, 0xFFFFFFFF, 0, 0}, 0, 0x6907, 12, FOTA_E_NO_IMAGE},
        {{0x96F3B83D, HEADER_BYTES, 0, LARGEST, 0, 0}, 0, 0x6907, 12, FOTA_E_NO_IMAGE},
        {{0x96F3B83D, HEADER_BYTES, 0, LARGEST - 3, 0, 0}, 0, 0x6907, 12, FOTA_E_NO_IMAGE},
        {{0x96F3B83D, 0xFFFF, 0, 0, 0, 0}, 0, 0x6907, 12, FOTA_E_NO_IMAGE},
    };
    struct fota_identity id;
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        put_image(&rows[i].h, rows[i].protected_magic, rows[i].magic, rows[i].n_tlv);
        assert_int_equal(identify(&id), rows[i].err);
        assert_int_equal(f.power.n_ops, 0);
    }
}

/* ---- the update ---- */

static void nothing_happens_unless_the_journal_asks_for_it(void **state)
{
    static const struct fota_snapshot asked[] = {
        {.phase = FOTA_PHASE_IDLE, .target_slot = 1},
        {.phase = FOTA_PHASE_RESULT, .target_slot = 1},
        {.phase = FOTA_PHASE_RUN, .target_slot = 0}, /* over the running image */
    };
    static uint32_t work[64];
    struct fota_journal journal;
    (void)state;
    for (size_t i = 0; i <= ARRAY_COUNT(asked); i++) {
        assert_int_equal(fota_journal_load(&journal, &f.device.area[FOTA_AREA_JOURNAL]),
                         FOTA_OK);
        if (i > 0) {
            fota_journal_open(&journal, &asked[i - 1]);
            while (fota_journal_step(&journal) != FOTA_OK) {
            }
        }
        assert_int_equal(fota_mcuboot_init(&f.m, &f.slots, &f.device), FOTA_OK);
        uint64_t n_ops = f.power.n_ops;
        fota_mcuboot_update(&f.m, &journal, work, false);
        assert_int_equal(run(), FOTA_E_NO_TRANSFER);
        assert_int_equal(f.power.n_ops, n_ops);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_trailer_is_as_long_as_mcuboot_says, set_up),
        cmocka_unit_test_setup(images_get_what_spare_sectors_and_trailers_leave, set_up),
        cmocka_unit_test_setup(an_alignment_that_mcuboot_does_not_have_is_refused, set_up),
        cmocka_unit_test_setup(the_primary_slot_cannot_be_changed, set_up),
        cmocka_unit_test_setup(the_running_image_becomes_the_identity, set_up),
        cmocka_unit_test_setup(the_security_counter_outlives_a_swap, set_up),
        cmocka_unit_test_setup(what_is_no_plain_image_of_mcuboot_is_refused, set_up),
        cmocka_unit_test_setup(nothing_happens_unless_the_journal_asks_for_it, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
