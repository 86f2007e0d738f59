/* SPDX-License-Identifier: MIT */
#include "core/le.h"
#include "port/fatfs/fat_source.h"
#include "source/local.h"
#include "source/text.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BOOT_BLOCK_BYTES 512U
#define BPB_BLOCK_BYTES  11U

struct fat_image {
    int fd;
    uint32_t block_bytes;
    struct fota_file_stamp stamp;
    struct fota_fat_source fat;
};

static enum fota_err read_blocks(void *ctx, uint32_t first, uint8_t *dst, uint32_t n_blocks)
{
    const struct fat_image *image = ctx;
    struct fota_file_stamp now;
    const enum fota_err err = fota_file_read(image->fd, (uint64_t)first * image->block_bytes,
                                             dst, (size_t)n_blocks * image->block_bytes);
    if (err != FOTA_OK || fota_file_stamp(image->fd, &now) != FOTA_OK) {
        return FOTA_E_DISK;
    }
    return fota_file_same(&image->stamp, &now) ? FOTA_OK : FOTA_E_CHANGED;
}

static enum fota_err image_read(void *ctx, uint32_t off, uint8_t *dst, uint32_t n_bytes)
{
    struct fat_image *image = ctx;
    return image->fat.package.read(image->fat.package.ctx, off, dst, n_bytes);
}

static void image_close(void *ctx)
{
    struct fat_image *image = ctx;
    image->fat.package.close(image->fat.package.ctx);
    (void)close(image->fd);
    free(image);
}

/* An unpartitioned image may have larger blocks than a disk's usual 512 bytes. */
static uint32_t block_bytes_of(int fd)
{
    uint8_t boot[BOOT_BLOCK_BYTES];
    if (fota_file_read(fd, 0, boot, sizeof boot) != FOTA_OK) {
        return BOOT_BLOCK_BYTES;
    }
    const uint32_t n = fota_le16(boot + BPB_BLOCK_BYTES);
    const bool jump = boot[0] == 0xEB || boot[0] == 0xE9;
    const bool power_of_two = n >= BOOT_BLOCK_BYTES && (n & (n - 1U)) == 0;
    return jump && power_of_two && n <= FF_MAX_SS ? n : BOOT_BLOCK_BYTES;
}

static enum fota_err open_image(struct fat_image *image, const char *image_path,
                                const char *path, const struct fota_source_options *options)
{
    image->fd = open(image_path, O_RDONLY | O_CLOEXEC);
    if (image->fd < 0) {
        return errno == ENOENT ? FOTA_E_NOT_FOUND : FOTA_E_IO;
    }
    enum fota_err err = fota_file_stamp(image->fd, &image->stamp);
    if (err == FOTA_OK) {
        image->block_bytes = block_bytes_of(image->fd);
        const struct fota_disk disk = {image, image->block_bytes, read_blocks};
        err = fota_fat_source_open(&image->fat, &disk, path, &options->wanted);
    }
    if (err == FOTA_OK && image->fat.package.n_bytes > options->max_bytes) {
        image->fat.package.close(image->fat.package.ctx);
        err = FOTA_E_TOO_LARGE;
    }
    if (err != FOTA_OK) {
        (void)close(image->fd);
    }
    return err;
}

enum fota_err fota_fat_image_open(struct fota_source *s, const char *spec,
                                  const struct fota_source_options *options)
{
    const char *path = strstr(spec, ":/");
    char image_path[FOTA_SOURCE_TEXT_MAX + 1];
    if (path == NULL || (size_t)(path - spec) >= sizeof image_path) {
        fota_source_text(s->detail, "write fat:IMAGE:/path/inside");
        return FOTA_E_USAGE;
    }
    (void)snprintf(image_path, sizeof image_path, "%.*s", (int)(path - spec), spec);
    struct fat_image *image = calloc(1, sizeof *image);
    if (image == NULL) {
        return FOTA_E_NOMEM;
    }
    const enum fota_err err = open_image(image, image_path, path + 1, options);
    if (err != FOTA_OK) {
        free(image);
        return err;
    }
    fota_source_text(s->place, "fat:%s:%s", image_path, image->fat.path + 2);
    s->package = (struct fota_package_source){image, image->fat.package.n_bytes, image_read,
                                              image_close};
    return FOTA_OK;
}
