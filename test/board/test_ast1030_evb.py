#!/usr/bin/env python3
"""The AST1030 evaluation board under QEMU.  Arguments: source folder, build folder."""
import sys

import board_test


def set_supply(board, good):
    board.command("qom-set", path="/machine/soc/gpio", property="gpioA0", value=not good)


def port(source, build):
    return board_test.Port("ast1030-evb", "ast1030-evb,fmc-model=w25q80bl", source, build,
                           spin_address=0x3F000, set_supply=set_supply)


if __name__ == "__main__":
    board_test.run(port(*sys.argv[1:3]))
