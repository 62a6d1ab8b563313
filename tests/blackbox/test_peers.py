"""Who may talk to us: certificates, addresses, names; and our answers over a channel of our own (hl7v2.md 3.3, 9, 20.12).

What is refused is refused in four places: on the wire, in the security log, in the metrics, in `tidings status`; and no
byte of a message stands in the log."""
import os
import re
import socket
import ssl
import threading
import time

import pytest

from harness import canary, samples
from harness.certificates import make_ca, make_client, make_server
from harness.daemon import LONG, until
from harness.mllp import Ack, Connection, frame

HEAD = "MSH|^~\\&|{app}|{fac}|TID|CLIN|20260101||ZZZ^Z99|{id}|P|2.5.1|||{accept}|\rZZ1|{body}\r"
TLS_1_1 = b"\x03\x02"
NOTES = "receive: {peers_interval: 100ms}\n"


def message(control_id, app="EPIC", fac="NORTH", accept="", body="1"):
    """No feed has a rule for this type: it is taken and dropped."""
    return HEAD.format(app=app, fac=fac, id=control_id, accept=accept, body=body).encode()


def client_hello(version):
    """A ClientHello that offers no more than this version; no library of today has to be talked into it."""
    ciphers = bytes.fromhex("c009c013c00ac014002f0035")
    body = version + os.urandom(32) + b"\0" + len(ciphers).to_bytes(2, "big") + ciphers + b"\x01\0"
    shake = b"\x01" + len(body).to_bytes(3, "big") + body
    return b"\x16\x03\x01" + len(shake).to_bytes(2, "big") + shake


class Keys:
    """An authority, another one, and what both signed."""

    def __init__(self, folder):
        self.ca, self.other = make_ca(folder), make_ca(folder, "other")
        self.server = make_server(folder, self.ca)
        self.epic = make_client(folder, self.ca, "epic", names=["epic.north.example"])
        self.lab = make_client(folder, self.ca, "lab")
        self.expired = make_client(folder, self.ca, "expired", names=["epic.north.example"], days=-1)
        self.stranger = make_client(folder, self.other, "stranger", names=["epic.north.example"])

    def listener(self, **more):
        return {"tls": {"certificate": self.server.certificate, "key": self.server.key, "ca": self.ca.certificate}, **more}

    def context(self, pair=None):
        context = ssl.create_default_context(cafile=str(self.ca.certificate))
        if pair:
            context.load_cert_chain(pair.certificate, pair.key)
        return context


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    return Keys(tmp_path_factory.mktemp("keys"))


def said(daemon, words, times):
    """Waits until the security log has a line with these words so many times: a line is read later than an answer."""
    until(lambda: sum(words in text for text in security(daemon)) >= times, f"{times} lines with: {words}")
    assert sum(words in text for text in security(daemon)) == times, security(daemon)


def security(daemon):
    return [line["text"] for line in daemon.lines if line.get("stage") == "security"]


def heard_of(port, content, tls=None, raw=None):
    """What comes back before the daemon closes: of a message over TLS, or of raw bytes."""
    try:
        with Connection(port, tls=tls) as connection:
            connection.send_raw(raw or frame(content))
            answer = connection.read_frame()
            return connection.buffer if answer is None else answer
    except OSError:
        return b""


# -- the handshake ----------------------------------------------------------------------------------------


def test_certificates(make_daemon, keys):
    daemon = make_daemon(options={"mllp": keys.listener()}, settings=NOTES).start()
    port, secret = daemon.ports["mllp"], canary.marker(1)
    cases = [("unknown authority", {"tls": keys.context(keys.stranger)}), ("certificate expired", {"tls": keys.context(keys.expired)}),
             ("no client certificate", {"tls": keys.context()}), ("version too old", {"raw": client_hello(TLS_1_1)}),
             ("no TLS", {"raw": frame(message(secret))}), ("no TLS", {"raw": b"GET / HTTP/1.1\r\n\r\n"})]
    for n, (why, how) in enumerate(cases, 1):
        heard = heard_of(port, message(secret, body=secret), **how)
        assert b"MSA" not in heard, (why, heard)
        if why == "version too old":
            assert heard[:1] == b"\x15" and heard[5:7] == b"\x02\x46", f"no alert protocol_version: {heard}"
        until(lambda: len(security(daemon)) == n, f"a line for: {why}")
        assert security(daemon)[-1].endswith(f"from 127.0.0.1: TLS handshake failed: {why} -> closed"), security(daemon)[-1]
        assert daemon.metric("tidings_connections_refused_total", reason="handshake") == n
    until(lambda: daemon.senders().get(("LISTENER_HANDSHAKE", "/")) == len(cases), "them in the status")
    assert daemon.ledger()["acked"] == 0
    for pair in (keys.epic, keys.lab):
        assert Ack(heard_of(port, message(pair.key.stem), tls=keys.context(pair))).code == "AA"
    daemon.settled(acked=2)
    assert len(security(daemon)) == len(cases) and not canary.find(b"".join(daemon.raw_log))


