/* SPDX-License-Identifier: MIT */
#include "host/encode.h"
#include "host/image_read.h"
#include "test/temp_dir.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static void put(const char *path, const char *bytes, size_t n)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

static void what_is_neither_hex_nor_elf_is_raw(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t n;
    } cases[] = {
        {"x", 1},      {":", 1},           {":0000000", 8},   {":000000x1FF", 11},
        {"\177EL", 3}, {"\177ELE\1\1", 6}, {"\0\0\0\0\0", 5}, {"\n:0000000", 9},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fota_image image;
        struct fota_fault fault;
        put("in", cases[i].bytes, cases[i].n);
        assert_int_equal(fota_image_read(&image, "in", &fault), FOTA_OK);
        assert_int_equal(image.format, FOTA_IMAGE_RAW);
        assert_false(image.has_addr);
        assert_int_equal(image.n_bytes, cases[i].n);
        assert_memory_equal(image.at, cases[i].bytes, cases[i].n);
        fota_image_free(&image);
    }
    assert_string_equal(fota_image_format_name(FOTA_IMAGE_RAW), "raw");
    assert_string_equal(fota_image_format_name(FOTA_IMAGE_HEX), "Intel HEX");
    assert_string_equal(fota_image_format_name(FOTA_IMAGE_ELF), "ELF");
}

/* One record of a byte, and the end. */
static const char hex_text[] = ":0100000041BE\n:00000001FF\n";

static void a_byte_order_mark_before_hex_is_passed_over(void **state)
{
    (void)state;
    static const char mark[] = "\xEF\xBB\xBF";
    char text[sizeof mark + sizeof hex_text];
    struct fota_image image;
    struct fota_fault fault;
    const int n = snprintf(text, sizeof text, "%s%s", mark, hex_text);
    put("in", text, (size_t)n);
    assert_int_equal(fota_image_read(&image, "in", &fault), FOTA_OK);
    assert_int_equal(image.format, FOTA_IMAGE_HEX);
    assert_int_equal(image.n_bytes, 1);
    assert_int_equal(image.at[0], 'A');
    fota_image_free(&image);
}

static void s_records_are_refused_and_not_taken_for_an_image(void **state)
{
    (void)state;
    static const char text[] =
        "S00600004844521B\r\nS1130000285F245F2212226A000424290008237C2A\r\n";
    struct fota_image image;
    struct fota_fault fault;
    put("in", text, sizeof text - 1);
    assert_int_equal(fota_image_read(&image, "in", &fault), FOTA_E_IMAGE);
    assert_string_equal(fault.detail,
                        "Motorola S-records are not read: objcopy -I srec -O ihex");
    put("in", "S00600X04844521B", 16);
    assert_int_equal(fota_image_read(&image, "in", &fault), FOTA_OK);
    assert_int_equal(image.format, FOTA_IMAGE_RAW);
    fota_image_free(&image);
}

static void empty_missing_and_oversized_files_are_refused(void **state)
{
    (void)state;
    struct fota_image image;
    struct fota_fault fault;
    put("in", "", 0);
    assert_int_equal(fota_image_read(&image, "in", &fault), FOTA_E_IMAGE);
    assert_string_equal(fault.detail, "the file is empty");
    assert_int_equal(fota_image_read(&image, "nowhere", &fault), FOTA_E_IO);
    put("in", "x", 1);
    assert_int_equal(truncate("in", FOTA_IMAGE_MAX_BYTES), 0);
    assert_int_equal(fota_image_read(&image, "in", &fault), FOTA_OK);
    assert_int_equal(image.n_bytes, FOTA_IMAGE_MAX_BYTES);
    fota_image_free(&image);
    assert_int_equal(truncate("in", FOTA_IMAGE_MAX_BYTES + 1), 0);
    assert_int_equal(fota_image_read(&image, "in", &fault), FOTA_E_IMAGE);
    assert_string_equal(fault.detail, "16777217 bytes, more than 16 MiB");
}

static void a_text_is_found_wherever_it_stands(void **state)
{
    (void)state;
    struct fota_image image;
    struct fota_fault fault;
    put("in", "M95FAR\0M95FAR02A07", 18);
    assert_int_equal(fota_image_read(&image, "in", &fault), FOTA_OK);
    assert_true(fota_image_holds(&image, "M95FAR02A07"));
    assert_true(fota_image_holds(&image, "M95FAR"));
    assert_false(fota_image_holds(&image, "M95FAR02A08"));
    assert_false(fota_image_holds(&image, "M95FAR02A07M"));
    fota_image_free(&image);
}

int main(void)
{
    struct temp_dir dir;
    temp_dir_enter(&dir);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_neither_hex_nor_elf_is_raw),
        cmocka_unit_test(a_byte_order_mark_before_hex_is_passed_over),
        cmocka_unit_test(s_records_are_refused_and_not_taken_for_an_image),
        cmocka_unit_test(empty_missing_and_oversized_files_are_refused),
        cmocka_unit_test(a_text_is_found_wherever_it_stands),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    temp_dir_leave(&dir);
    return failed;
}
