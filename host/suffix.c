/* SPDX-License-Identifier: MIT */
#include "host/suffix.h"
#include <divsufsort.h>
#include <stdlib.h>
#include <string.h>

enum fota_err fota_suffix_build(struct fota_suffix *s, const uint8_t *text, uint32_t n_bytes)
{
    *s = (struct fota_suffix){.text = text, .n = n_bytes};
    if (n_bytes == 0) return FOTA_OK;
    s->order = malloc(n_bytes * sizeof *s->order);
    if (s->order == NULL) return FOTA_E_NOMEM;
    if (divsufsort(text, s->order, (int32_t)n_bytes) == 0) return FOTA_OK;
    fota_suffix_free(s);
    return FOTA_E_NOMEM;
}

void fota_suffix_free(struct fota_suffix *s)
{
    free(s->order);
    s->order = NULL;
    s->n = 0;
}

uint32_t fota_suffix_match(const struct fota_suffix *s, uint32_t start, const uint8_t *key,
                           uint32_t n_bytes)
{
    uint32_t most = s->n - start < n_bytes ? s->n - start : n_bytes;
    uint32_t n = 0;
    while (n < most && s->text[start + n] == key[n])
        n++;
    return n;
}

uint32_t fota_suffix_find(const struct fota_suffix *s, const uint8_t *key, uint32_t n_bytes)
{
    /* keys differ early or the caller has them on a known diagonal: 512 bytes tell enough */
    if (n_bytes > 512) n_bytes = 512;
    uint32_t low = 0;
    uint32_t high = s->n;
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        uint32_t start = (uint32_t)s->order[mid];
        uint32_t left = s->n - start;
        int way = memcmp(s->text + start, key, left < n_bytes ? left : n_bytes);
        if (way < 0 || (way == 0 && left < n_bytes))
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}
