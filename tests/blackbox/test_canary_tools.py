"""A marker of its own in every field, repetition, component and sub-component, and in every element of a resource,
through the tools that read samples. Each marker found is traced to its place; only the places below may be shown."""
import json
import re
import shutil
import subprocess

import pytest

from harness import canary, samples
from harness.daemon import FEEDS, LONG, ROOT, program
from harness.mllp import Ack, Connection, Message
from test_canary import places_of, without_echo

FIELDS = 32          # of each segment; the widest row of these messages has fewer that anything reads
CORPUS = ROOT.parent / "shared" / "data" / "corpus"
BLOCKED = ("class above the ceiling of", "blocked: ")  # feed-language.md 13.5: the reasons of what is held back as a leak
MARK = re.compile(rf"{canary.WORD}(\d{{5}})", re.IGNORECASE)
HEAD = r"MSH|^~\&|SCHED|TPE|TIDINGS|DEMO|20260302081500+0800||{}|{}|P|2.5.1|||||TWN|UNICODE UTF-8"
PERSON = "PID|1||MRN20001^^^TPE^MR||{}|||F|||^^{}||0912-345-678^PRN^CP||zho"
OWN = "ZPI|1|a|b\nZZ9|x"
MDM = "\n".join((HEAD.format("MDM^T02^MDM_T02", "DEMO0091"), "EVN|T02|20260302081500", PERSON, "PV1|1|O|RIVER-3F^^^TPE",
                 "TXA|1|CN|TX|20260302081500||||||||D9001||||F||AV", "OBX|1|TX|18842-5^a^LN||b||||||F", "NTE|1||c")) + "\n"
# MSH-1, 2 are the grammar; 7, 9, 11, 12, 18 say how the message is read at all, 14 that its beginning came before.
GRAMMAR = {("MSH", n) for n in (1, 2, 7, 9, 11, 12, 14, 18)}
# feed-language.md 14: explain names a message by MSH-3, 4 and 10, and shows what a value below `contact` was read
# from: here the site (AIL-3.1, PV1-3.4, MSH-4.1) and the language (PID-15.1).
EXPLAINED = {("MSH", 3), ("MSH", 4), ("MSH", 10), ("AIL", 3), ("PV1", 3), ("PID", 15)}
# What decision 045 lets nobody see: people, their numbers, results and remarks, own segments. A pair alone is the whole
# field; a third member is the components of it that are a person's (the others are codes of a table).
PERSONAL = {("PID", 2): {1, 2}, ("PID", 3): {1, 2}, ("PID", 4): {1, 2}, ("PID", 5): set(range(1, 7)), ("PID", 6): set(range(1, 7)),
            ("PID", 7): None, ("PID", 9): set(range(1, 7)), ("PID", 11): {1, 2, 3, 5}, ("PID", 13): {1, 4, 5, 6, 7, 12},
            ("PID", 14): {1, 4, 5, 6, 7, 12}, ("PID", 18): {1, 2}, ("PID", 19): None, ("PID", 20): {1}, ("PID", 21): {1, 2},
            ("PID", 23): None, ("OBX", 5): None, ("NTE", 3): None, ("ZPI", None): None, ("ZZ9", None): None,
            ("SCH", 1): {1}, ("SCH", 2): {1}, ("ORC", 2): {1}, ("ORC", 3): {1}, ("OBR", 2): {1}, ("OBR", 3): {1},
            ("OBR", 13): None, ("PV1", 19): {1, 2}, ("PV1", 7): set(range(1, 8)), ("PV1", 8): set(range(1, 8)),
            ("TXA", 12): {1}, ("TXA", 16): None, ("SCH", 12): set(range(1, 8)), ("SCH", 16): set(range(1, 8))}


class Marks:
    """Distinct markers, and where each stands. As text (with a character no code has) or written like a code."""

    def __init__(self, like_code=False):
        self.places, self.like_code = [], like_code

    def new(self, *place):
        self.places.append(place)
        return f"{canary.WORD}{len(self.places) - 1:05d}" + ("" if self.like_code else canary.TAIL)

    def shown(self, text):
        return sorted({self.places[int(n)] for n in MARK.findall(text)}, key=str)


def personal(place):
    segment, field, component = place[:3]
    parts = PERSONAL.get((segment, field), PERSONAL.get((segment, None), ()))
    return parts is None or component in parts


