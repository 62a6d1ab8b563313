#!/bin/sh
# Fails when the release program lacks a hardening it was linked for. $1: the program.
program=$1 passed=0 failed=0
must() { # WHAT COMMAND...
    what=$1
    shift
    if "$@" >/dev/null; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "$program: $what"; fi
}
headers=$(readelf -lW "$program") || exit 1
dynamic=$(readelf -dW "$program")
symbols=$(readelf --dyn-syms -W "$program")
has() { printf '%s\n' "$1" | grep -Eq "$2"; }
lacks() { ! has "$1" "$2"; }
must "is not position independent" has "$(readelf -hW "$program")" 'Type: +DYN'
must "has no RELRO" has "$headers" GNU_RELRO
must "binds lazily" has "$dynamic" 'BIND_NOW|FLAGS_1.*NOW'
must "has an executable stack" has "$headers" 'GNU_STACK.* RW '
must "has a segment both writable and executable" lacks "$headers" 'LOAD.* RWE '
must "was built without stack protector" has "$symbols" __stack_chk_fail
must "was built without _FORTIFY_SOURCE" has "$symbols" '_chk@'
must "carries a run path" lacks "$dynamic" 'RPATH|RUNPATH'
must "names the folder it was built in" lacks "$(strings -a "$program")" "$(pwd)"
if [ "$(uname -m)" = x86_64 ]; then # the mark in the notes is missing as long as libc's start files lack it
    must "was built without -fcf-protection" has "$(objdump -d --no-show-raw-insn "$program" | head -20000)" endbr64
fi
echo "hardened: $passed passed, $failed failed"
[ "$failed" = 0 ]
