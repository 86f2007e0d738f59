/* SPDX-License-Identifier: MIT */
/* Any bytes as the begin of a package and as a unit head: what is accepted keeps its promises,
 * and nothing outside the bytes given is read. */
#include "core/package.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t n);

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static enum fota_err
find_key(void *ctx, const uint8_t id[FOTA_KEY_ID_BYTES], uint8_t key[FOTA_ED25519_KEY_BYTES])
{
    (void)ctx;
    memset(key, id[0], FOTA_ED25519_KEY_BYTES);
    return id[1] == 0 ? FOTA_E_UNKNOWN_KEY : FOTA_OK;
}

/* Reads all it is given. */
static enum fota_err
verify(void *ctx, const uint8_t sig[FOTA_ED25519_SIG_BYTES],
       const uint8_t key[FOTA_ED25519_KEY_BYTES], const uint8_t *msg, size_t msg_bytes)
{
    unsigned sum = key[0];
    (void)ctx;
    for (size_t i = 0; i < FOTA_ED25519_SIG_BYTES; i++) {
        sum += sig[i];
    }
    for (size_t i = 0; i < msg_bytes; i++) {
        sum += msg[i];
    }
    return sum % 2 == 0 ? FOTA_OK : FOTA_E_SIGNATURE;
}

static void check_string(const char *text, bool may_be_empty)
{
    size_t n = strlen(text);
    require(n <= FOTA_PACKAGE_STRING_MAX && (n != 0 || may_be_empty));
    for (size_t i = 0; i < n; i++) {
        require(text[i] >= 0x20 && text[i] <= 0x7E && text[i] != '"');
    }
}

static void check_package(const struct fota_package *p, const uint8_t *head, size_t n)
{
    bool full = (p->features & FOTA_FEATURE_FULL) != 0;
    const struct fota_verifier verifier = {NULL, find_key, verify};
    require((p->features & ~FOTA_FEATURES_KNOWN) == 0);
    require(p->body_off <= n && p->body_off <= FOTA_PACKAGE_HEAD_MAX);
    require(p->body_off + p->body_bytes + p->back.body_bytes == p->prefix.total_bytes);
    require(p->body_bytes > p->prologue_bytes);
    require(p->n_sigs >= 1 && p->n_sigs <= FOTA_PACKAGE_SIGS_MAX);
    require((p->base_bytes == 0) == full && p->new_bytes != 0 && p->n_units != 0);
    require(p->scratch_sectors <= FOTA_PACKAGE_SCRATCH_MAX);
    check_string(p->product, false);
    check_string(p->from_version, full);
    check_string(p->to_version, false);
    enum fota_err err = fota_package_verify(p, head, &verifier);
    require(err == FOTA_OK || err == FOTA_E_SIGNATURE || err == FOTA_E_UNKNOWN_KEY);
}

static void check_unit(const struct fota_unit *u, size_t n)
{
    uint32_t n_written = 0;
    for (uint32_t i = 0; i < FOTA_UNIT_SPAN_MAX; i++) {
        n_written += fota_unit_writes(u, i) ? 1 : 0;
        require(i < u->n_sectors || !fota_unit_writes(u, i));
    }
    require(n_written == u->n_written && n_written != 0);
    require(u->first_sector + u->n_sectors <= FOTA_PACKAGE_SLOT_SECTORS_MAX);
    require(u->head_bytes <= n && u->head_bytes <= FOTA_UNIT_HEAD_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t n)
{
    struct fota_package pkg;
    struct fota_unit unit;
    uint8_t *exact = malloc(n != 0 ? n : 1);
    require(exact != NULL);
    if (n != 0) memcpy(exact, input, n);
    if (fota_unit_parse(&unit, exact, (uint32_t)n) == FOTA_OK) check_unit(&unit, n);
    if (fota_package_parse(&pkg, exact, (uint32_t)n) == FOTA_OK) check_package(&pkg, exact, n);
    free(exact);
    return 0;
}
