/* SPDX-License-Identifier: MIT */
#include "core/err.h"

unsigned fota_err_cme(enum fota_err err)
{
    switch (fota_err_code(err)) {
#define FOTA_ERROR(name, code, cme, text, remedy)                                              \
    case code:                                                                                 \
        return cme;
#include "core/errors.def"
#undef FOTA_ERROR
    default:
        return 100; /* 3GPP TS 27.007 9.2.1: unknown */
    }
}
