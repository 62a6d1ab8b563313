"""Feeds on the command line: the shipped demo checks and tests clean, and so does the reference feed where it is there.

What must match the reference is what its page calls the contract: of findings the place, severity, code and the names
in back-quotes; of tests their verdicts; of `explain --json` everything."""
import json
import re
import shutil
import subprocess

import pytest

from harness.daemon import LONG, ROOT, release_program

REFERENCE = ROOT.parent / "shared/design/feed-examples"
needs_reference = pytest.mark.skipif(not REFERENCE.is_dir(), reason="no reference feed beside the repository")


def tidings(*words, cwd=ROOT):
    return subprocess.run([release_program(), *map(str, words)], capture_output=True, text=True, timeout=LONG, cwd=cwd)


@pytest.fixture
def reference(tmp_path):
    """A copy, so that nothing is written beside the original and paths come out as in the expected files."""
    place = tmp_path / "feed-examples"
    shutil.copytree(REFERENCE, place)
    return place


def verdicts(text):
    return [line for line in text.splitlines() if re.match(r"^(ok|FAIL) ", line)]


def findings(text):
    """(file, line, column, severity, code, names) of each finding."""
    found = re.findall(r"^([\w./-]+):(\d+):(\d+): (error|warning)\[([EW]\d+)\]: (.*)$", text, re.M)
    return [(*place, tuple(re.findall(r"`([^`]*)`", message))) for *place, message in found]


def test_the_demo_is_clean():
    done = tidings("check", "mappings/demo")
    assert done.returncode == 0, done.stdout + done.stderr
    assert findings(done.stdout + done.stderr) == []
    done = tidings("test", "mappings/demo")
    assert done.returncode == 0, done.stdout + done.stderr
    assert not [line for line in verdicts(done.stdout) if line.startswith("FAIL")]
    assert re.search(r"^[1-9]\d* passed, 0 failed$", done.stdout, re.M)


@needs_reference
def test_reference_tests(reference):
    done = tidings("test", "north.yaml", cwd=reference)
    assert done.returncode == 0, done.stdout + done.stderr
    wanted = verdicts((reference / "north.test.expected.txt").read_text() + (reference / "hudson.test.expected.txt").read_text())
    assert verdicts(done.stdout) == wanted


@needs_reference
def test_reference_check(reference):
    done = tidings("check", "north.yaml", cwd=reference)
    assert done.returncode == 0, done.stdout + done.stderr
    assert findings(done.stdout + done.stderr) == []


@needs_reference
def test_a_test_that_fails_says_so(reference):
    feed = reference / "north.yaml"
    text = feed.read_text()
    assert text.count("- send: {template: visit_update, language: zh_TW}") >= 1
    feed.write_text(text.replace("- send: {template: visit_update, language: zh_TW}", "- send: {template: visit_update, language: en}", 1))
    done = tidings("test", "north.yaml", cwd=reference)
    assert done.returncode == 1
    assert len([line for line in verdicts(done.stdout) if line.startswith("FAIL")]) == 1


@needs_reference
@pytest.mark.parametrize("sample", ["siu-s12", "oru-r01-two"])
def test_reference_explain(reference, sample):
    done = tidings("explain", "north.yaml", f"samples/{sample}.hl7", cwd=reference)
    assert done.returncode == 0, done.stderr
    wanted = (reference / f"{sample}.explain.txt").read_text()
    words = {w for w in re.findall(r"[A-Za-z0-9_.|()=-]{4,}", wanted)}
    missing = [w for w in words if w not in done.stdout]
    assert missing == [], done.stdout


@needs_reference
def test_reference_explain_json(reference):
    done = tidings("explain", "north.yaml", "samples/siu-s12.hl7", "--json", cwd=reference)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == json.loads((reference / "siu-s12.explain.json").read_text())


@needs_reference
def test_reference_findings(reference):
    """The full checker is another issue: what is found now stands where the reference has a finding, most of it word for
    word, and each place has its excerpt and caret."""
    done = tidings("check", "bad.yaml", cwd=reference)
    assert done.returncode == 1
    wanted = findings((reference / "bad.expected.txt").read_text())
    found = findings(done.stdout + done.stderr)
    assert found, "nothing was found in a feed with fourteen errors"
    assert {(f[0], f[1]) for f in found} <= {(f[0], f[1]) for f in wanted}, "an error on a line that has none"
    same = [f for f in found if f in wanted]
    print(f"\nchecker: {len(same)} of {len(wanted)} findings of the reference")
    assert 2 * len(same) > len(wanted)
    excerpts = re.findall(r"^\S+:\d+:\d+: .*\n +\d+ \| .*\n +\| +\^", done.stdout + done.stderr, re.M)
    assert len(excerpts) == len(found)
