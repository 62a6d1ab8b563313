"""`profile`, `scrub` and `init`: a first day with the samples of somebody else's patients, none of whom is seen."""
import json
import pathlib
import subprocess

import pytest

from harness.daemon import LONG, ROOT, program

NAMES = ("QUILLFEATHER", "Zebulonia", "ZBL7700134", "Thistledown", "0912777654", "zeb@quill.example", "ZITHERVILLE",
         "19431107", "PNEUMOCONIOSIS", "SECRETNOTE", "ZACC99817", "KINSWOMAN", "黃彥霖")
MESSAGE = "\r".join([
    r"MSH|^~\&|HIS|NORTH|TIDINGS|CLINIC|20260301093000+0800||{trigger}|C{n}|P|2.5.1|||||TWN|UNICODE UTF-8",
    "{event}",
    "PID|1||ZBL7700134^^^NORTH^MR||QUILLFEATHER^Zebulonia^^^^^L~黃彥霖||19431107|F|||9 Thistledown^^ZITHERVILLE^^^TWN||"
    "0912777654^PRN^CP~^NET^^zeb@quill.example||zho|||ZACC99817",
    "NK1|1|KINSWOMAN^Q|SIS||0912777654",
    "{rest}", ""])
BOOKED = MESSAGE.format(trigger="SIU^S12", n=1, event="SCH|P1|F1||||ROUTINE|||30|min|^^30^20260305093000",
                        rest="RGS|1|A\rAIS|1|A|CHK|20260305093000\rAIL|1|A|ROOM-1^^^NORTH")
RESULT = MESSAGE.format(trigger="ORU^R01", n=2, event="PV1|1|O|ROOM-1^^^NORTH",
                        rest="ORC|RE|P7|L7\rOBR|1|P7|L7|58410-2^CBC^LN|||20260301090000|||||||||||||||20260301093000||HM|F\r"
                             "OBX|1|TX|718-7^Hb^LN||PNEUMOCONIOSIS||||||F\rNTE|1||SECRETNOTE said she\rZPI|0912777654")
PATIENT = {"resourceType": "Bundle", "type": "message", "entry": [
    {"resource": {"resourceType": "Appointment", "id": "a1", "identifier": [{"value": "ZACC99817"}], "status": "booked",
                  "start": "2026-03-05T09:30:00+08:00", "comment": "SECRETNOTE",
                  "participant": [{"actor": {"reference": "Patient/ZBL7700134", "display": "QUILLFEATHER"},
                                   "status": "accepted"},
                                  {"actor": {"reference": "Location/NORTH"}, "status": "accepted"}]}},
    {"resource": {"resourceType": "Patient", "id": "ZBL7700134",
                  "text": {"status": "generated", "div": "<div>QUILLFEATHER, Zebulonia</div>"},
                  "identifier": [{"system": "urn:north", "value": "ZBL7700134"}],
                  "name": [{"family": "QUILLFEATHER", "given": ["Zebulonia"], "text": "黃彥霖"}],
                  "telecom": [{"system": "phone", "use": "mobile", "value": "0912777654"},
                              {"system": "email", "value": "zeb@quill.example"}],
                  "address": [{"line": ["9 Thistledown"], "city": "ZITHERVILLE", "country": "TW"}],
                  "birthDate": "1943-11-07"}}]}


def tidings(*words, code=0, stdin=None):
    done = subprocess.run([program(), *map(str, words)], capture_output=True, timeout=LONG, input=stdin)
    assert done.returncode == code, (words, done.returncode, done.stdout[-2000:], done.stderr[-2000:])
    return done


def nobody_in(text, where):
    for name in NAMES:
        assert name not in text, (name, where)
    assert "1943-11-07" not in text, where


@pytest.fixture
def samples(tmp_path):
    folder = tmp_path / "his"
    (folder / "more").mkdir(parents=True)
    (folder / "s12.hl7").write_text(BOOKED, newline="")
    (folder / "more" / "capture.bin").write_text(f"\x0b{RESULT}\x1c\r\x0b{BOOKED}\x1c\r", newline="")
    (folder / "big5.hl7").write_bytes(BOOKED.replace("UNICODE UTF-8", "BIG-5").encode("big5"))
    (folder / "bundle.json").write_text(json.dumps(PATIENT, indent=2, ensure_ascii=False))
    (folder / "lines.ndjson").write_text("".join(json.dumps(e["resource"]) + "\n" for e in PATIENT["entry"]))
    return folder


