"""doc/package-format.md and doc/codec.md say enough to write a decoder: one that was makes the same images."""
import pathlib
import random
import struct
import tempfile
import unittest

from fotatest import NEW, OLD, fota
from second_decoder import Malformed, Package, decode
from second_isa import Thumb

ADDRESS, RAM = 0x08008000, 0x20000000


def thumb_image(version, n_functions, seed, extra=(), edits=0):
    """Functions that call one another, with literal pools of pointers and RAM words.  Those in `extra` are longer,
    and have moved what lies behind 800h in RAM."""
    rng = random.Random(seed)
    sizes = [rng.randrange(40, 120) & ~3 for _ in range(n_functions)]
    entries = [ADDRESS + 0x201 + 4 * rng.randrange(2000) for _ in range(16)]
    image = bytearray(struct.pack("<16I", RAM + 0x8000, *entries[1:]) + version.encode() + bytes(16))
    image += bytes(-len(image) % 4)
    begins, at = [], len(image)
    for i, size in enumerate(sizes):
        begins.append(at)
        at += size + 24 + (48 if i in extra else 0)
    for i, size in enumerate(sizes):
        body = bytearray(struct.pack("<H", 0xB510))
        while len(body) < size - 6:
            kind = rng.random()
            if kind < 0.15:
                target = begins[rng.randrange(n_functions) // 3]
                body += struct.pack("<I", Thumb.set_call(0xD000F000, target - (begins[i] + len(body))))
            elif kind < 0.3:
                pool = begins[i] + size + 4 * rng.randrange(6)
                pc = begins[i] + len(body) + 4 & ~3
                body += struct.pack("<H", 0x4800 | rng.randrange(8) << 8 | (pool - pc) // 4)
            elif kind < 0.4:
                body += struct.pack("<H", 0xD000 | rng.randrange(14) << 8 | rng.randrange(256))
            else:
                body += struct.pack("<H", rng.choice((0x2000, 0x6800, 0x4600, 0x1C00)) | rng.randrange(64))
        body += bytes(size - len(body))
        for _ in range(3):
            body += struct.pack("<I", ADDRESS + begins[rng.randrange(n_functions)] | 1)
        for _ in range(3):
            variable = 4 * rng.randrange(1500)
            body += struct.pack("<I", RAM + variable + (64 if extra and variable >= 0x800 else 0))
        image += body + (b"\x00\xBF" * 24 if i in extra else b"")
    for _ in range(edits):
        place = rng.randrange(128, len(image) - 8)
        image[place:place + rng.randrange(1, 8)] = rng.randbytes(rng.randrange(1, 8))
    return bytes(image)


class SecondDecoder(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.path = pathlib.Path(cls.folder.name)
        fota("keygen", cls.path / "k")
        cls.old = thumb_image(OLD, 250, 7)
        cls.new = thumb_image(NEW, 250, 7, extra=(40, 41, 120, 200), edits=80)
        (cls.path / "old.bin").write_bytes(cls.old)
        (cls.path / "new.bin").write_bytes(cls.new)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def package(self, *options, full=False):
        out = self.path / "p.fota"
        images = [self.path / "new.bin"] if full else [self.path / "old.bin", self.path / "new.bin"]
        versions = ["--to-version", NEW] + ([] if full else ["--from-version", OLD])
        fota("diff", "-f", "--key", self.path / "k.key", "--product", "M95", *versions, *options, *images, "-o", out)
        return out.read_bytes()

    def test_in_place(self):
        package = self.package("--sector", 1024, "--scratch", 3)
        self.assertEqual(Package(package).arch, 1)
        self.assertGreater(Package(package).n_units, 3)
        self.assertEqual(decode(package, self.old, 1024), self.new)

    def test_two_slots(self):
        package = self.package("--sector", 4096, "--slots", 2)
        self.assertEqual(decode(package, self.old, 4096), self.new)

    def test_full(self):
        package = self.package("--full", "--sector", 2048, full=True)
        self.assertEqual(decode(package, b"", 2048), self.new)

    def test_a_wrong_base_is_refused(self):
        package = self.package("--sector", 1024, "--scratch", 3)
        with self.assertRaises(Malformed):
            decode(package, self.old[:-1] + b"\0", 1024)


if __name__ == "__main__":
    unittest.main(verbosity=2)
