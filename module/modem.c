/* SPDX-License-Identifier: MIT */
#include "module/modem.h"
#include "core/app.h"
#include "module/modem_state.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { DUMP_BYTES = 1024 }; /* of a file in one poll */

const struct fota_at_command modem_commands[] = {
    {"+CSCS", FOTA_AT_READ | FOTA_AT_WRITE | FOTA_AT_TEST, modem_on_cscs, "+CSCS: (\"IRA\")"},
    {"+CPIN", FOTA_AT_READ | FOTA_AT_WRITE | FOTA_AT_TEST, modem_on_cpin, NULL},
    {"+CIMI", FOTA_AT_EXEC | FOTA_AT_TEST, modem_on_cpin, NULL},
    {"+CREG", FOTA_AT_READ | FOTA_AT_WRITE | FOTA_AT_TEST, modem_on_creg, "+CREG: (0)"},
    {"+CSQ", FOTA_AT_EXEC | FOTA_AT_TEST, modem_on_csq, "+CSQ: (0-31,99),(0-7,99)"},
    {"+QFLDS", FOTA_AT_WRITE | FOTA_AT_TEST, modem_on_qflds, NULL},
    {"+QFLST", FOTA_AT_EXEC | FOTA_AT_WRITE | FOTA_AT_TEST, modem_on_qflst, NULL},
    {"+QFDEL", FOTA_AT_WRITE | FOTA_AT_TEST, modem_on_qfdel, NULL},
    {"+QFUPL", FOTA_AT_WRITE | FOTA_AT_TEST, modem_on_qfupl, NULL},
    {"+QFOPEN", FOTA_AT_READ | FOTA_AT_WRITE | FOTA_AT_TEST, modem_on_qfopen, NULL},
    {"+QFREAD", FOTA_AT_WRITE | FOTA_AT_TEST, modem_on_qfread, NULL},
    {"+QFSEEK", FOTA_AT_WRITE | FOTA_AT_TEST, modem_on_qfseek, NULL},
    {"+QFCLOSE", FOTA_AT_WRITE | FOTA_AT_TEST, modem_on_qfclose, NULL},
    {"+QHTTPURL", FOTA_AT_WRITE | FOTA_AT_TEST, modem_on_qhttpurl, NULL},
    {"+QHTTPGET", FOTA_AT_EXEC | FOTA_AT_WRITE | FOTA_AT_TEST, modem_on_qhttpget, NULL},
    {"+QHTTPREAD", FOTA_AT_EXEC | FOTA_AT_WRITE | FOTA_AT_TEST, modem_on_qhttpread, NULL},
    {"+QHTTPDL", FOTA_AT_WRITE | FOTA_AT_TEST, modem_on_qhttpdl, NULL},
    {"+QFTPUSER", FOTA_AT_WRITE | FOTA_AT_TEST, modem_on_qftpuser, NULL},
    {"+QFTPPASS", FOTA_AT_WRITE | FOTA_AT_TEST, modem_on_qftppass, NULL},
    {"+QFTPCFG", FOTA_AT_WRITE | FOTA_AT_TEST, modem_on_qftpcfg, NULL},
    {"+QFTPOPEN", FOTA_AT_WRITE | FOTA_AT_TEST, modem_on_qftpopen, NULL},
    {"+QFTPPATH", FOTA_AT_WRITE | FOTA_AT_TEST, modem_on_qftppath, NULL},
    {"+QFTPGET", FOTA_AT_WRITE | FOTA_AT_TEST, modem_on_qftpget, NULL},
    {"+QFTPCLOSE", FOTA_AT_EXEC | FOTA_AT_TEST, modem_on_qftpclose, NULL},
    {"+QINDI", FOTA_AT_WRITE | FOTA_AT_TEST, modem_on_qindi, NULL},
    {"+QIOPEN", FOTA_AT_WRITE | FOTA_AT_TEST, modem_on_qiopen, NULL},
    {"+QISEND", FOTA_AT_WRITE | FOTA_AT_TEST, modem_on_qisend, NULL},
    {"+QIRD", FOTA_AT_WRITE | FOTA_AT_TEST, modem_on_qird, NULL},
    {"+QICLOSE", FOTA_AT_EXEC | FOTA_AT_TEST, modem_on_qiclose, NULL},
};
const size_t modem_n_commands = sizeof modem_commands / sizeof modem_commands[0];

void modem_init(struct modem *m, const struct net *net)
{
    memset(m, 0, sizeof *m);
    m->net = *net;
    store_init(&m->store, STORE_RAM_BYTES, STORE_UFS_BYTES);
}

