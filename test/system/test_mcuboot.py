#!/usr/bin/env python3
"""Beside MCUboot: images signed by MCUboot's imgtool, our delta between them, decoded from the primary into the
secondary slot of a simulated device and marked as imgtool's --pad marks it.  The power is cut in every flash
operation."""
import contextlib
import io
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

from fotatest import BUILD, NEW, OLD, ROOT, fota, make_image

sys.path.insert(0, str(ROOT / ".cache/imgtool"))  # scripts/fetch_imgtool.sh
from imgtool.main import imgtool as imgtool_program  # pylint: disable=wrong-import-position

SCRATCH, MOVE, OFFSET = range(3)
HEADER = 512
DRAWS = 4  # torn operations: what they leave is drawn
SWAP_TYPE = {"test": 2, "permanent": 3}  # MCUboot's BOOT_SWAP_TYPE_TEST, _PERM


def imgtool(*arguments):
    """Run one of its commands; it raises what it does not like.  Returns what it prints."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        imgtool_program([str(argument) for argument in arguments], standalone_mode=False)
    return printed.getvalue()


class Layout:
    """A flash with two slots of MCUboot's, and what fota needs behind them."""

    def __init__(self, mode, write, align, max_sectors, sector=4096, n_sectors=16):
        self.mode, self.write, self.align, self.max_sectors = mode, write, align, max_sectors
        self.sector, self.slot_bytes = sector, sector * n_sectors
        trailer = 3 * max_sectors * write + (5 if mode == OFFSET else 4) * align + max(align, 16)
        n_image = n_sectors - -(-trailer // sector) - (0 if mode == SCRATCH else 1)
        self.image_off = sector if mode == OFFSET else 0
        self.magic_off = self.slot_bytes - max(align, 16)
        places = [0, self.slot_bytes + self.image_off]
        text = f"profile beside\nflash nor sectors={2 * n_sectors + 24}x{sector} program={write} page=256\n"
        for name, place in zip(("slot", "slot2"), places):
            text += f"area {name} nor {place} {n_image * sector}\n"
        place = 2 * self.slot_bytes
        for name, sectors in ("staging", 16), ("journal", 3), ("identity", 2), ("settings", 2):
            text += f"area {name} nor {place} {sectors * sector}\n"
            place += sectors * sector
        self.profile = text + "decoder 16384\n"

    def __str__(self):
        return f"mode {self.mode}, write {self.write}, align {self.align}, {self.max_sectors} sectors, " \
               f"slot {self.slot_bytes}"


LAYOUTS = [
    Layout(SCRATCH, 1, 8, 128),
    Layout(SCRATCH, 2, 8, 128, n_sectors=20),
    Layout(MOVE, 4, 8, 64),
    Layout(OFFSET, 8, 8, 128, sector=2048, n_sectors=12),
    Layout(SCRATCH, 8, 32, 256, n_sectors=18),
    Layout(OFFSET, 16, 16, 64, sector=1024, n_sectors=20),
    Layout(OFFSET, 32, 32, 256, sector=8192),
]


class BesideMcuboot(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.home = home = pathlib.Path(tempfile.mkdtemp(prefix="fota-mcuboot-"))
        cls.addClassCleanup(shutil.rmtree, home)
        fota("keygen", home / "maker")
        imgtool("keygen", "-k", home / "boot.pem", "-t", "ecdsa-p256")
        old = make_image(OLD, 9_000, seed=8)
        (home / "old.bin").write_bytes(old)
        (home / "new.bin").write_bytes(old[:4_000].replace(OLD.encode(), NEW.encode()) +
                                       make_image("", 900, seed=9) + old[4_000:])
        cls.old = cls.sign("old", "1.2.3", LAYOUTS[0])
        cls.new = cls.sign("new", "1.3.0+77", LAYOUTS[0])

    @classmethod
    def sign(cls, name, version, layout, *options):
        out = cls.home / f"{name}{''.join(options)}.img"
        imgtool("sign", "-k", cls.home / "boot.pem", "--version", version, "--header-size", HEADER, "--pad-header",
                "--slot-size", layout.slot_bytes, "--align", layout.write, "--max-align", layout.align,
                "--max-sectors", layout.max_sectors, *options, cls.home / f"{name}.bin", out)
        return out

    def make_package(self, layout):
        (self.home / "profile").write_text(layout.profile)
        fota("diff", "--key", self.home / "maker.key", "--product", "M95", "--from-version", "1.2.3", "--to-version",
             "1.3.0+77", "--device", self.home / "profile", self.old, self.new, "-f", "-o", self.home / "up.fota")

    def run_device(self, layout, swap, draws):
        """Returns the secondary slot and what the device has told."""
        home = self.home
        done = subprocess.run([BUILD / "mcuboot_device", home / "profile", home / "maker.pub", self.old, self.new,
                               home / "up.fota", f"0:{layout.slot_bytes}",
                               f"{layout.slot_bytes}:{layout.slot_bytes}", str(layout.mode), str(layout.align),
                               str(layout.max_sectors), swap, home / "secondary", str(draws)],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=280, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return (home / "secondary").read_bytes(), done.stdout

    def check_trailer(self, layout, slot, swap):
        """Byte for byte that of imgtool; and the swap type, which boot_set_pending() writes and imgtool does not."""
        padded = bytearray(self.sign("new", "1.3.0+77", layout, "--pad" if swap == "test" else "--confirm")
                           .read_bytes())
        self.assertEqual(len(padded), layout.slot_bytes)
        swap_info = layout.magic_off - 3 * layout.align
        self.assertEqual(padded[swap_info], 0xFF)
        padded[swap_info] = SWAP_TYPE[swap]
        trailer = 3 * layout.max_sectors * layout.write + 4 * layout.align + max(layout.align, 16)
        self.assertEqual(slot[-trailer:], bytes(padded[-trailer:]))

    def test_the_secondary_slot_is_what_imgtool_makes(self):
        image = self.new.read_bytes()
        for layout in LAYOUTS:
            self.make_package(layout)
            for swap in SWAP_TYPE:
                with self.subTest(layout=str(layout), swap=swap):
                    slot, told = self.run_device(layout, swap, 0)
                    begin = layout.image_off
                    self.assertEqual(slot[begin:begin + len(image)], image)
                    if begin:  # MCUboot takes a header there for a misplaced image
                        self.assertEqual(set(slot[:begin]), {0xFF})
                    (self.home / "taken").write_bytes(slot[begin:])
                    self.assertIn("Image was correctly validated",
                                  imgtool("verify", "-k", self.home / "boot.pem", self.home / "taken"))
                    self.assertIn("swapped: 1.3.0+77\n", told)
                    self.assertIn("swapped back: 1.2.3\n", told)
                    self.check_trailer(layout, slot, swap)

    def test_the_power_may_fail_in_every_operation(self):
        for layout, swap in (LAYOUTS[3], "permanent"), (LAYOUTS[5], "test"):
            with self.subTest(layout=str(layout)):
                self.make_package(layout)
                _, told = self.run_device(layout, swap, DRAWS)
                print(layout, told.splitlines()[-1])
                operations, cuts, asked = (int(word) for word in told.splitlines()[-1].replace(",", "").split()
                                           if word.isdigit())
                self.assertGreater(operations, 50)
                self.assertEqual(cuts, operations * (2 + DRAWS))
                self.assertLess(asked, 30)  # the result stood there, the mark not yet


if __name__ == "__main__":
    unittest.main()
