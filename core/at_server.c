/* SPDX-License-Identifier: MIT */
#include "core/at_server.h"
#include "core/mem.h"

enum state {
    STATE_IDLE,     /* before AT */
    STATE_PREFIX,   /* A seen */
    STATE_LINE,     /* behind AT */
    STATE_HEX,      /* behind the opening quote of a HEX form */
    STATE_HEX_DONE, /* behind its closing quote */
    STATE_PENDING,  /* a handler will finish later */
    STATE_DATA,
    STATE_COUNTED, /* data by its length */
    STATE_SILENT,  /* until the reset */
};

void fota_at_settings_factory(struct fota_at_settings *settings, uint32_t baud)
{
    *settings = (struct fota_at_settings){
        .echo = 1,
        .verbose = 1,
        .quiet = 0,
        .cmee = 2,
        .ifc_dce = 2,
        .ifc_dte = 2,
        .ipr = baud != 0 ? baud : 115200,
        .s3 = '\r',
        .s4 = '\n',
        .s5 = '\b',
    };
}

void fota_at_server_init(struct fota_at_server *s, const struct fota_at_device *device,
                         const struct fota_at_settings *settings)
{
    memset(s, 0, sizeof *s);
    s->device = device;
    s->settings = *settings;
    s->state = STATE_IDLE;
}

bool fota_at_server_is_pending(const struct fota_at_server *s)
{
    return s->state == STATE_PENDING;
}

bool fota_at_server_is_idle(const struct fota_at_server *s)
{
    return s->state == STATE_IDLE;
}

/* ---- running a line ---- */

static const struct fota_at_command *
find_in(const struct fota_at_command *rows, size_t n_rows, const char *name, size_t n)
{
    for (size_t i = 0; i < n_rows; i++) {
        if (fota_at_length(rows[i].name) == n && memcmp(rows[i].name, name, n) == 0) {
            return &rows[i];
        }
    }
    return NULL;
}

