/* SPDX-License-Identifier: MIT */
#include "core/profile.h"
#include "core/mem.h"

#define TEXT_BYTES_MAX    4096U
#define WORDS_MAX         7U /* flash NAME and five options */
#define DECODER_BYTES     16384U
#define SIMPLE_PAGE_BYTES 256U

/* A piece of the text. */
struct word {
    const char *at;
    size_t n;
};

struct line {
    struct word word[WORDS_MAX];
    unsigned n_words;
    unsigned number;
};

static const char *const area_names[FOTA_AREA_COUNT] = {
    [FOTA_AREA_SLOT] = "slot",         [FOTA_AREA_SLOT2] = "slot2",
    [FOTA_AREA_STAGING] = "staging",   [FOTA_AREA_SCRATCH] = "scratch",
    [FOTA_AREA_JOURNAL] = "journal",   [FOTA_AREA_IDENTITY] = "identity",
    [FOTA_AREA_SETTINGS] = "settings",
};

const char *fota_area_name(enum fota_area_id id)
{
    return area_names[id];
}

/* --- words --- */

static size_t text_length(const char *text)
{
    size_t n = 0;
    while (text[n] != '\0') {
        n++;
    }
    return n;
}

static bool word_is(struct word w, const char *text)
{
    size_t n = text_length(text);
    return w.n == n && memcmp(w.at, text, n) == 0;
}

/* Take `key` (with its '=') from the front of the word. */
static bool skip_key(struct word *w, const char *key)
{
    size_t n = text_length(key);
    if (w->n < n || memcmp(w->at, key, n) != 0) return false;
    w->at += n;
    w->n -= n;
    return true;
}

/* Cut the word at the first `separator`: the part before it, and `rest` behind it. */
static bool split_at(struct word *head, struct word *rest, struct word w, char separator)
{
    for (size_t i = 0; i < w.n; i++) {
        if (w.at[i] != separator) continue;
        *head = (struct word){w.at, i};
        *rest = (struct word){w.at + i + 1, w.n - i - 1};
        return true;
    }
    return false;
}

/* Value of a digit, 16 or more for anything else. */
static unsigned digit_value(char c)
{
    if (c >= '0' && c <= '9') return (unsigned)(c - '0');
    if (c >= 'a' && c <= 'f') return (unsigned)(c - 'a') + 10;
    if (c >= 'A' && c <= 'F') return (unsigned)(c - 'A') + 10;
    return 16;
}

static bool parse_number(uint32_t *out, struct word w)
{
    unsigned base = skip_key(&w, "0x") ? 16 : 10;
    unsigned shift = 0;
    if (w.n != 0 && w.at[w.n - 1] == 'K') shift = 10;
    if (w.n != 0 && w.at[w.n - 1] == 'M') shift = 20;
    if (shift != 0) w.n--;
    if (w.n == 0) return false;
    uint64_t value = 0;
    for (size_t i = 0; i < w.n; i++) {
        unsigned digit = digit_value(w.at[i]);
        if (digit >= base) return false;
        value = value * base + digit;
        if (value > UINT32_MAX) return false;
    }
    value <<= shift;
    *out = (uint32_t)value;
    return value <= UINT32_MAX;
}

static bool is_name_character(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           c == '.' || c == '_' || c == '-';
}

static bool copy_name(char name[FOTA_PROFILE_NAME_MAX + 1], struct word w)
{
    if (w.n == 0 || w.n > FOTA_PROFILE_NAME_MAX) return false;
    for (size_t i = 0; i < w.n; i++) {
        if (!is_name_character(w.at[i])) return false;
    }
    memcpy(name, w.at, w.n);
    name[w.n] = '\0';
    return true;
}

/* --- statements: each returns why it is refused, or a null pointer --- */

static const char *parse_profile(struct fota_profile *p, const struct line *line)
{
    if (p->name[0] != '\0') return "a second profile statement";
    if (line->n_words != 2) return "wanted: profile NAME";
    if (!copy_name(p->name, line->word[1])) return "a name is 1 to 15 of A-Z a-z 0-9 . _ -";
    return NULL;
}

/* NxBYTES[,NxBYTES...] */
static const char *parse_sectors(struct fota_profile_flash *f, struct word list)
{
    if (f->n_runs != 0) return "sectors= given twice";
    bool more = true;
    while (more) {
        struct word run = list;
        more = split_at(&run, &list, list, ',');
        struct word count;
        struct word bytes;
        if (f->n_runs == FOTA_PROFILE_RUNS_MAX) return "more than 8 sector runs";
        struct fota_flash_run *out = &f->runs[f->n_runs++];
        if (!split_at(&count, &bytes, run, 'x') || !parse_number(&out->n_sectors, count) ||
            !parse_number(&out->sector_bytes, bytes)) {
            return "wanted: sectors=NxBYTES[,NxBYTES...]";
        }
    }
    return NULL;
}

