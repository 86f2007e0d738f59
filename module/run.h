/* SPDX-License-Identifier: MIT */
/* The two programs of the virtual module.  They share no memory: each keeps its state in its
 * own stack frame, and what must outlive a reset stands in the flash file. */
#ifndef FOTA_MODULE_RUN_H
#define FOTA_MODULE_RUN_H

#include "core/device.h"
#include "module/modem.h"
#include "module/uart.h"
#include <signal.h>

struct module {
    const struct fota_device *device;
    struct uart *uart;
    struct modem *modem;               /* device->commands_ctx */
    const volatile sig_atomic_t *stop; /* set: end */
    bool confirm; /* a firmware on trial confirms itself when it is started */
    bool verbose; /* tell on stderr what is started */
};

/* Power up, and run until told to stop.  FOTA_E_NOMEM. */
FOTA_NODISCARD enum fota_err module_run(const struct module *m);

#endif
