/* SPDX-License-Identifier: MIT */
/* Texts in the language that AT+CLAN has chosen. */
#ifndef FOTA_PORT_FIRMWARE_LANGUAGE_H
#define FOTA_PORT_FIRMWARE_LANGUAGE_H

/* The help text of a command, or `english` when there is no translation. */
const char *firmware_help_text(const char *name, const char *english);
/* Replace an error's English texts when there are others. */
void firmware_error_texts(unsigned code, const char **text, const char **remedy);

#endif