def crowd(marks, segment, field):
    """Two repetitions of six components of two sub-components."""
    return "~".join("^".join("&".join(marks.new(segment, field, c, r, s) for s in (1, 2)) for c in range(1, 7)) for r in (1, 2))


def hl7_fields(message):
    for row, line in enumerate(message.segments):
        for field in range(1, FIELDS + 1):
            if (line[:3], field) not in GRAMMAR:
                yield row, field


def filled(text, marks, places, beside):
    """The message with markers in these places: instead of what stands there, or in repetitions behind it."""
    message = Message(text)
    for row, field in places:
        fields = message.segments[row].split("|")
        at = field - 1 if fields[0] == "MSH" else field
        fields += [""] * (at + 1 - len(fields))
        more = crowd(marks, fields[0], field)
        fields[at] = f"{fields[at]}~{more}" if beside and fields[at] else more
        message.segments[row] = "|".join(fields)
    return message.encode()


def hl7_texts():
    texts = samples.hl7_texts()
    kept = {n: texts[n] for n in ("01-siu-s12-booked.hl7", "05-oru-r01-ready.hl7", "14-adt-a04-registered.hl7")}
    kept["mdm.hl7"] = MDM.format("林^怡君", "台北市")
    return {name: text.rstrip("\r\n") + "\n" + OWN + "\n" for name, text in kept.items()}


def fhir_filled(resource, marks, places):
    """A marker for each string; in each object a member the standard does not have, one for its name and one in it."""
    resource = json.loads(json.dumps(resource))
    for how, path in places:
        if how.__name__ == "put":
            how(resource, path, marks.new("fhir", *path))
        else:
            held = resource
            for step in path:
                held = held[step]
            held[marks.new("fhir", *path, "NAME")] = {"value": [marks.new("fhir", *path, "unknown")]}
    return json.dumps(resource, ensure_ascii=False).encode()


def tidings(*words, code=(0, 1)):
    done = subprocess.run([program(), *map(str, words)], capture_output=True, timeout=LONG)
    assert done.returncode in code, (words[0], done.returncode, len(done.stderr))
    return (done.stdout + done.stderr).decode()


def outcome(file):
    told = json.loads(tidings("explain", "--json", FEEDS / "demo.yaml", file))
    return [i["rule"] for i in told["instances"]], "visit_update" in json.dumps(told), "result_ready" in json.dumps(told)


@pytest.fixture(scope="module", params=[False, True], ids=["text", "like a code"])
def marked(request, tmp_path_factory):
    """(folder of samples full of markers, the markers): all places at once, and beside what decides the outcome."""
    folder, marks, sent = tmp_path_factory.mktemp("marked"), Marks(request.param), 0
    for name, text in hl7_texts().items():
        places = list(hl7_fields(Message(text)))
        (folder / f"all-{name}").write_bytes(filled(text, marks, places, False))
        if name == "mdm.hl7":
            continue
        trial, probe = folder / f"beside-{name}", Marks(request.param)

        def send(some, to=probe):
            trial.write_bytes(filled(text, to, some, True))
            return outcome(trial)

        wanted = send([])
        kept = [p for n in range(0, len(places), FIELDS) for p in kept_of(send, wanted, places[n:n + FIELDS])]
        while send(kept) != wanted:
            kept.pop()
        assert len(kept) > len(places) // 2, (name, len(kept), len(places))
        assert send(kept, marks) == wanted
        sent += any(wanted[1:])
    for name, resource in samples.fhir_resources().items():
        (folder / f"all-{name}").write_bytes(fhir_filled(resource, marks, fhir_places(resource)))
    assert sent == 2, "a booking and a result go out, full of markers"
    return folder, marks


def kept_of(send, wanted, places):
    """The places of one segment that leave the outcome as it was, by halves."""
    if send(places) == wanted:
        return places
    if len(places) == 1:
        return []
    half = len(places) // 2
    return kept_of(send, wanted, places[:half]) + kept_of(send, wanted, places[half:])


def fhir_places(resource):
    """Every string and every object, innermost first; the kinds and full URLs say how it is read at all."""
    places = [p for p in places_of(resource) if not p[1] or p[1][-1] not in ("resourceType", "fullUrl")]
    return sorted((p for p in places if p[0].__name__ != "put_number"), key=lambda p: -len(p[1]))


