/* SPDX-License-Identifier: MIT */
#include "core/package_choice.h"
#include "core/mem.h"

static const char suffix[] = ".fota";

static uint32_t text_bytes(const char *text, uint32_t max)
{
    uint32_t n = 0;
    while (n < max && text[n] != '\0') {
        n++;
    }
    return n;
}

/* Whether `text` is what is wanted, or nothing is. */
static bool fits(const char *text, const char *wanted)
{
    if (wanted == NULL || wanted[0] == '\0') {
        return true;
    }
    const uint32_t n = text_bytes(text, FOTA_PACKAGE_STRING_MAX + 1U);
    return n == text_bytes(wanted, FOTA_PACKAGE_STRING_MAX + 1U) &&
           memcmp(text, wanted, n) == 0;
}

void fota_package_choice_begin(struct fota_package_choice *choice,
                               const struct fota_package_wanted *wanted)
{
    memset(choice, 0, sizeof *choice);
    choice->wanted = *wanted;
}

bool fota_package_choice_name(const char *name)
{
    const uint32_t n_suffix = sizeof suffix - 1U;
    const uint32_t n = text_bytes(name, FOTA_PACKAGE_CHOICE_NAME_MAX + 1U);
    if (n <= n_suffix || n > FOTA_PACKAGE_CHOICE_NAME_MAX || name[0] == '.') {
        return false;
    }
    for (uint32_t i = 0; i < n_suffix; i++) {
        const char c = name[n - n_suffix + i];
        const int lower = c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
        if (lower != suffix[i]) {
            return false;
        }
    }
    return true;
}

static void keep_first(char *kept, const char *name, uint32_t *n_fit)
{
    *n_fit += 1;
    if (*n_fit == 1) {
        memcpy(kept, name, text_bytes(name, FOTA_PACKAGE_CHOICE_NAME_MAX) + 1U);
    }
}

void fota_package_choice_offer(struct fota_package_choice *choice, const char *name,
                               uint8_t *head, uint32_t n_bytes)
{
    struct fota_package_prefix prefix;
    struct fota_package package;
    if (n_bytes < FOTA_PACKAGE_PREFIX_BYTES || !fota_package_choice_name(name) ||
        fota_package_parse_prefix(&prefix, head) != FOTA_OK) {
        return;
    }
    const uint32_t n_head = fota_package_head_read_bytes(&prefix);
    if (n_head > n_bytes || fota_package_parse(&package, head, n_head) != FOTA_OK ||
        !fits(package.product, choice->wanted.product)) {
        return;
    }
    if ((package.features & (uint32_t)FOTA_FEATURE_FULL) != 0) {
        keep_first(choice->full, name, &choice->n_full);
    } else if (fits(package.from_version, choice->wanted.version)) {
        keep_first(choice->delta, name, &choice->n_deltas);
    }
}

enum fota_err
fota_package_choice_end(const struct fota_package_choice *choice, const char **name)
{
    if (choice->n_deltas == 1) {
        *name = choice->delta;
        return FOTA_OK;
    }
    if (choice->n_deltas == 0 && choice->n_full == 1) {
        *name = choice->full;
        return FOTA_OK;
    }
    return FOTA_E_CHOICE;
}
