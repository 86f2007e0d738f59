/* SPDX-License-Identifier: MIT */
#include "core/profile.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char m95[] =
    "# M95-like module: one SPI NOR, 4 KiB sectors\n"
    "profile m95\n"
    "flash nor sectors=512x4096 program=1 page=256 erased=0xff write-once=no\n"
    "area slot     nor 0x000000 0x080000\n"
    "area staging  nor 0x080000 0x080000\n"
    "area scratch  nor 0x100000 0x008000\n"
    "area journal  nor 0x108000 0x003000\n"
    "area identity nor 0x10b000 0x002000\n"
    "area settings nor 0x10d000 0x002000\n"
    "decoder 16384\n";

static enum fota_err
parse(struct fota_profile *p, const char *text, struct fota_profile_fault *fault)
{
    /* An exact copy without terminator: the sanitizer sees a byte too many. */
    size_t n = strlen(text);
    char *exact = test_malloc(n != 0 ? n : 1);
    memcpy(exact, text, n);
    *fault = (struct fota_profile_fault){999, NULL};
    enum fota_err err = fota_profile_parse(p, exact, n, fault);
    if (err == FOTA_OK) err = fota_profile_check(p, fault);
    test_free(exact);
    return err;
}

static void the_documented_profile_is_read(void **state)
{
    (void)state;
    struct fota_profile p;
    struct fota_profile_fault fault;
    assert_int_equal(parse(&p, m95, &fault), FOTA_OK);
    assert_string_equal(p.name, "m95");
    assert_int_equal(p.n_flash, 1);
    assert_string_equal(p.flash[0].name, "nor");
    assert_int_equal(p.flash[0].n_runs, 1);
    assert_int_equal(p.flash[0].runs[0].n_sectors, 512);
    assert_int_equal(p.flash[0].runs[0].sector_bytes, 4096);
    assert_int_equal(p.flash[0].program_bytes, 1);
    assert_int_equal(p.flash[0].page_bytes, 256);
    assert_int_equal(p.flash[0].erased, 0xFF);
    assert_false(p.flash[0].write_once);
    assert_int_equal(p.area[FOTA_AREA_SLOT].addr, 0);
    assert_int_equal(p.area[FOTA_AREA_SLOT].n_bytes, 0x80000);
    assert_int_equal(p.area[FOTA_AREA_SLOT2].n_bytes, 0);
    assert_int_equal(p.area[FOTA_AREA_SETTINGS].addr, 0x10D000);
    assert_int_equal(p.area[FOTA_AREA_SETTINGS].line, 9);
    assert_int_equal(p.decoder_bytes, 16384);
}

static void every_spelling_of_the_grammar_is_read(void **state)
{
    (void)state;
    static const char text[] =
        "\r\n  \t# nothing\r\nprofile\tA.b_c-9\r\n"
        "flash in sectors=4x16K,1x64K,7x128K page=8 program=8 erased=0x00 write-once=yes#x\n"
        "flash ext sectors=512x0x1000\n"
        "area slot in 131072 0x20000\n\n"
        "area slot2 in 0x40000 128K\n"
        "area staging ext 1M 512K\n"
        "area journal ext 0 12K\narea identity ext 0x3000 8K\narea settings ext 0x5000 0x8K";
    struct fota_profile p;
    struct fota_profile_fault fault;
    assert_int_equal(parse(&p, text, &fault), FOTA_OK);
    assert_string_equal(p.name, "A.b_c-9");
    assert_int_equal(p.n_flash, 2);
    assert_int_equal(p.flash[0].n_runs, 3);
    assert_int_equal(p.flash[0].runs[1].n_sectors, 1);
    assert_int_equal(p.flash[0].runs[2].sector_bytes, 0x20000);
    assert_int_equal(p.flash[0].erased, 0);
    assert_true(p.flash[0].write_once);
    assert_int_equal(p.flash[0].page_bytes, 8);
    assert_int_equal(p.flash[1].runs[0].n_sectors, 512);
    assert_int_equal(p.flash[1].page_bytes, 256);
    assert_int_equal(p.area[FOTA_AREA_STAGING].flash, 1);
    assert_int_equal(p.area[FOTA_AREA_STAGING].addr, 0x100000);
    assert_int_equal(p.decoder_bytes, 16384);

    struct fota_flash flash[2] = {fota_profile_flash_port(&p.flash[0]),
                                  fota_profile_flash_port(&p.flash[1])};
    struct fota_area area[FOTA_AREA_COUNT];
    fota_profile_areas(&p, flash, area);
    assert_ptr_equal(area[FOTA_AREA_SLOT].flash, &flash[0]);
    assert_ptr_equal(area[FOTA_AREA_STAGING].flash, &flash[1]);
    assert_null(area[FOTA_AREA_SCRATCH].flash);
    assert_int_equal(fota_area_n_sectors(&area[FOTA_AREA_SLOT]), 1);
    assert_true(flash[0].write_once && flash[0].program_bytes == 8);
}

