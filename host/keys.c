/* SPDX-License-Identifier: MIT */
#include "host/keys.h"
#include "host/input_file.h"
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>
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

/* scrypt as `openssl pkcs8 -scrypt` sets it: 16 MiB and some 50 ms a guess. */
#define SCRYPT_N 16384U
#define SCRYPT_R 8U
#define SCRYPT_P 1U

static int write_encrypted(BIO *bio, const EVP_PKEY *pkey, const char *passphrase)
{
    PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(pkey);
    X509_ALGOR *algorithm =
        PKCS5_pbe2_set_scrypt(EVP_aes_256_cbc(), NULL, 0, NULL, SCRYPT_N, SCRYPT_R, SCRYPT_P);
    X509_SIG *sealed = NULL;
    if (info != NULL && algorithm != NULL)
        sealed = PKCS8_set0_pbe(passphrase, (int)strlen(passphrase), info, algorithm);
    if (sealed == NULL) X509_ALGOR_free(algorithm); /* otherwise it is part of `sealed` */
    int good = sealed != NULL && PEM_write_bio_PKCS8(bio, sealed) == 1;
    X509_SIG_free(sealed);
    PKCS8_PRIV_KEY_INFO_free(info);
    return good;
}

/* What `bio` holds into `pem`; takes `bio`. */
static enum fota_err
take_pem(BIO *bio, int good, char pem[FOTA_PEM_MAX], size_t *n_bytes, struct fota_fault *fault)
{
    int n = good == 1 ? BIO_read(bio, pem, FOTA_PEM_MAX) : 0;
    BIO_free(bio);
    if (n <= 0)
        return fota_fault_set(fault, FOTA_E_INTERNAL, NULL, "no PEM text could be made");
    *n_bytes = (size_t)n;
    return FOTA_OK;
}

enum fota_err
fota_private_key_to_pem(const struct fota_private_key *key, const char *passphrase,
                        char pem[FOTA_PEM_MAX], size_t *n_bytes, struct fota_fault *fault)
{
    EVP_PKEY *pkey =
        EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, key->seed, sizeof key->seed);
    BIO *bio = BIO_new(BIO_s_secmem());
    int good = bio != NULL && pkey != NULL;
    if (good && passphrase != NULL) {
        good = write_encrypted(bio, pkey, passphrase);
    } else if (good) {
        good = PEM_write_bio_PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL);
    }
    EVP_PKEY_free(pkey);
    return take_pem(bio, good, pem, n_bytes, fault);
}

enum fota_err
fota_public_key_to_pem(const uint8_t key[FOTA_ED25519_KEY_BYTES], char pem[FOTA_PEM_MAX],
                       size_t *n_bytes, struct fota_fault *fault)
{
    EVP_PKEY *pkey =
        EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key, FOTA_ED25519_KEY_BYTES);
    BIO *bio = BIO_new(BIO_s_mem());
    int good = bio != NULL && pkey != NULL ? PEM_write_bio_PUBKEY(bio, pkey) : 0;
    EVP_PKEY_free(pkey);
    return take_pem(bio, good, pem, n_bytes, fault);
}

/* One reading of a PEM file: what OpenSSL's question for the passphrase knows and leaves. */
struct pem_reading {
    const char *path;
    const struct fota_passphrase *passphrase; /* or a null pointer */
    struct fota_fault *fault;
    bool encrypted;    /* it was asked for */
    enum fota_err err; /* of asking */
};

/* pem_password_cb of OpenSSL. */
static int give_passphrase(char *buf, int size, int rwflag, void *ctx)
{
    struct pem_reading *r = ctx;
    char text[FOTA_PASSPHRASE_MAX];
    (void)rwflag;
    if (r->encrypted) return -1; /* OpenSSL tries again in another way: nobody is asked twice */
    r->encrypted = true;
    if (r->passphrase == NULL) return -1;
    r->err = r->passphrase->ask(r->passphrase->ctx, r->path, text, r->fault);
    int n = r->err == FOTA_OK ? (int)strlen(text) : -1;
    if (n > size) n = -1;
    if (n > 0) memcpy(buf, text, (size_t)n);
    OPENSSL_cleanse(text, sizeof text);
    return n;
}

