/* SPDX-License-Identifier: MIT */
#include "module/rfc2217.h"
#include <string.h>

/* RFC 854, 855 */
enum { SE = 240, SB = 250, WILL = 251, WONT = 252, DO = 253, DONT = 254, IAC = 255 };
enum { BINARY = 0, SUPPRESS_GO_AHEAD = 3, COM_PORT = 44 };

/* RFC 2217: commands of the client, and what is added to them in the server's answers */
enum {
    SET_BAUDRATE = 1,
    SET_DATASIZE = 2,
    SET_PARITY = 3,
    SET_STOPSIZE = 4,
    SET_CONTROL = 5,
    NOTIFY_MODEMSTATE = 7,
    FLOWCONTROL_SUSPEND = 8,
    FLOWCONTROL_RESUME = 9,
    SET_LINESTATE_MASK = 10,
    SET_MODEMSTATE_MASK = 11,
    PURGE_DATA = 12,
    ANSWER = 100,
};
enum { CTS = 16, CTS_CHANGE = 1, DSR_AND_CD = 32 + 128 };

enum state { DATA, COMMAND, OPTION, SUB, SUB_COMMAND };

/* The bit of an option that is understood, else 0. */
static uint8_t option_bit(uint8_t option)
{
    switch (option) {
    case BINARY:
        return 1;
    case SUPPRESS_GO_AHEAD:
        return 2;
    case COM_PORT:
        return 4;
    default:
        return 0;
    }
}

static void put(struct rfc2217 *r, const uint8_t *bytes, size_t n)
{
    if (n <= RFC2217_OUT_MAX - r->n_out) { /* a client that reads nothing gets no answers */
        memcpy(r->out + r->n_out, bytes, n);
        r->n_out = (uint16_t)(r->n_out + n);
    }
}

static void say(struct rfc2217 *r, uint8_t verb, uint8_t option)
{
    const uint8_t bytes[3] = {IAC, verb, option};
    put(r, bytes, sizeof bytes);
}

void rfc2217_begin(struct rfc2217 *r)
{
    memset(r, 0, sizeof *r);
    r->rts = true;
    r->dtr = true;
    r->will = 7;
    r->wants = 7;
    say(r, WILL, BINARY);
    say(r, DO, BINARY);
    say(r, WILL, SUPPRESS_GO_AHEAD);
    say(r, DO, SUPPRESS_GO_AHEAD);
    say(r, WILL, COM_PORT);
    say(r, DO, COM_PORT);
}

/* Answer only what changes something: no loops (RFC 854). */
static void negotiate(struct rfc2217 *r, uint8_t option)
{
    uint8_t bit = option_bit(option);
    bool about_us = r->verb == DO || r->verb == DONT;
    bool yes = r->verb == DO || r->verb == WILL;
    uint8_t *have = about_us ? &r->will : &r->wants;
    if (yes && bit == 0) {
        say(r, about_us ? WONT : DONT, option);
    } else if (yes && (*have & bit) == 0) {
        *have |= bit;
        say(r, about_us ? WILL : DO, option);
    } else if (!yes && (*have & bit) != 0) {
        *have &= (uint8_t)~bit;
        say(r, about_us ? WONT : DONT, option);
    }
}

/* ---- com port control ---- */

static void answer(struct rfc2217 *r, uint8_t command, const uint8_t *value, size_t n)
{
    uint8_t bytes[16] = {IAC, SB, COM_PORT, (uint8_t)(ANSWER + command)};
    size_t at = 4;
    for (size_t i = 0; i < n; i++) {
        bytes[at++] = value[i];
        if (value[i] == IAC) {
            bytes[at++] = IAC;
        }
    }
    bytes[at++] = IAC;
    bytes[at++] = SE;
    put(r, bytes, at);
}

static void answer_byte(struct rfc2217 *r, uint8_t command, uint8_t value)
{
    answer(r, command, &value, 1);
}

static void tell_modem_state(struct rfc2217 *r, bool changed)
{
    answer_byte(r, NOTIFY_MODEMSTATE,
                (uint8_t)(DSR_AND_CD + (r->cts ? CTS : 0) + (changed ? CTS_CHANGE : 0)));
}

/* SET-CONTROL: returns the value that is in force. */
static uint8_t control(struct rfc2217 *r, uint8_t value)
{
    switch (value) {
    case 1: /* no flow control */
    case 3: /* RTS and CTS, both directions */
        r->hardware_flow = value == 3;
        r->inbound_flow = value == 3;
        return value;
    case 8:
    case 9:
        r->dtr = value == 8;
        return value;
    case 7:
        return r->dtr ? 8 : 9;
    case 11:
    case 12:
        r->rts = value == 11;
        return value;
    case 10:
        return r->rts ? 11 : 12;
    case 14:
    case 16:
        r->inbound_flow = value == 16;
        return value;
    case 13:
        return r->inbound_flow ? 16 : 14;
    case 4: /* there is no break to be sent */
    case 5:
    case 6:
        return 6;
    default: /* asked for, or not to be had */
        return r->hardware_flow ? 3 : 1;
    }
}

