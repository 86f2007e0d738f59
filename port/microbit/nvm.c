/* SPDX-License-Identifier: MIT */
/* The internal flash of the nRF51: pages of 1 KiB, written in words.  The core stands still
 * while the flash is busy, because it runs from it: an erase of 22 ms is not split up. */
#include "board_layout.h"
#include "core/mem.h"
#include "port/cortex-m/cortex_m.h"

#define NVMC_READY     0x4001E400U
#define NVMC_CONFIG    0x4001E504U
#define NVMC_ERASEPAGE 0x4001E508U
#define CONFIG_READ    0U
#define CONFIG_WRITE   1U
#define CONFIG_ERASE   2U
#define NVM_BYTES      0x40000U
#define PAGE_BYTES     1024U
#define BOOT_BYTES     0xF000U /* never written by any program */

static void wait_ready(void)
{
    while (*cortex_m_reg(NVMC_READY) == 0) {
    }
}

static void configure(uint32_t mode)
{
    *cortex_m_reg(NVMC_CONFIG) = mode;
    wait_ready();
}

static bool in_flash(uint32_t addr, uint32_t n_bytes)
{
    return addr >= BOOT_BYTES && addr <= NVM_BYTES && n_bytes <= NVM_BYTES - addr;
}

static enum fota_err nvm_read(void *ctx, uint32_t addr, uint8_t *dst, uint32_t n_bytes)
{
    (void)ctx;
    if (!in_flash(addr, n_bytes)) {
        return FOTA_E_FLASH;
    }
    memcpy(dst, (const void *)(uintptr_t)addr, n_bytes);
    return FOTA_OK;
}

static enum fota_err nvm_program(void *ctx, uint32_t addr, const uint8_t *src, uint32_t n_bytes)
{
    (void)ctx;
    if (!in_flash(addr, n_bytes) || addr % 4 != 0 || n_bytes % 4 != 0) {
        return FOTA_E_FLASH;
    }
    configure(CONFIG_WRITE);
    for (uint32_t i = 0; i < n_bytes; i += 4) {
        uint32_t word;
        memcpy(&word, src + i, sizeof word);
        *cortex_m_reg(addr + i) = word;
        wait_ready();
    }
    configure(CONFIG_READ);
    return FOTA_OK;
}

static enum fota_err nvm_erase(void *ctx, uint32_t addr)
{
    (void)ctx;
    if (!in_flash(addr, PAGE_BYTES) || addr % PAGE_BYTES != 0) {
        return FOTA_E_FLASH;
    }
    configure(CONFIG_ERASE);
    *cortex_m_reg(NVMC_ERASEPAGE) = addr;
    wait_ready();
    configure(CONFIG_READ);
    return FOTA_OK;
}

static const struct fota_flash_run runs[] = {BOARD_FLASH_nvm_RUNS};

const struct fota_flash board_flash_nvm = {
    .runs = runs,
    BOARD_FLASH_nvm,
    .read = nvm_read,
    .program = nvm_program,
    .erase = nvm_erase,
};
