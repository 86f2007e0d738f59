/* SPDX-License-Identifier: MIT */
/* AT+QSH="words": a small command interpreter for diagnosis.  It reads, never writes. */
#include "core/app.h"
#include "core/crc32.h"
#include "port/board/board.h"
#include "port/firmware/firmware.h"
#include "port/firmware/text.h"

#define DUMP_LINES 8U
#define DUMP_BYTES 16U

static const char *const area_names[FOTA_AREA_COUNT] = {
    [FOTA_AREA_SLOT] = "slot",         [FOTA_AREA_SLOT2] = "slot2",
    [FOTA_AREA_STAGING] = "staging",   [FOTA_AREA_SCRATCH] = "scratch",
    [FOTA_AREA_JOURNAL] = "journal",   [FOTA_AREA_IDENTITY] = "identity",
    [FOTA_AREA_SETTINGS] = "settings",
};

struct shell {
    struct fota_at_server *server;
    const struct fota_device *device;
    const char *at; /* the words not yet read */
    char line[160];
    struct firmware_text text;
};

static void begin_line(struct shell *sh)
{
    sh->text = firmware_text_begin(sh->line, sizeof sh->line);
    firmware_text_add(&sh->text, "+QSH: ");
}

static void end_line(struct shell *sh)
{
    fota_at_server_info(sh->server, sh->line);
}

static void add_field(struct shell *sh, const char *name, int64_t value)
{
    firmware_text_add(&sh->text, name);
    firmware_text_add_char(&sh->text, '=');
    firmware_text_add_number(&sh->text, value);
    firmware_text_add_char(&sh->text, ' ');
}

static bool next_number(struct shell *sh, uint32_t *value)
{
    while (*sh->at == ' ') {
        sh->at++;
    }
    return firmware_text_number(&sh->at, value);
}

static const struct fota_area *next_area(struct shell *sh)
{
    while (*sh->at == ' ') {
        sh->at++;
    }
    for (unsigned i = 0; i < FOTA_AREA_COUNT; i++) {
        const char *rest;
        if (firmware_text_begins(sh->at, area_names[i], &rest) &&
            (*rest == ' ' || *rest == '\0') && sh->device->area[i].n_bytes != 0) {
            sh->at = rest;
            return &sh->device->area[i];
        }
    }
    return NULL;
}

static bool show_identity(struct shell *sh)
{
    struct fota_identity id;
    if (fota_identity_read(&id, &sh->device->area[FOTA_AREA_IDENTITY]) != FOTA_OK) {
        return false;
    }
    begin_line(sh);
    firmware_text_add(&sh->text, id.product);
    firmware_text_add_char(&sh->text, ' ');
    firmware_text_add(&sh->text, id.version);
    firmware_text_add_char(&sh->text, ' ');
    add_field(sh, "bytes", id.image_bytes);
    add_field(sh, "counter", id.security_counter);
    end_line(sh);
    begin_line(sh);
    firmware_text_add_bytes(&sh->text, id.image_sha256, sizeof id.image_sha256);
    end_line(sh);
    return true;
}

static bool show_journal(struct shell *sh)
{
    static const char *const phases[] = {"none",   "idle", "run", "trial",
                                         "result", "back", "keep"};
    struct fota_journal journal;
    if (fota_journal_load(&journal, &sh->device->area[FOTA_AREA_JOURNAL]) != FOTA_OK) {
        return false;
    }
    const struct fota_snapshot *last = fota_journal_last(&journal);
    begin_line(sh);
    firmware_text_add(&sh->text, last == NULL ? phases[0] : phases[last->phase]);
    firmware_text_add_char(&sh->text, ' ');
    if (last != NULL) {
        add_field(sh, "result", last->result);
        add_field(sh, "unit", last->unit);
        add_field(sh, "step", last->step);
        add_field(sh, "cuts", last->cuts);
    }
    firmware_text_add(&sh->text, fota_journal_is_final(&journal) ? "final" : "open");
    end_line(sh);
    return true;
}