def tenant_of(folder, to):
    """The demo's feed whose samples are the marked messages: its tests fail, and say so."""
    shutil.copytree(FEEDS, to)
    for name in ("01-siu-s12-booked.hl7", "05-oru-r01-ready.hl7", "14-adt-a04-registered.hl7"):
        (to / "samples" / name).write_bytes((folder / f"all-{name}").read_bytes())
    for name in samples.fhir_resources():
        (to / "samples" / name).write_bytes((folder / f"all-{name}").read_bytes())
    return to


# FHIR, decision 045: types `code` and `system`, times of an appointment or report, and what has the class of language.
FHIR_OPEN = {"code", "system", "use", "status", "type", "start", "end", "issued"}


def forbidden(place):
    """Decision 045: must profile and scrub keep this to themselves? Names of members have a test of their own."""
    if place[0] != "fhir":
        return personal(place)
    return place[-1] not in FHIR_OPEN | {"NAME"} and "communication" not in place


def of_hl7(shown):
    return {p for p in shown if isinstance(p[0], str) and len(p[0]) == 3 and len(p) == 5}


def test_the_search_can_fail(marked):
    """The same search finds every marker in the samples themselves, and tells what is a person's."""
    folder, marks = marked
    text = "".join(f.read_text(encoding="utf-8") for f in folder.iterdir())
    assert len(marks.shown(text)) == len(set(marks.places)) > 3000
    assert any(personal(p) for p in of_hl7(marks.shown(text)))
    assert canary.find(text.encode())


def test_explain_shows_the_head_and_what_is_below_contact(marked):
    folder, marks = marked
    for file in sorted(folder.iterdir()):
        for words in ((), ("--json",)):
            shown = marks.shown(tidings("explain", *words, FEEDS / "demo.yaml", file, code=(0, 1, 2)))
            assert {p[:2] for p in shown} <= EXPLAINED, (file.name, words, [p for p in shown if p[:2] not in EXPLAINED])


def test_check_test_and_diff_show_none(marked, tmp_path):
    folder, marks = marked
    tenant = tenant_of(folder, tmp_path / "demo")
    other = shutil.copytree(FEEDS, tmp_path / "other")
    feed = other / "demo.yaml"
    feed.write_text(feed.read_text().replace("SIU^S13, ", "").replace("else: hold(unknown site)", "else: hold(no site)"))
    said = {words: tidings(*words, code=(0, 1, 2)) for words in (
        ("check", tenant), ("check", "--format", "json", tenant), ("check", "--format", "sarif", tenant),
        ("check", "--unread", tenant), ("check", "--unread", "--format", "json", tenant), ("check", "--proof", tenant),
        ("check", "--proof", "--json", tenant), ("test", tenant), ("diff", FEEDS / "demo.yaml", feed, "--from", folder),
        ("diff", "--json", FEEDS / "demo.yaml", feed, "--from", folder))}
    assert "FAIL" in said["test", tenant], "the marked samples changed what the tests expect"
    found = {w[:3]: (marks.shown(text)[:20], canary.find(text.encode())) for w, text in said.items()}
    assert {w: f for w, f in found.items() if any(f)} == {}


def test_profile_and_the_first_feed_name_nobody(marked, tmp_path):
    folder, marks = marked
    said = {w: tidings("profile", folder, "--set", "country=TW", *w) for w in ((), ("--json",), ("--ask-sheet",))}
    tidings("init", tmp_path / "first", "--from", folder, "--set", "country=TW")
    made = [f for f in (tmp_path / "first").rglob("*") if f.is_file()]
    assert len(made) > 5
    for file in made:
        said[str(file.relative_to(tmp_path))] = file.read_text(encoding="utf-8", errors="replace")
    found = {w: [p for p in marks.shown(text) if forbidden(p)] for w, text in said.items()}
    print({w: len(marks.shown(text)) for w, text in said.items()})
    assert {w: sorted({q[:3] if of_hl7([q]) else q for q in f}, key=str)[:30] for w, f in found.items() if f} == {}


def test_scrub_takes_every_person_out(marked, tmp_path):
    folder, marks = marked
    tidings("scrub", folder, "--out", tmp_path / "safe", "--set", "country=TW")
    files = [f for f in (tmp_path / "safe").rglob("*") if f.is_file()]
    assert len(files) == len(list(folder.iterdir()))
    shown = marks.shown("".join(f.read_text(encoding="utf-8") for f in files))
    assert [p for p in shown if forbidden(p)] == []


