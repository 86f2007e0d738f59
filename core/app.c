/* SPDX-License-Identifier: MIT */
#include "core/app.h"
#include "core/app_standard.h"
#include "core/app_trial.h"
#include "core/at_line.h"
#include "core/mem.h"

/* What is answered when the staging is erased. */
enum begin {
    BEGIN_QFUA,        /* OK, CONNECT */
    BEGIN_QFAI,        /* OK */
    BEGIN_QFAI_RESUME, /* +QFAI: ..., OK */
};

static struct fota_app *app_of(const struct fota_at_server *s)
{
    return s->device->ctx;
}

static enum fota_at_answer failed(struct fota_at_server *s, enum fota_err err)
{
    s->error = err;
    return FOTA_AT_DONE_ERROR;
}

/* ---- begin of a transfer ---- */

static bool too_large(const struct fota_app *a, uint32_t total_bytes)
{
    return total_bytes > a->device->area[FOTA_AREA_STAGING].n_bytes;
}

static void refuse(struct fota_app *a, enum fota_err err)
{
    if (a->refused == FOTA_OK) {
        a->refused = err;
    }
}

/* Total length of the package that begins with a->prefix. */
static enum fota_err parse_total(struct fota_app *a)
{
    struct fota_package_prefix prefix;
    enum fota_err err = fota_package_parse_prefix(&prefix, a->prefix);
    if (err != FOTA_OK) {
        return err;
    }
    a->total_bytes = prefix.total_bytes;
    return too_large(a, prefix.total_bytes) ? FOTA_E_STAGING_SPACE : FOTA_OK;
}

/* The prefix of what is durable in staging. */
static enum fota_err load_prefix(struct fota_app *a)
{
    a->total_bytes = 0;
    uint32_t n = a->staging.durable_bytes;
    if (n > sizeof a->prefix) {
        n = sizeof a->prefix;
    }
    enum fota_err err = fota_area_read(&a->device->area[FOTA_AREA_STAGING], 0, a->prefix, n);
    if (err != FOTA_OK || n < sizeof a->prefix) {
        return err;
    }
    return parse_total(a);
}

/* Learn, once in a boot, what a former one has left. */
static enum fota_err scan(struct fota_app *a)
{
    if (a->scanned) {
        return FOTA_OK;
    }
    enum fota_err err = fota_staging_scan(&a->staging, &a->device->area[FOTA_AREA_STAGING]);
    if (err != FOTA_OK) {
        return err;
    }
    a->scanned = true;
    if (load_prefix(a) != FOTA_OK) {
        a->total_bytes = 0; /* not a package: said when somebody goes on with it */
    }
    return FOTA_OK;
}

static void print_durable(struct fota_app *a)
{
    struct fota_at_server *s = &a->at;
    fota_at_server_info_begin(s);
    fota_at_server_text(s, "+QFAI: ");
    fota_at_server_number(s, a->staging.durable_bytes);
    fota_at_server_text(s, ",");
    fota_at_server_number(s, a->total_bytes);
    fota_at_server_text(s, ",\"");
    fota_at_server_hex32(s, a->staging.crc);
    fota_at_server_text(s, "\"");
    fota_at_server_info_end(s);
}

/* Outside recovery an unfinished update is the boot loader's, which ends it before the
 * application starts.  A final record that stands alone does no harm: OPEN(IDLE) comes before
 * the first erase, twice, with a higher epoch. */
static bool is_update_under_way(const struct fota_app *a)
{
    const struct fota_snapshot *last = fota_journal_last(&a->journal);
    return last != NULL && last->phase != FOTA_PHASE_IDLE && last->phase != FOTA_PHASE_RESULT;
}

/* The state that OPEN(IDLE, last result) records: the old update is dead, its result stays. */
static struct fota_snapshot idle_snapshot(const struct fota_app *a)
{
    struct fota_snapshot idle = {.phase = FOTA_PHASE_IDLE};
    const struct fota_snapshot *last = fota_journal_last(&a->journal);
    if (last == NULL) return idle;
    idle.result = last->result;
    idle.cuts = last->cuts;
    memcpy(idle.from_id, last->from_id, sizeof idle.from_id);
    memcpy(idle.to_id, last->to_id, sizeof idle.to_id);
    /* Recovery: given up, for it left no image to start. */
    if (is_update_under_way(a)) idle.result = (uint8_t)fota_err_code(FOTA_E_NO_IMAGE);
    return idle;
}

