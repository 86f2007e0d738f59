"""What is proved of every board port: it updates by AT commands over its UART, in both modes, and
no power cut, reset or hang keeps it from the new version.  A board's own test_<board>.py calls run()."""
import pathlib
import random
import re
import shutil
import subprocess
import time

from emulator import Emulator, Failure, Line, expect, symbols

SPIN = bytes.fromhex("fee7")  # b .


class Port:
    """One board port: where its programs are, and how its emulator and its flash look."""

    def __init__(self, name, machine, root, build, flash_name="nor", sector_bytes=4096, spin_address=0,
                 set_supply=None, watchdog=True, emulator=Emulator, emulator_options=None,
                 exact_cuts=80, random_cuts=30, least_sectors=16, answers=None):
        self.name = name
        self.machine = machine
        self.root = pathlib.Path(root)
        self.build = pathlib.Path(build)
        self.out = self.build / "board" / name
        self.profile = self.root / "device" / f"{name}.profile"
        self.flash_name = flash_name
        self.sector_bytes = sector_bytes
        self.spin_address = spin_address  # RAM that no program uses
        self.emulator = emulator  # class, and what it wants beyond an Emulator's arguments
        self.emulator_options = emulator_options
        self.watchdog = watchdog
        self.exact_cuts = exact_cuts
        self.least_sectors = least_sectors  # of the firmware
        self.answers = answers or {}  # by release: (command, text in its answer), beyond the common ones
        self.random_cuts = random_cuts
        self.program, self.erase = (f"{flash_name}_program", f"{flash_name}_erase")
        self.set_supply = set_supply  # (emulator, good): the supply monitor's pin
        self.boot = self.out / "boot.elf"
        self.symbols = symbols(self.boot)
        self.areas = dict(
            (m[1], (int(m[2], 16), int(m[3], 16))) for m in re.finditer(
                r"^area\s+(\w+)\s+\w+\s+0x([0-9a-f]+)\s+0x([0-9a-f]+)", self.profile.read_text(), re.M))

    def image(self, release):
        return self.out / f"firmware-a0{release}.bin"

    def elf(self, release):
        return self.out / f"firmware-a0{release}.elf"

    def fota(self, *arguments, check=True):
        run = subprocess.run([self.build / "fota", *map(str, arguments)], capture_output=True,
                             text=True, check=False)
        if check and run.returncode != 0:
            raise Failure(f"fota {arguments[0]}: {run.returncode}\n{run.stdout}{run.stderr}")
        return run


def version(release):
    return f"M95FAR02A0{release}"


class Bench:
    """A folder with packages, flash files, the cable and the emulator."""

    def __init__(self, port):
        self.port = port
        self.folder = port.out / "run"
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.line = Line()
        self.flash = self.folder / "flash.img"
        self.factory = self.folder / "factory.img"
        self.armed = self.folder / "armed.img"
        self.package = self.folder / "a07-a08.fota"
        self.full = self.folder / "a08.fota"
        self.board = port.emulator(self.folder, port.machine, port.boot, self.flash, self.line,
                                   **(port.emulator_options or {}))

    def provision(self):
        subprocess.run([self.port.build / "fota-provision", "flash", self.port.profile,
                        self.port.flash_name, self.port.image(7), "M95", version(7), self.factory],
                       check=True)
        key = self.port.build / "board" / "maker.key"
        common = ["diff", "-f", "--key", key, "--product", "M95", "--to-version", version(8),
                  "--device", self.port.profile]
        self.port.fota(*common, "--from-version", version(7), self.port.elf(7), self.port.elf(8),
                       "-o", self.package)
        self.port.fota(*common, "--full", self.port.elf(8), "-o", self.full)

    def begin(self, flash, **how):
        """Power on with a copy of this flash content."""
        self.board.power_off()
        shutil.copyfile(flash, self.flash)
        return self.power_on(**how)

    def power_on(self, **how):
        self.line.drain()
        start = len(self.line.log)
        self.board.power_on(**how)
        return start

    def slot(self, n_bytes):
        address = self.port.areas["slot"][0]
        return self.flash.read_bytes()[address:address + n_bytes]

    def expect_version(self, release):
        """ATI and a command that only release 8 has agree."""
        answer = self.line.command("ATI")
        expect(f"Revision: {version(release)}" in answer, f"ATI says {answer!r}")
        answer = self.line.command('AT+QCALC="sqrt(3*(4+8))"')
        expect(("+QCALC: 6" in answer) == (release == 8), f"AT+QCALC says {answer!r}")
        for command, text in self.port.answers.get(release, []):
            answer = self.line.command(command)
            expect(text in answer, f"{command} says {answer!r}, not {text!r}")

    def expect_finished(self, release):
        """The version is there, in the slot too, and a further boot writes nothing."""
        self.expect_version(release)
        self.board.power_off()
        image = self.port.image(release).read_bytes()
        expect(self.slot(len(image)) == image, "the slot does not hold the image")
        before = self.flash.read_bytes()
        start = self.power_on()
        self.line.wait_for(b"RDY\r\n", start)
        self.board.power_off()
        expect(self.flash.read_bytes() == before, "a further boot wrote to the flash")


