"""kill -9 at random moments under load: no acknowledged message is missing, nothing is accepted twice.

TIDINGS_KILLS kills under load (10 unless told; kills before the daemon was ready come on top), TIDINGS_SEED repeats a run, TIDINGS_ACKS names a folder on another
file system for the record of ACKs. The senders and the record live in this process, outside the daemon."""
import collections
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
FAMILY = 5  # messages of one patient: a booking, its move, its cancellation, and two results that merge


def message(n):
    """Message n of the load: the five of one patient stand together, so that they travel at the same time."""
    patient, part = divmod(n - 1, FAMILY)
    if part >= 3:
        same = samples.result(patient)
        for path in ("OBR-2.1", "OBR-3.1", "ORC-2.1", "ORC-3.1"):
            try:
                same[path] = f"{same[path]}-{part}"
            except KeyError:
                continue
        same["MSH-10"] = f"{same['MSH-10']}P{part}"
        same["MSH-7"] = same["OBR-22"] = samples.stamp()
        return same
    booked = samples.booking(patient)
    return (booked, samples.moved(booked), samples.cancelled(booked))[part]


# {why nobody was messaged: how many messages}
RECORDED = "SELECT reason, count(*) FROM instance WHERE standing = 5 GROUP BY reason"
HELD_RESULTS = "SELECT count(*) FROM instance WHERE standing = 2 AND rule = 'result ready'"
MERGED, OVERTAKEN = "merged into a later notice", "a later event came first"
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

    def __init__(self, port, todo, record, text):
        super().__init__(daemon=True)
        self.port, self.todo, self.record, self.text = port, todo, record, text
        self.unanswered = []
        self.faults = []

    def run(self):
        try:
            with Connection(self.port) as mllp:
                while True:
                    n = self.todo.get()
                    self.unanswered.append(n)
                    answer = mllp.ask(self.text(n).encode())
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


def one_round(daemon, chance, todo, record, text=message):
    """Starts the daemon, lets the senders go, kills it; what each sender had not heard of is for the next round.
    text: message n of the load."""
    early = chance.random() < 0.25
    daemon.start(wait=not early)
    senders = []
    if early:
        time.sleep(chance.uniform(0, 0.15))
    else:
        senders = [Sender(daemon.ports["mllp"], todo, record, text) for _ in range(SENDERS)]
        for sender in senders:
            sender.start()
        time.sleep(chance.uniform(0.005, 0.5))
    daemon.kill()
    for sender in senders:
        sender.join(60)
        assert not sender.is_alive() and not sender.faults, sender.faults
        todo.again.extend(sender.unanswered)
    return early


def drain(daemon, cloud, record, unanswered, text=message):
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
            if mllp.ask(text(n).encode()) != answer:
                missing.append(n)
        for n in unanswered:
            answer = mllp.ask(text(n).encode())
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
    todo, early, loaded = Todo(), 0, 0
    while loaded < rounds:
        for _ in range(chance.randrange(3)):
            fault, more = chance.choice(FAULTS)
            cloud.plan(fault, **more)
        known = len(record.acks)
        early += one_round(daemon, chance, todo, record)
        loaded += len(record.acks) > known
        assert early <= 20 + 3 * rounds, "hardly a kill meets load"
    missing, resent = drain(daemon, cloud, record, todo.again)
    by_token, by_echo = cloud.accepts_by(lambda p: p.token), cloud.accepts_by(lambda p: p.echo)
    twice = {key: n for key, n in (by_token | by_echo).items() if n > 1}
    balance = daemon.ledger()
    with daemon.store() as store:
        recorded = dict(store.execute(RECORDED).fetchall())
        held_results, = store.execute(HELD_RESULTS).fetchone()
    print(f"kill: {loaded} kills under load and {early} before ready, {len(record.acks)} messages acknowledged, "
          f"{len(by_token)} notices accepted by the Cloud API, recorded {recorded}, "
          f"faults fired {dict(collections.Counter(cloud.fired))}, missing {len(missing)}, accepted twice {len(twice)}; {balance}")
    assert len(record.acks) >= 5 * rounds, "there was no load"
    assert len(record.acks) // FAMILY <= samples.PHONES
    assert missing == []
    assert None not in by_token and twice == {}
    assert balance["balanced"] and balance["pending"] == 0
    assert balance["duplicate"] >= resent
    assert balance["acked"] - balance["duplicate"] == len(record.acks)
    assert set(recorded) == {MERGED, OVERTAKEN}, "nothing met its window, or something was not told"
    assert balance["notified"] == len(by_token), "the ledger and the Cloud API disagree"
    assert balance["notified"] + balance["held"] + sum(recorded.values()) == len(record.acks)
    told = {p.to for p in cloud.accepted if p.template == "result_ready"}
    assert len(told) + held_results >= len({(n - 1) // FAMILY for n in record.acks if (n - 1) % FAMILY >= 3}), \
        "a patient with a result heard of none"