def test_profile_counts_and_names_nobody(samples):
    done = tidings("profile", samples, "--set", "country=TW")
    text = done.stdout.decode()
    nobody_in(text + done.stderr.decode(), "profile")
    for piece in ("7 messages in 5 files: 4 HL7 v2, 3 FHIR", "SIU^S12", "appointment.booked", "HIS / NORTH",
                  "PID-13(3=CP)", "58410-2", "Phone Number - Home", "ZPI|"):
        assert piece in text, piece
    told = json.loads(tidings("profile", samples, "--set", "country=TW", "--json").stdout)
    assert told["messages"] == 7 and told["country"] == "TW"
    assert {"path": "PID-13(3=CP)", "messages": 4, "valid": 4} in told["phones"]
    nobody_in(json.dumps(told, ensure_ascii=False), "profile --json")
    sheet = tidings("profile", samples, "--set", "country=TW", "--ask-sheet").stdout.decode()
    nobody_in(sheet, "the sheet")
    assert "Time zone" in sheet and "ORU^R01" in sheet and len(sheet.splitlines()) < 80


def test_profile_of_standard_input_and_of_nothing(tmp_path):
    assert b"1 messages" in tidings("profile", "-", stdin=BOOKED.encode()).stdout
    (tmp_path / "empty").mkdir()
    tidings("profile", tmp_path / "empty", code=1)
    assert b"no-such" in tidings("profile", tmp_path / "no-such", code=2).stderr
    assert b"did you mean country" in tidings("profile", "-", "--set", "contry=TW", code=2).stderr


def scrubbed(samples, to, key):
    tidings("scrub", samples, "--out", to, "--set", f"key={key}", "--set", "country=TW")
    return {str(p.relative_to(to)): p.read_bytes() for p in sorted(to.rglob("*")) if p.is_file()}


def test_scrub_keeps_the_form_and_nobody(samples, tmp_path):
    key = tmp_path / "scrub.key"
    before = {str(p.relative_to(samples)): p.read_bytes() for p in sorted(samples.rglob("*")) if p.is_file()}
    first = scrubbed(samples, tmp_path / "one", key)
    assert key.stat().st_mode & 0o777 == 0o600
    assert first.keys() == before.keys()
    for name, data in first.items():
        nobody_in(data.decode("big5" if "big5" in name else "utf-8"), name)
    old, new = before["s12.hl7"].decode(), first["s12.hl7"].decode()
    assert [len(s.split("|")) for s in old.split("\r")] == [len(s.split("|")) for s in new.split("\r")]
    assert [list(map(len, s.split("|"))) for s in old.split("\r")] == [list(map(len, s.split("|"))) for s in new.split("\r")]
    assert first["more/capture.bin"].startswith(b"\x0bMSH|") and first["more/capture.bin"].endswith(b"\x1c\r")
    number = new.split("PID|1||")[1].split("^")[0]
    assert number.encode() in first["more/capture.bin"] and number.encode() in first["bundle.json"]  # linked
    bundle = json.loads(first["bundle.json"])
    assert bundle["entry"][0]["resource"]["participant"][0]["actor"]["reference"] == f"Patient/{number}"
    assert bundle["entry"][0]["resource"]["participant"][1]["actor"]["reference"] == "Location/NORTH"
    assert scrubbed(samples, tmp_path / "two", key) == first
    assert scrubbed(samples, tmp_path / "three", tmp_path / "other.key") != first


def test_scrub_writes_over_nothing_and_says_what_it_leaves_out(samples, tmp_path):
    out = tmp_path / "out"
    scrubbed(samples, out, tmp_path / "k")
    done = tidings("scrub", samples, "--out", out, "--set", f"key={tmp_path / 'k'}", code=2)
    assert b"is there already" in done.stderr
    done = tidings("scrub", samples, "--out", samples, "--set", f"key={tmp_path / 'k'}", code=2)
    assert (samples / "s12.hl7").read_bytes().decode() == BOOKED
    (samples / "bad.hl7").write_text("hello\r" + BOOKED, newline="")
    done = tidings("scrub", samples / "bad.hl7", code=1)
    assert b"bad.hl7: byte 0: left out" in done.stderr and done.stdout.lstrip().startswith(b"MSH|")
    nobody_in(done.stdout.decode() + done.stderr.decode(), "standard output")
    assert b"--out" in tidings("scrub", samples, code=2).stderr


