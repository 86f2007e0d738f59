/* SPDX-License-Identifier: MIT */
/* The first watchdog timer of the AST1030: resets the whole chip when not fed in time. */
#ifndef FOTA_PORT_AST1030_WATCHDOG_H
#define FOTA_PORT_AST1030_WATCHDOG_H

#include <stdint.h>

void watchdog_start(uint32_t timeout_ms);
void watchdog_feed(void);

#endif
