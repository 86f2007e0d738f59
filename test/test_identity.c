/* SPDX-License-Identifier: MIT */
#include "core/identity.h"
#include "test/sim_area.h"
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct fota_flash_run runs[] = {{2, 512}};
static const struct fota_sim_geometry geometry = {runs, 1, 1, 256, 0xFF, false};
static struct sim_area s;

static void store(const uint8_t *bytes, uint32_t n)
{
    struct fota_record_write w;
    enum fota_err err;
    fota_record_write_begin(&w, &s.area, bytes, n, 0);
    do
        err = fota_record_write_step(&w);
    while (err == FOTA_MORE);
    assert_int_equal(err, FOTA_OK);
}

static struct fota_identity example(void)
{
    struct fota_identity id;
    memset(&id, 0, sizeof id);
    memcpy(id.product, "M95", 4);
    memcpy(id.version, "0123456789012345678901234567890", 32);
    id.image_bytes = 0x01020304;
    for (unsigned i = 0; i < sizeof id.image_sha256; i++)
        id.image_sha256[i] = (uint8_t)(i + 64);
    id.security_counter = 0xA0B0C0D0;
    id.slot = 1;
    return id;
}

static void every_field_comes_back(void **state)
{
    (void)state;
    uint8_t bytes[FOTA_IDENTITY_BYTES];
    struct fota_identity id = example();
    struct fota_identity got;
    sim_area_init(&s, &geometry);
    assert_int_equal(fota_identity_read(&got, &s.area), FOTA_E_NO_IMAGE);
    fota_identity_encode(&id, bytes);
    store(bytes, sizeof bytes);
    assert_int_equal(fota_identity_read(&got, &s.area), FOTA_OK);
    assert_string_equal(got.product, id.product);
    assert_string_equal(got.version, id.version);
    assert_int_equal(got.image_bytes, id.image_bytes);
    assert_memory_equal(got.image_sha256, id.image_sha256, sizeof got.image_sha256);
    assert_int_equal(got.security_counter, id.security_counter);
    assert_int_equal(got.slot, id.slot);
}

static void fields_lie_where_the_design_says(void **state)
{
    (void)state;
    uint8_t bytes[FOTA_IDENTITY_BYTES];
    struct fota_identity id = example();
    fota_identity_encode(&id, bytes);
    assert_memory_equal(bytes, "M95", 4);
    assert_memory_equal(bytes + 32, "0123456789", 10);
    assert_int_equal(bytes[64], 0x04);
    assert_int_equal(bytes[67], 0x01);
    assert_int_equal(bytes[68], 64);
    assert_int_equal(bytes[99], 95);
    assert_int_equal(bytes[100], 0xD0);
    assert_int_equal(bytes[104], 1);
    assert_int_equal(bytes[105] | bytes[106] | bytes[107], 0);
}

static void hostile_records_yield_bounded_strings_and_slots(void **state)
{
    (void)state;
    uint8_t bytes[FOTA_IDENTITY_BYTES];
    struct fota_identity got;
    sim_area_init(&s, &geometry);
    memset(bytes, 'x', sizeof bytes);
    store(bytes, sizeof bytes);
    assert_int_equal(fota_identity_read(&got, &s.area), FOTA_E_NO_IMAGE);
    bytes[104] = 0;
    store(bytes, sizeof bytes);
    assert_int_equal(fota_identity_read(&got, &s.area), FOTA_OK);
    assert_int_equal(strlen(got.product), FOTA_PACKAGE_STRING_MAX);
    assert_int_equal(strlen(got.version), FOTA_PACKAGE_STRING_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_comes_back),
        cmocka_unit_test(fields_lie_where_the_design_says),
        cmocka_unit_test(hostile_records_yield_bounded_strings_and_slots),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
