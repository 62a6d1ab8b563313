"""explain, test and diff on the command line: what is shown, what is masked, what is noted, what is rewritten, and the exit codes."""
import json
import re
import shutil
import stat
import subprocess

import pytest

from harness.daemon import LONG, ROOT, release_program
from harness.mllp import Connection, Message
from harness.samples import hl7_texts

DEMO = ROOT / "mappings/demo"
BOOKED = "samples/01-siu-s12-booked.hl7"
PHONE, MASKED, RECORD = "+886912345678", "+886 912 *** 678", "MRN20001"


def tidings(*words, cwd=ROOT):
    return subprocess.run([release_program(), *map(str, words)], capture_output=True, text=True, timeout=LONG, cwd=cwd)


@pytest.fixture
def tenant(tmp_path):
    place = tmp_path / "tenant"
    shutil.copytree(DEMO, place)
    return place


def change(file, old, new):
    text = file.read_text()
    assert old in text, old
    file.write_text(text.replace(old, new, 1))


# -- explain --------------------------------------------------------------------------------------


def test_a_message_that_no_rule_reads_says_why():
    done = tidings("explain", DEMO / "demo.yaml", DEMO / "samples/14-adt-a04-registered.hl7")
    assert done.returncode == 0, done.stderr
    assert "no rule reads it" in done.stdout and "no rule has this trigger" in done.stdout
    assert re.search(r"^reads +SIU\^S12 .*rule `appointment`  .*demo\.yaml:\d+$", done.stdout, re.M), done.stdout
    report = json.loads(tidings("explain", DEMO / "demo.yaml", DEMO / "samples/14-adt-a04-registered.hl7", "--json").stdout)
    assert report["instances"] == [] and "ORU^R01" in report["no_instance"]["rules"][1]["on"]


def test_the_nearest_rule_is_named(tmp_path):
    sample = tmp_path / "s.hl7"
    sample.write_text((DEMO / BOOKED).read_text().replace("SIU^S12", "SIU^S99"))
    done = tidings("explain", DEMO / "demo.yaml", sample)
    assert re.search(r"rule `appointment`.*\(nearest\)$", done.stdout, re.M), done.stdout


def test_a_rule_without_its_group_is_named(tmp_path):
    sample = tmp_path / "r.hl7"
    lines = (DEMO / "samples/05-oru-r01-ready.hl7").read_text().splitlines()
    sample.write_text("\n".join(line for line in lines if not line.startswith(("OBR", "ORC", "OBX"))) + "\n")
    assert "has this trigger, but the message has no OBR" in tidings("explain", DEMO / "demo.yaml", sample).stdout


def test_a_test_message_is_called_one(tmp_path):
    sample = tmp_path / "t.hl7"
    sample.write_text((DEMO / BOOKED).read_text().replace("|P|2.5.1", "|T|2.5.1"))
    assert "test message: recorded, never sent" in tidings("explain", DEMO / "demo.yaml", sample).stdout
    assert json.loads(tidings("explain", DEMO / "demo.yaml", sample, "--json").stdout)["message"]["test"] is True


def test_values_are_masked_until_they_are_asked_for():
    masked = tidings("explain", DEMO / "demo.yaml", DEMO / BOOKED).stdout
    assert MASKED in masked and PHONE not in masked and RECORD not in masked
    clear = tidings("explain", DEMO / "demo.yaml", DEMO / BOOKED, "--reveal").stdout
    assert PHONE in clear and RECORD in clear
    report = json.loads(tidings("explain", DEMO / "demo.yaml", DEMO / BOOKED, "--reveal", "--json").stdout)
    assert report["instances"][0]["outcome"]["to"] == PHONE


def test_a_draft_stands_in_for_the_feed(tenant):
    change(tenant / "demo.yaml", "template: visit_cancelled", "template: visit_update")
    sample = DEMO / "samples/03-siu-s15-cancelled.hl7"
    pair = tenant / "pair.hl7"
    pair.write_text((DEMO / BOOKED).read_text() + sample.read_text())
    assert "visit_cancelled / zh_TW" in tidings("explain", DEMO / "demo.yaml", pair).stdout
    assert "visit_cancelled" not in tidings("explain", DEMO / "demo.yaml", pair, "--with", tenant / "demo.yaml").stdout


