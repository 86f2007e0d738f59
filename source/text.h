/* SPDX-License-Identifier: MIT */
/* Texts for people in the buffers of sources and attempts; what does not fit is cut. */
#ifndef FOTA_SOURCE_TEXT_H
#define FOTA_SOURCE_TEXT_H

#include "source/source.h"

__attribute__((format(printf, 2, 3))) void
fota_source_text(char text[FOTA_SOURCE_TEXT_MAX + 1], const char *format, ...);

#endif
