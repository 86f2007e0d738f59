# AST1030 evaluation board: everything on one SPI NOR (W25Q80BL, 1 MiB, 4 KiB sectors)
profile ast1030-evb
flash nor sectors=256x4096 program=1 page=256 erased=0xff write-once=no
area slot     nor 0x000000 0x040000
area staging  nor 0x040000 0x040000
area scratch  nor 0x080000 0x008000
area journal  nor 0x088000 0x003000
area identity nor 0x08b000 0x002000
area settings nor 0x08d000 0x002000
decoder 16384
