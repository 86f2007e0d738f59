/* SPDX-License-Identifier: MIT */
/* The module's side of the AT line (DCE): command lines as ITU-T V.250 5 says, result codes,
 * data mode with the escape sequence.  Moves opaque bytes; what commands do is in the table
 * that the caller hands in.  Fed byte by byte; never waits.  UNTRUSTED input: bytes of any
 * value and lines of any length. */
#ifndef FOTA_CORE_AT_SERVER_H
#define FOTA_CORE_AT_SERVER_H

#include "core/at_line.h"
#include "core/err.h"

#define FOTA_AT_LINE_MAX 255U   /* characters behind AT, without the digits of a HEX form */
#define FOTA_AT_IDLE_MS  60000U /* without a byte in data mode */

enum fota_at_form {
    FOTA_AT_EXEC = 1,  /* AT+X, ATX, ATX1, AT&X */
    FOTA_AT_READ = 2,  /* AT+X?, ATS3? */
    FOTA_AT_WRITE = 4, /* AT+X=..., ATS3=... */
    FOTA_AT_TEST = 8,  /* AT+X=?: answered by the server with the row's `test` */
    FOTA_AT_HEX = 16,  /* AT+X="<hex>" alone on its line: decoded as it arrives, 1 to
                          FOTA_AT_CHUNK_MAX bytes */
};

/* What a handler answers. */
enum fota_at_answer {
    FOTA_AT_DONE_OK,
    FOTA_AT_DONE_ERROR, /* with s->error set: FOTA_E_SYNTAX (the value before each command)
                           prints ERROR, others +CME ERROR as AT+CMEE says; the rest of the line
                           is dropped */
    FOTA_AT_PENDING,    /* fota_at_server_finish() later; input waits, none is lost */
    FOTA_AT_DATA,       /* prints OK and CONNECT (seed 2.3.1) and enters data mode; the rest of
                           the line is dropped */
    FOTA_AT_SILENT,     /* no result code; all input is dropped: the device is about to reset */
    FOTA_AT_OK_SILENT,  /* the same behind an OK */
    FOTA_AT_DONE_SAID,  /* the handler has printed its own result code ("SEND OK"); the rest of
                           the line is dropped */
    FOTA_AT_COUNTED,    /* takes s->counted as data; what the host waits for before it sends
                           (CONNECT, or a prompt) is printed by the handler; the rest of the
                           line is dropped */
};

struct fota_at_server;

/* A known number of bytes behind a command that are data, whatever they are: `+++` means
 * nothing there. */
struct fota_at_counted {
    void *ctx;
    uint32_t n_bytes;  /* 1 or more */
    uint32_t limit_ms; /* longest silence, or time for all of them */
    bool limit_is_for_all;
    /* Returns how many were taken (fewer: not now, offered again). */
    size_t (*take)(void *ctx, const uint8_t *bytes, size_t n);
    /* All are taken, or (timed_out) some never came.  The answer is printed as after a command.
     */
    enum fota_at_answer (*end)(void *ctx, struct fota_at_server *s, bool timed_out);
};

/* One command. */
struct fota_at_command {
    const char *name; /* upper case, with '+' or '&'; basic ones by letter ("I", "E"), S
                         parameters with their number ("S3") */
    unsigned forms;   /* bits of enum fota_at_form that exist */
    /* `args` ends with a NUL that n_args does not count, and is valid during the call only:
     * WRITE: the text behind '=', quotes and all; outside quotes upper case and without blanks.
     * EXEC of a basic command: its number as text, "" for none.  HEX: the bytes (no NUL), valid
     * until the command is finished.  May be a null pointer when TEST is the only form. */
    enum fota_at_answer (*handle)(struct fota_at_server *s, enum fota_at_form form,
                                  const char *args, size_t n_args);
    const char
        *test; /* answer of the TEST form ("+IFC: (0,2),(0,2)"); a null pointer: OK only */
};

/* The device behind the server. */
struct fota_at_device {
    void *ctx;                              /* for handlers: s->device->ctx */
    const struct fota_at_command *commands; /* searched in order, before the server's own */
    size_t n_commands;
    const struct fota_at_command *more_commands; /* searched behind those; may be none */
    size_t n_more_commands;
    uint32_t baud; /* +IPR of AT&F; 0: 115200 */
    /* Text of an error for AT+CMEE=2, for example from fota_err_row().  May be a null pointer:
     * then the number is printed. */
    const char *(*error_text)(enum fota_err err);
    /* Bytes to the line.  Takes all. */
    void (*put)(void *ctx, const char *bytes, size_t n);
    /* Data mode: take bytes; returns how many were taken (fewer: not now, offered again). */
    size_t (*data)(void *ctx, const uint8_t *bytes, size_t n);
    /* Data mode: whether exactly the declared length has been taken: then +++ ends at once.
     * Answer false when more has been taken: surplus bytes are not to be taken for commands. */
    bool (*data_complete)(void *ctx);
    /* Data mode has ended: by the escape, or (timed_out) by FOTA_AT_IDLE_MS without a byte. The
     * answer is printed as after a command. */
    enum fota_at_answer (*data_end)(void *ctx, struct fota_at_server *s, bool timed_out);
};

