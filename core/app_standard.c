/* SPDX-License-Identifier: MIT */
#include "core/app_standard.h"
#include "core/at_line.h"
#include "core/le.h"
#include "core/mem.h"

enum {
    SETTINGS_BYTES = 14,
    SETTINGS_LAYOUT = 1,
};

static struct fota_app *app_of(const struct fota_at_server *s)
{
    return s->device->ctx;
}

/* Basic commands that know number 0 only. */
static bool is_zero(const char *args)
{
    uint32_t number = 0;
    return *args == '\0' || (fota_at_parse_number(&args, &number) && number == 0);
}

/* ---- settings ---- */

static void encode(const struct fota_at_settings *settings, uint8_t out[SETTINGS_BYTES])
{
    out[0] = SETTINGS_LAYOUT;
    out[1] = settings->echo;
    out[2] = settings->verbose;
    out[3] = settings->quiet;
    out[4] = settings->cmee;
    out[5] = settings->ifc_dce;
    out[6] = settings->ifc_dte;
    memset(out + 7, 0, 3); /* S3, S4, S5 are not stored: no module is deaf after a reset */
    fota_put_le32(out + 10, settings->ipr);
}

void fota_app_load_settings(const struct fota_device *device, struct fota_at_settings *settings)
{
    uint8_t b[SETTINGS_BYTES];
    uint32_t epoch = 0;
    fota_at_settings_factory(settings, device->baud);
    if (fota_record_read(&device->area[FOTA_AREA_SETTINGS], b, sizeof b, &epoch) != FOTA_OK ||
        b[0] != SETTINGS_LAYOUT) {
        return;
    }
    settings->echo = b[1];
    settings->verbose = b[2];
    settings->quiet = b[3];
    settings->cmee = b[4];
    settings->ifc_dce = b[5];
    settings->ifc_dte = b[6];
    settings->ipr = fota_le32(b + 10);
}

enum fota_at_answer fota_app_on_store(struct fota_at_server *s, enum fota_at_form form,
                                      const char *args, size_t n_args)
{
    (void)form;
    (void)n_args;
    struct fota_app *a = app_of(s);
    if (!is_zero(args)) {
        return FOTA_AT_DONE_ERROR;
    }
    uint8_t payload[SETTINGS_BYTES];
    encode(&s->settings, payload);
    fota_record_write_begin(&a->work.settings, &a->device->area[FOTA_AREA_SETTINGS], payload,
                            sizeof payload, 0);
    a->stage = FOTA_APP_STAGE_SETTINGS;
    return FOTA_AT_PENDING;
}

enum fota_at_answer fota_app_on_restore(struct fota_at_server *s, enum fota_at_form form,
                                        const char *args, size_t n_args)
{
    (void)form;
    (void)n_args;
    if (!is_zero(args)) {
        return FOTA_AT_DONE_ERROR;
    }
    fota_app_load_settings(app_of(s)->device, &s->settings);
    return FOTA_AT_DONE_OK;
}

/* ---- who the module is ---- */

static void print_revision(struct fota_at_server *s)
{
    const struct fota_app *a = app_of(s);
    fota_at_server_text(s, "Revision: ");
    fota_at_server_text(s, a->has_identity ? a->identity.version : "none");
}

enum fota_at_answer fota_app_on_identify(struct fota_at_server *s, enum fota_at_form form,
                                         const char *args, size_t n_args)
{
    (void)form;
    (void)n_args;
    if (!is_zero(args)) {
        return FOTA_AT_DONE_ERROR;
    }
    const struct fota_device *device = app_of(s)->device;
    fota_at_server_info_begin(s);
    fota_at_server_text(s, device->vendor);
    fota_at_server_info_newline(s);
    fota_at_server_text(s, device->model);
    fota_at_server_info_newline(s);
    print_revision(s);
    fota_at_server_info_end(s);
    return FOTA_AT_DONE_OK;
}

enum fota_at_answer fota_app_on_vendor(struct fota_at_server *s, enum fota_at_form form,
                                       const char *args, size_t n_args)
{
    (void)form;
    (void)args;
    (void)n_args;
    fota_at_server_info(s, app_of(s)->device->vendor);
    return FOTA_AT_DONE_OK;
}

enum fota_at_answer fota_app_on_model(struct fota_at_server *s, enum fota_at_form form,
                                      const char *args, size_t n_args)
{
    (void)form;
    (void)args;
    (void)n_args;
    fota_at_server_info(s, app_of(s)->device->model);
    return FOTA_AT_DONE_OK;
}

enum fota_at_answer fota_app_on_revision(struct fota_at_server *s, enum fota_at_form form,
                                         const char *args, size_t n_args)
{
    (void)form;
    (void)args;
    (void)n_args;
    fota_at_server_info_begin(s);
    print_revision(s);
    fota_at_server_info_end(s);
    return FOTA_AT_DONE_OK;
}

enum fota_at_answer fota_app_on_serial(struct fota_at_server *s, enum fota_at_form form,
                                       const char *args, size_t n_args)
{
    (void)form;
    (void)args;
    (void)n_args;
    fota_at_server_info(s, app_of(s)->device->serial);
    return FOTA_AT_DONE_OK;
}

/* ---- functionality ---- */

static void print_functionality(struct fota_at_server *s)
{
    fota_at_server_info_begin(s);
    fota_at_server_text(s, "+CFUN: ");
    fota_at_server_number(s, app_of(s)->functionality);
    fota_at_server_info_end(s);
}

enum fota_at_answer fota_app_on_functionality(struct fota_at_server *s, enum fota_at_form form,
                                              const char *args, size_t n_args)
{
    (void)n_args;
    struct fota_app *a = app_of(s);
    if (form == FOTA_AT_READ) {
        print_functionality(s);
        return FOTA_AT_DONE_OK;
    }
    uint32_t level = 0;
    uint32_t reset = 0;
    bool valid = fota_at_parse_number(&args, &level);
    if (valid && *args == ',') {
        args++;
        valid = fota_at_parse_number(&args, &reset);
    }
    if (!valid || *args != '\0' || (level != 0 && level != 1 && level != 4)) {
        return FOTA_AT_DONE_ERROR;
    }
    if (reset > 1 || (reset == 1 && level != 1)) {
        return FOTA_AT_DONE_ERROR;
    }
    if (reset == 1) {
        a->stage = FOTA_APP_STAGE_RESET;
        return FOTA_AT_OK_SILENT;
    }
    a->functionality = (uint8_t)level;
    return FOTA_AT_DONE_OK;
}
