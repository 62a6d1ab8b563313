"""A marker in every field of every demo sample: none in anything that left, in logs, metrics, URLs, ACKs or on disk.

Each field is filled alone (whatever the outcome), then as many fields at once as do not steer the outcome, so that
the markers travel the whole way to the Cloud API. The search itself is tested first: it must be able to find."""
import base64
import copy
import json
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
        n = run.number()
        variant = samples.renumber(Message(text), n)
        fill(variant, row, field, canary.marker(n))
        if run.send(variant) == wanted:
            free.append((row, field))

    def send_with(places):
        n = run.number()
        together = samples.renumber(Message(text), n)
        for row, field in places:
            fill(together, row, field, canary.marker(f"{n}F{row}F{field}"))
        return run.send(together)

    return wanted, *most_together(send_with, wanted, free)


def strings_of(value, path=()):
    """The path of every string in a JSON value."""
    if isinstance(value, dict):
        for key in value:
            yield from strings_of(value[key], path + (key,))
    elif isinstance(value, list):
        for n, item in enumerate(value):
            yield from strings_of(item, path + (n,))
    elif isinstance(value, str):
        yield path


def put(value, path, text):
    for step in path[:-1]:
        value = value[step]
    value[path[-1]] = text


def run_fhir(run, resource):
    """The same for a FHIR resource."""
    wanted = run.post(samples.renumber_fhir(resource, run.number()))
    free = []
    for path in list(strings_of(resource)):
        n = run.number()
        variant = samples.renumber_fhir(resource, n)
        put(variant, path, canary.marker(n))
        if run.post(variant) == wanted:
            free.append(path)

    def post_with(paths):
        n = run.number()
        together = samples.renumber_fhir(resource, n)
        for k, path in enumerate(paths):
            put(together, path, canary.marker(f"{n}F{k}"))
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
    left.update(on_disk(daemon, "running"))
    return left


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
