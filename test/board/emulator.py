"""An emulated board under test: QEMU, its serial line, its power, and the debugger's view of it.

The serial line is a pseudo-terminal that stays while the board loses its power, as a cable does.
Power off = QMP `stop`, which waits until the emulator has written what the flash chip acknowledged,
then SIGKILL."""
import ctypes
import json
import os
import pathlib
import pty
import re
import select
import signal
import socket
import subprocess
import termios
import threading
import time
import tty

TIMEOUT = 60.0


class Failure(Exception):
    """A fact that should hold and does not."""


def expect(condition, text):
    if not condition:
        raise Failure(text)


class Line:
    """The serial cable: PTY (`path`) on the workstation's side, whatever board is powered on the other."""

    def __init__(self):
        self.master, slave = pty.openpty()
        tty.setraw(slave)
        self.path = os.ttyname(slave)
        self._slave = slave  # kept open, so that the line does not hang up between two programs
        self._lock = threading.Lock()
        self._board = None
        self._wake_read, self._wake_write = os.pipe()
        self.log = bytearray()  # everything the board has said
        threading.Thread(target=self._run, daemon=True).start()

    def connect(self, board):
        with self._lock:
            self._board = board
        os.write(self._wake_write, b"x")

    def _run(self):
        while True:
            with self._lock:
                board = self._board
            watched = [self._wake_read, self.master] + ([board] if board else [])
            ready = select.select(watched, [], [])[0]
            if self._wake_read in ready:
                os.read(self._wake_read, 64)
                continue
            if board and board in ready:
                self._from_board(board)
            if self.master in ready:
                data = os.read(self.master, 1024)
                if board:
                    try:
                        board.sendall(data)
                    except OSError:
                        self.connect(None)

    def _from_board(self, board):
        try:
            data = board.recv(4096)
        except OSError:
            data = b""
        if not data:
            with self._lock:
                if self._board is board:
                    self._board = None
            return
        self.log += data
        # Nobody may be reading the terminal: what does not fit is lost, as on a cable.
        if select.select([], [self.master], [], 0)[1]:
            os.write(self.master, data)

    def send(self, data):
        """Bytes to the board, as if a program had written them to the terminal."""
        os.write(self._slave, data)

    def drain(self):
        """Forget what the terminal still holds for a reader."""
        termios.tcflush(self._slave, termios.TCIFLUSH)

    def command(self, text):
        """One AT command; its answer up to the result code."""
        start = len(self.log)
        self.send(text.encode() + b"\r")
        end = time.monotonic() + TIMEOUT
        while True:
            answer = bytes(self.log[start:])
            if re.search(rb"\r\n(OK|ERROR|\+CME ERROR: [^\r]*)\r\n$", answer):
                return answer.decode("latin-1")
            if time.monotonic() > end:
                raise Failure(f"{text}: no result code, but {answer!r}")
            time.sleep(0.002)

    def wait_for(self, text, start=0, timeout=TIMEOUT):
        """Wait until the board has said `text` after position `start`; the position behind it."""
        end = time.monotonic() + timeout
        while True:
            at = self.log.find(text, start)
            if at >= 0:
                return at + len(text)
            if time.monotonic() > end:
                raise Failure(f"the board did not say {text!r} but {bytes(self.log[start:])[-400:]!r}")
            time.sleep(0.002)


class Debugger:
    """A client of QEMU's gdb stub: breakpoints, registers, memory."""

    def __init__(self, path):
        self.socket = connect_unix(path)
        self.buffer = b""
        self.at_breakpoint = False
        # registers can be asked for one by one only once their description has been read
        self.ask("qXfer:features:read:target.xml:0,fff")

    def _packet(self):
        while True:
            start = self.buffer.find(b"$")
            end = self.buffer.find(b"#", start)
            if start >= 0 and end >= 0 and len(self.buffer) >= end + 3:
                body = self.buffer[start + 1:end]
                self.buffer = self.buffer[end + 3:]
                self.socket.sendall(b"+")
                return body
            data = self.socket.recv(65536)
            if not data:
                raise Failure("the emulator closed the debugger's connection")
            self.buffer += data

    def send(self, body):
        body = body.encode()
        self.socket.sendall(b"$" + body + b"#" + b"%02x" % (sum(body) % 256))

    def ask(self, body):
        self.send(body)
        return self._packet().decode()

    def break_at(self, address):
        expect(self.ask(f"Z0,{address & ~1:x},2") == "OK", "breakpoint refused")

    def run(self, timeout=TIMEOUT):
        """Continue until a breakpoint; the program counter.  None when time is up."""
        self.resume()
        self.socket.settimeout(timeout)
        try:
            self._packet()
        except socket.timeout:
            return None
        finally:
            self.socket.settimeout(TIMEOUT)
        self.at_breakpoint = True
        return self.register(15)

    def resume(self):
        """Continue; over the breakpoint that the program stands at, if it does."""
        if self.at_breakpoint:
            self.ask("s")
        self.at_breakpoint = False
        self.send("c")

    def stopped(self, timeout=TIMEOUT):
        """Wait until a breakpoint stops the program that resume() let go."""
        self.socket.settimeout(timeout)
        self._packet()
        self.at_breakpoint = True

    def interrupt(self):
        self.socket.sendall(b"\x03")
        self._packet()

    def register(self, n):
        return int.from_bytes(bytes.fromhex(self.ask(f"p{n:x}")), "little")

    def set_register(self, n, value):
        expect(self.ask(f"P{n:x}={value.to_bytes(4, 'little').hex()}") == "OK", "register refused")

    def memory(self, address, n):
        out = b""
        while len(out) < n:
            part = min(1024, n - len(out))
            out += bytes.fromhex(self.ask(f"m{address + len(out):x},{part:x}"))
        return out


