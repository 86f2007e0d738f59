/* SPDX-License-Identifier: MIT */
/* One TCP connection; what comes waits in a buffer until AT+QIRD reads it. */
#include "module/modem_state.h"
#include <stdio.h>
#include <string.h>

enum { READ_BYTES_MAX = 1500 };

/* Only 1: bytes are announced, and read by AT+QIRD. */
MODEM_HANDLER(modem_on_qindi)
{
    (void)s;
    (void)form;
    (void)n_args;
    return strcmp(args, "1") == 0 ? FOTA_AT_DONE_OK : FOTA_AT_DONE_ERROR;
}

static void forget(struct modem *m)
{
    m->net.disconnect(m->net.ctx);
    m->tcp = TCP_CLOSED;
    m->tcp_announced = false;
    m->n_received = 0;
}

MODEM_HANDLER(modem_on_qiopen)
{
    (void)form;
    (void)n_args;
    struct modem *m = modem_of(s);
    char kind[4];
    char host[MODEM_TEXT_MAX - 6 + 1]; /* with its port it is a peer's name */
    uint32_t port = 0;
    if (!modem_text(&args, kind, sizeof kind) || strcmp(kind, "TCP") != 0 ||
        !modem_comma(&args) || !modem_text(&args, host, sizeof host) || host[0] == '\0' ||
        !modem_comma(&args) || !fota_at_parse_number(&args, &port) || port == 0 ||
        port > 65535 || *args != '\0') {
        return FOTA_AT_DONE_ERROR;
    }
    if (m->tcp != TCP_CLOSED) {
        return modem_failed(s, FOTA_E_IN_USE);
    }
    (void)snprintf(m->tcp_peer, sizeof m->tcp_peer, "%s:%u", host, (unsigned)port);
    if (m->net.connect(m->net.ctx, host, port) != FOTA_OK) {
        modem_code(m, "CONNECT FAIL");
        return FOTA_AT_DONE_OK;
    }
    m->tcp = TCP_CONNECTING;
    m->n_received = 0;
    m->tcp_announced = false;
    return FOTA_AT_DONE_OK;
}

/* ---- sending ---- */

static size_t take_sending(void *ctx, const uint8_t *bytes, size_t n)
{
    struct modem *m = ctx;
    memcpy(m->sending + m->n_sending, bytes, n); /* no more than was declared */
    m->n_sending += (uint32_t)n;
    return n;
}

static enum fota_at_answer end_sending(void *ctx, struct fota_at_server *s, bool timed_out)
{
    struct modem *m = ctx;
    if (timed_out) {
        return modem_failed(s, FOTA_E_TIMEOUT);
    }
    m->is_sending = true;
    return modem_wait(m, s);
}

MODEM_HANDLER(modem_on_qisend)
{
    (void)form;
    (void)n_args;
    struct modem *m = modem_of(s);
    uint32_t n_bytes = 0;
    if (!fota_at_parse_number(&args, &n_bytes) || *args != '\0' || n_bytes == 0 ||
        n_bytes > MODEM_SEND_MAX) {
        return FOTA_AT_DONE_ERROR;
    }
    if (m->tcp != TCP_OPEN) {
        return modem_failed(s, FOTA_E_NO_CONNECTION);
    }
    m->n_sending = 0;
    m->n_sent = 0;
    s->counted = (struct fota_at_counted){.ctx = m,
                                          .n_bytes = n_bytes,
                                          .limit_ms = 5000,
                                          .limit_is_for_all = true,
                                          .take = take_sending,
                                          .end = end_sending};
    fota_at_server_info_begin(s);
    fota_at_server_text(s, "> ");
    return FOTA_AT_COUNTED;
}

/* The command that is pending says `text` for its result. */
static void finish_with(struct modem *m, const char *text)
{
    m->is_sending = false;
    fota_at_server_info(m->at, text);
    modem_finish(m, FOTA_AT_DONE_SAID);
}

static void send_step(struct modem *m)
{
    if (m->tcp != TCP_OPEN) {
        finish_with(m, "SEND FAIL");
        return;
    }
    m->n_sent +=
        (uint32_t)m->net.send(m->net.ctx, m->sending + m->n_sent, m->n_sending - m->n_sent);
    if (m->n_sent == m->n_sending) {
        finish_with(m, "SEND OK");
    }
}

/* ---- receiving ---- */

static void receive_step(struct modem *m)
{
    size_t n = 0;
    if (m->n_received == sizeof m->received) {
        return;
    }
    const enum fota_err err = m->net.receive(m->net.ctx, m->received + m->n_received,
                                             sizeof m->received - m->n_received, &n);
    m->n_received += (uint32_t)n;
    if (m->n_received > 0 && !m->tcp_announced) {
        m->tcp_announced = true;
        modem_code(m, "+QIRDI: 0,1,0");
    }
    if (err != FOTA_OK) {
        m->net.disconnect(m->net.ctx);
        m->tcp = TCP_ENDED;
        modem_code(m, "CLOSED");
    }
}

/* Only this context, role and connection: 0,1,0,<length> */
MODEM_HANDLER(modem_on_qird)
{
    (void)form;
    (void)n_args;
    struct modem *m = modem_of(s);
    uint32_t n = 0;
    if (strncmp(args, "0,1,0,", 6) != 0) {
        return FOTA_AT_DONE_ERROR;
    }
    args += 6;
    if (!fota_at_parse_number(&args, &n) || *args != '\0' || n == 0 || n > READ_BYTES_MAX) {
        return FOTA_AT_DONE_ERROR;
    }
    if (m->tcp == TCP_CLOSED && m->n_received == 0) {
        return modem_failed(s, FOTA_E_NO_CONNECTION);
    }
    m->tcp_announced = false;
    n = n < m->n_received ? n : m->n_received;
    if (n == 0) {
        return FOTA_AT_DONE_OK;
    }
    fota_at_server_info_begin(s);
    fota_at_server_text(s, "+QIRD: ");
    fota_at_server_text(s, m->tcp_peer);
    fota_at_server_text(s, ",TCP,");
    fota_at_server_number(s, n);
    fota_at_server_info_end(s);
    fota_at_server_bytes(s, m->received, n);
    m->n_received -= n;
    memmove(m->received, m->received + n, m->n_received);
    return FOTA_AT_DONE_OK;
}

MODEM_HANDLER(modem_on_qiclose)
{
    (void)form;
    (void)args;
    (void)n_args;
    struct modem *m = modem_of(s);
    if (m->tcp == TCP_CLOSED) {
        return modem_failed(s, FOTA_E_NO_CONNECTION);
    }
    forget(m);
    fota_at_server_info(s, "CLOSE OK");
    return FOTA_AT_DONE_SAID;
}

void modem_tcp_step(struct modem *m)
{
    if (m->tcp == TCP_CONNECTING) {
        const enum fota_err err = m->net.connect_step(m->net.ctx);
        if (err == FOTA_MORE) {
            return;
        }
        if (err != FOTA_OK) {
            forget(m);
            modem_code(m, "CONNECT FAIL");
            return;
        }
        m->tcp = TCP_OPEN;
        modem_code(m, "CONNECT OK");
    }
    if (m->tcp == TCP_OPEN) {
        receive_step(m);
    }
    if (m->is_sending) {
        send_step(m);
    }
}
