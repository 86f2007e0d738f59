# Emcraft SF2 SOM: everything on one SPI NOR (S25SL128P, 16 MiB, 64 KiB sectors)
profile emcraft-sf2
flash nor sectors=256x65536 program=1 page=256 erased=0xff write-once=no
area slot     nor 0x000000 0x080000
area staging  nor 0x080000 0x080000
area scratch  nor 0x100000 0x040000
area journal  nor 0x140000 0x030000
area identity nor 0x170000 0x020000
area settings nor 0x190000 0x020000
decoder 8192
