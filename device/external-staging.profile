# Microcontroller with 512 KiB of flash in 2 KiB pages, 8 bytes programmed at once and only once
# (as STM32L4), and the package received into an external SPI NOR
profile ext-staging
flash internal sectors=256x2048 program=8 page=256 write-once=yes
flash nor      sectors=128x4096 program=1 page=256
area slot     internal 0x00000 0x60000
area scratch  internal 0x60000 0x08000
area journal  internal 0x68000 0x01800
area identity internal 0x69800 0x01000
area settings internal 0x6a800 0x01000
area staging  nor      0x00000 0x80000
decoder 16384
