#!/usr/bin/env python3
"""Turns a folder into C: embed.py OUT.c SYMBOL FOLDER

SYMBOL becomes a `const struct embedded_folder` (base/embedded.h) with every file below FOLDER, hidden files
left out. It runs at every build, so that a new file is seen, and leaves OUT.c alone when nothing changed.
"""
import io
import os
import sys


def literal(data: bytes) -> str:
    """A C array of the bytes; a string literal may be only 4,095 bytes long."""
    lines = []
    for at in range(0, len(data), 16):
        lines.append("    " + " ".join(f"'\\{byte:03o}'," for byte in data[at:at + 16]))
    return "{\n" + "\n".join(lines) + "\n    '\\0'}"


def main() -> None:
    out, symbol, folder = sys.argv[1:4]
    files = []
    for where, folders, names in os.walk(folder):
        folders[:] = sorted(f for f in folders if not f.startswith("."))
        files += [os.path.join(where, n) for n in names if not n.startswith(".")]
    if not files:
        sys.exit(f"{folder}: nothing to embed")
    files.sort()
    c = io.StringIO()
    c.write('#include "base/embedded.h"\n\n')
    c.write(f"extern const struct embedded_folder {symbol};\n\n")
    for i, path in enumerate(files):
        with open(path, "rb") as f:
            data = f.read()
        c.write(f"static const char file_{i}[{len(data) + 1}] =\n{literal(data)};\n")
    c.write("\nstatic const struct embedded_file files[] = {\n")
    for i, path in enumerate(files):
        c.write(f'    {{"{os.path.relpath(path, folder)}", {{file_{i}, sizeof file_{i} - 1}}}},\n')
    c.write(f"}};\n\nconst struct embedded_folder {symbol} = {{files, {len(files)}}};\n")
    if os.path.exists(out) and open(out, encoding="ascii").read() == c.getvalue():
        return
    with open(out, "w", encoding="ascii") as f:
        f.write(c.getvalue())


if __name__ == "__main__":
    main()
