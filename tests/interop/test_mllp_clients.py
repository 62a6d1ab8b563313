"""MLLP clients that others wrote against the real daemon. Each answer is read by the client's own parser, and is accepted
only if that parser finds the MSA of the message that was sent."""
import contextlib
import json
import pathlib
import re
import shutil
import socket
import struct
import subprocess

import hl7
import pytest
from hl7.client import MLLPClient

from harness import samples
from harness.daemon import LONG

INTEROP = pathlib.Path(__file__).resolve().parent
NODE = ("medplum", "node-hl7-client", "simple-hl7")
CLIENTS = ("python-hl7", *NODE)
needs_node = pytest.mark.skipif(not (INTEROP / "node_modules/node-hl7-client").is_dir() or not shutil.which("node"),
                                reason="node >= 20.19 with the packages of tests/interop is not here")
each_client = pytest.mark.parametrize("kind", [k if k not in NODE else pytest.param(k, marks=needs_node) for k in CLIENTS])


class ClientError(AssertionError):
    pass


class PythonHl7:
    """python3-hl7's MLLPClient. Its recv is one read: what is missing is read behind it."""

    def __init__(self, port):
        self.port = port
        self.open()

    def open(self):
        self.client = MLLPClient("127.0.0.1", self.port)
        limit = struct.pack("ll", LONG, 0)  # a Python timeout would let its one send() be a part of the message
        for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
            self.client.socket.setsockopt(socket.SOL_SOCKET, option, limit)

    @staticmethod
    def read(raw):
        m = hl7.parse(raw.decode("utf-8"))
        msa, err = m.segment("MSA"), m.segments("ERR") if "\rERR" in raw.decode("utf-8") else []
        return {"code": str(msa[1]), "id": str(msa[2]), "own": str(m.segment("MSH")[10]),
                "condition": m.extract_field("ERR", 1, 3, 1, 1) if err else ""}

    def ask(self, text, answers=1):
        try:
            raw = self.client.send_message(hl7.parse(text))
            while raw and raw.count(b"\x1c\r") < answers:
                raw += self.client.socket.recv(65536) or b"\x1c\r" * answers
        except OSError as e:
            raise ClientError(str(e)) from None
        frames = re.findall(rb"\x0b([^\x0b]*)\x1c\r", raw)
        if len(frames) < answers:
            raise ClientError("closed")
        return [self.read(frame) for frame in frames]

    def ask_batch(self, texts):
        batch = hl7.parse_batch("BHS|^~\\&|SCHED|NYC\r" + "".join(texts) + f"BTS|{len(texts)}\r")
        raw = self.client.send_message(str(batch))
        while b"\x1c\r" not in raw:
            raw += self.client.socket.recv(65536)
        answer = hl7.parse_batch(raw[1:-2].decode("utf-8"))
        return [self.read(str(m).encode()) for m in answer]

    def again(self):
        self.close()
        self.open()

    def close(self):
        self.client.close()


