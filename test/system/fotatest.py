"""What the system tests share: the programs, firmware to try them on, a running virtual module, a
plain serial client."""
import functools
import json
import os
import pathlib
import random
import re
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest

import serial

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get("FOTA_BUILD", ROOT / "build"))
FOTA = BUILD / "fota"
SLOW = 5 if os.environ.get("FOTA_SLOW") else 1  # sanitizers
OLD, NEW = "M95FAR02A07", "M95FAR02A08"
ESCAPE_SECONDS = 1.0
POWER_CUT_STATUS = 200

# Exit codes and numbers: core/errors.def
CODE = {name: (int(code), int(cme), text) for name, code, cme, text in re.findall(
    r'FOTA_ERROR\((\w+), *(\d+), *(\d+), *"([^"]*)"', (ROOT / "core/errors.def").read_text())}


def code(name):
    return CODE[name][0]


# ---- firmware ----

def make_image(version, n_bytes, seed=1):
    """Bytes like code: words of a small vocabulary, addresses, tables."""
    rng = random.Random(seed)
    words = [rng.randbytes(rng.choice((2, 4, 4, 6, 8))) for _ in range(700)]
    image = bytearray(version.encode() + b"\0")
    while len(image) < n_bytes:
        image += rng.choice(words) if rng.random() < 0.9 else rng.randbytes(4)
    return bytes(image[:n_bytes])


def change_image(image, old_version, new_version, seed=2, edits=60):
    """A next version: something inserted, many small changes, a longer tail."""
    rng = random.Random(seed)
    image = bytearray(image.replace(old_version.encode(), new_version.encode()))
    for part in range(1, 7):
        place = len(image) * part // 8
        image[place:place] = rng.randbytes(3000)
    for _ in range(edits):
        place = rng.randrange(64, len(image) - 4)
        image[place:place + 4] = rng.randbytes(4)
    return bytes(image + rng.randbytes(3000))


OLD_IMAGE = make_image(OLD, 90_000)
NEW_IMAGE = change_image(OLD_IMAGE, OLD, NEW)


# ---- programs ----

def fota(*arguments, status=0, **more):
    """Run the tool; returns the finished process."""
    done = subprocess.run([str(FOTA), *map(str, arguments)], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=120, check=False, **more)
    if status is not None and done.returncode != status:
        raise AssertionError(f"fota {arguments} ended with {done.returncode}, not {status}\n"
                             f"{done.stdout}{done.stderr}")
    return done


@functools.lru_cache(None)
def workshop():
    """A directory with images, keys and packages, made once in a process."""
    directory = pathlib.Path(tempfile.mkdtemp(prefix="fota-system-"))
    unittest.addModuleCleanup(shutil.rmtree, directory)
    (directory / "old.bin").write_bytes(OLD_IMAGE)
    (directory / "new.bin").write_bytes(NEW_IMAGE)
    small = make_image(OLD, 60_000, seed=4)
    (directory / "small-old.bin").write_bytes(small)
    (directory / "small-new.bin").write_bytes(change_image(small, OLD, NEW))
    tiny = make_image(OLD, 20_000, seed=5)
    (directory / "tiny-old.bin").write_bytes(tiny)
    (directory / "tiny-new.bin").write_bytes(tiny[:9_000].replace(OLD.encode(), NEW.encode()) +
                                             make_image("", 1_200, seed=6) + tiny[9_000:])
    (directory / "other.bin").write_bytes(make_image("M95FAR02A06", 90_000, seed=3))
    fota("keygen", directory / "maker")
    fota("keygen", directory / "other")
    return directory


@functools.lru_cache(None)
def package(name, *options, base="old.bin", image="new.bin", key="maker.key", product="M95",
            from_version=OLD, to_version=NEW):
    """Path of a package; base None: a full one."""
    shop = workshop()
    path = shop / f"{name}.fota"
    arguments = ["diff", "--key", shop / key, "--product", product, "--to-version", to_version]
    if base is None:
        arguments += ["--full", shop / image]
    else:
        arguments += ["--from-version", from_version, shop / base, shop / image]
    fota(*arguments, *options, "-o", path)
    return path


def update_package():
    return package("update")


# ---- the module ----

