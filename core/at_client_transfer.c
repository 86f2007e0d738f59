/* SPDX-License-Identifier: MIT */
/* Bringing the package to the module. */
#include "core/at_client_state.h"
#include "core/at_line.h"
#include "core/crc32.h"
#include "core/mem.h"

void fota_at_client_begin_transfer(struct fota_at_client *c, uint32_t off)
{
    char command[sizeof "AT+QFUA=" + FOTA_AT_NUMBER_MAX] = "AT+QFUA=";
    if (c->refused && c->use_qfua && c->options.mode == FOTA_CLIENT_AUTO) {
        /* Bytes were lost or changed in data mode: commands are answered one by one. */
        fota_at_client_choose_mode(c, false);
    }
    if (off > c->best_off) {
        c->best_off = off;
        c->restarts = 0;
    }
    c->begun = true;
    c->resume_off = off;
    c->sent = off;
    c->chunk_bytes = 0;
    c->failed_line = false;
    c->refused = false;
    c->module_error = FOTA_OK;
    if (off > 0) {
        fota_at_client_tell(c, FOTA_CLIENT_RESUMED, off, "");
    }
    if (!c->use_qfua) {
        fota_at_client_ask(c, STATE_INIT, off > 0 ? "AT+QFAI=1" : "AT+QFAI");
    } else if (off > 0) {
        (void)fota_at_print_number(command + sizeof "AT+QFUA=" - 1, off);
        fota_at_client_ask(c, STATE_CONNECT, command);
    } else {
        fota_at_client_ask(c, STATE_CONNECT, "AT+QFUA");
    }
}

void fota_at_client_choose_mode(struct fota_at_client *c, bool use_qfua)
{
    c->use_qfua = use_qfua;
    c->mode_known = true;
    fota_at_client_tell(c, FOTA_CLIENT_MODE, 0, use_qfua ? "QFUA" : "QFAW");
}

void fota_at_client_start_transfer(struct fota_at_client *c)
{
    if (c->options.talk != NULL && !c->source_open) {
        fota_at_client_open_source(c);
    } else if (c->options.resume || c->resuming) {
        fota_at_client_ask(c, STATE_RECEIVED, "AT+QFAI?");
    } else {
        fota_at_client_begin_transfer(c, 0);
    }
}

/* Read package bytes.  False: not there yet, or failed. */
static bool read_source(struct fota_at_client *c, uint32_t off, char *dst, uint32_t n)
{
    enum fota_err err = c->source->read(c->source->ctx, off, (uint8_t *)dst, n);
    if (err < 0) {
        fota_at_client_finish(c, err);
    }
    c->since_ms = c->now_ms;
    if (err == FOTA_MORE && c->options.talk != NULL) {
        fota_at_client_talk(c, (enum fota_at_client_state)c->state);
    }
    return err == FOTA_OK;
}

void fota_at_client_compare(struct fota_at_client *c)
{
    uint32_t n = c->received - c->crc_off;
    n = n < FOTA_AT_CHUNK_MAX ? n : FOTA_AT_CHUNK_MAX;
    char *bytes = c->out + FOTA_CLIENT_OUT_MAX - n;
    if (!read_source(c, c->crc_off, bytes, n)) {
        return;
    }
    c->crc = fota_crc32(c->crc, (const uint8_t *)bytes, n);
    c->crc_off += n;
    if (c->crc_off < c->received) {
        return;
    }
    if (c->refused && fota_at_client_may_be_damage(c->module_error) &&
        c->crc == c->received_crc && c->received == c->source->n_bytes) {
        fota_at_client_refuse(c); /* the package itself */
        return;
    }
    fota_at_client_begin_transfer(c, c->crc == c->received_crc ? c->received : 0);
}

void fota_at_client_fill_stream(struct fota_at_client *c)
{
    uint32_t n = c->source->n_bytes - c->sent;
    n = n < FOTA_CLIENT_OUT_MAX - 3 ? n : FOTA_CLIENT_OUT_MAX - 3;
    if (n > 0 && !read_source(c, c->sent, c->out, n)) {
        return;
    }
    c->out_taken = 0;
    c->out_bytes = (uint16_t)n;
    c->sent += n;
    if (c->sent == c->source->n_bytes) {
        fota_at_client_put(c, "+++");
        c->state = STATE_START;
        c->start_asked = true;
    }
}

/* The bytes are read into the end of the output buffer (a talking source has its commands at
 * the buffer's begin meanwhile) and converted towards its begin: 9 + 2 i + 1 < 574 + i for all
 * i < 450, so no byte is overwritten before it is converted. */
void fota_at_client_send_chunk(struct fota_at_client *c)
{
    uint32_t n = c->source->n_bytes - c->sent;
    n = n < FOTA_AT_CHUNK_MAX ? n : FOTA_AT_CHUNK_MAX;
    if (n == 0) {
        fota_at_client_ask(c, STATE_START, "AT+QFAU");
        c->start_asked = true;
        return;
    }
    char *bytes = c->out + FOTA_CLIENT_OUT_MAX - n;
    fota_at_client_enter(c, STATE_CHUNK);
    if (!read_source(c, c->sent, bytes, n)) {
        return;
    }
    fota_at_client_put(c, "AT+QFAW=\"");
    fota_convert_hex_to_string((const uint8_t *)bytes, n, c->out + c->out_bytes);
    c->out_bytes = (uint16_t)(c->out_bytes + 2 * n);
    fota_at_client_put(c, "\"\r");
    c->chunk_bytes = (uint16_t)n;
}

void fota_at_client_chunk_is_stored(struct fota_at_client *c)
{
    c->sent += c->chunk_bytes;
    c->chunk_bytes = 0;
    fota_at_client_tell(c, FOTA_CLIENT_SENT, c->sent, "");
    fota_at_client_send_chunk(c);
}
