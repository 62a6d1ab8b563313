#!/bin/sh
# clang-tidy over one file: nothing but the verdict when it is clean. $1 build folder, $2 file.
out=$(clang-tidy --quiet -p "$1" "$2" 2>/dev/null) &&
    echo "tidy $2: 1 passed, 0 failed" && exit 0
printf '%s\n%s\n' "$out" "tidy $2: 0 passed, 1 failed"
exit 1