class Module:
    """A running virtual module."""

    def __init__(self, directory, *arguments, flash="m95.flash", tty=True, wait=True,
                 line="--listen", port="127.0.0.1:0"):
        self.link = str(directory / "ttyM95")
        self.flash = directory / flash
        line = ("--tty", self.link) if tty and line == "--listen" else (line, port)
        self.process = subprocess.Popen(
            [str(FOTA), "module", "--flash", str(self.flash), *line, "-v",
             *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.errors = ""
        self.place = ""
        self.started = threading.Event()
        self.reader = threading.Thread(target=self.read_errors, daemon=True)
        self.reader.start()
        banner = self.process.stdout.readline()
        if not banner.startswith("module on "):
            self.end()
            raise AssertionError("the module does not start: " + self.errors)
        self.place = banner.split()[2]
        if wait and not self.started.wait(60 * SLOW):
            raise AssertionError("neither application nor recovery: " + self.errors)

    def read_errors(self):
        for line in self.process.stderr:
            self.errors += line
            if "application started" in line or "answers AT commands" in line:
                self.started.set()
        self.started.set()
        self.unlink()

    def unlink(self):
        """Take the link away when the module is gone: the number of its terminal may soon be another module's, and a
        client that opens its port again must not find that one."""
        try:
            if os.readlink(self.link) == self.place:
                os.unlink(self.link)
        except OSError:
            pass

    def kill(self):
        """The power fails."""
        self.unlink()
        self.process.kill()
        self.end()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.end()

    def end(self):
        """Wait for its end; returns what it wrote to standard error."""
        self.process.wait(60 * SLOW)
        self.reader.join(10)
        self.process.stdout.close()
        self.process.stderr.close()
        return self.errors

    @property
    def alive(self):
        return self.process.poll() is None


class Client:
    """A plain serial client."""

    def __init__(self, link):
        self.port = serial.Serial(link, 115200, timeout=0.1)
        self.port.reset_input_buffer()
        self.seen = b""

    def close(self):
        self.port.close()

    def write(self, data):
        self.port.write(data)
        self.port.flush()

    def read_until(self, pattern, seconds=30):
        """Everything up to and including the pattern (bytes, a regular expression)."""
        end = time.monotonic() + seconds * SLOW
        while True:
            found = re.search(pattern, self.seen)
            if found:
                taken, self.seen = self.seen[:found.end()], self.seen[found.end():]
                return taken
            if time.monotonic() > end:
                raise AssertionError(f"no {pattern!r} in {self.seen[-2000:]!r}")
            self.seen += self.port.read(max(1, self.port.in_waiting))

    def read_quiet(self, seconds):
        """What comes within a time."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.seen += self.port.read(max(1, self.port.in_waiting))
        taken, self.seen = self.seen, b""
        return taken

    def command(self, text, seconds=30):
        """Send a command; returns the lines of its answer, with the result code."""
        self.write(text.encode() + b"\r")
        answer = self.read_until(rb"\r\n(OK|ERROR|CONNECT|\+CME ERROR: [^\r]*)\r\n", seconds)
        if answer.endswith(b"OK\r\n") and text.upper().startswith("AT+QFUA"):
            try:
                answer += self.read_until(rb"\r\nCONNECT\r\n", seconds)
            except AssertionError:
                pass
        lines = answer.decode("ascii").replace(text + "\r", "", 1).split("\r\n")
        return [line for line in lines if line]

    def version(self):
        answer = self.command("ATI")
        return next(line for line in answer if line.startswith("Revision: "))[10:]


class Console:
    """Reads the line from what it holds already on: nothing is flushed away."""

    def __init__(self, module):
        self.seen = b""
        self.fd = None
        try:
            self.fd = os.open(module.link, os.O_RDWR | os.O_NOCTTY)
        except OSError:
            module.process.wait(10)  # its power was cut at once

    def close(self):
        if self.fd is not None:
            os.close(self.fd)

    def read_until(self, pattern, seconds=60):
        """Everything up to and including the pattern; less when the module ends before."""
        end = time.monotonic() + seconds * SLOW
        while self.fd is not None and not re.search(pattern, self.seen):
            if not select.select([self.fd], [], [], max(0, end - time.monotonic()))[0]:
                raise AssertionError(f"no {pattern!r} in {self.seen[-2000:]!r}")
            try:
                data = os.read(self.fd, 4096)
            except OSError:
                data = b""
            if not data:
                break
            self.seen += data
        return self.seen


class ModuleTest(unittest.TestCase):
    """A directory of its own, and the modules and clients that are opened in it."""

    def setUp(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="fota-module-"))
        self.addCleanup(shutil.rmtree, self.directory)
        self.module = None

    def start(self, *arguments, **more):
        """Start a module, or power it up again."""
        if self.module is not None and self.module.alive:
            self.module.stop()
        self.module = Module(self.directory, *arguments, **more)
        module = self.module
        self.addCleanup(lambda: module.alive and module.kill())
        return module

    def make(self, *arguments, version=OLD, image="old.bin", key="maker.pub", **more):
        """A new module, as it leaves the factory."""
        shop = workshop()
        return self.start("--init", shop / image, "--version", version, "--product", "M95",
                          "--pub", shop / key, "-f", *arguments, **more)

    def client(self):
        client = Client(self.module.link)
        self.addCleanup(client.close)
        return client

    def console(self):
        console = Console(self.module)
        self.addCleanup(console.close)
        return console

    def send(self, path, *options, status=0):
        """fota send, without the second of silence that resuming begins with."""
        return fota("send", path, "--port", self.module.link, "--no-resume", *options,
                    status=status)

    def assert_version(self, version):
        client = Client(self.module.link)
        try:
            self.assertEqual(client.version(), version)
        finally:
            client.close()


def send_data(client, data, end=b"+++"):
    """AT+QFUA, the data, the escape."""
    answer = client.command("AT+QFUA")
    if answer[-1] != "CONNECT":
        raise AssertionError(f"AT+QFUA: {answer}")
    client.write(data + end)


def send_commands(client, data, size=450):
    """AT+QFAI and AT+QFAW; returns the first answer that is not OK, or None."""
    if client.command("AT+QFAI") != ["OK"]:
        raise AssertionError("AT+QFAI is refused")
    for off in range(0, len(data), size):
        answer = client.command(f'AT+QFAW="{data[off:off + size].hex().upper()}"')
        if answer[-1] != "OK":
            return answer[-1]
    return None


def main():
    unittest.main(verbosity=1)
