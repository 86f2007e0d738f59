/* SPDX-License-Identifier: MIT */
/* ELF by libelf.  As `objcopy -O binary`: the allocated sections with content, at their load
 * addresses; a file without sections: its loadable segments. */
#include "host/image_pieces.h"
#include <gelf.h>
#include <inttypes.h>
#include <libelf.h>

struct elf_reader {
    Elf *elf;
    const struct fota_input_file *file;
    struct fota_image_pieces *pieces;
    struct fota_fault *fault;
    size_t n_segments;
};

static enum fota_err refuse(struct elf_reader *r, const char *why)
{
    return fota_fault_set(r->fault, FOTA_E_IMAGE, r->pieces->path, "%s", why);
}

/* Add [off, off + n) of the file at a load address. */
static enum fota_err add_bytes(struct elf_reader *r, uint64_t addr, uint64_t off, uint64_t n)
{
    if (n > r->file->n_bytes || off > r->file->n_bytes - n) {
        return fota_fault_set_at(r->fault, FOTA_E_IMAGE, r->pieces->path, FOTA_FAULT_AT_OFFSET,
                                 off, "content of %" PRIu64 " bytes ends behind the file's end",
                                 n);
    }
    if (addr > UINT32_MAX) {
        return fota_fault_set_at(r->fault, FOTA_E_IMAGE, r->pieces->path, FOTA_FAULT_AT_OFFSET,
                                 off, "load address 0x%" PRIx64 " is above 4 GiB", addr);
    }
    return fota_image_pieces_add(r->pieces, (uint32_t)addr, r->file->at + off, (size_t)n, off,
                                 r->fault);
}

/* Where the section is loaded: through the segment that holds it. */
static bool load_address(struct elf_reader *r, const GElf_Shdr *section, uint64_t *addr)
{
    for (size_t i = 0; i < r->n_segments; i++) {
        GElf_Phdr segment;
        if (gelf_getphdr(r->elf, (int)i, &segment) == NULL || segment.p_type != PT_LOAD)
            continue;
        uint64_t inside = section->sh_offset - segment.p_offset; /* huge when before it */
        if (inside >= segment.p_filesz || section->sh_size > segment.p_filesz - inside)
            continue;
        *addr = segment.p_paddr + inside;
        return true;
    }
    return false;
}

static enum fota_err add_sections(struct elf_reader *r)
{
    Elf_Scn *at = NULL;
    while ((at = elf_nextscn(r->elf, at)) != NULL) {
        GElf_Shdr section;
        uint64_t addr;
        if (gelf_getshdr(at, &section) == NULL) return refuse(r, "section table damaged");
        if ((section.sh_flags & SHF_ALLOC) == 0 || section.sh_type == SHT_NOBITS) continue;
        if (section.sh_size == 0 || !load_address(r, &section, &addr)) continue;
        enum fota_err err = add_bytes(r, addr, section.sh_offset, section.sh_size);
        if (err < 0) return err;
    }
    return FOTA_OK;
}

static enum fota_err add_segments(struct elf_reader *r)
{
    for (size_t i = 0; i < r->n_segments; i++) {
        GElf_Phdr segment;
        if (gelf_getphdr(r->elf, (int)i, &segment) == NULL) {
            return refuse(r, "program header table damaged");
        }
        if (segment.p_type != PT_LOAD || segment.p_filesz == 0) continue;
        enum fota_err err = add_bytes(r, segment.p_paddr, segment.p_offset, segment.p_filesz);
        if (err < 0) return err;
    }
    return FOTA_OK;
}

static enum fota_err read_elf(struct elf_reader *r)
{
    if (r->elf == NULL || elf_kind(r->elf) != ELF_K_ELF) return refuse(r, "ELF header damaged");
    if (elf_getphdrnum(r->elf, &r->n_segments) != 0 || r->n_segments == 0) {
        return refuse(r, "an ELF file without loadable segments (an object file?)");
    }
    enum fota_err err = add_sections(r);
    if (err == FOTA_OK && r->pieces->n_pieces == 0) err = add_segments(r);
    if (err < 0) return err;
    return r->pieces->n_pieces != 0 ? FOTA_OK
                                    : refuse(r, "an ELF file without content to load");
}

enum fota_err fota_image_elf_parse(struct fota_image_pieces *p,
                                   const struct fota_input_file *file, struct fota_fault *fault)
{
    p->place = FOTA_FAULT_AT_OFFSET;
    struct elf_reader r = {.file = file, .pieces = p, .fault = fault};
    if (elf_version(EV_CURRENT) == EV_NONE) return refuse(&r, elf_errmsg(-1));
    r.elf = elf_memory((char *)file->at, file->n_bytes);
    enum fota_err err = read_elf(&r);
    (void)elf_end(r.elf);
    return err;
}
