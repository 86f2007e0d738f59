/* SPDX-License-Identifier: MIT */
#include "core/err.h"
#include <stddef.h>

static const struct fota_err_row rows[] = {
#define FOTA_ERROR(name, code, cme, text, remedy) {FOTA_E_##name, #name, text, remedy},
#include "core/errors.def"
#undef FOTA_ERROR
};

const struct fota_err_row *fota_err_row_at(unsigned i)
{
    return i < sizeof rows / sizeof rows[0] ? &rows[i] : NULL;
}

const struct fota_err_row *fota_err_row(enum fota_err err)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].err == err) {
            return &rows[i];
        }
    }
    return &rows[0];
}

enum fota_err fota_err_from_code(unsigned code)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (fota_err_code(rows[i].err) == code) {
            return rows[i].err;
        }
    }
    return FOTA_E_INTERNAL;
}