/* Settings that V.250 and AT&W know.  Ports obey ifc_* and ipr after the result code. */
struct fota_at_settings {
    uint8_t echo;    /* E: 1 */
    uint8_t verbose; /* V: 1 */
    uint8_t quiet;   /* Q: 0 */
    uint8_t cmee;    /* +CMEE: 2 */
    uint8_t ifc_dce; /* +IFC=<dce_by_dte>,<dte_by_dce>: 2,2 */
    uint8_t ifc_dte;
    uint32_t ipr;       /* +IPR: 115200; 0: automatic */
    uint8_t s3, s4, s5; /* 13, 10, 8 */
};

/* Fields are private but for `device`, `settings`, `error` and `counted`. */
struct fota_at_server {
    const struct fota_at_device *device;
    struct fota_at_settings settings;
    enum fota_err error;            /* set by a handler that answers FOTA_AT_DONE_ERROR */
    struct fota_at_counted counted; /* set by one that answers FOTA_AT_COUNTED */
    enum fota_err line_error; /* what makes the whole line invalid, FOTA_OK: nothing so far */
    const struct fota_at_command *hex_command; /* of this line, or a null pointer */
    uint8_t state;                             /* enum of at_server.c */
    uint8_t pluses;                            /* '+' held back in data mode */
    bool clock_runs;                           /* quiet_since_ms holds */
    bool blocked;                              /* bytes were offered that could not be taken */
    bool hex_half;                             /* hex_nibble holds */
    uint8_t hex_nibble;
    uint16_t line_bytes;
    uint16_t next; /* where the rest of a concatenated line begins */
    uint16_t hex_bytes;
    uint32_t quiet_since_ms;
    union {
        char line[FOTA_AT_LINE_MAX + 1];
        uint8_t hex[FOTA_AT_CHUNK_MAX]; /* once hex_command is known: nothing else of the
                                           line counts */
    };
};

/* `baud`: as in struct fota_at_device. */
void fota_at_settings_factory(struct fota_at_settings *settings, uint32_t baud);
/* `device` must outlive `s`; `settings` is copied. */
void fota_at_server_init(struct fota_at_server *s, const struct fota_at_device *device,
                         const struct fota_at_settings *settings);
/* Consume received bytes; whole lines run handlers.  However the bytes are cut, the outcome is
 * the same.  Returns how many were consumed: fewer than n while a command is pending or data
 * cannot be taken; offer the rest again later.  Feed what has arrived before polling: silence
 * is what poll sees. */
size_t
fota_at_server_feed(struct fota_at_server *s, const uint8_t *bytes, size_t n, uint32_t now_ms);
/* Time passes: guard silence and idle time-out.  `now_ms` may wrap. */
void fota_at_server_poll(struct fota_at_server *s, uint32_t now_ms);
/* End a pending command (or a pending data_end); ignored when none is.  Goes on with the rest
 * of a concatenated line. */
void fota_at_server_finish(struct fota_at_server *s, enum fota_at_answer answer);
/* Whether a command is pending. */
bool fota_at_server_is_pending(const struct fota_at_server *s);
/* Whether no command line has begun, none is worked on, and no data is taken: an unsolicited
 * result code may be printed now, framed as an information text. */
bool fota_at_server_is_idle(const struct fota_at_server *s);

/* For handlers.  An information text is framed as V.250 5.7.1 says: begin, any of text, number,
 * hex32 and newline (between its lines, not behind the last), end.  info does all three. */
void fota_at_server_info(struct fota_at_server *s, const char *text);
void fota_at_server_info_begin(struct fota_at_server *s);
void fota_at_server_info_newline(struct fota_at_server *s);
void fota_at_server_info_end(struct fota_at_server *s);
/* Text, bytes, a decimal number, eight hexadecimal digits, as they are: inside an information
 * text or on their own. */
void fota_at_server_text(struct fota_at_server *s, const char *text);
void fota_at_server_bytes(struct fota_at_server *s, const uint8_t *bytes, size_t n);
void fota_at_server_number(struct fota_at_server *s, uint32_t value);
void fota_at_server_hex32(struct fota_at_server *s, uint32_t value);

/* Result codes, as ATV, ATQ and AT+CMEE say; error: for s->error.  The server calls them by the
 * handler's answer. */
void fota_at_server_ok(struct fota_at_server *s);
void fota_at_server_connect(struct fota_at_server *s);
void fota_at_server_error(struct fota_at_server *s);

/* Commands that only touch settings: E, V, Q, S3, S4, S5, &F, +CMEE, +IFC, +IPR.  The server
 * searches them behind the device's, which may override them.  In core/at_server_basic.c. */
extern const struct fota_at_command fota_at_basic_commands[];
extern const size_t fota_at_n_basic_commands;

#endif
