#!/usr/bin/env python3
"""The main job on real firmware, with the real programs: make a package, bring it to a virtual
module by AT commands, update in place, see the new version; then go back to the old one and cut
the power in the middle.

Firmware: Pybricks for the LEGO SPIKE Prime hub (STM32F4, MIT), versions 3.3.0b3 and 3.6.0b5, from
the npm registry, pinned by hash and kept in .cache/."""
import hashlib
import io
import json
import os
import pathlib
import re
import select
import shlex
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import termios
import time
import tty
import zipfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOTA = ROOT / "build" / "fota"
CACHE = ROOT / ".cache" / "pybricks"
# npm version, SHA-256 of the archive, of the image, version string in the image
OLD = ("7.2.0", "dd3d3153c674f537e41bc83bd8306d1310c868fbde501b236aed77b0a00fd2e6",
       "498c39667b98dff18bef09b45c33a6af0db37f833ae4ec390fc6a3bec60f275e", "v3.3.0b3")
NEW = ("7.22.0", "7291caad7806de517fa439e1ff214d17e299eb03370f31a0660f47946c65fc3c",
       "1d2ccf6b71e121c7768e704343420de18b1c6ff6cba4cf896660ab1753d664af", "v3.6.0b5")
UNITS_MIN = 5
SIZE_MAX = 0.6  # of the full package, else the delta is none


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def title(text):
    print(f"\n=== {text}", flush=True)


def fail(text):
    sys.exit(f"demo: {text}")


# ---- firmware ----

def archive(version, digest):
    name = f"pybricks-firmware-{version}.tgz"
    path = CACHE / name
    if not path.exists() or sha256(path.read_bytes()) != digest:
        CACHE.mkdir(parents=True, exist_ok=True)
        subprocess.run(["npm", "pack", "--silent", "--pack-destination", str(CACHE),
                        f"@pybricks/firmware@{version}"], check=True, stdout=subprocess.DEVNULL)
    data = path.read_bytes()
    if sha256(data) != digest:
        fail(f"{path}: not the archive that was pinned")
    return data


def firmware(version, archive_digest, image_digest, _):
    with tarfile.open(fileobj=io.BytesIO(archive(version, archive_digest))) as tar:
        data = tar.extractfile("package/build/primehub.zip").read()
    with zipfile.ZipFile(io.BytesIO(data)) as inner:
        image = inner.read("firmware-base.bin")
    if sha256(image) != image_digest:
        fail(f"image of {version}: not the one that was pinned")
    return image


# ---- programs ----

def show(arguments):
    print("$ " + shlex.join(["fota", *map(str, arguments)]), flush=True)


def fota(*arguments, quiet=False):
    if not quiet:
        show(arguments)
    done = subprocess.run([str(FOTA), *map(str, arguments)], stdout=subprocess.PIPE, text=True,
                          check=False)
    if not quiet:
        print(done.stdout, end="", flush=True)
    if done.returncode != 0:
        fail(f"fota {arguments[0]} ended with status {done.returncode}")
    return done.stdout


class Module:
    """A running virtual module."""

    def __init__(self, *arguments):
        show(("module", *arguments))
        self.errors = tempfile.TemporaryFile(mode="w+")
        self.process = subprocess.Popen([str(FOTA), "module", *map(str, arguments)],
                                        stdout=subprocess.PIPE, stderr=self.errors, text=True)
        line = self.process.stdout.readline()
        print(line, end="", flush=True)
        if not line:
            fail("the module does not start: " + self.stderr())

    def stderr(self):
        self.errors.seek(0)
        return self.errors.read()

    def stop(self):
        """Take the power away; returns what it said."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=30)
        return self.stderr()


class Terminal:
    """A plain terminal on the module's line."""

    def __init__(self, link):
        self.fd = os.open(link, os.O_RDWR | os.O_NOCTTY)
        tty.setraw(self.fd, termios.TCSANOW)
        self.pending = b""

    def line(self, seconds=30):
        end = time.monotonic() + seconds
        while b"\n" not in self.pending:
            if not select.select([self.fd], [], [], max(0, end - time.monotonic()))[0]:
                fail(f"the module is silent (after {self.pending!r})")
            self.pending += os.read(self.fd, 4096)
        line, _, self.pending = self.pending.partition(b"\n")
        return line.rstrip(b"\r").split(b"\r")[-1].decode("ascii")

    def ask(self, command):
        """Send a command, print and return its answer."""
        os.write(self.fd, command.encode() + b"\r")
        print(f"  > {command}")
        answer = []
        while not answer or not re.fullmatch(r"OK|ERROR|\+CME ERROR: .*", answer[-1]):
            line = self.line()
            if line and line != command and line != "RDY":
                answer.append(line)
                print(f"  < {line}", flush=True)
        return answer

    def close(self):
        os.close(self.fd)


def ask_version(link, expected, starting=False):
    terminal = Terminal(link)
    while starting and terminal.line() != "RDY":
        pass
    answer = terminal.ask("ATI")
    terminal.close()
    if f"Revision: {expected}" not in answer:
        fail(f"ATI does not show {expected}")


