/* SPDX-License-Identifier: MIT */
/* For test/system/sources_test.py: disk_probe IMAGE PATH REFERENCE PULL_STEP FLIPS.  Reads PATH
 * from the image, compares with the file REFERENCE; then with the disk pulled at every
 * PULL_STEPth block that is read; then FLIPS times with one byte damaged somewhere in what was
 * read of FAT and folders.  Prints: times pulled, and of the damaged ones: finished with the
 * right bytes, refused, finished with other bytes. */
#include "port/fatfs/fat_source.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PIECE_BYTES 450U
#define SEEN_MAX    4096U

struct image {
    uint8_t *bytes;
    size_t n_bytes;
    uint32_t block_bytes;
    uint32_t n_reads;   /* blocks read */
    uint32_t pulled_at; /* from this read on every one fails */
    uint32_t n_after;   /* reads after the pull */
    uint32_t n_seen;    /* blocks read at open */
    uint32_t seen[SEEN_MAX];
};

static void die(const char *text)
{
    (void)fprintf(stderr, "%s\n", text);
    exit(1);
}

static uint8_t *load(const char *path, size_t *n_bytes)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
        die(path);
    }
    const long n = ftell(file);
    rewind(file);
    uint8_t *bytes = n > 0 ? malloc((size_t)n) : NULL;
    if (bytes == NULL || fread(bytes, 1, (size_t)n, file) != (size_t)n) {
        die(path);
    }
    (void)fclose(file);
    *n_bytes = (size_t)n;
    return bytes;
}

static enum fota_err read_blocks(void *ctx, uint32_t first, uint8_t *dst, uint32_t n_blocks)
{
    struct image *image = ctx;
    for (uint32_t i = 0; i < n_blocks; i++) {
        const size_t off = (size_t)(first + i) * image->block_bytes;
        if (image->n_reads >= image->pulled_at) {
            image->n_after++;
            return FOTA_E_DISK;
        }
        if (off >= image->n_bytes || image->n_bytes - off < image->block_bytes) {
            return FOTA_E_DISK;
        }
        if (image->n_seen < SEEN_MAX) {
            image->seen[image->n_seen++] = first + i;
        }
        image->n_reads++;
        memcpy(dst + (size_t)i * image->block_bytes, image->bytes + off, image->block_bytes);
    }
    return FOTA_OK;
}

/* Read it all; *n_same: bytes handed over that are right; false in *same if one was wrong. */
static enum fota_err read_all(struct image *image, const char *path, const uint8_t *reference,
                              size_t n_reference, bool *same)
{
    static struct fota_fat_source fat;
    uint8_t piece[PIECE_BYTES];
    const struct fota_package_wanted wanted = {NULL, NULL};
    const struct fota_disk disk = {image, image->block_bytes, read_blocks};
    image->n_reads = 0;
    image->n_after = 0;
    *same = true;
    enum fota_err err = fota_fat_source_open(&fat, &disk, path, &wanted);
    if (err != FOTA_OK) {
        return err;
    }
    *same = fat.package.n_bytes == n_reference;
    for (uint32_t off = 0; err == FOTA_OK && off < fat.package.n_bytes;) {
        const uint32_t left = fat.package.n_bytes - off;
        const uint32_t n = left < PIECE_BYTES ? left : PIECE_BYTES;
        err = fat.package.read(fat.package.ctx, off, piece, n);
        if (err == FOTA_OK) {
            *same = *same && off + n <= n_reference && memcmp(piece, reference + off, n) == 0;
            off += n;
        }
    }
    if (err != FOTA_OK && fat.package.read(fat.package.ctx, 0, piece, 1) == FOTA_OK) {
        die("source gives bytes after the disk failed");
    }
    fat.package.close(fat.package.ctx);
    return err;
}

static uint32_t pull_everywhere(struct image *image, const char *path, const uint8_t *reference,
                                size_t n_reference, uint32_t step)
{
    uint32_t n_pulled = 0;
    bool same = false;
    image->pulled_at = UINT32_MAX;
    if (read_all(image, path, reference, n_reference, &same) != FOTA_OK || !same) {
        die("undisturbed read fails");
    }
    const uint32_t n_reads = image->n_reads;
    for (uint32_t at = 0; at < n_reads; at += step) {
        image->pulled_at = at;
        const enum fota_err err = read_all(image, path, reference, n_reference, &same);
        if (err != FOTA_E_DISK || !same) {
            die("pulled disk: not the right error, or wrong bytes");
        }
        if (image->n_after != 1) {
            die("disk is asked again after it failed");
        }
        n_pulled++;
    }
    image->pulled_at = UINT32_MAX;
    return n_pulled;
}

int main(int argc, char **argv)
{
    static struct image image;
    size_t n_reference = 0;
    uint32_t n_finished = 0;
    uint32_t n_refused = 0;
    uint32_t n_other = 0;
    if (argc != 6) {
        die("usage: disk_probe IMAGE PATH REFERENCE PULL_STEP FLIPS");
    }
    image.bytes = load(argv[1], &image.n_bytes);
    const uint32_t bpb = (uint32_t)image.bytes[11] | (uint32_t)image.bytes[12] << 8;
    image.block_bytes = bpb == 4096 ? 4096 : 512;
    uint8_t *reference = load(argv[3], &n_reference);
    const uint32_t n_pulled = pull_everywhere(&image, argv[2], reference, n_reference,
                                              (uint32_t)strtoul(argv[4], NULL, 10));
    const uint32_t n_seen = image.n_seen;
    uint32_t random = 12345;
    for (unsigned long i = strtoul(argv[5], NULL, 10); i > 0 && n_seen > 0; i--) {
        bool same = false;
        random = random * 1664525U + 1013904223U;
        const uint32_t block = image.seen[(random >> 8) % n_seen];
        random = random * 1664525U + 1013904223U;
        uint8_t *byte =
            image.bytes + (size_t)block * image.block_bytes + (random >> 8) % image.block_bytes;
        const uint8_t kept = *byte;
        *byte ^= (uint8_t)(1U << (random >> 29));
        const enum fota_err err = read_all(&image, argv[2], reference, n_reference, &same);
        n_refused += err != FOTA_OK ? 1 : 0;
        n_finished += err == FOTA_OK && same ? 1 : 0;
        n_other += err == FOTA_OK && !same ? 1 : 0;
        *byte = kept;
    }
    (void)printf("%u %u %u %u\n", (unsigned)n_pulled, (unsigned)n_finished, (unsigned)n_refused,
                 (unsigned)n_other);
    free(image.bytes);
    free(reference);
    return 0;
}
