/* SPDX-License-Identifier: MIT */
#include "host/fault.h"
#include <stdarg.h>
#include <stdio.h>

enum fota_err fota_fault_set(struct fota_fault *fault, enum fota_err err, const char *file,
                             const char *format, ...)
{
    va_list args;
    *fault = (struct fota_fault){.err = err, .file = file};
    va_start(args, format);
    (void)vsnprintf(fault->detail, sizeof fault->detail, format, args);
    va_end(args);
    return err;
}

enum fota_err
fota_fault_set_at(struct fota_fault *fault, enum fota_err err, const char *file,
                  enum fota_fault_place place, uint64_t at, const char *format, ...)
{
    va_list args;
    *fault = (struct fota_fault){.err = err, .file = file, .place = place, .at = at};
    va_start(args, format);
    (void)vsnprintf(fault->detail, sizeof fault->detail, format, args);
    va_end(args);
    return err;
}
