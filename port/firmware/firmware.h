/* SPDX-License-Identifier: MIT */
/* A small module firmware around core/app.c, for the board ports: commands of its own, so that
 * two releases of it differ as real ones do.  FIRMWARE_RELEASE (7 or 8) chooses the release. */
#ifndef FOTA_PORT_FIRMWARE_H
#define FOTA_PORT_FIRMWARE_H

#include "core/at_server.h"

extern const char firmware_version[]; /* "M95FAR02A07" */

/* Rows for struct fota_device: searched behind those of core/app.c. */
extern const struct fota_at_command firmware_commands[];
extern const uint32_t firmware_n_commands;

/* Handlers; rows with their texts in commands.c. */
typedef enum fota_at_answer firmware_handler(struct fota_at_server *s, enum fota_at_form form,
                                             const char *args, size_t n_args);
firmware_handler firmware_on_help;
firmware_handler firmware_on_errors;
firmware_handler firmware_on_language;
firmware_handler firmware_on_test;
firmware_handler firmware_on_operators;
firmware_handler firmware_on_country;
firmware_handler firmware_on_alphabet;
firmware_handler firmware_on_day;
firmware_handler firmware_on_shell;
firmware_handler firmware_on_hang;
#ifdef FIRMWARE_TONES
firmware_handler firmware_on_tone;
#endif
#if FIRMWARE_RELEASE >= 8
firmware_handler firmware_on_calc;
#endif

#endif