static void stop(struct modem *m)
{
    m->net.fetch_stop(m->net.ctx);
    m->net.disconnect(m->net.ctx);
}

void modem_reset(struct modem *m)
{
    stop(m);
    store_reset(&m->store);
    const struct file_store store = m->store;
    const struct net net = m->net;
    memset(m, 0, sizeof *m);
    m->store = store;
    m->net = net;
}

void modem_close(struct modem *m)
{
    stop(m);
    store_close(&m->store);
}

struct modem *modem_of(const struct fota_at_server *s)
{
    const struct fota_app *app = s->device->ctx;
    return app->device->commands_ctx;
}

enum fota_at_answer modem_failed(struct fota_at_server *s, enum fota_err err)
{
    s->error = err;
    return FOTA_AT_DONE_ERROR;
}

enum fota_at_answer modem_wait(struct modem *m, struct fota_at_server *s)
{
    m->at = s;
    return FOTA_AT_PENDING;
}

void modem_finish(struct modem *m, enum fota_at_answer answer)
{
    struct fota_at_server *s = m->at;
    m->at = NULL;
    if (s != NULL) {
        fota_at_server_finish(s, answer);
    }
}

void modem_code(struct modem *m, const char *format, ...)
{
    if (m->n_codes == MODEM_CODES_MAX) {
        return;
    }
    va_list args;
    va_start(args, format);
    (void)vsnprintf(m->codes[m->n_codes++], MODEM_TEXT_MAX + 1, format, args);
    va_end(args);
}

enum fota_at_answer modem_dump(struct fota_at_server *s, struct stored_file *file, uint32_t at,
                               uint32_t end, bool with_length)
{
    struct modem *m = modem_of(s);
    fota_at_server_info_begin(s);
    fota_at_server_text(s, "CONNECT");
    if (with_length) {
        fota_at_server_text(s, " ");
        fota_at_server_number(s, end - at);
    }
    fota_at_server_info_end(s);
    m->dump.file = file;
    m->dump.at = at;
    m->dump.end = end;
    file->n_users++;
    return modem_wait(m, s);
}

static void dump_step(struct modem *m)
{
    uint32_t n = m->dump.end - m->dump.at;
    n = n < DUMP_BYTES ? n : DUMP_BYTES;
    if (n > 0) {
        fota_at_server_bytes(m->at, m->dump.file->bytes + m->dump.at, n);
        m->dump.at += n;
    }
    if (m->dump.at == m->dump.end) {
        m->dump.file->n_users--;
        m->dump.file = NULL;
        modem_finish(m, FOTA_AT_DONE_OK);
    }
}

static void print_codes(struct modem *m, struct fota_at_server *s)
{
    if (!fota_at_server_is_idle(s)) {
        return;
    }
    for (uint32_t i = 0; i < m->n_codes; i++) {
        fota_at_server_info(s, m->codes[i]);
    }
    m->n_codes = 0;
}

bool modem_poll(struct modem *m, struct fota_at_server *s)
{
    if (m->dump.file != NULL) {
        dump_step(m);
    }
    if (m->download != DOWNLOAD_NONE) {
        modem_download_step(m);
    }
    if (m->tcp != TCP_CLOSED) {
        modem_tcp_step(m);
    }
    print_codes(m, s);
    return m->dump.file != NULL || m->download != DOWNLOAD_NONE || m->tcp == TCP_CONNECTING ||
           m->tcp == TCP_OPEN || m->n_codes > 0;
}

/* ---- arguments ---- */

bool modem_comma(const char **at)
{
    if (**at != ',') {
        return false;
    }
    (*at)++;
    return true;
}

bool modem_text(const char **at, char *dst, size_t size)
{
    if (**at != '"') {
        return false;
    }
    const char *begin = *at + 1;
    const char *end = strchr(begin, '"');
    if (end == NULL || (size_t)(end - begin) >= size) {
        return false;
    }
    memcpy(dst, begin, (size_t)(end - begin));
    dst[end - begin] = '\0';
    *at = end + 1;
    return true;
}

bool modem_optional(const char **at, uint32_t min, uint32_t max, uint32_t *value)
{
    uint32_t number = 0;
    if (!modem_comma(at)) {
        return true;
    }
    if (!fota_at_parse_number(at, &number) || number < min || number > max) {
        return false;
    }
    *value = number;
    return true;
}

bool modem_file_name(const char **at, char name[STORE_NAME_MAX + 1])
{
    char text[STORE_NAME_MAX + 1];
    return modem_text(at, text, sizeof text) && store_name(name, text) == FOTA_OK;
}
