#!/usr/bin/env python3
"""The micro:bit under QEMU: code executed in place.  Arguments: source folder, build folder."""
import sys

import board_test
from emulator import InternalFlashEmulator


def port(source, build):
    return board_test.Port("microbit", "microbit", source, build, flash_name="nvm", sector_bytes=1024,
                           watchdog=False, emulator=InternalFlashEmulator,
                           emulator_options={"boot_bytes": 0xF000}, exact_cuts=24, random_cuts=8)


if __name__ == "__main__":
    board_test.run(port(*sys.argv[1:3]))
