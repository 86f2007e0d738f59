/* SPDX-License-Identifier: MIT */
/* Fetch a package into a file of its own, whatever the server and the line do.
 *
 * The package names its size in its first bytes and carries the hash of its body, so the server
 * is not believed: what it says about sizes and versions only saves time.  A file that was put
 * together from several answers and fails its check is fetched again from the begin; one that
 * came in one piece and fails is what the server has, and is refused.
 */
#include "source/local.h"
#include "source/package_whole.h"
#include "source/part_file.h"
#include "source/retry.h"
#include "source/text.h"
#include <string.h>

#define RESTARTS_MAX 4U

struct download {
    const struct fota_source_options *options;
    struct fota_source *source;
    struct fota_part_file part;
    struct fota_validator validator; /* of the bytes at hand */
    uint64_t have;
    uint32_t total; /* as the package says; 0: not known yet */
    uint8_t prefix[FOTA_PACKAGE_PREFIX_BYTES];
    bool pieced;         /* bytes at hand came in more than one answer */
    uint32_t n_restarts; /* bytes at hand thrown away */
};

static void report(const struct download *d, const char *text)
{
    if (d->options->report != NULL) {
        d->options->report(d->options->report_ctx, (uint32_t)d->have, d->total, text);
    }
}

/* Throw away what is at hand. */
static enum fota_err restart(struct download *d, const struct fota_validator *validator)
{
    d->have = 0;
    d->total = 0;
    d->pieced = false;
    d->validator = *validator;
    return fota_part_file_restart(&d->part, d->source->place, validator);
}

static enum fota_err on_begin(void *ctx, const struct fota_answer *answer)
{
    struct download *d = ctx;
    if (answer->off == 0) {
        if (d->have != 0) {
            report(d, "server sends the whole file: starting over");
            d->n_restarts++;
        }
        return restart(d, &answer->validator);
    }
    const bool other_version = d->validator.text[0] != '\0' &&
                               answer->validator.text[0] != '\0' &&
                               strcmp(d->validator.text, answer->validator.text) != 0;
    if (answer->off != d->have || other_version) {
        return FOTA_E_CHANGED;
    }
    d->pieced = true;
    return FOTA_OK;
}

/* Once the prefix is there, it says how long the package is. */
static enum fota_err learn_total(struct download *d, const uint8_t *bytes, size_t n_bytes)
{
    for (size_t i = 0; i < n_bytes && d->have + i < sizeof d->prefix; i++) {
        d->prefix[d->have + i] = bytes[i];
    }
    if (d->total != 0 || d->have + n_bytes < sizeof d->prefix) {
        return FOTA_OK;
    }
    const enum fota_err err = fota_package_whole_size(d->prefix, &d->total);
    if (err == FOTA_OK && d->total > d->options->max_bytes) {
        return FOTA_E_TOO_LARGE;
    }
    return err;
}

static enum fota_err on_bytes(void *ctx, const uint8_t *bytes, size_t n_bytes)
{
    struct download *d = ctx;
    enum fota_err err = learn_total(d, bytes, n_bytes);
    if (err == FOTA_OK && d->total != 0 && n_bytes > d->total - d->have) {
        err = FOTA_E_OVERLONG;
    }
    if (err == FOTA_OK) {
        err = fota_part_file_write(&d->part, d->have, bytes, n_bytes);
    }
    if (err == FOTA_OK) {
        d->have += n_bytes;
        report(d, NULL);
    }
    return err;
}

/* Take up an earlier run's bytes. */
static enum fota_err take_up(struct download *d)
{
    if (d->have == 0) {
        return FOTA_OK;
    }
    const uint64_t n_bytes = d->have;
    d->pieced = true;
    enum fota_err err = FOTA_OK;
    if (n_bytes >= sizeof d->prefix) {
        err = fota_file_read(d->part.fd, 0, d->prefix, sizeof d->prefix);
        if (err == FOTA_OK) {
            err = fota_package_whole_size(d->prefix, &d->total);
        }
    } else {
        err = fota_file_read(d->part.fd, 0, d->prefix, (size_t)n_bytes);
    }
    if (err != FOTA_OK || (d->total != 0 && n_bytes > d->total)) {
        const struct fota_validator none = {.strong = false};
        return restart(d, &none);
    }
    if (d->have == d->total) { /* asking for the last byte shows whether it is still the same */
        d->have--;
    }
    report(d, "going on where an earlier run stood");
    return FOTA_OK;
}

