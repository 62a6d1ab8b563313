"""The checker as tools see it: one JSON or SARIF document a run, proofs, exit codes.

The official SARIF schema is not at hand here, so `assert_sarif` holds the structural rules of SARIF 2.1.0 that apply to
what is written: required properties, no property that the standard does not have, types, references, regions inside the
files."""
import json
import re
import shutil
import subprocess
from urllib.parse import unquote

import pytest

from harness.daemon import LONG, ROOT, release_program

BASE = ROOT / "fixtures/codes/base"
REFERENCE = ROOT.parent / "shared/design/feed-examples"
needs_reference = pytest.mark.skipif(not REFERENCE.is_dir(), reason="no reference feed beside the repository")
FIELDS = ["file", "line", "column", "end_line", "end_column", "severity", "code", "name", "message", "hint", "flow"]


def check(*words, cwd=ROOT):
    return subprocess.run([release_program(), "check", *map(str, words)], capture_output=True, timeout=LONG, cwd=cwd)


@pytest.fixture
def tenants(tmp_path):
    """A sound tenant and one with an error and a flow; names with a space and Han, as URIs must escape them."""
    good, bad = tmp_path / "good", tmp_path / "bad 院"
    shutil.copytree(BASE, good)
    shutil.copytree(BASE, bad)
    feed = bad / "feed.yaml"
    text = feed.read_text()
    text = text.replace("template: visit_update\n    params: {site_name: site.name}", "template: visit_update\n    params: {site_name: start}")
    feed.write_text(text.replace("[PID-13(3=CP), PID-14]", "[PID-13(3=CP), PID-14, PID-5]").replace("rules:\n", "  未用: values.phone\nrules:\n", 1))
    return tmp_path


def assert_inside(place, root):
    lines = (root / place["file"]).read_text().split("\n")
    for line, column in ((place["line"], place["column"]), (place["end_line"], place["end_column"])):
        assert 1 <= line <= len(lines) and 1 <= column <= len(lines[line - 1]) + 1, place
    assert (place["line"], place["column"]) <= (place["end_line"], place["end_column"])


def test_json_is_one_document(tenants):
    done = check("good", "bad 院", "--format", "json", cwd=tenants)
    assert done.returncode == 1 and done.stderr == b""
    report = json.loads(done.stdout.decode("utf-8"))
    assert report["format"] == "tidings-check/1"
    assert [f["ok"] for f in report["feeds"]] == [True, False]
    assert report["feeds"][0]["rules"] == 2 and report["feeds"][0]["tests_failed"] == 0
    assert report["summary"]["errors"] == sum(f["severity"] == "error" for f in report["findings"]) > 0
    assert report["summary"]["ok"] is False
    for finding in report["findings"]:
        assert list(finding) == FIELDS
        assert_inside(finding, tenants)
    flows = {f["code"]: f["flow"] for f in report["findings"] if f["flow"]}
    assert flows["E801"] == ["site_name", "appointment/1.start", "TQ1-7", "SCH-11.4", "Appointment.start"]
    assert flows["E605"][:2] == ["appointment/1.phone", "values.phone"] and flows["E605"][-1] == "PID-5"


def test_exit_codes(tenants):
    assert check("good", cwd=tenants).returncode == 0
    assert check("good", "--strict", cwd=tenants).returncode == 0
    assert check("bad 院", cwd=tenants).returncode == 1
    assert check("nowhere", cwd=tenants).returncode == 2
    assert check("good", "--format", "xml", cwd=tenants).returncode == 2
    assert check("good", "--proof", "--format", "sarif", cwd=tenants).returncode == 2
    feed = tenants / "good/feed.yaml"
    feed.write_text(feed.read_text().replace("        agree: warn\n", ""))
    assert check("good", cwd=tenants).returncode == 0
    strict = check("good", "--strict", "--format", "json", cwd=tenants)
    assert strict.returncode == 1
    assert [f["severity"] for f in json.loads(strict.stdout)["findings"]] == ["error"]


def test_tests_that_fail_are_said(tenants):
    feed = tenants / "good/feed.yaml"
    feed.write_text(feed.read_text().replace("status: booked, site: KH", "status: moved, site: KH"))
    done = check("good", cwd=tenants)
    text = done.stdout.decode()
    assert done.returncode == 1
    assert "error[E901]" in text and re.search(r"^good/feed.yaml: FAIL    2 rules", text, re.M)


def test_what_another_feed_uses_is_used(tenants):
    """W902 stands only for what no feed of the run uses."""
    other = (tenants / "good/feed.yaml").read_text().replace("feed: small", "feed: other").replace(", policy: policy.yaml", "")
    (tenants / "good/other.yaml").write_text(other)
    templates = tenants / "good/templates.yaml"
    templates.write_text(templates.read_text() + "greeting:\n  category: UTILITY\n  body: {zh-TW: 歡迎。, en: Welcome.}\n")
    alone = json.loads(check("good/feed.yaml", "--format", "json", cwd=tenants).stdout)
    assert [f["code"] for f in alone["findings"]] == ["W902"]
    (tenants / "good/other.yaml").write_text(other.replace("template: result_ready\n    params: {site_name: site.name}", "template: greeting"))
    both = json.loads(check("good/feed.yaml", "good/other.yaml", "--format", "json", cwd=tenants).stdout)
    assert "W902" not in [f["code"] for f in both["findings"]], both


# ---- SARIF ----

