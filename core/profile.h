/* SPDX-License-Identifier: MIT */
/* The device profile: flash devices, the areas on them, RAM.  One text file, one struct, used
 * by `fota diff --device`, the virtual module, the board and the fleet.  Grammar and rules:
 * doc/device-profile.md.  The text is UNTRUSTED. */
#ifndef FOTA_CORE_PROFILE_H
#define FOTA_CORE_PROFILE_H

#include "core/err.h"
#include "core/flash.h"
#include <stddef.h>

#define FOTA_PROFILE_FLASHES_MAX 4U
#define FOTA_PROFILE_RUNS_MAX    8U
#define FOTA_PROFILE_NAME_MAX    15U

enum fota_area_id {
    FOTA_AREA_SLOT,     /* the running image */
    FOTA_AREA_SLOT2,    /* the other image of a two-slot device; absent otherwise */
    FOTA_AREA_STAGING,  /* the received package */
    FOTA_AREA_SCRATCH,  /* the ring of stashed old sectors; absent with two slots */
    FOTA_AREA_JOURNAL,  /* 2 or, better, 3 sectors */
    FOTA_AREA_IDENTITY, /* 2 sectors: what is in the slot, security counter */
    FOTA_AREA_SETTINGS, /* 2 sectors: AT&W */
    FOTA_AREA_COUNT
};

struct fota_profile_flash {
    char name[FOTA_PROFILE_NAME_MAX + 1];
    struct fota_flash_run runs[FOTA_PROFILE_RUNS_MAX];
    uint32_t n_runs;
    uint32_t program_bytes;
    uint32_t page_bytes;
    uint8_t erased;
    bool write_once;
    unsigned line; /* of the text; 0: made by fota_profile_simple() */
};

struct fota_profile_area {
    uint32_t flash; /* index in `flash` */
    uint32_t addr;
    uint32_t n_bytes; /* 0: absent */
    unsigned line;
};

struct fota_profile {
    char name[FOTA_PROFILE_NAME_MAX + 1];
    struct fota_profile_flash flash[FOTA_PROFILE_FLASHES_MAX];
    uint32_t n_flash;
    struct fota_profile_area area[FOTA_AREA_COUNT];
    uint32_t decoder_bytes; /* RAM for the decoder's workspace */
};

/* Where and why a profile is refused; `line` 0 when no single line is to blame. */
struct fota_profile_fault {
    unsigned line;
    const char *reason; /* static text */
};

/* The name of an area in the text: "slot", "staging" ... */
const char *fota_area_name(enum fota_area_id id);

/* Parse a profile text; whether the layout can work is fota_profile_check()'s question. `fault`
 * is set on failure.  FOTA_E_PROFILE. */
FOTA_NODISCARD enum fota_err
fota_profile_parse(struct fota_profile *out, const char *text, size_t n_bytes,
                   struct fota_profile_fault *fault);
/* Check that the layout can work: areas made of whole sectors, inside their device, not
 * overlapping, journal of 2..8 sectors with at least 8 records each, ring sectors as large as
 * any slot sector, slots of equal geometry, and so on.  `fault` is set on failure.
 * FOTA_E_PROFILE. */
FOTA_NODISCARD enum fota_err
fota_profile_check(const struct fota_profile *profile, struct fota_profile_fault *fault);
/* A one-device profile for --sector, --scratch, --slots: areas laid out one behind the other,
 * for images and packages of up to `slot_bytes` (rounded up to sectors) each; 0xFF erased, unit
 * 1, page 256.  Not checked: numbers that cannot work are for fota_profile_check() to refuse.
 */
void fota_profile_simple(struct fota_profile *out, uint32_t sector_bytes,
                         uint32_t scratch_sectors, uint32_t n_slots, uint32_t slot_bytes);

/* What the profile says of a flash device; context and functions are null, the port fills them.
 * Borrows `flash`. */
struct fota_flash fota_profile_flash_port(const struct fota_profile_flash *flash);
/* Fill areas from a profile and its flash devices (flash[i] belongs to profile->flash[i]). */
void fota_profile_areas(const struct fota_profile *profile, const struct fota_flash *flash,
                        struct fota_area area[FOTA_AREA_COUNT]);

#endif
