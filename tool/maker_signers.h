/* SPDX-License-Identifier: MIT */
/* Who signs: the private keys that --key names, and the program that --sign-command names. */
#ifndef FOTA_TOOL_MAKER_SIGNERS_H
#define FOTA_TOOL_MAKER_SIGNERS_H

#include "core/package.h"
#include "host/keys.h"
#include "host/signer.h"
#include <stdbool.h>

struct fota_maker_signers {
    const char *key_paths[FOTA_PACKAGE_SIGS_MAX]; /* borrowed, as are the others */
    unsigned n_keys;
    const char *passphrase_file;     /* or a null pointer: ask at the terminal */
    const char *command;             /* or a null pointer */
    const char *command_public_path; /* whose signature it makes */
    struct fota_private_key keys[FOTA_PACKAGE_SIGS_MAX];
    struct fota_signer signers[FOTA_PACKAGE_SIGS_MAX]; /* the keys', then the command's */
    unsigned n_signers;
};

/* Note one --key.  False: too many. */
bool fota_maker_signers_add_key(struct fota_maker_signers *m, const char *path);
/* What is wrong with the options together, or a null pointer. */
const char *fota_maker_signers_fault(const struct fota_maker_signers *m);
/* Read the keys; `signers` borrow from `m` afterwards.  FOTA_E_IO, FOTA_E_KEY. */
FOTA_NODISCARD enum fota_err
fota_maker_signers_read(struct fota_maker_signers *m, struct fota_fault *fault);
/* Warn about private key files that others may read. */
void fota_maker_signers_warn(const struct fota_maker_signers *m);
void fota_maker_signers_wipe(struct fota_maker_signers *m);

#endif
