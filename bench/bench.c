/* SPDX-License-Identifier: MIT */
/* Encode one pair and print what the body is made of, one line of "name=value" words:
 *   fota-bench OLD NEW in-place|two-slots|full SECTOR_BYTES SCRATCH UNIT DECODER_BYTES */
#include "host/encode.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static bool load(struct fota_bytes *out, const char *path)
{
    FILE *f = fopen(path, "rb");
    if (f == NULL) return false;
    uint8_t *at = malloc(FOTA_IMAGE_MAX_BYTES + 1U);
    size_t n = at != NULL ? fread(at, 1, FOTA_IMAGE_MAX_BYTES + 1U, f) : 0;
    bool good = at != NULL && ferror(f) == 0;
    fclose(f);
    *out = (struct fota_bytes){at, (uint32_t)n};
    return good;
}

static uint32_t number(const char *text)
{
    return (uint32_t)strtoul(text, NULL, 0);
}

static void print(const struct fota_encoded *e, double seconds)
{
    const struct fota_encode_stats *s = &e->stats;
    printf(
        "body=%u prologue=%u heads=%u coded=%u units=%u ops=%u map=%u literal=%u unchanged=%u "
        "written=%u stash=%u scratch=%u decoder=%u arch=%u seconds=%.2f\n",
        e->body_bytes, s->prologue_bytes, s->unit_head_bytes, s->coded_bytes, e->n_units,
        s->n_ops, s->n_map_segments, s->literal_bytes, s->unchanged_sectors, s->written_sectors,
        s->stash_steps, e->scratch_sectors, e->decoder_bytes, e->arch, seconds);
}

int main(int argc, char **argv)
{
    if (argc != 8) {
        fputs("usage: fota-bench OLD NEW MODE SECTOR_BYTES SCRATCH UNIT DECODER_BYTES\n",
              stderr);
        return 2;
    }
    struct fota_bytes old_image = {0};
    struct fota_bytes new_image = {0};
    struct fota_encode_options options = {.mode = FOTA_ENCODE_IN_PLACE};
    if (strcmp(argv[3], "two-slots") == 0) options.mode = FOTA_ENCODE_TWO_SLOTS;
    if (strcmp(argv[3], "full") == 0) options.mode = FOTA_ENCODE_FULL;
    uint32_t sector_bytes = number(argv[4]);
    if ((options.mode != FOTA_ENCODE_FULL && !load(&old_image, argv[1])) ||
        !load(&new_image, argv[2]) || sector_bytes == 0) {
        fputs("fota-bench: cannot read the files\n", stderr);
        return 3;
    }
    uint32_t most =
        old_image.n_bytes > new_image.n_bytes ? old_image.n_bytes : new_image.n_bytes;
    struct fota_flash_run run = {(most + sector_bytes - 1) / sector_bytes, sector_bytes};
    struct fota_flash flash = {
        .runs = &run, .n_runs = 1, .program_bytes = 1, .page_bytes = 256};
    struct fota_area slot = {&flash, 0, run.n_sectors * sector_bytes};
    options.slot = &slot;
    options.scratch_sectors = number(argv[5]);
    options.unit_sectors = number(argv[6]);
    options.decoder_bytes = number(argv[7]);
    struct fota_encoded encoded;
    clock_t begin = clock();
    enum fota_err err = fota_encode(&encoded, old_image, new_image, &options);
    if (err != FOTA_OK) {
        fprintf(stderr, "fota-bench: failed, code %u\n", fota_err_code(err));
        return (int)fota_err_code(err);
    }
    print(&encoded, (double)(clock() - begin) / CLOCKS_PER_SEC);
    fota_encoded_free(&encoded);
    return 0;
}