static void set_baudrate(struct rfc2217 *r, const uint8_t value[4])
{
    uint32_t baud = (uint32_t)value[0] << 24 | (uint32_t)value[1] << 16 |
                    (uint32_t)value[2] << 8 | value[3];
    r->baud = baud != 0 ? baud : r->baud;
    const uint8_t now[4] = {(uint8_t)(r->baud >> 24), (uint8_t)(r->baud >> 16),
                            (uint8_t)(r->baud >> 8), (uint8_t)r->baud};
    answer(r, SET_BAUDRATE, now, sizeof now);
}

/* Returns whether unsent data is to be dropped. */
static bool act(struct rfc2217 *r)
{
    const uint8_t *value = r->sub + 2;
    if (r->n_sub < 2 || r->n_sub > sizeof r->sub || r->sub[0] != COM_PORT) {
        return false;
    }
    if (r->sub[1] == FLOWCONTROL_SUSPEND || r->sub[1] == FLOWCONTROL_RESUME) {
        r->suspended = r->sub[1] == FLOWCONTROL_SUSPEND;
        return false;
    }
    if (r->n_sub < (r->sub[1] == SET_BAUDRATE ? 6 : 3)) {
        return false;
    }
    switch (r->sub[1]) {
    case SET_BAUDRATE:
        set_baudrate(r, value);
        return false;
    case SET_DATASIZE: /* 8N1 is all there is */
        answer_byte(r, SET_DATASIZE, 8);
        return false;
    case SET_PARITY:
    case SET_STOPSIZE:
        answer_byte(r, r->sub[1], 1);
        return false;
    case SET_CONTROL:
        answer_byte(r, SET_CONTROL, control(r, *value));
        return false;
    case SET_MODEMSTATE_MASK:
        answer_byte(r, SET_MODEMSTATE_MASK, *value);
        tell_modem_state(r, false);
        return false;
    case SET_LINESTATE_MASK:
        answer_byte(r, SET_LINESTATE_MASK, *value);
        return false;
    case PURGE_DATA:
        answer_byte(r, PURGE_DATA, *value);
        return *value == 2 || *value == 3;
    default:
        return false;
    }
}

/* ---- bytes ---- */

static void sub_byte(struct rfc2217 *r, uint8_t byte)
{
    if (r->n_sub < sizeof r->sub) {
        r->sub[r->n_sub] = byte;
    }
    r->n_sub = (uint8_t)(r->n_sub + (r->n_sub <= sizeof r->sub ? 1 : 0));
}

/* A byte behind IAC.  Returns whether it is data. */
static bool command(struct rfc2217 *r, uint8_t byte)
{
    r->state = DATA;
    if (byte == SB) {
        r->state = SUB;
        r->n_sub = 0;
    } else if (byte >= WILL && byte <= DONT) {
        r->state = OPTION;
        r->verb = byte;
    }
    return byte == IAC;
}

size_t rfc2217_decode(struct rfc2217 *r, uint8_t *bytes, size_t n_bytes, bool *purge)
{
    size_t n = 0;
    for (size_t i = 0; i < n_bytes; i++) {
        uint8_t byte = bytes[i];
        switch ((enum state)r->state) {
        case DATA:
            if (byte == IAC) {
                r->state = COMMAND;
            } else {
                bytes[n++] = byte;
            }
            break;
        case COMMAND:
            if (command(r, byte)) {
                bytes[n++] = byte;
            }
            break;
        case OPTION:
            negotiate(r, byte);
            r->state = DATA;
            break;
        case SUB:
            if (byte == IAC) {
                r->state = SUB_COMMAND;
            } else {
                sub_byte(r, byte);
            }
            break;
        case SUB_COMMAND:
            r->state = byte == IAC ? SUB : DATA;
            if (byte == IAC) {
                sub_byte(r, byte);
            } else if (byte == SE && act(r)) {
                *purge = true;
                n = 0;
            }
            break;
        }
    }
    return n;
}

size_t rfc2217_encode(struct rfc2217 *r, const uint8_t *bytes, size_t n_bytes)
{
    static const uint8_t doubled[2] = {IAC, IAC};
    size_t n = 0;
    for (; n < n_bytes && RFC2217_OUT_MAX - r->n_out > 256; n++) { /* answers have the rest */
        put(r, bytes[n] == IAC ? doubled : bytes + n, bytes[n] == IAC ? 2 : 1);
    }
    return n;
}

void rfc2217_set_cts(struct rfc2217 *r, bool cts)
{
    if (cts != r->cts) {
        r->cts = cts;
        tell_modem_state(r, true);
    }
}

void rfc2217_sent(struct rfc2217 *r, size_t n)
{
    memmove(r->out, r->out + n, r->n_out - n);
    r->n_out = (uint16_t)(r->n_out - n);
}
