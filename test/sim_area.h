/* SPDX-License-Identifier: MIT */
/* For tests: one simulated flash device of up to 64 KiB in static memory, and an area on it. */
#ifndef FOTA_TEST_SIM_AREA_H
#define FOTA_TEST_SIM_AREA_H

#include "sim/flash_sim.h"
#include <setjmp.h>
#include <string.h>

#define SIM_AREA_BYTES 65536U

struct sim_area {
    struct fota_sim_power power;
    struct fota_sim_flash flash;
    struct fota_area area;
    jmp_buf cut;
    uint8_t data[SIM_AREA_BYTES];
    uint8_t other[SIM_AREA_BYTES];
    uint8_t units[SIM_AREA_BYTES];
};

static inline void sim_area_cut(void *ctx)
{
    struct sim_area *s = ctx;
    longjmp(s->cut, 1);
}

/* Run `body`; whether the power stayed on to its end. */
static inline bool sim_area_survives(struct sim_area *s, void (*body)(void *arg), void *arg)
{
    if (setjmp(s->cut) != 0) return false;
    body(arg);
    s->power.cut_at = 0;
    return true;
}

/* A blank device; the area is all of it. */
static inline void sim_area_init(struct sim_area *s, const struct fota_sim_geometry *geometry)
{
    memset(&s->power, 0, sizeof s->power);
    memset(s->data, geometry->erased, sizeof s->data);
    s->power.cut = sim_area_cut;
    s->power.cut_ctx = s;
    fota_sim_flash_init(&s->flash, &s->power, geometry, s->data, s->other, s->units);
    s->area.flash = &s->flash.port;
    s->area.addr = 0;
    s->area.n_bytes = s->flash.n_bytes;
}

#endif
