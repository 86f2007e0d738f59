/* SPDX-License-Identifier: MIT */
#include "host/keys.h"
#include "host/output_file.h"
#include "tool/cli.h"
#include "tool/passphrase.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char help[] = "usage: fota keygen [OPTION]... NAME\n"
                           "\n"
                           "Makes the maker's key pair (Ed25519): NAME.key, the private key "
                           "that signs packages (PKCS #8\n"
                           "PEM, mode 0600: keep it secret, keep a copy), and NAME.pub, the "
                           "public key that goes into the\n"
                           "devices (SubjectPublicKeyInfo PEM).  openssl pkey reads both.\n"
                           "\n"
                           "  -f, --force       replace existing files\n"
                           "      --passphrase  encrypt the private key (scrypt, AES-256); "
                           "asks at the terminal\n"
                           "      --passphrase-file FILE  the same, with the first line of "
                           "FILE\n"
                           "\n"
                           "example:\n"
                           "  fota keygen maker        writes maker.key and maker.pub\n";

/* Both files, or none. */
static enum fota_err
write_pair(const struct fota_output_file *private_file,
           const struct fota_output_file *public_file, const struct fota_private_key *key,
           const char *passphrase, struct fota_fault *fault)
{
    char pem[FOTA_PEM_MAX];
    size_t n;
    enum fota_err err = fota_output_file_check(private_file, fault);
    if (err == FOTA_OK) err = fota_output_file_check(public_file, fault);
    if (err == FOTA_OK) err = fota_private_key_to_pem(key, passphrase, pem, &n, fault);
    if (err == FOTA_OK) err = fota_output_file_write(private_file, pem, n, fault);
    explicit_bzero(pem, sizeof pem);
    if (err < 0) return err;
    err = fota_public_key_to_pem(key->public_key, pem, &n, fault);
    if (err == FOTA_OK) err = fota_output_file_write(public_file, pem, n, fault);
    if (err < 0 && !private_file->replace) (void)unlink(private_file->path);
    return err;
}

static int report(const struct fota_cli *cli, const struct fota_private_key *key,
                  const char *private_path, const char *public_path)
{
    uint8_t id[FOTA_KEY_ID_BYTES];
    char id_text[2 * FOTA_KEY_ID_BYTES + 1];
    fota_key_id(key->public_key, id);
    (void)snprintf(id_text, sizeof id_text, "%02x%02x%02x%02x", id[0], id[1], id[2], id[3]);
    if (cli->json) {
        return fota_cli_print_json(cli, json_pack("{s:b, s:s, s:s, s:s}", "ok", 1,
                                                  "private_key", private_path, "public_key",
                                                  public_path, "key_id", id_text));
    }
    if (!cli->quiet) {
        (void)printf("private key: %s (keep it secret)\npublic key:  %s\nkey id:      %s\n",
                     private_path, public_path, id_text);
    }
    return fota_cli_done(cli);
}

struct keygen {
    const char *name;
    bool replace;
    bool encrypt;
    const char *passphrase_file; /* or a null pointer: ask */
};

/* Make the pair, having chosen the passphrase first: a key that cannot be kept is not made. */
static enum fota_err
make_pair(const struct keygen *k, struct fota_private_key *key,
          const struct fota_output_file *private_file,
          const struct fota_output_file *public_file, struct fota_fault *fault)
{
    char passphrase[FOTA_PASSPHRASE_MAX] = "";
    enum fota_err err = fota_output_file_check(private_file, fault);
    if (err == FOTA_OK && k->encrypt) {
        err = fota_passphrase_choose(k->passphrase_file, private_file->path, passphrase, fault);
    }
    if (err == FOTA_OK) err = fota_private_key_make(key, fault);
    if (err == FOTA_OK) {
        err = write_pair(private_file, public_file, key, k->encrypt ? passphrase : NULL, fault);
    }
    explicit_bzero(passphrase, sizeof passphrase);
    return err;
}

static int keygen(const struct fota_cli *cli, const struct keygen *k)
{
    const char *name = k->name;
    size_t size = strlen(name) + sizeof ".key";
    char *private_path = malloc(2 * size);
    struct fota_private_key key = {.seed = {0}};
    struct fota_fault fault;
    if (private_path == NULL) {
        (void)fota_fault_set(&fault, FOTA_E_NOMEM, NULL, "%s", "");
        return fota_cli_fail(cli, &fault);
    }
    char *public_path = private_path + size;
    (void)snprintf(private_path, size, "%s.key", name);
    (void)snprintf(public_path, size, "%s.pub", name);
    const struct fota_output_file private_file = {private_path, k->replace, true};
    const struct fota_output_file public_file = {public_path, k->replace, false};
    enum fota_err err = make_pair(k, &key, &private_file, &public_file, &fault);
    int code =
        err < 0 ? fota_cli_fail(cli, &fault) : report(cli, &key, private_path, public_path);
    fota_private_key_wipe(&key);
    free(private_path);
    return code;
}

enum { OPT_PASSPHRASE = 0x100, OPT_PASSPHRASE_FILE };

static int run(struct fota_cli *cli, int argc, char **argv)
{
    static const struct option options[] = {
        {"force", no_argument, NULL, 'f'},
        {"passphrase", no_argument, NULL, OPT_PASSPHRASE},
        {"passphrase-file", required_argument, NULL, OPT_PASSPHRASE_FILE},
        FOTA_CLI_LONG_OPTIONS};
    struct keygen k = {.name = NULL};
    int option;
    while ((option = getopt_long(argc, argv, ":f" FOTA_CLI_SHORT_OPTIONS, options, NULL)) !=
           -1) {
        if (option == 'f') {
            k.replace = true;
            continue;
        }
        if (option == OPT_PASSPHRASE || option == OPT_PASSPHRASE_FILE) {
            k.encrypt = true;
            if (option == OPT_PASSPHRASE_FILE) k.passphrase_file = optarg;
            continue;
        }
        enum fota_cli_next next = fota_cli_option(cli, option, argv);
        if (next != FOTA_CLI_GO_ON) return fota_cli_exit(cli, next);
    }
    if (argc - optind != 1 || argv[optind][0] == '\0') {
        return fota_cli_usage(cli, "give one name for the key pair");
    }
    k.name = argv[optind];
    return keygen(cli, &k);
}

const struct fota_verb fota_verb_keygen = {"keygen", "make the maker's key pair", help, run};
