"""Real messages through the running daemon, sent by clients that others wrote.

Every file of ../shared/data/corpus is answered as its MSH-15 and MSH-16 ask (hl7v2.md 3.2), by an answer that the client
accepts, or by silence, which the answer to a message behind it proves; what became of each is counted by type in
build/corpus-*.txt. Skips where the corpus is absent."""
import collections
import json
import pathlib
import re
import shutil
import subprocess

import hl7
import pytest
from hl7.client import MLLPClient

from harness.daemon import ROOT
from harness.mllp import Ack

CORPUS = ROOT.parent / "shared/data/corpus"
INTEROP = pathlib.Path(__file__).resolve().parent
HL7 = sorted(CORPUS.glob("v2/**/*.hl7")) + sorted(CORPUS.glob("v2-derived-charset/**/*.hl7"))
FHIR = sorted(CORPUS.glob("fhir/**/*.json"))

CODES = ("AA", "AE", "AR", "CA", "CE", "CR")

needs_hl7 = pytest.mark.skipif(not HL7, reason=f"no corpus at {CORPUS.relative_to(ROOT.parent.parent)}")
needs_fhir = pytest.mark.skipif(not FHIR, reason=f"no corpus at {CORPUS.relative_to(ROOT.parent.parent)}")
needs_node = pytest.mark.skipif(not (INTEROP / "node_modules/@medplum/hl7").is_dir() or not shutil.which("node"),
                                reason="node >= 20.19 with the packages of tests/interop is not here")


def contents(raw):
    """The messages of a file; five files of the corpus carry MLLP framing of their own, one of them several frames."""
    if b"\x0b" in raw:
        return [part for part in re.split(rb"[\x0b\x1c]\r?", raw) if part.strip()]
    return [raw]


def header_of(raw):
    """The fields of the first MSH, FHS or BHS, numbered as in the standard; [] without one."""
    raw = raw.lstrip(b"\xef\xbb\xbf \r\n\t")
    if raw[:3] not in (b"MSH", b"BHS", b"FHS"):
        return []
    line = re.split(rb"[\r\n]", raw, maxsplit=1)[0]
    return [line[:3].decode(), line[3:4].decode("latin-1")] + [
        re.split(rb"[~^]", f)[0].strip().decode("latin-1") for f in line[4:].split(line[3:4])]


def headers_in(raw):
    """The headers that are answered: of each message, or of a whole batch."""
    raw = raw.lstrip(b"\xef\xbb\xbf \r\n")
    starts = [m.start(1) for m in re.finditer(rb"(?:^|[\r\n])(MSH|BHS|FHS)", raw)]
    if not starts or raw[starts[0]:starts[0] + 3] != b"MSH":
        return [header_of(raw)]
    return [header_of(raw[at:]) for at in starts]


def field(header, n):
    return header[n] if n < len(header) else ""


# MSH-15 and MSH-16 of a message: (family, when) of the one answer at once, on one socket and with `mode: auto` (3.2).
AT_ONCE = {"": {"": ("A", "AL"), "AL": ("A", "AL"), "NE": ("A", "NE"), "ER": ("A", "ER"), "SU": ("A", "SU")},
           "AL": "C", "ER": "C", "SU": "C",
           "NE": {"": ("A", "NE"), "AL": ("A", "AL"), "NE": ("A", "NE"), "ER": ("A", "ER"), "SU": ("A", "SU")}}


def answers_wanted(header):
    """The codes it may be answered with; None among them: silence is right."""
    if not header or header[0] != "MSH":
        return {"AA", "AE", "AR"}
    accept, application = (v if v in ("AL", "NE", "ER", "SU") else "" for v in (field(header, 15), field(header, 16)))
    if field(header, 9) == "ACK" and not accept:
        return {None}  # an acknowledgement is not acknowledged
    row = AT_ONCE[accept]
    family, when = (row, accept) if isinstance(row, str) else row[application]
    good, bad = {family + "A"}, {family + "E", family + "R"}
    return {"AL": good | bad, "NE": {None}, "ER": {None} | bad, "SU": good | {None}}[when]


def type_of(raw):
    """MSH-9 of the first header, for the table only."""
    at = raw.find(b"MSH")
    if at < 0:
        return "no MSH"
    kind = raw.split(b"MSH", 1)[0].strip(b"\xef\xbb\xbf \r\n")[:3].decode("latin-1")
    fields = raw[at:].replace(b"\n", b"\r").split(b"\r", 1)[0].split(raw[at + 3:at + 4])
    name = fields[8].decode("latin-1") if len(fields) > 8 else ""
    name = "^".join(name.split("^")[:2]) or "no MSH-9"
    return f"{kind} {name}" if kind in ("FHS", "BHS") else name


