"""The peers: what is installed, and how each is invoked at its best settings.

Debian's programs are unpacked from their packages, detools and its parts are installed from PyPI into
an environment of their own, HDiffPatch is built from the sources that PyPI's hdiffpatch carries: all of
a fixed version and checksum, all below .cache/bench.  Nothing of this machine's own is measured."""
import os
import pathlib
import subprocess
import tarfile

from fetch import CACHE, HERE, PYTHON, deb, pypi, run, unpack_deb

DEBIAN = {"bsdiff": "4.3-23", "xdelta3": "3.0.11-dfsg-1.2", "zstd": "1.5.4+dfsg2-5", "xz-utils": "5.4.1-1+deb12u1"}
DETOOLS, HDIFFPATCH = "0.53.0", "2.6.0"
VERSIONS = {**DEBIAN, "detools": DETOOLS, "hdiffpatch": f"{HDIFFPATCH} (HDiffPatch 5.1.3)"}
SCRATCH_64K, SCRATCH_32K = 65536, 32768


def program(package, name):
    return unpack_deb(deb(package, DEBIAN[package]), CACHE / "debian" / f"{package}_{DEBIAN[package]}") / "usr" / "bin" / name


def detools():
    home = CACHE / f"detools-{DETOOLS}"
    if not (home / "bin" / "detools").exists():
        pypi("detools", DETOOLS)
        run([PYTHON, "-m", "venv", home])
        install = [home / "bin" / "pip", "install", "-q", "--no-build-isolation", "--require-hashes", "-r"]
        run([*install, HERE / "requirements_build.txt"])
        run([*install, HERE / "requirements.txt"])
    return home / "bin" / "detools"


def hdiffpatch():
    home = CACHE / f"hdiffpatch-{HDIFFPATCH}"
    source = home / "hdiffpatch" / "_c_src" / "HDiffPatch"
    if not (source / "hdiffi").exists():
        with tarfile.open(pypi("hdiffpatch", HDIFFPATCH)) as tar:
            tar.extractall(CACHE)
        options = ["LDEF=0", "ZLIB=0", "ZSTD=0", "XXH=0", "BZIP2=2", "MD5=0"]
        run(["make", "-C", source, *options, "hdiffz"])
        run(["g++", "-O2", "-D_CompressPlugin_lzma", "-D_IS_NEED_DEFAULT_CompressPlugin=0", "-D_IS_USED_MULTITHREAD=1",
             f"-I{source}", f"-I{source}/../lzma/C", HERE / "hdiffi_main.cpp", source / "libhdiffpatch.a",
             "-lpthread", "-o", source / "hdiffi"])
    return source


def roundup(n, unit):
    return (n + unit - 1) // unit * unit


def invocations(pair):
    """(peer, runs in place on a device, command with {out}, environment) for each setting."""
    old, new = pair["old"], pair["new"]
    xz, hdiff, tools = program("xz-utils", "xz"), hdiffpatch(), detools()
    out = [
        ("xz (full image)", False, ["sh", "-c", f"'{xz}' -9e --check=crc32 -c '{new}' > '{{out}}'"]),
        ("lzma (full image)", False, ["sh", "-c", f"'{xz}' -9e --format=lzma -c '{new}' > '{{out}}'"]),
        ("bsdiff", False, [program("bsdiff", "bsdiff"), old, new, "{out}"]),
        ("zstd", False, [program("zstd", "zstd"), "-q", "--ultra", "-22", "--long=27", "--single-thread",
                         f"--patch-from={old}", new, "-o", "{out}", "-f"]),
    ]
    for secondary in ("djw", "lzma"):
        out.append((f"xdelta3 {secondary}", False,
                    [program("xdelta3", "xdelta3"), "-e", "-9", "-S", secondary, "-A", "-f", "-s", old, new, "{out}"]))
    for score in ("-m-1", "-m-6"):
        for coder in ("-c-lzma-9", "-c-lzma2-9"):
            out.append((f"hdiffz {score} {coder}", False,
                        [hdiff / "hdiffz", score, "-SD", coder, "-p-1", "-f", old, new, "{out}"]))
    out.append(("hdiffz -m-1 -block-0", False,
                [hdiff / "hdiffz", "-m-1", "-block-0", "-c-lzma2-9", "-p-1", "-f", old, new, "{out}"]))
    for coder in (["lzma"], ["crle"], ["heatshrink"]):
        out.append((f"detools {coder[0]}", False, [tools, "create_patch", "-c", coder[0], old, new, "{out}"]))
    out.append(("detools heatshrink w14", False, [tools, "create_patch", "-c", "heatshrink", "--heatshrink-window-sz2",
                                                  "14", "--heatshrink-lookahead-sz2", "7", old, new, "{out}"]))
    formats = {"aarch64": "aarch64", "xtensa": "xtensa-lx106"}
    if pair["arch"].startswith(("armv", "arm7", "arm9", "a32")):
        formats[pair["arch"]] = "arm-cortex-m4"
    form = formats.get(pair["arch"])
    if form:
        plain = [tools, "create_patch", "-c", "lzma", "--data-format", form]
        out.append((f"detools {form}", False, [*plain, old, new, "{out}"]))
        if pair["elf"]:
            from_elf, to_elf = pair["elf"]
            out.append((f"detools {form} elf", False,
                        [*plain, "--from-elf-file", from_elf, "--to-elf-file", to_elf, old, new, "{out}"]))
    most = roundup(max(old.stat().st_size, new.stat().st_size), 4096)
    for coder in ("lzma", "heatshrink"):
        out.append((f"detools in place {coder}", True,
                    [tools, "create_patch_in_place", "-c", coder, "--memory-size", most + SCRATCH_64K,
                     "--segment-size", 4096, old, new, "{out}"]))
    for extra, label in ((SCRATCH_64K, "64k"), (SCRATCH_32K, "32k")):
        for score in (1, 6):
            out.append((f"hdiffi in place {label} m{score}", True,
                        [hdiff / "hdiffi", old, new, "{out}", score, extra, 1 << 20]))
    out.append(("hdiffi in place 64k lzma16k", True, [hdiff / "hdiffi", old, new, "{out}", 1, SCRATCH_64K, 1 << 14]))
    return out


def measured(command):
    """(seconds of processor time, peak KiB) of a command that must succeed."""
    process = subprocess.Popen([str(c) for c in command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    message = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{pathlib.Path(command[0]).name}: status {process.returncode}: {message.decode()[-400:]}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss


def measure(command, out):
    """Bytes, seconds and KiB of one patch."""
    out.unlink(missing_ok=True)
    seconds, kib = measured([str(c).replace("{out}", str(out)) for c in command])
    return {"bytes": out.stat().st_size, "seconds": round(seconds, 2), "kib": kib}
