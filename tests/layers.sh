#!/bin/sh
# Fails if a module includes another module's header that the table in meson.build does not let it use,
# or uv.h where the architecture does not allow it.
cd "$1" || exit 2
table=$(mktemp) || exit 2
trap 'rm -f "$table"' EXIT
awk -F"'" '
    function flush() {
        if (row == "") return
        n = split(row, part, /\],/); split(part[1], name, "\x27")
        printf "%s: %s", name[2], name[2]
        m = split(part[2], dep, "\x27"); for (i = 2; i <= m; i += 2) printf " %s", dep[i]
        print ""; row = ""
    }
    /^modules = {/ { on = 1; next } /^}/ { if (on) flush(); on = 0 }
    on && /^  \x27/ { flush() }
    on { row = row $0 }' meson.build > "$table"
checked=0 bad=0
for f in src/*/*.[ch] src/*/*.cc include/*/*.h; do
    [ -f "$f" ] || continue
    m=${f#*/}; m=${m%%/*}
    allowed=$(sed -n "s/^$m: //p" "$table")
    for used in $(sed -n 's|^#include "\([a-z0-9]*\)/.*|\1|p' "$f"); do
        checked=$((checked + 1))
        case " $allowed " in *" $used "*) ;; *) echo "$f uses $used; $m may use: $allowed"; bad=1 ;; esac
    done
    if grep -q '^#include <uv.h>' "$f"; then
        case "$f" in */net/*|*/app/*|*/store/queue.*|*/store/sqlite_wal.*|*/outbound/*|*/cli/*|*/sandbox/*|*/receive/*) ;;
        *) echo "$f includes uv.h"; bad=1 ;; esac
    fi
done
[ "$checked" -gt 20 ] || { echo "only $checked includes seen: the test itself is broken"; bad=1; }
echo "layers: $checked includes checked"
exit $bad
