/* SPDX-License-Identifier: MIT */
/* Power cuts in an update as makers ship it: the real encoder, decoder, signature and package,
 * between two code-like images and back.  Every operation, every outcome. */
#include "host/encode.h"
#include "host/keys.h"
#include "host/package_write.h"
#include "port/monocypher/monocypher_verifier.h"
#include "sim/powercut.h"
#include "test/images.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#ifndef FOTA_TEST_STRIDE
#define FOTA_TEST_STRIDE 1
#endif

enum { OLD_BYTES = 9000, NEW_BYTES = 9300 };

static const char in_place[] = "profile real\n"
                               "flash nor sectors=44x1024 program=8 page=256\n"
                               "area slot nor 0 16K\n"
                               "area scratch nor 16K 4K\n"
                               "area staging nor 20K 12K\n"
                               "area journal nor 32K 3K\n"
                               "area identity nor 36K 2K\n"
                               "area settings nor 38K 2K\n"
                               "decoder 16384\n";
static const char two_slots[] = "profile real2\n"
                                "flash nor sectors=52x1024 program=8 page=256\n"
                                "area slot nor 0 16K\n"
                                "area slot2 nor 16K 16K\n"
                                "area staging nor 32K 12K\n"
                                "area journal nor 44K 3K\n"
                                "area identity nor 47K 2K\n"
                                "area settings nor 49K 2K\n"
                                "decoder 16384\n";

struct real {
    struct fota_sim_device d;
    struct fota_private_key key;
    struct fota_trusted_keys trusted;
    struct fota_verifier verifier;
    uint8_t *image[2];
    uint8_t *package[2];
    struct fota_sim_bytes images[3];
    struct fota_sim_bytes packages[2];
    struct fota_powercut_story story;
};

static struct real r;

static void make_package(unsigned from, enum fota_encode_mode mode)
{
    const struct fota_area *slot = &r.d.device.area[FOTA_AREA_SLOT];
    const struct fota_sim_bytes *to = &r.images[1 - from];
    struct fota_bytes old_image = {r.images[from].at, r.images[from].n_bytes};
    struct fota_bytes new_image = {to->at, to->n_bytes};
    struct fota_encoded encoded;
    struct fota_fault fault;
    const struct fota_encode_options options = {
        .mode = mode,
        .slot = slot,
        .scratch_sectors = 4,
        .decoder_bytes = r.d.device.decoder_bytes,
    };
    if (mode == FOTA_ENCODE_FULL) old_image = (struct fota_bytes){NULL, 0};
    assert_int_equal(fota_encode(&encoded, old_image, new_image, &options), FOTA_OK);
    const struct fota_signer signer = fota_private_key_signer(&r.key);
    const struct fota_package_spec spec = {
        .product = "M95",
        .from_version = mode == FOTA_ENCODE_FULL ? ""
                        : from == 0              ? "A07"
                                                 : "A08",
        .to_version = from == 0 ? "A08" : "A07",
        .security_counter = 1,
        .two_slots = mode == FOTA_ENCODE_TWO_SLOTS,
        .old_image = old_image,
        .new_image = new_image,
        .slot = slot,
        .encoded = &encoded,
        .signers = &signer,
        .n_signers = 1,
    };
    uint32_t n_bytes;
    assert_int_equal(fota_package_write(&r.package[from], &n_bytes, &spec, &fault), FOTA_OK);
    r.packages[from] = (struct fota_sim_bytes){r.package[from], n_bytes};
    print_message("package %u: %u bytes, %u units\n", from, n_bytes, encoded.n_units);
    fota_encoded_free(&encoded);
}

static void set_up(const char *text, enum fota_encode_mode mode)
{
    static const uint8_t seed[32] = {7};
    struct fota_profile profile;
    struct fota_profile_fault fault;
    memset(&r, 0, sizeof r);
    assert_int_equal(fota_profile_parse(&profile, text, strlen(text), &fault), FOTA_OK);
    assert_int_equal(fota_private_key_from_seed(&r.key, seed), FOTA_OK);
    r.trusted.keys = (const uint8_t(*)[FOTA_ED25519_KEY_BYTES]) & r.key.public_key;
    r.trusted.n_keys = 1;
    r.verifier = fota_monocypher_verifier(&r.trusted);
    assert_int_equal(fota_sim_device_init(&r.d, &profile, true, &r.verifier, "M95"), FOTA_OK);
    r.image[0] = code_image(OLD_BYTES, 0);
    r.image[1] = code_image(NEW_BYTES, 12);
    r.images[0] = (struct fota_sim_bytes){r.image[0], OLD_BYTES};
    r.images[1] = (struct fota_sim_bytes){r.image[1], NEW_BYTES};
    r.images[2] = r.images[0];
    make_package(0, mode);
    make_package(1, mode);
    r.story = (struct fota_powercut_story){
        .images = r.images, .packages = r.packages, .n_packages = 2, .counter = 1};
    fota_sim_device_provision(&r.d, r.images[0], "A07", 0);
}

static void tear_down(void)
{
    fota_sim_device_free(&r.d);
    for (unsigned i = 0; i < 2; i++) {
        free(r.image[i]);
        free(r.package[i]);
    }
}

static void every_cut(const char *profile, enum fota_encode_mode mode, uint32_t stride)
{
    struct fota_powercut p;
    memset(&p, 0, sizeof p);
    set_up(profile, mode);
    p.device = &r.d;
    p.story = &r.story;
    p.depth = 1;
    p.stride = stride * FOTA_TEST_STRIDE;
    bool held = fota_powercut_explore(&p);
    print_message("%llu operations, %llu cuts tried (%llu of them to a known state)\n",
                  (unsigned long long)p.counts.n_ops, (unsigned long long)p.counts.n_cuts,
                  (unsigned long long)p.counts.n_known);
    if (!held)
        fail_msg("operation %u, outcome %u: %s", p.path[0].op, p.path[0].outcome, p.failure);
    tear_down();
}

static void an_update_in_place_survives_every_cut(void **state)
{
    (void)state;
    every_cut(in_place, FOTA_ENCODE_IN_PLACE, 1);
}

static void an_update_into_the_other_slot_survives_every_cut(void **state)
{
    (void)state;
    every_cut(two_slots, FOTA_ENCODE_TWO_SLOTS, 5);
}

static void a_full_image_in_place_survives_every_cut(void **state)
{
    (void)state;
    every_cut(in_place, FOTA_ENCODE_FULL, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_update_in_place_survives_every_cut),
        cmocka_unit_test(an_update_into_the_other_slot_survives_every_cut),
        cmocka_unit_test(a_full_image_in_place_survives_every_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
