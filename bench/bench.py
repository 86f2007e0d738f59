#!/usr/bin/env python3
"""Measure the delta codec on the pairs of bench/pairs.txt and print a table.

Fetches the packages with npm into .cache/bench, checks them against bench/packages.sha256, and
runs build/fota-bench.  A size is that of the whole package: body, plus --head bytes for head and
signature.  `vs best` compares with the smallest package of any peer (pairs.txt), `vs bsdiff` with
bsdiff as it is installed."""
import argparse
import hashlib
import io
import math
import pathlib
import subprocess
import tarfile
import tempfile
import zipfile
from concurrent.futures import ThreadPoolExecutor

ROOT = pathlib.Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache" / "bench"


def archive_name(package, version):
    return f"{package.lstrip('@').replace('/', '-')}-{version}.tgz"


def fetch(package, version, sums):
    path = CACHE / archive_name(package, version)
    if not path.exists():
        subprocess.run(["npm", "pack", "--silent", f"{package}@{version}"], cwd=CACHE, check=True,
                       stdout=subprocess.DEVNULL)
    if hashlib.sha256(path.read_bytes()).hexdigest() != sums[path.name]:
        raise SystemExit(f"{path.name}: checksum differs from bench/packages.sha256")
    return path


def member(package, version, archive, name, sums):
    out = CACHE / f"{pathlib.Path(archive).stem}-{version}.bin"
    if not out.exists():
        with tarfile.open(fetch(package, version, sums)) as tar:
            data = tar.extractfile(f"package/{archive}").read()
        out.write_bytes(zipfile.ZipFile(io.BytesIO(data)).read(name))
    return out


def bsdiff_bytes(old, new):
    with tempfile.NamedTemporaryFile() as patch:
        subprocess.run(["bsdiff", old, new, patch.name], check=True)
        return pathlib.Path(patch.name).stat().st_size


def measure(pair, args, sums):
    name, package, a, b, archive, inside, _, best = pair
    old, new = (member(package, v, archive, inside, sums) for v in (a, b))
    row = {"name": name, "best": int(best), "bsdiff": bsdiff_bytes(old, new)}
    for mode in args.mode:
        run = subprocess.run(
            [args.program, old, new, mode, *map(str, (args.sector, args.scratch, args.unit, args.decoder))],
            capture_output=True, text=True, check=True)
        row[mode] = {k: float(v) for k, v in (word.split("=") for word in run.stdout.split())}
    return row


def geometric_mean(ratios):
    return math.exp(sum(map(math.log, ratios)) / len(ratios))


def print_table(rows, args):
    print("| pair | bsdiff | best peer | " + " | ".join(
        f"{m} | vs bsdiff | vs best | prologue | literal" for m in args.mode) + " |")
    print("|---|--:|--:|" + "--:|--:|--:|--:|--:|" * len(args.mode))
    ratios = {(m, r): [] for m in args.mode for r in ("bsdiff", "best")}
    for row in rows:
        cells = [row["name"], str(row["bsdiff"]), str(row["best"])]
        for mode in args.mode:
            total = row[mode]["body"] + args.head
            for ref in ("bsdiff", "best"):
                ratios[mode, ref].append(total / row[ref])
            cells += [f"{total:.0f}", f"{total / row['bsdiff']:.3f}", f"{total / row['best']:.3f}",
                      f"{row[mode]['prologue']:.0f}", f"{row[mode]['literal']:.0f}"]
        print("| " + " | ".join(cells) + " |")
    for (mode, ref), values in ratios.items():
        print(f"geometric mean, {mode} against {ref}: {geometric_mean(values):.3f} (n={len(values)})")
    if len(args.mode) == 2:
        a, b = args.mode
        print(f"geometric mean, {b} against {a}: " + format(geometric_mean(
            [(r[b]["body"] + args.head) / (r[a]["body"] + args.head) for r in rows]), ".3f"))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--mode", nargs="+", default=["two-slots", "in-place"])
    parser.add_argument("--sector", type=int, default=4096)
    parser.add_argument("--scratch", type=int, default=8)
    parser.add_argument("--unit", type=int, default=0)
    parser.add_argument("--decoder", type=int, default=16384)
    parser.add_argument("--head", type=int, default=245)
    parser.add_argument("--only", default="", help="pairs whose name holds this")
    parser.add_argument("--program", default=str(ROOT / "build" / "fota-bench"))
    args = parser.parse_args()
    CACHE.mkdir(parents=True, exist_ok=True)
    sums = {n: s for s, n in (l.split() for l in (ROOT / "bench/packages.sha256").read_text().splitlines())}
    pairs = [l.split() for l in (ROOT / "bench/pairs.txt").read_text().splitlines() if l and l[0] != "#"]
    pairs = [p for p in pairs if args.only in p[0]]
    for _, package, a, b, archive, inside, *_ in pairs:
        for version in (a, b):
            member(package, version, archive, inside, sums)
    with ThreadPoolExecutor(2) as pool:
        print_table(list(pool.map(lambda p: measure(p, args, sums), pairs)), args)


if __name__ == "__main__":
    main()
