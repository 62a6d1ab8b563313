"""A marker in every field of every demo sample: none in anything that left, in logs, metrics, URLs, ACKs or on disk.

Each field is filled alone (whatever the outcome), then as many fields at once as do not steer the outcome, so that
the markers travel the whole way to the Cloud API. The search itself is tested first: it must be able to find."""
import base64
import copy
import json
import re
import stat
import subprocess
import urllib.parse

import pytest

from harness import canary, samples
from harness.mllp import Ack, Connection, Message

# What the standard makes an ACK repeat: MSH-3..6, 10, 11, 12, 18 and MSA-2 (hl7v2.md 3.5).
ECHOED_MSH = (2, 3, 4, 5, 9, 10, 11, 17)


@pytest.mark.parametrize("dress", [
    lambda t: t.encode(), lambda t: t.encode("utf-16-le"), lambda t: base64.b64encode(b"ab" + t.encode()),
    lambda t: base64.b64encode(b"a" + t.encode()), lambda t: base64.urlsafe_b64encode(t.encode()), lambda t: t.encode().hex().encode(),
    lambda t: urllib.parse.quote(t).encode(), lambda t: json.dumps(t).encode(), lambda t: t.encode("big5"), lambda t: t[-2:].encode()])
def test_the_search_finds(dress):
    assert canary.find(b"before" + dress(canary.marker(7)) + b"after")
    assert not canary.find(dress("harmless text 12"))


@pytest.mark.parametrize("dress", [
    lambda n: b"%d" % n, lambda n: b"%d.5" % n, lambda n: json.dumps({"a": n}).encode(), lambda n: b"%x" % n + b"%d" % n,
    lambda n: base64.b64encode(b"%d" % n), lambda n: (b"%d" % n).hex().encode(), lambda n: n.to_bytes(8, "big")])
def test_the_search_finds_numbers(dress):
    assert canary.find(b"before" + dress(canary.NUMBER) + b"after")
    assert not canary.find(dress(canary.NUMBER + 1000))


def without_echo(ack):
    """The bytes of an answer without the fields it has to repeat."""
    kept = []
    for segment in ack.segments:
        fields = segment.split(ack.separator)
        drop = ECHOED_MSH if fields[0] == b"MSH" else (2,) if fields[0] == b"MSA" else ()
        kept.append(ack.separator.join(f for n, f in enumerate(fields) if n not in drop))
    return b"\r".join(kept)


class Run:
    """Sends variants and remembers what each got, by the number of its message in the store."""

    def __init__(self, daemon, mllp):
        self.daemon, self.mllp = daemon, mllp
        self.said = []     # everything the daemon answered, echo removed
        self.n = 0

    def send(self, message):
        answer = self.mllp.ask(message.encode())
        assert answer is not None, "closed without an answer"
        ack = Ack(answer)
        self.said.append(without_echo(ack))
        return self.standing() if ack.code == "AA" else ack.code

    def post(self, resource):
        status, headers, body = self.daemon.fhir("POST", "Bundle", resource)
        self.said.append(json.dumps([headers, body], ensure_ascii=False).encode())
        return self.standing() if status in (200, 201) else status

    def standing(self):
        """(standing, rule) of the newest message, once the daemon has decided."""
        self.daemon.quiet()
        with self.daemon.store() as store:
            return store.execute("SELECT m.standing, coalesce(min(i.rule), '') FROM message m LEFT JOIN instance i ON "
                                 "i.message_id = m.id WHERE m.id = (SELECT max(id) FROM message) GROUP BY m.id").fetchone()

    def number(self):
        self.n += 1
        return self.n


def fields_of(message):
    """Every field of every segment as (row, field number); MSH-1 and MSH-2 are the grammar itself."""
    for row, line in enumerate(message.segments):
        n = len(line.split(message.separator)) + (line.startswith("MSH"))
        for field in range(3 if line.startswith("MSH") else 1, n + 2):
            yield row, field


def fill(message, row, field, value):
    fields = message.segments[row].split(message.separator)
    at = field - 1 if fields[0] == "MSH" else field
    fields += [""] * (at + 1 - len(fields))
    fields[at] = value
    message.segments[row] = message.separator.join(fields)


def repeat(message, row, field, value):
    """The field as it is, and a repetition that holds markers as component, sub-component and number."""
    component, repetition, sub = message.component, message.segments[0][5], message.segments[0][7]
    fields = message.segments[row].split(message.separator)
    at = field - 1 if fields[0] == "MSH" else field
    old = fields[at] if at < len(fields) else ""
    more = f"{value}{component}{value}{sub}{value}{sub}{canary.NUMBER}"
    fill(message, row, field, f"{old}{repetition}{more}")