static const struct fota_at_command *
find(const struct fota_at_server *s, const char *name, size_t n)
{
    const struct fota_at_command *row =
        find_in(s->device->commands, s->device->n_commands, name, n);
    if (row == NULL)
        row = find_in(s->device->more_commands, s->device->n_more_commands, name, n);
    return row != NULL ? row
                       : find_in(fota_at_basic_commands, fota_at_n_basic_commands, name, n);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static size_t n_digits(const char *text)
{
    size_t n = 0;
    while (is_digit(text[n])) {
        n++;
    }
    return n;
}

/* Count of characters up to a ';' outside quotes, or all. */
static size_t n_until_semicolon(const char *text)
{
    bool quoted = false;
    size_t n = 0;
    for (; text[n] != '\0' && (quoted || text[n] != ';'); n++) {
        quoted ^= text[n] == '"';
    }
    return n;
}

/* One command of the line, taken apart. */
struct call {
    const char *name;
    size_t n_name;
    enum fota_at_form form;
    size_t args; /* offset in the line */
    size_t n_args;
};

/* The number of S parameters is part of the name; S3? and S3=13 are their only forms. */
static bool parse_s_parameter(const struct fota_at_server *s, struct call *c, size_t at)
{
    at += n_digits(s->line + at);
    c->n_name = (size_t)(s->line + at - c->name);
    c->form = s->line[at] == '?' ? FOTA_AT_READ : FOTA_AT_WRITE;
    c->args = at + 1;
    if (s->line[at] == '=') {
        c->n_args = n_digits(s->line + at + 1);
    }
    return s->line[at] == '?' || s->line[at] == '=';
}

static bool parse_basic(const struct fota_at_server *s, struct call *c)
{
    size_t at = s->next;
    at += s->line[at] == '&' ? 1 : 0;
    if (s->line[at] == '\0') {
        return false;
    }
    at++;
    if (c->name[0] == 'S') {
        return parse_s_parameter(s, c, at);
    }
    c->n_name = (size_t)(s->line + at - c->name);
    c->form = FOTA_AT_EXEC;
    c->args = at;
    c->n_args = n_digits(s->line + at);
    return true;
}

static bool parse_extended(const struct fota_at_server *s, struct call *c)
{
    size_t n = n_until_semicolon(c->name);
    size_t n_name = 1;
    while (n_name < n && c->name[n_name] != '=' && c->name[n_name] != '?') {
        n_name++;
    }
    c->n_name = n_name;
    c->args = s->next + n;
    if (n_name == n) {
        c->form = FOTA_AT_EXEC;
        return true;
    }
    if (c->name[n_name] == '?') {
        c->form = FOTA_AT_READ;
        return n_name + 1 == n;
    }
    c->args = s->next + n_name + 1;
    c->n_args = n - n_name - 1;
    c->form = c->n_args == 1 && s->line[c->args] == '?' ? FOTA_AT_TEST : FOTA_AT_WRITE;
    return true;
}

/* Runs the command at s->next and moves that behind it. */
static enum fota_at_answer run_command(struct fota_at_server *s)
{
    struct call c = {.name = s->line + s->next};
    s->error = FOTA_E_SYNTAX;
    if (!(*c.name == '+' ? parse_extended(s, &c) : parse_basic(s, &c))) {
        return FOTA_AT_DONE_ERROR;
    }
    size_t end = c.args + c.n_args;
    s->next = (uint16_t)(s->line[end] == ';' ? end + 1 : end);
    const struct fota_at_command *row = find(s, c.name, c.n_name);
    if (row == NULL || (row->forms & c.form) == 0) {
        return FOTA_AT_DONE_ERROR;
    }
    if (c.form == FOTA_AT_TEST) {
        if (row->test != NULL) {
            fota_at_server_info(s, row->test);
        }
        return FOTA_AT_DONE_OK;
    }
    char behind = s->line[end];
    s->line[end] = '\0';
    enum fota_at_answer answer = row->handle(s, c.form, s->line + c.args, c.n_args);
    s->line[end] = behind; /* A/ may want the line again */
    return answer;
}

static void enter_data(struct fota_at_server *s)
{
    s->next = s->line_bytes;
    s->pluses = 0;
    s->clock_runs = false;
    s->blocked = false;
    s->state = STATE_DATA;
}

/* Acts on the answer of a command, and runs the rest of the line. */
static void settle(struct fota_at_server *s, enum fota_at_answer answer)
{
    while (answer == FOTA_AT_DONE_OK && s->next < s->line_bytes) {
        answer = run_command(s);
    }
    s->state = STATE_IDLE;
    switch (answer) {
    case FOTA_AT_DONE_OK:
        fota_at_server_ok(s);
        return;
    case FOTA_AT_DONE_ERROR:
        fota_at_server_error(s);
        return;
    case FOTA_AT_DONE_SAID:
        return;
    case FOTA_AT_PENDING:
        s->state = STATE_PENDING;
        return;
    case FOTA_AT_DATA:
        fota_at_server_ok(s);
        fota_at_server_connect(s);
        enter_data(s);
        return;
    case FOTA_AT_COUNTED:
        s->next = s->line_bytes;
        s->clock_runs = false;
        s->blocked = false;
        s->state = STATE_COUNTED;
        return;
    case FOTA_AT_OK_SILENT:
        fota_at_server_ok(s);
        s->state = STATE_SILENT;
        return;
    case FOTA_AT_SILENT:
        s->state = STATE_SILENT;
        return;
    }
}

void fota_at_server_finish(struct fota_at_server *s, enum fota_at_answer answer)
{
    if (s->state == STATE_PENDING) {
        settle(s, answer);
    }
}

static char upper(char c)
{
    if (c >= 'a' && c <= 'z') {
        c = (char)(c - 'a' + 'A');
    }
    return c;
}

/* Upper case and no blanks, outside quotes.  Doing it again changes nothing: A/. */
static void normalise(struct fota_at_server *s)
{
    bool quoted = false;
    uint16_t n = 0;
    for (uint16_t i = 0; i < s->line_bytes; i++) {
        char c = s->line[i];
        quoted ^= c == '"';
        if (quoted || c != ' ') {
            s->line[n] = c;
            if (!quoted) {
                s->line[n] = upper(c);
            }
            n++;
        }
    }
    s->line_bytes = n;
    s->line[n] = '\0';
}

static void run_line(struct fota_at_server *s)
{
    enum fota_at_answer answer = FOTA_AT_DONE_OK;
    if (s->line_error != FOTA_OK) {
        s->error = s->line_error;
        answer = FOTA_AT_DONE_ERROR;
    } else if (s->hex_command != NULL) {
        s->error = FOTA_E_SYNTAX;
        s->next = s->line_bytes;
        /* char may alias any object */
        answer = s->hex_command->handle(s, FOTA_AT_HEX, (const char *)s->hex, s->hex_bytes);
    } else {
        normalise(s);
        s->next = 0;
    }
    settle(s, answer);
}

/* ---- receiving a line ---- */

static void begin_line(struct fota_at_server *s)
{
    s->line_bytes = 0;
    s->line_error = FOTA_OK;
    s->hex_command = NULL;
    s->hex_bytes = 0;
    s->hex_half = false;
    s->state = STATE_LINE;
}

static void spoil(struct fota_at_server *s, enum fota_err err)
{
    if (s->line_error == FOTA_OK) {
        s->line_error = err;
    }
}

/* Whether the line so far is `name` and '=', with blanks and in either case. */
static bool line_assigns(const struct fota_at_server *s, const char *name)
{
    bool assigned = false;
    for (size_t i = 0; i < s->line_bytes; i++) {
        char c = upper(s->line[i]);
        if (c == ' ') {
            continue;
        }
        if (assigned || c != (*name != '\0' ? *name : '=')) {
            return false;
        }
        assigned = *name == '\0';
        name++;
    }
    return assigned;
}

static const struct fota_at_command *hex_command(const struct fota_at_server *s)
{
    for (size_t i = 0; i < s->device->n_commands; i++) {
        const struct fota_at_command *row = &s->device->commands[i];
        if ((row->forms & FOTA_AT_HEX) != 0 && line_assigns(s, row->name)) {
            return row;
        }
    }
    return NULL;
}

static void take_line_byte(struct fota_at_server *s, char c)
{
    if (c == '"' && s->line_error == FOTA_OK) {
        s->hex_command = hex_command(s);
        if (s->hex_command != NULL) {
            s->state = STATE_HEX;
            return;
        }
    }
    if (s->line_bytes < FOTA_AT_LINE_MAX) {
        s->line[s->line_bytes++] = c;
    } else {
        spoil(s, FOTA_E_SYNTAX);
    }
}

static void take_hex_byte(struct fota_at_server *s, uint8_t byte)
{
    if (byte == '"') {
        s->state = STATE_HEX_DONE;
        if (s->hex_half || s->hex_bytes == 0) {
            spoil(s, FOTA_E_HEX);
        }
        return;
    }
    unsigned digit = fota_at_hex_digit(byte);
    if (digit > 15) {
        spoil(s, FOTA_E_HEX);
    } else if (s->hex_bytes == FOTA_AT_CHUNK_MAX) {
        spoil(s, FOTA_E_CHUNK);
    } else if (!s->hex_half) {
        s->hex_nibble = (uint8_t)digit;
        s->hex_half = true;
    } else {
        s->hex[s->hex_bytes++] = (uint8_t)((unsigned)s->hex_nibble << 4 | digit);
        s->hex_half = false;
    }
}

/* A byte behind AT.  S3 comes before S5, both before what they may also be (V.250 5.2.2). */
static void take_body_byte(struct fota_at_server *s, uint8_t byte)
{
    if (byte == s->settings.s3) {
        if (s->state == STATE_HEX) { /* no closing quote */
            spoil(s, FOTA_E_HEX);
        }
        run_line(s);
        return;
    }
    switch ((enum state)s->state) {
    case STATE_LINE:
        if (byte == s->settings.s5) {
            s->line_bytes = (uint16_t)(s->line_bytes - (s->line_bytes > 0 ? 1 : 0));
        } else if (byte >= ' ') {
            take_line_byte(s, (char)byte);
        }
        return;
    case STATE_HEX:
        take_hex_byte(s, byte);
        return;
    case STATE_HEX_DONE:
        if (byte != ' ') {
            spoil(s, FOTA_E_HEX);
        }
        return;
    case STATE_IDLE:
    case STATE_PREFIX:
    case STATE_PENDING:
    case STATE_DATA:
    case STATE_COUNTED:
    case STATE_SILENT:
        return;
    }
}

/* Whether `byte` belongs to a command line, and is echoed. */
static bool take_prefix_byte(struct fota_at_server *s, uint8_t byte)
{
    char c = upper((char)byte);
    bool behind_a = s->state == STATE_PREFIX;
    s->state = STATE_IDLE;
    if (c == 'A') {
        s->state = STATE_PREFIX;
    } else if (behind_a && c == 'T') {
        begin_line(s);
    } else if (!behind_a || c != '/') {
        return false;
    }
    return true;
}

static void take_command_byte(struct fota_at_server *s, uint8_t byte)
{
    bool in_prefix = s->state == STATE_IDLE || s->state == STATE_PREFIX;
    if (in_prefix && !take_prefix_byte(s, byte)) {
        return;
    }
    if (s->settings.echo != 0) {
        const char c = (char)byte;
        s->device->put(s->device->ctx, &c, 1);
    }
    if (!in_prefix) {
        take_body_byte(s, byte);
    } else if (byte == '/') {
        run_line(s); /* A/: at once, without S3 */
    }
}

/* ---- data mode ---- */

static void end_data(struct fota_at_server *s, bool timed_out)
{
    s->error = FOTA_E_SYNTAX;
    settle(s, s->device->data_end(s->device->ctx, s, timed_out));
}

/* Hands over the first of the '+' held back.  False: not now. */
static bool give_plus(struct fota_at_server *s)
{
    const uint8_t plus = '+';
    if (s->device->data(s->device->ctx, &plus, 1) == 0) {
        return false;
    }
    s->pluses--;
    return true;
}

/* '+' at the end of what has come are held back, three at most: the escape is made of the last
 * three.  Returns how many were taken: 1, or 0: not now. */
static size_t take_plus(struct fota_at_server *s)
{
    if (s->pluses == 3 && !give_plus(s)) {
        return 0;
    }
    s->pluses++;
    if (s->pluses == 3 && s->device->data_complete(s->device->ctx)) {
        end_data(s, false);
    }
    return 1;
}

/* Hands over the bytes up to the next '+'.  Returns how many were taken. */
static size_t take_data(struct fota_at_server *s, const uint8_t *bytes, size_t n)
{
    while (s->pluses > 0) {
        if (!give_plus(s)) {
            return 0;
        }
    }
    size_t run = 1;
    while (run < n && bytes[run] != '+') {
        run++;
    }
    return s->device->data(s->device->ctx, bytes, run);
}

/* ---- data by its length ---- */

static void end_counted(struct fota_at_server *s, bool timed_out)
{
    s->error = FOTA_E_SYNTAX;
    settle(s, s->counted.end(s->counted.ctx, s, timed_out));
}

static size_t take_counted(struct fota_at_server *s, const uint8_t *bytes, size_t n)
{
    struct fota_at_counted *counted = &s->counted;
    size_t taken =
        counted->take(counted->ctx, bytes, n < counted->n_bytes ? n : counted->n_bytes);
    counted->n_bytes -= (uint32_t)taken;
    if (counted->n_bytes == 0) {
        end_counted(s, false);
    }
    return taken;
}

/* ---- time ---- */

void fota_at_server_poll(struct fota_at_server *s, uint32_t now_ms)
{
    if (s->state != STATE_DATA && s->state != STATE_COUNTED) {
        return;
    }
    if (!s->clock_runs || s->blocked) { /* bytes that wait are no silence */
        s->quiet_since_ms = now_ms;
        s->clock_runs = true;
        return;
    }
    uint32_t quiet_ms = now_ms - s->quiet_since_ms;
    if (s->state == STATE_COUNTED) {
        if (quiet_ms >= s->counted.limit_ms) {
            end_counted(s, true);
        }
        return;
    }
    if (s->pluses == 3 && quiet_ms >= FOTA_AT_GUARD_MS) {
        end_data(s, false);
    } else if (quiet_ms >= FOTA_AT_IDLE_MS) {
        end_data(s, true);
    }
}

/* ---- input ---- */

/* Bytes have come: silence begins anew. */
static void keep_clock(struct fota_at_server *s, uint32_t now_ms)
{
    if (s->clock_runs && s->state == STATE_COUNTED && s->counted.limit_is_for_all) {
        return;
    }
    s->quiet_since_ms = now_ms;
    s->clock_runs = true;
}

size_t
fota_at_server_feed(struct fota_at_server *s, const uint8_t *bytes, size_t n, uint32_t now_ms)
{
    size_t at = 0;
    size_t taken = 1;
    while (at < n && taken > 0) {
        switch ((enum state)s->state) {
        case STATE_IDLE:
        case STATE_PREFIX:
        case STATE_LINE:
        case STATE_HEX:
        case STATE_HEX_DONE:
            take_command_byte(s, bytes[at]);
            taken = 1;
            break;
        case STATE_DATA:
            taken = bytes[at] == '+' ? take_plus(s) : take_data(s, bytes + at, n - at);
            break;
        case STATE_COUNTED:
            taken = take_counted(s, bytes + at, n - at);
            break;
        case STATE_PENDING:
            taken = 0;
            break;
        case STATE_SILENT:
            taken = n - at;
            break;
        }
        at += taken;
    }
    if (n > 0 && (s->state == STATE_DATA || s->state == STATE_COUNTED)) {
        keep_clock(s, now_ms);
        s->blocked = at < n;
    }
    return at;
}
