/* SPDX-License-Identifier: MIT */
#include "port/firmware/firmware.h"

#if FIRMWARE_RELEASE >= 8
const char firmware_version[] = "M95FAR02A08";
#else
const char firmware_version[] = "M95FAR02A07";
#endif
