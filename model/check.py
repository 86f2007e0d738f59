#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Check model/updater.pml with spin: the protocol holds, and each rule that is left out breaks it.

usage: check.py [--all]      without --all only what is done in about a minute

Every row is searched to its end (breadth first, so that an error's trail is the shortest)."""
import pathlib
import re
import subprocess
import sys
import tempfile
import time

MODEL = pathlib.Path(__file__).resolve().parent / "updater.pml"

# name, definitions, whether it must hold, whether it is quick
ROWS = [
    ("2 sectors of 3 slots, no lies", ["SECTORS=2", "LIES=0", "SLOTS=3"], True, True),
    ("2 sectors of 4 slots, no lies", ["SECTORS=2", "LIES=0"], True, False),
    ("3 sectors of 3 slots, no lies", ["SECTORS=3", "LIES=0", "SLOTS=3"], True, False),
    ("2 sectors of 4 slots, 1 lie", ["SECTORS=2", "LIES=1"], True, False),
    ("2 sectors of 5 slots, 1 lie", ["SECTORS=2", "LIES=1", "SLOTS=5"], True, False),
    ("3 cuts at most: updates go on ending", ["SECTORS=2", "LIES=0", "SLOTS=3", "CUTS=3", "LIVE"], True, True),
    ("3 slots do not stand a lie: no recommit", ["SECTORS=2", "LIES=1", "SLOTS=3"], False, False),
    ("without OPEN", ["SECTORS=2", "LIES=0", "NO_OPEN"], False, True),
    ("RUN before staging is complete", ["SECTORS=2", "LIES=0", "SLOTS=3", "RUN_BEFORE_STAGING"], False, True),
    ("without the record behind a stash", ["SECTORS=2", "LIES=0", "SLOTS=3", "NO_STASH_RECORD"], False, True),
    ("without the record behind a write", ["SECTORS=2", "LIES=0", "SLOTS=3", "NO_WRITE_RECORD"], False, True),
    ("a blank journal sector is not erased", ["SECTORS=2", "LIES=0", "SLOTS=3", "NO_ERASE_WHEN_BLANK"], False, True),
    ("without IDLE first", ["SECTORS=2", "LIES=1", "NO_IDLE_FIRST"], False, False),
    ("a head alone counts", ["SECTORS=2", "LIES=1", "HEAD_ALONE_COUNTS"], False, False),
    ("without the second head", ["SECTORS=2", "LIES=1", "NO_SECOND_HEAD"], False, False),
    ("without recommit", ["SECTORS=2", "LIES=1", "NO_RECOMMIT"], False, False),
    ("the scan stops at a blank slot", ["SECTORS=2", "LIES=1", "NO_SCAN_ALL"], False, False),
    ("one RESULT instead of two, 1 lie", ["SECTORS=2", "LIES=1", "SINGLE_RESULT"], True, False),
]


def run(definitions):
    """(errors, states, seconds) of the search."""
    live = "LIVE" in definitions
    with tempfile.TemporaryDirectory() as folder:
        begin = time.monotonic()
        flags = [f"-D{d}" for d in definitions]
        subprocess.run(["spin", "-a", *flags, MODEL], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        subprocess.run(["cc", "-O2", "-w", "-DCOLLAPSE", "-DMEMLIM=12000", *([] if live else ["-DSAFETY", "-DBFS"]),
                        "-o", "pan", "pan.c"], cwd=folder, check=True)
        out = subprocess.run(["./pan", *(["-a", "-m5000000"] if live else [])], cwd=folder, capture_output=True,
                             text=True, check=False).stdout
        seconds = time.monotonic() - begin
    errors = re.search(r"errors: (\d+)", out)
    states = re.search(r"(\d+) states, stored", out)
    if errors is None or states is None or "max search depth too small" in out or "out of memory" in out:
        raise SystemExit("spin did not finish:\n" + out[-2000:])
    return int(errors[1]), int(states[1]), seconds


def main():
    failed = 0
    print(f"{'':48}{'states':>12}{'s':>7}")
    for name, definitions, holds, quick in ROWS:
        if not quick and "--all" not in sys.argv:
            continue
        errors, states, seconds = run(definitions)
        good = (errors == 0) == holds
        failed += not good
        verdict = ("holds" if errors == 0 else "broken") + ("" if good else "  <-- UNEXPECTED")
        print(f"{name:48}{states:12,}{seconds:7.1f}  {verdict}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
