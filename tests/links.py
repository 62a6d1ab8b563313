"""Every relative link of the documents leads to a file, and to a heading of it; every test file they name is there."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md"))]
TESTS = {f.name for folder in ("unit", "blackbox", "interop", "fuzz") for f in (ROOT / "tests" / folder).glob("*.*")}


def prose(page):
    return re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)


def anchors(page):
    """As GitHub and GitLab name them."""
    return {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in re.findall(r"^#+ (.*)$", prose(page), re.M)}


def faults(page):
    text = prose(page)
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, heading = link.partition("#")
        to = (page.parent / path).resolve() if path else page
        if not to.exists():
            yield f"{link}: no such file"
        elif heading and heading not in anchors(to):
            yield f"{link}: no such heading"
    for name in re.findall(r"`(?:[\w./]*/)?((?:test|fuzz)_\w+\.(?:c|py))`", text):
        if name not in TESTS:
            yield f"{name}: no such test"


found = [f"{page.relative_to(ROOT)}: {fault}" for page in PAGES for fault in faults(page)]
print(*found, sep="\n", end="\n" if found else "")
print(f"links of {len(PAGES)} documents: {'0 passed, 1 failed' if found else '1 passed, 0 failed'}")
sys.exit(bool(found))
