#!/usr/bin/env python3
"""The Emcraft SF2 SOM under QEMU: sectors of 64 KiB, code in SRAM, resources in DDR.  Arguments: source folder, build folder."""
import pathlib
import struct
import sys
import zlib

import board_test


def tones(build):
    """What AT+QTONE must say, by release: from the files that the firmware was built with."""
    answers = {}
    for release in (7, 8):
        data = (pathlib.Path(build) / f"board/emcraft-sf2/generated/tones-a0{release}.bin").read_bytes()
        n, = struct.unpack_from("<I", data)
        found = {"w": "ERROR"}
        for i in range(n):
            name, off, n_bytes = struct.unpack_from("<III", data, 4 + 12 * i)
            values = struct.unpack_from(f"<{n_bytes // 2}h", data, off)
            crc = zlib.crc32(data[off:off + n_bytes])
            found[chr(name)] = f'+QTONE: {n_bytes // 2},{max(values)},"{crc:08X}"'
        answers[release] = [(f'AT+QTONE="{name}"', text) for name, text in found.items()]
    return answers


def port(source, build):
    return board_test.Port("emcraft-sf2", "emcraft-sf2", source, build, sector_bytes=65536, watchdog=False,
                           least_sectors=5, answers=tones(build), exact_cuts=12, random_cuts=6)


if __name__ == "__main__":
    board_test.run(port(*sys.argv[1:3]))