def connect_unix(path, timeout=10.0):
    end = time.monotonic() + timeout
    while True:
        s = socket.socket(socket.AF_UNIX)
        try:
            s.connect(str(path))
            return s
        except OSError:
            s.close()
            if time.monotonic() > end:
                raise
            time.sleep(0.002)


def die_with_parent():
    """In the child: be killed when the test is (prctl PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


class Emulator:
    """One board: its QEMU machine options, boot loader ELF, flash file."""

    def __init__(self, folder, machine, boot_elf, flash, line):
        self.folder = pathlib.Path(folder)
        self.machine = machine
        self.boot_elf = boot_elf
        self.flash = pathlib.Path(flash)
        self.line = line
        self.process = None
        self.debugger = None

    def flash_options(self):
        return ["-drive", f"if=mtd,format=raw,file={self.flash}"]

    def power_on(self, debug=False, icount=False):
        for name in ("U", "Q", "G"):
            (self.folder / name).unlink(missing_ok=True)
        command = [
            "qemu-system-arm", "-M", self.machine, "-display", "none", "-nodefaults",
            "-monitor", "none", "-kernel", str(self.boot_elf),
            *self.flash_options(),
            "-chardev", f"socket,id=u,path={self.folder}/U,server=on,wait=on", "-serial", "chardev:u",
            "-qmp", f"unix:{self.folder}/Q,server=on,wait=off"]
        if debug:
            command += ["-S", "-chardev", f"socket,id=g,path={self.folder}/G,server=on,wait=off",
                        "-gdb", "chardev:g"]
        if icount:
            command += ["-icount", "shift=0"]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL, preexec_fn=die_with_parent)
        self.line.connect(connect_unix(self.folder / "U"))
        self.qmp = connect_unix(self.folder / "Q").makefile("rw")
        self.qmp.readline()
        self.command("qmp_capabilities")
        self.debugger = Debugger(self.folder / "G") if debug else None

    def command(self, name, **arguments):
        self.qmp.write(json.dumps({"execute": name, "arguments": arguments}) + "\n")
        self.qmp.flush()
        while True:
            line = self.qmp.readline()
            expect(line, "the emulator is gone")
            answer = json.loads(line)
            if "error" in answer:
                raise Failure(f"{name}: {answer['error']}")
            if "return" in answer:
                return answer["return"]

    def power_off(self):
        """Cut the power at this instant."""
        if self.process is None:
            return
        self.command("stop")
        self.process.kill()
        self.process.wait()
        self.line.connect(None)
        self.process = None

    def reset(self):
        """The reset pin."""
        self.command("system_reset")


def symbols(elf):
    """Addresses of the symbols of an ELF file."""
    out = subprocess.run(["arm-none-eabi-nm", str(elf)], capture_output=True, text=True, check=True)
    table = {}
    for row in out.stdout.splitlines():
        fields = row.split()
        if len(fields) == 3:
            table[fields[2]] = int(fields[0], 16)
    return table


class InternalFlashEmulator(Emulator):
    """A board whose flash is inside the microcontroller and not kept by QEMU: its content is put there
    and fetched by the debugger, with the machine stopped."""

    PART = 1024

    def __init__(self, *arguments, boot_bytes):
        super().__init__(*arguments)
        self.boot_bytes = boot_bytes  # the boot loader's, which -kernel loads

    def flash_options(self):
        return []

    def power_on(self, debug=False, icount=False):
        super().power_on(debug=True, icount=icount)
        content = self.flash.read_bytes()
        for address in range(self.boot_bytes, len(content), self.PART):
            part = content[address:address + self.PART]
            expect(self.debugger.ask(f"M{address:x},{len(part):x}:{part.hex()}") == "OK",
                   "flash content refused")
        if not debug:
            self.debugger.resume()

    def power_off(self):
        if self.process is None:
            return
        running = self.command("query-status")["running"]
        self.command("stop")
        if running:
            self.debugger._packet()
        content = self.flash.read_bytes()
        self.flash.write_bytes(self.debugger.memory(0, len(content)))
        super().power_off()
