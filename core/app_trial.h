/* SPDX-License-Identifier: MIT */
/* The application's part in a trial: AT+QFUC, AT+QFUR, confirming.  Rows of the table in
 * core/app.c; the calls that the firmware makes are in core/app.h. */
#ifndef FOTA_CORE_APP_TRIAL_H
#define FOTA_CORE_APP_TRIAL_H

#include "core/app.h"

/* Handlers, as struct fota_at_command says. */
enum fota_at_answer fota_app_on_confirm(struct fota_at_server *s, enum fota_at_form form,
                                        const char *args, size_t n_args); /* +QFUC */
enum fota_at_answer fota_app_on_result(struct fota_at_server *s, enum fota_at_form form,
                                       const char *args, size_t n_args); /* +QFUR */
/* FOTA_APP_STAGE_CONFIRM. */
void fota_app_confirm_step(struct fota_app *a);

#endif
