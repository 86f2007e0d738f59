/* SPDX-License-Identifier: MIT */
/* clang-format off */
/* A package source that lies behind the module: the module's own network functions bring the
 * package (seed 2.2), its bytes come over the AT client's line piece by piece.
 *
 *   http://... https://...                  AT+QHTTPURL, AT+QHTTPDL into a file of the module
 *   ftp://[user[:password]@]host[:port]/... AT+QFTPOPEN, AT+QFTPGET into a file of the module
 *   tcp://host:port/name                    the protocol of doc/delivery.md 4 by AT+QIOPEN,
 *                                           AT+QISEND and AT+QIRD: no file at all
 *
 * Commands: doc/at-reference.md.  Holds no package bytes but the 12 of the prefix: they go to
 * where the client asked for them, one piece of an AT+QFAW at a time.  A package that an earlier
 * run has left in the module, whole by its prefix, is used as it is; when the update is over it
 * is deleted.  Use:
 *
 *     err = fota_at_fetch_init(&fetch, url, &fetch_options);
 *     options.talk = &fetch.talk;
 *     fota_at_client_begin(&client, &fetch.source, &options, on_event, ctx);
 */
/* clang-format on */
#ifndef FOTA_CORE_AT_FETCH_H
#define FOTA_CORE_AT_FETCH_H

#include "core/at_talk.h"
#include "core/package_source.h"
#include "core/tcp_answer.h"
#include <stdbool.h>

#define FOTA_FETCH_URL_MAX     255U
#define FOTA_FETCH_PREFIX      12U  /* FOTA_PACKAGE_PREFIX_BYTES */
#define FOTA_FETCH_HEAD_MAX    127U /* line of the TCP protocol */
#define FOTA_FETCH_NAME_LENGTH 16U  /* "UFS:89ABCDEF.FOT" */

struct fota_at_fetch_options {
    bool fresh;  /* do not use what an earlier run has left */
    bool in_ram; /* into RAM: instead of UFS: */
    uint32_t
        silence_s; /* the module gives a download up after so long without a byte: 0 = 60 */
    uint32_t download_ms; /* longest download: 0 = 600000 */
};

/* A part of the URL. */
struct fota_at_fetch_part {
    const char *at;
    size_t n;
};

/* Fields are private but for `source` and `talk`. */
struct fota_at_fetch {
    struct fota_package_source source; /* n_bytes: 0 until it is open */
    struct fota_at_talk talk;
    struct fota_at_fetch_options options;
    const char *url; /* borrowed */
    uint32_t port;
    struct fota_at_fetch_part host;
    struct fota_at_fetch_part user;
    struct fota_at_fetch_part password;
    struct fota_at_fetch_part folder; /* with its last '/' */
    struct fota_at_fetch_part file;
    uint8_t kind; /* enum of at_fetch_state.h */
    uint8_t step; /* enum of at_fetch_state.h */
    bool said_ok; /* one half of an answer of two */
    bool said_end;
    bool is_open;           /* `handle` holds */
    bool is_probe;          /* the read under way is the prefix */
    bool is_downloaded;     /* since reset() */
    bool is_bad;            /* no package, or a part of one: to be deleted */
    bool is_closed;         /* the server has ended the connection */
    bool has_sha256;        /* `sha256` is of the file that is being read */
    bool head_is_in;        /* of a TCP answer */
    bool has_bytes;         /* some came by this AT+QIRD */
    uint8_t n_bad;          /* downloads that were no package */
    uint8_t n_fatal;        /* failures that are for good */
    enum fota_talk verdict; /* on the bytes of a TCP answer */
    enum fota_err verdict_err;
    uint32_t handle;
    uint32_t size; /* of the module's file */
    uint32_t at;   /* where its next read begins */
    /* the read that was asked for */
    uint32_t off;
    uint32_t n;
    uint32_t n_got;
    uint8_t *dst;
    bool is_there;
    uint32_t n_raw;
    uint32_t crc;
    struct fota_tcp_answer answer;
    uint8_t sha256[FOTA_SHA256_BYTES];
    uint8_t prefix[FOTA_FETCH_PREFIX];
    uint8_t n_head;
    char head[FOTA_FETCH_HEAD_MAX + 1];
    char name[FOTA_FETCH_NAME_LENGTH + 1];
};

/* `url` must outlive `f`; `options` is copied.  FOTA_E_USAGE: no such address, longer than
 * FOTA_FETCH_URL_MAX, or with characters that do not fit into a quoted argument of a command.
 */
FOTA_NODISCARD enum fota_err fota_at_fetch_init(struct fota_at_fetch *f, const char *url,
                                                const struct fota_at_fetch_options *options);

#endif
