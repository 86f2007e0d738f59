/* SPDX-License-Identifier: MIT */
/* When to try again, and the waiting between. */
#ifndef FOTA_SOURCE_RETRY_H
#define FOTA_SOURCE_RETRY_H

#include "source/transport.h"

/* Milliseconds of a clock that only rises. */
uint64_t fota_clock_ms(void);
bool fota_source_stopped(const struct fota_source_options *options);
/* Sleep; FOTA_E_INTERRUPTED if stopped. */
FOTA_NODISCARD enum fota_err
fota_source_sleep(const struct fota_source_options *options, uint32_t ms);

struct fota_retry {
    const struct fota_source_options *options;
    uint32_t n_vain; /* attempts in a row that brought no byte */
};

/* After an attempt that ended with `err`: FOTA_OK, waited, try again; or why not. */
FOTA_NODISCARD enum fota_err
fota_retry_wait(struct fota_retry *retry, enum fota_err err, const struct fota_attempt *attempt,
                bool brought_bytes);

#endif
