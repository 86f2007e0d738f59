#!/usr/bin/env python3
"""Check that includes follow the layer table of doc/design.md 2, that every header compiles alone,
that every core and host module has its test, and that sizes stay within the house limits."""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent

# Core modules in layers: a module may include modules of earlier layers and of its own layer
# further left, nothing else.
CORE_LAYERS = [
    ["err", "mem", "le", "err_text", "package_source"],
    ["crc32", "sha256", "flash"],
    ["sign", "package", "model", "rangedec", "thumb", "isa", "delta_map", "delta_ops",
     "delta", "profile", "record_store", "image_hash"],
    ["identity", "journal", "staging", "device", "package_choice", "trial"],
    ["package_check", "updater"],
    ["boot"],
    ["at_line", "tcp_answer", "at_server", "at_client", "at_talk", "at_fetch"],
    ["app"],
]
AT_MAY_INCLUDE = {"err", "mem", "le", "crc32", "sha256", "at_line", "at_server", "at_client", "at_talk", "at_fetch",
                  "tcp_answer", "package", "package_source"}
APP_MAY_NOT_INCLUDE = {"updater", "boot", "at_client", "at_fetch"}
HOST_MAY_INCLUDE_CORE = {
    "err", "mem", "le", "crc32", "sha256", "sign", "package", "profile", "flash",
    "model", "rangedec", "delta", "delta_ops", "delta_map", "delta_state", "isa",
    # to prove a package on a simulated device before it is written
    "device", "identity", "journal", "package_check", "updater", "record_store", "image_hash",
}
FOLDERS = {
    "core": {"core"},
    "sim": {"core", "sim"},
    "host": {"core", "host", "sim", "port"},
    "module": {"core", "module", "sim", "port", "source"},
    "source": {"core", "source", "port"},
    "tool": {"core", "host", "source", "tool", "sim", "port"},
    "port": {"core", "port"},
}
# Modules whose code is exercised by the test of another one, with the reason.
NO_TEST_OF_ITS_OWN = {
    "core/mem": "declarations", "core/le": "inline, used by every parser's test",
    "host/parse": "test_encode", "host/walk": "test_analyze", "host/project": "test_encode", "host/address_map": "test_encode",
    "host/plan": "test_encode", "host/prove": "test_encode",
    "host/seeds": "test_encode", "host/suffix": "test_encode", "host/rangeenc": "test_rangedec",
    "core/tcp_answer": "test_tcp_wire", "core/err_text": "test_err", "core/device": "a struct", "core/model": "inline",
}
FILE_LINES_MAX = 700
INCLUDE = re.compile(r'^\s*#\s*include\s+"([a-z_]+)/([a-z0-9_/]+)\.(h|def)"', re.M)


def core_order():
    order = {}
    for depth, layer in enumerate(CORE_LAYERS):
        for place, module in enumerate(layer):
            order[module] = (depth, place)
    return order


def core_faults(path, module, included, order):
    if module not in order:
        return [f"{path}: core module '{module}' is not in the layer table"]
    if included in ("errors", module):
        return []
    if included not in order:
        return [f"{path}: includes core/{included}, which is not in the layer table"]
    if module.startswith("at_") or module == "tcp_answer":
        if included not in AT_MAY_INCLUDE:
            return [f"{path}: AT modules may not include core/{included}"]
        return []
    if module == "app" and included in APP_MAY_NOT_INCLUDE:
        return [f"{path}: app may not include core/{included}"]
    if included.startswith("at_") and module != "app":
        return [f"{path}: only app may include core/{included}"]
    if order[included] >= order[module]:
        return [f"{path}: core/{included} is not below core/{module}"]
    return []


def module_of(path):
    """The module a source belongs to: a file split by subject (updater_stash.c) belongs to its
    longest listed prefix."""
    return path.stem


def base_module(stem, order):
    while stem not in order and "_" in stem:
        stem = stem.rsplit("_", 1)[0]
    return stem


def include_faults():
    faults = []
    order = core_order()
    for folder, allowed in FOLDERS.items():
        for path in sorted((ROOT / folder).rglob("*.[ch]")):
            name = path.relative_to(ROOT)
            for target, included, _ in INCLUDE.findall(path.read_text()):
                if target not in allowed:
                    faults.append(f"{name}: {folder}/ may not include {target}/")
                elif folder == "core":
                    faults += core_faults(name, base_module(path.stem, order),
                                          base_module(included, order), order)
                elif folder == "host" and target == "core" and included not in HOST_MAY_INCLUDE_CORE \
                        and included != "errors":
                    faults.append(f"{name}: host/ may not include core/{included}")
    return faults


def test_faults():
    faults = []
    for folder in ("core", "host", "sim"):
        for path in sorted((ROOT / folder).glob("*.c")):
            name = f"{folder}/{path.stem}"
            if name in NO_TEST_OF_ITS_OWN:
                continue
            stem = path.stem
            while not (ROOT / "test" / f"test_{stem}.c").exists():
                if "_" not in stem:
                    faults.append(f"{name}.c has no test/test_{path.stem}.c")
                    break
                stem = stem.rsplit("_", 1)[0]
    return faults


def size_faults():
    faults = []
    for folder in (*FOLDERS, "test", "fuzz"):
        for path in sorted((ROOT / folder).rglob("*.[ch]")):
            lines = path.read_text().count("\n")
            if lines > FILE_LINES_MAX and folder not in ("test",):
                faults.append(f"{path.relative_to(ROOT)}: {lines} lines, more than {FILE_LINES_MAX}")
            if not path.read_text().startswith("/* SPDX-License-Identifier: MIT */"):
                faults.append(f"{path.relative_to(ROOT)}: no SPDX line")
    return faults


def header_faults():
    faults = []
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.h")):
            flags = ["-ffreestanding"] if folder == "core" else []
            run = subprocess.run(
                ["gcc", "-std=c11", *flags, "-Wall", "-Wextra", "-Werror", "-I", ROOT,
                 "-I", ROOT / ".cache/fatfs", "-I", ROOT / "port/fatfs", "-fsyntax-only", "-x", "c", path], capture_output=True, text=True, check=False)
            if run.returncode != 0:
                faults.append(f"{path.relative_to(ROOT)}: does not compile alone:\n{run.stderr}")
    return faults


def main():
    faults = include_faults() + test_faults() + size_faults() + header_faults()
    for fault in faults:
        print(fault)
    print(f"layers: {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
