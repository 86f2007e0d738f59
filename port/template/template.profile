# Adapt: doc/device-profile.md
profile template
flash main sectors=128x4096 program=4 page=256 erased=0xff write-once=no
area slot     main 0x010000 0x030000
area staging  main 0x040000 0x030000
area scratch  main 0x070000 0x008000
area journal  main 0x078000 0x003000
area identity main 0x07b000 0x002000
area settings main 0x07d000 0x002000
decoder 16384
