/* SPDX-License-Identifier: MIT */
/* The module's side of the AT line (DCE): command lines as ITU-T V.250 5 says, result codes,
 * data mode with the escape sequence.  Moves opaque bytes; what commands do is in the table
 * that the caller hands in.  Fed byte by byte; never waits.  UNTRUSTED input. */
#ifndef FOTA_CORE_AT_SERVER_H
#define FOTA_CORE_AT_SERVER_H

#include "core/err.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FOTA_AT_LINE_MAX 255U   /* characters of a command line, without the hex data of +QFAW \
                                 */
#define FOTA_AT_CHUNK_MAX 450U  /* bytes in one AT+QFAW: seed 2.3.2 */
#define FOTA_AT_GUARD_MS  1000U /* silence behind +++ */

enum fota_at_form {
    FOTA_AT_EXEC = 1,  /* AT+X */
    FOTA_AT_READ = 2,  /* AT+X? */
    FOTA_AT_WRITE = 4, /* AT+X=... */
    FOTA_AT_TEST = 8,  /* AT+X=? */
    FOTA_AT_HEX = 16, /* AT+X="<hex>": decoded as it arrives, at most FOTA_AT_CHUNK_MAX bytes */
};

/* What a handler answers. */
enum fota_at_answer {
    FOTA_AT_DONE_OK,
    FOTA_AT_DONE_ERROR, /* with s->error set: FOTA_E_SYNTAX prints ERROR, others +CME ERROR */
    FOTA_AT_PENDING,    /* fota_at_server_finish() later; input waits */
    FOTA_AT_DATA,       /* prints CONNECT and enters data mode */
    FOTA_AT_SILENT,     /* no result code: the device is about to reset */
};

struct fota_at_server;

/* One command.  `name` with its leading '+', '&' or as the basic letter ("I", "E", "V"). `args`
 * is the text behind '=' (NUL-terminated, quotes and all), or the basic command's number text;
 * empty otherwise.  HEX: args is the decoded bytes, n_args their count. */
struct fota_at_command {
    const char *name;
    unsigned forms; /* bits of enum fota_at_form that exist; TEST alone answers OK by itself */
    enum fota_at_answer (*handle)(struct fota_at_server *s, enum fota_at_form form,
                                  const char *args, size_t n_args);
    const char
        *test; /* text of the TEST answer ("+IFC: (0,2),(0,2)"), or a null pointer: OK only */
};

/* The device behind the server. */
struct fota_at_device {
    void *ctx;                              /* for handlers: s->device->ctx */
    const struct fota_at_command *commands; /* searched in order */
    size_t n_commands;
    /* Bytes to the line.  Takes all. */
    void (*put)(void *ctx, const char *bytes, size_t n);
    /* Data mode: take bytes; returns how many were taken (0: not now, feed waits). */
    size_t (*data)(void *ctx, const uint8_t *bytes, size_t n);
    /* Data mode: whether the declared length has been reached: then +++ ends at once. */
    bool (*data_complete)(void *ctx);
    /* Data mode has ended: by the escape, or (timed_out) by FOTA_AT_IDLE_MS without a byte. The
     * answer is printed as after a command. */
    enum fota_at_answer (*data_end)(void *ctx, struct fota_at_server *s, bool timed_out);
};

#define FOTA_AT_IDLE_MS 60000U

/* Settings that V.250 and AT&W know. */
struct fota_at_settings {
    uint8_t echo;    /* E: 1 */
    uint8_t verbose; /* V: 1 */
    uint8_t quiet;   /* Q: 0 */
    uint8_t cmee;    /* +CMEE: 2 */
    uint8_t ifc_dce; /* +IFC=<dce_by_dte>,<dte_by_dce>: 2,2 */
    uint8_t ifc_dte;
    uint32_t ipr;       /* +IPR: 115200 */
    uint8_t s3, s4, s5; /* 13, 10, 8 */
};

/* Fields are private but for `device`, `settings` and `error`. */
struct fota_at_server {
    const struct fota_at_device *device;
    struct fota_at_settings settings;
    enum fota_err error; /* set by a handler that answers FOTA_AT_DONE_ERROR */
    uint8_t state;       /* enum of at_server.c */
    uint8_t pluses;      /* '+' held back in data mode */
    bool overflow;       /* line or hex too long */
    bool hex_bad;
    bool hex_half;
    bool last_was_line;
    bool clock_started;
    uint8_t hex_nibble;
    uint16_t line_bytes;
    uint16_t next; /* where the rest of a concatenated line begins */
    uint16_t hex_bytes;
    uint32_t quiet_since_ms;
    char line[FOTA_AT_LINE_MAX + 1];
    uint8_t hex[FOTA_AT_CHUNK_MAX];
};

void fota_at_settings_factory(struct fota_at_settings *s);
void fota_at_server_init(struct fota_at_server *s, const struct fota_at_device *device,
                         const struct fota_at_settings *settings);
/* Consume received bytes; whole lines run handlers.  Returns how many were consumed: fewer than
 * n while a command is pending or data cannot be taken; offer the rest again later. */
size_t
fota_at_server_feed(struct fota_at_server *s, const uint8_t *bytes, size_t n, uint32_t now_ms);
/* Time passes: guard silence and idle time-out.  `now_ms` may wrap. */
void fota_at_server_poll(struct fota_at_server *s, uint32_t now_ms);
/* End a pending command (or a pending data_end).  Goes on with the rest of a concatenated line.
 */
void fota_at_server_finish(struct fota_at_server *s, enum fota_at_answer answer);
/* Whether a command is pending. */
bool fota_at_server_is_pending(const struct fota_at_server *s);
/* Print an information text line as V.250 5.7.1 frames it (header and trailer by V). */
void fota_at_server_info(struct fota_at_server *s, const char *text);
/* Print bytes as they are. */
void fota_at_server_raw(struct fota_at_server *s, const char *text);
/* The basic V.250 commands that only touch settings (E, V, Q, S3, S4, S5, +CMEE, +IFC, +IPR, &F
 * without storage): rows that a device's table may include. */
extern const struct fota_at_command fota_at_basic_commands[];
extern const size_t fota_at_n_basic_commands;

/* The seed's conversion (2.3.2): upper-case hex digits of `n` bytes and a terminator into `str`
 * (2 n + 1 bytes).  Source: seed, convert_hex_to_string(). */
void fota_convert_hex_to_string(const uint8_t *hex, size_t n, char *str);

#endif
