#!/bin/sh
# Run every fuzzer for some seconds, one after the other, from its seeds and what earlier runs found.
# usage: fuzz.sh SECONDS
set -eu
seconds=$1
root=$(cd "$(dirname "$0")/.." && pwd)
for seeds in "$root"/fuzz/seeds/*; do
    name=$(basename "$seeds")
    corpus=$root/build/fuzz/$name
    mkdir -p "$corpus"
    cd "$corpus/.." # a crash leaves its input here
    log=$corpus.log
    if ! "$root/build/asan/fuzz_$name" -max_total_time="$seconds" -max_len=4096 -timeout=10 -rss_limit_mb=1024 \
        -print_final_stats=1 -artifact_prefix="$name-" "$corpus" "$seeds" > "$log" 2>&1; then
        tail -n 30 "$log"
        echo "fuzz_$name failed: $log; replay: build/asan/fuzz_$name build/fuzz/$name-..." >&2
        exit 1
    fi
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    edges=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -n 1)
    echo "$name: $runs executions, $edges edges, no failure"
done