/* Staging takes bytes from begin_off on, once it is erased from there. */
static enum fota_err begin_staging(struct fota_app *a)
{
    enum fota_err err = fota_staging_begin(&a->staging, a->begin_off);
    if (err == FOTA_E_OFFSET && a->begin == BEGIN_QFAI_RESUME) {
        /* A finished package is not to be appended to: staging has stepped back. */
        err = fota_staging_begin(&a->staging, a->staging.durable_bytes);
    }
    return err;
}

static enum fota_at_answer
begin_transfer(struct fota_at_server *s, enum begin begin, uint32_t off)
{
    struct fota_app *a = app_of(s);
    if (!a->recovery && !a->idle_durable && is_update_under_way(a)) {
        return failed(s, FOTA_E_BUSY);
    }
    a->receiving = false;
    a->begin = (uint8_t)begin;
    a->begin_off = off;
    if (a->idle_durable) {
        enum fota_err err = begin_staging(a);
        if (err != FOTA_OK) {
            return failed(s, err);
        }
        a->stage = FOTA_APP_STAGE_ERASE;
        return FOTA_AT_PENDING;
    }
    struct fota_snapshot idle = idle_snapshot(a);
    fota_journal_open(&a->journal, &idle);
    a->stage = FOTA_APP_STAGE_OPEN;
    return FOTA_AT_PENDING;
}

static enum fota_at_answer
on_qfua(struct fota_at_server *s, enum fota_at_form form, const char *args, size_t n_args)
{
    (void)n_args;
    struct fota_app *a = app_of(s);
    uint32_t off = 0;
    if (form == FOTA_AT_WRITE) {
        if (!fota_at_parse_number(&args, &off) || *args != '\0') {
            return FOTA_AT_DONE_ERROR;
        }
    }
    if (s->settings.ifc_dte != 2) {
        return failed(s, FOTA_E_FLOW_CONTROL);
    }
    enum fota_err err = scan(a);
    if (err == FOTA_OK && off != 0 && off != a->staging.durable_bytes) {
        err = FOTA_E_OFFSET;
    }
    return err == FOTA_OK ? begin_transfer(s, BEGIN_QFUA, off) : failed(s, err);
}

static enum fota_at_answer
on_qfai(struct fota_at_server *s, enum fota_at_form form, const char *args, size_t n_args)
{
    (void)n_args;
    struct fota_app *a = app_of(s);
    enum fota_err err = scan(a);
    if (err != FOTA_OK) {
        return failed(s, err);
    }
    if (form == FOTA_AT_READ) {
        print_durable(a);
        return FOTA_AT_DONE_OK;
    }
    uint32_t resume = 0;
    if (form == FOTA_AT_WRITE) {
        if (!fota_at_parse_number(&args, &resume) || *args != '\0' || resume > 1) {
            return FOTA_AT_DONE_ERROR;
        }
    }
    return resume == 0 ? begin_transfer(s, BEGIN_QFAI, 0)
                       : begin_transfer(s, BEGIN_QFAI_RESUME, a->staging.durable_bytes);
}

/* Staging is erased from where the transfer begins: answer. */
static void transfer_begun(struct fota_app *a)
{
    a->receiving = true;
    a->refused = load_prefix(a);
    a->received_bytes = a->staging.durable_bytes;
    a->stage = FOTA_APP_STAGE_COMMANDS;
    switch ((enum begin)a->begin) {
    case BEGIN_QFUA:
        fota_at_server_finish(&a->at, FOTA_AT_DATA);
        break;
    case BEGIN_QFAI_RESUME:
        print_durable(a);
        fota_at_server_finish(&a->at, FOTA_AT_DONE_OK);
        break;
    case BEGIN_QFAI:
        fota_at_server_finish(&a->at, FOTA_AT_DONE_OK);
        break;
    }
}

/* ---- reception ---- */

/* Keep bytes of the transfer; those of a refused one are only counted.  Returns how many were
 * taken: fewer than n_bytes when the page buffer has to be programmed first. */