# ---- tests ----

def updates_in_mode(bench, mode):
    """`fota send` brings the board from release 7 to 8; the transcript."""
    start = bench.begin(bench.factory)
    bench.line.wait_for(b"RDY\r\n", start)
    bench.expect_version(7)
    answer = bench.line.command("AT+QTEST")
    expect("BAD" not in answer and answer.count("good") == 5, f"self-test: {answer!r}")
    bench.line.drain()
    begin = time.monotonic()
    run = bench.port.fota("send", bench.package, "--port", bench.line.path, "--mode", mode,
                          "--expect-version", version(8))
    seconds = time.monotonic() - begin
    bench.expect_finished(8)
    said = bytes(bench.line.log[start:]).decode("latin-1")
    percents = [int(p) for p in re.findall(r"Update  percent = (\d+)%", said)]
    expect(percents == list(range(1, 101)), f"percents {percents}")
    return run.stdout + run.stderr, said, seconds


def arm(bench):
    """Flash content at the moment when the package is accepted and the reset is due."""
    start = bench.begin(bench.factory, debug=True)
    debugger = bench.board.debugger
    debugger.break_at(symbols(bench.port.elf(7))["board_reset"])
    debugger.resume()
    bench.line.wait_for(b"RDY\r\n", start)
    bench.line.drain()
    sender = subprocess.Popen([bench.port.build / "fota", "send", bench.package, "--port",
                               bench.line.path], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        debugger.stopped()
    finally:
        sender.kill()
        sender.wait()
    bench.board.power_off()
    shutil.copyfile(bench.flash, bench.armed)


def operations(bench, debugger, erases_only=False):
    for name in (bench.port.erase,) if erases_only else (bench.port.program, bench.port.erase):
        debugger.break_at(bench.port.symbols[name])


def stopped_operation(bench, debugger, pc):
    """What flash operation the program was about to begin: (address, bytes to program or None)."""
    address = debugger.register(1)
    if pc == bench.port.symbols[bench.port.erase] & ~1:
        return address, None
    return address, debugger.memory(debugger.register(2), debugger.register(3))


def tear(bench, chance, operation):
    """Leave in the flash file what an interrupted operation may leave.  A name for it."""
    address, data = operation
    content = bytearray(bench.flash.read_bytes())
    n = len(data) if data is not None else bench.port.sector_bytes
    old = content[address:address + n]
    new = bytearray(a & b for a, b in zip(old, data)) if data is not None else bytearray(b"\xff" * n)
    kind = chance.choice(["before", "after", "head", "tail", "bits", "most bits"])
    if kind == "after":
        torn = new
    elif kind in ("head", "tail"):
        k = chance.randrange(n + 1)
        torn = new[:k] + old[k:] if kind == "head" else old[:k] + new[k:]
    elif kind in ("bits", "most bits"):
        done = chance.getrandbits(8 * n)
        if kind == "most bits":
            done |= chance.getrandbits(8 * n) | chance.getrandbits(8 * n)
        torn = bytearray((o & ~m) | (w & m) for o, w, m in zip(old, new, done.to_bytes(n, "little")))
    else:
        torn = old
    content[address:address + n] = torn
    bench.flash.write_bytes(content)
    return ("erase " if data is None else "program ") + kind


def count_operations(bench):
    """Flash operations of one undisturbed update by the boot loader, and its percents' places."""
    start = bench.begin(bench.armed, debug=True)
    debugger = bench.board.debugger
    operations(bench, debugger)
    counts = {"program": 0, "erase": 0}
    while True:
        pc = debugger.run(timeout=3)
        if pc is None:
            break
        counts["erase" if pc == bench.port.symbols[bench.port.erase] & ~1 else "program"] += 1
    bench.line.wait_for(b"RDY\r\n", start)
    return counts


def exact_cuts(bench, chance, n_cuts, counts):
    """Chains of cuts, each before an exactly chosen flash operation that is then torn; erases, of which there are few,
    as often as programs."""
    done = 0
    kinds = {}
    while done < n_cuts:
        bench.begin(bench.armed, debug=True)
        for _ in range(12):
            debugger = bench.board.debugger
            erases_only = chance.random() < 0.5
            operations(bench, debugger, erases_only)
            n = counts["erase"] if erases_only else sum(counts.values())
            finished = False
            for _ in range(chance.randrange(1, max(n // 5, 3))):
                pc = debugger.run(timeout=2)
                if pc is None:
                    finished = True
                    break
            if finished:
                break
            operation = stopped_operation(bench, debugger, pc)
            bench.board.power_off()
            kind = tear(bench, chance, operation)
            kinds[kind] = kinds.get(kind, 0) + 1
            done += 1
            bench.power_on(debug=True)
        bench.board.power_off()
        start = bench.power_on()
        bench.line.wait_for(b"RDY\r\n", start)
        bench.expect_finished(8)
    return done, kinds


def random_cuts(bench, chance, n_cuts):
    """Cuts at any instant, also inside an operation; and resets by the reset pin."""
    done = resets = 0
    while done < n_cuts:
        bench.begin(bench.armed)
        for _ in range(5):
            time.sleep(chance.uniform(0.02, 0.5))
            if chance.random() < 0.3:
                bench.board.reset()
                resets += 1
                continue
            bench.board.power_off()
            done += 1
            bench.power_on()
        bench.board.power_off()
        start = bench.power_on()
        bench.line.wait_for(b"RDY\r\n", start)
        bench.expect_finished(8)
    return done, resets


def watchdog_resets(bench, chance, n, n_operations):
    """The program hangs before a flash operation: the watchdog resets, the update goes on."""
    for _ in range(n):
        bench.begin(bench.armed, debug=True)
        debugger = bench.board.debugger
        operations(bench, debugger)
        for _ in range(chance.randrange(1, n_operations)):
            debugger.run()
        expect(debugger.ask(f"M{bench.port.spin_address:x},2:{SPIN.hex()}") == "OK", "memory refused")
        debugger.set_register(15, bench.port.spin_address)
        debugger.at_breakpoint = False
        for name in (bench.port.program, bench.port.erase):
            debugger.ask(f"z0,{bench.port.symbols[name] & ~1:x},2")
        start = len(bench.line.log)
        debugger.resume()
        bench.line.wait_for(b"RDY\r\n", start)
        bench.expect_finished(8)


def waits_for_supply(bench, chance, set_supply, n_operations):
    """While the supply is too low nothing is erased or programmed; afterwards the update goes on."""
    bench.begin(bench.armed, debug=True)
    debugger = bench.board.debugger
    operations(bench, debugger)
    for _ in range(chance.randrange(1, n_operations)):
        debugger.run()
    set_supply(bench.board, False)
    # It does the operation that it stands at, and none after it.
    expect(debugger.run(timeout=2) is None, "the board wrote to its flash with too little supply")
    debugger.interrupt()
    for name in (bench.port.program, bench.port.erase):
        debugger.ask(f"z0,{bench.port.symbols[name] & ~1:x},2")
    start = len(bench.line.log)
    debugger.resume()
    set_supply(bench.board, True)
    bench.line.wait_for(b"RDY\r\n", start)
    bench.expect_finished(8)


def damaged_slot_is_not_started(bench):
    """One flipped bit in the slot: recovery, which takes a full package."""
    content = bytearray(bench.factory.read_bytes())
    content[bench.port.areas["slot"][0] + 4711] ^= 0x10
    damaged = bench.folder / "damaged.img"
    damaged.write_bytes(content)
    start = bench.begin(damaged)
    bench.line.wait_for(b"RDY\r\n", start)
    answer = bench.line.command("ATI")
    expect("Revision: none" in answer, f"recovery says {answer!r}")
    bench.line.drain()
    bench.port.fota("send", bench.full, "--port", bench.line.path, "--expect-version", version(8))
    bench.expect_finished(8)


def wrong_key_is_refused(bench):
    """A package by another key changes nothing but staging and journal."""
    bench.port.fota("keygen", "-f", bench.folder / "other")
    bad = bench.folder / "bad.fota"
    bench.port.fota("diff", "-f", "--key", bench.folder / "other.key", "--product", "M95", "--from-version",
                    version(7), "--to-version", version(8), "--device", bench.port.profile,
                    bench.port.elf(7), bench.port.elf(8), "-o", bad)
    start = bench.begin(bench.factory)
    bench.line.wait_for(b"RDY\r\n", start)
    run = bench.port.fota("send", bad, "--port", bench.line.path, check=False)
    expect(run.returncode != 0, "fota send took a refusal for success")
    expect(b"status=15" in bytes(bench.line.log[start:]), "the board did not name the unknown key")
    bench.expect_version(7)


def run(port):
    bench = Bench(port)
    chance = random.Random(6)
    try:
        return _run(bench, chance)
    finally:
        bench.board.power_off()


def _run(bench, chance):
    bench.provision()
    size = bench.package.stat().st_size
    image = bench.port.image(8).stat().st_size
    print(f"{bench.port.name}: firmware {image} bytes, {-(-image // bench.port.sector_bytes)} sectors; "
          f"package {size} bytes")
    expect(image >= bench.port.least_sectors * bench.port.sector_bytes, "the firmware has too few sectors")
    for mode in ("qfua", "qfaw"):
        console, said, seconds = updates_in_mode(bench, mode)
        (bench.folder / f"transcript-{mode}.txt").write_text(said)
        (bench.folder / f"console-{mode}.txt").write_text(console)
        print(f"updated by {mode}: {seconds:.1f} s")
    arm(bench)
    counts = count_operations(bench)
    n_operations = counts["program"] + counts["erase"]
    print(f"an update makes {counts['erase']} erases and {counts['program']} programs")
    cuts, kinds = exact_cuts(bench, chance, bench.port.exact_cuts, counts)
    print(f"exact cuts: {cuts}, all ended with the new version: {kinds}")
    cuts, resets = random_cuts(bench, chance, bench.port.random_cuts)
    print(f"random cuts: {cuts}, with {resets} resets, all ended with the new version")
    if bench.port.watchdog:
        watchdog_resets(bench, chance, 5, n_operations)
        print("watchdog resets: 5, all ended with the new version")
    if bench.port.set_supply:
        waits_for_supply(bench, chance, bench.port.set_supply, n_operations)
        print("low supply: the update waits, then goes on")
    damaged_slot_is_not_started(bench)
    print("a damaged slot is not started; recovery took a full package")
    wrong_key_is_refused(bench)
    print("a package by an unknown key is refused")
