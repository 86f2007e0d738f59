/* SPDX-License-Identifier: MIT */
/* The SPI NOR behind the AST1030's flash controller (FMC, chip select 0): Winbond W25Q80BL,
 * 1 MiB, sectors of 4 KiB, pages of 256 bytes.  The controller is used in its user mode, in
 * which the program sends the chip's commands itself. */
#ifndef FOTA_PORT_AST1030_NOR_H
#define FOTA_PORT_AST1030_NOR_H

/* Before the first use of board_flash_nor (board_layout.h). */
void nor_init(void);

#endif
