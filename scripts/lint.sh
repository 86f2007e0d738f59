#!/bin/sh
# Formatting and static analysis of every source file.  Needs build/compile_commands.json.
set -eu
cd "$(dirname "$0")/.."
sources=$(git ls-files --cached --others --exclude-standard '*.c' '*.h')
# shellcheck disable=SC2086
clang-format --dry-run -Werror $sources
echo "format: $(echo "$sources" | wc -l) files"
compiled=$(git ls-files --cached --others --exclude-standard 'core/*.c' 'host/*.c' 'tool/*.c' 'module/*.c' 'source/*.c' 'sim/*.c' \
    'port/monocypher/*.c' 'port/fatfs/*.c' 'port/mcuboot/*.c' 'port/provision/*.c')
# shellcheck disable=SC2086
echo $compiled | tr ' ' '\n' | xargs -P 2 -n 1 clang-tidy --quiet -p build 2> /dev/null
echo "tidy: $(echo "$compiled" | wc -l) files"
# Board code is analysed as it is cross-compiled; addresses of registers are numbers there.
for board in ast1030-evb emcraft-sf2 microbit; do
    [ -f build/board/$board/compile_commands.json ] || continue
    ls port/$board/*.c port/board/*.c port/cortex-m/*.c port/firmware/*.c |
        xargs -P 2 -n 1 clang-tidy --quiet -p build/board/$board --checks=-performance-no-int-to-ptr \
            --extra-arg=--target=arm-none-eabi --extra-arg=-Wno-unused-command-line-argument 2> /dev/null
done
