/* SPDX-License-Identifier: MIT */
#include "host/scratch_advice.h"
#include "images.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define IMAGE_BYTES 120000U

/* The new image is the old one behind `moved` new bytes. */
static struct fota_scratch_advice advise(uint32_t moved, uint32_t swapped)
{
    struct test_slot slot;
    make_slot(&slot, 64, 4096);
    uint8_t *a = random_image(IMAGE_BYTES, 3);
    uint8_t *b = random_image(IMAGE_BYTES, 4);
    memcpy(b + moved, a + swapped, IMAGE_BYTES - moved - swapped);
    memcpy(b + IMAGE_BYTES - swapped, a, swapped);
    struct fota_encode_options options = {.mode = FOTA_ENCODE_IN_PLACE,
                                          .slot = &slot.area,
                                          .scratch_sectors = 8,
                                          .decoder_bytes = 16384,
                                          .level = 1};
    struct fota_scratch_advice advice;
    assert_int_equal(fota_scratch_advise(&advice, (struct fota_bytes){a, IMAGE_BYTES},
                                         (struct fota_bytes){b, IMAGE_BYTES}, &options),
                     FOTA_OK);
    free(a);
    free(b);
    return advice;
}

static void one_sector_is_enough_where_everything_moves_one_way(void **state)
{
    (void)state;
    struct fota_scratch_advice advice = advise(60000, 0);
    assert_int_equal(advice.sectors, 1);
    assert_true(advice.body_bytes * 50 <= advice.two_slots_bytes * 51);
}

/* The first 5 sectors go to the end, all others down by as many: whatever is written first, 5
 * sectors must be kept until the end; of the numbers tried it is 8. */
static void what_changes_places_needs_room(void **state)
{
    (void)state;
    struct fota_scratch_advice advice = advise(0, 5 * 4096);
    assert_true(advice.sectors >= 8 || advice.sectors == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_sector_is_enough_where_everything_moves_one_way),
        cmocka_unit_test(what_changes_places_needs_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
