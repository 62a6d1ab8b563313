#!/bin/sh
# The HL7 headers compile one by one; the example of docs/hl7-library.md is the one that is built, and does
# what the page says. $1 root, $2 the built example, $3... the compiler.
cd "$1" || exit 2
example=$2
shift 2
passed=0 failed=0
verdict() { # CONDITION-RESULT WHAT
    if [ "$1" = 0 ]; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "failed: $2"; fi
}
for header in include/hl7/*.h; do
    echo "#include \"${header#include/}\"" |
        "$@" -std=c11 -D_GNU_SOURCE -Wall -Wextra -Wpedantic -Werror -Iinclude -fsyntax-only -x c -
    verdict $? "$header needs another header before it"
done
sed -n '/^```c$/,/^```$/p' docs/hl7-library.md | sed '1d;$d' | diff - docs/examples/hl7_read.c
verdict $? "docs/hl7-library.md shows another program than docs/examples/hl7_read.c"
got=$("$example" 'PID-3(5=MR).1' <fixtures/hl7/siu-s12.hl7 | head -1)
[ "$got" = "value MRN0099812" ]
verdict $? "PID-3(5=MR).1 gives $got"
got=$("$example" PID-40 <fixtures/hl7/siu-s12.hl7 | head -1)
[ "$got" = "absent " ]
verdict $? "PID-40 gives $got"
"$example" <fixtures/hl7/siu-s12.hl7 | tr '\r' '\n' | grep -q '^MSA|AA|RV20261121093000001$'
verdict $? "no acknowledgement"
"$example" </dev/null 2>/dev/null
[ $? = 1 ]
verdict $? "nothing is read as a message"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
