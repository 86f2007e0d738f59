/* SPDX-License-Identifier: MIT */
/* The sound samples that make_tones.py wrote. */
    .section .rodata.firmware_tones, "a"
    .balign 4
    .global firmware_tones
firmware_tones:
    .incbin FIRMWARE_TONES
    .balign 4