def test_peer_that_never_shakes_hands(make_daemon, keys):
    daemon = make_daemon(options={"mllp": keys.listener()}, settings="receive: {handshake_timeout: 200ms}\n").start()
    with Connection(daemon.ports["mllp"]) as silent, Connection(daemon.ports["mllp"]) as half:
        half.send_raw(client_hello(TLS_1_1)[:9])
        assert silent.is_closed_by_peer() and half.is_closed_by_peer()
    assert Ack(heard_of(daemon.ports["mllp"], message("A"), tls=keys.context(keys.epic))).code == "AA"
    said(daemon, "no answer in time -> closed", 2)


# -- whose names --------------------------------------------------------------------------------------------


def senders(keys):
    return (f"senders:\n  - {{name: epic, application: EPIC, facility: NORTH, certificates: epic.north.example}}\n"
            f"  - {{name: lab, application: LAB, certificates: '{keys.lab.fingerprint()}', mode: enhanced}}\n")


def test_right_certificate_with_the_names_of_another(make_daemon, keys):
    daemon = make_daemon(options={"mllp": keys.listener(unlisted="accept")}, settings=NOTES + senders(keys)).start()
    port, secret = daemon.ports["mllp"], canary.marker(2)
    refused = 0
    cases = [(keys.epic, "EPIC", "", "AA"), (keys.epic, "EPIC", "AL", "CA"), (keys.epic, "LAB", "", "CE"), (keys.lab, "EPIC", "", "AR"),
             (keys.lab, "EPIC", "AL", "CE"), (keys.lab, "LAB", "", "CA"), (keys.lab, "OTHER", "", "AA")]
    for n, (pair, app, accept, code) in enumerate(cases):
        before = len(security(daemon))
        ack = Ack(heard_of(port, message(f"N{n}", app=app, accept=accept, body=secret), tls=keys.context(pair)))
        good = code in ("AA", "CA")
        assert (ack.code, ack.condition) == (code, "" if good else "207"), (pair.key.stem, app, ack.raw)
        if good:
            assert len(security(daemon)) == before
            continue
        refused += 1
        until(lambda: len(security(daemon)) == before + 1, "a line in the security log")
        assert f"a message with the names of {app.lower()} -> refused" in security(daemon)[-1]
        assert daemon.metric("tidings_foreign_messages_total") == refused
    until(lambda: daemon.senders().get(("HL7_NOT_BOUND", "EPIC/NORTH")) == 2, "EPIC's in the status")
    assert daemon.senders()[("HL7_NOT_BOUND", "LAB/")] == 1
    daemon.settled(acked=len(cases) - refused)
    assert not canary.find(b"".join(daemon.raw_log))


def test_unlisted_names(make_daemon):
    """`unlisted: refuse`: names that nobody listed are refused, and are no text for the log."""
    daemon = make_daemon(options={"mllp": {"unlisted": "refuse"}},
                         settings=NOTES + "senders:\n  - {name: epic, application: EPIC}\n").start()
    secret = canary.marker(3)
    with Connection(daemon.ports["mllp"]) as connection:
        ack = Ack(connection.ask(message("A", app=secret, body=secret)))
        assert (ack.code, ack.condition) == ("AR", "207")
        assert Ack(connection.ask(message("B"))).code == "AA", "the connection goes on"
        assert Ack(connection.ask(message("C", app="", accept="AL"))).code == "CE"
    until(lambda: len(security(daemon)) >= 2, "both in the log")
    assert [text.split(": ", 1)[1] for text in security(daemon)] == \
        ["a message with the names of nobody who is listed -> refused"] * 2
    until(lambda: daemon.senders().get(("HL7_NOT_BOUND", "/")) == 2, "it in the status, without a name")
    daemon.settled(acked=1)
    assert not canary.find(b"".join(daemon.raw_log) + daemon.tool("status").stdout.encode())


