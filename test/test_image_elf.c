/* SPDX-License-Identifier: MIT */
#include "host/image_read.h"
#include "test/temp_dir.h"
#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* A small 32-bit ELF file: header, program headers, section headers, then content. */
#define PHDRS_OFF   52U
#define SHDRS_OFF   (PHDRS_OFF + 3U * 32U)
#define CONTENT_OFF (SHDRS_OFF + 8U * 40U)

struct file {
    union {
        Elf32_Ehdr header;
        uint8_t bytes[CONTENT_OFF + 64];
    } u;
    Elf32_Phdr segment[3];
    Elf32_Shdr section[8];
    unsigned n_segments, n_sections;
};

static void add_segment(struct file *f, uint32_t type, uint32_t paddr, uint32_t off, uint32_t n)
{
    f->segment[f->n_segments++] = (Elf32_Phdr){.p_type = type,
                                               .p_offset = CONTENT_OFF + off,
                                               .p_vaddr = paddr + 0x10000000,
                                               .p_paddr = paddr,
                                               .p_filesz = n,
                                               .p_memsz = n + 100,
                                               .p_align = 1};
}

static void add_section(struct file *f, uint32_t type, uint32_t flags, uint32_t off, uint32_t n)
{
    if (f->n_sections == 0) f->n_sections = 1; /* the null section */
    f->section[f->n_sections++] = (Elf32_Shdr){.sh_type = type,
                                               .sh_flags = flags,
                                               .sh_offset = CONTENT_OFF + off,
                                               .sh_size = n,
                                               .sh_addralign = 1};
}

static struct file new_file(void)
{
    struct file f;
    memset(&f, 0, sizeof f);
    for (unsigned i = 0; i < 64; i++) {
        f.u.bytes[CONTENT_OFF + i] = (uint8_t)('A' + i);
    }
    return f;
}

