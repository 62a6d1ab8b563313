"""Our HL7 reader beside python-hl7 on the corpus: every segment, field, repetition, component and
subcomponent, after decoding. A difference is explained by a rule below, or fails; the figures are printed.

The rules, each a place where python-hl7 0.4.5 reads otherwise and hl7v2.md says what is right:

  lines       it splits at CR only; the end of the MSH segment is that of all (2.4)
  blank       it keeps empty lines as segments (2.4)
  edges       it strips blanks from both ends of the message, the last field's among them
  bom         it does not know a byte order mark
  add         it leaves ADD as a segment; we join it (7)
  msh again   of a further MSH segment it takes four characters for MSH-2, however many there are (8)
  set         undecodable bytes: we say which, it is given Python's own replacement (5.1)
  escapes, by class (6):
  formatting  \\.br\\ \\.sp\\ ... are a blank to us; it makes CR or new lines of them
  hex         \\X..\\ are bytes of the message's set to us and no control characters; code points to it
  switch      \\C..\\ and \\M..\\
  highlight   \\H\\ and \\N\\ are nothing to us; marks to it
  truncation  \\P\\ is unknown to it
  unknown     unknown, local and unterminated escapes are kept by us; it drops them
"""
import collections
import json
import pathlib
import re
import subprocess

import hl7
import pytest

from harness.daemon import ROOT

CORPUS = ROOT.parent / "shared/data/corpus"
PROGRAM = ROOT / "build/debug/tests/hl7_leaves"
FILES = sorted(CORPUS.glob("v2/**/*.hl7")) + sorted(CORPUS.glob("v2-derived-charset/**/*.hl7"))
SETS = {"ASCII": "ascii", "BIG-5": "cp950", "BIG5": "cp950", "GB18030-2000": "gb18030", "GB18030": "gb18030",
        "GBK": "gb18030", "SHIFT_JIS": "cp932", "SJIS": "cp932", "ISOIR87": "iso2022_jp_2", "KSX1001": "cp949",
        "UNICODE": "utf-8", "UNICODEUTF-8": "utf-8", "UTF-8": "utf-8", "UTF8": "utf-8"}
FORMATTING = re.compile(r"\.(br|sp|sk|in|ti|fi|nf|ce)[-+ 0-9]*$")


def declared(raw):
    """MSH-18 as bytes would have it; MSH is ASCII in the corpus."""
    line = re.split(rb"[\r\n]", raw.lstrip(b"\xef\xbb\xbf \r\n\t"), maxsplit=1)[0]
    fields = line.split(line[3:4])
    return re.sub(r"[ ]", "", fields[17].split(b"~")[0].decode("latin-1")).upper() if len(fields) > 17 else ""


def text_of(raw):
    """Decoded with Python's own codecs by the same procedure (5.1), and whether a byte was replaced."""
    name = declared(raw)
    part = re.match(r"(?:ISO-?)?8859[-/](\d+)$", name)
    codec = f"iso8859-{part[1]}" if part else SETS.get(name)
    if codec in (None, "ascii"):
        for codec in ("utf-8", "cp1252"):
            try:
                return raw.decode(codec), False
            except UnicodeDecodeError:
                pass
    try:
        return raw.decode(codec), False
    except UnicodeDecodeError:
        return raw.decode(codec, "replace"), True


def as_read(raw, used):
    """The segments as python-hl7 has to get them: rules lines, blank, edges, bom, add, set."""
    text, replaced = text_of(raw)
    if replaced:
        used["set"] += 1
    if text.startswith("\ufeff"):
        text = text[1:]
        used["bom"] += 1
    if text != text.strip():
        used["edges"] += 1
    text = text.lstrip(" \t\r\n")
    end = re.search(r"\r\n|\r|\n", text)
    end = end[0] if end else "\r"
    lines = text.split(end)
    if end != "\r":
        used["lines"] += 1
    kept = [line for line in lines if line.strip(" \t\r\n\v\f")]
    if len(kept) < len(lines) - (lines[-1] == ""):
        used["blank"] += 1
    joined = kept[:2]
    for line in kept[2:]:
        if line[:3].upper() == "ADD" and line[3:4] in ("", text[3]):
            joined[-1] += line[4:]
            used["add"] += 1
        else:
            joined.append(line)
    return joined


def theirs_of(lines):
    """python-hl7's containers as lists of lists; leaves raw. Each line beside the header alone, so that a line end that
    is content stays content."""
    head = lines[0]
    out = []
    for line in lines:
        # A CR inside a line (messages that end in LF) would part it: it stands in for itself.
        message = hl7.parse(head + "\r" + line.replace("\r", "\ue000") + "\r." if line is not head else head + "\r.")
        out.append((message, message[0 if line is head else 1]))
    return out


