/* SPDX-License-Identifier: MIT */
/* The four memory functions that every C compiler may emit calls to.  A freestanding system has
 * them in its compiler support library; no other library function is used by core/. */
#ifndef FOTA_CORE_MEM_H
#define FOTA_CORE_MEM_H

#include <stddef.h>

/* NOLINTBEGIN(readability-redundant-declaration): hosted code has string.h as well */
void *memcpy(void *restrict dst, const void *restrict src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
void *memset(void *dst, int byte, size_t n);
int memcmp(const void *a, const void *b, size_t n);
/* NOLINTEND(readability-redundant-declaration) */

#endif
