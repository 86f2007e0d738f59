/* SPDX-License-Identifier: MIT */
#include "port/monocypher/monocypher_verifier.h"
#include "core/mem.h"
#include <monocypher-ed25519.h>

static enum fota_err
find_key(void *ctx, const uint8_t id[FOTA_KEY_ID_BYTES], uint8_t key[FOTA_ED25519_KEY_BYTES])
{
    const struct fota_trusted_keys *trusted = ctx;
    for (size_t i = 0; i < trusted->n_keys; i++) {
        uint8_t this_id[FOTA_KEY_ID_BYTES];
        fota_key_id(trusted->keys[i], this_id);
        if (memcmp(this_id, id, sizeof this_id) == 0) {
            memcpy(key, trusted->keys[i], FOTA_ED25519_KEY_BYTES);
            return FOTA_OK;
        }
    }
    return FOTA_E_UNKNOWN_KEY;
}

static enum fota_err
verify(void *ctx, const uint8_t sig[FOTA_ED25519_SIG_BYTES],
       const uint8_t key[FOTA_ED25519_KEY_BYTES], const uint8_t *msg, size_t msg_bytes)
{
    (void)ctx;
    return crypto_ed25519_check(sig, key, msg, msg_bytes) == 0 ? FOTA_OK : FOTA_E_SIGNATURE;
}

struct fota_verifier fota_monocypher_verifier(struct fota_trusted_keys *keys)
{
    return (struct fota_verifier){.ctx = keys, .find_key = find_key, .verify = verify};
}