MESSAGES = [(file, raw) for file in HL7 for raw in contents(file.read_bytes())]
STANDINGS = ("", "pending", "held", "rejected", "notified", "recorded", "dropped")
OUTCOMES = """
    SELECT m.type, m.standing, coalesce(min(i.reason), iif(count(i.id), '', 'no rule'))
    FROM message m LEFT JOIN instance i ON i.message_id = m.id AND i.standing = m.standing GROUP BY m.id"""


def by_outcome(daemon):
    """{(type, "standing: reason"): n} of every unit, from the store's plain columns."""
    with daemon.store() as store:
        return collections.Counter((kind, f"{STANDINGS[standing]}: {reason}" if reason else STANDINGS[standing])
                                   for kind, standing, reason in store.execute(OUTCOMES))


def write_table(name, rows, head):
    """rows: {(type, what): n}. Writes build/NAME and prints it."""
    columns = sorted({what for _, what in rows})
    kinds = sorted({kind for kind, _ in rows})
    width = max([len(k) for k in kinds] + [10])
    lines = [head, " " * width + "".join(f"{c:>{max(len(c), 6) + 2}}" for c in columns)]
    for kind in kinds:
        lines.append(f"{kind:<{width}}" + "".join(
            f"{rows.get((kind, c), 0) or '':>{max(len(c), 6) + 2}}" for c in columns))
    total = "".join(f"{sum(n for (k, w), n in rows.items() if w == c):>{max(len(c), 6) + 2}}" for c in columns)
    lines.append(f"{'all':<{width}}{total}")
    (ROOT / "build" / name).write_text("\n".join(lines) + "\n")
    print("\n" + "\n".join(lines))


PROBE = b"MSH|^~\\&|PROBE||||||-|PROBE|P|2.5.1\r"  # refused, so that it costs no commit


def is_probe(frame):
    return re.search(rb"MSA\|AR\|PROBE[|\r]", frame)


def heard_before_probe(client, raw):
    """Every frame that came before the answer to the probe that was sent right behind `raw`."""
    answer = client.send(b"\x0b" + raw + b"\x1c\r" + b"\x0b" + PROBE + b"\x1c\r")
    while not is_probe(answer) or not answer.endswith(b"\x1c\r"):
        more = client.socket.recv(65536)
        assert more, "closed"
        answer += more
    frames = re.findall(rb"\x0b[^\x0b]*\x1c\r", answer)
    assert b"".join(frames) == answer
    return frames


def answers_in(frame):
    """The acknowledgements in it as frames of their own: itself, or those of a response batch, whose count must be right."""
    if frame[1:4] not in (b"BHS", b"FHS"):
        return [frame]
    parts = re.split(rb"(?=MSH\|)", frame[1:-2])
    inside = [b"\x0b" + re.split(rb"(?:BTS|FTS)\|", part)[0] + b"\x1c\r" for part in parts[1:]]
    counts = [int(n) for n in re.findall(rb"\rBTS\|(\d+)", frame)]
    assert sum(counts) == len(inside), frame
    return inside


def miscounted(raw):
    """How many of its BTS and FTS give another number than that of the messages or batches before them."""
    wrong = messages = batches = 0
    for line in re.split(rb"[\r\n]+", raw):
        batches += line.startswith(b"BHS")
        messages = 0 if line.startswith(b"BHS") else messages + line.startswith(b"MSH")
        if line[:3] in (b"BTS", b"FTS"):
            said = re.match(rb"\d+", line[4:].strip())
            wrong += bool(said) and int(said[0]) != (messages if line[:3] == b"BTS" else batches)
    return wrong


def judge(frames, raw, file):
    """What became of each message: the answer at once with its condition, "none", or "later AA" beside it."""
    rows, at_once, headers = [], [], headers_in(raw)
    if frames[0][1:4] in (b"BHS", b"FHS"):
        headers = [header_of(raw[m.start(1):]) for m in re.finditer(rb"(?:^|[\r\n])(MSH)", raw)]
    for one in [part for frame in frames if not is_probe(frame) for part in answers_in(frame)]:
        ack = Ack(one)
        parsed = hl7.parse(one[1:-2].decode("latin-1"))
        assert str(parsed.segment("MSA")[1]) == ack.code, file
        if len(ack.msh) > 15 and ack.msh[15]:
            rows.append(f"later {ack.code}")
            continue
        rows.append(f"{ack.code} {ack.condition}".strip())
        at_once.append(ack.code)
    wanted = [answers_wanted(h) for h in headers]
    for codes in wanted:
        if at_once and at_once[0] in codes:
            at_once.pop(0)
        else:
            assert None in codes, (file, wanted, rows)
            rows.append("none")
    extra = miscounted(raw) if frames[0][1:4] in (b"BHS", b"FHS") else 0
    assert at_once == ["AE"] * extra, (file, wanted, rows, extra)
    return rows


