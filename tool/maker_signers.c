/* SPDX-License-Identifier: MIT */
#include "tool/maker_signers.h"
#include "tool/cli.h"
#include "tool/passphrase.h"
#include <sys/stat.h>

bool fota_maker_signers_add_key(struct fota_maker_signers *m, const char *path)
{
    if (m->n_keys == FOTA_PACKAGE_SIGS_MAX) return false;
    m->key_paths[m->n_keys++] = path;
    return true;
}

const char *fota_maker_signers_fault(const struct fota_maker_signers *m)
{
    if (m->n_keys == 0 && m->command == NULL) return "--key is missing (or --sign-command)";
    if (m->n_keys == FOTA_PACKAGE_SIGS_MAX && m->command != NULL)
        return "at most 4 signatures: --key and --sign-command together";
    if (m->command != NULL && m->command_public_path == NULL)
        return "--sign-command wants its public key: --pub";
    if (m->command == NULL && m->command_public_path != NULL)
        return "--pub goes with --sign-command";
    return NULL;
}

enum fota_err fota_maker_signers_read(struct fota_maker_signers *m, struct fota_fault *fault)
{
    const struct fota_passphrase passphrase = fota_passphrase_from(m->passphrase_file);
    for (unsigned i = 0; i < m->n_keys; i++) {
        enum fota_err err =
            fota_private_key_read(&m->keys[i], m->key_paths[i], &passphrase, fault);
        if (err < 0) return err;
        m->signers[m->n_signers++] = fota_private_key_signer(&m->keys[i]);
    }
    if (m->command == NULL) return FOTA_OK;
    uint8_t public_key[FOTA_ED25519_KEY_BYTES];
    enum fota_err err = fota_public_key_read(public_key, m->command_public_path, fault);
    if (err < 0) return err;
    m->signers[m->n_signers++] = fota_command_signer(m->command, public_key);
    return FOTA_OK;
}

void fota_maker_signers_warn(const struct fota_maker_signers *m)
{
    struct stat st;
    for (unsigned i = 0; i < m->n_keys; i++) {
        if (stat(m->key_paths[i], &st) == 0 && (st.st_mode & 077) != 0) {
            fota_cli_warn("%s: others may read this private key: chmod 600 it",
                          m->key_paths[i]);
        }
    }
}

void fota_maker_signers_wipe(struct fota_maker_signers *m)
{
    for (unsigned i = 0; i < m->n_keys; i++) {
        fota_private_key_wipe(&m->keys[i]);
    }
}
