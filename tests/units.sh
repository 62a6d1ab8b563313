#!/bin/sh
# The systemd units of docs/examples are read by systemd itself, with our program in them: not one complaint.
program=$(realpath "$1") || exit 2
command -v systemd-analyze >/dev/null || { echo "units: no systemd-analyze here: 0 passed, 0 failed, 1 skipped"; exit 0; }
folder=$(mktemp -d) || exit 2
trap 'rm -rf "$folder"' EXIT
cp docs/examples/tidings.socket "$folder" || exit 2
sed "s|^ExecStart=/usr/local/bin/tidings |ExecStart=$program |" docs/examples/tidings.service >"$folder/tidings.service"
said=$(systemd-analyze verify "$folder/tidings.service" "$folder/tidings.socket" 2>&1)
if [ -z "$said" ] && grep -q "^ExecStart=$program " "$folder/tidings.service"; then
    echo "units: 2 passed, 0 failed"
else
    printf '%s\n' "$said"
    echo "units: 0 passed, 1 failed"
    exit 1
fi
