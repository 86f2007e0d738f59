/* SPDX-License-Identifier: MIT */
/* The output of core/at_server.h: information texts and result codes. */
#include "core/at_server.h"

static void put(struct fota_at_server *s, const char *bytes, size_t n)
{
    s->device->put(s->device->ctx, bytes, n);
}

static void put_s3(struct fota_at_server *s)
{
    const char c = (char)s->settings.s3;
    put(s, &c, 1);
}

void fota_at_server_info_newline(struct fota_at_server *s)
{
    const char both[2] = {(char)s->settings.s3, (char)s->settings.s4};
    put(s, both, sizeof both);
}

void fota_at_server_info_begin(struct fota_at_server *s)
{
    if (s->settings.verbose != 0) {
        fota_at_server_info_newline(s);
    }
}

void fota_at_server_info_end(struct fota_at_server *s)
{
    fota_at_server_info_newline(s);
}

void fota_at_server_info(struct fota_at_server *s, const char *text)
{
    fota_at_server_info_begin(s);
    fota_at_server_text(s, text);
    fota_at_server_info_end(s);
}

void fota_at_server_text(struct fota_at_server *s, const char *text)
{
    put(s, text, fota_at_length(text));
}

void fota_at_server_bytes(struct fota_at_server *s, const uint8_t *bytes, size_t n)
{
    put(s, (const char *)bytes, n); /* char may alias any object */
}

void fota_at_server_number(struct fota_at_server *s, uint32_t value)
{
    char digits[FOTA_AT_NUMBER_MAX];
    put(s, digits, (size_t)(fota_at_print_number(digits, value) - digits));
}

void fota_at_server_hex32(struct fota_at_server *s, uint32_t value)
{
    char digits[9];
    put(s, digits, (size_t)(fota_at_print_hex32(digits, value) - digits));
}

/* Result codes have one frame, with S3 S4 on both sides or, by ATV0, S3 behind. */
static void result_begin(struct fota_at_server *s)
{
    fota_at_server_info_begin(s);
}

static void result_end(struct fota_at_server *s)
{
    if (s->settings.verbose != 0) {
        fota_at_server_info_newline(s);
    } else {
        put_s3(s);
    }
}

static void put_result(struct fota_at_server *s, const char *word, const char *number)
{
    if (s->settings.quiet == 0) {
        result_begin(s);
        fota_at_server_text(s, s->settings.verbose != 0 ? word : number);
        result_end(s);
    }
}

/* Extended result codes are never numeric (V.250 5.7.2). */
static void put_cme_error(struct fota_at_server *s)
{
    const char *(*text)(enum fota_err) = s->device->error_text;
    if (s->settings.quiet == 0) {
        result_begin(s);
        fota_at_server_text(s, "+CME ERROR: ");
        if (s->settings.cmee == 2 && text != NULL) {
            fota_at_server_text(s, text(s->error));
        } else {
            fota_at_server_number(s, fota_err_cme(s->error));
        }
        result_end(s);
    }
}

void fota_at_server_ok(struct fota_at_server *s)
{
    put_result(s, "OK", "0");
}

void fota_at_server_connect(struct fota_at_server *s)
{
    put_result(s, "CONNECT", "1");
}

void fota_at_server_error(struct fota_at_server *s)
{
    if (s->error == FOTA_E_SYNTAX || s->settings.cmee == 0) {
        put_result(s, "ERROR", "4");
    } else {
        put_cme_error(s);
    }
}