def only(node, required, optional=()):
    assert isinstance(node, dict)
    assert set(required) <= set(node) <= set(required) | set(optional), node
    return node


def assert_text(node):
    assert isinstance(only(node, ["text"])["text"], str) and node["text"]


def assert_location(location, root, message=False):
    only(location, ["physicalLocation"] + (["message"] if message else []))
    physical = only(location["physicalLocation"], ["artifactLocation", "region"])
    uri = only(physical["artifactLocation"], ["uri"])["uri"]
    assert re.fullmatch(r"(?:[A-Za-z0-9._~/!$&'()*+,;=@-]|%[0-9A-F]{2})+", uri), uri
    region = only(physical["region"], ["startLine", "startColumn", "endLine", "endColumn"])
    place = {"file": unquote(uri), "line": region["startLine"], "column": region["startColumn"], "end_line": region["endLine"], "end_column": region["endColumn"]}
    assert_inside(place, root)
    if message:
        assert_text(location["message"])


def assert_rule(rule):
    only(rule, ["id", "name", "shortDescription", "fullDescription", "help", "helpUri", "defaultConfiguration"])
    assert re.fullmatch(r"[EW]\d{3}", rule["id"])
    for key in ("shortDescription", "fullDescription", "help"):
        assert_text(rule[key])
    assert rule["helpUri"] == f"docs/codes/{rule['id']}.md"
    assert only(rule["defaultConfiguration"], ["level"])["level"] == ("error" if rule["id"][0] == "E" else "warning")


def assert_sarif(log, root):
    only(log, ["$schema", "version", "runs"])
    assert log["version"] == "2.1.0" and len(log["runs"]) == 1
    run = only(log["runs"][0], ["tool", "columnKind", "results"])
    assert run["columnKind"] == "unicodeCodePoints"
    driver = only(only(run["tool"], ["driver"])["driver"], ["name", "version", "semanticVersion", "rules"])
    for rule in driver["rules"]:
        assert_rule(rule)
    assert len({r["id"] for r in driver["rules"]}) == len(driver["rules"]) > 70
    for result in run["results"]:
        only(result, ["ruleId", "ruleIndex", "level", "message", "locations"], ["codeFlows"])
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in ("error", "warning", "note")
        assert_text(result["message"])
        assert len(result["locations"]) == 1
        assert_location(result["locations"][0], root)
        for flow in result.get("codeFlows", []):
            for thread in only(flow, ["threadFlows"])["threadFlows"]:
                steps = only(thread, ["locations"])["locations"]
                assert len(steps) >= 2
                for step in steps:
                    assert_location(only(step, ["location"])["location"], root, message=True)
    return run["results"]


def test_sarif(tenants):
    done = check("good", "bad 院", "--format", "sarif", cwd=tenants)
    assert done.returncode == 1
    results = assert_sarif(json.loads(done.stdout.decode("utf-8")), tenants)
    same = json.loads(check("good", "bad 院", "--format", "json", cwd=tenants).stdout)["findings"]
    assert [r["ruleId"] for r in results] == [f["code"] for f in same]
    flow = next(r for r in results if r["ruleId"] == "E801")["codeFlows"][0]["threadFlows"]
    names = [[step["location"]["message"]["text"] for step in thread["locations"]] for thread in flow]
    assert ["SCH-11.4", "appointment/1.start", "site_name"] in names and len(names) == 3
    assert assert_sarif(json.loads(check("good", "--format", "sarif", cwd=tenants).stdout), tenants) == []


# ---- proof ----

def test_proof(tenants):
    done = check("good", "bad 院", "--proof", "--format", "json", cwd=tenants)
    assert done.returncode == 1, "the second feed does not load"
    proof = json.loads(done.stdout.decode("utf-8"))
    assert proof["format"] == "tidings-proof/1" and "Not proven" in proof["limits"]
    assert [f["holds"] for f in proof["feeds"]] == [True, False]
    visit = next(t for t in proof["feeds"][0]["templates"] if t["template"] == "visit_update")
    sinks = {s["name"]: s for s in visit["sinks"]}
    assert [s["kind"] for s in visit["sinks"]] == ["parameter", "language", "template", "recipient", "link", "whether"]
    assert {p["text"] for p in sinks["recipient"]["paths"]} >= {"PID-13(3=CP)", "PID-14", "ZPI-4", "MSH-4.1"}
    assert next(p for p in sinks["recipient"]["paths"] if p["text"] == "ZPI-4")["overlay"] == "hudson"
    assert sinks["template"]["join"] == "logistics" and sinks["link"]["join"] == "identifier"
    assert proof["feeds"][0]["exceptions"][0]["what"] == "ZPI-4 = contact"
    for template in proof["feeds"][0]["templates"]:
        for sink in template["sinks"]:
            for path in sink["paths"]:
                lines = (tenants / path["file"]).read_text().split("\n")
                assert 1 <= path["line"] <= len(lines) and 1 <= path["column"] <= len(lines[path["line"] - 1])
    text = check("good", "--proof", cwd=tenants).stdout.decode()
    assert "good/feed.yaml: proven" in text and "ZPI-4" in text and "Not proven" in text


@needs_reference
def test_the_lists_of_check(tmp_path):
    place = tmp_path / "feed-examples"
    shutil.copytree(REFERENCE, place)
    done = check("north.yaml", cwd=place)
    assert done.returncode == 0
    assert done.stdout == (place / "north.check.expected.txt").read_bytes()