static uint32_t receive(struct fota_app *a, const uint8_t *bytes, uint32_t n_bytes)
{
    uint32_t taken = 0;
    while (taken < n_bytes && a->refused == FOTA_OK) {
        uint32_t room = sizeof a->prefix - a->received_bytes;
        if (a->received_bytes >= sizeof a->prefix) {
            room = a->total_bytes - a->received_bytes;
        }
        if (room == 0) {
            refuse(a, FOTA_E_OVERLONG);
            break;
        }
        uint32_t n = n_bytes - taken < room ? n_bytes - taken : room;
        n = fota_staging_put(&a->staging, bytes + taken, n);
        if (n == 0) {
            return taken;
        }
        if (a->received_bytes < sizeof a->prefix) {
            memcpy(a->prefix + a->received_bytes, bytes + taken, n);
        }
        taken += n;
        a->received_bytes += n;
        if (a->total_bytes == 0 && a->received_bytes == sizeof a->prefix) {
            refuse(a, parse_total(a));
        }
    }
    uint32_t swallowed = n_bytes - taken;
    a->received_bytes =
        swallowed > UINT32_MAX - a->received_bytes ? UINT32_MAX : a->received_bytes + swallowed;
    return n_bytes;
}

static size_t on_data(void *ctx, const uint8_t *bytes, size_t n)
{
    return receive(ctx, bytes, n < UINT32_MAX ? (uint32_t)n : UINT32_MAX);
}

static bool is_complete(const struct fota_app *a)
{
    return a->total_bytes != 0 && a->received_bytes == a->total_bytes;
}

static bool on_data_complete(void *ctx)
{
    return is_complete(ctx);
}

static enum fota_at_answer end_transfer(struct fota_app *a)
{
    a->receiving = false;
    a->stage = FOTA_APP_STAGE_FINISH;
    return FOTA_AT_PENDING;
}

static enum fota_at_answer on_data_end(void *ctx, struct fota_at_server *s, bool timed_out)
{
    (void)s;
    struct fota_app *a = ctx;
    if (timed_out) {
        refuse(a, FOTA_E_TIMEOUT);
    }
    return end_transfer(a);
}

/* Store the rest of the chunk of AT+QFAW; the answer, or PENDING when a page is in the way. */
static enum fota_at_answer store_chunk(struct fota_app *a)
{
    uint32_t n = receive(a, a->chunk, a->chunk_bytes);
    a->chunk += n;
    a->chunk_bytes -= n;
    if (a->refused != FOTA_OK) {
        return failed(&a->at, a->refused);
    }
    if (a->chunk_bytes != 0) {
        a->stage = FOTA_APP_STAGE_CHUNK;
        return FOTA_AT_PENDING;
    }
    a->stage = FOTA_APP_STAGE_COMMANDS;
    return FOTA_AT_DONE_OK;
}

static enum fota_at_answer
on_qfaw(struct fota_at_server *s, enum fota_at_form form, const char *args, size_t n_args)
{
    (void)form;
    struct fota_app *a = app_of(s);
    if (!a->receiving) {
        return failed(s, FOTA_E_NO_TRANSFER);
    }
    a->chunk = (const uint8_t *)args;
    a->chunk_bytes = (uint32_t)n_args;
    return store_chunk(a);
}

static enum fota_at_answer
on_qfau(struct fota_at_server *s, enum fota_at_form form, const char *args, size_t n_args)
{
    (void)form;
    (void)args;
    (void)n_args;
    struct fota_app *a = app_of(s);
    return a->receiving ? end_transfer(a) : failed(s, FOTA_E_NO_TRANSFER);
}

/* ---- the end of a transfer ---- */

static void transfer_failed(struct fota_app *a, enum fota_err err)
{
    struct fota_at_server *s = &a->at;
    fota_at_server_info_begin(s);
    fota_at_server_text(s, " ");
    fota_at_server_text(s, a->device->brand);
    fota_at_server_text(s, " firmware update failed. status=");
    fota_at_server_number(s, fota_err_code(err));
    fota_at_server_info_end(s);
    a->stage = FOTA_APP_STAGE_COMMANDS;
    fota_at_server_finish(s, failed(s, err));
}

/* What is wrong with the received length. */
static enum fota_err length_fault(const struct fota_app *a)
{
    static const uint8_t magic[] = {'F', 'O', 'T', 'A'};
    if (a->refused != FOTA_OK) {
        return a->refused;
    }
    if (a->received_bytes == 0) {
        return FOTA_E_EMPTY;
    }
    uint32_t n = a->received_bytes < sizeof magic ? a->received_bytes : sizeof magic;
    if (memcmp(a->prefix, magic, n) != 0) {
        return FOTA_E_FORMAT;
    }
    return is_complete(a) ? FOTA_OK : FOTA_E_TRUNCATED;
}

