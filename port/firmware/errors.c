/* SPDX-License-Identifier: MIT */
/* AT+QERR=<code>: what an error code of the update means and what to do about it. */
#include "port/firmware/firmware.h"
#include "port/firmware/language.h"
#include "port/firmware/text.h"

static void print_row(struct fota_at_server *s, const struct fota_err_row *row)
{
    const char *text = row->text;
    const char *remedy = row->remedy;
    firmware_error_texts(fota_err_code(row->err), &text, &remedy);
    char line[256];
    struct firmware_text t = firmware_text_begin(line, sizeof line);
    firmware_text_add(&t, "+QERR: ");
    firmware_text_add_number(&t, fota_err_code(row->err));
    firmware_text_add_char(&t, ',');
    firmware_text_add_number(&t, fota_err_cme(row->err));
    firmware_text_add(&t, ",\"");
    firmware_text_add(&t, text);
    firmware_text_add(&t, "\",\"");
    firmware_text_add(&t, remedy);
    firmware_text_add_char(&t, '"');
    fota_at_server_info(s, line);
}

enum fota_at_answer firmware_on_errors(struct fota_at_server *s, enum fota_at_form form,
                                       const char *args, size_t n_args)
{
    (void)n_args;
    if (form == FOTA_AT_EXEC) {
        for (unsigned i = 0; fota_err_row_at(i) != NULL; i++) {
            print_row(s, fota_err_row_at(i));
        }
        return FOTA_AT_DONE_OK;
    }
    uint32_t code;
    if (!firmware_text_number(&args, &code) || *args != '\0' || code > 125) {
        s->error = FOTA_E_SYNTAX;
        return FOTA_AT_DONE_ERROR;
    }
    print_row(s, fota_err_row(fota_err_from_code(code)));
    return FOTA_AT_DONE_OK;
}
