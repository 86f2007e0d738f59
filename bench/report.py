"""Tables and the plot of doc/benchmark.md."""
import math
import re

LARGE = 4096  # packages above this are counted apart: below it, head and signature are most of a package
BEGIN, END = "<!-- benchmark begin -->\n", "<!-- benchmark end -->"
THUMB = ("armv6m", "armv7m", "armv7em")


def is_thumb(row):
    return row["arch"] in THUMB


def geometric_mean(values):
    values = list(values)
    return math.exp(sum(map(math.log, values)) / len(values)) if values else None


def smallest(row, in_place=None):
    """(bytes, peer) of the smallest package of any peer, or of any that a peer's C code can apply in place."""
    found = [(r["bytes"], name) for name, r in row["peers"].items() if not in_place or r["in_place"]]
    found += [(n, name + " †") for name, n in row["recorded"].items() if not in_place or "in place" in name]
    return min(found)


def show(value, digits=3):
    return "" if value is None else f"{value:.{digits}f}"


def count(n):
    return f"{n:,}"


def table(head, rows):
    out = ["| " + " | ".join(head) + " |", "|" + "|".join("---" if i == 0 else "--:" for i in range(len(head))) + "|"]
    return "\n".join(out + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def groups(rows):
    """(label, rows) over which the means are taken."""
    archs = sorted({r["arch"] for r in rows})
    out = [("all pairs", rows), ("Cortex-M", [r for r in rows if is_thumb(r)]),
           ("npm, Cortex-M", [r for r in rows if is_thumb(r) and r["name"].startswith("pybricks")]),
           ("built here", [r for r in rows if r["name"].startswith("own-")]),
           ("not built here", [r for r in rows if not r["name"].startswith("own-")])]
    out += [(a, [r for r in rows if r["arch"] == a]) for a in archs]
    return [(label, found) for label, found in out if found]


def size_table(rows):
    out = []
    for r in rows:
        best, peer = smallest(r)
        best_in, peer_in = smallest(r, in_place=True)
        out.append([r["name"], r["arch"], count(r["new_bytes"]), count(best), peer, count(r["two"]["body"]), count(r["two"]["bytes"]),
                    show(r["two"]["body"] / best), show(r["two"]["bytes"] / best), count(best_in), peer_in,
                    count(r["in8"]["bytes"]), show(r["in8"]["bytes"] / best_in)])
    return table(["pair", "code", "new image", "best peer", "which", "fota body", "fota package", "body / best", "package / best",
                  "best peer in place", "which", "fota in place", "/ best in place"], out)


RATIOS = [("body / best peer", lambda r: r["two"]["body"] / smallest(r)[0]),
          ("package / best peer", lambda r: r["two"]["bytes"] / smallest(r)[0]),
          ("package / bsdiff", lambda r: r["two"]["bytes"] / r["peers"]["bsdiff"]["bytes"]),
          ("in place / best in place", lambda r: r["in8"]["bytes"] / smallest(r, in_place=True)[0]),
          ("full / xz -9e", lambda r: r["full"]["bytes"] / r["peers"]["xz (full image)"]["bytes"])]


def mean_table(rows):
    out = []
    for label, found in groups(rows):
        large = [r for r in found if r["two"]["bytes"] > LARGE]
        for name, chosen in ((label, found), (f"{label}, packages above 4 KiB", large)):
            if chosen and not (name != label and len(large) == len(found)):
                out.append([name, str(len(chosen)), *(show(geometric_mean(map(f, chosen))) for _, f in RATIOS)])
    return table(["geometric mean over", "pairs", *(name for name, _ in RATIOS)], out)


def in_place_table(rows):
    ways = (("in16", "16 sectors"), ("in8", "8 sectors"), ("in1", "1 sector"))
    out = []
    for r in rows:
        two = r["two"]["bytes"]
        out.append([r["name"], count(two)])
        for way, _ in ways:
            out[-1] += [count(r[way]["bytes"]), show(r[way]["bytes"] / two), str(r[way]["units"])]
    for label, chosen in (("**geometric mean**", rows), ("**above 4 KiB**", [r for r in rows if r["two"]["bytes"] > LARGE])):
        if chosen:
            out.append([label, ""])
            for way, _ in ways:
                out[-1] += ["", f"**{show(geometric_mean(r[way]['bytes'] / r['two']['bytes'] for r in chosen))}**", ""]
    out.append(["**worst**", ""])
    for way, _ in ways:
        out[-1] += ["", f"**{show(max(r[way]['bytes'] / r['two']['bytes'] for r in rows))}**", ""]
    head = ["pair", "two slots"]
    for _, label in ways:
        head += [label, "/ two slots", "units"]
    return table(head, out)


def cost_table(rows):
    out = []
    for r in rows:
        out.append([r["name"], f"{r['two']['seconds']:.1f}", f"{r['in8']['seconds']:.1f}", str(round(r["in8"]["kib"] / 1024)), count(r["two"]["decoder"]), count(r["in8"]["decoder"]),
                    *(count(r[way]["instructions"]) for way in ("two", "in8", "full"))])
    out.append(["**geometric mean**", "", "", "", "", "", *(
        f"**{geometric_mean(r[way]['instructions'] for r in rows):,.0f}**" for way in ("two", "in8", "full"))])
    return table(["pair", "making, two slots, s", "in place, s", "MiB at most", "decoder RAM, two slots", "in place",
                  "instructions per byte, two slots", "in place", "full image"], out)


def peer_table(rows):
    names = list(dict.fromkeys(name for r in rows for name in r["peers"]))
    out = []
    for name in names:
        found = [r for r in rows if name in r["peers"]]
        ratio = geometric_mean(r["peers"][name]["bytes"] / smallest(r)[0] for r in found)
        out.append([name, str(len(found)), show(ratio), str(sum(smallest(r)[1] == name for r in found)),
                    f"{max(r['peers'][name]['seconds'] for r in found):.1f}",
                    str(round(max(r["peers"][name]["kib"] for r in found) / 1024))])
    return table(["peer", "pairs", "mean / best peer", "best on", "slowest, s", "MiB at most"], out)


def lost(rows):
    out = [f"- {r['name']}: {smallest(r)[1]} {count(smallest(r)[0])}, body {count(r['two']['body'])}"
           for r in rows if smallest(r)[0] < r["two"]["body"]]
    text = "Pairs on which a peer's package is smaller than fota's body:"
    return f"{text}\n\n" + "\n".join(out) + "\n" if out else f"{text} none.\n"


def tables(rows, missing):
    if not rows:
        return "Not measured when this was written: " + ", ".join(missing) + ".\n"
    parts = ["### Sizes", size_table(rows), "### Means", mean_table(rows), lost(rows), "### In place", in_place_table(rows),
             "### Cost", cost_table(rows), "### Peers", peer_table(rows)]
    if missing:
        parts.append("Left out, not to be had or not measured when this was written: " + ", ".join(missing) + ".\n")
    return "\n".join(parts)


# ---------- the plot: one row a pair, a dot for each ratio, logarithmic ----------
ROW, LEFT, WIDTH, TOP = 15, 190, 620, 44
LOW, HIGH = 0.04, 2.0
SERIES = [("#0b6e4f", "two slots / best peer of any kind", lambda r: r["two"]["bytes"] / smallest(r)[0]),
          ("#c8553d", "in place / best peer in place", lambda r: r["in8"]["bytes"] / smallest(r, in_place=True)[0])]


def place(ratio):
    ratio = min(max(ratio, LOW), HIGH)
    return LEFT + WIDTH * math.log(ratio / LOW) / math.log(HIGH / LOW)


def plot(rows):
    height = TOP + ROW * len(rows) + 30
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + 30}" height="{height}" '
           'font-family="sans-serif" font-size="10"><rect width="100%" height="100%" fill="white"/>']
    for i, (colour, label, _) in enumerate(SERIES):
        out.append(f'<circle cx="{LEFT + 8 + 230 * i}" cy="12" r="4" fill="{colour}"/>'
                   f'<text x="{LEFT + 16 + 230 * i}" y="16">{label}</text>')
    for tick in (0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5):
        x = place(tick)
        out.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 10}" y2="{height - 24}" stroke="{"#555" if tick == 1 else "#ddd"}"/>'
                   f'<text x="{x:.1f}" y="{TOP - 14}" text-anchor="middle">{tick:g}</text>')
    for i, r in enumerate(rows):
        y = TOP + ROW * i + 6
        out.append(f'<text x="{LEFT - 6}" y="{y + 3}" text-anchor="end">{r["name"]}</text>')
        for colour, _, ratio in SERIES:
            out.append(f'<circle cx="{place(ratio(r)):.1f}" cy="{y}" r="3.5" fill="{colour}" fill-opacity="0.85"/>')
    out.append(f'<text x="{LEFT}" y="{height - 8}">bytes of the signed package, relative to the unsigned patch of the best peer '
               '(left of 1: smaller)</text></svg>')
    return "\n".join(out) + "\n"


def write(folder, measured, versions):
    rows, missing = measured["pairs"]
    (folder / "benchmark.svg").write_text(plot(rows))
    parts = ["Peers: " + ", ".join(f"{n} {v}" for n, v in versions.items()) + ".\n", "## Results\n", tables(rows, missing)]
    held, missing = measured["held out"]
    parts += ["## Held out\n", "Firmware that nobody tuned on.\n", tables(held, missing)]
    path = folder / "benchmark.md"
    text = re.sub(f"{BEGIN}.*?{END}", lambda _: BEGIN + "\n".join(parts) + END, path.read_text(), flags=re.S)
    path.write_text(text)
    print(f"wrote {path} and {folder / 'benchmark.svg'}")
