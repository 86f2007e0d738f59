#!/bin/sh
# Fetch Monocypher (BSD-2-Clause or CC0) from crates.io, where the crate monocypher-sys carries its
# C source, pinned by version and by the registry's SHA-256 of the crate; leave the four files that
# are needed in the folder given (default .cache/monocypher).
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
out=${1:-$root/.cache/monocypher}
[ -f "$out/monocypher-ed25519.c" ] && exit 0
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT INT TERM
mkdir "$tmp/src"
cp "$root/scripts/monocypher/Cargo.toml" "$root/scripts/monocypher/Cargo.lock" "$tmp/"
: > "$tmp/src/lib.rs"
(cd "$tmp" && cargo vendor --locked --quiet vendor > /dev/null)
from=$tmp/vendor/monocypher-sys/Monocypher/src
mkdir -p "$out.new"
cp "$from/monocypher.c" "$from/monocypher.h" "$from/optional/monocypher-ed25519.c" \
   "$from/optional/monocypher-ed25519.h" "$tmp/vendor/monocypher-sys/Monocypher/LICENCE.md" "$out.new/"
rm -rf "$out"
mv "$out.new" "$out"
