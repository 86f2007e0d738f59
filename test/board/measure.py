#!/usr/bin/env python3
"""ROM, RAM, stack and instructions of the board ports, measured on the emulated boards.

    measure.py SOURCE BUILD            print the table
    measure.py SOURCE BUILD --write    put it into the marked place of doc/porting.md
    measure.py SOURCE BUILD --check    fail when that place is stale: a number off by more than a fifth

Needs what the boards' tests leave behind (run/armed.img).  Stack: painted at reset, read at the next
one.  Instructions: QEMU -icount, one for each nanosecond of the board's own tick timer."""
import pathlib
import re
import subprocess
import sys

import board_test
import test_ast1030_evb
import test_emcraft_sf2
import test_microbit
from emulator import expect, symbols

PAINT = b"\xa5\xa5\xa5\xa5"
SYST_RVR, SYST_CVR = 0xE000E014, 0xE000E018
TRANSCRIPT = re.compile(r"(<!-- board_transcript begin -->\n).*?(<!-- board_transcript end -->)", re.S)
PLACE = re.compile(r"(<!-- board_report begin -->\n).*?(<!-- board_report end -->)", re.S)


def sections(elf):
    """(bytes in ROM, bytes of static RAM)"""
    out = subprocess.run(["arm-none-eabi-size", str(elf)], capture_output=True, text=True, check=True)
    text, data, bss = map(int, out.stdout.splitlines()[1].split()[:3])
    return text + data, data + bss


def monocypher_bytes(elf):
    """Bytes of ROM that the signature library takes, from the linker's map."""
    total = 0
    text = pathlib.Path(str(elf)[:-len(".elf")] + ".map").read_text()
    text = text[text.index("Linker script and memory map"):]
    for size in re.findall(r"^ \.(?:text|rodata)\S*\s+0x[0-9a-f]+\s+0x([0-9a-f]+) \S*monocypher[^\n]*\.c\.obj", text, re.M):
        total += int(size, 16)
    return total


class Clock:
    """Instructions since power-up, from the tick timer under -icount shift=0."""

    def __init__(self, debugger, table, hz):
        self.debugger, self.table, self.hz = debugger, table, hz

    def now(self):
        word = lambda address: int.from_bytes(self.debugger.memory(address, 4), "little")
        reload = word(SYST_RVR) + 1
        return word(self.table["ticks_ms"]) * 1_000_000 + (reload - word(SYST_CVR)) * 1_000_000_000 // self.hz


def stack_used(debugger, table):
    begin, end = table["bss_end"], table["stack_top"]
    content = debugger.memory(begin, end - begin)
    at = 0
    while content[at:at + 4] == PAINT:
        at += 4
    return len(content) - at


def call(debugger, clock, entry, name, table):
    """Instructions of the call that the program stands at the begin of; (count, r2 at its begin)."""
    r2, back = debugger.register(2), debugger.register(14) & ~1
    begin = clock.now()
    debugger.break_at(back)
    while True:
        pc = debugger.run()
        if pc == back:
            break
    debugger.ask(f"z0,{back:x},2")
    return clock.now() - begin, r2


def measure_boot(bench, hz):
    """One update by the boot loader."""
    table = bench.port.symbols
    bench.begin(bench.armed, debug=True, icount=True)
    debugger = bench.board.debugger
    clock = Clock(debugger, table, hz)
    places = {table[n] & ~1: n for n in ("crypto_ed25519_check", "fota_delta_read", "board_reset")}
    for address in places:
        debugger.break_at(address)
    verify, decode, decoded = [], 0, 0
    while True:
        name = places[debugger.run()]
        if name == "board_reset":
            break
        count, r2 = call(debugger, clock, table[name], name, table)
        if name == "crypto_ed25519_check":
            verify.append(count)
        else:
            decode += count
            decoded += r2
    stack = stack_used(debugger, table)
    bench.board.power_off()
    return {"verify": max(verify), "decode": decode / decoded, "stack": stack}