static enum fota_err
read_file(struct fota_image *image, struct file *f, size_t n_bytes, struct fota_fault *fault)
{
    const unsigned char ident[EI_NIDENT] = {0x7F,       'E',         'L',       'F',
                                            ELFCLASS32, ELFDATA2LSB, EV_CURRENT};
    memcpy(f->u.header.e_ident, ident, sizeof ident);
    f->u.header.e_type = ET_EXEC;
    f->u.header.e_machine = EM_ARM;
    f->u.header.e_version = EV_CURRENT;
    f->u.header.e_ehsize = sizeof(Elf32_Ehdr);
    f->u.header.e_phoff = f->n_segments != 0 ? PHDRS_OFF : 0;
    f->u.header.e_phentsize = sizeof(Elf32_Phdr);
    f->u.header.e_phnum = (Elf32_Half)f->n_segments;
    f->u.header.e_shoff = f->n_sections != 0 ? SHDRS_OFF : 0;
    f->u.header.e_shentsize = sizeof(Elf32_Shdr);
    f->u.header.e_shnum = (Elf32_Half)f->n_sections;
    memcpy(f->u.bytes + PHDRS_OFF, f->segment, sizeof f->segment);
    memcpy(f->u.bytes + SHDRS_OFF, f->section, sizeof f->section);
    FILE *out = fopen("in.elf", "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(f->u.bytes, 1, n_bytes, out), n_bytes);
    assert_int_equal(fclose(out), 0);
    return fota_image_read(image, "in.elf", fault);
}

static void assert_image(struct file *f, uint32_t addr, const char *content)
{
    struct fota_image image;
    struct fota_fault fault = {.detail = ""};
    enum fota_err err = read_file(&image, f, sizeof f->u.bytes, &fault);
    if (err < 0) print_message("%s\n", fault.detail);
    assert_int_equal(err, FOTA_OK);
    assert_int_equal(image.format, FOTA_IMAGE_ELF);
    assert_int_equal(image.addr, addr);
    assert_int_equal(image.n_bytes, strlen(content));
    assert_memory_equal(image.at, content, image.n_bytes);
    fota_image_free(&image);
}

static void assert_refused(struct file *f, size_t n_bytes, const char *detail)
{
    struct fota_image image;
    struct fota_fault fault = {.detail = ""};
    assert_int_equal(read_file(&image, f, n_bytes, &fault), FOTA_E_IMAGE);
    assert_string_equal(fault.detail, detail);
}

static void allocated_sections_are_placed_at_their_load_addresses(void **state)
{
    (void)state;
    struct file f = new_file();
    add_segment(&f, PT_LOAD, 0x08000000, 0, 10); /* text, rodata */
    add_segment(&f, PT_NOTE, 0x01000000, 0, 10);
    add_segment(&f, PT_LOAD, 0x08000010, 16, 4); /* data, loaded behind them */
    add_section(&f, SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, 2, 4);
    add_section(&f, SHT_PROGBITS, SHF_ALLOC | SHF_WRITE, 16, 4);
    add_section(&f, SHT_NOBITS, SHF_ALLOC | SHF_WRITE, 20, 80);
    add_section(&f, SHT_NOBITS, SHF_ALLOC | SHF_WRITE, 7, 2);
    add_section(&f, SHT_PROGBITS, 0, 7, 2); /* not for the device, though inside a segment */
    assert_image(&f, 0x08000002, "CDEF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFFQRST");
}

static void sections_outside_the_segments_are_left_out(void **state)
{
    (void)state;
    struct file f = new_file();
    add_segment(&f, PT_LOAD, 0x100, 8, 8);
    add_section(&f, SHT_PROGBITS, SHF_ALLOC, 4, 4);
    add_section(&f, SHT_PROGBITS, SHF_ALLOC, 10, 4);
    add_section(&f, SHT_PROGBITS, SHF_ALLOC, 15, 2);
    add_section(&f, SHT_PROGBITS, SHF_ALLOC, 16, 2);
    add_section(&f, SHT_PROGBITS, SHF_ALLOC, 20, 2);
    assert_image(&f, 0x102, "KLMN");
}

static void load_addresses_above_4_gib_are_refused(void **state)
{
    (void)state;
    for (uint64_t addr = 0xFFFFFFFF; addr <= 0x100000000; addr++) {
        struct {
            Elf64_Ehdr header;
            Elf64_Phdr segment;
            uint8_t content[4];
        } file = {
            .header = {.e_ident = {0x7F, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
                       .e_type = ET_EXEC,
                       .e_machine = EM_RISCV,
                       .e_version = EV_CURRENT,
                       .e_phoff = sizeof(Elf64_Ehdr),
                       .e_ehsize = sizeof(Elf64_Ehdr),
                       .e_phentsize = sizeof(Elf64_Phdr),
                       .e_phnum = 1},
            .segment = {.p_type = PT_LOAD,
                        .p_offset = sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr),
                        .p_paddr = addr,
                        .p_filesz = 1,
                        .p_memsz = 1}};
        FILE *out = fopen("in.elf", "wb");
        assert_non_null(out);
        assert_int_equal(fwrite(&file, 1, sizeof file, out), sizeof file);
        assert_int_equal(fclose(out), 0);
        struct fota_image image;
        struct fota_fault fault;
        enum fota_err err = fota_image_read(&image, "in.elf", &fault);
        assert_int_equal(err, addr == 0xFFFFFFFF ? FOTA_OK : FOTA_E_IMAGE);
        if (err < 0)
            assert_string_equal(fault.detail, "load address 0x100000000 is above 4 GiB");
        fota_image_free(&image);
    }
}

static void segments_serve_when_there_are_no_sections(void **state)
{
    (void)state;
    struct file f = new_file();
    add_segment(&f, PT_LOAD, 0x20, 8, 3);
    add_segment(&f, PT_LOAD, 0x10, 0, 0); /* only zeroed memory */
    add_segment(&f, PT_LOAD, 0x1E, 0, 2);
    assert_image(&f, 0x1E, "ABIJK");
}

static void what_cannot_be_an_image_is_refused_with_the_reason(void **state)
{
    (void)state;
    struct file f = new_file();
    size_t whole = sizeof f.u.bytes;
    add_section(&f, SHT_PROGBITS, SHF_ALLOC, 0, 4);
    assert_refused(&f, whole, "an ELF file without loadable segments (an object file?)");

    f = new_file();
    add_segment(&f, PT_NOTE, 0, 0, 4);
    assert_refused(&f, whole, "an ELF file without content to load");

    f = new_file();
    add_segment(&f, PT_LOAD, 0, 0, 65);
    assert_refused(&f, whole, "content of 65 bytes ends behind the file's end");

    f = new_file();
    add_segment(&f, PT_LOAD, 0, 0, 0xFFFFFFFF);
    assert_refused(&f, whole, "content of 4294967295 bytes ends behind the file's end");

    f = new_file();
    add_segment(&f, PT_LOAD, 0xFFFFFFFE, 0, 3);
    assert_refused(&f, whole, "past the last address");

    f = new_file();
    add_segment(&f, PT_LOAD, 0, 0, 4);
    add_segment(&f, PT_LOAD, 2, 0, 4);
    assert_refused(&f, whole, "address 0x00000002 is given twice");

    f = new_file();
    add_segment(&f, PT_LOAD, 0x1FFF0000, 0, 4);
    add_segment(&f, PT_LOAD, 0x08000000, 0, 4);
    assert_refused(
        &f, whole,
        "gap of 402587644 bytes before address 0x1fff0000: more than 1 MiB; leave that "
        "part out of the file");
}

static void a_cut_or_changed_file_never_crashes(void **state)
{
    (void)state;
    struct file f = new_file();
    add_segment(&f, PT_LOAD, 0x08000000, 0, 10);
    add_section(&f, SHT_PROGBITS, SHF_ALLOC, 2, 4);
    add_section(&f, SHT_PROGBITS, SHF_ALLOC, 6, 4);
    struct fota_image image;
    struct fota_fault fault;
    for (size_t n = 4; n < sizeof f.u.bytes; n++) {
        struct file cut = f;
        enum fota_err err = read_file(&image, &cut, n, &fault);
        assert_true(err == FOTA_OK || err == FOTA_E_IMAGE);
        fota_image_free(&image);
    }
    for (size_t i = 0; i < sizeof f.segment + sizeof f.section; i++) {
        for (unsigned k = 0; k < 4; k++) {
            static const uint8_t values[] = {0x00, 0x7F, 0x80, 0xFF};
            struct file changed = f;
            uint8_t *at = i < sizeof f.segment
                              ? (uint8_t *)changed.segment + i
                              : (uint8_t *)changed.section + (i - sizeof f.segment);
            *at = values[k];
            enum fota_err err = read_file(&image, &changed, sizeof f.u.bytes, &fault);
            assert_true(err == FOTA_OK || err == FOTA_E_IMAGE);
            fota_image_free(&image);
        }
    }
}

int main(void)
{
    struct temp_dir dir;
    temp_dir_enter(&dir);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(allocated_sections_are_placed_at_their_load_addresses),
        cmocka_unit_test(sections_outside_the_segments_are_left_out),
        cmocka_unit_test(load_addresses_above_4_gib_are_refused),
        cmocka_unit_test(segments_serve_when_there_are_no_sections),
        cmocka_unit_test(what_cannot_be_an_image_is_refused_with_the_reason),
        cmocka_unit_test(a_cut_or_changed_file_never_crashes),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    temp_dir_leave(&dir);
    return failed;
}
