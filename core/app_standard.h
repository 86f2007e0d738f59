/* SPDX-License-Identifier: MIT */
/* The application's commands that have nothing to do with an update: who the module is, its
 * stored settings, its functionality.  Rows of the table in core/app.c. */
#ifndef FOTA_CORE_APP_STANDARD_H
#define FOTA_CORE_APP_STANDARD_H

#include "core/app.h"

/* The settings that AT&W stored, or those of the factory. */
void fota_app_load_settings(const struct fota_device *device,
                            struct fota_at_settings *settings);

/* Handlers, as struct fota_at_command says. */
enum fota_at_answer fota_app_on_identify(struct fota_at_server *s, enum fota_at_form form,
                                         const char *args, size_t n_args); /* I */
enum fota_at_answer fota_app_on_vendor(struct fota_at_server *s, enum fota_at_form form,
                                       const char *args, size_t n_args); /* +CGMI */
enum fota_at_answer fota_app_on_model(struct fota_at_server *s, enum fota_at_form form,
                                      const char *args, size_t n_args); /* +CGMM */
enum fota_at_answer fota_app_on_revision(struct fota_at_server *s, enum fota_at_form form,
                                         const char *args, size_t n_args); /* +CGMR */
enum fota_at_answer fota_app_on_serial(struct fota_at_server *s, enum fota_at_form form,
                                       const char *args, size_t n_args); /* +CGSN */
enum fota_at_answer fota_app_on_functionality(struct fota_at_server *s, enum fota_at_form form,
                                              const char *args, size_t n_args); /* +CFUN */
enum fota_at_answer fota_app_on_store(struct fota_at_server *s, enum fota_at_form form,
                                      const char *args, size_t n_args); /* &W */
enum fota_at_answer fota_app_on_restore(struct fota_at_server *s, enum fota_at_form form,
                                        const char *args, size_t n_args); /* Z */

#endif
