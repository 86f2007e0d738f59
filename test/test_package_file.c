/* SPDX-License-Identifier: MIT */
#include "core/crc32.h"
#include "core/le.h"
#include "host/keys.h"
#include "host/package_file.h"
#include "host/package_write.h"
#include "test/temp_dir.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define PROLOGUE 7U

/* Units are only walked here, not decoded: the coded bytes are anything. */
struct unit {
    uint16_t first;
    uint8_t n;
    uint16_t map;
    uint8_t n_coded;
    bool bad_crc;
};

struct draft {
    uint8_t body[400];
    uint32_t body_bytes;
    uint32_t old_bytes, new_bytes;
    uint16_t n_units;
    uint16_t scratch;
    bool two_slots;
};

static const struct fota_flash_run run = {16, 4096};
static const struct fota_flash flash = {.runs = &run, .n_runs = 1};
static const struct fota_area slot = {&flash, 0, 16 * 4096};
static uint8_t image[16 * 4096];

static void add_unit(struct draft *d, const struct unit *u)
{
    uint8_t *at = d->body + d->body_bytes;
    uint32_t n_map = (u->n + 7U) / 8U;
    fota_put_le16(at, u->first);
    at[2] = u->n;
    fota_put_le16(at + 3, u->n_coded);
    at[5] = 0;
    fota_put_le32(at + 6, 0x12345678);
    for (uint32_t i = 0; i < n_map; i++) {
        at[10 + i] = i < 2 ? (uint8_t)(u->map >> 8 * i) : 0;
    }
    uint8_t *coded = at + 10 + n_map + 4;
    for (uint32_t i = 0; i < u->n_coded; i++) {
        coded[i] = (uint8_t)(i * 11);
    }
    uint32_t crc = fota_crc32(0, at, 10 + n_map);
    crc = fota_crc32(crc, coded, u->n_coded);
    fota_put_le32(at + 10 + n_map, u->bad_crc ? crc ^ 1 : crc);
    d->body_bytes += 14 + n_map + u->n_coded;
    d->n_units++;
}

static struct draft new_draft(void)
{
    return (struct draft){
        .body_bytes = PROLOGUE, .old_bytes = 30000, .new_bytes = 40000, .scratch = 4};
}

static struct fota_private_key maker_key(uint8_t number)
{
    const uint8_t seed[32] = {number};
    struct fota_private_key key;
    assert_int_equal(fota_private_key_from_seed(&key, seed), FOTA_OK);
    return key;
}

/* The package of a draft; malloc'd. */
static uint8_t *seal(struct draft *d, uint32_t *n_bytes)
{
    const struct fota_private_key key = maker_key(1);
    struct fota_encoded encoded = {.body = d->body,
                                   .body_bytes = d->body_bytes,
                                   .prologue_bytes = PROLOGUE,
                                   .n_units = d->n_units,
                                   .scratch_sectors = d->scratch,
                                   .codec = 1,
                                   .decoder_bytes = 4000};
    const struct fota_signer signer = fota_private_key_signer(&key);
    const struct fota_package_spec spec = {.product = "M95",
                                           .from_version = d->old_bytes != 0 ? "A07" : "",
                                           .to_version = "A08",
                                           .two_slots = d->two_slots,
                                           .old_image = {image, d->old_bytes},
                                           .new_image = {image, d->new_bytes},
                                           .slot = &slot,
                                           .encoded = &encoded,
                                           .signers = &signer,
                                           .n_signers = 1};
    uint8_t *package;
    struct fota_fault fault;
    assert_int_equal(fota_package_write(&package, n_bytes, &spec, &fault), FOTA_OK);
    return package;
}

static enum fota_err
parts_of(struct fota_package_parts *parts, struct draft *d, struct fota_fault *fault)
{
    uint32_t n;
    uint8_t *package = seal(d, &n);
    struct fota_package_file file;
    assert_int_equal(fota_package_file_of(&file, package, n, "p", fault), FOTA_OK);
    enum fota_err err = fota_package_file_parts(parts, &file, &slot, "p", fault);
    fota_package_file_free(&file);
    free(package);
    return err;
}

static const struct unit first_unit = {0, 4, 0x0B, 20, false}; /* writes 0, 1, 3 */
static const struct unit second_unit = {7, 3, 0x07, 30,
                                        false}; /* 7 holds base bytes, 8, 9 no */