static const char *parse_flash_option(struct fota_profile_flash *f, struct word w)
{
    uint32_t value;
    if (skip_key(&w, "sectors=")) return parse_sectors(f, w);
    if (skip_key(&w, "program=")) {
        return parse_number(&f->program_bytes, w) ? NULL : "program= wants a number";
    }
    if (skip_key(&w, "page=")) {
        return parse_number(&f->page_bytes, w) ? NULL : "page= wants a number";
    }
    if (skip_key(&w, "erased=")) {
        bool good = parse_number(&value, w) && (value == 0xFF || value == 0x00);
        f->erased = good && value == 0 ? 0x00 : 0xFF;
        return good ? NULL : "erased= is 0xff or 0x00";
    }
    if (skip_key(&w, "write-once=")) {
        f->write_once = word_is(w, "yes");
        return f->write_once || word_is(w, "no") ? NULL : "write-once= is yes or no";
    }
    return "unknown option of flash";
}

/* The flash device with this name, or n_flash. */
static uint32_t find_flash(const struct fota_profile *p, struct word name)
{
    uint32_t i = 0;
    while (i < p->n_flash && !word_is(name, p->flash[i].name)) {
        i++;
    }
    return i;
}

static const char *parse_flash(struct fota_profile *p, const struct line *line)
{
    if (p->n_flash == FOTA_PROFILE_FLASHES_MAX) return "more than 4 flash devices";
    if (line->n_words < 3) return "wanted: flash NAME sectors=NxBYTES[,NxBYTES...] [option]...";
    if (find_flash(p, line->word[1]) != p->n_flash) return "a second flash of this name";
    struct fota_profile_flash *f = &p->flash[p->n_flash];
    *f = (struct fota_profile_flash){
        .program_bytes = 1, .page_bytes = FOTA_PAGE_MAX, .erased = 0xFF, .line = line->number};
    if (!copy_name(f->name, line->word[1])) return "a name is 1 to 15 of A-Z a-z 0-9 . _ -";
    for (unsigned i = 2; i < line->n_words; i++) {
        const char *reason = parse_flash_option(f, line->word[i]);
        if (reason != NULL) return reason;
    }
    if (f->n_runs == 0) return "sectors= is missing";
    p->n_flash++;
    return NULL;
}

static const char *parse_area(struct fota_profile *p, const struct line *line)
{
    if (line->n_words != 5) return "wanted: area NAME FLASH ADDRESS BYTES";
    unsigned id = 0;
    while (id < FOTA_AREA_COUNT && !word_is(line->word[1], area_names[id])) {
        id++;
    }
    if (id == FOTA_AREA_COUNT) {
        return "an area is slot, slot2, staging, scratch, journal, identity or settings";
    }
    struct fota_profile_area *area = &p->area[id];
    if (area->n_bytes != 0) return "this area is given twice";
    area->flash = find_flash(p, line->word[2]);
    if (area->flash == p->n_flash) return "no flash of this name above";
    area->line = line->number;
    if (!parse_number(&area->addr, line->word[3])) return "the address is not a number";
    if (!parse_number(&area->n_bytes, line->word[4])) return "the length is not a number";
    return area->n_bytes != 0 ? NULL : "an area of no bytes";
}

static const char *parse_decoder(struct fota_profile *p, const struct line *line)
{
    if (p->decoder_bytes != 0) return "a second decoder statement";
    if (line->n_words != 2 || !parse_number(&p->decoder_bytes, line->word[1])) {
        return "wanted: decoder BYTES";
    }
    return p->decoder_bytes != 0 ? NULL : "decoder of no bytes";
}

static const char *parse_statement(struct fota_profile *p, const struct line *line)
{
    struct word verb = line->word[0];
    if (word_is(verb, "profile")) return parse_profile(p, line);
    if (p->name[0] == '\0') return "the first statement must be: profile NAME";
    if (word_is(verb, "flash")) return parse_flash(p, line);
    if (word_is(verb, "area")) return parse_area(p, line);
    if (word_is(verb, "decoder")) return parse_decoder(p, line);
    return "a statement is profile, flash, area or decoder";
}

/* --- lines --- */