static enum fota_err read_part(void *ctx, uint32_t off, uint8_t *dst, uint32_t n_bytes)
{
    const struct download *d = ctx;
    return fota_file_read(d->part.fd, off, dst, n_bytes);
}

static enum fota_err check(struct download *d)
{
    const struct fota_package_source whole = {d, d->total, read_part, NULL};
    return fota_package_whole_check(&whole, NULL);
}

static bool is_complete(const struct download *d)
{
    return d->total != 0 && d->have == d->total;
}

/* Whether a failure may be due to pieces that do not belong together. */
static bool may_be_pieces(enum fota_err err)
{
    switch ((int)err) {
    case FOTA_E_FORMAT:
    case FOTA_E_VERSION:
    case FOTA_E_FEATURE:
    case FOTA_E_OVERLONG:
    case FOTA_E_BODY_HASH:
    case FOTA_E_TOO_LARGE:
    case FOTA_E_TRUNCATED:
        return true;
    default:
        return false;
    }
}

/* The server has nothing at the offset where something is missing. */
static enum fota_err
judge_past_end(const struct download *d, const struct fota_attempt *attempt)
{
    if (d->have == 0) {
        return FOTA_E_SERVER;
    }
    return d->pieced || attempt->total != d->have ? FOTA_E_CHANGED : FOTA_E_TRUNCATED;
}

/* One request.  FOTA_OK: something may still be missing. */
static enum fota_err
attempt_once(struct download *d, struct fota_transport *t, struct fota_attempt *attempt)
{
    const struct fota_request request = {d->have, 0, &d->validator};
    const struct fota_sink sink = {d, on_begin, on_bytes};
    enum fota_err err = t->get(t->ctx, &request, &sink, attempt);
    if (err == FOTA_E_RANGE && attempt->past_end) {
        return judge_past_end(d, attempt);
    }
    if ((err == FOTA_OK || attempt->again) && is_complete(d)) { /* whatever else was promised */
        attempt->again = false;
        return check(d);
    }
    if (err == FOTA_OK) {
        attempt->again = true;
        fota_source_text(attempt->text, "server ends after %llu of %lu bytes",
                         (unsigned long long)d->have, (unsigned long)d->total);
        err = FOTA_E_TRUNCATED;
    }
    return err;
}

/* Throw away pieces that do not fit together, unless that was done too often. */
static enum fota_err start_over(struct download *d, enum fota_err err)
{
    const struct fota_validator none = {.strong = false};
    if (d->n_restarts >= RESTARTS_MAX) {
        return err;
    }
    d->n_restarts++;
    report(d, "file changed on the server, or pieces do not fit: starting over");
    return restart(d, &none);
}

static enum fota_err fetch(struct download *d, struct fota_transport *t)
{
    struct fota_retry retry = {d->options, 0};
    struct fota_attempt attempt = {.again = false};
    for (;;) {
        const uint64_t before = d->have;
        const uint32_t restarts_before = d->n_restarts;
        enum fota_err err = attempt_once(d, t, &attempt);
        if (err == FOTA_OK) {
            d->source->detail[0] = '\0';
            return FOTA_OK;
        }
        fota_source_text(d->source->detail, "%s", attempt.text);
        if (d->n_restarts > RESTARTS_MAX) {
            return err;
        }
        if (err == FOTA_E_CHANGED || (!attempt.again && d->pieced && may_be_pieces(err))) {
            err = start_over(d, err);
        } else {
            const bool brought = d->n_restarts == restarts_before && d->have > before;
            report(d, attempt.text);
            err = fota_retry_wait(&retry, err, &attempt, brought);
        }
        if (err != FOTA_OK) {
            return err;
        }
    }
}

enum fota_err fota_download_open(struct fota_source *s, struct fota_transport *t,
                                 const struct fota_source_options *options)
{
    struct download d = {.options = options, .source = s};
    enum fota_err err =
        fota_part_file_open(&d.part, options->cache_path, s->place, &d.have, &d.validator);
    if (err == FOTA_OK) {
        err = take_up(&d);
    }
    if (err == FOTA_OK) {
        err = fetch(&d, t);
    }
    if (err == FOTA_OK) {
        err = fota_part_file_finish(&d.part);
    }
    if (err == FOTA_OK) {
        err = fota_local_from_fd(s, d.part.fd, options); /* takes it */
        d.part.fd = -1;
    }
    fota_part_file_close(&d.part);
    t->close(t->ctx);
    return err;
}