/* The m95 profile with one line replaced (line 0: the whole text), and why it is refused. */
static const struct {
    unsigned line;
    const char *text;
    unsigned fault_line;
    const char *reason;
} faults[] = {
    /* grammar */
    {0, "", 0, "no profile statement"},
    {0, "# only this\n\n", 0, "no profile statement"},
    {1, "area slot nor 0 4096", 1, "the first statement must be: profile NAME"},
    {1, "profile x", 2, "a second profile statement"},
    {2, "profile", 2, "wanted: profile NAME"},
    {2, "profile a b", 2, "wanted: profile NAME"},
    {2, "profile 0123456789abcdef", 2, "a name is 1 to 15 of A-Z a-z 0-9 . _ -"},
    {2, "profile m/95", 2, "a name is 1 to 15 of A-Z a-z 0-9 . _ -"},
    {2, "profile m\xC3\xA4", 2, "not printable ASCII"},
    {2, "profile m95 # \x7F", 2, "not printable ASCII"},
    {2, "profile m95 # \x01", 2, "not printable ASCII"},
    {2, "profile m95\rx", 2, "not printable ASCII"},
    {3, "flash nor", 3, "wanted: flash NAME sectors=NxBYTES[,NxBYTES...] [option]..."},
    {3, "flash nor page=256", 3, "sectors= is missing"},
    {3, "flash nor sectors=512", 3, "wanted: sectors=NxBYTES[,NxBYTES...]"},
    {3, "flash nor sectors=512x", 3, "wanted: sectors=NxBYTES[,NxBYTES...]"},
    {3, "flash nor sectors=x4096", 3, "wanted: sectors=NxBYTES[,NxBYTES...]"},
    {3, "flash nor sectors=512x4096,", 3, "wanted: sectors=NxBYTES[,NxBYTES...]"},
    {3, "flash nor sectors=512x4G", 3, "wanted: sectors=NxBYTES[,NxBYTES...]"},
    {3, "flash nor sectors=512x4096 sectors=1x1", 3, "sectors= given twice"},
    {3, "flash nor sectors=1x1,1x1,1x1,1x1,1x1,1x1,1x1,1x1,1x1", 3, "more than 8 sector runs"},
    {3, "flash nor sectors=512x4096 program=a", 3, "program= wants a number"},
    {3, "flash nor sectors=512x4096 page=", 3, "page= wants a number"},
    {3, "flash nor sectors=512x4096 page=4294967296", 3, "page= wants a number"},
    {3, "flash nor sectors=512x4096 page=18446744073709551872", 3, "page= wants a number"},
    {3, "flash nor sectors=512x4096 page=4096M", 3, "page= wants a number"},
    {3, "flash nor sectors=512x4096 page=K", 3, "page= wants a number"},
    {3, "flash nor sectors=512x4096 page=0x", 3, "page= wants a number"},
    {3, "flash nor sectors=512x4096 erased=0xfe", 3, "erased= is 0xff or 0x00"},
    {3, "flash nor sectors=512x4096 write-once=1", 3, "write-once= is yes or no"},
    {3, "flash nor sectors=512x4096 speed=1", 3, "unknown option of flash"},
    {3, "flash nor sectors=512x4096 a b c d e", 3, "too many words"},
    {3, "flash nor! sectors=512x4096", 3, "a name is 1 to 15 of A-Z a-z 0-9 . _ -"},
    {4, "flash nor sectors=1x4096", 4, "a second flash of this name"},
    {4, "area slot nor 0", 4, "wanted: area NAME FLASH ADDRESS BYTES"},
    {4, "area slot nor 0 1 2", 4, "wanted: area NAME FLASH ADDRESS BYTES"},
    {4, "area slot3 nor 0 4096", 4,
     "an area is slot, slot2, staging, scratch, journal, identity or settings"},
    {4, "area slo nor 0 4096", 4,
     "an area is slot, slot2, staging, scratch, journal, identity or settings"},
    {4, "area slot no 0 4096", 4, "no flash of this name above"},
    {4, "area slot nor -1 4096", 4, "the address is not a number"},
    {4, "area slot nor 0 4x", 4, "the length is not a number"},
    {4, "area slot nor 0 0", 4, "an area of no bytes"},
    {5, "area slot nor 0x80000 0x80000", 5, "this area is given twice"},
    {10, "decoder", 10, "wanted: decoder BYTES"},
    {10, "decoder 16 KiB", 10, "wanted: decoder BYTES"},
    {9, "decoder 4096", 10, "a second decoder statement"},
    {10, "decoder 0", 10, "decoder of no bytes"},
    {1, "fash", 1, "the first statement must be: profile NAME"},
    {10, "dekoder 9", 10, "a statement is profile, flash, area or decoder"},
    /* layout */
    {3, "flash nor sectors=512x4096 program=3", 3, "program and page must be powers of two"},
    {3, "flash nor sectors=512x4096 page=0", 3, "program and page must be powers of two"},
    {3, "flash nor sectors=512x4096 page=512", 3, "page is more than 256 bytes"},
    {3, "flash nor sectors=512x4096 program=16 page=8", 3,
     "page is smaller than the program unit"},
    {3, "flash nor sectors=512x4096,0x4096", 3, "a run of no sectors or no bytes"},
    {3, "flash nor sectors=512x4096,9x0", 3, "a run of no sectors or no bytes"},
    {3, "flash nor sectors=512x4100", 3, "a sector is no multiple of the page"},
    {3, "flash nor sectors=1048576x4096", 3, "the flash has 4 GiB or more"},
    {3, "flash nor sectors=65536x65536,512x4096", 3, "the flash has 4 GiB or more"},
    {4, "area slot nor 0x200 0x80000", 4,
     "the area does not begin and end at sector boundaries"},
    {4, "area slot nor 0 0x7fff0", 4, "the area does not begin and end at sector boundaries"},
    {4, "area slot nor 0x1ff000 0x2000", 4, "the area lies outside its flash"},
    {4, "area slot nor 0xffffffff 4096", 4, "the area lies outside its flash"},
    {4, "area slot nor 0 0xffffffff", 4, "the area lies outside its flash"},
    {4, "area slot nor 0 0x81000", 5, "the area overlaps another"},
    {9, "area settings nor 0x10c000 0x2000", 9, "the area overlaps another"},
    {4, "", 0, "area slot is missing"},
    {5, "", 0, "area staging is missing"},
    {7, "", 0, "area journal is missing"},
    {8, "", 0, "area identity is missing"},
    {9, "", 0, "area settings is missing"},
    {6, "", 0, "neither scratch nor slot2"},
    {7, "area journal nor 0x108000 0x1000", 7, "a journal has 2 to 8 sectors"},
    {7, "area journal nor 0x110000 0x9000", 7, "a journal has 2 to 8 sectors"},
    {8, "area identity nor 0x10b000 0x1000", 8, "identity and settings have 2 sectors each"},
    {9, "area settings nor 0x10d000 0x3000", 9, "identity and settings have 2 sectors each"},
    {6, "area scratch nor 0x110000 0x41000", 6, "more than 64 scratch sectors"},
    {10, "decoder 2047", 0, "a decoder of less than 2 KiB"},
};