class Folder:
    """Prints the module's lines, most numbers of the percent lines left out."""

    def __init__(self, prefix="  < "):
        self.prefix = prefix
        self.dots = False
        self.percent = []

    def line(self, line):
        found = re.fullmatch(r"(?:< )? ?Update  percent = (\d+)%", line)
        if found:
            self.percent.append(int(found[1]))
            if 3 < len(self.percent) and self.percent[-1] < 99:
                if not self.dots:
                    print(f"{self.prefix}       .......", flush=True)
                self.dots = True
                return
        self.dots = False
        print(self.prefix + line, flush=True)


def send(package, link, folder, *options):
    """fota send, its lines shown as they come.  Returns its exit status."""
    arguments = ("send", package, "--port", link, "--mode", "qfua", *options, "-v")
    show(arguments)
    process = subprocess.Popen([str(FOTA), *map(str, arguments)], stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True)
    for line in process.stdout:
        folder.line(line.rstrip("\n"))
    return process.wait()


# ---- the demo ----

def make_packages():
    title("a delta package for the way from v3.3.0b3 to v3.6.0b5")
    fota("keygen", "maker")
    common = ("--key", "maker.key", "--product", "PRIMEHUB")
    fota("diff", *common, "--from-version", OLD[3], "--to-version", NEW[3], "old.bin", "new.bin",
         "-o", "up.fota")
    fota("info", "up.fota")
    fota("diff", *common, "--to-version", NEW[3], "--full", "new.bin", "-o", "full.fota",
         quiet=True)
    delta, full = (pathlib.Path(name).stat().st_size for name in ("up.fota", "full.fota"))
    image = pathlib.Path("new.bin").stat().st_size
    units = json.loads(fota("info", "up.fota", "--json", quiet=True))["units"]
    print(f"\nimage {image} bytes, full package {full} bytes, delta package {delta} bytes: "
          f"{100 * delta / image:.1f} % of the image, in {units} units")
    if units < UNITS_MIN:
        fail(f"{units} units, fewer than {UNITS_MIN}: that is no update in place")
    if delta > SIZE_MAX * full:
        fail("the delta package is hardly smaller than the full one")


def update(link):
    title("a module with v3.3.0b3")
    module = Module("--flash", "hub.flash", "--init", "old.bin", "--version", OLD[3],
                    "--product", "PRIMEHUB", "--pub", "maker.pub", "--tty", link, "-v")
    ask_version(link, OLD[3], starting=True)
    title("the update, every line of the module behind <")
    folder = Folder("  ")
    if send("up.fota", link, folder) != 0:
        fail("the update failed")
    if folder.percent != list(range(1, 101)):
        fail("the percent numbers are not 1 to 100")
    ask_version(link, NEW[3])
    return int(re.findall(r"(\d+) flash operations", module.stop())[-1])


def update_with_power_cut(link, n_operations):
    title("back to v3.3.0b3 (same security counter: allowed), and the power fails in the middle")
    fota("diff", "--key", "maker.key", "--product", "PRIMEHUB", "--from-version", NEW[3],
         "--to-version", OLD[3], "new.bin", "old.bin", "-o", "back.fota")
    module = Module("--flash", "hub.flash", "--tty", link, "--power-cut-after",
                    f"{n_operations // 2}:torn")
    folder = Folder("  ")
    status = send("back.fota", link, folder, "--reopen-ms", "0")
    said = module.stop()
    print(f"fota send ended with status {status}\n{said}", end="")
    if status == 0 or "power cut inside" not in said:
        fail("the power was not cut")
    if not folder.percent or folder.percent[-1] >= 100:
        fail("the power was not cut during the update")

    title("power is back: nobody sends anything, the boot loader goes on")
    module = Module("--flash", "hub.flash", "--tty", link)
    terminal = Terminal(link)
    rest = Folder()
    line = ""
    while line != "RDY":
        line = terminal.line()
        if line:
            rest.line(line)
    terminal.close()
    if rest.percent[-1:] != [100]:
        fail("the update was not finished")
    ask_version(link, OLD[3])
    module.stop()


def main():
    if not FOTA.exists():
        fail(f"{FOTA} is missing: run make build")
    begin = time.monotonic()
    images = [firmware(*OLD), firmware(*NEW)]
    directory = tempfile.mkdtemp(prefix="fota-demo-")
    try:
        os.chdir(directory)
        pathlib.Path("old.bin").write_bytes(images[0])
        pathlib.Path("new.bin").write_bytes(images[1])
        make_packages()
        n_operations = update("ttyHUB")
        update_with_power_cut("ttyHUB", n_operations)
        print(f"\ndone in {time.monotonic() - begin:.1f} s: updated, cut, finished; "
              "every byte proven by the hash that ATI is bound to")
    finally:
        os.chdir("/")
        shutil.rmtree(directory)


if __name__ == "__main__":
    main()
