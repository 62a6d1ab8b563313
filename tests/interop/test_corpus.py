"""Real messages through the running daemon, sent by clients that others wrote.

Every file of ../shared/data/corpus is answered, by an answer that the client accepts; what became of each
is counted by type in build/corpus-*.txt. Skips where the corpus is absent."""
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


def messages_in(raw):
    """How many answers a frame gets: one for each message, one refusal for a whole batch."""
    headers = re.findall(rb"(?:^|[\r\n])(MSH|BHS|FHS)", raw.lstrip(b"\xef\xbb\xbf \r\n"))
    return 1 if not headers or b"MSH" not in headers[0] else len(headers)


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


@needs_hl7
def test_python_hl7_client(make_daemon):
    daemon = make_daemon().start()
    rows = collections.Counter()
    for file, raw in MESSAGES:
        with MLLPClient("127.0.0.1", daemon.ports["mllp"]) as client:
            client.socket.settimeout(60)
            answer = client.send_message(raw)
            while answer.count(b"\x1c\r") < messages_in(raw):
                answer += client.socket.recv(65536)
        frames = re.findall(rb"\x0b[^\x0b]*\x1c\r", answer)
        assert frames and b"".join(frames) == answer, file
        for one in frames:
            ack = Ack(one)
            parsed = hl7.parse(one[1:-2].decode("latin-1"))
            assert str(parsed.segment("MSA")[1]) == ack.code, file
            rows[type_of(raw), f"{ack.code} {ack.condition}".strip()] += 1
    daemon.assert_alive()
    write_table("corpus-answers.txt", rows, f"{len(HL7)} files by python3-hl7's MLLP client: answers by type")
    balance = daemon.settled()
    assert balance["acked"] == sum(n for (_, what), n in rows.items() if what in ("AA", "CA")), balance
    write_table("corpus-outcomes.txt", by_outcome(daemon), f"what became of them: {balance}")


@needs_hl7
@needs_node
def test_medplum_client(make_daemon):
    daemon = make_daemon().start()
    done = subprocess.run(["node", "mllp_client.mjs", str(daemon.ports["mllp"])], cwd=INTEROP, text=True,
                          input="".join(f"{file}\n" for file in HL7), capture_output=True, timeout=900)
    assert done.returncode == 0, done.stderr[-2000:]
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == len(HL7)
    unhappy = [a for a in answers if a.get("error") or a.get("code", "AA") not in CODES]
    assert unhappy == []
    rows = collections.Counter((type_of(pathlib.Path(a["file"]).read_bytes()), a.get("code", "not sent: the client cannot parse it"))
                               for a in answers)
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
