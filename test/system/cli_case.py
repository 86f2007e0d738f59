# SPDX-License-Identifier: MIT
"""What the tests of the fota program share: images, a folder with keys and packages, and a run that checks how a
failure is told.  The build folder is the first argument of the test program."""
import pathlib
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

BUILD = pathlib.Path(sys.argv[1]).resolve()
SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent
FOTA = BUILD / "fota"
SLOT = 0x80000

OK, INTERNAL, USAGE, IO, EXISTS, IMAGE, KEY = 0, 1, 2, 3, 4, 6, 7
FORMAT, TRUNCATED, VERSION, FEATURE, SIGNATURE, UNKNOWN_KEY = 10, 11, 12, 13, 14, 15
PRODUCT, BASE, ALREADY, GEOMETRY, RAM, STAGING, SLOT_SPACE, BODY_HASH = 16, 17, 18, 20, 21, 22, 23, 24
OVERLONG, PROFILE = 29, 44


def firmware(n_bytes, version, seed=1):
    """Something that looks like code, with a version string in it."""
    rng = random.Random(seed)
    words = [rng.getrandbits(32) for _ in range(200)]
    data = b"".join(struct.pack("<I", words[rng.randrange(200)] ^ rng.randrange(16)) for _ in range(n_bytes // 4 + 1))
    return data[:100] + version.encode() + b"\0" + data[101 + len(version):n_bytes]


def changed(data, version, seed=2):
    """The next version: bytes changed here and there, a block put in, a block moved."""
    rng = random.Random(seed)
    out = bytearray(data)
    for _ in range(60):
        out[rng.randrange(200, len(out))] = rng.randrange(256)
    block = bytes(out[5000:7000])
    out[9000:9000] = bytes(rng.randrange(256) for _ in range(300))
    out[12000:14000] = block
    out[100:101 + len(version)] = version.encode() + b"\0"
    return bytes(out)


def intel_hex(data, addr=0x08000000):
    def record(kind, off, payload):
        body = bytes([len(payload), off >> 8, off & 255, kind]) + payload
        return ":" + (body + bytes([-sum(body) & 255])).hex().upper() + "\r\n"
    lines = []
    for at in range(0, len(data), 32):
        if at % 0x10000 == 0:
            lines.append(record(4, 0, struct.pack(">H", (addr + at) >> 16)))
        lines.append(record(0, (addr + at) & 0xFFFF, data[at:at + 32]))
    return ("".join(lines) + record(1, 0, b"")).encode()


def elf(data, addr=0x08000000):
    """A 32-bit ARM executable with one loadable segment and no sections."""
    ident = b"\x7fELF\x01\x01\x01" + bytes(9)
    head = ident + struct.pack("<HHIIIIIHHHHHH", 2, 40, 1, addr, 52, 0, 0, 52, 32, 1, 40, 0, 0)
    segment = struct.pack("<IIIIIIII", 1, 84, addr, addr, len(data), len(data), 5, 4)
    return head + segment + data


PROFILE_TEXT = """profile mixed
flash inner sectors=4x16K,1x64K,3x128K program=8 page=256
flash outer sectors=256x4K
area slot     inner 0 0x80000
area staging  outer 0 0x60000
area scratch  outer 0x60000 0x20000
area journal  outer 0x80000 12K
area identity outer 0x83000 8K
area settings outer 0x85000 8K
decoder 16K
"""
# An outer flash of larger sectors for the ring: its sectors must hold the slot's largest.
PROFILE_TEXT = PROFILE_TEXT.replace("flash outer sectors=256x4K", "flash outer sectors=256x4K,4x128K") \
    .replace("area scratch  outer 0x60000 0x20000", "area scratch  outer 0x100000 512K")


class Case(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.shared = pathlib.Path(tempfile.mkdtemp(prefix="fota_cli."))
        cls.old = firmware(40000, "A07")
        cls.new = changed(cls.old, "A08")
        (cls.shared / "old.bin").write_bytes(cls.old)
        (cls.shared / "new.bin").write_bytes(cls.new)
        for name in ("maker", "other"):
            subprocess.run([FOTA, "keygen", "-q", cls.shared / name], check=True)
        cls.package = cls.make(cls.shared / "delta.fota")
        cls.full = cls.make(cls.shared / "full.fota", full=True)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.shared)

    @classmethod
    def make(cls, path, *options, full=False):
        command = [FOTA, "diff", "-q", "--key", cls.shared / "maker.key", "--product", "M95", "--to-version", "A08"]
        command += ["--full"] if full else ["--from-version", "A07", cls.shared / "old.bin"]
        subprocess.run(command + [cls.shared / "new.bin", "-o", path, *options], check=True)
        return path.read_bytes()

    def setUp(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="fota_cli."))
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)
        for name in ("old.bin", "new.bin", "maker.key", "maker.pub", "other.key", "other.pub", "delta.fota", "full.fota"):
            shutil.copy2(self.shared / name, self.dir / name)

    def put(self, name, data):
        (self.dir / name).write_bytes(data if isinstance(data, bytes) else data.encode())
        return name

    def get(self, name):
        return (self.dir / name).read_bytes()

    def listing(self):
        return {p.name: p.read_bytes() for p in self.dir.iterdir() if p.is_file()}

    def run_fota(self, *args, code=OK, **options):
        """Run; check the exit code, and that a failure says what, and what to do, and changes no file."""
        before = self.listing()
        run = subprocess.run([FOTA, *[str(a) for a in args]], cwd=self.dir, stdin=subprocess.DEVNULL,
                             capture_output=True, text=True, timeout=120, check=False, start_new_session=True, **options)
        self.assertEqual(run.returncode, code, f"{args}\n{run.stdout}{run.stderr}")
        self.assertNotIn("\r", run.stderr, "a progress bar where nobody looks")
        if code != OK:
            lines = [l for l in run.stderr.splitlines() if not l.startswith("fota: warning: ")]
            self.assertEqual(len(lines), 2, run.stderr)
            self.assertRegex(lines[0], r"^fota: .+")
            self.assertRegex(lines[1], r"^remedy: .+")
            self.assertEqual(self.listing(), before, "files changed")
        return run

    def diff(self, *args, code=OK, out="out.fota", old="old.bin", new="new.bin", **options):
        return self.run_fota("diff", "--key", "maker.key", "--product", "M95", "--from-version", "A07", "--to-version",
                             "A08", old, new, "-o", out, *args, code=code, **options)
