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

/* One run.  Temporary files rather than pipes: nothing can block, and programs that want to
 * know the length of what they sign can. */
struct run {
    const struct fota_signer *signer;
    const char *command;
    FILE *input;
    FILE *output;
    uint8_t answer[FOTA_ED25519_SIG_BYTES + 1];
    size_t n_answer;
};

static enum fota_err
ask(struct run *run, const uint8_t *msg, size_t msg_bytes, struct fota_fault *fault)
{
    if (run->input == NULL || run->output == NULL ||
        fwrite(msg, 1, msg_bytes, run->input) != msg_bytes || fflush(run->input) != 0 ||
        fseek(run->input, 0, SEEK_SET) != 0) {
        return fota_fault_set(fault, FOTA_E_IO, NULL, "temporary file: %s", strerror(errno));
    }
    int status = run_shell(run->command, run->input, run->output);
    if (status == -1) {
        return fota_fault_set(fault, FOTA_E_KEY, NULL, "sh -c '%s': %s", run->command,
                              strerror(errno));
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        return fota_fault_set(fault, FOTA_E_KEY, NULL, "'%s' ends with status %d", run->command,
                              WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    }
    rewind(run->output);
    run->n_answer = fread(run->answer, 1, sizeof run->answer, run->output);
    return FOTA_OK;
}

static enum fota_err
check(const struct run *run, const uint8_t *msg, size_t msg_bytes, struct fota_fault *fault)
{
    if (run->n_answer != FOTA_ED25519_SIG_BYTES) {
        return fota_fault_set(fault, FOTA_E_KEY, NULL,
                              "'%s' writes %s%zu bytes, a signature has %u", run->command,
                              run->n_answer > FOTA_ED25519_SIG_BYTES ? "at least " : "",
                              run->n_answer, FOTA_ED25519_SIG_BYTES);
    }
    struct fota_trusted_keys trusted = {&run->signer->public_key, 1};
    const struct fota_verifier verifier = fota_monocypher_verifier(&trusted);
    uint8_t id[FOTA_KEY_ID_BYTES];
    fota_key_id(run->signer->public_key, id);
    if (fota_sign_verify(&verifier, id, run->answer, msg, msg_bytes) == FOTA_OK) return FOTA_OK;
    return fota_fault_set(fault, FOTA_E_KEY, NULL,
                          "what '%s' writes is no signature by the public key given",
                          run->command);
}

static enum fota_err
sign_by_command(const struct fota_signer *signer, const uint8_t *msg, size_t msg_bytes,
                uint8_t sig[FOTA_ED25519_SIG_BYTES], struct fota_fault *fault)
{
    struct run run = {
        .signer = signer, .command = signer->ctx, .input = tmpfile(), .output = tmpfile()};
    enum fota_err err = ask(&run, msg, msg_bytes, fault);
    if (err == FOTA_OK) err = check(&run, msg, msg_bytes, fault);
    if (err == FOTA_OK) memcpy(sig, run.answer, FOTA_ED25519_SIG_BYTES);
    if (run.input != NULL) (void)fclose(run.input);
    if (run.output != NULL) (void)fclose(run.output);
    return err;
}

struct fota_signer
fota_command_signer(const char *command, const uint8_t public_key[FOTA_ED25519_KEY_BYTES])
{
    struct fota_signer signer = {.sign = sign_by_command, .ctx = command};
    memcpy(signer.public_key, public_key, sizeof signer.public_key);
    return signer;
}
