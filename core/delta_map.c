/* SPDX-License-Identifier: MIT */
#include "core/delta_map.h"
#include "core/mem.h"

static uint32_t load24(const uint8_t *p)
{
    return p[0] | ((uint32_t)p[1] << 8) | ((uint32_t)p[2] << 16);
}

static void store24(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
    p[2] = (uint8_t)(v >> 16);
}

/* Number of segments that begin at `address` or before. */
static uint32_t place_of(const struct fota_map *m, uint32_t address)
{
    uint32_t low = 0;
    uint32_t high = m->n;
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        if (load24(m->at + (size_t)mid * FOTA_MAP_SEGMENT_BYTES) <= address)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

enum fota_err fota_map_add(struct fota_map *m, uint32_t begin, uint32_t diagonal)
{
    if (m->n == m->room) return FOTA_E_BODY;
    uint32_t place = place_of(m, begin & FOTA_MAP_MASK);
    uint8_t *at = m->at + (size_t)place * FOTA_MAP_SEGMENT_BYTES;
    memmove(at + FOTA_MAP_SEGMENT_BYTES, at, (size_t)(m->n - place) * FOTA_MAP_SEGMENT_BYTES);
    store24(at, begin);
    store24(at + 3, diagonal);
    m->n++;
    return FOTA_OK;
}

uint32_t fota_map_diagonal(const struct fota_map *m, uint32_t address)
{
    if (m->n == 0) return 0;
    uint32_t place = place_of(m, address & FOTA_MAP_MASK);
    if (place > 0) place--;
    uint32_t d = load24(m->at + (size_t)place * FOTA_MAP_SEGMENT_BYTES + 3);
    return d & 0x800000U ? d | 0xFF000000U : d;
}
