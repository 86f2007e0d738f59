/* SPDX-License-Identifier: MIT */
#include "port/emcraft-sf2/nor.h"
#include "board_layout.h"
#include "port/cortex-m/cortex_m.h"

#define SPI0        0x40001000U
#define REG_CONTROL 0x00U
#define REG_DFSIZE  0x04U
#define REG_STATUS  0x08U
#define REG_RX      0x10U
#define REG_TX      0x14U
#define REG_SELECT  0x1CU
#define CONTROL_ON  0x00000001U
#define CONTROL_SPI                                                                            \
    0x24000002U /* master; chip select stays low for the whole transfer; large FIFO */
#define CONTROL_INIT 0x00000102U
#define CONTROL_RST  0x80000000U
#define FRAMES_SHIFT 8U    /* of CONTROL: bytes of the transfer, 16 bits */
#define STATUS_EMPTY 0x40U /* nothing received */
#define CHIP_NOR     0x01U

#define CMD_PAGE_PROGRAM 0x02U
#define CMD_READ         0x03U
#define CMD_READ_STATUS  0x05U
#define CMD_WRITE_ENABLE 0x06U
#define CMD_READ_ID      0x9FU
#define CMD_SECTOR_ERASE 0xD8U

#define NOR_BYTES      0x1000000U
#define SECTOR_BYTES   0x10000U
#define PAGE_BYTES     256U
#define READ_MAX_BYTES 4096U /* in one transfer */
#define STATUS_BUSY    0x01U
#define S25SL128P_ID   0x012018U
#define PROGRAM_POLLS  100000U /* far beyond the 5 ms of tPP */
#define NOT_ERASING    UINT32_MAX

static uint32_t erasing = NOT_ERASING; /* sector whose erase has been started */
static bool present;

static volatile uint32_t *reg(uint32_t offset)
{
    return cortex_m_reg(SPI0 + offset);
}

/* A transfer of `n_bytes` in all; the controller holds chip select low for just so long. */
static void begin(uint32_t n_bytes)
{
    *reg(REG_CONTROL) = CONTROL_SPI;
    *reg(REG_DFSIZE) = 8;
    *reg(REG_CONTROL) = CONTROL_SPI | CONTROL_ON | n_bytes << FRAMES_SHIFT;
    *reg(REG_SELECT) = CHIP_NOR;
}

static uint8_t exchange(uint32_t byte)
{
    *reg(REG_TX) = byte & 0xFFU;
    while ((*reg(REG_STATUS) & STATUS_EMPTY) != 0) {
    }
    return (uint8_t)*reg(REG_RX);
}

/* Command and address; `n_bytes` of data follow. */
static void begin_at(uint8_t command, uint32_t addr, uint32_t n_bytes)
{
    begin(4U + n_bytes);
    (void)exchange(command);
    (void)exchange(addr >> 16);
    (void)exchange(addr >> 8);
    (void)exchange(addr);
}

static bool is_busy(void)
{
    begin(2);
    (void)exchange(CMD_READ_STATUS);
    return (exchange(0) & STATUS_BUSY) != 0;
}

static void write_enable(void)
{
    begin(1);
    (void)exchange(CMD_WRITE_ENABLE);
}

void nor_init(void)
{
    *reg(REG_CONTROL) = CONTROL_RST | CONTROL_INIT;
    *reg(REG_CONTROL) = CONTROL_INIT;
    begin(4);
    (void)exchange(CMD_READ_ID);
    uint32_t id = (uint32_t)exchange(0) << 16;
    id |= (uint32_t)exchange(0) << 8;
    id |= exchange(0);
    present = id == S25SL128P_ID;
}

static bool in_chip(uint32_t addr, uint32_t n_bytes)
{
    return present && addr <= NOR_BYTES && n_bytes <= NOR_BYTES - addr;
}

static enum fota_err nor_read(void *ctx, uint32_t addr, uint8_t *dst, uint32_t n_bytes)
{
    (void)ctx;
    if (!in_chip(addr, n_bytes)) return FOTA_E_FLASH;
    while (n_bytes != 0) {
        const uint32_t n = n_bytes < READ_MAX_BYTES ? n_bytes : READ_MAX_BYTES;
        begin_at(CMD_READ, addr, n);
        for (uint32_t i = 0; i < n; i++) {
            dst[i] = exchange(0);
        }
        addr += n;
        dst += n;
        n_bytes -= n;
    }
    return FOTA_OK;
}

static enum fota_err nor_program(void *ctx, uint32_t addr, const uint8_t *src, uint32_t n_bytes)
{
    (void)ctx;
    if (!in_chip(addr, n_bytes) || n_bytes > PAGE_BYTES - addr % PAGE_BYTES)
        return FOTA_E_FLASH;
    write_enable();
    begin_at(CMD_PAGE_PROGRAM, addr, n_bytes);
    for (uint32_t i = 0; i < n_bytes; i++) {
        (void)exchange(src[i]);
    }
    for (uint32_t polls = 0; is_busy(); polls++) {
        if (polls == PROGRAM_POLLS) return FOTA_E_FLASH;
    }
    return FOTA_OK;
}

static enum fota_err nor_erase(void *ctx, uint32_t addr)
{
    (void)ctx;
    if (!in_chip(addr, SECTOR_BYTES) || addr % SECTOR_BYTES != 0) return FOTA_E_FLASH;
    if (erasing != addr) {
        write_enable();
        begin_at(CMD_SECTOR_ERASE, addr, 0);
        erasing = addr;
    }
    if (is_busy()) return FOTA_BUSY;
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