NEAR = [("epic", "NORTH"), ("EPIC&x", "NORTH"), ("EPIC~X", "NORTH"), ("EPI\\X43\\", "NORTH"), ("EPIC\\.sp\\", "NORTH"), ("EPIC\x01", "NORTH"),
        ("\xa0EPIC", "NORTH"), ("\uff25\uff30\uff29\uff23", "north")]
STRANGE = [("EPIC", ""), ("", ""), ('"EPIC"', "NORTH"), ("EPICS", "NORTH")]


@pytest.mark.parametrize("unlisted", ["", "accept"])
def test_near_spellings_of_a_bound_name(make_daemon, unlisted):
    """A binding holds for each spelling. Other names are refused, too, unless the listener takes them."""
    daemon = make_daemon(options={"mllp": {"unlisted": unlisted} if unlisted else {}}, settings=(
        "senders:\n  - {name: any, application: EPIC}\n  - {name: epic, application: EPIC, facility: NORTH, addresses: 127.0.0.7}\n"
        if not unlisted else "senders:\n  - {name: epic, application: EPIC, facility: NORTH, addresses: 127.0.0.7}\n")).start()
    strange = STRANGE if unlisted else STRANGE[1:]
    with Connection(daemon.ports["mllp"]) as connection:
        for n, (app, fac) in enumerate(NEAR):
            ack = Ack(connection.ask(message(f"N{n}", app=app, fac=fac)))
            assert (ack.code, ack.condition) == ("AR", "207"), (app, fac)
        said(daemon, "with the names of epic -> refused", len(NEAR))
        for n, (app, fac) in enumerate(strange):
            assert Ack(connection.ask(message(f"S{n}", app=app, fac=fac))).code == ("AA" if unlisted else "AR"), (app, fac)
    with Connection(daemon.ports["mllp"], source="127.0.0.7") as connection:
        assert Ack(connection.ask(message("B", app="Epic "))).code == "AA"


def test_anonymous_clients(make_daemon, keys):
    """Beyond loopback: only where the settings say so in words, and the log repeats it."""
    daemon = make_daemon(listen=("mllp",), options={"mllp": {
        "tls": {"certificate": keys.server.certificate, "key": keys.server.key}, "client_certificates": "not_needed"}})
    wide = daemon.settings_file.read_text().replace("mllp: 127.0.0.1:", "mllp: 0.0.0.0:")
    daemon.settings_file.write_text(wide.replace("client_certificates: not_needed", "client_certificates: needed"))
    daemon.start(wait=False)
    assert daemon.wait_end() == 78
    assert any("a `mllp` listener needs `tls.ca`" in line.get("text", "") for line in daemon.lines)
    daemon.settings_file.write_text(wide)
    daemon.start(wait=False)
    port = int(re.search(r":(\d+)", until(lambda: daemon.says(r"^listen mllp 0\.0\.0\.0:"), "the port")[0]["text"])[1])
    until(lambda: daemon.says("^ready$"), "the line 'ready'")
    assert Ack(heard_of(port, message("A"), tls=keys.context())).code == "AA"
    until(lambda: any("clients are not authenticated" in text for text in security(daemon)), "the warning")


# -- where from ----------------------------------------------------------------------------------------------


