#!/bin/sh
# Fails when a public code of the program has no row in docs/hl7-codes.md, or a row there no code.
cd "$1" || exit 2
in_program() {
    sed -n '/^enum hl7_code {/,/^};/s/^ *\([A-Z0-9_]*\),.*/\1/p' include/hl7/code.h
    sed -n '/^enum hl7_condition {/,/^};/s/^ *\([A-Z0-9_]*\),.*/\1/p' include/hl7/ack.h
    sed -n 's/^ *\(LISTENER_[A-Z]*\),.*/\1/p' include/net/stream.h
    sed -n '/^enum stray {/,/^};/s/^ *STRAY_\([A-Z]*\),.*/ACK_\1/p' include/outbound/answer.h
}
in_page() { sed -n 's/^| `\([A-Z0-9_]*\)` |.*/\1/p' docs/hl7-codes.md; }
none='^(HL7_CODE_NONE|HL7_COMMITTED|ACK_NONE)$'
program=$(in_program | grep -vE "$none" | sort)
page=$(in_page | sort)
n=$(printf '%s\n' "$program" | wc -l)
[ "$n" -gt 60 ] || { echo "codes: only $n found: the test itself is broken"; exit 1; }
if [ "$program" = "$page" ]; then
    echo "codes page: $n rows: 1 passed, 0 failed"
else
    printf '%s\n' "$program" >"${TMPDIR:-/tmp}/codes.$$"
    printf '%s\n' "$page" | diff "${TMPDIR:-/tmp}/codes.$$" - | sed -n 's/^</no row in docs\/hl7-codes.md:/p; s/^>/no such code:/p'
    rm -f "${TMPDIR:-/tmp}/codes.$$"
    echo "codes page: 0 passed, 1 failed"
    exit 1
fi