def test_a_file_of_several_messages_is_one_story():
    """The second message finds what the first one left."""
    text = "".join((DEMO / "samples" / name).read_text() for name in ("01-siu-s12-booked.hl7", "03-siu-s15-cancelled.hl7"))
    done = subprocess.run([release_program(), "explain", str(DEMO / "demo.yaml"), "-"], input=text, capture_output=True, text=True, timeout=LONG)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("would send") == 2 and "earlier event" in done.stdout


# -- explain and diff of a store ------------------------------------------------------------------


@pytest.fixture
def stored(make_daemon):
    """A daemon that holds a booking and a cancellation."""
    daemon = make_daemon().start()
    link = Connection(daemon.ports["mllp"])
    for name in ("01-siu-s12-booked.hl7", "08-siu-s12-no-phone.hl7"):
        assert b"MSA|AA|" in link.ask(Message(hl7_texts()[name]).encode())
    daemon.quiet()
    return daemon


def audit(daemon):
    file = daemon.state / "audit.log"
    return file.read_text().splitlines() if file.exists() else []


def test_reveal_of_a_stored_message_needs_a_reason(stored):
    done = stored.tool("explain", "1", "--reveal")
    assert done.returncode == 2 and "--because" in done.stderr and done.stdout == "" and audit(stored) == []
    assert stored.tool("explain", "1", "--reveal", "--because", "  ").returncode == 2
    done = stored.tool("explain", "1", "--reveal", "--because", "ticket 7\nforged line")
    assert done.returncode == 0 and PHONE in done.stdout
    assert len(audit(stored)) == 1 and audit(stored)[0].endswith('explain 1 --reveal "ticket 7 forged line"')
    assert stat.S_IMODE((stored.state / "audit.log").stat().st_mode) == 0o600
    masked = stored.tool("explain", "1")
    assert PHONE not in masked.stdout and MASKED in masked.stdout


def test_a_stored_message_is_judged_with_a_draft(stored, tenant):
    change(tenant / "demo.yaml", "else: drop(no usable phone)", "else: hold(phone please)")
    assert "would drop   no usable phone" in stored.tool("explain", "2").stdout
    assert "would hold   phone please" in stored.tool("explain", "2", "--with", str(tenant / "demo.yaml")).stdout


def test_replay_over_the_store(stored, tenant):
    before = stored.ledger()
    same = stored.tool("diff", str(tenant), "--replay", "10")
    assert same.returncode == 0 and "replayed 2 messages: 0 with another outcome" in same.stdout, same.stdout + same.stderr
    change(tenant / "demo.yaml", "else: drop(no usable phone)", "else: hold(phone please)")
    change(tenant / "tables/siu-status.csv", "S12,booked", "S12,waitlisted")
    done = stored.tool("diff", str(tenant), "--replay", "10", "--json")
    assert done.returncode == 1, done.stderr
    (feed,) = json.loads(done.stdout)["feeds"]
    groups = {group["change"]: group for group in feed["replay"]["groups"]}
    assert groups["no longer told"]["ids"] == ["1"] and groups["no longer told"]["patients"] == 1
    assert groups["stopped differently"]["ids"] == ["2"] and groups["stopped differently"]["patients"] == 0
    assert feed["replay"]["patients_told_old"] == 1 and feed["replay"]["patients_told_new"] == 0
    assert PHONE not in done.stdout and RECORD not in done.stdout
    assert [line for line in audit(stored) if "diff demo --replay 10" in line]
    assert stored.ledger() == before, "nothing is stored or sent"
    last = stored.tool("diff", str(tenant), "--replay", "1", "--json")
    assert json.loads(last.stdout)["feeds"][0]["replay"]["messages"] == 1


# -- diff -----------------------------------------------------------------------------------------


