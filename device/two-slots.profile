# Two slots in one SPI NOR: the new image is decoded beside the old one
profile two-slots
flash nor sectors=512x4096 program=1 page=256
area slot     nor 0x000000 0x080000
area slot2    nor 0x080000 0x080000
area staging  nor 0x100000 0x080000
area journal  nor 0x180000 0x003000
area identity nor 0x183000 0x002000
area settings nor 0x185000 0x002000
decoder 16384
