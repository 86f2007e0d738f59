/* SPDX-License-Identifier: MIT */
#include "host/keys.h"
#include "host/input_file.h"
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdbool.h>
#include <string.h>

#define KEY_FILE_MAX 65536U

enum fota_err fota_private_key_from_seed(struct fota_private_key *key, const uint8_t seed[32])
{
    memmove(key->seed, seed, sizeof key->seed);
    size_t n = sizeof key->public_key;
    EVP_PKEY *pkey =
        EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, key->seed, sizeof key->seed);
    int good = pkey != NULL && EVP_PKEY_get_raw_public_key(pkey, key->public_key, &n) == 1;
    EVP_PKEY_free(pkey);
    return good ? FOTA_OK : FOTA_E_INTERNAL;
}

enum fota_err fota_private_key_make(struct fota_private_key *out, struct fota_fault *fault)
{
    EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    size_t n = sizeof out->seed;
    int good = pkey != NULL && EVP_PKEY_get_raw_private_key(pkey, out->seed, &n) == 1;
    EVP_PKEY_free(pkey);
    if (good && fota_private_key_from_seed(out, out->seed) == FOTA_OK) return FOTA_OK;
    return fota_fault_set(fault, FOTA_E_INTERNAL, NULL, "no key could be made");
}

/* Write one PEM text by a function of OpenSSL into `pem`. */
static enum fota_err to_pem(EVP_PKEY *pkey, bool is_private, char pem[FOTA_PEM_MAX],
                            size_t *n_bytes, struct fota_fault *fault)
{
    BIO *bio = BIO_new(BIO_s_secmem());
    int good = bio != NULL && pkey != NULL;
    if (good && is_private) {
        good = PEM_write_bio_PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL);
    } else if (good) {
        good = PEM_write_bio_PUBKEY(bio, pkey);
    }
    int n = good == 1 ? BIO_read(bio, pem, FOTA_PEM_MAX) : 0;
    BIO_free(bio);
    EVP_PKEY_free(pkey);
    if (n <= 0)
        return fota_fault_set(fault, FOTA_E_INTERNAL, NULL, "no PEM text could be made");
    *n_bytes = (size_t)n;
    return FOTA_OK;
}

enum fota_err
fota_private_key_to_pem(const struct fota_private_key *key, char pem[FOTA_PEM_MAX],
                        size_t *n_bytes, struct fota_fault *fault)
{
    EVP_PKEY *pkey =
        EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, key->seed, sizeof key->seed);
    return to_pem(pkey, true, pem, n_bytes, fault);
}

enum fota_err
fota_public_key_to_pem(const uint8_t key[FOTA_ED25519_KEY_BYTES], char pem[FOTA_PEM_MAX],
                       size_t *n_bytes, struct fota_fault *fault)
{
    EVP_PKEY *pkey =
        EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key, FOTA_ED25519_KEY_BYTES);
    return to_pem(pkey, false, pem, n_bytes, fault);
}

/* Never asks: a key file with a passphrase is refused. */
/* NOLINTNEXTLINE(readability-non-const-parameter): the type is pem_password_cb */
static int no_passphrase(char *buf, int size, int rwflag, void *ctx)
{
    (void)buf, (void)size, (void)rwflag;
    *(bool *)ctx = true;
    return -1;
}

/* The key in a PEM file; `*encrypted` when it wants a passphrase. */
static EVP_PKEY *parse_pem(const struct fota_input_file *file, bool is_private, bool *encrypted)
{
    BIO *bio = BIO_new_mem_buf(file->at, (int)file->n_bytes);
    if (bio == NULL) return NULL;
    EVP_PKEY *pkey = is_private ? PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, encrypted)
                                : PEM_read_bio_PUBKEY(bio, NULL, no_passphrase, encrypted);
    BIO_free(bio);
    return pkey;
}

/* Why a file holds no usable key. */
static enum fota_err explain(const struct fota_input_file *file, bool is_private,
                             bool encrypted, const char *path, struct fota_fault *fault)
{
    bool ignored = false;
    EVP_PKEY *other = parse_pem(file, !is_private, &ignored);
    const char *detail =
        is_private ? "no private key in PEM form" : "no public key in PEM form";
    if (encrypted) {
        detail = "keys with a passphrase are not supported";
    } else if (other != NULL) {
        detail = is_private
                     ? "a public key, but the private one is wanted"
                     : "a private key, but the public one is wanted: keep this one secret";
    }
    EVP_PKEY_free(other);
    return fota_fault_set(fault, FOTA_E_KEY, path, "%s", detail);
}

/* Read the file and take the 32 raw bytes out of it. */
static enum fota_err
read_raw(uint8_t raw[32], const char *path, bool is_private, struct fota_fault *fault)
{
    struct fota_input_file file;
    enum fota_err err = fota_input_file_read(&file, path, KEY_FILE_MAX, FOTA_E_KEY, fault);
    if (err < 0) return err;
    bool encrypted = false;
    EVP_PKEY *pkey = parse_pem(&file, is_private, &encrypted);
    size_t n = 32;
    if (pkey == NULL) {
        err = explain(&file, is_private, encrypted, path, fault);
    } else if (EVP_PKEY_id(pkey) != EVP_PKEY_ED25519) {
        err = fota_fault_set(fault, FOTA_E_KEY, path, "not an Ed25519 key, but %s",
                             EVP_PKEY_get0_type_name(pkey));
    } else if ((is_private ? EVP_PKEY_get_raw_private_key(pkey, raw, &n)
                           : EVP_PKEY_get_raw_public_key(pkey, raw, &n)) != 1) {
        err = fota_fault_set(fault, FOTA_E_KEY, path, "no raw key in it");
    }
    EVP_PKEY_free(pkey);
    OPENSSL_cleanse(file.at, file.n_bytes);
    fota_input_file_free(&file);
    return err;
}

enum fota_err
fota_private_key_read(struct fota_private_key *out, const char *path, struct fota_fault *fault)
{
    enum fota_err err = read_raw(out->seed, path, true, fault);
    if (err < 0) return err;
    if (fota_private_key_from_seed(out, out->seed) == FOTA_OK) return FOTA_OK;
    return fota_fault_set(fault, FOTA_E_INTERNAL, path, "public half not computed");
}

enum fota_err fota_public_key_read(uint8_t out[FOTA_ED25519_KEY_BYTES], const char *path,
                                   struct fota_fault *fault)
{
    return read_raw(out, path, false, fault);
}

enum fota_err fota_private_key_sign(const struct fota_private_key *key, const uint8_t *msg,
                                    size_t msg_bytes, uint8_t sig[FOTA_ED25519_SIG_BYTES])
{
    EVP_PKEY *pkey =
        EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, key->seed, sizeof key->seed);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    size_t n = FOTA_ED25519_SIG_BYTES;
    int good = pkey != NULL && ctx != NULL &&
               EVP_DigestSignInit(ctx, NULL, NULL, NULL, pkey) == 1 &&
               EVP_DigestSign(ctx, sig, &n, msg, msg_bytes) == 1;
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(pkey);
    return good ? FOTA_OK : FOTA_E_INTERNAL;
}

void fota_private_key_wipe(struct fota_private_key *key)
{
    OPENSSL_cleanse(key, sizeof *key);
}
