"""What a peer can make us hold: a thousand slow ones, deaf ones, endless and swollen messages, too many connections.

Memory is that of the release program; while one peer misbehaves, another one's messages are all answered."""
import itertools
import resource
import socket
import threading

import pytest

from harness.daemon import LONG, release_program, until
from harness.mllp import Ack, Connection, frame

SLOW = 1000
MOST_MIB = 256  # resident, whatever the peers do
MIB = 1 << 20
FLOOD = 256 * MIB
CAP = 4 * MIB


def message(control_id, more=b""):
    """No feed has a rule for this type: it is taken and dropped."""
    return f"MSH|^~\\&|BOUNDS|FAC|TID|CLIN|20260101||ZZZ^Z99|{control_id}|P|2.5.1\r".encode() + more


class Normal(threading.Thread):
    """A sender as they should be, beside the others; `answered` grows."""

    def __init__(self, daemon):
        super().__init__(daemon=True)
        self.connection = Connection(daemon.ports["mllp"])
        self.answered, self.fault, self.halt = 0, None, threading.Event()

    def run(self):
        try:
            for n in itertools.count():
                if self.halt.is_set():
                    return
                ack = Ack(self.connection.ask(message(f"N{n}")))
                assert (ack.code, ack.control_id) == ("AA", f"N{n}".encode())
                self.answered += 1
        except (AssertionError, OSError) as e:
            self.fault = repr(e)

    def __enter__(self):
        self.start()
        return self

    def more(self, n=20):
        """Waits until n further messages were answered."""
        wanted = self.answered + n
        until(lambda: self.fault or self.answered >= wanted, f"{n} more answers")
        assert not self.fault, self.fault

    def __exit__(self, *_):
        self.halt.set()
        self.join(LONG)
        self.connection.close()
        assert not self.fault, self.fault


