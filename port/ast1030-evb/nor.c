/* SPDX-License-Identifier: MIT */
#include "port/ast1030-evb/nor.h"
#include "board_layout.h"
#include "port/cortex-m/cortex_m.h"

#define FMC_CONF       0x7E620000U
#define FMC_CE0        0x7E620010U
#define FMC_WINDOW     0x80000000U
#define CONF_WRITE_CE0 (1U << 16)
#define CE0_USER_MODE  0x3U
#define CE0_INACTIVE   0x4U /* chip select high */

#define CMD_PAGE_PROGRAM 0x02U
#define CMD_READ         0x03U
#define CMD_READ_STATUS  0x05U
#define CMD_WRITE_ENABLE 0x06U
#define CMD_SECTOR_ERASE 0x20U
#define CMD_READ_ID      0x9FU

#define NOR_BYTES     0x100000U
#define SECTOR_BYTES  4096U
#define PAGE_BYTES    256U
#define STATUS_BUSY   0x01U
#define W25Q80BL_ID   0xEF4014U
#define PROGRAM_POLLS 100000U /* far beyond the 3 ms of tPP */
#define NOT_ERASING   UINT32_MAX

static uint32_t erasing = NOT_ERASING; /* sector whose erase has been started */
static bool present;

static volatile uint8_t *window8(void)
{
    return (volatile uint8_t *)(uintptr_t)FMC_WINDOW;
}

static void begin(uint8_t command)
{
    *cortex_m_reg(FMC_CE0) &= ~CE0_INACTIVE;
    *window8() = command;
}

static void begin_at(uint8_t command, uint32_t addr)
{
    begin(command);
    *window8() = (uint8_t)(addr >> 16);
    *window8() = (uint8_t)(addr >> 8);
    *window8() = (uint8_t)addr;
}

static void end(void)
{
    *cortex_m_reg(FMC_CE0) |= CE0_INACTIVE;
}

static bool is_busy(void)
{
    begin(CMD_READ_STATUS);
    uint8_t status = *window8();
    end();
    return (status & STATUS_BUSY) != 0;
}

static void write_enable(void)
{
    begin(CMD_WRITE_ENABLE);
    end();
}

void nor_init(void)
{
    *cortex_m_reg(FMC_CONF) |= CONF_WRITE_CE0;
    *cortex_m_reg(FMC_CE0) |= CE0_USER_MODE | CE0_INACTIVE;
    begin(CMD_READ_ID);
    uint32_t id = (uint32_t)*window8() << 16;
    id |= (uint32_t)*window8() << 8;
    id |= *window8();
    end();
    present = id == W25Q80BL_ID;
}

static bool in_chip(uint32_t addr, uint32_t n_bytes)
{
    return present && addr <= NOR_BYTES && n_bytes <= NOR_BYTES - addr;
}

static enum fota_err nor_read(void *ctx, uint32_t addr, uint8_t *dst, uint32_t n_bytes)
{
    (void)ctx;
    if (!in_chip(addr, n_bytes)) {
        return FOTA_E_FLASH;
    }
    begin_at(CMD_READ, addr);
    for (uint32_t i = 0; i < n_bytes; i++) {
        dst[i] = *window8();
    }
    end();
    return FOTA_OK;
}

static enum fota_err nor_program(void *ctx, uint32_t addr, const uint8_t *src, uint32_t n_bytes)
{
    (void)ctx;
    if (!in_chip(addr, n_bytes) || n_bytes > PAGE_BYTES - addr % PAGE_BYTES) {
        return FOTA_E_FLASH;
    }
    write_enable();
    begin_at(CMD_PAGE_PROGRAM, addr);
    for (uint32_t i = 0; i < n_bytes; i++) {
        *window8() = src[i];
    }
    end();
    for (uint32_t polls = 0; is_busy(); polls++) {
        if (polls == PROGRAM_POLLS) {
            return FOTA_E_FLASH;
        }
    }
    return FOTA_OK;
}

static enum fota_err nor_erase(void *ctx, uint32_t addr)
{
    (void)ctx;
    if (!in_chip(addr, SECTOR_BYTES) || addr % SECTOR_BYTES != 0) {
        return FOTA_E_FLASH;
    }
    if (erasing != addr) {
        write_enable();
        begin_at(CMD_SECTOR_ERASE, addr);
        end();
        erasing = addr;
    }
    if (is_busy()) {
        return FOTA_BUSY;
    }
    erasing = NOT_ERASING;
    return FOTA_OK;
}

static const struct fota_flash_run runs[] = {BOARD_FLASH_nor_RUNS};

const struct fota_flash board_flash_nor = {
    .runs = runs,
    BOARD_FLASH_nor,
    .read = nor_read,
    .program = nor_program,
    .erase = nor_erase,
};