/* One step of programming what the page buffer holds, then judge the length. */
static void finish_step(struct fota_app *a)
{
    enum fota_err fault = length_fault(a);
    enum fota_err err = fota_staging_flush_step(&a->staging, fault == FOTA_OK);
    if (err > 0) {
        return;
    }
    if (fault == FOTA_OK) {
        fault = err;
    }
    if (fault != FOTA_OK) {
        transfer_failed(a, fault);
        return;
    }
    fota_package_check_begin(&a->work.check, a->device, a->received_bytes, true);
    a->stage = FOTA_APP_STAGE_CHECK;
}

static void check_step(struct fota_app *a)
{
    enum fota_err err = fota_package_check_step(&a->work.check);
    if (err > 0) {
        return;
    }
    if (err != FOTA_OK) {
        transfer_failed(a, err);
        return;
    }
    struct fota_snapshot run;
    fota_package_check_ask(&a->work.check, &run);
    a->idle_durable = false;
    fota_journal_append(&a->journal, &run);
    a->stage = FOTA_APP_STAGE_RUN;
}

static void run_step(struct fota_app *a)
{
    enum fota_err err = fota_journal_step(&a->journal);
    if (err > 0) {
        return;
    }
    if (err != FOTA_OK) {
        transfer_failed(a, err);
        return;
    }
    fota_at_server_info(&a->at, "Finish data downloading, rebooting....");
    fota_at_server_finish(&a->at, FOTA_AT_SILENT);
    a->stage = FOTA_APP_STAGE_RESET;
}

/* ---- steps of the beginning ---- */

static void command_done(struct fota_app *a, enum fota_err err)
{
    a->stage = FOTA_APP_STAGE_COMMANDS;
    fota_at_server_finish(&a->at, err == FOTA_OK ? FOTA_AT_DONE_OK : failed(&a->at, err));
}

static void open_step(struct fota_app *a)
{
    enum fota_err err = fota_journal_step(&a->journal);
    if (err > 0) {
        return;
    }
    if (err == FOTA_OK) {
        a->idle_durable = true;
        err = begin_staging(a);
    }
    if (err != FOTA_OK) {
        command_done(a, err);
        return;
    }
    a->stage = FOTA_APP_STAGE_ERASE;
}

static void erase_step(struct fota_app *a)
{
    enum fota_err err = fota_staging_erase_step(&a->staging);
    if (err > 0) {
        return;
    }
    if (err != FOTA_OK) {
        command_done(a, err);
        return;
    }
    transfer_begun(a);
}

static void settings_step(struct fota_app *a)
{
    enum fota_err err = fota_record_write_step(&a->work.settings);
    if (err <= 0) {
        command_done(a, err);
    }
}

static void chunk_step(struct fota_app *a)
{
    enum fota_err err = fota_staging_flush_step(&a->staging, false);
    if (err > 0) {
        return;
    }
    if (err != FOTA_OK) {
        refuse(a, err);
    }
    enum fota_at_answer answer = store_chunk(a);
    if (answer != FOTA_AT_PENDING) {
        a->stage = FOTA_APP_STAGE_COMMANDS;
        fota_at_server_finish(&a->at, answer);
    }
}

/* Program a page that reception has filled.  Whether there is more to do at once. */
static bool commands_step(struct fota_app *a, uint32_t now_ms)
{
    fota_at_server_poll(&a->at, now_ms);
    if (a->stage != FOTA_APP_STAGE_COMMANDS) {
        return true;
    }
    if (!a->receiving) {
        return false;
    }
    enum fota_err err = fota_staging_flush_step(&a->staging, false);
    if (err < 0) {
        refuse(a, err);
    }
    return err > 0;
}

enum fota_app_next fota_app_poll(struct fota_app *a, uint32_t now_ms)
{
    switch ((enum fota_app_stage)a->stage) {
    case FOTA_APP_STAGE_COMMANDS:
        return commands_step(a, now_ms) ? FOTA_APP_AGAIN : FOTA_APP_IDLE;
    case FOTA_APP_STAGE_SETTINGS:
        settings_step(a);
        break;
    case FOTA_APP_STAGE_OPEN:
        open_step(a);
        break;
    case FOTA_APP_STAGE_ERASE:
        erase_step(a);
        break;
    case FOTA_APP_STAGE_CHUNK:
        chunk_step(a);
        break;
    case FOTA_APP_STAGE_FINISH:
        finish_step(a);
        break;
    case FOTA_APP_STAGE_CHECK:
        check_step(a);
        break;
    case FOTA_APP_STAGE_RUN:
        run_step(a);
        break;
    case FOTA_APP_STAGE_CONFIRM:
        fota_app_confirm_step(a);
        break;
    case FOTA_APP_STAGE_RESET:
        return FOTA_APP_RESET;
    }
    return FOTA_APP_AGAIN;
}

