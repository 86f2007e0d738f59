#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Write the sound samples of the sample firmware, as a resource of some hundred KiB.

usage: make_tones.py RELEASE OUT

The sixteen DTMF signals of ITU-T Q.23, one second each, 16 bits at 8 kHz; release 8 has a call waiting tone before them,
and a softer '#'.  Layout, little-endian: count; for each tone its name, offset and bytes (32 bits each); samples."""
import math
import struct
import sys

RATE = 8000
LOW = (697, 770, 852, 941)
HIGH = (1209, 1336, 1477, 1633)
KEYS = "123A456B789C*0#D"


def samples(frequencies, seconds, peak):
    return b"".join(
        struct.pack("<h", round(sum(math.sin(2 * math.pi * f * i / RATE) for f in frequencies) / len(frequencies) * peak))
        for i in range(int(seconds * RATE)))


def main():
    release, out = int(sys.argv[1]), sys.argv[2]
    tones = [(key, samples((LOW[i // 4], HIGH[i % 4]), 1, 9000 if key == "#" and release >= 8 else 16000))
             for i, key in enumerate(KEYS)]
    if release >= 8:
        tones.insert(0, ("w", samples((440,), 0.3, 16000)))
    head, off = struct.pack("<I", len(tones)), 4 + 12 * len(tones)
    for name, data in tones:
        head += struct.pack("<III", ord(name), off, len(data))
        off += len(data)
    with open(out, "wb") as f:
        f.write(head + b"".join(data for _, data in tones))


if __name__ == "__main__":
    main()
