/* SPDX-License-Identifier: MIT */
/* Intel HEX (Intel, Hexadecimal Object File Format Specification, revision A, 1988). */
#include "host/image_pieces.h"
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

enum record_type {
    RECORD_DATA = 0,
    RECORD_END = 1,
    RECORD_SEGMENT = 2,       /* base = value * 16 */
    RECORD_START_SEGMENT = 3, /* CS:IP, not needed */
    RECORD_LINEAR = 4,        /* base = value * 65536 */
    RECORD_START_LINEAR = 5,  /* EIP, not needed */
};

struct hex_reader {
    struct fota_image_pieces *pieces;
    struct fota_fault *fault;
    uint64_t line;
    uint32_t base;
    bool ended;
    uint8_t bytes[260]; /* of the record: length, address, type, data, checksum */
    size_t n_bytes;
};

__attribute__((format(printf, 2, 3))) static enum fota_err
refuse(struct hex_reader *r, const char *format, ...)
{
    char why[120];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(why, sizeof why, format, args);
    va_end(args);
    return fota_fault_set_at(r->fault, FOTA_E_IMAGE, r->pieces->path, FOTA_FAULT_AT_LINE,
                             r->line, "%s", why);
}

static int digit_value(uint8_t c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/* The line's digits as bytes: right count, right sum. */
static enum fota_err decode_line(struct hex_reader *r, const uint8_t *text, size_t n)
{
    if (text[0] != ':')
        return refuse(r, "a record begins with ':', this line with byte 0x%02X", text[0]);
    if (n % 2 == 0) return refuse(r, "odd number of digits");
    r->n_bytes = n / 2;
    if (r->n_bytes < 5 || r->n_bytes > sizeof r->bytes) {
        return refuse(r, "a record of %u bytes", (unsigned)r->n_bytes);
    }
    unsigned sum = 0;
    for (size_t i = 0; i < r->n_bytes; i++) {
        int high = digit_value(text[1 + 2 * i]);
        int low = digit_value(text[2 + 2 * i]);
        if (high < 0 || low < 0) {
            return refuse(r, "no hexadecimal digit in column %u",
                          (unsigned)(2 + 2 * i + (high < 0 ? 0 : 1)));
        }
        r->bytes[i] = (uint8_t)(high * 16 + low);
        sum += r->bytes[i];
    }
    if (r->n_bytes != r->bytes[0] + 5U) {
        return refuse(r, "the record says %u data bytes and has another number", r->bytes[0]);
    }
    if (sum % 256 != 0) {
        unsigned stated = r->bytes[r->n_bytes - 1];
        return refuse(r, "checksum wrong: the record's bytes want %02X", (stated - sum) & 0xFF);
    }
    return FOTA_OK;
}

static enum fota_err take_record(struct hex_reader *r)
{
    unsigned n_data = r->bytes[0];
    unsigned off = (unsigned)r->bytes[1] << 8 | r->bytes[2];
    unsigned type = r->bytes[3];
    unsigned value = (unsigned)r->bytes[4] << 8 | r->bytes[5];
    static const uint8_t lengths[] = {0, 0, 2, 4, 2, 4};
    if (r->ended) return refuse(r, "a record (type %u) behind the end record", type);
    if (type > RECORD_START_LINEAR) return refuse(r, "unknown record type %u", type);
    if (type != RECORD_DATA && n_data != lengths[type]) {
        return refuse(r, "wrong length of a record of type %u", type);
    }
    switch ((enum record_type)type) {
    case RECORD_DATA: /* base is at most FFFF0000: the sum does not wrap */
        return fota_image_pieces_add(r->pieces, r->base + off, r->bytes + 4, n_data, r->line,
                                     r->fault);
    case RECORD_END:
        r->ended = true;
        break;
    case RECORD_SEGMENT:
        r->base = value * 16;
        break;
    case RECORD_LINEAR:
        r->base = value << 16;
        break;
    case RECORD_START_SEGMENT:
    case RECORD_START_LINEAR:
        break;
    }
    return FOTA_OK;
}

enum fota_err fota_image_hex_parse(struct fota_image_pieces *p,
                                   const struct fota_input_file *file, struct fota_fault *fault)
{
    struct hex_reader r = {.pieces = p, .fault = fault};
    p->place = FOTA_FAULT_AT_LINE;
    for (size_t from = fota_input_file_mark_bytes(file); from < file->n_bytes;) {
        size_t to = from;
        while (to < file->n_bytes && file->at[to] != '\n') {
            to++;
        }
        size_t n = to - from;
        while (n != 0 && (file->at[from + n - 1] == '\r' || file->at[from + n - 1] == ' ')) {
            n--;
        }
        r.line++;
        if (n != 0) {
            enum fota_err err = decode_line(&r, file->at + from, n);
            if (err == FOTA_OK) err = take_record(&r);
            if (err < 0) return err;
        }
        from = to + 1;
    }
    return r.ended ? FOTA_OK : refuse(&r, "no end record: the file is cut");
}
