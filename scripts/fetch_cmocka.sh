#!/bin/sh
# Fetch the source of cmocka (Apache-2.0) as Debian packages it, to build it for foreign machines:
# the unit tests of core/ run there under qemu-user.  Leaves it in the folder given (default
# .cache/cmocka).  apt's own lists are not touched.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
out=${1:-$root/.cache/cmocka}
[ -f "$out/src/cmocka.c" ] && exit 0
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT INT TERM
mkdir -p "$tmp/lists/partial" "$tmp/parts" "$tmp/source"
# the system's own package sources, asked for source packages instead of programs
: > "$tmp/list"
[ -f /etc/apt/sources.list ] && sed -n 's/^deb /deb-src /p' /etc/apt/sources.list > "$tmp/list"
for f in /etc/apt/sources.list.d/debian*.sources; do
    [ -f "$f" ] && sed 's/^Types:.*/Types: deb-src/' "$f" > "$tmp/parts/$(basename "$f")"
done
apt="apt-get -qq -o Dir::Etc::SourceList=$tmp/list -o Dir::Etc::SourceParts=$tmp/parts -o Dir::State::Lists=$tmp/lists -o APT::Sandbox::User=root"
$apt update
(cd "$tmp/source" && $apt source --download-only cmocka > /dev/null)
mkdir "$tmp/tree"
tar -xf "$tmp"/source/cmocka_*.orig.tar.[gx]z -C "$tmp/tree" --strip-components=1
mkdir -p "$(dirname "$out")"
rm -rf "$out"
mv "$tmp/tree" "$out"