def measure_firmware(bench):
    """Stack of the firmware while it receives and validates a package."""
    table = symbols(bench.port.elf(7))
    start = bench.begin(bench.factory, debug=True)
    debugger = bench.board.debugger
    debugger.break_at(table["board_reset"])
    debugger.resume()
    bench.line.wait_for(b"RDY\r\n", start)
    bench.line.drain()
    sender = subprocess.Popen([bench.port.build / "fota", "send", bench.package, "--port", bench.line.path],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        debugger.stopped()
    finally:
        sender.kill()
        sender.wait()
    stack = stack_used(debugger, table)
    bench.board.power_off()
    return stack


def rows(port, hz):
    bench = board_test.Bench(port)
    try:
        bench.provision()
        board_test.arm(bench)
        boot = measure_boot(bench, hz)
        firmware_stack = measure_firmware(bench)
    finally:
        bench.board.power_off()
    boot_rom, boot_ram = sections(port.boot)
    crypto = monocypher_bytes(port.boot)
    expect(crypto > 5000, "the linker's map does not name the signature library")
    firmware_rom, firmware_ram = sections(port.elf(8))
    return [f"{boot_rom:,}", f"{crypto:,}", f"{boot_rom - crypto:,}", f"{boot_ram:,}", f"{boot['stack']:,}",
            f"{firmware_rom:,}", f"{firmware_ram:,}", f"{firmware_stack:,}",
            f"{boot['verify'] / 1e6:.2f} M", f"{boot['decode']:.0f}"]


LABELS = ["boot loader: ROM", "of it the signature library", "without it", "static RAM, with the decoder's workspace",
          "deepest stack, painted", "firmware release 8: ROM", "static RAM", "deepest stack, painted",
          "instructions: one signature check", "instructions: one decoded byte, with its flash reads"]


def report(source, build):
    ports = [(test_ast1030_evb.port(source, build), 200_000_000),
             (test_emcraft_sf2.port(source, build), 142_000_000), (test_microbit.port(source, build), 16_000_000)]
    columns = [rows(port, hz) for port, hz in ports]
    lines = ["| | " + " | ".join(port.name for port, _ in ports) + " |", "|---|" + "--:|" * len(ports)]
    for i, label in enumerate(LABELS):
        lines.append(f"| {label} | " + " | ".join(column[i] for column in columns) + " |")
    return "\n".join(lines) + "\n"


def transcript(source, build):
    """A board update as the maker sees it, and as the board's UART said it."""
    bench = board_test.Bench(test_ast1030_evb.port(source, build))
    try:
        bench.provision()
        _, said, _ = board_test.updates_in_mode(bench, "qfua")
    finally:
        bench.board.power_off()
    said = re.sub(r"\r+\n(\r\n)*", "\n", said[said.index("CONNECT"):])
    said = re.sub(r"(percent = 2%\n).*(?= Update  percent = 99%)", r"\1 ...\n", said, flags=re.S)
    said = said[:said.index("OK", said.index("M95FAR02A08"))].rstrip()
    return "```\n" + said + "\n```\n"


def numbers(text):
    return [float(n.replace(",", "")) for n in re.findall(r"\d[\d,]*\.?\d*", text)]


def is_stale(old, new):
    a, b = numbers(old), numbers(new)
    return len(a) != len(b) or any(abs(x - y) > 0.2 * max(x, y) for x, y in zip(a, b))


def main():
    source, build = sys.argv[1:3]
    text = report(source, build)
    print(text)
    path = pathlib.Path(source) / "doc" / "porting.md"
    old = PLACE.search(path.read_text())
    if "--write" in sys.argv:
        path.write_text(PLACE.sub(lambda m: m[1] + text + m[2], path.read_text()))
        said = transcript(source, build)
        path = pathlib.Path(source) / "README.md"
        path.write_text(TRANSCRIPT.sub(lambda m: m[1] + said + m[2], path.read_text()))
    elif "--check" in sys.argv and is_stale(old[0], text):
        print("doc/porting.md: the board table is stale: run make board-report")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
