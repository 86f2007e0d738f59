/* SPDX-License-Identifier: MIT */
/* Private to the files of the AT client: its states, and the steps between them. */
#ifndef FOTA_CORE_AT_CLIENT_STATE_H
#define FOTA_CORE_AT_CLIENT_STATE_H

#include "core/at_client.h"
#include "core/at_client_reply.h"

#define FOTA_AT_CLIENT_RESTARTS_MAX 5U

enum fota_at_client_state {
    STATE_BEGIN,
    STATE_ESCAPE,   /* +++ and silence: the module may stand in data mode */
    STATE_SYNC,     /* AT */
    STATE_ECHO,     /* ATE0 */
    STATE_CMEE,     /* AT+CMEE=1 */
    STATE_VERSION,  /* ATI */
    STATE_REVISION, /* AT+CGMR, when ATI shows no version */
    STATE_FLOW,     /* AT+IFC? */
    STATE_RECEIVED, /* AT+QFAI? */
    STATE_COMPARE,  /* CRC of the source's own bytes */
    STATE_CONNECT,  /* AT+QFUA */
    STATE_STREAM,   /* package bytes */
    STATE_INIT,     /* AT+QFAI */
    STATE_CHUNK,    /* AT+QFAW */
    STATE_START,    /* +++ or AT+QFAU: the module checks the package */
    STATE_FOLLOW,   /* it updates itself */
    STATE_REBOOT,   /* Rebooting.... seen */
    STATE_AGAIN,    /* it does not show the new version yet */
    STATE_TALK,     /* the line is lent to the source */
    STATE_OPENED,   /* which can be read now: left by the next poll */
    STATE_CONFIRM,  /* AT+QFUC */
    STATE_DONE,
};

/* at_client.c: states and what they send */
void fota_at_client_tell(const struct fota_at_client *c, enum fota_client_event event,
                         uint32_t number, const char *text);
/* What is not yet sent belongs to the state that is left, and is dropped. */
void fota_at_client_enter(struct fota_at_client *c, enum fota_at_client_state state);
/* Append to the output; it must fit. */
void fota_at_client_put(struct fota_at_client *c, const char *text);
void fota_at_client_ask(struct fota_at_client *c, enum fota_at_client_state state,
                        const char *command);
void fota_at_client_finish(struct fota_at_client *c, enum fota_err result);
void fota_at_client_refuse(struct fota_at_client *c);
/* Find the module, in whatever state it may be. */
void fota_at_client_synchronise(struct fota_at_client *c);
/* Begin again at the module's durable bytes.  cause: the result when that has been tried too
 * often without progress. */
void fota_at_client_restart(struct fota_at_client *c, enum fota_err cause);
/* What to call the module's silence. */
enum fota_err fota_at_client_silence(const struct fota_at_client *c);

/* at_client_answer.c: what follows from answers */
void fota_at_client_on_ok(struct fota_at_client *c);
void fota_at_client_on_error(struct fota_at_client *c, enum fota_err err, const char *line);
void fota_at_client_on_info(struct fota_at_client *c, const struct fota_at_reply *r,
                            const char *line);
/* The answer of a reading command is complete. */
void fota_at_client_reading_is_done(struct fota_at_client *c);

bool fota_at_client_may_be_damage(enum fota_err err);

/* at_client_transfer.c: bringing the package */
void fota_at_client_choose_mode(struct fota_at_client *c, bool use_qfua);
/* Ask for the durable bytes when resuming, else begin. */
void fota_at_client_start_transfer(struct fota_at_client *c);
void fota_at_client_begin_transfer(struct fota_at_client *c, uint32_t off);
/* One piece of the comparison of the module's durable bytes with the source's. */
void fota_at_client_compare(struct fota_at_client *c);
/* Fill the output with package bytes; +++ follows the last one directly. */
void fota_at_client_fill_stream(struct fota_at_client *c);
/* Send the next AT+QFAW, or AT+QFAU behind the last. */
void fota_at_client_send_chunk(struct fota_at_client *c);
void fota_at_client_chunk_is_stored(struct fota_at_client *c);

/* at_client_talk.c: lending the line to the source */
/* Let the source talk; `after` goes on when it has said all. */
void fota_at_client_talk(struct fota_at_client *c, enum fota_at_client_state after);
void fota_at_client_open_source(struct fota_at_client *c);
/* It can be read: start the transfer. */
void fota_at_client_source_is_open(struct fota_at_client *c);
/* At the end, with c->result set.  False: there is nothing to tidy up. */
bool fota_at_client_tidy_up(struct fota_at_client *c);
void fota_at_client_talk_is_lost(struct fota_at_client *c, enum fota_err cause);
void fota_at_client_talk_hears(struct fota_at_client *c, const struct fota_at_reply *r,
                               const char *line);
/* Raw bytes; returns how many of them were. */
size_t fota_at_client_talk_takes(struct fota_at_client *c, const uint8_t *bytes, size_t n);

/* at_client_update.c: following the update */
/* A line shows that the package was accepted. */
void fota_at_client_accept(struct fota_at_client *c);
void fota_at_client_on_percent(struct fota_at_client *c, uint32_t percent);
void fota_at_client_on_status(struct fota_at_client *c, const struct fota_at_reply *r,
                              const char *line);
void fota_at_client_on_ready(struct fota_at_client *c);
/* The end: is what the module shows what it should show? */
void fota_at_client_prove(struct fota_at_client *c);

#endif
