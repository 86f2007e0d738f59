/* SPDX-License-Identifier: MIT */
#include "host/image_read.h"
#include "test/temp_dir.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static enum fota_err
read_text(struct fota_image *image, const char *text, struct fota_fault *fault)
{
    FILE *f = fopen("in.hex", "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
    assert_int_equal(fclose(f), 0);
    return fota_image_read(image, "in.hex", fault);
}

static void a_file_is_read_with_its_address(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t addr;
        const char *content;
    } cases[] = {
        {":0300300002337A1E\n:00000001FF\n", 0x30, "\x02\x33\x7A"},
        {"\r\n:0300300002337A1E \r\n\r\n:00000001FF", 0x30, "\x02\x33\x7A"},
        {":0300300002337a1e\n:00000001ff\n", 0x30, "\x02\x33\x7A"},
        {":00003000D0\n:0300300002337A1E\n:00000001FF\n", 0x30, "\x02\x33\x7A"},
        /* out of order, with a gap: 'a' at 0, 'cd' at 3 */
        {":020003006364"
         "34\n:01000000619E\n:00000001FF\n",
         0,
         "a\xFF\xFF"
         "cd"},
        /* extended linear, start address */
        {":020000040800F2\n:0200000061623B\n:040000050800010DE1\n:00000001FF\n", 0x08000000,
         "ab"},
        /* extended segment */
        {":020000021000EC\n:0200000061623B\n:0400000300003800C1\n:00000001FF\n", 0x10000, "ab"},
        /* across 64 KiB in one record, and on in the next segment */
        {":02FFFF0061623D\n:020000040001F9\n:01000100639B\n:00000001FF\n", 0xFFFF, "abc"},
        /* up to the last address */
        {":02000004FFFFFC\n:01FFFF0061A0\n:00000001FF\n", 0xFFFFFFFF, "a"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fota_image image;
        struct fota_fault fault;
        fault.detail[0] = '\0';
        enum fota_err err = read_text(&image, cases[i].text, &fault);
        if (err < 0) print_message("case %zu: line %d %s\n", i, (int)fault.at, fault.detail);
        assert_int_equal(err, FOTA_OK);
        assert_int_equal(image.format, FOTA_IMAGE_HEX);
        assert_true(image.has_addr);
        assert_int_equal(image.addr, cases[i].addr);
        assert_int_equal(image.n_bytes, strlen(cases[i].content));
        assert_memory_equal(image.at, cases[i].content, image.n_bytes);
        fota_image_free(&image);
    }
}

static void each_fault_is_named_with_its_line(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned line;
        const char *detail;
    } cases[] = {
        {":0300300002337A1F\n:00000001FF\n", 1, "checksum wrong: the record's bytes want 1E"},
        {":0300300002337A1E\n\n:00000001FE\n", 3, "checksum wrong: the record's bytes want FF"},
        {":0300300002337A1E\n", 1, "no end record: the file is cut"},
        {":0300300002337A1E\n:000000", 2, "a record of 3 bytes"},
        {":0300300002337A1\n:00000001FF\n", 1, "odd number of digits"},
        {":0300300002337G1E\n", 1, "no hexadecimal digit in column 15"},
        {":03003000 2337A1E\n", 1, "no hexadecimal digit in column 10"},
        {":0400300002337A1D\n:00000001FF\n", 1,
         "the record says 4 data bytes and has another number"},
        {":0200300002337A1F\n:00000001FF\n", 1,
         "the record says 2 data bytes and has another number"},
        {":00000006FA\n:00000001FF\n", 1, "unknown record type 6"},
        {":0100000400FB\n", 1, "wrong length of a record of type 4"},
        {":0100000100FE\n", 1, "wrong length of a record of type 1"},
        {":00000001FF\n:0300300002337A1E\n", 2, "a record (type 0) behind the end record"},
        {":00000001FF\n", 0, "no data in it"},
        {":0300300002337A1E\nrubbish\n", 2,
         "a record begins with ':', this line with byte 0x72"},
        {":0300300002337A1E\n:0100310000CE\n:00000001FF\n", 2,
         "address 0x00000031 is given twice"},
        {":0100310000CE\n:0300300002337A1E\n:00000001FF\n", 1,
         "address 0x00000031 is given twice"},
        {":01000000619E\n:020000041FFFDC\n:01000000619E\n:00000001FF\n", 3,
         "gap of 536805375 bytes before address 0x1fff0000: more than 1 MiB; leave that part "
         "out of "
         "the file"},
        {":02000004FFFFFC\n:02FFFF0061623D\n:00000001FF\n", 2, "past the last address"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fota_image image;
        struct fota_fault fault;
        enum fota_err err = read_text(&image, cases[i].text, &fault);
        assert_int_equal(err, FOTA_E_IMAGE);
        assert_string_equal(fault.detail, cases[i].detail);
        assert_string_equal(fault.file, "in.hex");
        if (cases[i].line == 0) {
            assert_int_equal(fault.place, FOTA_FAULT_NOWHERE);
            continue;
        }
        assert_int_equal(fault.place, FOTA_FAULT_AT_LINE);
        assert_int_equal(fault.at, cases[i].line);
    }
}

static void a_line_longer_than_any_record_is_refused(void **state)
{
    (void)state;
    static char text[2000];
    for (unsigned n = 260; n <= 262; n++) {
        unsigned sum = 255;
        size_t length = (size_t)sprintf(text, ":FF000000");
        for (unsigned i = 4; i + 1 < n; i++) {
            length += (size_t)sprintf(text + length, "01");
            sum++;
        }
        length += (size_t)sprintf(text + length, "%02X\n", (0U - sum) & 0xFF);
        (void)sprintf(text + length, ":00000001FF\n");
        struct fota_image image;
        struct fota_fault fault;
        enum fota_err err = read_text(&image, text, &fault);
        assert_int_equal(err, n == 260 ? FOTA_OK : FOTA_E_IMAGE);
        if (err == FOTA_OK) assert_int_equal(image.n_bytes, 255);
        if (n == 261) assert_string_equal(fault.detail, "a record of 261 bytes");
        fota_image_free(&image);
    }
}

/* A record as text. */
static size_t
put_record(char *out, unsigned addr, unsigned type, const uint8_t *data, unsigned n)
{
    unsigned sum = n + (addr >> 8) + addr + type;
    size_t length = (size_t)sprintf(out, ":%02X%04X%02X", n, addr, type);
    for (unsigned i = 0; i < n; i++) {
        sum += data[i];
        length += (size_t)sprintf(out + length, "%02X", data[i]);
    }
    return length + (size_t)sprintf(out + length, "%02X\n", (0U - sum) & 0xFF);
}

static void every_cut_and_every_flipped_bit_is_noticed_or_harmless(void **state)
{
    (void)state;
    uint8_t data[48];
    char text[400];
    size_t n = 0;
    for (unsigned i = 0; i < sizeof data; i++) {
        data[i] = (uint8_t)(i * 37 + 1);
    }
    n += put_record(text + n, 0, 4, (const uint8_t *)"\x08\x00", 2);
    n += put_record(text + n, 0, 0, data, 16);
    n += put_record(text + n, 16, 0, data + 16, 32);
    n += put_record(text + n, 0, 1, data, 0);
    for (size_t cut = 1; cut < n - 1; cut++) {
        char part[400];
        struct fota_image image;
        struct fota_fault fault;
        memcpy(part, text, cut);
        part[cut] = '\0';
        enum fota_err err = read_text(&image, part, &fault);
        /* Too short to be told from a raw image. */
        if (cut < 9) {
            assert_int_equal(err, FOTA_OK);
            assert_int_equal(image.format, FOTA_IMAGE_RAW);
            fota_image_free(&image);
            continue;
        }
        assert_int_equal(err, FOTA_E_IMAGE);
    }
    for (size_t bit = 9 * 8; bit < n * 8; bit++) {
        char changed[400];
        struct fota_image image;
        struct fota_fault fault;
        memcpy(changed, text, n + 1);
        changed[bit / 8] = (char)(changed[bit / 8] ^ (1 << bit % 8));
        if (changed[bit / 8] == '\0') continue;
        if (read_text(&image, changed, &fault) != FOTA_OK) continue;
        assert_int_equal(image.n_bytes, sizeof data); /* upper and lower case, newlines */
        assert_memory_equal(image.at, data, sizeof data);
        fota_image_free(&image);
    }
}

int main(void)
{
    struct temp_dir dir;
    temp_dir_enter(&dir);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_read_with_its_address),
        cmocka_unit_test(each_fault_is_named_with_its_line),
        cmocka_unit_test(a_line_longer_than_any_record_is_refused),
        cmocka_unit_test(every_cut_and_every_flipped_bit_is_noticed_or_harmless),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    temp_dir_leave(&dir);
    return failed;
}
