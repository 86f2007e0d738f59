/* SPDX-License-Identifier: MIT */
/* The access server's side of RFC 2217 (Telnet Com Port Control Option): serial bytes, rate and
 * modem lines over TCP.  The server's UART is the host's end of the module's line: its rate and
 * whether it obeys the module's RTS (its own CTS) are what the client sets.  Only moves bytes.
 * What the client sends is UNTRUSTED. */
#ifndef FOTA_MODULE_RFC2217_H
#define FOTA_MODULE_RFC2217_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RFC2217_OUT_MAX 2048U

struct rfc2217 {
    uint32_t baud;      /* of the client's choice, 0: it has not said */
    bool hardware_flow; /* SET-CONTROL: the server's UART stops while its CTS is off */
    bool rts;           /* the server's RTS, as the client set it */
    bool dtr;
    bool inbound_flow; /* SET-CONTROL 16 */
    bool suspended;    /* FLOWCONTROL-SUSPEND: no bytes to the client */
    bool cts;          /* told last */
    uint8_t state;     /* enum of rfc2217.c */
    uint8_t verb;      /* DO, DONT, WILL, WONT */
    uint8_t will;      /* bits of options that we do */
    uint8_t wants;     /* bits of options that we want the client to do */
    uint8_t n_sub;
    uint8_t sub[8]; /* a subnegotiation; longer ones are ignored */
    uint16_t n_out;
    uint8_t out[RFC2217_OUT_MAX]; /* to be sent to the client */
};

/* A client has come: what the server offers is in `out`. */
void rfc2217_begin(struct rfc2217 *r);
/* Take bytes of the client; the serial data among them is moved to their begin.  Returns its
 * count.  *purge is set when what stands before it, and is not yet sent, is to be dropped. */
size_t rfc2217_decode(struct rfc2217 *r, uint8_t *bytes, size_t n_bytes, bool *purge);
/* Serial data for the client, behind what is in `out`.  Returns how many bytes found room. */
size_t rfc2217_encode(struct rfc2217 *r, const uint8_t *bytes, size_t n_bytes);
/* The server's CTS, that is the module's RTS; told to the client when it changes. */
void rfc2217_set_cts(struct rfc2217 *r, bool cts);
/* n bytes of `out` have been sent. */
void rfc2217_sent(struct rfc2217 *r, size_t n);

#endif
