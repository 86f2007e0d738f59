/* SPDX-License-Identifier: MIT */
/* Result codes of everything in fota.  0 is success, FOTA_MORE and FOTA_BUSY are no failures,
 * failures are negative: -code of core/errors.def.  Codes are on the wire: append only. */
#ifndef FOTA_CORE_ERR_H
#define FOTA_CORE_ERR_H

#if defined(__GNUC__)
#define FOTA_NODISCARD __attribute__((warn_unused_result))
#else
#define FOTA_NODISCARD
#endif

enum fota_err {
    FOTA_OK = 0,
    FOTA_MORE = 1, /* one step done, call again */
    FOTA_BUSY = 2, /* the medium is still at it, poll again */
#define FOTA_ERROR(name, code, cme, text, remedy) FOTA_E_##name = -(code),
#include "core/errors.def"
#undef FOTA_ERROR
};

/* The code 0..125 of `err` as exit code, `status=` and in records; 0 for FOTA_OK, MORE, BUSY.
 */
static inline unsigned fota_err_code(enum fota_err err)
{
    return err < 0 ? (unsigned)-(int)err : 0U;
}

/* The number of `+CME ERROR: <n>` for a failure.  In core/err.c, without texts. */
unsigned fota_err_cme(enum fota_err err);

/* One row of the table, with texts.  In core/err_text.c, which a device may leave out. */
struct fota_err_row {
    enum fota_err err;
    const char *name;   /* "BASE", as doc/errors.md has it */
    const char *text;   /* static, no full stop */
    const char *remedy; /* static */
};
/* The row of a failure; the row of FOTA_E_INTERNAL for an unknown one. */
const struct fota_err_row *fota_err_row(enum fota_err err);
/* Row `i` of the table in order of code, or a null pointer past its end. */
const struct fota_err_row *fota_err_row_at(unsigned i);
/* The failure with this code (1..125), or FOTA_E_INTERNAL. */
enum fota_err fota_err_from_code(unsigned code);

#endif
