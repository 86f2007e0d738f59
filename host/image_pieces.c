/* SPDX-License-Identifier: MIT */
#include "host/image_pieces.h"
#include "host/encode.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Make room for `n` more elements of `size` bytes. */
static bool reserve(void **array, size_t *capacity, size_t used, size_t n, size_t size)
{
    if (*array != NULL && n <= *capacity - used) return true;
    size_t wanted = *capacity * 2 > used + n ? *capacity * 2 : used + n;
    void *larger = realloc(*array, wanted * size);
    if (larger == NULL) return false;
    *array = larger;
    *capacity = wanted;
    return true;
}

static enum fota_err fault_at(const struct fota_image_pieces *p, uint64_t at,
                              struct fota_fault *fault, const char *why)
{
    return fota_fault_set_at(fault, FOTA_E_IMAGE, p->path, p->place, at, "%s", why);
}

enum fota_err
fota_image_pieces_add(struct fota_image_pieces *p, uint32_t addr, const uint8_t *bytes,
                      size_t n_bytes, uint64_t at, struct fota_fault *fault)
{
    if (n_bytes == 0) return FOTA_OK;
    if (n_bytes - 1 > UINT32_MAX - addr) return fault_at(p, at, fault, "past the last address");
    if (n_bytes > FOTA_IMAGE_MAX_BYTES || p->n_bytes > FOTA_IMAGE_MAX_BYTES - n_bytes) {
        return fault_at(p, at, fault, "the image is larger than 16 MiB");
    }
    if (!reserve((void **)&p->bytes, &p->byte_capacity, p->n_bytes, n_bytes, 1) ||
        !reserve((void **)&p->piece, &p->piece_capacity, p->n_pieces, 1, sizeof *p->piece)) {
        return fota_fault_set(fault, FOTA_E_NOMEM, p->path, "%s", "");
    }
    memcpy(p->bytes + p->n_bytes, bytes, n_bytes);
    if (p->n_pieces != 0 && addr == p->next_addr) {
        /* NOLINTNEXTLINE(clang-analyzer-core.uninitialized.Assign): realloc() keeps content */
        p->piece[p->n_pieces - 1].n_bytes += (uint32_t)n_bytes;
    } else {
        p->piece[p->n_pieces++] =
            (struct fota_image_piece){addr, (uint32_t)n_bytes, p->n_bytes, at};
    }
    p->next_addr = (uint64_t)addr + n_bytes;
    p->n_bytes += n_bytes;
    return FOTA_OK;
}

static int by_addr(const void *a, const void *b)
{
    const struct fota_image_piece *x = a;
    const struct fota_image_piece *y = b;
    if (x->addr != y->addr) return x->addr < y->addr ? -1 : 1;
    return x->at < y->at ? -1 : 1; /* keep the file's order: messages name the later one */
}

/* Neither overlap nor large gap between neighbours; both sorted. */
static enum fota_err check_order(const struct fota_image_pieces *p, struct fota_fault *fault)
{
    for (size_t i = 1; i < p->n_pieces; i++) {
        const struct fota_image_piece *before = &p->piece[i - 1];
        const struct fota_image_piece *next = &p->piece[i];
        if (next->addr - before->addr < before->n_bytes) {
            return fota_fault_set_at(fault, FOTA_E_IMAGE, p->path, p->place, next->at,
                                     "address 0x%08" PRIx32 " is given twice", next->addr);
        }
        uint32_t gap = next->addr - before->addr - before->n_bytes;
        if (gap > FOTA_IMAGE_GAP_MAX) {
            return fota_fault_set_at(fault, FOTA_E_IMAGE, p->path, p->place, next->at,
                                     "gap of %" PRIu32 " bytes before address 0x%08" PRIx32
                                     ": more than 1 MiB; leave that part out of the file",
                                     gap, next->addr);
        }
    }
    return FOTA_OK;
}

enum fota_err fota_image_pieces_join(struct fota_image *out, struct fota_image_pieces *p,
                                     struct fota_fault *fault)
{
    if (p->n_pieces == 0) return fota_fault_set(fault, FOTA_E_IMAGE, p->path, "no data in it");
    qsort(p->piece, p->n_pieces, sizeof *p->piece, by_addr);
    enum fota_err err = check_order(p, fault);
    if (err < 0) return err;
    const struct fota_image_piece *last = &p->piece[p->n_pieces - 1];
    uint32_t addr = p->piece[0].addr;
    uint64_t n_bytes = (uint64_t)(last->addr - addr) + last->n_bytes;
    if (n_bytes > FOTA_IMAGE_MAX_BYTES) {
        return fault_at(p, last->at, fault, "the image with its gaps is larger than 16 MiB");
    }
    uint8_t *at = malloc((size_t)n_bytes);
    if (at == NULL) return fota_fault_set(fault, FOTA_E_NOMEM, p->path, "%s", "");
    memset(at, FOTA_IMAGE_GAP_FILL, (size_t)n_bytes);
    for (size_t i = 0; i < p->n_pieces; i++) {
        memcpy(at + (p->piece[i].addr - addr), p->bytes + p->piece[i].from,
               p->piece[i].n_bytes);
    }
    out->at = at;
    out->n_bytes = (uint32_t)n_bytes;
    out->has_addr = true;
    out->addr = addr;
    return FOTA_OK;
}

void fota_image_pieces_free(struct fota_image_pieces *p)
{
    free(p->piece);
    free(p->bytes);
}
