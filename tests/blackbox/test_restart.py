"""Restarts that nobody notices: the listening socket is handed over, frames that were begun are finished, nothing is lost.

The test holds the listening socket, as a service manager does, and gives it to each daemon as descriptor 3."""
import signal
import socket
import threading

import pytest

from harness.daemon import LONG, until
from harness.mllp import Ack, Connection, frame

RESTARTS = 4
SENDERS = 3


def message(control_id):
    """No feed has a rule for this type: it is taken and dropped."""
    return (f"MSH|^~\\&|{control_id.split('-')[0]}|FAC|TID|CLIN|20260101||ZZZ^Z99|{control_id}|P|2.5.1\r"
            f"ZZ1|{'x' * 300}\r").encode()


@pytest.fixture
def listening():
    it = socket.create_server(("127.0.0.1", 0), backlog=512)
    yield it
    it.close()


class Sender(threading.Thread):
    """Stop and wait; after a lost connection it connects again and resends what had no answer."""

    def __init__(self, name, port):
        super().__init__(daemon=True)
        self.label, self.port = name, port
        self.acked, self.refused, self.wrong, self.lost, self.halt = {}, [], [], 0, False

    def run(self):
        n = 0
        while not self.halt:
            try:
                connection = Connection(self.port, timeout=LONG)
            except OSError as e:
                self.refused.append(repr(e))
                return
            with connection:
                while not self.halt:
                    answer = self.ask(connection, f"{self.label}-{n}")
                    if answer is None:
                        self.lost += 1
                        break
                    self.acked[f"{self.label}-{n}"] = answer
                    n += 1

    def ask(self, connection, name):
        try:
            answer = connection.ask(message(name))
        except OSError:
            return None
        if answer is None:
            assert not connection.buffer, "half an answer"
        elif (Ack(answer).code, Ack(answer).control_id) != ("AA", name.encode()):
            self.wrong.append(answer)
        return answer


def test_restarts_under_load(make_daemon, listening):
    """No connection is refused, no answer is lost, each message is there once."""
    port = listening.getsockname()[1]
    daemon = make_daemon(listen=("mllp",))
    daemon.listen["mllp"] = port
    daemon.write_settings()
    daemon.start(hand_over=listening)
    assert daemon.ports["mllp"] == port and not daemon.says("sockets handed over")
    senders = [Sender(f"S{n}", port) for n in range(SENDERS)]
    for sender in senders:
        sender.start()
    for n in range(RESTARTS):
        before = [len(s.acked) for s in senders]
        until(lambda: all(len(s.acked) > had + 5 for s, had in zip(senders, before)), "traffic of every sender")
        daemon.process.send_signal(signal.SIGTERM)
        assert daemon.wait_end() == 0
        waiting = Connection(port)  # nobody serves now: the connection waits in the socket
        daemon.start(hand_over=listening)
        assert Ack(waiting.ask(message(f"W{n}-0"))).code == "AA"
        waiting.close()
    for sender in senders:
        sender.halt = True
    for sender in senders:
        sender.join(LONG)
        assert not sender.is_alive() and not sender.refused and not sender.wrong, (sender.refused, sender.wrong[:1])
    assert sum(s.lost for s in senders) >= SENDERS, "no restart met a connection"
    acked = {name: answer for s in senders for name, answer in s.acked.items()}
    with Connection(port) as connection:
        for name, answer in acked.items():
            assert connection.ask(message(name)) == answer, f"{name} was acknowledged, and is not there"
    balance = daemon.settled()
    with daemon.store() as store:
        rows, keys = store.execute("SELECT count(*), count(DISTINCT key) FROM message").fetchone()
    assert rows == keys == balance["acked"] - balance["duplicate"], balance
    assert rows == len(acked) + RESTARTS, "a message that nobody was told of, or one twice"


def test_a_socket_that_fits_no_listener(make_daemon, listening):
    daemon = make_daemon(listen=("mllp",)).start(hand_over=listening)
    until(lambda: daemon.says(r"^1 of the sockets handed over fit no entry of `listen` -> closed$"), "the line")
    assert daemon.ports["mllp"] != listening.getsockname()[1]
    with Connection(daemon.ports["mllp"]) as connection:
        assert Ack(connection.ask(message("A-1"))).code == "AA"


# -- SIGTERM -----------------------------------------------------------------------------------------------


def stopping(daemon):
    daemon.process.send_signal(signal.SIGTERM)
    until(lambda: daemon.says("^signal 15 -> stopping$"), "the line that it stops")


def accepts(port):
    try:
        Connection(port).close()
        return True
    except OSError:
        return False


def test_a_frame_that_was_begun_is_finished(make_daemon):
    daemon = make_daemon(settings="stop: {grace: 100s}\n").start()
    port, whole = daemon.ports["mllp"], frame(message("A-1"))
    with Connection(port) as half, Connection(port) as idle, Connection(port) as two:
        half.send_raw(whole[:100])
        assert Ack(two.ask(message("B-1"))).code == "AA"
        two.send_raw(frame(message("B-2"))[:-1])
        assert Ack(idle.ask(message("C-1"))).code == "AA"
        for connection in (half, two):  # read by now: an answer on a later connection says so
            assert Ack(idle.ask(message(f"C-{id(connection)}"))).code == "AA"
        stopping(daemon)
        assert idle.is_closed_by_peer() and not idle.buffer, "an idle connection is closed at once"
        until(lambda: not accepts(port), "no new connection to be taken")
        assert daemon.process.poll() is None, "it waits for what was begun"
        half.send_raw(whole[100:])
        assert Ack(half.read_frame()).control_id == b"A-1"
        assert half.is_closed_by_peer() and not half.buffer
        assert daemon.process.poll() is None
        two.send_raw(b"\r" + frame(message("B-3"))[:-2])
        assert Ack(two.read_frame()).control_id == b"B-2"
        assert two.is_closed_by_peer() and not two.buffer, "what came after the signal is not waited for"
        assert daemon.wait_end() == 0
    daemon.start()
    daemon.settled(acked=6)


def test_a_frame_that_is_never_finished(make_daemon):
    """The grace ends: the half is dropped, unanswered, and the exit is a clean one."""
    daemon = make_daemon(settings="stop: {grace: 300ms}\n").start()
    with Connection(daemon.ports["mllp"]) as half, Connection(daemon.ports["mllp"]) as other:
        half.send_raw(frame(message("A-1"))[:100])
        assert Ack(other.ask(message("B-1"))).code == "AA"
        assert daemon.terminate() == 0
        assert half.is_closed_by_peer() and not half.buffer
    daemon.start()
    daemon.settled(acked=1)


def test_a_second_signal_does_not_wait(make_daemon):
    daemon = make_daemon(settings="stop: {grace: 1h}\n").start()
    with Connection(daemon.ports["mllp"]) as half:
        assert Ack(half.ask(message("A-1"))).code == "AA"
        half.send_raw(frame(message("A-2"))[:100])
        with Connection(daemon.ports["mllp"]) as other:
            assert Ack(other.ask(message("B-1"))).code == "AA"
        stopping(daemon)
        daemon.process.send_signal(signal.SIGTERM)
        assert daemon.wait_end() == 1
        assert half.is_closed_by_peer() and not half.buffer
    daemon.start()
    with Connection(daemon.ports["mllp"]) as again:
        assert Ack(again.ask(message("A-2"))).code == "AA"
    daemon.settled(acked=3)