static EVP_PKEY *
parse_pem(const struct fota_input_file *file, bool is_private, struct pem_reading *r)
{
    BIO *bio = BIO_new_mem_buf(file->at, (int)file->n_bytes);
    if (bio == NULL) return NULL;
    EVP_PKEY *pkey = is_private ? PEM_read_bio_PrivateKey(bio, NULL, give_passphrase, r)
                                : PEM_read_bio_PUBKEY(bio, NULL, give_passphrase, r);
    BIO_free(bio);
    return pkey;
}

/* Why a file holds no usable key. */
static enum fota_err
explain(const struct fota_input_file *file, bool is_private, const struct pem_reading *r)
{
    if (r->err < 0) return r->err; /* and its fault is set */
    struct pem_reading other_reading = {.path = r->path};
    EVP_PKEY *other = parse_pem(file, !is_private, &other_reading);
    const char *detail =
        is_private ? "no private key in PEM form" : "no public key in PEM form";
    if (is_private && r->encrypted) {
        detail = r->passphrase == NULL ? "it has a passphrase, and none was given"
                                       : "wrong passphrase, or the file is damaged";
    } else if (other != NULL || r->encrypted || other_reading.encrypted) {
        detail = is_private
                     ? "a public key, but the private one is wanted"
                     : "a private key, but the public one is wanted: keep this one secret";
    }
    EVP_PKEY_free(other);
    return fota_fault_set(r->fault, FOTA_E_KEY, r->path, "%s", detail);
}

/* Read the file and take the 32 raw bytes out of it. */
static enum fota_err
read_raw(uint8_t raw[32], const char *path, bool is_private,
         const struct fota_passphrase *passphrase, struct fota_fault *fault)
{
    struct fota_input_file file;
    enum fota_err err = fota_input_file_read(&file, path, KEY_FILE_MAX, FOTA_E_KEY, fault);
    if (err < 0) return err;
    struct pem_reading reading = {path, passphrase, fault, false, FOTA_OK};
    EVP_PKEY *pkey = parse_pem(&file, is_private, &reading);
    size_t n = 32;
    if (pkey == NULL) {
        err = explain(&file, is_private, &reading);
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
fota_private_key_read(struct fota_private_key *out, const char *path,
                      const struct fota_passphrase *passphrase, struct fota_fault *fault)
{
    enum fota_err err = read_raw(out->seed, path, true, passphrase, fault);
    if (err < 0) return err;
    if (fota_private_key_from_seed(out, out->seed) == FOTA_OK) return FOTA_OK;
    return fota_fault_set(fault, FOTA_E_INTERNAL, path, "public half not computed");
}

enum fota_err fota_public_key_read(uint8_t out[FOTA_ED25519_KEY_BYTES], const char *path,
                                   struct fota_fault *fault)
{
    return read_raw(out, path, false, NULL, fault);
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

static enum fota_err
sign_by_key(const struct fota_signer *signer, const uint8_t *msg, size_t msg_bytes,
            uint8_t sig[FOTA_ED25519_SIG_BYTES], struct fota_fault *fault)
{
    if (fota_private_key_sign(signer->ctx, msg, msg_bytes, sig) == FOTA_OK) return FOTA_OK;
    return fota_fault_set(fault, FOTA_E_INTERNAL, NULL, "the key does not sign");
}

struct fota_signer fota_private_key_signer(const struct fota_private_key *key)
{
    struct fota_signer signer = {.sign = sign_by_key, .ctx = key};
    memcpy(signer.public_key, key->public_key, sizeof signer.public_key);
    return signer;
}

void fota_private_key_wipe(struct fota_private_key *key)
{
    OPENSSL_cleanse(key, sizeof *key);
}