def send_all(daemon):
    """{(type, what was answered): n}."""
    rows = collections.Counter()
    for file, raw in MESSAGES:
        with MLLPClient("127.0.0.1", daemon.ports["mllp"]) as client:
            client.socket.settimeout(60)
            frames = heard_before_probe(client, raw)
        for what in judge(frames, raw, file):
            rows[type_of(raw), what] += 1
    daemon.assert_alive()
    return rows


def taken(rows):
    return sum(n for (_, what), n in rows.items() if what in ("AA", "CA"))


@needs_hl7
def test_python_hl7_client(make_daemon):
    daemon = make_daemon().start()
    rows = send_all(daemon)
    write_table("corpus-answers.txt", rows, f"{len(HL7)} files by python3-hl7's MLLP client: answers by type")
    balance = daemon.settled()
    silent = sum(n for (_, what), n in rows.items() if what == "none")
    assert taken(rows) <= balance["acked"] <= taken(rows) + silent, balance
    assert daemon.metric("tidings_acks_total", code="none") == silent
    write_table("corpus-outcomes.txt", by_outcome(daemon), f"what became of them: {balance}")


@needs_hl7
def test_without_processing_ids(make_daemon):
    """`processing_id: optional`: no message is refused for an empty MSH-11, and only those change their answer."""
    daemon = make_daemon(options={"mllp": {"processing_id": "optional"}}).start()
    rows = send_all(daemon)
    write_table("corpus-answers-optional.txt", rows, f"{len(HL7)} files with processing_id: optional: answers by type")
    empty = sum(not field(h, 11) for _, raw in MESSAGES for h in headers_in(raw) if h and h[0] == "MSH")
    refused = sum(n for (_, what), n in rows.items() if what.split()[-1] == "202")
    print(f"{empty} messages have an empty MSH-11; taken: {daemon.settled()['acked']}; still refused for MSH-11: {refused}")
    assert refused <= sum(field(h, 11)[:1] not in ("", "P", "D", "T") or len(field(h, 11)) > 1
                          for _, raw in MESSAGES for h in headers_in(raw) if h)


@needs_hl7
@needs_node
def test_medplum_client(make_daemon):
    daemon = make_daemon().start()
    done = subprocess.run(["node", "mllp_client.mjs", str(daemon.ports["mllp"])], cwd=INTEROP, text=True,
                          input="".join(f"{file}\n" for file in HL7), capture_output=True, timeout=900)
    assert done.returncode == 0, done.stderr[-2000:]
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == len(HL7)
    unhappy = [a for a in answers if a.get("error") or a.get("code", "AA") not in (*CODES, "none")]
    assert unhappy == []
    rows = collections.Counter()
    for a in answers:
        raw = pathlib.Path(a["file"]).read_bytes()
        what = a.get("code", "not sent: the client cannot parse it")
        if what == "none":
            assert None in answers_wanted(headers_in(contents(raw)[0])[0]), a
        rows[type_of(raw), what] += 1
    daemon.assert_alive()
    write_table("corpus-medplum.txt", rows, f"{len(HL7)} files by @medplum/hl7's client: answers by type")
    balance = daemon.settled()
    # A frame with several messages gets several answers, of which this client shows the first.
    assert balance["acked"] >= sum(a.get("code") in ("AA", "CA") for a in answers), balance


@needs_fhir
def test_fhir_by_http(make_daemon):
    daemon = make_daemon().start()
    rows, taken = collections.Counter(), 0
    for file in FHIR:
        raw = file.read_bytes()
        try:
            kind = json.loads(raw).get("resourceType", "no resourceType")
        except (ValueError, AttributeError):
            kind = "not a JSON object"
        path = kind if kind.isidentifier() else "Bundle"
        status, headers, answer = daemon.fhir("POST", path, raw)
        assert headers["content-type"].startswith("application/fhir+json"), file
        if status in (200, 201):
            taken += 1
        else:
            assert answer["resourceType"] == "OperationOutcome" and answer["issue"], file
            assert status < 500, (file, status)
        rows[kind, str(status)] += 1
    daemon.assert_alive()
    write_table("corpus-fhir-answers.txt", rows, f"{len(FHIR)} FHIR files (JSON) by HTTP: status by type")
    balance = daemon.settled()
    assert balance["acked"] == taken, balance
    write_table("corpus-fhir-outcomes.txt", by_outcome(daemon), f"what became of them: {balance}")