static bool show_areas(struct shell *sh)
{
    for (unsigned i = 0; i < FOTA_AREA_COUNT; i++) {
        const struct fota_area *area = &sh->device->area[i];
        if (area->n_bytes == 0) {
            continue;
        }
        begin_line(sh);
        firmware_text_add(&sh->text, area_names[i]);
        firmware_text_add_char(&sh->text, ' ');
        firmware_text_add_hex(&sh->text, area->addr, 8);
        firmware_text_add_char(&sh->text, ' ');
        add_field(sh, "bytes", area->n_bytes);
        add_field(sh, "sectors", fota_area_n_sectors(area));
        end_line(sh);
    }
    return true;
}

static bool show_sector(struct shell *sh)
{
    const struct fota_area *area = next_area(sh);
    uint32_t index;
    struct fota_sector sector;
    if (area == NULL || !next_number(sh, &index) ||
        fota_area_sector(area, index, &sector) != FOTA_OK) {
        return false;
    }
    begin_line(sh);
    add_field(sh, "offset", sector.off);
    add_field(sh, "bytes", sector.n_bytes);
    end_line(sh);
    return true;
}

static bool show_dump(struct shell *sh)
{
    const struct fota_area *area = next_area(sh);
    uint32_t off;
    if (area == NULL || !next_number(sh, &off)) {
        return false;
    }
    for (unsigned i = 0; i < DUMP_LINES; i++) {
        uint8_t bytes[DUMP_BYTES];
        if (fota_area_read(area, off, bytes, sizeof bytes) != FOTA_OK) {
            return i > 0;
        }
        begin_line(sh);
        firmware_text_add_hex(&sh->text, off, 6);
        firmware_text_add_char(&sh->text, ' ');
        firmware_text_add_bytes(&sh->text, bytes, sizeof bytes);
        end_line(sh);
        off += DUMP_BYTES;
    }
    return true;
}

static bool show_crc(struct shell *sh)
{
    const struct fota_area *area = next_area(sh);
    uint32_t off;
    uint32_t left;
    if (area == NULL || !next_number(sh, &off) || !next_number(sh, &left)) {
        return false;
    }
    uint32_t crc = 0;
    while (left > 0) {
        uint8_t bytes[64];
        uint32_t n = left < sizeof bytes ? left : (uint32_t)sizeof bytes;
        if (fota_area_read(area, off, bytes, n) != FOTA_OK) {
            return false;
        }
        crc = fota_crc32(crc, bytes, n);
        off += n;
        left -= n;
    }
    begin_line(sh);
    firmware_text_add_hex(&sh->text, crc, 8);
    end_line(sh);
    return true;
}

static bool show_uptime(struct shell *sh)
{
    begin_line(sh);
    add_field(sh, "ms", board_ms());
    end_line(sh);
    return true;
}

static const struct {
    const char *word;
    bool (*run)(struct shell *sh);
} words[] = {
    {"identity", show_identity}, {"journal", show_journal}, {"areas", show_areas},
    {"sector", show_sector},     {"dump", show_dump},       {"crc", show_crc},
    {"uptime", show_uptime},
};

enum fota_at_answer firmware_on_shell(struct fota_at_server *s, enum fota_at_form form,
                                      const char *args, size_t n_args)
{
    (void)form;
    (void)n_args;
    char command[64];
    struct shell sh = {.server = s};
    const struct fota_app *app = s->device->ctx;
    sh.device = app->device;
    bool good = false;
    if (firmware_text_unquote(args, command, sizeof command)) {
        for (size_t i = 0; i < sizeof words / sizeof words[0] && !good; i++) {
            good = firmware_text_begins(command, words[i].word, &sh.at) && words[i].run(&sh);
        }
    }
    s->error = FOTA_E_SYNTAX;
    return good ? FOTA_AT_DONE_OK : FOTA_AT_DONE_ERROR;
}

enum fota_at_answer firmware_on_hang(struct fota_at_server *s, enum fota_at_form form,
                                     const char *args, size_t n_args)
{
    (void)s;
    (void)form;
    (void)args;
    (void)n_args;
    for (volatile bool hung = true; hung;) {
    }
    return FOTA_AT_SILENT;
}