/* Split [text, text + n) into words, up to a comment. */
static const char *split_line(struct line *line, const char *text, size_t n)
{
    line->n_words = 0;
    if (n != 0 && text[n - 1] == '\r') n--;
    for (size_t i = 0; i < n; i++) {
        if ((text[i] < ' ' && text[i] != '\t') || text[i] > '~') return "not printable ASCII";
    }
    size_t i = 0;
    while (i < n && text[i] != '#') {
        if (text[i] == ' ' || text[i] == '\t') {
            i++;
            continue;
        }
        size_t from = i;
        while (i < n && text[i] != ' ' && text[i] != '\t' && text[i] != '#') {
            i++;
        }
        if (line->n_words == WORDS_MAX) return "too many words";
        line->word[line->n_words++] = (struct word){text + from, i - from};
    }
    return NULL;
}

static enum fota_err refuse(struct fota_profile_fault *fault, unsigned line, const char *reason)
{
    *fault = (struct fota_profile_fault){line, reason};
    return FOTA_E_PROFILE;
}

enum fota_err fota_profile_parse(struct fota_profile *out, const char *text, size_t n_bytes,
                                 struct fota_profile_fault *fault)
{
    memset(out, 0, sizeof *out);
    if (n_bytes > TEXT_BYTES_MAX) return refuse(fault, 0, "more than 4096 bytes");
    struct line line = {.number = 0};
    for (size_t from = 0; from < n_bytes;) {
        size_t to = from;
        while (to < n_bytes && text[to] != '\n') {
            to++;
        }
        line.number++;
        const char *reason = split_line(&line, text + from, to - from);
        if (reason == NULL && line.n_words != 0) reason = parse_statement(out, &line);
        if (reason != NULL) return refuse(fault, line.number, reason);
        from = to + 1;
    }
    if (out->name[0] == '\0') return refuse(fault, 0, "no profile statement");
    if (out->decoder_bytes == 0) out->decoder_bytes = DECODER_BYTES;
    return FOTA_OK;
}

/* --- made, not read --- */

void fota_profile_simple(struct fota_profile *out, uint32_t sector_bytes,
                         uint32_t scratch_sectors, uint32_t n_slots, uint32_t slot_bytes)
{
    memset(out, 0, sizeof *out);
    memcpy(out->name, "simple", sizeof "simple");
    out->decoder_bytes = DECODER_BYTES;
    out->n_flash = 1;
    struct fota_profile_flash *f = &out->flash[0];
    *f = (struct fota_profile_flash){.name = "flash",
                                     .n_runs = 1,
                                     .program_bytes = 1,
                                     .page_bytes = SIMPLE_PAGE_BYTES,
                                     .erased = 0xFF};
    if (sector_bytes == 0) return; /* refused by the checker: no sectors */
    uint32_t slot_sectors = slot_bytes / sector_bytes + (slot_bytes % sector_bytes != 0);
    const uint32_t n_sectors[FOTA_AREA_COUNT] = {
        [FOTA_AREA_SLOT] = slot_sectors,
        [FOTA_AREA_SLOT2] = n_slots == 2 ? slot_sectors : 0,
        [FOTA_AREA_STAGING] = slot_sectors,
        [FOTA_AREA_SCRATCH] = n_slots == 2 ? 0 : scratch_sectors,
        [FOTA_AREA_JOURNAL] = 3,
        [FOTA_AREA_IDENTITY] = 2,
        [FOTA_AREA_SETTINGS] = 2,
    };
    uint64_t addr = 0;
    for (unsigned i = 0; i < FOTA_AREA_COUNT; i++) {
        uint64_t n_bytes = (uint64_t)n_sectors[i] * sector_bytes;
        out->area[i] =
            (struct fota_profile_area){.addr = (uint32_t)addr, .n_bytes = (uint32_t)n_bytes};
        addr += n_bytes;
    }
    if (addr > UINT32_MAX) return; /* refused by the checker: no sectors */
    f->runs[0] = (struct fota_flash_run){(uint32_t)(addr / sector_bytes), sector_bytes};
}

/* --- for use --- */

struct fota_flash fota_profile_flash_port(const struct fota_profile_flash *flash)
{
    return (struct fota_flash){.runs = flash->runs,
                               .n_runs = flash->n_runs,
                               .program_bytes = flash->program_bytes,
                               .page_bytes = flash->page_bytes,
                               .erased = flash->erased,
                               .write_once = flash->write_once};
}

void fota_profile_areas(const struct fota_profile *profile, const struct fota_flash *flash,
                        struct fota_area area[FOTA_AREA_COUNT])
{
    for (unsigned i = 0; i < FOTA_AREA_COUNT; i++) {
        const struct fota_profile_area *from = &profile->area[i];
        area[i] = (struct fota_area){NULL, 0, 0};
        if (from->n_bytes != 0) {
            area[i] = (struct fota_area){&flash[from->flash], from->addr, from->n_bytes};
        }
    }
}