/* m95 with line `line` replaced. */
static void replace_line(char *out, size_t size, unsigned line, const char *text)
{
    size_t n = 0;
    const char *at = m95;
    for (unsigned number = 1; *at != '\0'; number++) {
        size_t length = strcspn(at, "\n");
        n +=
            (size_t)snprintf(out + n, size - n, "%.*s\n", number == line ? 0 : (int)length, at);
        if (number == line) n += (size_t)snprintf(out + n - 1, size - n + 1, "%s\n", text) - 1;
        at += length + 1;
    }
}

static void each_fault_is_named_with_its_line(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        char text[2048];
        if (faults[i].line == 0) {
            (void)snprintf(text, sizeof text, "%s", faults[i].text);
        } else {
            replace_line(text, sizeof text, faults[i].line, faults[i].text);
        }
        struct fota_profile p;
        struct fota_profile_fault fault;
        enum fota_err err = parse(&p, text, &fault);
        if (err != FOTA_E_PROFILE || fault.line != faults[i].fault_line ||
            strcmp(fault.reason, faults[i].reason) != 0) {
            print_message("case %zu '%s': %u %s\n", i, faults[i].text, fault.line,
                          fault.reason);
        }
        assert_int_equal(err, FOTA_E_PROFILE);
        assert_string_equal(fault.reason, faults[i].reason);
        assert_int_equal(fault.line, faults[i].fault_line);
    }
}