class Node:
    """A client of mllp_clients.mjs."""

    def __init__(self, kind, port, *words):
        self.process = subprocess.Popen(["node", "mllp_clients.mjs", kind, str(port), *words], cwd=INTEROP, text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def say(self, **wanted):
        self.process.stdin.write(json.dumps(wanted) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, self.process.stderr.read()[-2000:]
        heard = json.loads(line)
        if "error" in heard:
            raise ClientError(heard["error"])
        return heard["answers"]

    def ask(self, text, answers=1):
        return self.say(text=text, answers=answers)

    def ask_batch(self, texts):
        return self.say(texts=texts, batch=True, answers=len(texts))

    def again(self):
        self.say(again=True)

    def close(self):
        self.process.communicate(timeout=LONG)


@contextlib.contextmanager
def client(kind, daemon, *words):
    it = PythonHl7(daemon.ports["mllp"]) if kind == "python-hl7" else Node(kind, daemon.ports["mllp"], *words)
    try:
        yield it
    finally:
        it.close()


def text_of(message):
    return "\r".join(message.segments) + "\r"


def check(answers, code, control_id, condition=""):
    one, = answers
    assert (one["code"], one["id"], one["condition"]) == (code, control_id, condition), one
    assert len(one["own"]) == 20, one
    return one


def deviations(daemon):
    _, _, text = daemon.http("admin", "GET", "/metrics")
    return set(re.findall(r'^tidings_deviations_total\{[^}]*code="(\w+)"[^}]*\} [1-9]', text.decode(), re.MULTILINE))


@each_client
def test_one_and_many(daemon, kind):
    """40 messages on one connection; each answer is another message with an id of its own."""
    with client(kind, daemon) as peer:
        own = {check(peer.ask(text_of(samples.booking(n))), "AA", f"B{n:08d}")["own"] for n in range(40)}
    assert len(own) == 40
    daemon.settled(acked=40, notified=40)
    print(f"{kind}: 40 AA; deviations of its frames: {sorted(deviations(daemon)) or 'none'}")


@each_client
def test_large(daemon, kind):
    """An OBX-5 of 1 MB, and the small one behind it on the same connection."""
    large = samples.result(1)
    at = next(i for i, line in enumerate(large.segments) if line.startswith("OBX"))
    fields = large.segments[at].split("|")
    fields[2], fields[5] = "TX", "0123456789abcdef" * 65536
    large.segments[at] = "|".join(fields)
    with client(kind, daemon) as peer:
        check(peer.ask(text_of(large)), "AA", "R00000001")
        check(peer.ask(text_of(samples.result(2))), "AA", "R00000002")
    daemon.settled(acked=2)


@each_client
def test_utf_8(daemon, kind):
    """Names of several scripts, and a control id that comes back byte for byte."""
    ids = ["號-1", "né-2", "ид-3", "😀-4"]
    with client(kind, daemon) as peer:
        for n, control_id in enumerate(ids):
            message = samples.booking(n).with_(MSH_10=control_id, MSH_18="UNICODE UTF-8", PID_5="許^功蓋 Ünïcødé 😀")
            check(peer.ask(text_of(message)), "AA", control_id)
    daemon.settled(acked=4, notified=4)
    assert not {d for d in deviations(daemon) if "CHARSET" in d}


@each_client
def test_refusals(make_daemon, kind):
    """AR, AE and the table 0357 code, as the client's parser reads them; the connection goes on."""
    daemon = make_daemon(options={"mllp": {"strict": "yes"}}).start()
    good = samples.booking(1)
    with client(kind, daemon) as peer:
        check(peer.ask(text_of(good.with_(MSH_10="A1", MSH_11="X"))), "AR", "A1", "202")
        check(peer.ask(text_of(good.with_(MSH_10="A2", MSH_9__1="-"))), "AR", "A2", "200")
        check(peer.ask(text_of(good.with_(MSH_10="A3", PID_3=""))), "AE", "A3", "101")
        if kind != "node-hl7-client":  # it sends one version a connection, and only one that it knows
            check(peer.ask(text_of(good.with_(MSH_10="A4", MSH_12="2.99"))), "AR", "A4", "203")
        check(peer.ask(text_of(good.with_(MSH_10="A5", MSH_15="AL", MSH_16="NE", MSH_11="X"))), "CR", "A5", "202")
        check(peer.ask(text_of(good.with_(MSH_10="A6", MSH_15="AL", MSH_16="NE", PID_3=""))), "CE", "A6", "101")
        check(peer.ask(text_of(good.with_(MSH_10="A7", MSH_15="AL", MSH_16="NE"))), "CA", "A7")
        check(peer.ask(text_of(good.with_(MSH_10="A8"))), "AA", "A8")
    daemon.settled(acked=2)


@pytest.mark.parametrize("kind", ["python-hl7", pytest.param("node-hl7-client", marks=needs_node)])
def test_batch(daemon, kind):
    """The clients that know batches: one message in it is refused, and each is answered in the batch that comes back."""
    batch = [samples.booking(n) for n in range(1, 6)]
    batch[2]["MSH-11"] = "X"
    with client(kind, daemon) as peer:
        heard = peer.ask_batch([text_of(m) for m in batch])
        assert [(a["code"], a["id"]) for a in heard] == [
            ("AR" if n == 3 else "AA", f"B{n:08d}") for n in range(1, 6)], heard
        assert heard[2]["condition"] == "202" and len({a["own"] for a in heard}) == 5
        check(peer.ask(text_of(samples.booking(9))), "AA", "B00000009")
    daemon.settled(acked=5, notified=5)


@each_client
def test_the_daemon_ends_under_a_client(make_daemon, kind):
    """Killed between messages and started again on the same port: the client comes back by its own means. What was
    answered before is answered with the same bytes' ids again, and is no second event."""
    daemon = make_daemon()
    with socket.create_server(("127.0.0.1", 0)) as free:
        daemon.listen["mllp"] = free.getsockname()[1]
    daemon.write_settings()
    daemon.start()
    with client(kind, daemon) as peer:
        first = [peer.ask(text_of(samples.booking(n)))[0] for n in range(5)]
        daemon.settled(notified=5)  # no sending is under way: what the kill would leave unknown is test_kill's
        daemon.kill()
        if kind != "node-hl7-client":  # that one dials again by itself
            with pytest.raises(ClientError):
                peer.ask(text_of(samples.booking(5)))
        daemon.start()
        if kind == "python-hl7":  # it has no means of its own
            peer.again()
        check(peer.ask(text_of(samples.booking(5))), "AA", "B00000005")
        for n in range(5):
            assert peer.ask(text_of(samples.booking(n))) == [first[n]], "the stored answer"
    daemon.settled(acked=11, notified=6, duplicate=5)


@each_client
def test_application_acknowledgement_on_the_same_socket(daemon, kind):
    """MSH-15 and MSH-16 AL: CA first, then AA or AR, both read by the client. simple-hl7 takes what it hears in one read for
    one message: it asks for CA alone."""
    taken = samples.booking(1).with_(MSH_15="AL", MSH_16="AL" if kind != "simple-hl7" else "NE")
    wanted = [("CA", "B00000001"), ("AA", "B00000001")] if kind != "simple-hl7" else [("CA", "B00000001")]
    with client(kind, daemon) as peer:
        heard = peer.ask(text_of(taken), answers=len(wanted))
        assert [(a["code"], a["id"]) for a in heard] == wanted, heard
        assert len({a["own"] for a in heard}) == len(wanted)
    daemon.settled(acked=1, notified=1)


@needs_node
def test_medplum_in_its_enhanced_mode(daemon):
    """There it says CA to whatever it reads, our answers too. An acknowledgement is not acknowledged (decision 027)."""
    with client("medplum", daemon, "enhanced") as peer:
        for n in range(10):
            check(peer.ask(text_of(samples.booking(n))), "AA", f"B{n:08d}")
        heard = peer.ask(text_of(samples.booking(10).with_(MSH_15="AL", MSH_16="AL")), answers=2)
        assert [a["code"] for a in heard] == ["CA", "AA"]
        check(peer.ask(text_of(samples.booking(11))), "AA", "B00000011")
    # Each of its 12 + 1 acknowledgements is a message that we took and did not answer; the last may have met the close.
    assert 12 <= daemon.metric("tidings_acks_total", code="none") <= 13
    balance = daemon.settled(notified=12)
    assert balance["acked"] <= 12 + 13, balance
