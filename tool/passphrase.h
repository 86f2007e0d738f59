/* SPDX-License-Identifier: MIT */
/* The passphrase of a private key: from a file, or asked for at the terminal.  Never from the
 * command line, where other users of the machine can read it. */
#ifndef FOTA_TOOL_PASSPHRASE_H
#define FOTA_TOOL_PASSPHRASE_H

#include "host/keys.h"

/* `file`: its first line is the passphrase; a null pointer: ask at the terminal.  Borrowed. */
struct fota_passphrase fota_passphrase_from(const char *file);
/* Ask for the passphrase of a new key, at the terminal twice.  FOTA_E_KEY (empty, too long,
 * different, or no terminal), FOTA_E_IO. */
FOTA_NODISCARD enum fota_err
fota_passphrase_choose(const char *file, const char *path, char text[FOTA_PASSPHRASE_MAX],
                       struct fota_fault *fault);

#endif