def test_names_of_unknown_members_are_not_shown(marked, tmp_path):
    folder, marks = marked
    said = tidings("profile", folder, "--json")
    tidings("scrub", folder, "--out", tmp_path / "safe", "--set", "country=TW")
    said += "".join(f.read_text(encoding="utf-8") for f in (tmp_path / "safe").rglob("*.json"))
    assert [p for p in marks.shown(said) if p[-1] == "NAME"] == []


def test_a_daemon_tells_none(make_daemon, marked, tmp_path):
    """reload over samples full of markers, status, metrics, log and ACKs after the messages themselves."""
    folder, marks = marked
    feeds = shutil.copytree(FEEDS, tmp_path / "tenant" / "demo")
    daemon = make_daemon(feeds=feeds).start()
    said = {}
    with Connection(daemon.ports["mllp"]) as mllp:
        for file in sorted(folder.glob("*.hl7")):
            message = Message(file.read_text(encoding="utf-8"))
            if file.name.startswith("beside"):
                message = samples.renumber(message, len(said))
            answer = mllp.ask(message.encode())
            said[f"ACK {file.name}"] = without_echo(Ack(answer)).decode("utf-8", "replace")
    for file in sorted(folder.glob("*.json")):
        said[f"answer {file.name}"] = repr(daemon.fhir("POST", "Bundle", json.loads(file.read_text(encoding="utf-8"))))
    daemon.quiet()
    shutil.rmtree(feeds)
    tenant_of(folder, feeds)
    refused = daemon.tool("reload")
    assert refused.returncode != 0, "its tests fail"
    said["reload"] = refused.stdout + refused.stderr
    for words in (("status",), ("status", "--json"), ("ledger",), ("recorder",)):
        done = daemon.tool(*words)
        said[" ".join(words)] = done.stdout + done.stderr
    said["metrics"] = repr(daemon.http("admin", "GET", "/metrics"))
    sends = b"\n".join(p.raw for p in daemon.cloud.posts)
    assert sends, "nothing was sent, so nothing was shown"
    said["sends"] = sends.decode("utf-8", "replace")
    said["log"] = b"".join(daemon.raw_log).decode("utf-8", "replace")
    found = {w: (marks.shown(text)[:20], canary.find(text.encode())) for w, text in said.items()}
    assert {w: f for w, f in found.items() if any(f)} == {}


def explained_outcomes(feed, file):
    done = subprocess.run([program(), "explain", "--json", str(feed), str(file)], capture_output=True, timeout=LONG)
    return done.returncode, done.stdout.decode("utf-8", "replace")


def test_published_messages_through_the_demo_and_a_first_feed(tmp_path):
    """Nothing is blocked as a leak: over the demo's feed, and over one that `init` made of the same messages."""
    folder = CORPUS / "v2" / "simhospital"
    if not folder.is_dir():
        pytest.skip("no corpus beside the repository: nothing measured")
    real = tmp_path / "real"
    real.mkdir()
    for file in folder.glob("*.hl7"):  # these are marked as tests, which no feed decides
        raw = file.read_bytes().replace(b"\r\n", b"\r").replace(b"\n", b"\r")
        head, mark, rest = raw.partition(b"\r")
        fields = head.split(b"|")
        if fields[0] == b"MSH" and len(fields) > 11:
            fields[10] = b"P"
            (real / file.name).write_bytes(b"|".join(fields) + mark + rest)
    tidings("init", tmp_path / "first", "--from", real, "--set", "country=GB", "--set", "name=North Clinic")
    feeds = {"demo": FEEDS / "demo.yaml", "first": tmp_path / "first" / "first.yaml"}
    for name, feed in feeds.items():
        told = [explained_outcomes(feed, file) for file in sorted(real.iterdir())]
        read = [text for code, text in told if code in (0, 1) and text]
        sends = sum(text.count('"kind": "send"') for text in read)
        blocked = sum(text.count(word) for text in read for word in BLOCKED)
        print(f"\ncorpus simhospital, feed {name}: {len(read)} of {len(told)} messages read, {sends} sends, {blocked} leak blocks")
        assert len(read) > 40 and blocked == 0
    done = subprocess.run([program(), "diff", "--json", feeds["demo"], feeds["first"], "--from", real], capture_output=True, timeout=LONG)
    compared = done.stdout.decode()
    replay = json.loads(compared)["feeds"][0]["replay"]
    print("diff --from:", {k: v for k, v in replay.items() if isinstance(v, int)})
    assert replay["messages"] > 40 and not any(word in compared for word in BLOCKED)
