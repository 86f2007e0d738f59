/* SPDX-License-Identifier: MIT */
#include "module/options.h"
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "usage: fota module --flash FILE (--tty LINK | --listen HOST:PORT | --rfc2217 HOST:PORT)\n"
    "                   [options]\n"
    "\n"
    "A virtual module: boot loader and application over a flash file and a serial line.\n"
    "\n"
    "  --flash FILE           its flash: factory page and all flash devices\n"
    "  --tty LINK             make a pseudo-terminal, and LINK a symbolic link to it\n"
    "  --listen HOST:PORT     take one client at a time by TCP (port 0: any)\n"
    "  --rfc2217 HOST:PORT    the same with RFC 2217: rate, RTS and CTS of a serial port\n"
    "\n"
    "A new module (the flash file is made, or replaced with -f):\n"
    "  --init IMAGE           firmware: raw binary, Intel HEX or ELF\n"
    "  --version STRING       what ATI shows for it\n"
    "  --product STRING       what packages must name\n"
    "  --pub FILE             public key that is trusted (up to 4 times)\n"
    "  --device FILE          device profile (doc/device-profile.md), or:\n"
    "  --sector BYTES         sector size [4096]\n"
    "  --scratch N            scratch sectors [8]\n"
    "  --slots 1|2            [1]\n"
    "  --slot-bytes BYTES     size of a slot and of the staging area [524288]\n"
    "  --security-counter N   of the image [0]\n"
    "  --vendor, --brand, --model, --serial STRING\n"
    "                         [Quectel_Ltd, Quectel, Quectel_M95, 867223020000000]\n"
    "  -f                     replace an existing flash file\n"
    "Without --init nothing but the flash file is read.\n"
    "\n"
    "The line (without --baud bytes take no time and none is lost; doc/virtual-module.md):\n"
    "  --baud RATE            10 bits a byte both ways at AT+IPR, which is RATE from factory\n"
    "                         [with --rfc2217: 115200]\n"
    "  --rx-ring BYTES        receive ring of the module; what finds it full is lost [512]\n"
    "  --rts-threshold BYTES  RTS falls at this fill, and rises at half of it [half the ring]\n"
    "  --rts-latency BYTES    what still comes behind it: FIFO of the host's UART [16]\n"
    "  --flow host|rts|none   the host's UART stops while RTS is off: if its program has set\n"
    "                         it so (CRTSCTS, or by RFC 2217), always, or never [host]\n"
    "  --flash-timing typical|worst|ERASE_MS,PROGRAM_US\n"
    "                         time that an erase and a program take, while the receive\n"
    "                         interrupt fills the ring and nobody reads it: 45 ms and 700 us,\n"
    "                         400 ms and 3000 us (W25Q64FV), or as given [none]\n"
    "\n"
    "Trying power cuts (a SIGKILL at any time is a clean one):\n"
    "  --power-cut-after N[:before|:torn|:after]\n"
    "                         end with status 200 at the N-th flash operation of this "
    "process,\n"
    "                         before it, in the middle of it, or behind it [after]\n"
    "  --seed S               draws what a torn operation leaves [1]\n"
    "\n"
    "  --confirm              a firmware on trial confirms itself when it is started; without\n"
    "                         it waits for AT+QFUC\n"
    "  -v                     tell what is started\n"
    "\n"
    "Runs until SIGINT or SIGTERM.  Exit status: 0, 200 for a power cut, else as fota help\n"
    "errors says.\n"
    "\n"
    "examples:\n"
    "  fota module --flash m95.flash --init old.bin --version M95FAR02A07 --product M95 \\\n"
    "              --pub maker.pub --tty ./ttyM95        a new module\n"
    "  fota module --flash m95.flash --tty ./ttyM95      the same after a power-up\n";

enum {
    OPT_FLASH = 256,
    OPT_TTY,
    OPT_LISTEN,
    OPT_INIT,
    OPT_VERSION,
    OPT_PRODUCT,
    OPT_PUB,
    OPT_DEVICE,
    OPT_SECTOR,
    OPT_SCRATCH,
    OPT_SLOTS,
    OPT_SLOT_BYTES,
    OPT_COUNTER,
    OPT_VENDOR,
    OPT_BRAND,
    OPT_MODEL,
    OPT_SERIAL,
    OPT_CUT,
    OPT_SEED,
    OPT_CONFIRM,
    OPT_RFC2217,
    OPT_BAUD,
    OPT_RX_RING,
    OPT_RTS_THRESHOLD,
    OPT_RTS_LATENCY,
    OPT_FLOW,
    OPT_FLASH_TIMING,
};

