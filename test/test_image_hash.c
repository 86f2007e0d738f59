/* SPDX-License-Identifier: MIT */
#include "core/image_hash.h"
#include "test/sim_area.h"
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct fota_flash_run runs[] = {{4, 1024}};
static const struct fota_sim_geometry geometry = {runs, 1, 1, 256, 0xFF, false};
static struct sim_area s;

static enum fota_err hash_image(uint32_t n_bytes, const uint8_t *expected, unsigned *n_steps)
{
    struct fota_image_hash h;
    enum fota_err err;
    *n_steps = 0;
    fota_image_hash_begin(&h, &s.area, n_bytes);
    do {
        err = fota_image_hash_step(&h, expected);
        ++*n_steps;
    } while (err == FOTA_MORE);
    return err;
}

static void set_up(uint8_t *digest, uint32_t n_bytes)
{
    struct fota_sha256 sha;
    sim_area_init(&s, &geometry);
    for (uint32_t i = 0; i < 4096; i++)
        s.data[i] = (uint8_t)(i * 11 + i / 256);
    fota_sha256_init(&sha);
    fota_sha256_update(&sha, s.data, n_bytes);
    fota_sha256_final(&sha, digest);
}

static void the_right_image_is_known_by_its_hash(void **state)
{
    (void)state;
    static const uint32_t sizes[] = {0, 1, 255, 256, 257, 1023, 1024, 1025, 4095, 4096};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        uint8_t digest[FOTA_SHA256_BYTES];
        unsigned n_steps;
        set_up(digest, sizes[i]);
        assert_int_equal(hash_image(sizes[i], digest, &n_steps), FOTA_OK);
        assert_in_range(n_steps, sizes[i] / 1024, sizes[i] / 1024 + 1);
    }
}

static void one_changed_bit_is_seen(void **state)
{
    (void)state;
    uint8_t digest[FOTA_SHA256_BYTES];
    unsigned n_steps;
    set_up(digest, 3000);
    for (uint32_t i = 0; i < 3000; i += 97) {
        s.data[i] ^= 1;
        assert_int_equal(hash_image(3000, digest, &n_steps), FOTA_E_IMAGE_HASH);
        s.data[i] ^= 1;
    }
    s.data[3000] ^= 1; /* behind the image */
    assert_int_equal(hash_image(3000, digest, &n_steps), FOTA_OK);
}

static void what_cannot_be_read_is_no_image(void **state)
{
    (void)state;
    uint8_t digest[FOTA_SHA256_BYTES];
    unsigned n_steps;
    set_up(digest, 4096);
    assert_int_equal(hash_image(4097, digest, &n_steps), FOTA_E_IMAGE_HASH);
    s.flash.ecc = true;
    s.flash.units[700] = 3; /* torn */
    assert_int_equal(hash_image(4096, digest, &n_steps), FOTA_E_IMAGE_HASH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_right_image_is_known_by_its_hash),
        cmocka_unit_test(one_changed_bit_is_seen),
        cmocka_unit_test(what_cannot_be_read_is_no_image),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
