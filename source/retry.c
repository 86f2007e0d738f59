/* SPDX-License-Identifier: MIT */
#include "source/retry.h"
#include <errno.h>
#include <time.h>

#define WAIT_SLICE_MS  100U
#define BACKOFF_MAX_MS 16000U

uint64_t fota_clock_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000U + (uint64_t)now.tv_nsec / 1000000U;
}

bool fota_source_stopped(const struct fota_source_options *options)
{
    return options->stop != NULL && *options->stop != 0;
}

enum fota_err fota_source_sleep(const struct fota_source_options *options, uint32_t ms)
{
    const uint64_t begin = fota_clock_ms();
    for (;;) {
        if (fota_source_stopped(options)) {
            return FOTA_E_INTERRUPTED;
        }
        const uint64_t passed = fota_clock_ms() - begin;
        if (passed >= ms) {
            return FOTA_OK;
        }
        const uint64_t left = ms - passed;
        const long slice = (long)(left < WAIT_SLICE_MS ? left : WAIT_SLICE_MS);
        (void)nanosleep(&(struct timespec){0, slice * 1000000L}, NULL);
    }
}

static uint32_t backoff_ms(const struct fota_retry *retry)
{
    uint32_t ms = retry->options->backoff_ms;
    for (uint32_t i = 1; i < retry->n_vain && ms < BACKOFF_MAX_MS; i++) {
        ms *= 2U;
    }
    return ms < BACKOFF_MAX_MS ? ms : BACKOFF_MAX_MS;
}

enum fota_err fota_retry_wait(struct fota_retry *retry, enum fota_err err,
                              const struct fota_attempt *attempt, bool brought_bytes)
{
    if (!attempt->again) {
        return err;
    }
    retry->n_vain = brought_bytes ? 0 : retry->n_vain + 1U;
    if (retry->n_vain >= retry->options->tries ||
        attempt->wait_ms > retry->options->wait_max_ms) {
        return err;
    }
    const uint32_t own_ms = backoff_ms(retry);
    return fota_source_sleep(retry->options,
                             attempt->wait_ms > own_ms ? attempt->wait_ms : own_ms);
}
