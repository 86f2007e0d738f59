#!/usr/bin/env python3
"""Measure fota and its peers on pairs of firmware, and write doc/benchmark.md and doc/benchmark.svg.

    bench.py                    everything; the first run fetches, builds and measures: about an hour
    bench.py --only TEXT        pairs whose name holds TEXT; prints the table, writes nothing
    bench.py --held-out         the pairs of bench/held_out.txt; printed and written beside the others
    bench.py --cached           write the page from what is in the cache, measure nothing
    bench.py --bodies [WAY..]   no peers, no signature, no emulator: what the encoder makes, for work on it
    bench.py --self-check       a few pairs without any peer: does the bench itself work

Results are kept in .cache/bench/results by checksum of tool and images: a second run measures only
what is new.  A peer that cannot be had ends the run; a pair that cannot be had is left out and named."""
import argparse
import hashlib
import json
import pathlib
import sys

import decode
import fetch
import peers
import report
from fetch import CACHE, HERE, ROOT

# fota's ways: options of `fota diff`.
WAYS = {
    "two": ["--slots", "2"],
    "in8": ["--scratch", "8"],
    "in16": ["--scratch", "16"],
    "in1": ["--scratch", "1"],
    "full": ["--full"],
}
SELF_CHECK = ("own-m4-function",)
SELF_CHECK_WAYS = ("two", "in8")


def digest(*parts):
    key = hashlib.sha256()
    for part in parts:
        key.update(part.read_bytes() if isinstance(part, pathlib.Path) else str(part).encode() + b"\0")
    return key.hexdigest()


class NotMeasured(Exception):
    """With --cached: this is not in the cache."""


class Results:
    """What was measured once."""

    def __init__(self, only_cached=False):
        self.only_cached = only_cached
        self.folder = CACHE / "results"
        self.folder.mkdir(parents=True, exist_ok=True)

    def get(self, key, measure):
        path = self.folder / key[:32]
        if not path.exists():
            if self.only_cached:
                raise NotMeasured
            result = measure()
            path.write_text(json.dumps(result))
        return json.loads(path.read_text())


def measure_peers(results, pair):
    out = {}
    for name, in_place, command in peers.invocations(pair):
        named = [pathlib.Path(c).name if isinstance(c, pathlib.Path) else str(c).replace(str(CACHE), "") for c in command]
        key = digest(name, *named, sorted(peers.VERSIONS.items()), pair["old"], pair["new"])
        out[name] = results.get(key, lambda c=command: peers.measure(c, CACHE / "patch"))
        out[name]["in_place"] = in_place
    return out


def recorded():
    """Figures of peers that no registry serves in that form: {pair: {peer: bytes}}, from bench/recorded.txt."""
    out = {}
    for line in (HERE / "recorded.txt").read_text().splitlines():
        if line and line[0] != "#":
            pair, peer, n_bytes = line.split("|")
            out.setdefault(pair.strip(), {})[peer.strip()] = int(n_bytes)
    return out


class Fota:
    """The project's own tool, as it was built."""

    def __init__(self, build):
        self.tool = build / "fota"
        self.key = CACHE / "maker.key"
        self.identity = digest(self.tool)
        self.decoder = decode.Decoder(build)
        if not self.key.exists():
            fetch.run([self.tool, "keygen", CACHE / "maker"])

    def make(self, pair, way, out):
        most = max(pair["old"].stat().st_size, pair["new"].stat().st_size)
        images = [pair["new"]] if way == "full" else ["--from-version", "M95FAR02A07", pair["old"], pair["new"]]
        command = [self.tool, "diff", "--force", "--json", "--key", self.key, "--product", "M95", "--to-version", "M95FAR02A08",
                   "--slot-bytes", peers.roundup(most, 65536), *WAYS[way], *images, "-o", out]
        seconds, kib = peers.measured(command)
        info = json.loads(fetch.run([self.tool, "info", "--json", out]))
        return {"bytes": info["bytes"], "body": info["body"]["bytes"], "arch": info["arch"], "units": info["units"],
                "parts": info["parts"], "scratch": info["needs"]["scratch_sectors"],
                "decoder": info["needs"]["decoder_bytes"], "seconds": round(seconds, 2), "kib": kib}

    def measure(self, results, pair, way):
        out = CACHE / "packages" / f"{pair['name']}-{way}.fota"
        out.parent.mkdir(exist_ok=True)
        key = digest("fota", self.identity, way, pair["old"], pair["new"])
        found = results.get(key, lambda: self.make(pair, way, out))
        key = digest("decoded", self.identity, self.decoder.identity, way, pair["old"], pair["new"])
        found.update(results.get(key, lambda: self.decode(pair, way, out)))
        return found

    def decode(self, pair, way, out):
        if not out.exists() or self.stale(out):
            self.make(pair, way, out)
        return self.decoder.run(pair["old"], pair["new"], out, in_place=way.startswith("in"))

    def stale(self, out):
        return out.stat().st_mtime < self.tool.stat().st_mtime


