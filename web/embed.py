#!/usr/bin/env python3
"""Turns a folder into C: embed.py OUT.c OUT.d SYMBOL FOLDER

SYMBOL becomes a `const struct embedded_folder` (base/embedded.h) with every file below FOLDER, hidden files
left out. OUT.d names them, so that the build runs again when one changes.
"""
import os
import sys


def literal(data: bytes) -> str:
    """A C string of the bytes, in pieces short enough for every compiler."""
    lines = []
    for at in range(0, len(data), 24):
        lines.append('    "' + "".join(f"\\{byte:03o}" for byte in data[at:at + 24]) + '"')
    return "\n".join(lines) or '    ""'


def main() -> None:
    out, depfile, symbol, folder = sys.argv[1:5]
    files = []
    for where, folders, names in os.walk(folder):
        folders[:] = sorted(f for f in folders if not f.startswith("."))
        files += [os.path.join(where, n) for n in names if not n.startswith(".")]
    files.sort()
    with open(out, "w", encoding="ascii") as c:
        c.write('#include "base/embedded.h"\n\n')
        c.write("extern const struct embedded_folder %s;\n\n" % symbol)
        for i, path in enumerate(files):
            with open(path, "rb") as f:
                data = f.read()
            c.write("static const char file_%d[%d] =\n%s;\n" % (i, len(data) + 1, literal(data)))
        c.write("\nstatic const struct embedded_file files[] = {\n")
        for i, path in enumerate(files):
            name = os.path.relpath(path, folder)
            c.write('    {"%s", {file_%d, sizeof file_%d - 1}},\n' % (name, i, i))
        c.write("};\n\nconst struct embedded_folder %s = {files, %d};\n" % (symbol, len(files)))
    with open(depfile, "w", encoding="utf-8") as d:
        d.write("%s: %s\n" % (out, " ".join(files)))


if __name__ == "__main__":
    main()
