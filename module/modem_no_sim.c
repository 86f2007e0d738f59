/* SPDX-License-Identifier: MIT */
/* The virtual module has neither SIM card nor radio: what 3GPP TS 27.007 has such a module
 * answer to the commands by which serial clients find out about one. */
#include "module/modem_state.h"

/* The only character set: texts go out as they are stored, in ASCII. */
MODEM_HANDLER(modem_on_cscs)
{
    (void)n_args;
    if (form == FOTA_AT_READ) {
        fota_at_server_info(s, "+CSCS: \"IRA\"");
        return FOTA_AT_DONE_OK;
    }
    return fota_at_equals(args, "\"IRA\"") ? FOTA_AT_DONE_OK : FOTA_AT_DONE_ERROR;
}

MODEM_HANDLER(modem_on_cpin)
{
    (void)form;
    (void)args;
    (void)n_args;
    s->error = FOTA_E_SIM;
    return FOTA_AT_DONE_ERROR;
}

/* Never registered, never searching, so there is nothing that +CREG=1 could report. */
MODEM_HANDLER(modem_on_creg)
{
    (void)n_args;
    if (form == FOTA_AT_READ) {
        fota_at_server_info(s, "+CREG: 0,0");
        return FOTA_AT_DONE_OK;
    }
    return fota_at_equals(args, "0") ? FOTA_AT_DONE_OK : FOTA_AT_DONE_ERROR;
}

MODEM_HANDLER(modem_on_csq)
{
    (void)form;
    (void)args;
    (void)n_args;
    fota_at_server_info(s, "+CSQ: 99,99"); /* not known or not detectable */
    return FOTA_AT_DONE_OK;
}