static const struct option table[] = {
    {"flash", required_argument, NULL, OPT_FLASH},
    {"tty", required_argument, NULL, OPT_TTY},
    {"listen", required_argument, NULL, OPT_LISTEN},
    {"init", required_argument, NULL, OPT_INIT},
    {"version", required_argument, NULL, OPT_VERSION},
    {"product", required_argument, NULL, OPT_PRODUCT},
    {"pub", required_argument, NULL, OPT_PUB},
    {"device", required_argument, NULL, OPT_DEVICE},
    {"sector", required_argument, NULL, OPT_SECTOR},
    {"scratch", required_argument, NULL, OPT_SCRATCH},
    {"slots", required_argument, NULL, OPT_SLOTS},
    {"slot-bytes", required_argument, NULL, OPT_SLOT_BYTES},
    {"security-counter", required_argument, NULL, OPT_COUNTER},
    {"vendor", required_argument, NULL, OPT_VENDOR},
    {"brand", required_argument, NULL, OPT_BRAND},
    {"model", required_argument, NULL, OPT_MODEL},
    {"serial", required_argument, NULL, OPT_SERIAL},
    {"power-cut-after", required_argument, NULL, OPT_CUT},
    {"seed", required_argument, NULL, OPT_SEED},
    {"confirm", no_argument, NULL, OPT_CONFIRM},
    {"rfc2217", required_argument, NULL, OPT_RFC2217},
    {"baud", required_argument, NULL, OPT_BAUD},
    {"rx-ring", required_argument, NULL, OPT_RX_RING},
    {"rts-threshold", required_argument, NULL, OPT_RTS_THRESHOLD},
    {"rts-latency", required_argument, NULL, OPT_RTS_LATENCY},
    {"flow", required_argument, NULL, OPT_FLOW},
    {"flash-timing", required_argument, NULL, OPT_FLASH_TIMING},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

void options_help(void)
{
    (void)fputs(help, stdout);
}

static enum fota_err usage(const char *what, const char *why)
{
    (void)fprintf(stderr, "fota-module: %s: %s\nsee fota module --help\n", what, why);
    return FOTA_E_USAGE;
}

/* As the other verbs take numbers: decimal or 0x, K or M behind it. */
static bool parse_number(const char *text, uint64_t max, uint64_t *value)
{
    char *end = NULL;
    errno = 0;
    unsigned long long v = strtoull(text, &end, strncmp(text, "0x", 2) == 0 ? 16 : 10);
    unsigned shift = *end == 'K' ? 10 : *end == 'M' ? 20 : 0;
    end += shift != 0 ? 1 : 0;
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || v > max >> shift) {
        return false;
    }
    *value = v << shift;
    return true;
}

static enum fota_err set_number(uint32_t *field, const char *name, const char *text)
{
    uint64_t value = 0;
    if (!parse_number(text, UINT32_MAX, &value)) {
        return usage(name, "not a number");
    }
    *field = (uint32_t)value;
    return FOTA_OK;
}

static enum fota_err
set_geometry(struct options *o, uint32_t *field, const char *name, const char *text)
{
    o->geometry_given = true;
    return set_number(field, name, text);
}

static enum fota_err set_string(const char **field, const char *name, const char *text)
{
    if (!factory_string_valid(text)) {
        return usage(name, "1 to 31 printable ASCII characters without quotes are allowed");
    }
    *field = text;
    return FOTA_OK;
}

/* N, N:before, N:torn or N:after. */
static enum fota_err set_cut(struct options *o, const char *text)
{
    static const struct {
        const char *suffix;
        enum fota_sim_when cut;
    } kinds[] = {{"", FOTA_SIM_AFTER},
                 {":before", FOTA_SIM_BEFORE},
                 {":torn", FOTA_SIM_TORN},
                 {":after", FOTA_SIM_AFTER}};
    char digits[21];
    size_t n = strcspn(text, ":");
    if (n < sizeof digits) {
        memcpy(digits, text, n);
        digits[n] = '\0';
        for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
            if (strcmp(text + n, kinds[i].suffix) == 0) {
                o->cut = kinds[i].cut;
                return parse_number(digits, UINT64_MAX, &o->cut_at) && o->cut_at > 0
                           ? FOTA_OK
                           : usage("--power-cut-after", "the number counts from 1");
            }
        }
    }
    return usage("--power-cut-after", "give N, N:before, N:torn or N:after");
}

