"""The tenant of the golden stories, as a folder that a test may change, and messages for it.

Its clinic LAKE, in New York, reminds 24 and 2 hours before an appointment. Times are far ahead: a test stops the daemon
and takes time away from what is stored, so that no test waits for a clock."""
import datetime
import shutil
import sqlite3
import time
import zoneinfo

from .daemon import LONG, ROOT, until
from .mllp import Ack, Connection

NEW_YORK = zoneinfo.ZoneInfo("America/New_York")
FIRST, SECOND, LATER = "+12125550142", "+12125550188", "+12125550143"
WITHIN = "coalesce: {by: patient_key, within: 1m}"
DAY = 86400


def tenant(folder, *edits):
    """A copy of the feed; edits: (file, old, new)."""
    to = folder / "tenant" / "stories"
    shutil.copytree(ROOT / "fixtures/stories/feed", to)
    for name, old, new in edits:
        file = to / name
        text = file.read_text(encoding="utf-8")
        assert old in text, (name, old)
        file.write_text(text.replace(old, new), encoding="utf-8")
    return to


AT_ONCE = ("stories.yaml", WITHIN, "")  # the edit after which the notice of an appointment does not wait


def clock(seconds):
    """What a clock in New York shows at that Unix time, as HL7 writes it."""
    return datetime.datetime.fromtimestamp(seconds, NEW_YORK).strftime("%Y%m%d%H%M%S")


def now():
    return int(time.time())


def _national(phone):
    return f"({phone[2:5]}){phone[5:8]}-{phone[8:]}^PRN^CP" if phone.startswith("+") else phone


class People:
    """Messages, each with a control id and a second of its own, to one daemon."""

    def __init__(self, daemon):
        self.daemon, self.n, self.begun = daemon, 0, now() - 600

    def _head(self, kind, application):
        self.n += 1
        stamp = clock(self.begun + self.n)
        return f"MSH|^~\\&|{application}|LAKE|TIDINGS|CLINIC|{stamp}||{kind}|T{self.n:06d}|P|2.5.1"

    @staticmethod
    def _pid(patient, phone, died=""):
        return f"PID|1||{patient}^^^HARBOR^MR||Fielding^Ada||19800101|F|||||{_national(phone)}||eng" + "|" * 15 + died

    def _send(self, *lines):
        with Connection(self.daemon.ports["mllp"]) as mllp:
            assert Ack(mllp.ask(("\r".join(lines) + "\r").encode())).code == "AA"

    def book(self, visit, start, patient="1001", phone=FIRST, trigger="S12"):
        self._send(self._head(f"SIU^{trigger}", "SCHED"), f"SCH||{visit}|||||||||^^30^{clock(start)}", self._pid(patient, phone), "RGS|1|A")

    def cancel(self, visit):
        """The message names the appointment and nothing else."""
        self._send(self._head("SIU^S15", "SCHED"), f"SCH||{visit}")

    def update(self, patient="1001", phone=FIRST, died=""):
        self._send(self._head("ADT^A08", "ADT"), "EVN|A08", self._pid(patient, phone, died))

    def merge(self, patient, previous, phone=FIRST):
        self._send(self._head("ADT^A40", "ADT"), "EVN|A40", self._pid(patient, phone), f"MRG|{previous}^^^HARBOR^MR")

    def result(self, order, patient="1001", phone=FIRST):
        self._send(self._head("ORU^R01", "LAB"), self._pid(patient, phone), f"OBR|1|P{order}|{order}|58410-2|||" + "|" * 18 + "F",
                   "OBX|1|NM|718-7||13||||||F")


def notices(daemon, where="1"):
    """Rows of the store: (state, reason, before_ms, due_ms, expires_ms), in the order in which they were planned."""
    with daemon.store() as store:
        return store.execute(f"SELECT state, reason, before_ms, due_ms, expires_ms FROM notice WHERE {where} ORDER BY id").fetchall()


def reminders(daemon, state=1):
    return notices(daemon, f"before_ms > 0 AND state = {state}")


UNDER_WAY = """
    SELECT (SELECT count(*) FROM message WHERE mapped = 0)
         + (SELECT count(*) FROM instance WHERE planned = 0 AND standing = 1)
         + (SELECT count(*) FROM notice WHERE state IN (2, 3))"""


def settle(daemon, acked=0):
    """Waits until at least so many messages are decided and nothing is on the wire; what waits, or lost its answer, may."""
    def look():
        daemon.assert_alive()
        with daemon.store() as store:
            decided, = store.execute("SELECT count(*) FROM message WHERE mapped = 1").fetchone()
            under_way, = store.execute(UNDER_WAY).fetchone()
        return decided >= acked and under_way == 0
    until(look, f"{acked} messages to be decided, and quiet")


def later(daemon, statement):
    """kill -9 once nothing is on the wire; time passes for what is stored as the statement says, and it starts again.
    How many rows it was."""
    settle(daemon)
    daemon.kill()
    database, = daemon.state.glob("*.db")
    store = sqlite3.connect(database, timeout=LONG, isolation_level=None)
    try:
        n = store.execute(statement).rowcount
    finally:
        store.close()
    daemon.start()
    return n


DUE = "UPDATE notice SET due_ms = 1 WHERE state = 1 AND before_ms = 0"
FIRST_REMINDER = ("UPDATE notice SET due_ms = 1 WHERE id IN (SELECT min(id) FROM notice WHERE state = 1 AND before_ms > 0 "
                  "AND due_ms = (SELECT min(due_ms) FROM notice WHERE state = 1 AND before_ms > 0))")


def sent(cloud):
    """(template, number) of what WhatsApp accepted, in order."""
    return [(post.template, post.to) for post in cloud.accepted]
