# SPDX-License-Identifier: MIT
"""FAT images by mkfs.vfat and mtools."""
import collections
import pathlib
import struct
import subprocess

import servers

Image = collections.namedtuple("Image", "name file path reference pull_step flips")

PARTITION_OFF = 1 << 20


def run(*args):
    return subprocess.run([str(a) for a in args], check=True, capture_output=True, text=True).stdout


def mtool(name, *args):
    return run(servers.program(name), *args)


def format_image(file, kib, *options, offset=0):
    with open(file, "wb") as out:
        out.truncate(kib * 1024 + offset)
    extra = ["--offset", offset // 512] if offset else []
    run(servers.program("mkfs.vfat"), *options, *extra, "-i", "12345678", file, *([kib] if offset else []))
    if offset:  # one partition, type FAT32 LBA
        with open(file, "r+b") as out:
            out.seek(446)
            out.write(struct.pack("<B3sB3sII", 0, b"\0\0\0", 0x0C, b"\0\0\0", offset // 512, kib * 2))
            out.seek(510)
            out.write(b"\x55\xaa")
        return f"{file}@@{offset}"
    return str(file)


def copy_in(drive, source, target):
    mtool("mcopy", "-o", "-i", drive, source, f"::{target}")


def fragment(drive, home, source, target, fat32=False):
    """Fill the disk's begin with files, remove every second one, copy into the holes."""
    filler = home / "filler"
    filler.write_bytes(b"f" * 100)
    names = [f"/f{i}" for i in range(40)]
    for name in names:
        copy_in(drive, filler, name)
    for name in names[::2]:
        mtool("mdel", "-i", drive, f"::{name}")
    if fat32:   # forget where the next free cluster is looked for
        with open(drive, "r+b") as out:
            out.seek(512 + 488)
            out.write(b"\xff" * 8)
    copy_in(drive, source, target)
    ranges = mtool("mshowfat", "-i", drive, f"::{target}")
    if ranges.count("<") < 5:
        raise RuntimeError(f"not fragmented: {ranges}")


def make_images(home, small, big):
    """One image a kind of FAT, with a package in it."""
    home = pathlib.Path(home)
    home.mkdir()
    small_file, big_file = home / "small", home / "big"
    small_file.write_bytes(small)
    big_file.write_bytes(big)
    long_name = "/Aktualisierungen für Lampen/A rather long name of an update, version 1.1.fota"
    kinds = (("FAT12", 1440, ("-F", "12"), 0), ("FAT16", 16384, ("-F", "16", "-s", "1"), 0), ("FAT32", 40960, ("-F", "32", "-s", "1"), 0),
             ("FAT32 in a partition", 40960, ("-F", "32", "-s", "1"), PARTITION_OFF),
             ("FAT16, 4096-byte blocks", 65536, ("-F", "16", "-S", "4096", "-s", "1"), 0))
    for number, (name, kib, options, offset) in enumerate(kinds):
        file = home / f"{number}.img"
        drive = format_image(file, kib, *options, offset=offset)
        mtool("mmd", "-i", drive, "::/Aktualisierungen für Lampen")
        copy_in(drive, small_file, long_name)
        yield Image(f"{name}, long name", file, long_name, small_file, 1, 2000)
        if name == "FAT12":     # 1 MiB of package on a floppy: every block once more
            fragment(drive, home, big_file, "/big.fota")
            yield Image(f"{name}, fragmented 1 MiB", file, "/big.fota", big_file, 50, 0)
        elif name == "FAT32":
            pieces = home / "pieces"
            pieces.write_bytes(big[:30000])
            fragment(drive, home, pieces, "/pieces.fota", fat32=True)
            yield Image(f"{name}, fragmented", file, "/pieces.fota", pieces, 1, 500)


def image_of_folder(file, folder):
    drive = format_image(file, 1440)
    for source in sorted(folder.iterdir()):
        copy_in(drive, source, f"/{source.name}")
    return file
