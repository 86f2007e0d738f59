/* SPDX-License-Identifier: MIT */
/* What a package says, asks for and costs, as text and as JSON. */
#ifndef FOTA_TOOL_PACKAGE_VIEW_H
#define FOTA_TOOL_PACKAGE_VIEW_H

#include "host/package_file.h"
#include "host/profile_file.h"
#include <jansson.h>
#include <stdbool.h>

struct fota_package_view {
    const struct fota_package_file *file;
    const char *path;
    struct fota_package_parts parts;
    const struct fota_layout *device; /* a null pointer: not given */
    bool has_geometry;                /* the slot's sectors are known */
    struct fota_flash_run run;        /* found by the id, when no device is given */
    struct fota_flash flash;
    struct fota_area slot;
    uint32_t staging_sectors; /* sectors that the package takes up, or all of the device's */
};

/* Take the package apart.  `device` may be a null pointer; it and `file` are borrowed.  Errors
 * of fota_package_file_parts(). */
FOTA_NODISCARD enum fota_err
fota_package_view_open(struct fota_package_view *view, const struct fota_package_file *file,
                       const char *path, const struct fota_layout *device,
                       struct fota_fault *fault);
/* Why the device cannot take the package, as an error; FOTA_OK: it can. */
enum fota_err fota_package_view_fit(const struct fota_package_view *view);
/* The document of `fota info --json`. */
json_t *fota_package_view_json(const struct fota_package_view *view);
/* The text of `fota info`, on stdout. */
void fota_package_view_print(const struct fota_package_view *view);
/* The summary of `fota diff`, on stdout. */
void fota_package_view_print_summary(const struct fota_package_view *view);

#endif