@pytest.fixture
def files():
    """Room for a thousand sockets on both sides."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 2 * SLOW + 200:
        pytest.skip(f"only {hard} descriptors here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2 * SLOW + 200), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def released(make_daemon, settings):
    return make_daemon(run=release_program(), settings=f"receive: {{{settings}}}\n").start()


def test_a_thousand_slow_senders(make_daemon, files):
    """Each sends a byte now and then; the one beside them is answered all the time, and in the end they are cut off."""
    daemon = released(make_daemon, f"max_connections: {SLOW + 10}, max_connections_overall: {SLOW + 10}, frame_timeout: 4s, "
                                   "min_rate: 64, keepalive: 0s")
    with Normal(daemon) as normal:
        slow = [Connection(daemon.ports["mllp"]) for _ in range(SLOW)]
        for byte in b"\x0bMSH|^":
            for connection in slow:
                try:
                    connection.send_raw(bytes([byte]))
                except OSError:
                    pass  # cut off already, on a slow machine
            normal.more(5)
        assert daemon.memory() < MOST_MIB
        until(lambda: daemon.metric("tidings_deviations_total", code="MLLP_FRAME_TIMEOUT") == SLOW, "all of them to be cut off")
        for connection in slow:
            assert connection.is_closed_by_peer() and not connection.buffer
            connection.close()
        normal.more()
    assert daemon.memory() < MOST_MIB
    daemon.settled(acked=normal.answered)


def test_a_thousand_idle_connections_stay(make_daemon, files):
    daemon = released(make_daemon, f"max_connections: {SLOW + 10}, max_connections_overall: {SLOW + 10}")
    idle = [Connection(daemon.ports["mllp"]) for _ in range(SLOW)]
    for n, connection in enumerate(idle[::50]):
        assert Ack(connection.ask(message(f"I{n}"))).code == "AA"
    assert daemon.memory() < MOST_MIB
    for connection in idle:
        connection.close()


def test_peers_that_never_read(make_daemon):
    """They are owed one answer at a time, and cut off when they do not take it. What is refused costs no commit: fast."""
    daemon = released(make_daemon, "write_timeout: 1s")
    deaf = [Connection(daemon.ports["mllp"], receive_buffer=2048) for _ in range(3)]
    shout = frame(message("D").replace(b"ZZZ", b"-")) * 500

    def cut(connection):
        try:
            while True:
                connection.send_raw(shout)
        except socket.timeout:
            return False  # held back
        except OSError:
            return True

    for connection in deaf:
        connection.socket.settimeout(0.05)
    with Normal(daemon) as normal:
        until(lambda: all([cut(c) for c in deaf]), "them to be cut off", every=0)
        assert daemon.memory() < MOST_MIB
        normal.more()
    until(lambda: len(daemon.says("answers are not taken -> closed")) == len(deaf), "a line for each")
    for connection in deaf:
        connection.close()
    daemon.settled(acked=normal.answered)


def flood(port, first):
    """(bytes that went into a message without an end before the daemon closed, its answer)."""
    sent, block = 0, b"x" * 65536
    with Connection(port) as connection:
        try:
            connection.send_raw(b"\x0b" + first)
            while sent < FLOOD:
                connection.send_raw(block)
                sent += len(block)
        except OSError:
            pass
        answer = connection.read_frame()
        assert connection.is_closed_by_peer()
    return sent, answer


def test_no_end(make_daemon):
    """256 MiB without an end byte, on one connection after the other: each is closed at the cap."""
    daemon = released(make_daemon, "max_message: 4M")
    total = rounds = 0
    with Normal(daemon) as normal:
        while total < FLOOD:
            sent, answer = flood(daemon.ports["mllp"], b"no header")
            assert answer is None and CAP - 65536 <= sent < CAP + 16 * MIB, sent  # what is over are the kernel's buffers
            total, rounds = total + sent, rounds + 1
        normal.more()
        assert daemon.memory() < MOST_MIB
        _, answer = flood(daemon.ports["mllp"], message("E", b"NTE|1||"))  # read on and dropped, so that it may get its answer
        ack = Ack(answer)
        assert (ack.code, ack.control_id) == ("AE", b"E")
        normal.more()
        assert daemon.memory() < MOST_MIB
    assert daemon.metric("tidings_deviations_total", code="MLLP_TOO_LARGE") == rounds + 1
    daemon.settled(acked=normal.answered)


@pytest.mark.parametrize("what,body", [
    ("repetitions", b"PID|1||" + b"1~" * 10**6 + b"1\r"), ("segments", b"NTE|1\r" * 10**5), ("fields", b"ZZ1" + b"|" * 10**6 + b"\r"),
    ("components", b"ZZ1|" + b"^" * 10**6 + b"\r"), ("subcomponents", b"ZZ1|" + b"&" * 10**6 + b"\r"),
    ("escapes", b"ZZ1|" + b"\\F\\" * 10**6 + b"\r"), ("one field", b"ZZ1|" + b"x" * (3 * MIB) + b"\r"),
    ("nesting", b"ZZ1|" + b"a^b&c~" * 500000 + b"\r"), ("messages", b"".join(message(f"X{n}") for n in range(500)))],
    ids=lambda v: v if isinstance(v, str) else "body")
def test_swollen_messages(make_daemon, what, body):
    """Refused with AE, or taken when a sane message may look so; either way the connection goes on."""
    daemon = released(make_daemon, "max_message: 8M")
    with Normal(daemon) as normal, Connection(daemon.ports["mllp"]) as connection:
        connection.send_raw(frame(message("SWOLLEN", body)))
        answers = [Ack(connection.read_frame())]
        if what == "messages":
            answers += [Ack(connection.read_frame()) for _ in range(500)]
        taken = what in ("escapes", "one field", "messages")
        assert {a.code for a in answers} == {"AA" if taken else "AE"}, answers[0].raw
        assert answers[0].control_id == b"SWOLLEN"
        assert Ack(connection.ask(message("AFTER"))).code == "AA"
        normal.more(5)
        assert daemon.memory() < MOST_MIB
    daemon.settled(acked=normal.answered + 1 + (len(answers) if taken else 0))


def test_connection_cap_over_all_listeners(make_daemon):
    """A second listener has no room of its own; what leaves one makes room in the other."""
    daemon = make_daemon(listen=("mllp",), settings="receive: {max_connections: 2, max_connections_overall: 3}\n")
    row = next(line for line in daemon.settings_file.read_text().splitlines() if line.startswith("  - {mllp:"))
    daemon.settings_file.write_text(daemon.settings_file.read_text().replace(row, f"{row}\n{row}"))
    daemon.start()
    one, two = (int(line["text"].split()[2].rsplit(":", 1)[1]) for line in daemon.says("^listen mllp "))
    inside = [Connection(one), Connection(one), Connection(two)]
    assert all(Ack(c.ask(message(f"A{n}"))).code == "AA" for n, c in enumerate(inside))
    with Connection(two) as outside:
        assert outside.is_closed_by_peer() and not outside.buffer
    inside.pop(0).close()

    def taken():
        try:
            with Connection(two) as connection:
                return (answer := connection.ask(message("NEXT"))) and Ack(answer).code == "AA"
        except OSError:
            return False
    until(taken, "room in the other listener")
    for connection in inside:
        connection.close()


def test_connection_cap(make_daemon):
    """One too many is closed with a reason; when one leaves, the next is taken."""
    most = 4
    daemon = make_daemon(settings=f"receive: {{max_connections: {most}, peers_interval: 100ms}}\n").start()
    port = daemon.ports["mllp"]
    inside = [Connection(port) for _ in range(most)]
    assert all(Ack(c.ask(message(f"A{n}"))).code == "AA" for n, c in enumerate(inside))
    for n in range(1, 4):
        with Connection(port) as outside:
            assert outside.is_closed_by_peer() and not outside.buffer
        until(lambda: len(daemon.says("from 127.0.0.1: too many connections -> closed$")) == n, "the reason in the log")
        assert daemon.metric("tidings_connections_refused_total", reason="full") == n
    until(lambda: daemon.senders().get(("LISTENER_FULL", "/")) == 3, "it in the status")
    inside.pop().close()

    def taken():
        try:
            connection = Connection(port)
            return connection if (answer := connection.ask(message("NEXT"))) and Ack(answer).code == "AA" else connection.close()
        except OSError:
            return None
    inside.append(until(taken, "the next one to be taken"))
    assert all(Ack(c.ask(message(f"B{n}"))).code == "AA" for n, c in enumerate(inside)), "the others were not hurt"
    for connection in inside:
        connection.close()
    daemon.settled(acked=2 * most + 1)