/* ---- the line ---- */

static enum fota_err set_baud(struct options *o, const char *text)
{
    static const uint32_t rates[] = {9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600};
    enum fota_err err = set_number(&o->uart.baud, "--baud", text);
    for (size_t i = 0; err == FOTA_OK && i < sizeof rates / sizeof rates[0]; i++) {
        if (rates[i] == o->uart.baud) {
            return FOTA_OK;
        }
    }
    return err != FOTA_OK ? err : usage("--baud", "not a rate that AT+IPR has");
}

static enum fota_err
set_uart(struct options *o, uint32_t *field, const char *name, const char *text)
{
    o->uart_given = true;
    return set_number(field, name, text);
}

static enum fota_err set_flow(struct options *o, const char *text)
{
    static const char *const names[] = {
        [UART_FLOW_HOST] = "host", [UART_FLOW_RTS] = "rts", [UART_FLOW_NONE] = "none"};
    o->uart_given = true;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(text, names[i]) == 0) {
            o->flow = (enum uart_flow)i;
            return FOTA_OK;
        }
    }
    return usage("--flow", "host, rts or none");
}

/* typical, worst, or ERASE_MS,PROGRAM_US. */
static enum fota_err set_flash_timing(struct options *o, const char *text)
{
    if (strcmp(text, "typical") == 0) {
        text = "45,700";
    } else if (strcmp(text, "worst") == 0) {
        text = "400,3000";
    }
    char erase_ms[8] = "";
    uint64_t ms = 0;
    uint64_t us = 0;
    size_t n = strcspn(text, ",");
    if (n >= sizeof erase_ms || text[n] == '\0') {
        return usage("--flash-timing", "typical, worst, or ERASE_MS,PROGRAM_US");
    }
    memcpy(erase_ms, text, n);
    if (!parse_number(erase_ms, 60000, &ms) || !parse_number(text + n + 1, 1000000, &us)) {
        return usage("--flash-timing", "at most 60000 ms and 1000000 us");
    }
    o->erase_us = (uint32_t)ms * 1000U;
    o->program_us = (uint32_t)us;
    return FOTA_OK;
}

static enum fota_err set_line_option(struct options *o, int c, const char *arg)
{
    switch (c) {
    case OPT_TTY:
        o->tty = arg;
        return FOTA_OK;
    case OPT_LISTEN:
        o->listen = arg;
        return FOTA_OK;
    case OPT_RFC2217:
        o->rfc2217 = arg;
        return FOTA_OK;
    case OPT_BAUD:
        return set_baud(o, arg);
    case OPT_RX_RING:
        return set_uart(o, &o->uart.ring_bytes, "--rx-ring", arg);
    case OPT_RTS_THRESHOLD:
        return set_uart(o, &o->uart.rts_threshold, "--rts-threshold", arg);
    case OPT_RTS_LATENCY:
        return set_uart(o, &o->uart.rts_latency, "--rts-latency", arg);
    case OPT_FLOW:
        return set_flow(o, arg);
    default:
        return set_flash_timing(o, arg);
    }
}

static enum fota_err check_line(struct options *o)
{
    if ((o->tty != NULL) + (o->listen != NULL) + (o->rfc2217 != NULL) != 1) {
        return usage("--tty, --listen, --rfc2217", "one of them is needed");
    }
    if (o->rfc2217 != NULL && o->uart.baud == 0) {
        o->uart.baud = 115200;
    }
    if (o->uart.baud == 0 && o->uart_given) {
        return usage("--rx-ring, --rts-threshold, --rts-latency, --flow", "need --baud");
    }
    if (o->uart.ring_bytes == 0 || o->uart.ring_bytes > UART_RING_MAX) {
        return usage("--rx-ring", "1 to 65536");
    }
    if (o->uart.rts_threshold == 0) {
        o->uart.rts_threshold = (o->uart.ring_bytes + 1) / 2;
    }
    return o->uart.rts_threshold <= o->uart.ring_bytes
               ? FOTA_OK
               : usage("--rts-threshold", "is more than the ring holds");
}

/* ---- a new module ---- */

