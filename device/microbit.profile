# BBC micro:bit (nRF51822): everything in the 256 KiB of internal NOR, pages of 1 KiB; the boot
# loader has the first 60 KiB, the firmware runs in place in the slot
profile microbit
flash nvm sectors=256x1024 program=4 page=256 erased=0xff write-once=no
area slot     nvm 0x00f000 0x017000
area staging  nvm 0x026000 0x014000
area scratch  nvm 0x03a000 0x003000
area journal  nvm 0x03d000 0x000c00
area identity nvm 0x03dc00 0x000800
area settings nvm 0x03e400 0x000800
decoder 8192
