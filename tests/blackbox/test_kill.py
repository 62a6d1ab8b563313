"""kill -9 at random moments under load: no acknowledged message is missing, nothing is accepted twice.

TIDINGS_KILLS rounds (10 unless told), TIDINGS_SEED repeats a run, TIDINGS_ACKS names a folder on another
file system for the record of ACKs. The senders and the record live in this process, outside the daemon."""
import hashlib
import itertools
import os
import random
import threading
import time

from harness import samples
from harness.daemon import release_program, until
from harness.mllp import Ack, Connection

SENDERS = 4
FAULTS = (("drop_after", {}), ("drop_before", {}), ("delay", {"seconds": 0.05}), ("code", {"code": 131016, "status": 400}))


class Record:
    """Every ACK, written and synced before the sender goes on."""

    def __init__(self, path):
        self.file = open(path, "wb")
        self.acks = {}
        self.lock = threading.Lock()

    def add(self, n, answer):
        with self.lock:
            self.file.write(b"%d %s\n" % (n, hashlib.sha256(answer).hexdigest().encode()))
            self.file.flush()
            os.fsync(self.file.fileno())
            assert n not in self.acks or self.acks[n] == answer, f"message {n} has two answers"
            self.acks[n] = answer


class Todo:
    """Numbers of messages: those without an answer first, then new ones; each is handed out once."""

    def __init__(self):
        self.again, self.fresh, self.lock = [], itertools.count(1), threading.Lock()

    def get(self):
        with self.lock:
            return self.again.pop() if self.again else next(self.fresh)


class Sender(threading.Thread):
    """Stop-and-wait, as senders are; ends with its connection, and tells what it had no answer to."""

    def __init__(self, port, todo, record):
        super().__init__(daemon=True)
        self.port, self.todo, self.record = port, todo, record
        self.unanswered = []
        self.faults = []

    def run(self):
        try:
            with Connection(self.port) as mllp:
                while True:
                    n = self.todo.get()
                    self.unanswered.append(n)
                    answer = mllp.ask(samples.booking(n).encode())
                    if answer is None:
                        return
                    if Ack(answer).code == "AA":
                        self.record.add(n, answer)
                        self.unanswered.pop()
                    else:
                        self.faults.append((n, answer))
                        return
        except OSError:
            return


def one_round(daemon, chance, todo, record):
    """Starts the daemon, lets the senders go, kills it; what each sender had not heard of is for the next round."""
    early = chance.random() < 0.25
    daemon.start(wait=not early)
    senders = []
    if early:
        time.sleep(chance.uniform(0, 0.15))
    else:
        senders = [Sender(daemon.ports["mllp"], todo, record) for _ in range(SENDERS)]
        for sender in senders:
            sender.start()
        time.sleep(chance.uniform(0.005, 0.5))
    daemon.kill()
    for sender in senders:
        sender.join(60)
        assert not sender.is_alive() and not sender.faults, sender.faults
        todo.again.extend(sender.unanswered)
    return early


def drain(daemon, cloud, record, unanswered):
    """The run after the last kill: statuses come again, the un-ACKed are resent, every ACK must repeat itself."""
    daemon.extra = "send:\n  unknown_deadline: 2s\n"
    cloud.clear_plan()
    daemon.write_settings()
    daemon.start()
    for post in cloud.accepted:
        assert cloud.post_status(post, "delivered") == 200
    missing = []
    with Connection(daemon.ports["mllp"]) as mllp:
        for n, answer in sorted(record.acks.items()):
            if mllp.ask(samples.booking(n).encode()) != answer:
                missing.append(n)
        for n in unanswered:
            answer = mllp.ask(samples.booking(n).encode())
            assert Ack(answer).code == "AA"
            record.acks[n] = answer
    resent = len(record.acks) - len(unanswered)
    until(lambda: daemon.ledger()["pending"] == 0, "nothing to be pending", limit=600, every=0.5)
    return missing, resent


def test_kill_nine(make_daemon, cloud, tmp_path):
    rounds = int(os.environ.get("TIDINGS_KILLS", "10"))
    seed = int(os.environ.get("TIDINGS_SEED", str(random.SystemRandom().randrange(1 << 32))))
    print(f"\nkill: {rounds} rounds, TIDINGS_SEED={seed}")
    chance = random.Random(seed)
    record = Record(os.path.join(os.environ.get("TIDINGS_ACKS", str(tmp_path)), "acks"))
    daemon = make_daemon(run=release_program(), settings="send:\n  retry_first: 50ms\n  retry_most: 200ms\n")
    cloud.statuses = ("delivered", "sent")
    todo, early = Todo(), 0
    for _ in range(rounds):
        for _ in range(chance.randrange(3)):
            fault, more = chance.choice(FAULTS)
            cloud.plan(fault, **more)
        early += one_round(daemon, chance, todo, record)
    missing, resent = drain(daemon, cloud, record, todo.again)
    accepts = cloud.accepts_by(lambda p: p.to)
    twice = {to: n for to, n in accepts.items() if n > 1}
    balance = daemon.ledger()
    print(f"kill: {rounds} kills ({early} before ready), {len(record.acks)} messages acknowledged, "
          f"{len(accepts)} accepted by the Cloud API, faults fired {len(cloud.fired)}, "
          f"missing {len(missing)}, accepted twice {len(twice)}; {balance}")
    assert len(record.acks) >= 5 * (rounds - early), "there was no load"
    assert len(record.acks) <= samples.PHONES, "numbers were used twice: the count of accepts would mean nothing"
    assert missing == []
    assert twice == {}
    assert balance["balanced"] and balance["pending"] == 0
    assert balance["duplicate"] >= resent
    assert balance["acked"] - balance["duplicate"] == len(record.acks)
    assert balance["notified"] == len(accepts), "the ledger and the Cloud API disagree"
    assert balance["notified"] + balance["held"] == len(record.acks)
