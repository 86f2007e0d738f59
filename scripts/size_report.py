#!/usr/bin/env python3
"""ROM, RAM and deepest stack of the device core on a Cortex-M3 (-Os), measured from the compiler's
own output: sections by `size`, frames and call graph by -fcallgraph-info=su.

Calls through function pointers are resolved by the table INDIRECT below, which says for each
file what can stand behind its pointers; a file that is missing there is an error, so the figure
cannot silently be too small.  What the port supplies (flash driver, UART, signature
library) is counted as 0 bytes here and named in the output.

    scripts/size_report.py            print the tables
    scripts/size_report.py --write    put them into the marked places of README.md and doc/porting.md
    scripts/size_report.py --check    fail when those places are stale
"""
import fnmatch
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
CC = "arm-none-eabi-gcc"
FLAGS = ["-mcpu=cortex-m3", "-mthumb", "-Os", "-std=c11", "-ffreestanding", "-ffunction-sections",
         "-fdata-sections", "-fcallgraph-info=su", "-DFOTA_ARCH_MASK=0x3U", "-I", str(ROOT)]
GROUPS = [
    ("errors, without texts", ["err"]),
    ("error texts (optional)", ["err_text"]),
    ("hashes", ["crc32", "sha256"]),
    ("package, signature checks", ["package", "sign", "package_check", "package_choice"]),
    ("codec, with Thumb", ["model", "rangedec", "delta", "thumb", "isa"]),
    ("Arm, AArch64, RISC-V, Xtensa (optional, 0.7 to 1.5 KB each)",
     ["isa_arm", "isa_aarch64", "isa_riscv", "isa_xtensa"]),
    ("flash, journal, records", ["flash", "journal", "record_store", "identity", "image_hash"]),
    ("updater and boot flow", ["updater", "boot"]),
    ("reception, confirmation", ["staging", "trial"]),
    ("AT server and application", ["at_line", "at_server", "app"]),
    ("AT client (MCU side)", ["at_client"]),
    ("fetching through the module (optional)", ["at_fetch", "tcp_answer"]),
    ("device profile parser (optional)", ["profile"]),
]
# Where a call through a pointer can go, by the file that makes it; an empty list: only to the port.
# Patterns of file:function.
HANDLERS = ["app*:on_*", "at_server_basic.c:on_*", "app.c:put"]
SOURCE = ["updater_source.c:*read*"]
INDIRECT = {
    "flash.c": [], "boot.c": [], "sign.c": [], "app.c": [],
    "delta*": ["*:fota_rangedec_code", *SOURCE], "model.c": ["*:fota_rangedec_code"],
    "rangedec.c": ["updater_source.c:read_body"],
    "at_server_answer.c": ["app.c:put"], "at_server*": HANDLERS,
    "at_client_talk.c": ["at_fetch.c:say", "at_fetch.c:reset", "at_fetch.c:end", "at_fetch.c:take", "*:fota_at_fetch_hear"],
    "at_client*": ["at_fetch.c:read_bytes"],
    "at_fetch_steps.c": ["at_fetch_steps.c:hear_*", "*:fota_at_fetch_tcp_*"], "at_fetch*": [],
}
ENTRIES = [
    ("boot loader: fota_boot_poll", "fota_boot_poll"),
    ("application: fota_app_feed", "fota_app_feed"),
    ("application: fota_app_poll", "fota_app_poll"),
    ("MCU side: fota_at_client_poll", "fota_at_client_poll"),
]


def group_of(stem):
    names = {name: label for label, members in GROUPS for name in members}
    while stem not in names:
        if "_" not in stem:
            sys.exit(f"size_report: core/{stem}.c is in no group")
        stem = stem.rsplit("_", 1)[0]
    return names[stem]


def compile_core(out):
    for source in sorted((ROOT / "core").glob("*.c")):
        subprocess.run([CC, *FLAGS, "-c", source, "-o", out / (source.stem + ".o")], check=True,
                       cwd=out)


def sizes(out):
    """{group: (text incl. constants, writable data)}"""
    rom = {label: 0 for label, _ in GROUPS}
    ram = dict(rom)
    for obj in sorted(out.glob("*.o")):
        line = subprocess.run(["arm-none-eabi-size", obj], check=True, capture_output=True,
                              text=True).stdout.splitlines()[1].split()
        rom[group_of(obj.stem)] += int(line[0])
        ram[group_of(obj.stem)] += int(line[1]) + int(line[2])
    return rom, ram


def call_graph(out):
    """({function: frame bytes}, {function: its file}, {function: set of callees}).  A call through
    a pointer appears as '__indirect_call'."""
    frame, file_of, calls = {}, {}, {}
    for path in sorted(out.glob("*.ci")):
        text = path.read_text()
        for title, label in re.findall(r'node: \{ title: "([^"]+)" label: "([^"]*)"', text):
            used = re.search(r"(\d+) bytes", label)
            if used:
                frame[title] = int(used.group(1))
                file_of[title] = path.stem + ".c"
        for source, target in re.findall(r'sourcename: "([^"]+)" targetname: "([^"]+)"', text):
            calls.setdefault(source, set()).add(target)
    return frame, file_of, calls


