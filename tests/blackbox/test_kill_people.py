"""kill -9 while reminders fall due, numbers change and records are merged: nothing acknowledged is missing, nobody is
reminded twice. Rounds and seed as in test_kill."""
import collections
import os
import random

from harness import samples
from harness.daemon import release_program, until
from harness.people import AT_ONCE, DAY, clock, now, tenant
from test_kill import FAULTS, Record, Todo, drain, one_round

FAMILY = 5  # messages of one patient: a booking, a new number, a merge, a cancellation of every third, a result
DUE_WITHIN = 12  # seconds from the begin in which reminders fall due, all but those of patients who booked too late
EDITS = (AT_ONCE, ("stories.yaml", "coalesce: {by: patient_key, within: 15m}", ""), ("stories.yaml", "before: [24h, 2h]", "before: [24h]"))
ACCEPTED_TWICE = "SELECT count(*) FROM (SELECT notice_id FROM attempt WHERE state = 2 GROUP BY notice_id HAVING count(*) > 1)"


class Load:
    """Message n; the same bytes each time it is asked for."""

    def __init__(self, begun):
        self.begun = begun

    def __call__(self, n):
        patient, part = divmod(n - 1, FAMILY)
        phone = samples.phone(2 * patient + (part > 0))  # said anew by all that come after the booking
        pid = (f"PID|1||{'B' if part == 2 else 'A'}{patient}^^^HARBOR^MR||Fielding^Ada||19800101|F|||||"
               f"({phone[2:5]}){phone[5:8]}-{phone[8:]}^PRN^CP||eng")
        start = clock(self.begun + DAY + 2 + patient % DUE_WITHIN)
        kind, *rest = (("SIU^S12", f"SCH||V{patient}|||||||||^^30^{start}", pid, "RGS|1|A"),
                       ("ADT^A08", "EVN|A08", pid),
                       ("ADT^A40", "EVN|A40", pid, f"MRG|A{patient}^^^HARBOR^MR"),
                       ("SIU^S15", f"SCH||V{patient}") if patient % 3 == 0 else ("ADT^A31", "EVN|A31", pid),
                       ("ORU^R01", pid, f"OBR|1|P{patient}|L{patient}|58410-2|||" + "|" * 18 + "F", "OBX|1|NM|718-7||13||||||F"))[part]
        stamp = clock(self.begun - 60 + part)
        return "\r".join([f"MSH|^~\\&|SCHED|LAKE|TIDINGS|CLINIC|{stamp}||{kind}|K{n:07d}|P|2.5.1", *rest]) + "\r"



def test_kill_nine_with_reminders_and_merges(make_daemon, cloud, tmp_path):
    rounds = max(4, int(os.environ.get("TIDINGS_KILLS", "10")) // 2)
    seed = int(os.environ.get("TIDINGS_SEED", str(random.SystemRandom().randrange(1 << 32))))
    print(f"\nkill: {rounds} rounds, TIDINGS_SEED={seed}")
    chance = random.Random(seed)
    record = Record(os.path.join(os.environ.get("TIDINGS_ACKS", str(tmp_path)), "acks"))
    daemon = make_daemon(run=release_program(), feeds=tenant(tmp_path, *EDITS), settings="send:\n  retry_first: 50ms\n  retry_most: 200ms\n")
    cloud.statuses = ("delivered",)
    text, todo, early, loaded = Load(now()), Todo(), 0, 0
    while loaded < rounds or now() < text.begun + DUE_WITHIN:
        for _ in range(chance.randrange(3)):
            fault, more = chance.choice(FAULTS)
            cloud.plan(fault, **more)
        known = len(record.acks)
        early += one_round(daemon, chance, todo, record, text)
        loaded += len(record.acks) > known
        assert early <= 200 + 3 * rounds, "hardly a kill meets load"
    missing, _ = drain(daemon, cloud, record, todo.again, text)
    balance = daemon.ledger()
    with daemon.store() as store:
        merged, = store.execute("SELECT count(*) FROM merged").fetchone()
        waiting, = store.execute("SELECT count(*) FROM notice WHERE state = 1").fetchone()
        twice, = store.execute(ACCEPTED_TWICE).fetchone()
        accepted, = store.execute("SELECT count(*) FROM notice WHERE state = 5").fetchone()
        told, = store.execute("SELECT count(*) FROM notice WHERE state = 5 AND before_ms > 0").fetchone()
    patients = {samples.phone(k): k // 2 for k in range(2 * (max(record.acks) // FAMILY + 1))}
    reminded = collections.Counter(patients[p.to] for p in cloud.accepted if p.template == "visit_reminder")
    echoes = {k: n for k, n in cloud.accepts_by(lambda p: p.echo).items() if n > 1}
    tokens = {k: n for k, n in cloud.accepts_by(lambda p: p.token).items() if k and n > 1}
    print(f"kill: {loaded} kills under load and {early} before ready, {len(record.acks)} messages acknowledged, {merged} merges, "
          f"{len(reminded)} patients reminded, faults fired {dict(collections.Counter(cloud.fired))}; {balance}")
    assert missing == [] and balance["balanced"] and balance["pending"] == 0 and waiting == 0
    assert balance["acked"] - balance["duplicate"] == len(record.acks)
    assert echoes == {} and tokens == {} and twice == 0, "sent twice"
    assert reminded and max(reminded.values()) == 1, "reminded twice"
    assert sum(reminded.values()) >= told and len(cloud.accepted) >= accepted, "the store believes in more than was sent"
    assert merged == sum((n - 1) % FAMILY == 2 for n in record.acks), "a merge is lost"
