"""Figures of the house, measured on ctags' parse. Fails over the limits that docs/architecture.md promises.

usage: figures.py [--json]   (from the root of the repository)"""
import json
import pathlib
import re
import subprocess
import sys

LONGEST_FUNCTION = 60
LONGEST_SOURCE = 400
FORBIDDEN_NAMES = {"util", "utils", "common", "helper", "helpers", "misc"}


def tags(paths):
    """Functions, prototypes and file-scope variables as ctags sees them."""
    out = subprocess.run(
        ["ctags", "--output-format=json", "--kinds-C=fpvx", "--kinds-C++=fpvx", "--fields=+neKS",
         "-I", "PRINTF+", "-I", "MUST_USE", "-f", "-", *map(str, paths)],
        check=True, capture_output=True, text=True).stdout
    return [json.loads(line) for line in out.splitlines()]


def lines_of(path, cache={}):
    if path not in cache:
        cache[path] = pathlib.Path(path).read_text(encoding="utf-8").splitlines()
    return cache[path]


def is_mutable(tag):
    """True when the variable itself can change: `static struct x y`, `static const char *p`."""
    lines = lines_of(tag["path"])
    last = tag["line"] - 1
    first = last
    while first > 0 and (lines[first].startswith((" ", "\t", "}", "{")) or not lines[first].strip()):
        first -= 1
    text = " ".join(lines[first:last + 1])
    text = text[:text.rindex(tag["name"])]
    text = re.sub(r"\{.*\}", "", text)
    if "*" in text:
        text = text[text.rindex("*"):]
    return "const" not in text


def is_documented(tag):
    """A comment stands above the prototype, or above the group of lines it belongs to, or beside it."""
    lines = lines_of(tag["path"])
    at = tag["line"] - 1
    if "/*" in lines[at]:
        return True
    while at > 0 and lines[at - 1].strip():
        at -= 1
        if lines[at].rstrip().endswith("*/"):
            return True
    return False


def length_figures(functions):
    lengths = sorted(t["end"] - t["line"] + 1 for t in functions)
    if not lengths:
        return {"n": 0, "median": 0, "p90": 0, "longest": 0}
    return {"n": len(lengths), "median": lengths[len(lengths) // 2],
            "p90": lengths[(len(lengths) * 9) // 10], "longest": lengths[-1]}


def place(tag):
    return f"{tag['path']}:{tag['line']}: {tag['name']}"


def measure():
    sources = sorted(p for e in ("c", "cc", "h") for p in pathlib.Path("src").rglob(f"*.{e}"))
    headers = sorted(pathlib.Path("include").rglob("*.h"))
    checks = sorted(p for e in ("c", "cc", "h") for p in pathlib.Path("tests").rglob(f"*.{e}"))
    in_sources, in_headers = tags(sources + headers), tags(headers)
    functions = [t for t in in_sources if t["kind"] == "function" and "end" in t]
    public = [t for t in in_headers if t["kind"] in ("prototype", "function")]
    variables = [t for t in in_sources if t["kind"] == "variable" and t.get("scopeKind") in (None, "namespace")]
    tests = [t for t in tags(checks) if t["kind"] == "function" and "end" in t] if checks else []

    findings = [f"{place(t)}: {t['end'] - t['line'] + 1} lines, at most {LONGEST_FUNCTION}"
                for t in functions if t["end"] - t["line"] + 1 > LONGEST_FUNCTION]
    undocumented = [t for t in public if not is_documented(t)]
    findings += [f"{place(t)}: public and not documented" for t in undocumented]
    mutable = [t for t in variables if is_mutable(t)]
    findings += [f"{place(t)}: mutable at file scope" for t in mutable]
    findings += [f"{p}: {len(lines_of(str(p)))} lines, at most {LONGEST_SOURCE}"
                 for p in sources if len(lines_of(str(p))) > LONGEST_SOURCE]
    findings += [f"{p}: a name that says nothing" for p in sources + headers if p.stem in FORBIDDEN_NAMES]
    return {
        "functions": length_figures(functions),
        "test_functions": length_figures(tests),
        "public_prototypes": len(public),
        "documented": len(public) - len(undocumented),
        "mutable_file_scope": len(mutable),
        "source_files": len(sources),
        "source_lines": sum(len(lines_of(str(p))) for p in sources),
        "longest_source": max((len(lines_of(str(p))) for p in sources), default=0),
        "headers": len(headers),
        "header_lines": sum(len(lines_of(str(p))) for p in headers),
        "longest_header": max((len(lines_of(str(p))) for p in headers), default=0),
    }, findings


def main():
    figures, findings = measure()
    if figures["functions"]["n"] == 0 or figures["public_prototypes"] == 0:
        findings.append("nothing was measured: run this from the root, with universal-ctags")
    if "--json" in sys.argv[1:]:
        print(json.dumps(figures))
    else:
        f, t = figures["functions"], figures["test_functions"]
        print(f"functions   {f['n']}: median {f['median']}, 90th percentile {f['p90']}, longest {f['longest']} lines")
        print(f"in tests    {t['n']}: median {t['median']}, 90th percentile {t['p90']}, longest {t['longest']} lines")
        print(f"prototypes  {figures['documented']} of {figures['public_prototypes']} public ones documented")
        print(f"variables   {figures['mutable_file_scope']} mutable at file scope")
        print(f"sources     {figures['source_files']} files, {figures['source_lines']} lines, "
              f"longest {figures['longest_source']}")
        print(f"headers     {figures['headers']} files, {figures['header_lines']} lines, "
              f"longest {figures['longest_header']}")
    for finding in findings:
        print(finding)
    print(f"figures: {0 if findings else 1} passed, {1 if findings else 0} failed")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