def test_init_is_checked_and_its_tests_pass(samples, tmp_path):
    folder = tmp_path / "north"
    tidings("init", folder, "--from", samples, "--set", "country=TW", "--set", f"key={tmp_path / 'k'}")
    for path in folder.rglob("*"):
        if path.is_file():
            nobody_in(path.read_bytes().decode("utf-8", "replace"), path)
            nobody_in(path.read_bytes().decode("big5", "replace"), path)
    done = tidings("check", folder, code=1)
    assert done.stdout.count(b"error[") == 1 and b"`name` is missing" in done.stdout  # only a person can know it
    sites = folder / "sites.yaml"
    sites.write_text(sites.read_text().replace('# name: {en: "", zh-TW: ""}', "name: {en: North Clinic, zh-TW: 北院}"))
    tidings("check", folder)
    assert b" 0 failed" in tidings("test", folder).stdout
    feed = (folder / "north.yaml").read_text()
    assert feed.startswith("# yaml-language-server: $schema=schema/feed.json\n")
    assert (folder / "schema" / "feed.json").is_file()
    for piece in ("PID-13(3=CP)", "PID-3(5=MR).1", "no phone, no message", "a preliminary result is not announced",
                  "an unknown site is held", "emit: appointment/1", "emit: result_ready/1"):
        assert piece in feed, piece
    assert "58410-2" in (folder / "codes-found.csv").read_text()
    assert "ZPI-1" in (folder / "policy.example").read_text()
    assert b"not empty" in tidings("init", folder, "--from", samples, code=2).stderr


def test_init_with_everything_decided_is_clean(samples, tmp_path):
    folder = tmp_path / "south"
    tidings("init", folder, "--from", samples, "--set", "country=TW", "--set", "name=South Clinic",
            "--set", f"key={tmp_path / 'k'}")
    tidings("check", "--strict", folder)


def test_init_of_one_country_and_a_rare_sender(tmp_path):
    his = tmp_path / "his"
    his.mkdir()
    booked = BOOKED.replace("||zho|||", "||||||")
    for i in range(11):
        (his / f"{i:02}.hl7").write_text(booked.replace("|NORTH|", "|STRAY|", 1) if i == 10 else booked, newline="")
    key = ("--set", f"key={tmp_path / 'k'}")
    told = tidings("init", tmp_path / "british", "--from", his, "--set", "country=GB", *key).stdout
    assert b"Left out: 1 sender(s) of few messages (MSH-4.1 of the profile)" in told
    assert "zh-TW" not in (tmp_path / "british/templates.yaml").read_text()
    for more in ("country=TW", "country=GB,language=zh-TW"):
        to = tmp_path / more
        tidings("init", to, "--from", his, *(w for one in more.split(",") for w in ("--set", one)), *key)
        assert "zh-TW" in (to / "templates.yaml").read_text(), more


def test_init_without_samples_is_the_demo(tmp_path):
    tidings("init", tmp_path / "trial")
    tidings("check", tmp_path / "trial")
    assert b"already" in tidings("init", tmp_path / "trial", code=2).stderr


@pytest.mark.parametrize("folder", ["v2/simhospital", "v2/pacs_bridge", "v2/fhir-converter", "v2/cosyte-hl7", "fhir/hfs"])
def test_init_over_published_samples(folder, tmp_path):
    corpus = pathlib.Path(ROOT).parent / "shared/data/corpus" / folder
    if not corpus.is_dir():
        pytest.skip("the corpus is not beside the repository")
    tidings("init", tmp_path / "x", "--from", corpus, "--set", "name=Clinic", "--set", "zone=Europe/London",
            "--set", "country=GB", "--set", f"key={tmp_path / 'k'}")
    tidings("check", tmp_path / "x")
    assert b" 0 failed" in tidings("test", tmp_path / "x").stdout
