#!/bin/sh
# Prove that core/ needs no library: compile it without any system header, for the workstation and
# for Cortex-M3, and look at what it leaves undefined: only the four memory functions and compiler
# support (__aeabi_*, __gnu_*, integer helpers).  Also: no writable data (no globals).
set -eu
cd "$(dirname "$0")/.."
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT INT TERM
fail=0
check() { # name, compiler, nm, size, flags...
    name=$1 cc=$2 nm=$3
    shift 3
    mkdir "$out/$name"
    inc=$($cc -print-file-name=include)
    for f in core/*.c port/mcuboot/fota_mcuboot.c; do
        $cc -std=c11 -Wall -Wextra -Werror -ffreestanding -nostdinc -isystem "$inc" -I. "$@" -Os \
            -fno-stack-protector -c "$f" -o "$out/$name/$(basename "$f" .c).o"
    done
    bad=$($nm -u "$out/$name"/*.o | awk 'NF == 2 && $1 == "U" { print $2 }' | sort -u |
        grep -v -E '^(fota_|mem(cpy|move|set|cmp)$|__aeabi_|__gnu_|__(u|)(div|mod|mul|ashl|lshr)[a-z0-9]*$)' || true)
    if [ -n "$bad" ]; then
        echo "core/ needs something outside ($name): $bad"
        fail=1
    fi
    data=$($nm "$out/$name"/*.o | awk '$2 ~ /^[bBdDcC]$/ { print $3 }')
    if [ -n "$data" ]; then
        echo "core/ has writable data ($name): $data"
        fail=1
    fi
    float=$($nm -u "$out/$name"/*.o | grep -E '__aeabi_[fd]|__(add|sub|mul|div)[sd]f' || true)
    if [ -n "$float" ]; then
        echo "core/ computes in floating point ($name): $float"
        fail=1
    fi
}
check host gcc nm -fno-pie
check cortex-m3 arm-none-eabi-gcc arm-none-eabi-nm -mcpu=cortex-m3 -mthumb
check cortex-m0 arm-none-eabi-gcc arm-none-eabi-nm -mcpu=cortex-m0 -mthumb
[ $fail -eq 0 ] && echo "freestanding: core/ needs nothing but memcpy, memmove, memset, memcmp"
exit $fail
