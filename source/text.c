/* SPDX-License-Identifier: MIT */
#include "source/text.h"
#include <stdarg.h>
#include <stdio.h>

void fota_source_text(char text[FOTA_SOURCE_TEXT_MAX + 1], const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, FOTA_SOURCE_TEXT_MAX + 1, format, args);
    va_end(args);
}
