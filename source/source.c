/* SPDX-License-Identifier: MIT */
#include "source/source.h"
#include "source/local.h"
#include "source/text.h"
#include "source/transport.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static uint32_t or_default(uint32_t value, uint32_t otherwise)
{
    return value != 0 ? value : otherwise;
}

/* The options with every default filled in; lives as long as the source. */
static struct fota_source_options complete(const struct fota_source_options *options)
{
    struct fota_source_options full = *options;
    full.max_bytes = or_default(full.max_bytes, 64U << 20);
    if (full.max_bytes > INT32_MAX) {
        full.max_bytes = INT32_MAX;
    }
    full.connect_ms = or_default(full.connect_ms, 15000);
    full.stall_ms = or_default(full.stall_ms, 30000);
    full.tries = or_default(full.tries, 6);
    full.backoff_ms = or_default(full.backoff_ms, 500);
    full.wait_max_ms = or_default(full.wait_max_ms, 120000);
    return full;
}

/* Without "user:password@". */
static void set_place(struct fota_source *s, const char *url)
{
    const char *scheme_end = strstr(url, "://");
    const char *host = scheme_end != NULL ? scheme_end + 3 : url;
    const char *behind = host;
    if (scheme_end != NULL) {
        const size_t n_authority = strcspn(host, "/?#");
        for (size_t i = 0; i < n_authority; i++) {
            behind = host[i] == '@' ? host + i + 1 : behind;
        }
    }
    fota_source_text(s->place, "%.*s%s", (int)(host - url), url, behind);
}

static bool has_scheme(const char *url, const char *scheme)
{
    return strncasecmp(url, scheme, strlen(scheme)) == 0;
}

/* A source that is read through a transport, with the options it uses. */
struct remote {
    struct fota_source_options options;
    struct fota_package_source inner;
};

static enum fota_err remote_read(void *ctx, uint32_t off, uint8_t *dst, uint32_t n_bytes)
{
    const struct remote *remote = ctx;
    return remote->inner.read(remote->inner.ctx, off, dst, n_bytes);
}

static void remote_close(void *ctx)
{
    struct remote *remote = ctx;
    remote->inner.close(remote->inner.ctx);
    free(remote);
}

static enum fota_err
open_remote(struct fota_source *s, const char *url, const struct fota_source_options *options)
{
    struct remote *remote = calloc(1, sizeof *remote);
    if (remote == NULL) {
        return FOTA_E_NOMEM;
    }
    remote->options = complete(options);
    struct fota_transport transport = {.options = &remote->options};
    enum fota_err err = has_scheme(url, "tcp://")
                            ? fota_tcp_open(&transport, url, &remote->options)
                            : fota_curl_open(&transport, url, &remote->options);
    if (err == FOTA_OK) {
        err = remote->options.window_bytes != 0
                  ? fota_window_open(s, &transport, &remote->options)
                  : fota_download_open(s, &transport, &remote->options);
    }
    if (err != FOTA_OK) {
        free(remote);
        return err;
    }
    remote->inner = s->package;
    s->package.ctx = remote;
    s->package.read = remote_read;
    s->package.close = remote_close;
    return FOTA_OK;
}

enum fota_err fota_source_open(struct fota_source *s, const char *url,
                               const struct fota_source_options *options)
{
    static const char *const schemes[] = {"http://", "https://", "ftp://",
                                          "ftps://", "ftpes://", "tcp://"};
    memset(s, 0, sizeof *s);
    set_place(s, url);
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        if (has_scheme(url, schemes[i])) {
            return open_remote(s, url, options);
        }
    }
    const struct fota_source_options full = complete(options);
    if (has_scheme(url, "fat:")) {
        return fota_fat_image_open(s, url + strlen("fat:"), &full);
    }
    if (strstr(url, "://") != NULL) {
        fota_source_text(s->detail,
                         "known are http, https, ftp, ftps, ftpes, tcp, fat and paths");
        return FOTA_E_USAGE;
    }
    return fota_local_open(s, url, &full);
}

enum fota_err
fota_source_read(struct fota_source *s, uint32_t off, uint8_t *dst, uint32_t n_bytes)
{
    return s->package.read(s->package.ctx, off, dst, n_bytes);
}

void fota_source_close(struct fota_source *s)
{
    if (s->package.close != NULL) {
        s->package.close(s->package.ctx);
    }
    memset(&s->package, 0, sizeof s->package);
}
