/* SPDX-License-Identifier: MIT */
/* The decoder against any body.  The first bytes of the input choose sizes and instruction set,
 * the rest is the body: prologue, then one unit of coded bytes. */
#include "core/delta.h"
#include "core/mem.h"
#include <stdint.h>
#include <stdlib.h>

enum { IMAGE_BYTES = 4096, WORK_BYTES = 16384 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct body {
    const uint8_t *at;
    uint32_t n;
    uint32_t pos;
};

static uint8_t old_byte(uint32_t off)
{
    return (uint8_t)((off * 2654435761U >> 24) & (off % 3 == 0 ? 0xF3U : 0xF8U));
}

static enum fota_err read_body(void *ctx, uint32_t off, uint8_t *dst, uint32_t n_bytes)
{
    const struct body *b = ctx;
    if (off > b->n || n_bytes > b->n - off)
        abort(); /* the decoder keeps to what it was given */
    memcpy(dst, b->at + off, n_bytes);
    return FOTA_OK;
}

static uint32_t old_readable(void *ctx, uint32_t off)
{
    (void)ctx;
    return off / 512 % 3 == 2 ? 0 : 512 - off % 512;
}

static enum fota_err read_old(void *ctx, uint32_t off, uint8_t *dst, uint32_t n_bytes)
{
    if (n_bytes > old_readable(ctx, off)) abort();
    for (uint32_t i = 0; i < n_bytes; i++)
        dst[i] = old_byte(off + i);
    return FOTA_OK;
}

static uint32_t new_readable(void *ctx, uint32_t off)
{
    const struct body *b = ctx;
    uint32_t page = b->pos - b->pos % FOTA_DELTA_PAGE;
    return off < page ? page - off : 0;
}

static enum fota_err read_new(void *ctx, uint32_t off, uint8_t *dst, uint32_t n_bytes)
{
    if (n_bytes > new_readable(ctx, off)) abort();
    memset(dst, (int)(off % 251), n_bytes);
    return FOTA_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 6 || size > 8192) return 0;
    struct body body = {data + 4, (uint32_t)size - 4, 0};
    struct fota_delta_source source = {&body,        read_body, read_old,
                                       old_readable, read_new,  new_readable};
    struct fota_delta_params params = {
        .codec = FOTA_CODEC_DELTA1,
        .arch = data[0] % FOTA_ARCH_COUNT,
        .old_bytes = data[0] & 2U ? 0 : IMAGE_BYTES,
        .new_bytes = IMAGE_BYTES - data[1],
        .prologue_bytes = body.n * (data[2] + 1U) / 256U,
    };
    struct fota_delta_unit unit = {0, params.new_bytes, params.prologue_bytes,
                                   body.n - params.prologue_bytes};
    uint8_t page[FOTA_DELTA_PAGE];
    struct fota_delta *d;
    void *work = malloc(WORK_BYTES);
    uint32_t need = 0;
    if (fota_delta_workspace_bytes(&need, &params, &source) == FOTA_OK && need <= WORK_BYTES &&
        fota_delta_open(&d, work, need, &params, &source) == FOTA_OK &&
        fota_delta_begin(d, &unit) == FOTA_OK) {
        for (; body.pos < params.new_bytes; body.pos += FOTA_DELTA_PAGE) {
            uint32_t left = params.new_bytes - body.pos;
            if (fota_delta_read(d, page, left < FOTA_DELTA_PAGE ? left : FOTA_DELTA_PAGE) !=
                FOTA_OK)
                break;
        }
        (void)!fota_delta_end(d);
    }
    free(work);
    return 0;
}