/* Layouts with several kinds of sectors: %s is slot, then what follows the fixed areas. */
static const struct {
    const char *flash;
    const char *areas;
    const char *reason;
} mixed[] = {
    {"flash a sectors=8x1K,8x2K,8x4K\nflash b sectors=64x4K\n",
     "area slot a 0 16K\narea scratch b 0x20000 8K\n", NULL},
    {"flash a sectors=8x1K,8x2K,8x4K\nflash b sectors=64x4K\n",
     "area slot a 0 24K\narea slot2 a 24K 24K\n", "slot2 has other sectors than slot"},
    {"flash a sectors=8x1K,8x2K,8x4K,4x1K,8x1K\nflash b sectors=64x4K\n",
     "area slot a 0 4K\narea slot2 a 56K 4K\n", NULL},
    {"flash a sectors=8x1K,4x2K\nflash b sectors=64x4K\n",
     "area slot a 0 8K\narea slot2 a 8K 8K\n", "slot2 has other sectors than slot"},
    {"flash a sectors=4x1K,2x2K,4x1K,2x2K\nflash b sectors=64x4K\n",
     "area slot a 0 8K\narea slot2 a 8K 8K\n", NULL},
    {"flash a sectors=4x1K,2x2K,2x2K,4x1K\nflash b sectors=64x4K\n",
     "area slot a 0 8K\narea slot2 a 8K 8K\n", "slot2 has other sectors than slot"},
    {"flash a sectors=8x8K\nflash b sectors=64x4K\n",
     "area slot a 0 64K\narea scratch b 0x20000 8K\n",
     "a scratch sector is smaller than a slot sector"},
    {"flash a sectors=8x1K,1x4K\nflash b sectors=64x4K\n",
     "area slot a 4K 8K\narea scratch a 0 4K\n",
     "a scratch sector is smaller than a slot sector"},
    {"flash a sectors=32x128 page=128\nflash b sectors=64x4K\n",
     "area slot a 0 4K\narea scratch b 0x20000 8K\n",
     "a slot sector is no multiple of the scratch's page"},
    {"flash a sectors=4096x256\nflash b sectors=64x4K\n",
     "area slot a 0 1M\narea scratch b 0x20000 8K\n", NULL},
    {"flash a sectors=4097x256\nflash b sectors=64x4K\n",
     "area slot a 0 1048832\narea scratch b 0x20000 8K\n", "a slot of more than 4096 sectors"},
    {"flash a sectors=8x4K\nflash b sectors=64x4K\n", "area slot a 4K 8K\narea slot2 a 0 8K\n",
     "the area overlaps another"},
    {"flash a sectors=8x4K\nflash b sectors=64x4K\n", "area slot a 0 4K\narea slot2 a 4K 8K\n",
     "slot2 has other sectors than slot"},
    {"flash a sectors=8x4K\nflash b sectors=64x4K\n",
     "area slot a 0 4K\narea slot2 a 4K 4K\narea scratch a 8K 4K\n", "both scratch and slot2"},
};

