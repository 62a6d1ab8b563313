#!/bin/sh
# Fails when two modules define the same global name: a linker of static libraries takes the first it meets,
# without a word. $1: a build folder.
twice=$(for lib in "$1"/lib*.a; do
    nm -g --defined-only "$lib" 2>/dev/null | awk '$2 ~ /[TDBRC]/ { print $3 }' | sort -u
done | sort | uniq -d | grep -v '^_Z')
[ -z "$twice" ] || { echo "globals: defined in two modules:"; echo "$twice"; }
n=$(nm -g --defined-only "$1"/lib*.a 2>/dev/null | awk '$2 ~ /[TDBRC]/' | wc -l)
[ "$n" -gt 500 ] || { echo "globals: only $n names seen: the test itself is broken"; exit 1; }
if [ -z "$twice" ]; then echo "globals: 1 passed, 0 failed"; else echo "globals: 0 passed, 1 failed"; exit 1; fi
