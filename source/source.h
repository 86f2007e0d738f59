/* SPDX-License-Identifier: MIT */
/* Opens a package wherever it lies (hosted systems).  URL forms:
 *   PATH                      a file, or a directory (a mounted USB disk)
 *   http:// https://          ftp:// ftps:// (implicit TLS) ftpes:// (explicit TLS)
 *   tcp://host:port/name      a server of `fota serve --tcp` (doc/delivery.md)
 *   fat:IMAGE:/path/inside    a FAT image or raw disk that is not mounted
 * What comes over a network is UNTRUSTED: it is bounded, and no byte is handed over that might
 * belong to another version of the file than the bytes before it.
 */
#ifndef FOTA_SOURCE_SOURCE_H
#define FOTA_SOURCE_SOURCE_H

#include "core/err.h"
#include "core/package_choice.h"
#include "core/package_source.h"
#include <signal.h>
#include <stdint.h>

/* 0 and null pointers stand for what is said in the comments. */
struct fota_source_options {
    struct fota_package_wanted wanted; /* to choose from a directory */
    const char *cache_path; /* servers: keep what is fetched in <cache_path>.part, go on with it
                               in a later run; complete and checked it becomes <cache_path>.
                               A null pointer: a temporary file */
    uint32_t window_bytes;  /* servers: no file at all, a buffer of so many bytes; the server
                               must tell versions of the file apart */
    uint32_t max_bytes;     /* larger files are refused; 0: 64 MiB */
    const char *ca_file;    /* PEM file of trusted certificates; a null pointer: the system's */
    uint32_t connect_ms;    /* 0: 15 s */
    uint32_t stall_ms;      /* no byte for so long: connection given up; 0: 30 s */
    uint32_t tries;         /* attempts in a row that bring no byte; 0: 6 */
    uint32_t backoff_ms;    /* before the second attempt, doubled for the next; 0: 500 */
    uint32_t wait_max_ms;   /* longest Retry-After that is obeyed; 0: 120 s */
    /* What happens, for people: bytes so far, whole size (0: not known), and a text or a null
     * pointer. */
    void (*report)(void *ctx, uint32_t have, uint32_t total, const char *text);
    void *report_ctx;
    const volatile sig_atomic_t *stop; /* not 0: give up with FOTA_E_INTERRUPTED */
};

#define FOTA_SOURCE_TEXT_MAX 255U

struct fota_source {
    struct fota_package_source package;    /* for the AT client */
    char place[FOTA_SOURCE_TEXT_MAX + 1];  /* what was opened, without password */
    char detail[FOTA_SOURCE_TEXT_MAX + 1]; /* of the last failure, "" if there is nothing to say
                                              beyond the error's text */
};

/* Open; servers: fetch the whole package first (or the first window).  On failure there is
 * nothing to close, and s->detail says more.  The options' strings are used until the close. */
FOTA_NODISCARD enum fota_err fota_source_open(struct fota_source *s, const char *url,
                                              const struct fota_source_options *options);
/* Bytes [off, off + n): s->package.read(), never FOTA_MORE. */
FOTA_NODISCARD enum fota_err
fota_source_read(struct fota_source *s, uint32_t off, uint8_t *dst, uint32_t n_bytes);
void fota_source_close(struct fota_source *s);

#endif
