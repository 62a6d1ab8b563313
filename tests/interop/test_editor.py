"""Editors: the schemas of the mapping files as yaml-language-server, which common editors use, understands them."""
import json
import os
import pathlib
import shutil
import subprocess

import pytest

from harness.daemon import LONG, ROOT

INTEROP = pathlib.Path(__file__).resolve().parent
SCHEMAS = ROOT / "mappings/schema"
SHARED = ROOT.parent / "shared/design/feed-examples"
PROGRAM = pathlib.Path(os.environ.get("TIDINGS", ROOT / "build/release/tidings"))
pytestmark = pytest.mark.skipif(
    not (INTEROP / "node_modules/yaml-language-server").is_dir() or not shutil.which("node"),
    reason="node >= 20.19 with the packages of tests/interop is not here")

FEED = """feed: north
reads: {hl7: 2.5.1, fhir: R4}
uses: {sites: sites.yaml, templates: templates.yaml, tables: tables/}
values:
  phone: {hl7: standard.patient.phone, as: phone, else: drop(no phone)}
rules:
  - rule: booking
    on: {hl7: [appointment.booked]}
    emit: appointment/1
    with:
      phone: values.phone
      patient_key: {hl7: PID-3.1, as: pseudonym, else: drop(no number)}
      language: zh-TW
      site: values.site
      visit_key: {hl7: SCH-1.1, as: pseudonym, else: drop(no number)}
      status: booked
      start: {hl7: SCH-11.4, as: instant, else: hold(no start)}
notify:
  - {on: appointment/1, template: visit_update, params: {site_name: site.name}}
tests: []
"""


def ask(questions):
    done = subprocess.run(["node", "editor.mjs"], cwd=INTEROP, input=json.dumps(questions), capture_output=True,
                          text=True, timeout=LONG)
    assert done.returncode == 0, done.stderr[-2000:]
    answers = json.loads(done.stdout)
    assert len(answers) == len(questions)
    return answers


def question(kind, text, at=()):
    return {"schema": str(SCHEMAS / f"{kind}.json"), "text": text, "at": list(at)}


def place(text, needle, behind=0):
    """Line and character of a needle, for the language server: both from 0."""
    before = text[: text.index(needle) + behind]
    return [before.count("\n"), len(before) - before.rfind("\n") - 1]


def kind_of(path):
    text = path.read_text(encoding="utf-8")
    for line in text.splitlines():
        for kind in ("feed", "overlay", "policy"):
            if line.startswith(kind + ":"):
                return kind
    return path.stem if path.stem in ("sites", "templates") else None


def test_schemas_in_the_tree_are_what_the_program_writes(tmp_path):
    subprocess.run([PROGRAM, "schema", "--out", tmp_path], check=True)
    made = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    kept = {p.name: p.read_bytes() for p in SCHEMAS.iterdir()}
    assert made == kept, "stale: tidings schema --out mappings/schema"


def test_every_shipped_file_is_clean():
    folders = [ROOT / "mappings", ROOT / "fixtures/stories"] + ([SHARED] if SHARED.is_dir() else [])
    files = [p for folder in folders for p in sorted(folder.rglob("*.yaml")) if p.name != "bad.yaml" and kind_of(p)]
    assert len(files) >= 6
    answers = ask([question(kind_of(p), p.read_text(encoding="utf-8")) for p in files])
    found = {str(p): a["problems"] for p, a in zip(files, answers) if a["problems"]}
    assert not found


def test_a_misspelt_key_is_underlined_at_every_depth():
    keys = ["reads", "hl7: standard", "as: phone", "else: drop(no phone)", "rule: booking", "on: {hl7", "emit",
            "visit_key", "start", "template", "params"]
    wrong = [FEED.replace(k, "x" + k, 1) for k in keys]
    answers = ask([question("feed", FEED)] + [question("feed", text) for text in wrong])
    assert answers[0]["problems"] == []
    for key, answer in zip(keys, answers[1:]):
        assert any(p["line"] <= FEED[: FEED.index(key)].count("\n") + 1 for p in answer["problems"]), key


def test_completion_and_hover_know_the_language():
    text = FEED.replace("      status: booked\n", "      status: booked\n      \n")
    blank = [text[: text.index("      \n")].count("\n"), 6]
    at = [place(text, "emit: ", 6), place(text, "hl7: [app", 6), place(text, "as: phone", 4), blank,
          place(text, "keyspace") if "keyspace" in text else place(text, "reads", 2), place(text, "hl7: standard", 7)]
    answer = ask([question("feed", text, at)])[0]
    events, triggers, converters, slots, _, places = answer["completions"]
    assert {"appointment/1", "result_ready/1", "recall_due/1"} <= set(events)
    assert "appointment.cancelled" in triggers
    assert {"phone", "instant", "pseudonym", "language"} <= set(converters)
    assert "start" not in slots or "status" not in slots, "what stands already is not offered again"
    assert any(p.startswith("standard.") for p in places)
    assert "paths are checked against" in answer["hovers"][4]


def test_slots_of_the_event_are_offered():
    text = FEED[: FEED.index("      phone: values.phone")] + "      \n" + FEED[FEED.index("notify:"):]
    answer = ask([question("feed", text, [[text[: text.index("      \n")].count("\n"), 6]])])[0]
    assert {"patient_key", "phone", "language", "site", "visit_key", "status", "start"} <= set(answer["completions"][0])