static void sectors_of_several_sizes_are_compared(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof mixed / sizeof mixed[0]; i++) {
        char text[2048];
        (void)snprintf(text, sizeof text,
                       "profile x\n%s%sarea staging b 0 32K\narea journal b 32K 12K\n"
                       "area identity b 44K 8K\narea settings b 52K 8K\n",
                       mixed[i].flash, mixed[i].areas);
        struct fota_profile p;
        struct fota_profile_fault fault;
        enum fota_err err = parse(&p, text, &fault);
        const char *reason = err == FOTA_OK ? NULL : fault.reason;
        if (reason == NULL) reason = "";
        assert_string_equal(reason, mixed[i].reason != NULL ? mixed[i].reason : "");
    }
}

static void journal_and_records_need_room(void **state)
{
    (void)state;
    static const struct {
        const char *flash; /* of 2 KiB areas from 0, 4K, 8K */
        const char *reason;
    } cases[] = {
        {"sectors=64x512", NULL},
        {"sectors=64x512 program=64", NULL},
        {"sectors=64x512 program=128", "a journal sector holds fewer than 8 records"},
        {"sectors=64x1024 program=128", NULL},
        {"sectors=128x256", "a journal sector holds fewer than 8 records"},
        {"sectors=1x512,1x1024,128x512", "the journal's sectors differ in size"},
        {"sectors=8x512,64x256", "a sector of identity or settings is below 512 bytes"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[1024];
        unsigned sector = i == 3 ? 1024 : i == 4 || i == 6 ? 256 : 512;
        unsigned journal = i == 5 ? 1536 : i == 6 ? 1024 : 2 * sector;
        (void)snprintf(text, sizeof text,
                       "profile x\nflash a %s\nflash b sectors=16x4K\narea slot b 0 32K\n"
                       "area staging b 32K 16K\narea scratch b 48K 4K\narea journal a 0 %u\n"
                       "area identity a 4K %u\narea settings a 8K %u\n",
                       cases[i].flash, journal, 2 * sector, 2 * sector);
        struct fota_profile p;
        struct fota_profile_fault fault;
        enum fota_err err = parse(&p, text, &fault);
        const char *reason = err == FOTA_OK ? NULL : fault.reason;
        if (reason == NULL) reason = "";
        assert_string_equal(reason, cases[i].reason != NULL ? cases[i].reason : "");
    }
}

static void counts_and_sizes_of_the_text_are_limited(void **state)
{
    (void)state;
    static char text[5000];
    struct fota_profile p;
    struct fota_profile_fault fault;
    (void)snprintf(text, sizeof text, "%s", m95);
    size_t n = strlen(text);
    memset(text + n, '\n', 4096 - n);
    assert_int_equal(parse(&p, text, &fault), FOTA_OK);
    text[4096] = '\n';
    assert_int_equal(parse(&p, text, &fault), FOTA_E_PROFILE);
    assert_string_equal(fault.reason, "more than 4096 bytes");
    assert_int_equal(parse(&p,
                           "profile x\nflash a sectors=1x1\nflash b sectors=1x1\n"
                           "flash c sectors=1x1\nflash d sectors=1x1\nflash e sectors=1x1",
                           &fault),
                     FOTA_E_PROFILE);
    assert_string_equal(fault.reason, "more than 4 flash devices");
    assert_int_equal(fault.line, 6);
}

static void a_profile_made_by_hand_is_checked_too(void **state)
{
    (void)state;
    struct fota_profile p;
    struct fota_profile_fault fault;
    fota_profile_simple(&p, 4096, 8, 1, 0x10000);
    p.flash[0].erased = 0x55;
    assert_int_equal(fota_profile_check(&p, &fault), FOTA_E_PROFILE);
    assert_string_equal(fault.reason, "erased is neither 0xff nor 0x00");
    p.flash[0].erased = 0x00;
    assert_int_equal(fota_profile_check(&p, &fault), FOTA_OK);
    p.n_flash = 0;
    memset(p.area, 0, sizeof p.area);
    assert_int_equal(fota_profile_check(&p, &fault), FOTA_E_PROFILE);
    assert_string_equal(fault.reason, "area slot is missing");
}

static void any_cut_or_changed_byte_gives_a_profile_or_a_fault(void **state)
{
    (void)state;
    struct fota_profile p;
    struct fota_profile_fault fault;
    for (size_t n = 0; n < sizeof m95 - 1; n++) {
        char text[sizeof m95];
        memcpy(text, m95, sizeof text);
        text[n] = '\0';
        enum fota_err err = parse(&p, text, &fault);
        assert_true(err == FOTA_OK || (err == FOTA_E_PROFILE && fault.reason != NULL));
        for (unsigned bit = 0; bit < 8; bit++) {
            memcpy(text, m95, sizeof text);
            text[n] = (char)(text[n] ^ (char)(1U << bit));
            err = parse(&p, text, &fault);
            assert_true(err == FOTA_OK || (err == FOTA_E_PROFILE && fault.reason != NULL));
        }
    }
}

static void a_simple_profile_passes_the_checker(void **state)
{
    (void)state;
    static const struct {
        uint32_t sector, scratch, slots, slot_bytes;
        bool good;
    } cases[] = {
        {4096, 8, 1, 0x80000, true},
        {4096, 8, 2, 0x80000, true},
        {4096, 8, 1, 0x7FFFF, true},
        {65536, 1, 1, 300000, true},
        {512, 64, 1, 512, true},
        {512, 65, 1, 512, false},
        {512, 0, 1, 512, false},
        {256, 8, 1, 4096, false},
        {100, 8, 1, 4096, false},
        {0, 8, 1, 4096, false},
        {4096, 8, 1, 0, false},
        {4096, 8, 1, 0xFFFFFFFF, false},
        {0x80000000, 8, 1, 9, false},
        {0xFFFFFF00, 8, 1, 0xFFFFFFFF, false},
        {4096, 0xFFFFFFFF, 1, 9, false},
        {4096, 8, 1, 4096 * 4096, true},
        {4096, 8, 1, 4096 * 4096 + 1, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fota_profile p;
        struct fota_profile_fault fault;
        fota_profile_simple(&p, cases[i].sector, cases[i].scratch, cases[i].slots,
                            cases[i].slot_bytes);
        enum fota_err err = fota_profile_check(&p, &fault);
        if ((err == FOTA_OK) != cases[i].good) print_message("case %zu %s\n", i, fault.reason);
        assert_int_equal(err, cases[i].good ? FOTA_OK : FOTA_E_PROFILE);
    }
}

static void the_simple_profile_has_the_slot_of_the_documented_one(void **state)
{
    (void)state;
    struct fota_profile a;
    struct fota_profile b;
    struct fota_profile_fault fault;
    struct fota_area area[FOTA_AREA_COUNT];
    assert_int_equal(parse(&a, m95, &fault), FOTA_OK);
    fota_profile_simple(&b, 4096, 8, 1, 0x80000);
    struct fota_flash flash_a = fota_profile_flash_port(&a.flash[0]);
    struct fota_flash flash_b = fota_profile_flash_port(&b.flash[0]);
    fota_profile_areas(&a, &flash_a, area);
    uint32_t id = fota_area_geometry_id(&area[FOTA_AREA_SLOT]);
    fota_profile_areas(&b, &flash_b, area);
    assert_int_equal(fota_area_geometry_id(&area[FOTA_AREA_SLOT]), id);
    assert_int_equal(area[FOTA_AREA_SCRATCH].n_bytes, 8 * 4096);
    assert_string_equal(fota_area_name(FOTA_AREA_SCRATCH), "scratch");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_documented_profile_is_read),
        cmocka_unit_test(every_spelling_of_the_grammar_is_read),
        cmocka_unit_test(each_fault_is_named_with_its_line),
        cmocka_unit_test(sectors_of_several_sizes_are_compared),
        cmocka_unit_test(journal_and_records_need_room),
        cmocka_unit_test(counts_and_sizes_of_the_text_are_limited),
        cmocka_unit_test(a_profile_made_by_hand_is_checked_too),
        cmocka_unit_test(any_cut_or_changed_byte_gives_a_profile_or_a_fault),
        cmocka_unit_test(a_simple_profile_passes_the_checker),
        cmocka_unit_test(the_simple_profile_has_the_slot_of_the_documented_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
