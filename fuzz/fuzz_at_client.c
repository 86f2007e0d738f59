/* SPDX-License-Identifier: MIT */
/* Any bytes to the client: it reads its source within bounds and, when the module falls silent,
 * ends.  0xFF and a byte n in the input let n tenths of a second pass; what the client says is
 * taken at each line end.  The first byte chooses the options: among them whether the package
 * is fetched through the module, and by which protocol. */
#include "core/at_client.h"
#include "core/at_fetch.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t n);

#define PACKAGE_BYTES 1500U

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static enum fota_err source_read(void *ctx, uint32_t off, uint8_t *dst, uint32_t n)
{
    (void)ctx;
    require(n > 0 && off <= PACKAGE_BYTES && n <= PACKAGE_BYTES - off);
    memset(dst, (int)(off / 7), n);
    return FOTA_OK;
}

static void on_event(void *ctx, enum fota_client_event event, uint32_t number, const char *text)
{
    const uint32_t *n_bytes = ctx;
    require(strlen(text) < FOTA_CLIENT_LINE_MAX);
    require(event != FOTA_CLIENT_SENT || number <= *n_bytes);
    require(event != FOTA_CLIENT_PERCENT || (number >= 1 && number <= 100));
}

static enum fota_err turn(struct fota_at_client *c, uint32_t now_ms)
{
    const uint8_t *bytes;
    enum fota_err result = fota_at_client_poll(c, now_ms);
    size_t n = fota_at_client_output(c, &bytes);
    require(n <= FOTA_CLIENT_OUT_MAX);
    fota_at_client_sent(c, n, now_ms);
    return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t n)
{
    static struct fota_at_client c;
    static struct fota_at_fetch fetch;
    static const char *const urls[] = {"http://h/p", "ftp://u:p@h:2/d/p", "tcp://h:1/p",
                                       "https://h/p"};
    struct fota_package_source own = {.n_bytes = PACKAGE_BYTES, .read = source_read};
    struct fota_package_source *source = &own;
    struct fota_client_options options = {.expect_version = NULL};
    uint32_t now_ms = 0;
    if (n == 0) {
        return 0;
    }
    options.mode = (enum fota_client_mode)(input[0] % 3);
    options.resume = (input[0] & 4) != 0;
    options.line_has_flow_control = (input[0] & 8) != 0;
    options.expect_version = (input[0] & 16) != 0 ? "M95FAR02A08" : NULL;
    if ((input[0] & 32) != 0) {
        const struct fota_at_fetch_options how = {
            .fresh = !options.resume, .silence_s = 5, .download_ms = 20000};
        require(fota_at_fetch_init(&fetch, urls[input[0] >> 6], &how) == FOTA_OK);
        source = &fetch.source;
        options.talk = &fetch.talk;
    }
    fota_at_client_begin(&c, source, &options, on_event, &source->n_bytes);
    enum fota_err result = turn(&c, now_ms);
    for (size_t at = 1; at < n && result == FOTA_MORE; at++) {
        if (input[at] == 0xFF && n - at > 1) {
            at++;
            now_ms += input[at] * 100U;
            result = turn(&c, now_ms);
            continue;
        }
        fota_at_client_feed(&c, input + at, 1, now_ms);
        if (input[at] == '\n') {
            now_ms++;
            result = turn(&c, now_ms);
        }
    }
    for (unsigned seconds = 0; result == FOTA_MORE; seconds++) {
        require(seconds < 3000);
        now_ms += 1000;
        result = turn(&c, now_ms);
    }
    require(result == FOTA_OK || fota_err_code(result) > 0);
    return 0;
}