def leaf(x):
    return str(x).replace("\ue000", "\r")


def field_of(field):
    """[[ [leaf, ...] component, ...] repetition, ...]"""
    out = []
    for repetition in field if isinstance(field, hl7.Field) else [field]:
        components = []
        for component in repetition if isinstance(repetition, hl7.Repetition) else [repetition]:
            subs = component if isinstance(component, hl7.Component) else [component]
            components.append([leaf(sub) for sub in subs] or [""])
        out.append(components or [[""]])
    return out or [[[""]]]


def classes(raw, escape):
    """What escapes a leaf holds."""
    found, rest = set(), raw
    while escape in rest:
        rest = rest.split(escape, 1)[1]
        body, closed, after = rest.partition(escape)
        if not closed:
            return found | {"unknown"}
        rest = after
        if body in ("F", "S", "T", "R", "E"):
            found.add("standard")
        elif body in ("H", "N"):
            found.add("highlight")
        elif body == "P":
            found.add("truncation")
        elif FORMATTING.match(body):
            found.add("formatting")
        elif re.match(r"X([0-9A-Fa-f]{2})+$", body):
            found.add("hex")
        elif re.match(r"[CM][0-9A-Fa-f]{4,6}$", body):
            found.add("switch")
        else:
            found.add("unknown")
    return found


def raw_of(x):
    return x["raw"] if isinstance(x, dict) else x


def compare_leaf(ours, theirs, message, used, where):
    """Raw texts are the same; decoded ones too, or a class of escapes explains it."""
    raw = raw_of(ours)
    assert raw == theirs, f"{where}: cut otherwise"
    if not isinstance(ours, dict):
        return
    decoded = message.unescape(raw)
    if decoded == ours["text"]:
        used["escapes alike"] += 1
        return
    why = classes(raw, message.esc) - {"standard"}
    assert why, f"{where}: an escape is read otherwise"
    for one in why:
        used[one] += 1


def compare_segment(ours, message, segment, first, used, where):
    theirs = [leaf(segment[0])] + [field for field in segment[1:]]
    assert raw_of(ours[0]) == theirs[0], f"{where}: other name"
    count = 0
    header = ours[0] == "MSH"
    if header and not first and len(ours[2]) < 4:
        used["msh again"] += 1
        return 0
    assert len(ours) == len(theirs), f"{where}: {len(ours)} and {len(theirs)} fields"
    for n in range(1, len(ours)):
        if header and n <= 2:
            continue
        mine, other = ours[n], field_of(theirs[n])
        count += 1
        assert [[len(c) for c in r] for r in mine] == [[len(c) for c in r] for r in other], f"{where}-{n}: cut otherwise"
        for one, two in zip((s for r in mine for c in r for s in c), (s for r in other for c in r for s in c)):
            compare_leaf(one, two, message, used, f"{where}-{n}")
    return count


def compare(raw, ours, used, where):
    lines = as_read(raw, used)
    segments = theirs_of(lines)
    assert len(ours) == len(segments), f"{where}: {len(ours)} and {len(segments)} segments"
    count = 0
    for n, (mine, (message, segment)) in enumerate(zip(ours, segments)):
        count += compare_segment(mine, message, segment, n == 0, used, f"{where}, segment {n + 1}")
    return count


@pytest.mark.skipif(not FILES, reason=f"no corpus at {CORPUS.relative_to(ROOT.parent.parent)}")
@pytest.mark.skipif(not PROGRAM.is_file(), reason="build/debug has no hl7_leaves")
def test_every_leaf_is_read_alike():
    run = subprocess.run([PROGRAM], input="".join(f"{file}\n" for file in FILES), capture_output=True, text=True,
                         timeout=600, check=True)
    used, refused, wrong = collections.Counter(), collections.Counter(), []
    fields = read = 0
    for file, line in zip(FILES, run.stdout.split("\n"), strict=False):
        ours = json.loads(line)
        where = str(file.relative_to(CORPUS))
        if "error" in ours:
            refused[re.sub(r"^offset \d+: |\d+ ", "", ours["error"])] += 1
            continue
        read += 1
        try:
            fields += compare(file.read_bytes(), ours["segments"], used, where)
        except AssertionError as difference:
            wrong.append(str(difference))
        except Exception as trouble:  # what python-hl7 cannot read
            wrong.append(f"{where}: {type(trouble).__name__} {trouble}")
    print(f"{read} messages, {fields} fields compared, {len(wrong)} differences unexplained")
    print("explained:", dict(used))
    print("refused by us:", dict(refused))
    assert not wrong, "\n".join(wrong[:20])
    assert read > 900 and fields > 50000
