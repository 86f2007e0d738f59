#!/bin/sh
# Run the unit tests of core/ as on machines with other integers: 32 bits big-endian (PowerPC) and
# 32 bits little-endian (Arm), under qemu-user; then update the virtual module there.  Arguments: the
# build folder, and the workstation's for the programs that make and send a package (may be left out).
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
out=${1:-$root/build/foreign}
native=${2:-}
sh "$root/scripts/fetch_monocypher.sh"
sh "$root/scripts/fetch_cmocka.sh"
run() { # folder, compiler, emulator
    cmake -G Ninja -S "$root/test/foreign" -B "$out/$1" -DCMAKE_BUILD_TYPE=Release \
        -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_C_COMPILER="$2" -DCMAKE_CROSSCOMPILING_EMULATOR="$3" \
        -DFOTA_NATIVE_BUILD="$native" > /dev/null
    cmake --build "$out/$1" > "$out/$1.log" 2>&1 || { tail -30 "$out/$1.log"; exit 1; }
    (cd "$out/$1" && ctest -j 2 --output-on-failure)
}
mkdir -p "$out"
run powerpc powerpc-linux-gnu-gcc qemu-ppc
run arm arm-linux-gnueabi-gcc qemu-arm
