/* SPDX-License-Identifier: MIT */
#include "core/le.h"
#include "core/thumb.h"
#include "host/analyze.h"
#include "images.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { BASE = 0x08008000, RAM = 0x20000000, N_FUNCTIONS = 200, FUNCTION_BYTES = 96 };

static uint32_t place(uint32_t f)
{
    return f * FUNCTION_BYTES + 4 * (f * 2654435761U >> 28);
}

/* Functions that call each other and load a function's, a string's and a variable's address. */
static uint32_t make_firmware(uint8_t *at)
{
    uint32_t strings = N_FUNCTIONS * FUNCTION_BYTES;
    for (uint32_t f = 0; f < N_FUNCTIONS; f++) {
        uint32_t off = place(f);
        uint32_t call = 0xF800F000;
        fota_put_le16(at + off, 0xB510);     /* PUSH {R4, LR} */
        fota_put_le16(at + off + 2, 0x4808); /* LDR R0, [PC, #32]: off + 36 */
        fota_put_le16(at + off + 4, 0x4908); /* off + 40 */
        fota_put_le16(at + off + 6, 0x4A09); /* off + 44 */
        assert_true(fota_thumb_set_call(&call, place(f * 7 % 50) - (off + 8)));
        fota_put_le32(at + off + 8, call);
        fota_put_le16(at + off + 12, 0xBD10); /* POP {R4, PC} */
        fota_put_le32(at + off + 36, BASE + place(f * 3 % N_FUNCTIONS) + 1);
        fota_put_le32(at + off + 40, BASE + strings + 1 + f * 8);
        fota_put_le32(at + off + 44, RAM + 0x100 + f * 4);
        memcpy(at + strings + 1 + f * 8, "string", 7);
    }
    return strings + N_FUNCTIONS * 8 + 1;
}

static void firmware_tells_its_instruction_set_address_and_ram(void **state)
{
    (void)state;
    static uint8_t image[N_FUNCTIONS * (FUNCTION_BYTES + 8) + 1];
    struct fota_analysis found;
    uint32_t n = make_firmware(image);
    assert_int_equal(fota_analyze(&found, (struct fota_bytes){image, n}), FOTA_OK);
    assert_true(found.n > 0);
    assert_int_equal(found.at[0].arch, FOTA_ARCH_THUMB);
    struct fota_delta_space space = found.at[0].space;
    assert_int_equal(space.base, BASE);
    assert_int_equal(space.ram_begin, RAM);
    assert_in_range(space.ram_bytes, 0x100 + N_FUNCTIONS * 4, 0x10000);
}

static void other_data_is_data(void **state)
{
    (void)state;
    struct fota_analysis found;
    uint8_t *random = random_image(200000, 3);
    uint8_t *zeros = calloc(200000, 1);
    for (uint32_t n = 1; n <= 200000; n = n * 3 + 1) {
        assert_int_equal(fota_analyze(&found, (struct fota_bytes){random, n}), FOTA_OK);
        assert_int_equal(found.n, 0);
        assert_int_equal(fota_analyze(&found, (struct fota_bytes){zeros, n}), FOTA_OK);
        assert_int_equal(found.n, 0);
    }
    free(random);
    free(zeros);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(firmware_tells_its_instruction_set_address_and_ram),
        cmocka_unit_test(other_data_is_data),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
