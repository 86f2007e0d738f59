#!/usr/bin/env python3
"""The virtual module built for a foreign machine takes a package made on this one, in both modes, with
its power cut in between; the flash file it leaves is then read by the module of this machine.
Arguments: foreign fota-module, its emulator, build folder of this machine."""
import pathlib
import re
import subprocess
import sys
import tempfile

MODULE, EMULATOR, BUILD = sys.argv[1:4]
BUILD = pathlib.Path(BUILD)
OLD, NEW = "A07", "A08"


def images():
    """Two releases of a program of some size: the boards' firmware, or else objects of the core."""
    board = BUILD / "board" / "ast1030-evb"
    pair = [board / f"firmware-a0{n}.bin" for n in (7, 8)]
    if not all(p.exists() for p in pair):
        sys.exit("the board firmware has not been built")
    return pair


def fota(*arguments):
    done = subprocess.run([BUILD / "fota", *map(str, arguments)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"fota {arguments[0]}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


class Module:
    """A running virtual module; `place` is where `fota send` finds it."""

    def __init__(self, program, flash, *options):
        self.process = subprocess.Popen([*program, "--flash", flash, "--listen", "127.0.0.1:0", *options],
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        said = ""
        for line in self.process.stdout:
            said += line
            found = re.search(r"(127\.0\.0\.1:\d+)", line)
            if found:
                self.place = "tcp://" + found[1]
                return
        sys.exit(f"the module does not say where it listens: {said}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def main():
    foreign, native = [EMULATOR, MODULE], [str(BUILD / "fota-module")]
    old, new = images()
    with tempfile.TemporaryDirectory() as folder:
        tmp = pathlib.Path(folder)
        fota("keygen", tmp / "maker")
        package, back = tmp / "p.fota", tmp / "back.fota"
        common = ["diff", "--key", tmp / "maker.key", "--product", "M95"]
        fota(*common, "--from-version", OLD, "--to-version", NEW, old, new, "-o", package)
        fota(*common, "--from-version", NEW, "--to-version", OLD, new, old, "-o", back)
        flash = tmp / "flash"
        make = ["--init", old, "--version", OLD, "--product", "M95", "--pub", tmp / "maker.pub"]
        with Module(foreign, flash, *make) as module:
            fota("send", package, "--port", module.place, "--mode", "qfua", "--expect-version", NEW)
        with Module(native, flash) as module:
            fota("send", back, "--port", module.place, "--mode", "qfaw", "--expect-version", OLD)
        with Module(foreign, flash) as module:
            fota("send", package, "--port", module.place, "--mode", "qfaw", "--expect-version", NEW)
    print("updated there, back here, and there again, on one flash file")


if __name__ == "__main__":
    main()
