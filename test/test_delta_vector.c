/* SPDX-License-Identifier: MIT */
/* A stored body decodes to the same bytes on every machine. */
#include "core/crc32.h"
#include "core/delta.h"
#include "images.h"
#include "vectors/delta1.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { OLD_BYTES = 6000, NEW_BYTES = 6100 };

static enum fota_err read_body(void *ctx, uint32_t off, uint8_t *dst, uint32_t n_bytes)
{
    (void)ctx;
    assert_true(off <= sizeof vector_body && n_bytes <= sizeof vector_body - off);
    memcpy(dst, vector_body + off, n_bytes);
    return FOTA_OK;
}

static enum fota_err read_old(void *ctx, uint32_t off, uint8_t *dst, uint32_t n_bytes)
{
    memcpy(dst, (const uint8_t *)ctx + off, n_bytes);
    return FOTA_OK;
}

static uint32_t old_readable(void *ctx, uint32_t off)
{
    (void)ctx;
    return off < OLD_BYTES ? OLD_BYTES - off : 0;
}

static void the_stored_body_gives_the_new_image(void **state)
{
    (void)state;
    uint8_t *old_image = code_image(OLD_BYTES, 8);
    uint8_t *new_image = code_image(NEW_BYTES, 20);
    uint8_t made[NEW_BYTES];
    struct fota_delta_source source = {.ctx = old_image,
                                       .body = read_body,
                                       .old_image = read_old,
                                       .old_readable = old_readable};
    struct fota_delta_params params = {FOTA_CODEC_DELTA1, VECTOR_ARCH, OLD_BYTES, NEW_BYTES,
                                       VECTOR_PROLOGUE_BYTES};
    uint32_t coded_off = VECTOR_PROLOGUE_BYTES + VECTOR_HEAD_BYTES;
    struct fota_delta_unit unit = {0, NEW_BYTES, coded_off, sizeof vector_body - coded_off};
    struct fota_delta *d;
    uint32_t need;
    assert_int_equal(fota_delta_workspace_bytes(&need, &params, &source), FOTA_OK);
    void *work = malloc(need);
    assert_int_equal(fota_delta_open(&d, work, need, &params, &source), FOTA_OK);
    assert_int_equal(fota_delta_begin(d, &unit), FOTA_OK);
    for (uint32_t pos = 0; pos < NEW_BYTES; pos += FOTA_DELTA_PAGE) {
        uint32_t n = NEW_BYTES - pos < FOTA_DELTA_PAGE ? NEW_BYTES - pos : FOTA_DELTA_PAGE;
        assert_int_equal(fota_delta_read(d, made + pos, n), FOTA_OK);
    }
    assert_int_equal(fota_delta_end(d), FOTA_OK);
    assert_memory_equal(made, new_image, NEW_BYTES);
    free(work);
    free(old_image);
    free(new_image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_stored_body_gives_the_new_image),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
