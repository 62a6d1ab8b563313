#!/usr/bin/env python3
"""The page of each code of the checker, docs/codes/CODE.md: what `tidings codes` says, and the examples of
fixtures/codes with what `tidings check` really answers to them.

    tests/code_pages.py PROGRAM           compares with docs/codes; the last line is N passed, N failed
    tests/code_pages.py PROGRAM --write   writes them

The clock stands at a day when the policies of the examples are in force."""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import yaml

from docs import CLOCK

ROOT = pathlib.Path(__file__).resolve().parent.parent
EXAMPLES, PAGES = ROOT / "fixtures/codes", ROOT / "docs/codes"
AROUND = 2  # lines shown before and behind what differs


def run(program, *words, cwd=None):
    done = subprocess.run([program, *words], cwd=cwd, capture_output=True, encoding="utf-8", errors="replace",
                          env={**os.environ, **CLOCK})
    return done.returncode, done.stdout + done.stderr


def tenant(folder, example, which):
    """The base with the example's text put in; returns the changed file and its first changed line."""
    shutil.copytree(EXAMPLES / "base", folder)
    path = folder / example["file"]
    text = path.read_text(encoding="utf-8")
    at = text.index(example["find"])
    new = text[:at] + example[which] + text[at + len(example["find"]):]
    encoding = "latin-1" if example.get("encoding") and which == "bad" else "utf-8"
    path.write_bytes(new.encode(encoding))
    for edit in example.get("also", []):
        other = folder / edit["file"]
        other.write_text(other.read_text(encoding="utf-8").replace(edit["find"], edit["put"], 1), encoding="utf-8")
    return new, text[:at].count("\n"), example[which].count("\n")


def excerpt(text, first, more):
    lines = text.splitlines()
    shown = lines[max(0, first - AROUND):first + more + 1 + AROUND]
    return "\n".join(line if len(line) <= 110 else line[:109] + "…" for line in shown)


def words(code):
    flags = ["--unread"] if code == "W905" else []
    return ["check", *flags, "feed.yaml"]


def answer(program, code, example, which):
    with tempfile.TemporaryDirectory() as top:
        folder = pathlib.Path(top) / "tenant"
        shown = tenant(folder, example, which)
        rc, out = run(program, *words(code), cwd=folder)
        return shown, rc, out.replace(str(folder) + "/", "")


def findings(out, code):
    """The findings of that code with their excerpts, without the rest of the report."""
    parts = re.split(r"^(?=\S+:\d+:\d+: (?:error|warning)\[)", out, flags=re.M)
    kept = [p for p in parts if f"[{code}]" in p.partition("\n")[0]]
    text = "".join(re.sub(r"^\S+: (\d+ error\(s\).*|ok .*|FAIL .*)$[\s\S]*", "", p, flags=re.M) for p in kept)
    return "\n".join(line if len(line) <= 150 else line[:149] + "…" for line in text.rstrip("\n").splitlines())


def page(program, code):
    rc, said = run(program, "codes", code)
    assert rc == 0, said
    head, cause, repair = said.strip("\n").split("\n\n")
    name, title = head.split(" ", 1)[1].split(": ", 1)
    example = yaml.load((EXAMPLES / f"{code}.yaml").read_text(encoding="utf-8"), yaml.BaseLoader)
    (bad, at, more), bad_rc, bad_out = answer(program, code, example, "bad")
    (good, good_at, good_more), good_rc, good_out = answer(program, code, example, "good")
    shown = findings(bad_out, code)
    faults = []
    if not shown:
        faults.append(f"{code}: check does not give it for the bad example:\n{bad_out}")
    if bad_rc != (1 if code[0] == "E" else 0):
        faults.append(f"{code}: check of the bad example ends with {bad_rc}")
    if good_rc != 0 or f"[{code}]" in good_out:
        faults.append(f"{code}: check of the good example:\n{good_out}")
    kind = "csv" if example["file"].endswith(".csv") else "text" if example["file"].endswith(".hl7") else "yaml"
    text = f"""# {code} {name}

{title[0].upper() + title[1:]}.

{cause}

**To repair:** {repair.removeprefix("To repair: ")}

## Bad

`{example["file"]}`

```{kind} excerpt
{excerpt(bad, at, more)}
```

```text
$ tidings {" ".join(words(code))}
{shown}
```

## Good

```{kind} excerpt
{excerpt(good, good_at, good_more)}
```

[All codes](README.md)
"""
    return text, f"| [{code}]({code}.md) | {name} | {title} |", faults


def main():
    program, write = pathlib.Path(sys.argv[1]).resolve(), "--write" in sys.argv
    codes = re.findall(r"^([EW]\d{3}) ", run(program, "codes")[1], flags=re.M)
    made, rows, faults = {}, [], []
    for code in codes:
        text, row, wrong = page(program, code)
        made[f"{code}.md"] = text
        rows.append(row)
        faults += wrong
    made["README.md"] = ("# Codes of the checker\n\nE stops a feed from loading, W does not (`--strict` makes it). "
                         "`tidings codes CODE` says the same in the\nterminal. These pages are made by "
                         "`tests/code_pages.py` from the program and from `fixtures/codes`; each example is\n"
                         "run, and what it prints is what `tidings check` printed.\n\n"
                         "| Code | Name | Says |\n|---|---|---|\n" + "\n".join(rows) + "\n")
    if write:
        shutil.rmtree(PAGES, ignore_errors=True)
        PAGES.mkdir(parents=True)
        for name, text in made.items():
            (PAGES / name).write_text(text, encoding="utf-8")
    kept = {p.name: p.read_text(encoding="utf-8") for p in PAGES.glob("*.md")} if PAGES.is_dir() else {}
    stale = sorted(n for n in made.keys() | kept.keys() if made.get(n) != kept.get(n))
    faults += [f"docs/codes/{n} is stale: tests/code_pages.py PROGRAM --write" for n in stale]
    for fault in faults:
        print(fault)
    print(f"{2 * len(made) - len(faults)} passed, {len(faults)} failed")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
