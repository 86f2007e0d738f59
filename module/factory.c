/* SPDX-License-Identifier: MIT */
#include "module/factory.h"
#include "core/at_line.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char title[] = "fota module, factory page 1\n";
static const char profile_line[] = "profile text:\n";

static const char *const area_names[FOTA_AREA_COUNT] = {
    [FOTA_AREA_SLOT] = "slot",         [FOTA_AREA_SLOT2] = "slot2",
    [FOTA_AREA_STAGING] = "staging",   [FOTA_AREA_SCRATCH] = "scratch",
    [FOTA_AREA_JOURNAL] = "journal",   [FOTA_AREA_IDENTITY] = "identity",
    [FOTA_AREA_SETTINGS] = "settings",
};

/* ---- printing ---- */

/* Text growing in a buffer; too long: `full`, and nothing more is added. */
struct text {
    char *str;
    size_t n;
    size_t max; /* room, with the terminator */
    bool full;
};

__attribute__((format(printf, 2, 3))) static void add(struct text *t, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(t->str + t->n, t->max - t->n, format, args);
    va_end(args);
    if (n < 0 || (size_t)n >= t->max - t->n) {
        t->full = true;
        t->str[t->n] = '\0';
        return;
    }
    t->n += (size_t)n;
}

bool factory_string_valid(const char *str)
{
    size_t n = strlen(str);
    if (n == 0 || n > FACTORY_STRING_MAX) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (str[i] < 0x20 || str[i] > 0x7E || str[i] == '"') {
            return false;
        }
    }
    return true;
}

enum fota_err factory_print(const struct factory *f, char page[FACTORY_BYTES])
{
    memset(page, 0, FACTORY_BYTES);
    struct text t = {.str = page, .max = FACTORY_BYTES};
    add(&t, "%s", title);
    add(&t, "product %s\nvendor %s\nbrand %s\nmodel %s\nserial %s\n", f->product, f->vendor,
        f->brand, f->model, f->serial);
    for (size_t k = 0; k < f->n_keys; k++) {
        add(&t, "key ");
        for (size_t i = 0; i < FOTA_ED25519_KEY_BYTES; i++) {
            add(&t, "%02x", f->keys[k][i]);
        }
        add(&t, "\n");
    }
    add(&t, "%s%s", profile_line, f->profile_text);
    return t.full ? FOTA_E_PROFILE : FOTA_OK;
}

enum fota_err
factory_print_profile(const struct fota_profile *profile, char text[FACTORY_PROFILE_MAX + 1])
{
    text[0] = '\0';
    struct text t = {.str = text, .max = FACTORY_PROFILE_MAX + 1};
    add(&t, "profile %s\n", profile->name);
    for (uint32_t i = 0; i < profile->n_flash; i++) {
        const struct fota_profile_flash *flash = &profile->flash[i];
        add(&t, "flash %s sectors=", flash->name);
        for (uint32_t r = 0; r < flash->n_runs; r++) {
            add(&t, "%s%lux%lu", r == 0 ? "" : ",", (unsigned long)flash->runs[r].n_sectors,
                (unsigned long)flash->runs[r].sector_bytes);
        }
        add(&t, " program=%lu page=%lu erased=0x%02x write-once=%s\n",
            (unsigned long)flash->program_bytes, (unsigned long)flash->page_bytes,
            flash->erased, flash->write_once ? "yes" : "no");
    }
    for (size_t i = 0; i < FOTA_AREA_COUNT; i++) {
        const struct fota_profile_area *area = &profile->area[i];
        if (area->n_bytes != 0) {
            add(&t, "area %s %s 0x%06lx 0x%06lx\n", area_names[i],
                profile->flash[area->flash].name, (unsigned long)area->addr,
                (unsigned long)area->n_bytes);
        }
    }
    add(&t, "decoder %lu\n", (unsigned long)profile->decoder_bytes);
    return t.full ? FOTA_E_PROFILE : FOTA_OK;
}

/* ---- parsing ---- */

/* Move *at behind `expected`, if it stands there. */
static bool skip(const char **at, const char *expected)
{
    size_t n = strlen(expected);
    if (strncmp(*at, expected, n) != 0) {
        return false;
    }
    *at += n;
    return true;
}

static bool parse_string(const char **at, const char *name, char value[FACTORY_STRING_MAX + 1])
{
    if (!skip(at, name) || !skip(at, " ")) {
        return false;
    }
    size_t n = strcspn(*at, "\n");
    if (n > FACTORY_STRING_MAX) {
        return false;
    }
    memcpy(value, *at, n);
    value[n] = '\0';
    *at += n;
    return factory_string_valid(value) && skip(at, "\n");
}

static bool parse_key(const char **at, uint8_t key[FOTA_ED25519_KEY_BYTES])
{
    for (size_t i = 0; i < FOTA_ED25519_KEY_BYTES; i++) {
        unsigned high = fota_at_hex_digit((uint8_t)(*at)[0]);
        unsigned low = high < 16 ? fota_at_hex_digit((uint8_t)(*at)[1]) : 16;
        if (low > 15) {
            return false;
        }
        key[i] = (uint8_t)(high << 4 | low);
        *at += 2;
    }
    return skip(at, "\n");
}

enum fota_err
factory_parse(struct factory *f, const char page[FACTORY_BYTES], const char **reason)
{
    memset(f, 0, sizeof *f);
    const char *at = page;
    *reason = "it does not begin with a factory page of this program";
    if (memchr(page, '\0', FACTORY_BYTES) == NULL || !skip(&at, title)) {
        return FOTA_E_FORMAT;
    }
    *reason = "its factory page is damaged";
    if (!parse_string(&at, "product", f->product) || !parse_string(&at, "vendor", f->vendor) ||
        !parse_string(&at, "brand", f->brand) || !parse_string(&at, "model", f->model) ||
        !parse_string(&at, "serial", f->serial)) {
        return FOTA_E_FORMAT;
    }
    while (f->n_keys < FACTORY_KEYS_MAX && skip(&at, "key ")) {
        if (!parse_key(&at, f->keys[f->n_keys])) {
            return FOTA_E_FORMAT;
        }
        f->n_keys++;
    }
    if (f->n_keys == 0 || !skip(&at, profile_line) || strlen(at) > FACTORY_PROFILE_MAX) {
        return FOTA_E_FORMAT;
    }
    memcpy(f->profile_text, at, strlen(at) + 1);
    struct fota_profile_fault fault = {0};
    enum fota_err err = fota_profile_parse(&f->profile, at, strlen(at), &fault);
    if (err == FOTA_OK) {
        err = fota_profile_check(&f->profile, &fault);
    }
    *reason = fault.reason;
    return err;
}
