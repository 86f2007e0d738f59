/* SPDX-License-Identifier: MIT */
#include "host/encode.h"
#include "host/image_pieces.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const uint8_t zeros[4096];

static void pieces_join_up_to_the_largest_gap(void **state)
{
    (void)state;
    for (uint32_t gap = FOTA_IMAGE_GAP_MAX - 1; gap <= FOTA_IMAGE_GAP_MAX + 1; gap++) {
        struct fota_image_pieces p = {.path = "in", .place = FOTA_FAULT_AT_LINE};
        struct fota_image image;
        struct fota_fault fault;
        assert_int_equal(fota_image_pieces_add(&p, 100 + 4 + gap, zeros, 4, 2, &fault),
                         FOTA_OK);
        assert_int_equal(fota_image_pieces_add(&p, 100, zeros, 4, 5, &fault), FOTA_OK);
        enum fota_err err = fota_image_pieces_join(&image, &p, &fault);
        fota_image_pieces_free(&p);
        assert_int_equal(err, gap <= FOTA_IMAGE_GAP_MAX ? FOTA_OK : FOTA_E_IMAGE);
        if (err < 0) {
            assert_int_equal(fault.at, 2);
            continue;
        }
        assert_int_equal(image.addr, 100);
        assert_int_equal(image.n_bytes, 8 + gap);
        for (uint32_t i = 0; i < image.n_bytes; i++) {
            uint8_t expected = i < 4 || i >= 4 + gap ? 0 : FOTA_IMAGE_GAP_FILL;
            if (image.at[i] != expected) fail();
        }
        fota_image_free(&image);
    }
}

static void neighbours_are_one_piece(void **state)
{
    (void)state;
    struct fota_image_pieces p = {.path = "in"};
    struct fota_fault fault;
    for (uint32_t i = 0; i < 1000; i++) {
        assert_int_equal(fota_image_pieces_add(&p, i * 16, zeros, 16, i, &fault), FOTA_OK);
    }
    assert_int_equal(p.n_pieces, 1);
    assert_int_equal(fota_image_pieces_add(&p, 15999, zeros, 0, 1, &fault), FOTA_OK);
    assert_int_equal(fota_image_pieces_add(&p, 15999, zeros, 1, 7, &fault), FOTA_OK);
    assert_int_equal(p.n_pieces, 2);
    struct fota_image image;
    assert_int_equal(fota_image_pieces_join(&image, &p, &fault), FOTA_E_IMAGE);
    assert_string_equal(fault.detail, "address 0x00003e7f is given twice");
    fota_image_pieces_free(&p);
}

static void more_than_the_largest_image_is_refused(void **state)
{
    (void)state;
    struct fota_image_pieces p = {.path = "in"};
    struct fota_fault fault;
    struct fota_image image;
    for (uint32_t off = 0; off < FOTA_IMAGE_MAX_BYTES; off += sizeof zeros) {
        assert_int_equal(fota_image_pieces_add(&p, off, zeros, sizeof zeros, 0, &fault),
                         FOTA_OK);
    }
    assert_int_equal(fota_image_pieces_add(&p, FOTA_IMAGE_MAX_BYTES, zeros, 1, 0, &fault),
                     FOTA_E_IMAGE);
    assert_string_equal(fault.detail, "the image is larger than 16 MiB");
    assert_int_equal(fota_image_pieces_join(&image, &p, &fault), FOTA_OK);
    assert_int_equal(image.n_bytes, FOTA_IMAGE_MAX_BYTES);
    fota_image_free(&image);
    fota_image_pieces_free(&p);
    /* Little content, but far apart. */
    memset(&p, 0, sizeof p);
    p.path = "in";
    for (uint32_t i = 0; i <= 16; i++) {
        assert_int_equal(fota_image_pieces_add(&p, i << 20, zeros, 1, i, &fault), FOTA_OK);
    }
    assert_int_equal(fota_image_pieces_join(&image, &p, &fault), FOTA_E_IMAGE);
    assert_string_equal(fault.detail, "the image with its gaps is larger than 16 MiB");
    fota_image_pieces_free(&p);
}

static void addresses_end_at_4_gib(void **state)
{
    (void)state;
    struct fota_image_pieces p = {.path = "in"};
    struct fota_fault fault;
    struct fota_image image;
    assert_int_equal(fota_image_pieces_join(&image, &p, &fault), FOTA_E_IMAGE);
    assert_string_equal(fault.detail, "no data in it");
    assert_int_equal(fota_image_pieces_add(&p, 0xFFFFFFFC, zeros, 5, 0, &fault), FOTA_E_IMAGE);
    assert_string_equal(fault.detail, "past the last address");
    assert_int_equal(fota_image_pieces_add(&p, 0xFFFFFFFC, zeros, 4, 0, &fault), FOTA_OK);
    assert_int_equal(fota_image_pieces_join(&image, &p, &fault), FOTA_OK);
    assert_int_equal(image.addr, 0xFFFFFFFC);
    fota_image_free(&image);
    fota_image_pieces_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_join_up_to_the_largest_gap),
        cmocka_unit_test(neighbours_are_one_piece),
        cmocka_unit_test(addresses_end_at_4_gib),
        cmocka_unit_test(more_than_the_largest_image_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