static void parts_are_counted(void **state)
{
    (void)state;
    static const struct {
        uint32_t old_bytes;
        bool two_slots;
        uint16_t scratch;
        uint32_t n_stashed;
    } cases[] = {{30000, false, 4, 4},
                 {28672, false, 4, 3},
                 {28673, false, 4, 4},
                 {30000, true, 0, 0},
                 {0, false, 0, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct draft d = new_draft();
        struct fota_package_parts parts;
        struct fota_fault fault;
        d.old_bytes = cases[i].old_bytes;
        d.two_slots = cases[i].two_slots;
        d.scratch = cases[i].scratch;
        add_unit(&d, &first_unit);
        add_unit(&d, &second_unit);
        assert_int_equal(parts_of(&parts, &d, &fault), FOTA_OK);
        assert_int_equal(parts.head_bytes, 148 + 6 + (cases[i].old_bytes != 0 ? 3 : 0));
        assert_int_equal(parts.signature_bytes, 70);
        assert_int_equal(parts.prologue_bytes, PROLOGUE);
        assert_int_equal(parts.unit_head_bytes, 30);
        assert_int_equal(parts.coded_bytes, 50);
        assert_int_equal(parts.n_written, 6);
        assert_int_equal(parts.n_stashed, cases[i].n_stashed);
        assert_int_equal(parts.last_sector, 9);
    }
}

static void malformed_bodies_are_refused_with_their_place(void **state)
{
    (void)state;
    static const struct {
        struct unit unit; /* the second */
        uint16_t more_units;
        uint16_t scratch;
        uint32_t more_bytes;
        enum fota_err expected;
        const char *detail;
    } cases[] = {
        {{7, 3, 7, 30, false}, 0, 4, 0, FOTA_OK, ""},
        {{7, 3, 7, 30, true}, 0, 4, 0, FOTA_E_CODED, "unit 1: CRC of head and coded bytes"},
        {{3, 3, 7, 30, false}, 0, 4, 0, FOTA_E_BODY, "unit 1: writes a sector again"},
        {{3, 3, 6, 30, false}, 0, 4, 0, FOTA_OK, ""},
        {{7, 4, 7, 30, false},
         0,
         4,
         0,
         FOTA_E_BODY,
         "unit 1: spans sectors behind the new image"},
        {{4, 4, 15, 30, false},
         0,
         3,
         0,
         FOTA_E_BODY,
         "unit 1: stashes more sectors than the ring has"},
        {{7, 3, 0, 30, false}, 0, 4, 0, FOTA_E_BODY, "unit 1: head malformed"},
        {{7, 3, 7, 30, false}, 1, 4, 0, FOTA_E_BODY, "unit 2: head malformed"},
        {{7, 3, 7, 30, false}, 0, 4, UINT32_MAX, FOTA_E_BODY, "unit 1: head malformed"},
        {{7, 3, 7, 30, false}, 0, 4, 1, FOTA_E_BODY, "unit 2: bytes behind the last"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct draft d = new_draft();
        struct fota_package_parts parts;
        struct fota_fault fault = {.detail = ""};
        d.scratch = cases[i].scratch;
        add_unit(&d, &first_unit);
        add_unit(&d, &cases[i].unit);
        d.n_units = (uint16_t)(d.n_units + cases[i].more_units);
        d.body_bytes += cases[i].more_bytes;
        assert_int_equal(parts_of(&parts, &d, &fault), cases[i].expected);
        assert_string_equal(fault.detail, cases[i].detail);
        if (cases[i].expected == FOTA_OK) continue;
        assert_int_equal(fault.place, FOTA_FAULT_AT_OFFSET);
        uint32_t second = 148 + 9 + 70 + PROLOGUE + 15 + 20;
        uint32_t third = second + 15 + 30;
        assert_int_equal(fault.at, fault.detail[5] == '1' ? second : third);
    }
}

static void a_changed_body_fails_its_hash(void **state)
{
    (void)state;
    struct draft d = new_draft();
    add_unit(&d, &first_unit);
    add_unit(&d, &second_unit);
    uint32_t n;
    uint8_t *package = seal(&d, &n);
    for (uint32_t i = n - d.body_bytes; i < n; i++) {
        struct fota_package_file file;
        struct fota_package_parts parts;
        struct fota_fault fault;
        package[i] ^= 0x10;
        assert_int_equal(fota_package_file_of(&file, package, n, "p", &fault), FOTA_OK);
        assert_int_equal(fota_package_file_parts(&parts, &file, &slot, "p", &fault),
                         FOTA_E_BODY_HASH);
        fota_package_file_free(&file);
        package[i] ^= 0x10;
    }
    free(package);
}

static void files_that_are_no_whole_package_are_refused(void **state)
{
    (void)state;
    static const struct {
        uint32_t n_bytes; /* 0: whole; 1000: one more */
        enum fota_err expected;
        const char *detail;
    } cases[] = {
        {0, FOTA_OK, ""},
        {1, FOTA_E_TRUNCATED, "1 bytes"},
        {11, FOTA_E_TRUNCATED, "11 bytes"},
        {12, FOTA_E_TRUNCATED, "12 of 314 bytes"},
        {313, FOTA_E_TRUNCATED, "313 of 314 bytes"},
        {1000, FOTA_E_OVERLONG, "686 bytes behind the package's end"},
    };
    struct draft d = new_draft();
    add_unit(&d, &first_unit);
    add_unit(&d, &second_unit);
    uint32_t n;
    uint8_t *package = seal(&d, &n);
    assert_int_equal(n, 314);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t bytes[1000] = {0};
        memcpy(bytes, package, n);
        FILE *f = fopen("p.fota", "wb");
        assert_non_null(f);
        size_t length = cases[i].n_bytes != 0 ? cases[i].n_bytes : n;
        assert_int_equal(fwrite(bytes, 1, length, f), length);
        assert_int_equal(fclose(f), 0);
        struct fota_package_file file;
        struct fota_fault fault = {.detail = ""};
        assert_int_equal(fota_package_file_read(&file, "p.fota", &fault), cases[i].expected);
        assert_string_equal(fault.detail, cases[i].detail);
        if (cases[i].expected == FOTA_OK) {
            const struct fota_private_key good = maker_key(1);
            const struct fota_private_key other = maker_key(2);
            struct fota_trusted_keys keys = {&good.public_key, 1};
            assert_memory_equal(file.masked, package, n);
            assert_int_equal(fota_package_file_verify(&file, keys, "p", &fault), FOTA_OK);
            keys.keys = &other.public_key;
            assert_int_equal(fota_package_file_verify(&file, keys, "p", &fault),
                             FOTA_E_UNKNOWN_KEY);
        }
        fota_package_file_free(&file);
    }
    free(package);
}

static void a_package_longer_than_its_head_may_be_is_cut_behind_the_head(void **state)
{
    (void)state;
    static const struct unit long_unit = {0, 4, 0x0B, 250, false};
    struct draft d = new_draft();
    add_unit(&d, &long_unit);
    add_unit(&d, &second_unit);
    uint32_t n;
    uint8_t *package = seal(&d, &n);
    assert_true(n > FOTA_PACKAGE_HEAD_MAX + 1);
    for (uint32_t cut = FOTA_PACKAGE_HEAD_MAX; cut < n; cut++) {
        struct fota_package_file file;
        struct fota_fault fault;
        assert_int_equal(fota_package_file_of(&file, package, cut, "p", &fault),
                         FOTA_E_TRUNCATED);
        assert_null(file.masked);
    }
    free(package);
}

static void the_geometry_is_found_by_its_id(void **state)
{
    (void)state;
    static const struct fota_flash_run runs[] = {{16, 4096}, {1, 0x100000}, {4096, 256},
                                                 {79, 512},  {3, 131072},   {4096, 0x80000}};
    for (size_t i = 0; i < sizeof runs / sizeof runs[0]; i++) {
        const struct fota_flash f = {.runs = &runs[i], .n_runs = 1};
        const struct fota_area area = {&f, 0, runs[i].n_sectors * runs[i].sector_bytes};
        struct fota_package_file file = {.n_bytes = 0};
        struct fota_flash_run found;
        file.pkg.geometry_id = fota_area_geometry_id(&area);
        file.pkg.base_bytes = 30000;
        file.pkg.new_bytes = 40000;
        assert_true(fota_package_file_geometry(&found, &file));
        assert_int_equal(found.n_sectors, runs[i].n_sectors);
        assert_int_equal(found.sector_bytes, runs[i].sector_bytes);
        file.pkg.geometry_id ^= 1; /* of nothing there is */
        assert_false(fota_package_file_geometry(&found, &file));
    }
}

int main(void)
{
    struct temp_dir dir;
    temp_dir_enter(&dir);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_are_counted),
        cmocka_unit_test(malformed_bodies_are_refused_with_their_place),
        cmocka_unit_test(a_changed_body_fails_its_hash),
        cmocka_unit_test(files_that_are_no_whole_package_are_refused),
        cmocka_unit_test(a_package_longer_than_its_head_may_be_is_cut_behind_the_head),
        cmocka_unit_test(the_geometry_is_found_by_its_id),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    temp_dir_leave(&dir);
    return failed;
}
