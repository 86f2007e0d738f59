/* SPDX-License-Identifier: MIT */
#include "host/profile_file.h"
#include "host/input_file.h"

#define PROFILE_FILE_MAX 4096U

static enum fota_err
set_fault(struct fota_fault *fault, const char *path, const struct fota_profile_fault *why)
{
    if (why->line == 0) return fota_fault_set(fault, FOTA_E_PROFILE, path, "%s", why->reason);
    return fota_fault_set_at(fault, FOTA_E_PROFILE, path, FOTA_FAULT_AT_LINE, why->line, "%s",
                             why->reason);
}

enum fota_err fota_layout_of(struct fota_layout *out, const struct fota_profile *profile,
                             const char *path, struct fota_fault *fault)
{
    struct fota_profile_fault why = {0, ""};
    out->profile = *profile;
    if (fota_profile_check(&out->profile, &why) < 0) return set_fault(fault, path, &why);
    for (uint32_t i = 0; i < out->profile.n_flash; i++) {
        out->flash[i] = fota_profile_flash_port(&out->profile.flash[i]);
    }
    fota_profile_areas(&out->profile, out->flash, out->area);
    return FOTA_OK;
}

enum fota_err
fota_layout_read(struct fota_layout *out, const char *path, struct fota_fault *fault)
{
    struct fota_input_file file;
    struct fota_profile profile;
    struct fota_profile_fault why = {0, ""};
    enum fota_err err =
        fota_input_file_read(&file, path, PROFILE_FILE_MAX, FOTA_E_PROFILE, fault);
    if (err < 0) return err;
    err = fota_profile_parse(&profile, (const char *)file.at, file.n_bytes, &why);
    fota_input_file_free(&file);
    if (err < 0) return set_fault(fault, path, &why);
    return fota_layout_of(out, &profile, path, fault);
}

enum fota_err
fota_layout_simple(struct fota_layout *out, uint32_t sector_bytes, uint32_t scratch_sectors,
                   uint32_t n_slots, uint32_t slot_bytes, struct fota_fault *fault)
{
    struct fota_profile profile;
    fota_profile_simple(&profile, sector_bytes, scratch_sectors, n_slots, slot_bytes);
    return fota_layout_of(out, &profile, NULL, fault);
}
