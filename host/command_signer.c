/* SPDX-License-Identifier: MIT */
#include "host/signer.h"
#include "port/monocypher/monocypher_verifier.h"
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* Run by /bin/sh with both files as its standard input and output.  The status of waitpid(),
 * or -1 with errno set. */
static int run_shell(const char *command, FILE *input, FILE *output)
{
    char shell[] = "sh";
    char option[] = "-c";
    char *text = strdup(command);
    char *argv[] = {shell, option, text, NULL};
    posix_spawn_file_actions_t actions;
    pid_t pid;
    int status = -1;
    if (text == NULL) return -1;
    int cause = posix_spawn_file_actions_init(&actions);
    if (cause == 0) {
        cause = posix_spawn_file_actions_adddup2(&actions, fileno(input), STDIN_FILENO);
        if (cause == 0)
            cause = posix_spawn_file_actions_adddup2(&actions, fileno(output), STDOUT_FILENO);
        if (cause == 0) cause = posix_spawn(&pid, "/bin/sh", &actions, NULL, argv, environ);
        (void)posix_spawn_file_actions_destroy(&actions);
    }
    free(text);
    if (cause != 0) {
        errno = cause;
        return -1;
    }
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR) return -1;
    }
    return status;
}

/* Temporary files rather than pipes: nothing can block, and programs that want to know the
 * length of what they sign can. */
static enum fota_err
ask(const char *command, FILE *input, FILE *output, const uint8_t *msg, size_t msg_bytes,
    uint8_t *answer, size_t *n_answer, struct fota_fault *fault)
{
    if (fwrite(msg, 1, msg_bytes, input) != msg_bytes || fflush(input) != 0 ||
        fseek(input, 0, SEEK_SET) != 0) {
        return fota_fault_set(fault, FOTA_E_IO, NULL, "temporary file: %s", strerror(errno));
    }
    int status = run_shell(command, input, output);
    if (status == -1)
        return fota_fault_set(fault, FOTA_E_KEY, NULL, "sh -c '%s': %s", command,
                              strerror(errno));
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        return fota_fault_set(fault, FOTA_E_KEY, NULL, "'%s' ends with status %d", command,
                              WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    }
    rewind(output);
    *n_answer = fread(answer, 1, FOTA_ED25519_SIG_BYTES + 1, output);
    return FOTA_OK;
}

static enum fota_err
check(const struct fota_signer *signer, const uint8_t *msg, size_t msg_bytes,
      const uint8_t *answer, size_t n_answer, struct fota_fault *fault)
{
    const char *command = signer->ctx;
    if (n_answer != FOTA_ED25519_SIG_BYTES) {
        return fota_fault_set(fault, FOTA_E_KEY, NULL,
                              "'%s' writes %s%zu bytes, a signature has %u", command,
                              n_answer > FOTA_ED25519_SIG_BYTES ? "at least " : "", n_answer,
                              FOTA_ED25519_SIG_BYTES);
    }
    struct fota_trusted_keys trusted = {&signer->public_key, 1};
    const struct fota_verifier verifier = fota_monocypher_verifier(&trusted);
    uint8_t id[FOTA_KEY_ID_BYTES];
    fota_key_id(signer->public_key, id);
    if (fota_sign_verify(&verifier, id, answer, msg, msg_bytes) == FOTA_OK) return FOTA_OK;
    return fota_fault_set(fault, FOTA_E_KEY, NULL,
                          "what '%s' writes is no signature by the public key given", command);
}

static enum fota_err
sign_by_command(const struct fota_signer *signer, const uint8_t *msg, size_t msg_bytes,
                uint8_t sig[FOTA_ED25519_SIG_BYTES], struct fota_fault *fault)
{
    uint8_t answer[FOTA_ED25519_SIG_BYTES + 1];
    size_t n_answer = 0;
    FILE *input = tmpfile();
    FILE *output = tmpfile();
    enum fota_err err = FOTA_OK;
    if (input == NULL || output == NULL) {
        err = fota_fault_set(fault, FOTA_E_IO, NULL, "temporary file: %s", strerror(errno));
    }
    if (err == FOTA_OK)
        err = ask(signer->ctx, input, output, msg, msg_bytes, answer, &n_answer, fault);
    if (err == FOTA_OK) err = check(signer, msg, msg_bytes, answer, n_answer, fault);
    if (err == FOTA_OK) memcpy(sig, answer, FOTA_ED25519_SIG_BYTES);
    if (input != NULL) (void)fclose(input);
    if (output != NULL) (void)fclose(output);
    return err;
}

struct fota_signer
fota_command_signer(const char *command, const uint8_t public_key[FOTA_ED25519_KEY_BYTES])
{
    struct fota_signer signer = {.sign = sign_by_command, .ctx = command};
    memcpy(signer.public_key, public_key, sizeof signer.public_key);
    return signer;
}