def test_layout_is_no_change(tenant):
    change(tenant / "demo.yaml", "rules:\n", "# a comment\nrules:\n\n")
    done = tidings("diff", DEMO, tenant)
    assert done.returncode == 0 and "no change of meaning" in done.stdout, done.stdout + done.stderr


def test_meaning_is_named_with_both_places(tenant):
    change(tenant / "demo.yaml", "else: drop(no usable phone)", "else: hold(phone please)")
    change(tenant / "tables/siu-status.csv", "S12,booked", "S12,waitlisted")
    done = tidings("diff", DEMO / "demo.yaml", tenant / "demo.yaml")
    assert done.returncode == 1, done.stderr
    assert re.search(r"changed  value `phone` else: drop\(no usable phone\) -> hold\(phone please\)    \S+demo\.yaml:\d+ \| \S+demo\.yaml:\d+",
                     done.stdout), done.stdout
    assert "table row `siu-status: S12`: booked -> waitlisted" in done.stdout


def test_samples_stand_in_for_a_store(tenant):
    change(tenant / "demo.yaml", "template: visit_cancelled", "template: visit_update")
    done = tidings("diff", DEMO, tenant, "--from", DEMO / "samples", "--json")
    (feed,) = json.loads(done.stdout)["feeds"]
    assert done.returncode == 1 and [group["change"] for group in feed["replay"]["groups"]] == ["told differently"]
    assert feed["replay"]["groups"][0]["to"].endswith("(other template)")
    assert tidings("diff", DEMO, DEMO, "--from", DEMO / "samples").returncode == 0


def test_a_broken_feed_is_not_compared(tenant):
    change(tenant / "demo.yaml", "emit: appointment/1", "emit: appointmnt/1")
    done = tidings("diff", DEMO, tenant)
    assert done.returncode == 2 and "has errors" in done.stderr and done.stdout == ""
    assert tidings("diff").returncode == 2


# -- test -----------------------------------------------------------------------------------------


def test_expectations_are_rewritten_in_place(tenant):
    original = (tenant / "demo.yaml").read_text()
    change(tenant / "demo.yaml", "{template: visit_update, language: zh_TW", "{template: visit_update, language: en")
    (tenant / "demo.yaml").chmod(0o640)
    assert tidings("test", tenant).returncode == 1
    done = tidings("test", "--update", tenant)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^@@ line \d+$", done.stdout, re.M) and re.search(r"^-.*language: en", done.stdout, re.M)
    assert (tenant / "demo.yaml").read_text() == original
    assert stat.S_IMODE((tenant / "demo.yaml").stat().st_mode) == 0o640
    assert sorted(path.name for path in tenant.iterdir()) == sorted(path.name for path in DEMO.iterdir())


def test_nothing_is_rewritten_when_something_is_wrong(tenant):
    change(tenant / "demo.yaml", "given: samples/01-siu-s12-booked.hl7", "given: samples/none.hl7")
    text = (tenant / "demo.yaml").read_text()
    done = tidings("test", "--update", tenant)
    assert done.returncode == 2 and "E903" in done.stderr and (tenant / "demo.yaml").read_text() == text
    change(tenant / "demo.yaml", "emit: appointment/1", "emit: appointmnt/1")
    text = (tenant / "demo.yaml").read_text()
    done = tidings("test", "--update", tenant)
    assert done.returncode == 2 and "has errors" in done.stderr and (tenant / "demo.yaml").read_text() == text


def test_only_some(tenant):
    done = tidings("test", "--only", "sensitive", tenant)
    assert done.returncode == 0 and 0 < len(re.findall(r"^ok ", done.stdout, re.M)) < 10
    assert tidings("test", "--only", "no such test", tenant).returncode == 2


def test_a_real_looking_sample_is_an_error_of_check(tenant):
    change(tenant / BOOKED, "0912-345-678", "0912-345-679")
    done = tidings("check", "--format", "json", tenant)
    assert done.returncode == 1
    assert "E902" in done.stdout and "0912" not in done.stdout and "+886" not in done.stdout.replace(PHONE, "")
