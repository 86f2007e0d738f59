/* SPDX-License-Identifier: MIT */
#include "core/isa.h"
#include <stddef.h>

#define BUILT_IN(arch) ((FOTA_ARCH_MASK >> (arch)) & 1U)

const struct fota_isa *fota_isa_of(uint8_t arch)
{
    switch (arch) {
#if BUILT_IN(1)
    case FOTA_ARCH_THUMB:
        return &fota_isa_thumb;
#endif
#if BUILT_IN(2)
    case FOTA_ARCH_ARM:
        return &fota_isa_arm;
#endif
#if BUILT_IN(3)
    case FOTA_ARCH_AARCH64:
        return &fota_isa_aarch64;
#endif
#if BUILT_IN(4)
    case FOTA_ARCH_RISCV:
        return &fota_isa_riscv;
#endif
#if BUILT_IN(5)
    case FOTA_ARCH_XTENSA:
        return &fota_isa_xtensa;
#endif
#if BUILT_IN(6)
    case FOTA_ARCH_XTENSA_BE:
        return &fota_isa_xtensa_be;
#endif
    default:
        return NULL;
    }
}
