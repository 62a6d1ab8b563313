#!/bin/bash
# Runs every fuzz target for a while from its seeds. $1 folder of the targets, $2 seconds each, $3 at a time.
folder=$1 seconds=$2 at_a_time=$3
export folder seconds
here=$(dirname "$0")
export here
one() {
    local target=$1 name seeds corpus log words=()
    name=${target##*/fuzz_}
    seeds=$here/seeds/$name
    corpus=$folder/corpus/$name
    log=$folder/$name.log
    [ -f "$here/dictionaries/$name" ] && words=(-dict="$here/dictionaries/$name")
    mkdir -p "$corpus" "$folder/findings"
    [ -d "$seeds" ] || { echo "fuzz $name: no seeds in $seeds: 0 passed, 1 failed"; return; }
    if "$target" -max_total_time="$seconds" -timeout=5 -rss_limit_mb=2048 -max_len=65536 \
        -artifact_prefix="$folder/findings/$name-" -print_final_stats=1 "${words[@]}" "$corpus" "$seeds" >"$log" 2>&1; then
        echo "fuzz $name: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") runs, 1 passed, 0 failed"
    else
        tail -40 "$log"
        echo "fuzz $name: 0 passed, 1 failed"
    fi
}
export -f one
targets=$(find "$folder" -maxdepth 1 -name 'fuzz_*' -type f -perm -u+x | sort)
[ -n "$targets" ] || { echo "fuzz: no targets built: 0 passed, 1 failed"; exit 1; }
printf '%s\n' "$targets" | xargs -P "$at_a_time" -I{} bash -c 'one {}' | tee "$folder/verdicts.log"
! grep -q '1 failed' "$folder/verdicts.log"