def test_addresses(make_daemon):
    """`allow` before a byte is read; a sender's `addresses` for its names alone."""
    daemon = make_daemon(options={"mllp": {"allow": ["127.0.0.0/29", "::1"], "unlisted": "accept"}}, settings=NOTES
                         + "senders:\n  - {name: epic, application: EPIC, addresses: [127.0.0.2, 127.0.0.4/31]}\n").start()
    port = daemon.ports["mllp"]
    for source in ("127.0.0.8", "127.1.0.1"):
        with Connection(port, source=source) as connection:
            assert connection.is_closed_by_peer() and not connection.buffer
        until(lambda: any(f"from {source}: address not allowed -> closed" in text for text in security(daemon)), f"{source} in the log")
    assert daemon.metric("tidings_connections_refused_total", reason="address") == 2
    for n, (source, app, code) in enumerate([("127.0.0.2", "EPIC", "AA"), ("127.0.0.3", "EPIC", "AR"), ("127.0.0.5", "EPIC", "AA"),
                                             ("127.0.0.6", "EPIC", "AR"), ("127.0.0.3", "LAB", "AA")]):
        with Connection(port, source=source) as connection:
            assert Ack(connection.ask(message(f"M{n}", app=app))).code == code, (source, app)
    said(daemon, "with the names of epic", 2)
    until(lambda: daemon.senders().get(("LISTENER_ADDRESS", "/")) == 2, "the strange addresses in the status")
    daemon.settled(acked=3)


@pytest.mark.parametrize("kind", ["mllp", "admin"])
def test_a_flood_of_strangers_does_not_fill_the_log(make_daemon, kind):
    """Ten lines a second; the rest is a number in the line after."""
    daemon = make_daemon(options={kind: {"allow": "192.0.2.0/24"}}).start()
    more = re.compile(rf"^{kind} [\d.]+:\d+: (\d+) more events were not written down one by one$")
    knocks = 0
    end = time.monotonic() + LONG
    while not any(more.match(text) for text in security(daemon)):
        assert time.monotonic() < end, "no line for what was left out"
        socket.create_connection(("127.0.0.1", daemon.ports[kind])).close()
        knocks += 1
    lines = security(daemon)
    assert sum("address not allowed -> closed" in text for text in lines) + sum(int(m[1]) for m in map(more.match, lines) if m) <= knocks
    assert len(lines) < knocks


def test_certificate_and_address_both(make_daemon, keys):
    daemon = make_daemon(options={"mllp": keys.listener()}, settings="senders:\n  - {name: epic, application: EPIC, "
                         "addresses: 127.0.0.2, certificates: epic.north.example}\n").start()
    for n, (source, pair, code) in enumerate([("127.0.0.2", keys.epic, "AA"), ("127.0.0.3", keys.epic, "AR"), ("127.0.0.2", keys.lab, "AR")]):
        with Connection(daemon.ports["mllp"], source=source, tls=keys.context(pair)) as connection:
            assert Ack(connection.ask(message(f"M{n}"))).code == code, (source, pair)


# -- our application acknowledgements ---------------------------------------------------------------------------


class Peer:
    """A receiver of ours behind TLS that asks for our certificate. code: what it answers; None: silence."""

    def __init__(self, keys, pair, code):
        self.code, self.heard, self.names, self.failed = code, [], [], 0
        self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(keys.ca.certificate))
        self.context.verify_mode = ssl.CERT_REQUIRED
        self.serve_as(pair)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve_as(self, pair):
        self.context.load_cert_chain(pair.certificate, pair.key)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(LONG)

    def serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            connection.settimeout(LONG)
            try:
                with self.context.wrap_socket(connection, server_side=True) as secure:
                    self.names.append(dict(part[0] for part in secure.getpeercert()["subject"])["commonName"])
                    self.talk(secure)
            except OSError:
                self.failed += 1

    def talk(self, secure):
        heard = b""
        while more := secure.recv(65536):
            heard += more
            while b"\x1c\r" in heard:
                content, heard = heard.split(b"\x1c\r", 1)
                self.heard.append(content)
                name = content.split(b"\r")[0].split(b"|")[9]
                if self.code:
                    secure.sendall(frame(b"MSH|^~\\&|||||||ACK|1|P|2.5.1\rMSA|%s|%s\r" % (self.code, name)))


def returning(make_daemon, keys, peer):
    us = f"tls: {{certificate: {keys.epic.certificate}, key: {keys.epic.key}, ca: {keys.ca.certificate}}}"
    return make_daemon(options={"mllp": {"app_ack": "return_channel", "channel": "acks"}}, settings=(
        f"channels:\n  - {{name: acks, to: 127.0.0.1:{peer.port}, {us}}}\n"
        "outbound: {retry_first: 50ms, retry_most: 200ms, answer_timeout: 300ms, max_tries: 3}\n")).start()


def take(daemon, control_id):
    with Connection(daemon.ports["mllp"]) as connection:
        assert Ack(connection.ask(message(control_id, accept="AL").replace(b"|AL|", b"|AL|AL"))).code == "CA"


