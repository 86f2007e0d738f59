/* SPDX-License-Identifier: MIT */
#include "module/provision.h"
#include "core/identity.h"
#include "module/flash_file.h"
#include <stdio.h>
#include <string.h>

static enum fota_err
write_image(const struct fota_area *slot, const uint8_t *image, uint32_t n_bytes)
{
    uint8_t page[FOTA_PAGE_MAX];
    uint32_t page_bytes = slot->flash->page_bytes;
    for (uint32_t off = 0; off < n_bytes; off += page_bytes) {
        uint32_t n = n_bytes - off < page_bytes ? n_bytes - off : page_bytes;
        memset(page, slot->flash->erased, sizeof page);
        memcpy(page, image + off, n);
        enum fota_err err = fota_area_program(slot, off, page, page_bytes);
        if (err != FOTA_OK) {
            return err;
        }
    }
    return FOTA_OK;
}

static enum fota_err write_identity(const struct fota_area *area, const struct provision *p)
{
    struct fota_identity id = {.image_bytes = p->image_bytes,
                               .security_counter = p->security_counter};
    (void)snprintf(id.product, sizeof id.product, "%s", p->factory.product);
    (void)snprintf(id.version, sizeof id.version, "%s", p->version);
    struct fota_sha256 sha;
    fota_sha256_init(&sha);
    fota_sha256_update(&sha, p->image, p->image_bytes);
    fota_sha256_final(&sha, id.image_sha256);

    uint8_t payload[FOTA_IDENTITY_BYTES];
    fota_identity_encode(&id, payload);
    struct fota_record_write w;
    fota_record_write_begin(&w, area, payload, sizeof payload, 0);
    enum fota_err err = FOTA_MORE;
    while (err > 0) {
        err = fota_record_write_step(&w);
    }
    return err;
}

static enum fota_err write_content(struct flash_file *file, const struct provision *p)
{
    struct fota_area area[FOTA_AREA_COUNT];
    flash_file_areas(file, &p->factory.profile, area);
    enum fota_err err = write_image(&area[FOTA_AREA_SLOT], p->image, p->image_bytes);
    return err == FOTA_OK ? write_identity(&area[FOTA_AREA_IDENTITY], p) : err;
}

enum fota_err provision(int fd, const struct provision *p)
{
    const struct fota_profile *profile = &p->factory.profile;
    if (p->image_bytes > profile->area[FOTA_AREA_SLOT].n_bytes) {
        return FOTA_E_SLOT_SPACE;
    }
    char page[FACTORY_BYTES];
    enum fota_err err = factory_print(&p->factory, page);
    if (err == FOTA_OK) {
        err = flash_file_format(fd, page, profile);
    }
    if (err != FOTA_OK) {
        return err;
    }
    struct flash_file file;
    err = flash_file_open(&file, fd, profile);
    if (err == FOTA_OK) {
        err = write_content(&file, p);
    }
    flash_file_close(&file);
    return err;
}