/* ---- begin ---- */

static const struct fota_at_command commands[] = {
    {"I", FOTA_AT_EXEC, fota_app_on_identify, NULL},
    {"Z", FOTA_AT_EXEC, fota_app_on_restore, NULL},
    {"&W", FOTA_AT_EXEC, fota_app_on_store, NULL},
    {"+CGMI", FOTA_AT_EXEC | FOTA_AT_TEST, fota_app_on_vendor, NULL},
    {"+GMI", FOTA_AT_EXEC | FOTA_AT_TEST, fota_app_on_vendor, NULL},
    {"+CGMM", FOTA_AT_EXEC | FOTA_AT_TEST, fota_app_on_model, NULL},
    {"+GMM", FOTA_AT_EXEC | FOTA_AT_TEST, fota_app_on_model, NULL},
    {"+CGMR", FOTA_AT_EXEC | FOTA_AT_TEST, fota_app_on_revision, NULL},
    {"+GMR", FOTA_AT_EXEC | FOTA_AT_TEST, fota_app_on_revision, NULL},
    {"+CGSN", FOTA_AT_EXEC | FOTA_AT_TEST, fota_app_on_serial, NULL},
    {"+GSN", FOTA_AT_EXEC | FOTA_AT_TEST, fota_app_on_serial, NULL},
    {"+CFUN", FOTA_AT_READ | FOTA_AT_WRITE | FOTA_AT_TEST, fota_app_on_functionality,
     "+CFUN: (0,1,4),(0,1)"},
    {"+QFUA", FOTA_AT_EXEC | FOTA_AT_WRITE | FOTA_AT_TEST, on_qfua, NULL},
    {"+QFAI", FOTA_AT_EXEC | FOTA_AT_READ | FOTA_AT_WRITE | FOTA_AT_TEST, on_qfai,
     "+QFAI: (0,1)"},
    {"+QFAW", FOTA_AT_HEX | FOTA_AT_TEST, on_qfaw, NULL},
    {"+QFAU", FOTA_AT_EXEC | FOTA_AT_TEST, on_qfau, NULL},
    {"+QFUC", FOTA_AT_EXEC | FOTA_AT_TEST, fota_app_on_confirm, NULL},
    {"+QFUR", FOTA_AT_READ | FOTA_AT_TEST, fota_app_on_result, NULL},
};

static void put(void *ctx, const char *bytes, size_t n)
{
    struct fota_app *a = ctx;
    a->put(a->put_ctx, bytes, n);
}

void fota_app_init(struct fota_app *a, const struct fota_device *device, bool recovery,
                   void (*put_bytes)(void *ctx, const char *bytes, size_t n), void *put_ctx)
{
    memset(a, 0, sizeof *a);
    a->device = device;
    a->put = put_bytes;
    a->put_ctx = put_ctx;
    a->recovery = recovery;
    a->functionality = 1;
    a->has_identity =
        !recovery &&
        fota_identity_read(&a->identity, &device->area[FOTA_AREA_IDENTITY]) == FOTA_OK;
    a->at_device = (struct fota_at_device){
        .ctx = a,
        .commands = commands,
        .n_commands = sizeof commands / sizeof commands[0],
        .more_commands = device->commands,
        .n_more_commands = device->n_commands,
        .baud = device->baud,
        .error_text = device->error_text,
        .put = put,
        .data = on_data,
        .data_complete = on_data_complete,
        .data_end = on_data_end,
    };
    struct fota_at_settings settings;
    fota_app_load_settings(device, &settings);
    fota_at_server_init(&a->at, &a->at_device, &settings);
    /* A journal that cannot be read is found out when a transfer wants to write to it. */
    (void)!fota_journal_load(&a->journal, &device->area[FOTA_AREA_JOURNAL]);
}

void fota_app_ready(struct fota_app *a)
{
    fota_at_server_info(&a->at, "RDY");
}

size_t fota_app_feed(struct fota_app *a, const uint8_t *bytes, size_t n, uint32_t now_ms)
{
    bool waits = a->stage == FOTA_APP_STAGE_RESET || a->stage == FOTA_APP_STAGE_CONFIRM;
    return waits ? 0 : fota_at_server_feed(&a->at, bytes, n, now_ms);
}

const struct fota_at_settings *fota_app_settings(const struct fota_app *a)
{
    return &a->at.settings;
}
