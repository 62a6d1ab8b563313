#!/bin/sh
# The systemd units of docs/examples are read by systemd itself, with our program in them: not one complaint.
program=$(realpath "$1") || exit 2
command -v systemd-analyze >/dev/null || { echo "units: no systemd-analyze here: 0 passed, 0 failed, 1 skipped"; exit 0; }
folder=$(mktemp -d) || exit 2
trap 'rm -rf "$folder"' EXIT
cp docs/examples/tidings.socket "$folder" || exit 2
sed "s|^\(Exec[A-Z][a-z]*\)=/usr/local/bin/tidings |\1=$program |" docs/examples/tidings.service >"$folder/tidings.service"
version=$(systemd-analyze --version | sed -n 's/^systemd \([0-9]*\).*/\1/p')
if [ "${version:-0}" -ge 253 ]; then # older ones do not know Type=notify-reload
    mkdir "$folder/tidings.service.d" && cp docs/examples/notify-reload.conf "$folder/tidings.service.d" || exit 2
fi
said=$(systemd-analyze verify "$folder/tidings.service" "$folder/tidings.socket" 2>&1)
if [ -z "$said" ] && [ "$(grep -c "^Exec[A-Z][a-z]*=$program " "$folder/tidings.service")" = 2 ] && ! grep -q /usr/local "$folder/tidings.service"; then
    echo "units: 2 passed, 0 failed"
else
    printf '%s\n' "$said"
    echo "units: 0 passed, 1 failed"
    exit 1
fi
