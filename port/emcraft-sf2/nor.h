/* SPDX-License-Identifier: MIT */
/* The SPI NOR on SPI 0 of the SmartFusion2: Spansion S25SL128P, 16 MiB, sectors of 64 KiB,
 * pages of 256 bytes.  Registers: SmartFusion2 Microcontroller Subsystem User Guide (UG0331),
 * SPI. */
#ifndef FOTA_PORT_EMCRAFT_SF2_NOR_H
#define FOTA_PORT_EMCRAFT_SF2_NOR_H

/* Before the first use of board_flash_nor (board_layout.h). */
void nor_init(void);

#endif
