/* SPDX-License-Identifier: MIT */
/* The module's factory page: what the maker burns into the boot ROM and nothing changes later:
 * product, names, trusted public keys, device profile.  It is the first FACTORY_BYTES of the
 * flash file, as text (one "name value" a line, then the profile), filled up with zeros. */
#ifndef FOTA_MODULE_FACTORY_H
#define FOTA_MODULE_FACTORY_H

#include "core/profile.h"
#include "core/sign.h"

#define FACTORY_BYTES       8192U
#define FACTORY_KEYS_MAX    4U
#define FACTORY_STRING_MAX  31U
#define FACTORY_PROFILE_MAX 4096U

struct factory {
    char product[FACTORY_STRING_MAX + 1];
    char vendor[FACTORY_STRING_MAX + 1];
    char brand[FACTORY_STRING_MAX + 1];
    char model[FACTORY_STRING_MAX + 1];
    char serial[FACTORY_STRING_MAX + 1];
    uint8_t keys[FACTORY_KEYS_MAX][FOTA_ED25519_KEY_BYTES];
    size_t n_keys;
    struct fota_profile profile;
    char profile_text[FACTORY_PROFILE_MAX + 1];
};

/* 1..FACTORY_STRING_MAX printable ASCII characters without quotes: what the AT line can show
 * and a package can name. */
bool factory_string_valid(const char *str);

/* The page for what `f` holds (profile_text, not profile, says the layout).  FOTA_E_PROFILE
 * when it does not fit. */
FOTA_NODISCARD enum fota_err factory_print(const struct factory *f, char page[FACTORY_BYTES]);
/* Read a page back.  `reason` is set on failure.  FOTA_E_FORMAT, FOTA_E_PROFILE. */
FOTA_NODISCARD enum fota_err
factory_parse(struct factory *f, const char page[FACTORY_BYTES], const char **reason);

/* The text of a profile, for --sector, --scratch and --slots. */
FOTA_NODISCARD enum fota_err
factory_print_profile(const struct fota_profile *profile, char text[FACTORY_PROFILE_MAX + 1]);

#endif
