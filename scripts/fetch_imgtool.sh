#!/bin/sh
# Fetch MCUboot's imgtool (Apache-2.0) from PyPI, pinned by version and by the SHA-256 of the package,
# into the folder given (default .cache/imgtool).  What it imports comes from the distribution.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
out=${1:-$root/.cache/imgtool}
[ -f "$out/imgtool/main.py" ] && exit 0
rm -rf "$out" "$out.new"
python3 -m pip install --quiet --disable-pip-version-check --root-user-action ignore --no-deps --require-hashes \
    -r "$root/scripts/imgtool/requirements.txt" --target "$out.new"
mv "$out.new" "$out"
