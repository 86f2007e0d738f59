/* SPDX-License-Identifier: MIT */
/* CRC-32 of ISO 3309 / ITU-T V.42 (polynomial 0xEDB88320 reflected), as zlib's crc32(). */
#ifndef FOTA_CORE_CRC32_H
#define FOTA_CORE_CRC32_H

#include <stddef.h>
#include <stdint.h>

/* CRC of `data` appended to what `crc` stands for; begin with 0. */
uint32_t fota_crc32(uint32_t crc, const uint8_t *data, size_t n_bytes);

#endif
