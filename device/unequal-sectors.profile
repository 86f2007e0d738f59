# Sectors of 16, 64 and 128 KiB (as STM32F4): two large ones as scratch; what is written often is
# kept in a small SPI NOR
profile unequal
flash internal sectors=4x16384,1x65536,7x131072 program=4 page=256
flash nor      sectors=256x4096 program=1 page=256
area slot     internal 0x008000 0x058000
area scratch  internal 0x060000 0x040000
area staging  nor      0x000000 0x080000
area journal  nor      0x080000 0x003000
area identity nor      0x083000 0x002000
area settings nor      0x085000 0x002000
decoder 16384
