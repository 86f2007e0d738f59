#!/bin/sh
# Fetch FatFs R0.16 by ChaN (1-clause BSD) from PyPI, where the source package fatfs-ng carries its C
# source, pinned by version and by the SHA-256 of the package; leave the five files that are needed in
# the folder given (default .cache/fatfs).  Its ffconf.h and diskio.c are not ours: port/fatfs has them.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
out=${1:-$root/.cache/fatfs}
[ -f "$out/LICENSE.txt" ] && exit 0
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT INT TERM
python3 -m pip download --quiet --disable-pip-version-check --no-deps --no-binary fatfs-ng --require-hashes \
    -r "$root/scripts/fatfs/requirements.txt" -d "$tmp"
mkdir -p "$tmp/x" "$out.new"
tar -xzf "$tmp"/fatfs_ng-*.tar.gz -C "$tmp/x" --strip-components=1
from=$tmp/x/foreign/fatfs/source
for file in ff.c ff.h ffunicode.c diskio.h; do
    tr -d '\r' < "$from/$file" > "$out.new/$file"
done
# the licence stands at the top of ff.c
sed -n '1,/^\/-*\*\/$/p' "$out.new/ff.c" > "$out.new/LICENSE.txt"
rm -rf "$out"
mv "$out.new" "$out"
