/* SPDX-License-Identifier: MIT */
#include "host/seeds.h"
#include <stdlib.h>

#define MATCH_MIN   4U
#define TRIES_MAX   32U /* neighbours looked at on each side */
#define LARGE_BYTES (2U << 20)

enum fota_err fota_seeds_open(struct fota_seeds *s, const struct fota_parse_job *job)
{
    *s = (struct fota_seeds){.job = job, .per_side = FOTA_SEEDS_MAX / 2};
    if (job->level == 1 || job->dst.n_bytes > LARGE_BYTES) s->per_side = 3;
    enum fota_err err = fota_suffix_build(&s->suffix, job->src.at, job->src.n_bytes);
    if (err != FOTA_OK || !job->from_itself) return err;
    s->rank = malloc(job->src.n_bytes * sizeof *s->rank);
    if (s->rank == NULL) {
        fota_seeds_close(s);
        return FOTA_E_NOMEM;
    }
    for (uint32_t i = 0; i < s->suffix.n; i++)
        s->rank[s->suffix.order[i]] = i;
    return FOTA_OK;
}

void fota_seeds_close(struct fota_seeds *s)
{
    fota_suffix_free(&s->suffix);
    free(s->rank);
    s->rank = NULL;
}

/* Take neighbours from place `at` on, stepping by `step`, while they begin alike. */
static uint32_t gather(const struct fota_seeds *s, uint32_t dst_off, uint32_t at, uint32_t step,
                       uint32_t *src_off)
{
    const struct fota_parse_job *job = s->job;
    uint32_t left = job->dst.n_bytes - dst_off;
    uint32_t n = 0;
    for (uint32_t tries = 0; tries < TRIES_MAX && at < s->suffix.n; tries++, at += step) {
        uint32_t start = (uint32_t)s->suffix.order[at];
        uint32_t most = left < MATCH_MIN ? left : MATCH_MIN;
        if (fota_suffix_match(&s->suffix, start, job->dst.at + dst_off, most) < MATCH_MIN)
            break;
        if (job->readable(job->ctx, dst_off, start) < MATCH_MIN) continue;
        src_off[n++] = start;
        if (n == s->per_side) break;
    }
    return n;
}

uint32_t
fota_seeds_at(const struct fota_seeds *s, uint32_t dst_off, uint32_t src_off[FOTA_SEEDS_MAX])
{
    const struct fota_parse_job *job = s->job;
    uint32_t at = s->rank != NULL ? s->rank[dst_off]
                                  : fota_suffix_find(&s->suffix, job->dst.at + dst_off,
                                                     job->dst.n_bytes - dst_off);
    uint32_t n = gather(s, dst_off, at, 1, src_off);
    return n + gather(s, dst_off, at - 1, UINT32_MAX, src_off + n);
}
