#!/bin/sh
# Adds up the closing lines in a log: "N passed, N failed[, N skipped]" and pytest's "1 failed, 2 passed in 3s".
exec awk '
    function of(word) { return match($0, "[0-9]+ " word) ? substr($0, RSTART, RLENGTH) + 0 : 0 }
    /[0-9]+ passed, [0-9]+ failed/ || /[0-9]+ (passed|failed|skipped|error|errors).* in [0-9.]+s/ {
        p += of("passed"); f += of("failed") + of("error"); s += of("skipped")
    }
    END { print p + 0, f + 0, s + 0 }' "$1"
