/* SPDX-License-Identifier: MIT */
/* Command line of fota-module. */
#ifndef FOTA_MODULE_OPTIONS_H
#define FOTA_MODULE_OPTIONS_H

#include "core/err.h"
#include "module/factory.h"
#include "module/flash_file.h"
#include "module/uart.h"

struct options {
    const char *flash;
    const char *tty;
    const char *listen;
    const char *rfc2217;
    struct uart_model_config uart; /* baud 0: no model */
    bool uart_given;               /* one of its options but --baud */
    enum uart_flow flow;
    /* provisioning */
    const char *init;
    const char *version;
    const char *product;
    const char *device;
    const char *vendor;
    const char *brand;
    const char *model;
    const char *serial;
    const char *pub[FACTORY_KEYS_MAX];
    size_t n_pub;
    uint32_t sector_bytes;
    uint32_t scratch_sectors;
    uint32_t n_slots;
    uint32_t slot_bytes;
    uint32_t security_counter;
    bool geometry_given; /* one of --sector, --scratch, --slots, --slot-bytes */
    bool force;
    /* running */
    uint64_t cut_at;
    enum fota_sim_when cut;
    uint64_t seed;
    uint32_t erase_us;
    uint32_t program_us;
    bool confirm;
    bool verbose;
    bool help;
};

/* FOTA_E_USAGE, and a line on stderr that says what is wrong. */
FOTA_NODISCARD enum fota_err options_parse(struct options *o, int argc, char **argv);
void options_help(void);

#endif
