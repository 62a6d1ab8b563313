#!/bin/sh
# Fails, with the names, when a source is not what clang-format makes of it.
unformatted=$(find include src tests \( -name '*.[ch]' -o -name '*.cc' \) ! -path '*/node_modules/*' |
    while read -r file; do
        clang-format --dry-run -Werror "$file" 2>/dev/null || echo "$file: run clang-format -i on it"
    done | sort)
[ -z "$unformatted" ] && echo "format: 1 passed, 0 failed" && exit 0
printf '%s\nformat: 0 passed, 1 failed\n' "$unformatted"
exit 1