def outbound(daemon, event):
    return daemon.metric("tidings_outbound_total", event=event)


def test_channel_accepts(make_daemon, keys):
    with Peer(keys, keys.server, b"CA") as peer:
        daemon = returning(make_daemon, keys, peer)
        for n in range(3):
            take(daemon, f"A{n}")
        until(lambda: outbound(daemon, "accepted") == 3, "three answers")
        assert outbound(daemon, "sent") == 3 and outbound(daemon, "refused") == 0
        daemon.close()
    assert [m.split(b"\r")[1] for m in peer.heard] == [b"MSA|AA|A%d" % n for n in range(3)], "in order, each once"
    assert set(peer.names) == {"epic"} and peer.failed == 0, "with our certificate"
    assert len({m.split(b"|")[9] for m in peer.heard}) == 3, "a control id of its own for each"


def test_channel_refuses(make_daemon, keys):
    """AR ends it; AE is tried max_tries times: the same bytes. What follows is not held up."""
    with Peer(keys, keys.server, b"CR") as peer:
        daemon = returning(make_daemon, keys, peer)
        take(daemon, "A")
        until(lambda: outbound(daemon, "refused") == 1, "a refusal")
        assert len(peer.heard) == 1
        peer.code = b"CE"
        take(daemon, "B")
        until(lambda: outbound(daemon, "refused") == 2, "the end of its tries")
        assert len(peer.heard) == 4 and len(set(peer.heard[1:])) == 1
        peer.code = b"CA"
        take(daemon, "C")
        until(lambda: outbound(daemon, "accepted") == 1, "the next one")
        daemon.close()
    until(lambda: len(daemon.says(r"^channel acks: message \d+: .* -> not sent again$")) == 2, "both given up")


@pytest.mark.parametrize("how", ["kill", "restart"])
def test_channel_is_silent(make_daemon, keys, how):
    """What was not answered is sent again after a restart: the same bytes, thus the same MSH-10."""
    with Peer(keys, keys.server, None) as peer:
        daemon = returning(make_daemon, keys, peer)
        take(daemon, "A")
        until(lambda: len(peer.heard) >= 2, "it twice")
        daemon.kill() if how == "kill" else daemon.terminate()
        before = len(peer.heard)
        peer.code = b"CA"
        daemon.start()
        until(lambda: outbound(daemon, "accepted") == 1, "its end")
        assert len(peer.heard) > before
        take(daemon, "B")
        until(lambda: outbound(daemon, "accepted") == 2, "the next one")
        daemon.close()
    assert len(set(peer.heard[:-1])) == 1 and peer.heard[-1] != peer.heard[0]


def test_channel_of_somebody_else(make_daemon, keys, tmp_path):
    """A receiver without a certificate of its authority gets no byte; once it has one, nothing is missing."""
    with Peer(keys, make_server(tmp_path, keys.other), b"CA") as peer:
        daemon = returning(make_daemon, keys, peer)
        take(daemon, "A")
        until(lambda: peer.failed >= 2 and daemon.says("^channel acks: .* -> again in"), "two tries")
        assert not peer.heard and not peer.names and outbound(daemon, "sent") == 0
        peer.serve_as(keys.server)
        until(lambda: outbound(daemon, "accepted") == 1, "its end")
        daemon.close()
    assert [m.split(b"\r")[1] for m in peer.heard] == [b"MSA|AA|A"]


def test_both_answers_on_one_socket(daemon):
    booking = samples.booking(1).with_(MSH_15="AL", MSH_16="AL")
    with Connection(daemon.ports["mllp"]) as connection:
        first, second = Ack(connection.ask(booking.encode())), Ack(connection.read_frame())
        assert (first.code, second.code) == ("CA", "AA")
        assert first.control_id == second.control_id == booking["MSH-10"].encode()
        assert first.msh[9] != second.msh[9] and second.msh[14:16] == [b"NE", b"NE"]
        again = Ack(connection.ask(booking.encode()))
        assert again.raw == first.raw, "a resend is answered with the stored bytes"
        assert Ack(connection.ask(samples.booking(2).encode())).code == "AA", "and no second application acknowledgement comes"
    daemon.settled(acked=3, notified=2)
