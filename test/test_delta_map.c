/* SPDX-License-Identifier: MIT */
#include "core/delta_map.h"
#include "images.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { ROOM = 200 };

/* The definition, read plainly: the last segment added of those with the greatest begin not
 * above. */
static uint32_t
plain_diagonal(const uint32_t *begin, const uint32_t *diagonal, uint32_t n, uint32_t address)
{
    uint32_t best = UINT32_MAX;
    uint32_t first = UINT32_MAX;
    for (uint32_t i = 0; i < n; i++) {
        if (begin[i] <= address && (best == UINT32_MAX || begin[i] >= begin[best])) best = i;
        if (first == UINT32_MAX || begin[i] < begin[first]) first = i;
    }
    return n == 0 ? 0 : diagonal[best != UINT32_MAX ? best : first];
}

static void lookups_agree_with_the_definition(void **state)
{
    (void)state;
    uint8_t bytes[ROOM * FOTA_MAP_SEGMENT_BYTES];
    uint32_t begin[ROOM];
    uint32_t diagonal[ROOM];
    struct fota_map m = {bytes, 0, ROOM};
    uint32_t random = 4711;
    for (uint32_t n = 0; n < ROOM; n++) {
        for (uint32_t k = 0; k < 50; k++) {
            uint32_t address = next_random(&random) % 0x1000000;
            assert_int_equal(fota_map_diagonal(&m, address),
                             plain_diagonal(begin, diagonal, n, address));
        }
        begin[n] = next_random(&random) % 0x1000000;
        diagonal[n] = next_random(&random) % 0x1000000 - 0x800000;
        assert_int_equal(fota_map_add(&m, begin[n], diagonal[n]), FOTA_OK);
        assert_int_equal(fota_map_diagonal(&m, begin[n]), diagonal[n]);
    }
    assert_int_equal(fota_map_add(&m, 1, 1), FOTA_E_BODY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lookups_agree_with_the_definition),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
