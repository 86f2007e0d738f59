# M95-like module: one SPI NOR of 2 MiB, 4 KiB sectors
profile m95
flash nor sectors=512x4096 program=1 page=256 erased=0xff write-once=no
area slot     nor 0x000000 0x080000
area staging  nor 0x080000 0x080000
area scratch  nor 0x100000 0x008000
area journal  nor 0x108000 0x003000
area identity nor 0x10b000 0x002000
area settings nor 0x10d000 0x002000
decoder 16384
