/* SPDX-License-Identifier: MIT */
#include "host/apply.h"
#include "host/keys.h"
#include "host/package_write.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define OLD_BYTES 30000U
#define NEW_BYTES 33000U

static uint8_t old_bytes[OLD_BYTES];
static uint8_t new_bytes[NEW_BYTES];
static const struct fota_bytes old_image = {old_bytes, OLD_BYTES};
static const struct fota_bytes new_image = {new_bytes, NEW_BYTES};
static const struct fota_bytes no_image = {NULL, 0};

static struct fota_private_key key_of(uint8_t number)
{
    const uint8_t seed[32] = {number};
    struct fota_private_key key;
    assert_int_equal(fota_private_key_from_seed(&key, seed), FOTA_OK);
    return key;
}

static int make_images(void **state)
{
    (void)state;
    uint32_t seed = 1;
    for (uint32_t i = 0; i < OLD_BYTES; i++) {
        seed = seed * 1664525U + 1013904223U;
        old_bytes[i] = (uint8_t)(seed >> 28);
    }
    memcpy(new_bytes, old_bytes, 10000);
    memset(new_bytes + 10000, 0x55, 3000);
    memcpy(new_bytes + 13000, old_bytes + 10000, 20000);
    return 0;
}

/* A package for the layout; `full`: without base. */
static void
make_package(struct fota_package_file *file, const struct fota_layout *layout, bool full)
{
    const struct fota_private_key key = key_of(1);
    bool two_slots = layout->area[FOTA_AREA_SLOT2].n_bytes != 0;
    struct fota_encoded encoded;
    const struct fota_encode_options options = {
        .mode = full        ? FOTA_ENCODE_FULL
                : two_slots ? FOTA_ENCODE_TWO_SLOTS
                            : FOTA_ENCODE_IN_PLACE,
        .slot = &layout->area[FOTA_AREA_SLOT],
        .scratch_sectors = fota_area_n_sectors(&layout->area[FOTA_AREA_SCRATCH]),
        .decoder_bytes = layout->profile.decoder_bytes,
        .level = 1};
    assert_int_equal(fota_encode(&encoded, full ? no_image : old_image, new_image, &options),
                     FOTA_OK);
    const struct fota_signer signer = fota_private_key_signer(&key);
    const struct fota_package_spec spec = {.product = "M95",
                                           .from_version = full ? "" : "A07",
                                           .to_version = "A08",
                                           .two_slots = two_slots,
                                           .old_image = full ? no_image : old_image,
                                           .new_image = new_image,
                                           .slot = &layout->area[FOTA_AREA_SLOT],
                                           .encoded = &encoded,
                                           .signers = &signer,
                                           .n_signers = 1};
    uint8_t *package;
    uint32_t n_bytes;
    struct fota_fault fault;
    assert_int_equal(fota_package_write(&package, &n_bytes, &spec, &fault), FOTA_OK);
    assert_int_equal(fota_package_file_of(file, package, n_bytes, "p", &fault), FOTA_OK);
    free(package);
    fota_encoded_free(&encoded);
}

static enum fota_err
apply(struct fota_applied *out, const struct fota_package_file *file,
      const struct fota_layout *layout, struct fota_bytes image, uint8_t trusted)
{
    const struct fota_private_key key = key_of(trusted);
    struct fota_fault fault;
    const struct fota_apply_spec spec = {.file = file,
                                         .path = "p",
                                         .layout = layout,
                                         .keys = {&key.public_key, 1},
                                         .old_image = image};
    return fota_apply(out, &spec, &fault);
}

static const struct {
    uint32_t sector_bytes, scratch, slots;
    bool full;
} layouts[] = {
    {4096, 8, 1, false}, {4096, 1, 1, false}, {1024, 3, 1, false}, {16384, 1, 1, false},
    {4096, 0, 2, false}, {4096, 8, 1, true},  {4096, 0, 2, true},
};

static void a_device_makes_the_new_image_of_old_and_package(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof layouts / sizeof layouts[0]; i++) {
        static struct fota_layout layout;
        struct fota_fault fault;
        struct fota_package_file file;
        assert_int_equal(fota_layout_simple(&layout, layouts[i].sector_bytes,
                                            layouts[i].scratch, layouts[i].slots, 0x10000,
                                            &fault),
                         FOTA_OK);
        make_package(&file, &layout, layouts[i].full);
        /* With the layout, without it, and a full image also over an old one. */
        for (unsigned k = 0; k < (layouts[i].full ? 4U : 2U); k++) {
            struct fota_applied applied;
            struct fota_bytes image = layouts[i].full && k < 2 ? no_image : old_image;
            assert_int_equal(apply(&applied, &file, k % 2 == 0 ? &layout : NULL, image, 1),
                             FOTA_OK);
            assert_int_equal(applied.n_bytes, NEW_BYTES);
            assert_memory_equal(applied.image, new_bytes, NEW_BYTES);
            assert_true(applied.n_erases > 0 && applied.n_programs > 0);
            free(applied.image);
        }
        fota_package_file_free(&file);
    }
}

static void the_refusal_of_the_device_is_returned(void **state)
{
    (void)state;
    static struct fota_layout layout;
    struct fota_fault fault;
    struct fota_package_file file;
    struct fota_applied applied;
    assert_int_equal(fota_layout_simple(&layout, 4096, 8, 1, 0x10000, &fault), FOTA_OK);
    make_package(&file, &layout, false);
    assert_int_equal(apply(&applied, &file, NULL, old_image, 2), FOTA_E_UNKNOWN_KEY);
    assert_null(applied.image);
    assert_int_equal(apply(&applied, &file, NULL, new_image, 1), FOTA_E_ALREADY);
    const struct fota_bytes shorter = {old_bytes, OLD_BYTES - 1};
    assert_int_equal(apply(&applied, &file, NULL, shorter, 1), FOTA_E_BASE);
    const struct fota_bytes larger = {old_bytes, 0x10001};
    assert_int_equal(apply(&applied, &file, &layout, larger, 1), FOTA_E_BASE);
    old_bytes[OLD_BYTES - 1] ^= 1;
    assert_int_equal(apply(&applied, &file, NULL, old_image, 1), FOTA_E_BASE);
    old_bytes[OLD_BYTES - 1] ^= 1;
    file.masked[file.n_bytes - 1] ^= 1;
    assert_int_equal(apply(&applied, &file, NULL, old_image, 1), FOTA_E_BODY_HASH);
    file.masked[file.n_bytes - 1] ^= 1;
    /* Other layouts than the one it was made for. */
    assert_int_equal(fota_layout_simple(&layout, 4096, 8, 1, 0x20000, &fault), FOTA_OK);
    assert_int_equal(apply(&applied, &file, &layout, old_image, 1), FOTA_E_GEOMETRY);
    file.pkg.geometry_id ^= 1;
    assert_int_equal(apply(&applied, &file, NULL, old_image, 1), FOTA_E_GEOMETRY);
    fota_package_file_free(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_device_makes_the_new_image_of_old_and_package),
        cmocka_unit_test(the_refusal_of_the_device_is_returned),
    };
    return cmocka_run_group_tests(tests, make_images, NULL);
}
