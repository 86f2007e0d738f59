/* SPDX-License-Identifier: MIT */
/* Private to the files of the modem's commands. */
#ifndef FOTA_MODULE_MODEM_STATE_H
#define FOTA_MODULE_MODEM_STATE_H

#include "module/modem.h"

#define MODEM_HANDLER(name)                                                                    \
    enum fota_at_answer name(struct fota_at_server *s, enum fota_at_form form,                 \
                             const char *args, size_t n_args)

/* modem.c */
struct modem *modem_of(const struct fota_at_server *s);
enum fota_at_answer modem_failed(struct fota_at_server *s, enum fota_err err);
/* FOTA_AT_PENDING, until modem_finish(). */
enum fota_at_answer modem_wait(struct modem *m, struct fota_at_server *s);
void modem_finish(struct modem *m, enum fota_at_answer answer);
/* Queue an unsolicited result code. */
__attribute__((format(printf, 2, 3))) void modem_code(struct modem *m, const char *format, ...);
/* CONNECT, or CONNECT <n>, then bytes [at, end) of the file, then OK; pending. */
enum fota_at_answer modem_dump(struct fota_at_server *s, struct stored_file *file, uint32_t at,
                               uint32_t end, bool with_length);
/* Arguments of a command, one behind the other; each moves *at behind what it has read. */
bool modem_comma(const char **at);
/* Text in quotes of at most `size` - 1 characters. */
bool modem_text(const char **at, char *dst, size_t size);
/* , and a number from `min` to `max`, or neither and `value` is left as it is. */
bool modem_optional(const char **at, uint32_t min, uint32_t max, uint32_t *value);
/* The full name of a file, in quotes. */
bool modem_file_name(const char **at, char name[STORE_NAME_MAX + 1]);

/* modem_file.c */
MODEM_HANDLER(modem_on_qflds);
MODEM_HANDLER(modem_on_qflst);
MODEM_HANDLER(modem_on_qfdel);
MODEM_HANDLER(modem_on_qfupl);
MODEM_HANDLER(modem_on_qfopen);
MODEM_HANDLER(modem_on_qfread);
MODEM_HANDLER(modem_on_qfseek);
MODEM_HANDLER(modem_on_qfclose);

/* modem_download.c */
MODEM_HANDLER(modem_on_qhttpurl);
MODEM_HANDLER(modem_on_qhttpget);
MODEM_HANDLER(modem_on_qhttpread);
MODEM_HANDLER(modem_on_qhttpdl);
MODEM_HANDLER(modem_on_qftpuser);
MODEM_HANDLER(modem_on_qftppass);
MODEM_HANDLER(modem_on_qftpcfg);
MODEM_HANDLER(modem_on_qftpopen);
MODEM_HANDLER(modem_on_qftppath);
MODEM_HANDLER(modem_on_qftpget);
MODEM_HANDLER(modem_on_qftpclose);
void modem_download_step(struct modem *m);

/* modem_tcp.c */
MODEM_HANDLER(modem_on_qindi);
MODEM_HANDLER(modem_on_qiopen);
MODEM_HANDLER(modem_on_qisend);
MODEM_HANDLER(modem_on_qird);
MODEM_HANDLER(modem_on_qiclose);
void modem_tcp_step(struct modem *m);

/* modem_no_sim.c; in brackets the section of 3GPP TS 27.007 */
MODEM_HANDLER(modem_on_cscs); /* 5.5 */
MODEM_HANDLER(modem_on_cpin); /* 8.3; +CIMI (5.6) too: both want a card */
MODEM_HANDLER(modem_on_creg); /* 7.2 */
MODEM_HANDLER(modem_on_csq);  /* 8.5 */

#endif
