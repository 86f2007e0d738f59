/* SPDX-License-Identifier: MIT */
/* What can be told of a raw image: its instruction set, its address, its RAM.
 */
#ifndef FOTA_HOST_ANALYZE_H
#define FOTA_HOST_ANALYZE_H

#include "core/delta.h"
#include "core/delta_state.h"
#include "host/encode.h"
#include <stdbool.h>

#define FOTA_NO_BASE 0xF0000000U /* no word is a pointer into an image here */

#define FOTA_ANALYSIS_MAX 3U

/* What an image may be: the most likely first; none: data. */
struct fota_analysis {
    uint32_t n;
    struct {
        enum fota_arch arch;
        struct fota_delta_space space;
    } at[FOTA_ANALYSIS_MAX];
};

/* FOTA_E_NOMEM. */
FOTA_NODISCARD enum fota_err fota_analyze(struct fota_analysis *out, struct fota_bytes image);

#endif