def plain(name):
    """The function's name without its file and the compiler's suffixes."""
    return name.rsplit(":", 1)[-1].split(".")[0]


def indirect_targets(caller, frame, file_of):
    file = file_of[caller]
    patterns = next((INDIRECT[key] for key in INDIRECT if fnmatch.fnmatch(file, key)), None)
    if patterns is None:
        sys.exit(f"size_report: {caller} calls through a pointer: say in INDIRECT where to")
    found = [f for f in frame for p in patterns if fnmatch.fnmatch(f"{file_of[f]}:{plain(f)}", p)]
    if patterns and not found:
        sys.exit(f"size_report: INDIRECT names functions that are not in core/: {patterns}")
    return found


def deepest(name, graph, path=()):
    """(bytes, chain) of the deepest stack below and including `name`."""
    if name in path:
        sys.exit("size_report: recursion: " + " > ".join(map(plain, (*path, name))))
    frame, file_of, calls = graph
    targets = set()
    for target in calls.get(name, ()):
        if target == "__indirect_call":
            targets |= set(indirect_targets(name, frame, file_of))
        elif target in frame:
            targets.add(target)
    best = (0, ())
    for target in targets:
        best = max(best, deepest(target, graph, (*path, name)))
    return best[0] + frame[name], (plain(name), *best[1])


def report():
    with tempfile.TemporaryDirectory() as tmp:
        out = pathlib.Path(tmp)
        compile_core(out)
        rom, ram = sizes(out)
        graph = call_graph(out)
        lines = ["| part of `core/` | ROM, bytes | static RAM |", "|---|--:|--:|"]
        for label, _ in GROUPS:
            lines.append(f"| {label} | {rom[label]:,} | {ram[label]} |")
        lines.append(f"| **all** | **{sum(rom.values()):,}** | **{sum(ram.values())}** |")
        parts = ("errors, without", "hashes", "package, sig", "codec, with", "flash, j", "updater", "reception", "AT server")
        device = sum(size for label, size in rom.items() if label.startswith(parts))
        lines.append(f"| of it what a module needs: without what is optional and the MCU side | {device:,} | |")
        lines += ["", "| entry | deepest stack, bytes |", "|---|--:|"]
        for label, entry in ENTRIES:
            depth, _ = deepest(entry, graph)
            lines.append(f"| {label} | {depth:,} |")
        if "-v" in sys.argv:
            for label, entry in ENTRIES:
                print(label, deepest(entry, graph))
        lines += ["", struct_sizes(out)]
    return "\n".join(lines)


STRUCTS = [("struct fota_boot", "core/boot.h"), ("struct fota_app", "core/app.h"),
           ("struct fota_at_client", "core/at_client.h"), ("struct fota_at_fetch", "core/at_fetch.h")]


def struct_sizes(out):
    probe = out / "probe.c"
    probe.write_text("".join(f'#include "{header}"\n' for _, header in STRUCTS) + "".join(
        f"char size_{i}[sizeof({name})];\n" for i, (name, _) in enumerate(STRUCTS)))
    subprocess.run([CC, *FLAGS, "-c", probe, "-o", out / "probe.o"], check=True, cwd=out)
    table = subprocess.run(["arm-none-eabi-nm", "-S", out / "probe.o"], check=True,
                           capture_output=True, text=True).stdout
    lines = ["| state, handed in by the caller | bytes |", "|---|--:|"]
    for i, (name, _) in enumerate(STRUCTS):
        size = int(re.search(rf"\S+ (\S+) \S size_{i}\n", table).group(1), 16)
        lines.append(f"| `{name}` | {size:,} |")
    return "\n".join(lines)


PLACE = re.compile(r"(<!-- size_report begin -->\n).*?(<!-- size_report end -->)", re.S)


def main():
    text = report()
    gcc = subprocess.run([CC, "-dumpversion"], check=True, capture_output=True, text=True)
    text = f"Cortex-M3, arm-none-eabi-gcc {gcc.stdout.strip()}, -Os.\n\n{text}\n"
    if "--write" not in sys.argv and "--check" not in sys.argv:
        print(text)
        return 0
    stale = 0
    for name in ("README.md", "doc/porting.md"):
        path = ROOT / name
        if not path.exists() or not PLACE.search(path.read_text()):
            continue
        wanted = PLACE.sub(lambda m: m.group(1) + text + m.group(2), path.read_text())
        if wanted != path.read_text():
            stale += 1
            if "--write" in sys.argv:
                path.write_text(wanted)
            else:
                print(f"{name}: size tables are stale: run scripts/size_report.py --write")
    return stale if "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
