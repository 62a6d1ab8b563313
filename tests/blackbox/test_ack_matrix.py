"""The acknowledgement matrix over the real program, on one connection that stays open.

{2.1 ... 2.9} x MSH-15 x MSH-16 x what is sent. What is expected stands in a table of its own (`answer`, from
hl7v2.md 3.2). Nothing waits for silence: every message is followed by a probe, and what comes before the probe's
answer is all that there was."""
import itertools

from harness.mllp import END, START, Ack, Connection, frame

VERSIONS = ["2.1", "2.2", "2.3", "2.3.1", "2.4", "2.5", "2.5.1", "2.6", "2.7", "2.7.1", "2.8", "2.8.1", "2.8.2", "2.9"]
WORDS = ["", "AL", "NE", "ER", "SU", "XX"]
SENT = ["ok", "bad type", "bad version", "T", "D", "no id", "duplicate", "other body", "batch"]
OUTCOMES = {"bad type": "R", "bad version": "R", "no id": "E"}


def answer(accept, application, outcome):
    """MSA-1 of the answer at once; None: silence."""
    accept = accept if accept in ("AL", "NE", "ER", "SU") else ""
    application = application if application in ("AL", "NE", "ER", "SU") else ""
    if accept == "":
        family, when = "A", application or "AL"  # original mode, filtered by a lone MSH-16
    elif accept == "NE":
        family, when = "A", application or "NE"  # on the same socket the one reply follows the commit
    else:
        family, when = "C", accept
    wanted = {"AL": True, "NE": False, "ER": outcome != "A", "SU": outcome == "A"}[when]
    return family + outcome if wanted else None


def later(accept, application):
    """Whether an application acknowledgement follows a message that was taken and mapped."""
    return accept in ("AL", "ER", "SU") and application in ("AL", "SU")


def message(control_id, version="2.5.1", accept="", application="", processing="P", kind="ZZZ^Z99", body="1"):
    """No feed has a rule for this type: it is taken and dropped, so its application acknowledgement is AA."""
    return (f"MSH|^~\\&|MATRIX|FAC|TID|CLIN|20260101||{kind}|{control_id}|{processing}|{version}|||{accept}|{application}"
            f"\rZZ1|{body}\r").encode()


def edits(sent, control_id, version):
    changes = {"bad type": {"kind": "-^Z99"}, "bad version": {"version": version[:1] + ".99"}, "T": {"processing": "T"},
               "D": {"processing": "D"}}.get(sent, {})
    return {"control_id": "" if sent == "no id" else control_id, "version": version, **changes}


class Talk:
    def __init__(self, connection):
        self.connection = connection
        self.probes = 0
        self.later = []

    def hear_until_probe(self):
        """Every answer at once to what was said before. A probe is refused: it costs no commit."""
        self.probes += 1
        probe = f"PROBE{self.probes}".encode()
        self.connection.send_raw(frame(message(probe.decode(), kind="-")))
        heard = []
        while True:
            raw = self.connection.read_frame()
            assert raw is not None, "the connection was closed"
            if raw[1:4] == b"BHS":
                heard.append(raw)
                continue
            ack = Ack(raw)
            if ack.control_id == probe:
                assert ack.code == "AR"
                return heard
            if len(ack.msh) > 15 and ack.msh[15]:
                assert ack.msh[14:16] == [b"NE", b"NE"], "an application acknowledgement asks for none itself"
                self.later.append((ack.control_id.decode(), ack.code))
            else:
                heard.append(raw)

    def say(self, content):
        self.connection.send_raw(frame(content))
        return self.hear_until_probe()


def codes(heard):
    """[(code, id)] of single answers."""
    return [(a.code, a.control_id.decode()) for a in map(Ack, heard)]


def batch_codes(raw):
    """[(code, id)] within a response batch, whose count is checked."""
    lines = raw[len(START):-len(END)].split(b"\r")
    inside = [line.split(b"|") for line in lines if line.startswith(b"MSA")]
    assert lines[0].startswith(b"BHS") and lines[-2] == b"BTS|%d" % len(inside), lines
    return [(m[1].decode(), m[2].decode()) for m in inside]


def check_one(talk, faults, due, n, version, accept, application, sent):
    control_id = f"M{n}"
    first = message(**edits(sent, control_id, version), accept=accept, application=application)
    code = answer(accept, application, OUTCOMES.get(sent, "A"))
    wanted = [(code, "" if sent == "no id" else control_id)] if code else []
    takes = 0 if sent in OUTCOMES else 1
    if sent == "batch":
        heard = talk.say(b"BHS|^~\\&|MATRIX|FAC|TID|CLIN|||||B%d\r" % n + first + b"BTS|1\r")
        got = batch_codes(heard[0]) if len(heard) == 1 else [("heard", str(len(heard)))]
    else:
        heard = talk.say(first)
        got = codes(heard)
    if sent == "duplicate":
        again = talk.say(first)
        got += [] if again == heard else [("other bytes", control_id)]
    if sent == "other body":
        got += codes(talk.say(message(**edits(sent, control_id, version), accept=accept, application=application, body="2")))
        wanted *= 2
        takes = 2
    if got != wanted:
        faults.append((version, accept, application, sent, got, wanted))
    due += [(control_id, "AA")] * (takes if later(accept, application) else 0)


def test_ack_matrix(daemon):
    faults, due = [], []
    with Connection(daemon.ports["mllp"]) as connection:
        talk = Talk(connection)
        for n, case in enumerate(itertools.product(VERSIONS, WORDS, WORDS, SENT)):
            check_one(talk, faults, due, n, *case)
        talk.say(message("LAST", accept="AL", application="AL"))
        while ("LAST", "AA") not in talk.later:
            talk.hear_until_probe()
    assert not faults, f"{len(faults)} of {n + 1}: {faults[:5]}"
    talk.later.remove(("LAST", "AA"))
    assert sorted(talk.later) == sorted(due), "application acknowledgements: each once, and no other"
    assert n + 1 == len(VERSIONS) * 36 * len(SENT)