static enum fota_err set_provision_option(struct options *o, int c, const char *arg)
{
    switch (c) {
    case OPT_INIT:
        o->init = arg;
        return FOTA_OK;
    case OPT_VERSION:
        return set_string(&o->version, "--version", arg);
    case OPT_PRODUCT:
        return set_string(&o->product, "--product", arg);
    case OPT_PUB:
        if (o->n_pub == FACTORY_KEYS_MAX) {
            return usage("--pub", "at most 4 keys");
        }
        o->pub[o->n_pub++] = arg;
        return FOTA_OK;
    case OPT_DEVICE:
        o->device = arg;
        return FOTA_OK;
    case OPT_SECTOR:
        return set_geometry(o, &o->sector_bytes, "--sector", arg);
    case OPT_SCRATCH:
        return set_geometry(o, &o->scratch_sectors, "--scratch", arg);
    case OPT_SLOTS:
        return set_geometry(o, &o->n_slots, "--slots", arg);
    case OPT_SLOT_BYTES:
        return set_geometry(o, &o->slot_bytes, "--slot-bytes", arg);
    case OPT_COUNTER:
        return set_number(&o->security_counter, "--security-counter", arg);
    case OPT_VENDOR:
        return set_string(&o->vendor, "--vendor", arg);
    case OPT_BRAND:
        return set_string(&o->brand, "--brand", arg);
    case OPT_MODEL:
        return set_string(&o->model, "--model", arg);
    case OPT_SERIAL:
        return set_string(&o->serial, "--serial", arg);
    case 'f':
        o->force = true;
        return FOTA_OK;
    default: /* getopt has named it */
        (void)fputs("see fota module --help\n", stderr);
        return FOTA_E_USAGE;
    }
}

static enum fota_err set_option(struct options *o, int c, const char *arg)
{
    switch (c) {
    case OPT_FLASH:
        o->flash = arg;
        return FOTA_OK;
    case OPT_TTY:
    case OPT_LISTEN:
    case OPT_RFC2217:
    case OPT_BAUD:
    case OPT_RX_RING:
    case OPT_RTS_THRESHOLD:
    case OPT_RTS_LATENCY:
    case OPT_FLOW:
    case OPT_FLASH_TIMING:
        return set_line_option(o, c, arg);
    case OPT_CUT:
        return set_cut(o, arg);
    case OPT_SEED:
        return parse_number(arg, UINT64_MAX, &o->seed) ? FOTA_OK
                                                       : usage("--seed", "not a number");
    case OPT_CONFIRM:
        o->confirm = true;
        return FOTA_OK;
    case 'v':
        o->verbose = true;
        return FOTA_OK;
    case 'h':
        o->help = true;
        return FOTA_OK;
    default:
        return set_provision_option(o, c, arg);
    }
}

static enum fota_err check(struct options *o)
{
    if (o->flash == NULL) {
        return usage("--flash", "is needed");
    }
    enum fota_err err = check_line(o);
    if (err != FOTA_OK) {
        return err;
    }
    if (o->init == NULL) {
        bool more = o->version != NULL || o->product != NULL || o->device != NULL ||
                    o->n_pub != 0 || o->geometry_given || o->security_counter != 0 || o->force;
        return more ? usage("--init", "is needed to make a new module; an existing one has "
                                      "version, product, keys and layout in its flash file")
                    : FOTA_OK;
    }
    if (o->version == NULL || o->product == NULL || o->n_pub == 0) {
        return usage("--init", "needs --version, --product and --pub");
    }
    if (o->device != NULL && o->geometry_given) {
        return usage("--device", "says --sector, --scratch and --slots already");
    }
    if (o->n_slots != 1 && o->n_slots != 2) {
        return usage("--slots", "1 or 2");
    }
    return FOTA_OK;
}

enum fota_err options_parse(struct options *o, int argc, char **argv)
{
    *o = (struct options){
        .vendor = "Quectel_Ltd",
        .brand = "Quectel",
        .model = "Quectel_M95",
        .serial = "867223020000000",
        .sector_bytes = 4096,
        .scratch_sectors = 8,
        .n_slots = 1,
        .slot_bytes = 512U * 1024U,
        .seed = 1,
        .cut = FOTA_SIM_AFTER,
        .uart = {.ring_bytes = 512, .rts_latency = 16},
    };
    int c = 0;
    while ((c = getopt_long(argc, argv, "fvh", table, NULL)) != -1) {
        enum fota_err err = set_option(o, c, optarg);
        if (err != FOTA_OK) {
            return err;
        }
        if (o->help) {
            return FOTA_OK;
        }
    }
    return optind == argc ? check(o) : usage(argv[optind], "not expected");
}
