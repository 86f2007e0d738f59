/* SPDX-License-Identifier: MIT */
/* What HTTP, FTP and the TCP package protocol have in common: one request, one answer that says
 * which bytes of which version of the file follow, then those bytes.  Policy (resume, restart,
 * retry, limits) is in download.c and window.c, above all transports. */
#ifndef FOTA_SOURCE_TRANSPORT_H
#define FOTA_SOURCE_TRANSPORT_H

#include "core/err.h"
#include "source/source.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FOTA_TOTAL_UNKNOWN UINT64_MAX
#define FOTA_VALIDATOR_MAX 255U

/* Tells versions of a file apart: an entity tag, a date, a hash.  text "": none.  Two that are
 * strong and equal mean equal bytes. */
struct fota_validator {
    bool strong;
    char text[FOTA_VALIDATOR_MAX + 1];
};

struct fota_request {
    uint64_t off;
    uint64_t n_bytes;                       /* 0: to the end */
    const struct fota_validator *validator; /* of the bytes at hand; a server that can compare
                                               sends the whole file if it is not the same */
};

/* Said before the first byte. */
struct fota_answer {
    uint64_t off;   /* of the first byte that follows: as asked, or 0 */
    uint64_t total; /* of the file, FOTA_TOTAL_UNKNOWN */
    struct fota_validator validator;
};

/* Takes the answer.  Anything but FOTA_OK ends the request, which then gives that result;
 * FOTA_MORE: enough. */
struct fota_sink {
    void *ctx;
    enum fota_err (*begin)(void *ctx, const struct fota_answer *answer);
    enum fota_err (*bytes)(void *ctx, const uint8_t *bytes, size_t n_bytes);
};

/* How an attempt failed. */
struct fota_attempt {
    bool again;       /* worth another try */
    bool past_end;    /* the server has no bytes at this offset (HTTP 416) */
    uint64_t total;   /* with past_end: size of the file, FOTA_TOTAL_UNKNOWN */
    uint32_t wait_ms; /* as the server wishes, 0: nothing said */
    char text[FOTA_SOURCE_TEXT_MAX + 1];
};

struct fota_transport {
    void *ctx;
    const struct fota_source_options *options; /* no field 0 that has a default */
    /* FOTA_OK: the server has sent all it had to send, which a lying one may have cut.
     * `attempt` is set on failure. */
    enum fota_err (*get)(void *ctx, const struct fota_request *request,
                         const struct fota_sink *sink, struct fota_attempt *attempt);
    void (*close)(void *ctx);
};

FOTA_NODISCARD enum fota_err fota_curl_open(struct fota_transport *t, const char *url,
                                            const struct fota_source_options *options);
/* A request of fota_curl_open()'s transport in steps that do not wait, for a program that has
 * other things to do.  `request`, `sink` and `attempt` are used until it has ended. */
FOTA_NODISCARD enum fota_err
fota_curl_begin(struct fota_transport *t, const struct fota_request *request,
                const struct fota_sink *sink, struct fota_attempt *attempt);
/* FOTA_MORE: under way; else what get would have answered. */
FOTA_NODISCARD enum fota_err fota_curl_step(struct fota_transport *t);
FOTA_NODISCARD enum fota_err fota_tcp_open(struct fota_transport *t, const char *url,
                                           const struct fota_source_options *options);

/* Fetch the whole into a file of its own, check it, then serve reads from there. */
FOTA_NODISCARD enum fota_err fota_download_open(struct fota_source *s, struct fota_transport *t,
                                                const struct fota_source_options *options);
/* Serve reads from one buffer.  Takes the transport: closed with the source. */
FOTA_NODISCARD enum fota_err
fota_window_open(struct fota_source *s, const struct fota_transport *t,
                 const struct fota_source_options *options);

#endif