def measure_pair(pair, fota, results, with_peers, ways):
    row = {"name": pair["name"], "arch": pair["arch"], "new_bytes": pair["new"].stat().st_size}
    if with_peers:
        row["peers"] = measure_peers(results, pair)
        row["recorded"] = recorded().get(pair["name"], {})
    row.update({way: fota.measure(results, pair, way) for way in ways})
    return row


def measure(pairs, fota, results, with_peers, ways=tuple(WAYS)):
    """(rows, names of pairs that are not in the cache)"""
    rows, skipped = [], []
    for i, pair in enumerate(pairs):
        print(f"[{i + 1}/{len(pairs)}] {pair['name']}", file=sys.stderr, flush=True)
        try:
            rows.append(measure_pair(pair, fota, results, with_peers, ways))
        except NotMeasured:
            skipped.append(pair["name"])
    return rows, skipped


BODY_WAYS = {"two": ("two-slots", 0), "in16": ("in-place", 16), "in8": ("in-place", 8), "in1": ("in-place", 1)}
HEAD_BYTES = 245  # of a usual package: head and one signature


def bodies(build, pairs, ways):
    """Whole packages by bench/bench.c, each relative to the first way; nothing is kept."""
    ratios, first = {way: [] for way in ways}, []
    for pair in pairs:
        line = f"{pair['name']:28}"
        for way in ways:
            mode, scratch = BODY_WAYS[way]
            said = fetch.run([build / "fota-bench", pair["old"], pair["new"], mode, 4096, scratch, 0, 16384])
            found = dict(word.split("=") for word in said.split())
            n_bytes = int(found["body"]) + HEAD_BYTES
            if way == ways[0]:
                first.append(n_bytes)
            ratios[way].append(n_bytes / first[-1])
            line += (f" | {n_bytes:7} {ratios[way][-1]:.3f} units={found['units']:3} heads={found['heads']:4} "
                     f"prologue={found['prologue']:5} arch={found['arch']} {found['seconds']}s")
        print(line, flush=True)
    print("geometric mean of the first way:", round(report.geometric_mean(first)))
    for way in ways:
        print(f"{way} / {ways[0]}: {report.geometric_mean(ratios[way]):.4f}, worst {max(ratios[way]):.3f}")


def self_check(fota, results):
    """The bench's own machinery, without the network."""
    lines = [line.split() for line in (HERE / "pairs.txt").read_text().splitlines() if line.startswith(SELF_CHECK)]
    pairs = [{"name": n, "arch": a, "old": fetch.image(o), "new": fetch.image(w), "elf": []} for n, a, o, w in lines]
    assert len(pairs) == len(SELF_CHECK)
    for row in measure(pairs, fota, results, with_peers=False, ways=SELF_CHECK_WAYS)[0]:
        for way in SELF_CHECK_WAYS:
            assert row[way]["exact"] and row[way]["instructions"] > 0
            print(f"{row['name']} {way}: {row[way]['bytes']} bytes, {row[way]['instructions']} instructions per byte")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build")
    parser.add_argument("--only", default="")
    parser.add_argument("--held-out", action="store_true")
    parser.add_argument("--cached", action="store_true")
    parser.add_argument("--bodies", nargs="*", choices=BODY_WAYS, metavar="WAY")
    parser.add_argument("--self-check", action="store_true")
    args = parser.parse_args()
    CACHE.mkdir(parents=True, exist_ok=True)
    lists = {"pairs": "pairs.txt"} if not args.held_out else {"held out": "held_out.txt"}
    if args.bodies is not None:
        pairs, _ = fetch.pairs(HERE / next(iter(lists.values())), args.only)
        return bodies(args.build, pairs, args.bodies or list(BODY_WAYS))
    if not args.only and not args.held_out:
        lists["held out"] = "held_out.txt"
    results, fota = Results(args.cached), Fota(args.build)
    if args.self_check:
        return self_check(fota, results)
    tables = {}
    for title, name in lists.items():
        pairs, missing = fetch.pairs(HERE / name, args.only)
        rows, skipped = measure(pairs, fota, results, with_peers=True)
        tables[title] = (rows, missing + skipped)
    if args.only or args.held_out:
        for rows, missing in tables.values():
            print(report.tables(rows, missing))
        return None
    return report.write(ROOT / "doc", tables, peers.VERSIONS)


if __name__ == "__main__":
    sys.exit(main())