def most_together(send, wanted, places):
    """(outcome, how many) of as many places at once as leave the outcome as it was.

    Two places may each do without the other and not both: a field and the one that stands in for it."""
    kept = []

    def add(some):
        if send(kept + some) == wanted:
            kept.extend(some)
        elif len(some) > 1:
            add(some[:len(some) // 2])
            add(some[len(some) // 2:])

    add(places)
    return send(kept), len(kept)


def run_hl7(run, text):
    """(standing without markers, standing with as many as possible, how many those are)."""
    plain = samples.renumber(Message(text), run.number())
    wanted = run.send(plain)
    free = []
    for row, field in fields_of(plain):
        for how in (fill, repeat):
            n = run.number()
            variant = samples.renumber(Message(text), n)
            how(variant, row, field, canary.marker(n))
            if run.send(variant) == wanted:
                free.append((how, row, field))

    def send_with(places):
        n = run.number()
        together = samples.renumber(Message(text), n)
        for how, row, field in places:
            how(together, row, field, canary.marker(f"{n}F{row}F{field}"))
        return run.send(together)

    return wanted, *most_together(send_with, wanted, free)


def places_of(value, path=()):
    """(how to put a marker there, path) of every string, every number and every object in a JSON value."""
    if isinstance(value, dict):
        yield put_member, path
        for key in value:
            yield from places_of(value[key], path + (key,))
    elif isinstance(value, list):
        for n, item in enumerate(value):
            yield from places_of(item, path + (n,))
    elif isinstance(value, str):
        yield put, path
    elif not isinstance(value, bool):
        yield put_number, path


def at(value, path):
    for step in path:
        value = value[step]
    return value


def put(value, path, text):
    at(value, path[:-1])[path[-1]] = text


def put_number(value, path, text):
    put(value, path, canary.NUMBER)


def put_member(value, path, text):
    """Members that the standard does not have: the marker as a name, as what it holds, and as numbers."""
    at(value, path)[text] = {text: [text, canary.NUMBER, canary.NUMBER + 0.5]}


def run_fhir(run, resource):
    """The same for a FHIR resource."""
    wanted = run.post(samples.renumber_fhir(resource, run.number()))
    free = []
    for how, path in list(places_of(resource)):
        n = run.number()
        variant = samples.renumber_fhir(resource, n)
        how(variant, path, canary.marker(n))
        if run.post(variant) == wanted:
            free.append((how, path))

    def post_with(places):
        n = run.number()
        together = samples.renumber_fhir(resource, n)
        for k, (how, path) in enumerate(places):
            how(together, path, canary.marker(f"{n}F{k}"))
        return run.post(together)

    return wanted, *most_together(post_with, wanted, free)


def everything_that_left(daemon, run):
    """{where: bytes} of all that another person or machine could see, and of the disk."""
    posts = daemon.cloud.posts
    left = {"sends": b"\n".join(p.raw for p in posts),
            "send URLs and headers": repr([(p.path, p.headers) for p in posts]).encode(),
            "answers": b"\n".join(run.said), "log": b"".join(daemon.raw_log)}
    for path in ("/metrics", "/healthz", "/readyz"):
        left[path] = repr(daemon.http("admin", "GET", path)).encode()
    for post in daemon.cloud.accepted[-30:]:
        for method in ("GET", "POST"):
            status, headers, body = daemon.http("link", method, "/l/" + post.token, "" if method == "POST" else None,
                                                {"Content-Type": "application/x-www-form-urlencoded"})
            left.setdefault("link pages and redirects", b"")
            left["link pages and redirects"] += repr(headers).encode() + body
    for words in (("status",), ("status", "--json"), ("ledger",), ("ledger", "--json")):
        done = daemon.tool(*words)
        left["tidings " + " ".join(words)] = (done.stdout + done.stderr).encode()
    left["tidings explain ID"] = b"\n".join(explained(daemon))
    left.update(on_disk(daemon, "running"))
    return left


EXPLAINED = 60


def explained(daemon):
    """What `tidings explain ID` says, as text and as JSON: the first and last of each standing and rule, and others."""
    with daemon.store() as store:
        ends = store.execute("SELECT min(m.id), max(m.id) FROM message m LEFT JOIN instance i ON i.message_id = m.id "
                             "GROUP BY m.standing, i.rule, i.reason").fetchall()
        most, = store.execute("SELECT max(id) FROM message").fetchone()
    for number in sorted({n for pair in ends for n in pair} | set(range(1, most, max(1, most // EXPLAINED)))):
        for words in ((), ("--json",)):
            done = daemon.tool("explain", *words, str(number))
            assert done.returncode == 0, (number, done.stderr)
            yield without_header(done.stdout + done.stderr).encode()


def without_header(said):
    """An explanation without the message's own MSH-3, 4 and 10, which the ACK repeats too and which name it."""
    return "\n".join(line.split("  -> ")[-1] for line in said.splitlines() if not re.match(r' *"(control_id|from)": ', line))


def on_disk(daemon, when):
    found = {f"{file.name} ({when})": file.read_bytes() for file in daemon.state.rglob("*") if file.is_file()}
    assert any(len(data) > 4096 for data in found.values()), "no database was looked at"
    return found


def test_no_marker_leaves(make_daemon):
    daemon = make_daemon(settings="receive:\n  max_connections: 100").start()
    hl7, fhir = samples.hl7_texts(), samples.fhir_resources()
    assert hl7 and fhir
    results = {}
    with Connection(daemon.ports["mllp"]) as mllp:
        run = Run(daemon, mllp)
        for name, text in hl7.items():
            results[name] = run_hl7(run, text)
        for name, resource in fhir.items():
            results[name] = run_fhir(run, resource)
        left = everything_that_left(daemon, run)
    assert daemon.terminate() == 0
    left.update(on_disk(daemon, "stopped"))
    database, = daemon.state.glob("*.db")
    left["dump"] = subprocess.run(["sqlite3", str(database), ".dump"], check=True, capture_output=True).stdout
    left["log"] = b"".join(daemon.raw_log)
    print(f"\ncanary: {run.n} messages, {len(daemon.cloud.posts)} sends, {sum(map(len, left.values()))} bytes searched "
          f"for {len(canary.DRESSES)} dresses of the marker")
    found = {where: canary.find(data) for where, data in left.items()}
    assert {where: hits for where, hits in found.items() if hits} == {}
    for name, (wanted, together, free) in results.items():
        assert together == wanted, f"{name}: the markers together changed the outcome, so they did not travel its way"
        assert free > 5, f"{name}: hardly a field could be filled"
    assert daemon.cloud.posts, "nothing was sent, so nothing was shown"


def test_a_stored_message_is_explained_without_its_person(daemon):
    """`tidings explain -c FILE ID`: rule, outcome and where each value came from; who it is about is masked."""
    message = samples.booking(77)
    with Connection(daemon.ports["mllp"]) as mllp:
        assert Ack(mllp.ask(message.encode())).code == "AA"
    daemon.settled(notified=1)
    text, js = daemon.tool("explain", "1"), daemon.tool("explain", "1", "--json")
    assert (text.returncode, js.returncode, text.stderr) == (0, 0, "")
    assert re.fullmatch(r"decided by version [0-9a-f]{12} of feed \w+, explained by the same\n", js.stderr), js.stderr
    json.loads(js.stdout)
    for said in (text.stdout, js.stdout):
        for word in ("appointment", "visit_update", "booked", "SCH-2.1", "PID-3", "pk_"):
            assert word in said, (word, said)
        for path in ("PID-3.1", "PID-5.1", "PID-5.2", "PID-7", "PID-11", "PID-13.1"):
            assert message[path] and message[path] not in said, (path, said)
        for hidden in (samples.phone(77), samples.phone(77)[2:], samples.appointment_number(message)):
            assert hidden not in said, (hidden, said)
    for unknown in ("2", "999999999999"):
        done = daemon.tool("explain", unknown)
        assert done.returncode == 2 and done.stderr and not done.stdout, (unknown, done.stderr)
    assert len(daemon.cloud.posts) == 1, "to explain sends nothing"


def test_explaining_a_stored_message_is_audited(daemon, tmp_path):
    """A line before anything is shown; nothing where it cannot be written, or would go elsewhere. A file is nobody's."""
    with Connection(daemon.ports["mllp"]) as mllp:
        assert Ack(mllp.ask(samples.booking(77).encode())).code == "AA"
    daemon.settled(notified=1)
    log = daemon.state / "audit.log"
    for n, words in enumerate((("1",), ("--json", "1"), ("1",)), 1):
        assert daemon.tool("explain", *words).returncode == 0
        lines = log.read_text().splitlines()
        assert len(lines) == n
        assert re.match(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z uid=\d+ explain 1$", lines[-1]), lines
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    for obstacle in (lambda: log.mkdir(), lambda: log.symlink_to(tmp_path / "elsewhere")):
        log.rmdir() if log.is_dir() else log.unlink()
        obstacle()
        done = daemon.tool("explain", "1")
        assert done.returncode == 2 and not done.stdout and "audit.log" in done.stderr, done
    assert not (tmp_path / "elsewhere").exists()


def test_dump_shows_no_person(daemon):
    """`sqlite3 tidings.db .dump` holds no name, number or HL7 text of what was sent."""
    message = samples.booking(77)
    with Connection(daemon.ports["mllp"]) as mllp:
        assert Ack(mllp.ask(message.encode())).code == "AA"
    daemon.settled(notified=1)
    assert daemon.terminate() == 0
    database, = daemon.state.glob("*.db")
    dump = subprocess.run(["sqlite3", str(database), ".dump"], check=True, capture_output=True).stdout
    files = b"".join(f.read_bytes() for f in daemon.state.rglob("*") if f.is_file())
    secrets_ = [message["PID-5.1"], message["PID-5.2"], message["PID-3.1"], samples.phone(77), samples.phone(77)[1:],
                samples.appointment_number(message), "MSH|", "PID|", daemon.cloud.accepted[0].token]
    for text in secrets_:
        assert text, "an empty string is everywhere"
        raw = text.encode()
        for dress in (raw, raw.hex().encode(), raw.hex().upper().encode()):
            assert dress not in dump and dress not in files, text
