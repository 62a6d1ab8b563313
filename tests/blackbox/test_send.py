"""`tidings send` against the daemon: every fault has its expected answer and its code is counted; every vendor's message
is accepted; and what the command says and ends with."""
import contextlib
import json
import re
import socket
import subprocess
import threading
import time

import pytest

from harness import samples
from harness.certificates import make_ca, make_client, make_server
from harness.daemon import LONG, release_program, until
from harness.mllp import frame

BOOKED = "demo:04-siu-s12-new-york"
VENDORS = ("epic", "cerner", "meditech", "isalus", "infor", "vista", "kontakt", "hongkong", "taiwan", "spain")
# --chaos word: the code the receiver counts (hl7v2.md 2.1, 2.4, 5); None: no deviation of the framing
CHAOS = {"split": None, "two-in-one": None, "no-fs": "MLLP_FRAME_CUT", "crlf": "HL7_EOL_CRLF",
         "charset": "HL7_CHARSET_MISMATCH", "junk": "MLLP_JUNK_BETWEEN", "sb-inside": "MLLP_SB_IN_CONTENT",
         "no-sb": "MLLP_SB_MISSING", "bom": "MLLP_BOM", "eof": "MLLP_EOF_IN_FRAME"}
# code: (what becomes of the message, messages acknowledged)
FAULTS = {"MLLP_PAD_BETWEEN": ("accepted", 1), "MLLP_JUNK_BETWEEN": ("accepted", 1), "MLLP_SB_MISSING": ("closed", 0),
          "MLLP_SB_DOUBLED": ("accepted", 1), "MLLP_FRAME_CUT": ("accepted", 1), "MLLP_SB_IN_CONTENT": ("refused", 0),
          "MLLP_LF_AFTER_FS": ("accepted", 1), "MLLP_FS_NO_CR": ("accepted", 1), "MLLP_FS_IN_CONTENT": ("refused", 0),
          "MLLP_EMPTY": ("accepted", 1), "MLLP_BOM": ("accepted", 1), "MLLP_LEADING_BLANK": ("accepted", 1),
          "MLLP_TOO_LARGE": ("no taking", 0), "MLLP_EOF_IN_FRAME": ("closed", 0), "MLLP_R2_BYTE": ("accepted", 1),
          "HL7_EOL_LF": ("accepted", 1), "HL7_EOL_CRLF": ("accepted", 1), "HL7_NO_FINAL_CR": ("accepted", 1),
          "HL7_BLANK_SEGMENT": ("accepted", 1), "HL7_MULTI_MSH": ("accepted", 2), "HL7_ACKMODE_HALF": ("accepted", 1),
          "HL7_ACKMODE_UNKNOWN": ("accepted", 1), "HL7_ID_REUSED": ("accepted", 2), "HL7_CHARSET_ALIAS": ("accepted", 1),
          "HL7_CHARSET_UNKNOWN": ("accepted", 1), "HL7_CHARSET_MISMATCH": ("accepted", 1)}


def send(port, *words, code=0, **more):
    done = subprocess.run([release_program(), "send", *map(str, words), "--to", f"127.0.0.1:{port}"], capture_output=True,
                          text=True, timeout=LONG, **more)
    assert done.returncode == code, (words, done.returncode, done.stdout, done.stderr)
    return done


def send_json(port, *words, code=0, **more):
    """(one object a message, the sum)."""
    lines = [json.loads(line) for line in send(port, "--json", *words, code=code, **more).stdout.splitlines()]
    return lines[:-1], lines[-1]


def counted(daemon, code):
    """How often the daemon counted that code."""
    _, _, text = daemon.http("admin", "GET", "/metrics")
    found = re.search(rb'^tidings_\w+\{[^}]*code="%s"[^}]*\} (\d+)$' % code.encode(), text, re.MULTILINE)
    return int(found[1]) if found else 0


def is_as(what, row):
    refused = row["code"] in ("AE", "CE")
    closed = row["outcome"] == "unknown"
    return {"accepted": row["accepted"], "refused": refused, "closed": closed, "no taking": refused or closed}[what]


# -- chaos, faults, vendors -----------------------------------------------------------------------------


def test_chaos(daemon):
    rows, total = send_json(daemon.ports["mllp"], BOOKED, "--chaos", ",".join(CHAOS), "--timeout", 60)
    assert total["as_expected"] == len(rows) == len(CHAOS) + 1, rows  # two-in-one is two
    accepted = sum(row["accepted"] for row in rows)
    assert accepted == len(CHAOS) + 1 - 3 and total["accepted"] == accepted, rows  # sb-inside, no-sb, eof
    assert len({row["id"] for row in rows}) == len(rows), "each message has a control id of its own"
    daemon.settled(acked=accepted)
    for code in filter(None, CHAOS.values()):
        until(lambda: counted(daemon, code), f"{code} in the metrics")


@pytest.mark.parametrize("code", FAULTS)
def test_fault(daemon, code):
    what, acked = FAULTS[code]
    rows, total = send_json(daemon.ports["mllp"], BOOKED, "--fault", code, "--timeout", 60)
    assert all(row["as_expected"] and row["fault"] == code and is_as(what, row) for row in rows), rows
    assert total["as_expected"] == len(rows) == max(acked, 1)
    daemon.settled(acked=acked)
    until(lambda: counted(daemon, code), f"{code} in the metrics")


def test_a_frame_that_is_not_finished(make_daemon):
    daemon = make_daemon(settings="receive: {frame_timeout: 1s}").start()
    rows, _ = send_json(daemon.ports["mllp"], BOOKED, "--fault", "MLLP_FRAME_TIMEOUT", "--timeout", 60)
    assert rows[0]["as_expected"] and rows[0]["outcome"] == "unknown"
    assert counted(daemon, "MLLP_FRAME_TIMEOUT") == 1
    daemon.settled(acked=0)


def test_a_receiver_that_takes_what_it_must_not_is_told_on():
    """The expectation is not what we do, but what the peer answers: one that accepts everything fails."""
    with Yes() as peer:
        done = send(peer.port, BOOKED, "--chaos", "sb-inside,junk", code=1)
    assert "NOT as expected: AE or CE" in done.stdout and "1 of 2 as expected" in done.stdout, done.stdout


@pytest.mark.parametrize("vendor", VENDORS)
def test_vendor(daemon, vendor):
    rows, total = send_json(daemon.ports["mllp"], "--as", vendor, code=1 if vendor == "hongkong" else 0)
    assert rows[0]["accepted"] and total["accepted"] == 1, rows
    assert rows[0]["code"] == ("CA" if vendor == "hongkong" else "AA")
    if vendor == "hongkong":
        assert rows[1]["application"] == "AR", "the second answer, on the same connection: no feed knows that sender"
    daemon.settled(acked=1)


def test_vendor_shapes():
    """What is written differs as hl7v2.md 15 says."""
    seen = {}
    for vendor in VENDORS:
        with Yes() as peer:
            send(peer.port, "--as", vendor)
            seen[vendor] = peer.heard[0]
    assert seen["epic"].startswith(b"MSH|^~\\&|EPIC|") and b"|2.3|" in seen["epic"]
    assert re.search(rb"\|\d{16}\|", seen["epic"].split(b"\r")[0]) and b"|271-9000|" in seen["epic"]
    assert re.search(rb"\rSCH\|\|F3001", seen["epic"]) and b"\rZCH|" in seen["epic"]
    assert re.search(rb"\^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\^", seen["cerner"])
    assert re.search(rb"\|\d{12}\|", seen["meditech"].split(b"\r")[0]) and b"\rZF2|" in seen["meditech"]
    assert re.search(rb"\rSCH\|F3001\^SCHED\|F3001\^SCHED\|", seen["isalus"]) and b"SIU^S14" in seen["isalus"]
    assert seen["infor"].split(b"\r")[1:] == [b"SCH|||||F3001", b""]
    assert b"|ZIU^S14|" in seen["vista"] and b"|2.1|" in seen["vista"]
    assert b"^20260305140000^" in seen["kontakt"] and b"|20260305151500" in seen["kontakt"]
    assert b"|AL|AL|HKG|ASCII" in seen["hongkong"] and b"HKID:A1234567" in seen["hongkong"]
    assert "許^功蓋".encode("big5") in seen["taiwan"] and b"|BIG-5" in seen["taiwan"]
    assert "Muñoz Núñez^Begoña".encode("latin-1") in seen["spain"] and b"8859" not in seen["spain"]


# -- what goes out ----------------------------------------------------------------------------------------


class Yes:
    """A receiver that says `code` to everything, and keeps what it heard."""

    def __init__(self, code=b"AA", answer=None):
        self.code, self.answer, self.heard, self.connections, self.talking = code, answer, [], 0, None
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.serve, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        with contextlib.suppress(OSError, AttributeError):  # a sender that keeps its connection
            self.talking.shutdown(socket.SHUT_RDWR)
        self.thread.join(LONG)

    def serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            self.talking = connection
            with connection:
                self.talk(connection)

    def talk(self, connection):
        heard = b""
        while True:
            try:
                more = connection.recv(65536)
            except OSError:
                return
            if not more:
                return
            heard += more
            while b"\x1c\r" in heard:
                content, heard = heard.split(b"\x1c\r", 1)
                content = content[content.rindex(b"\x0b") + 1:] if content.count(b"\x0b") == 1 else content.lstrip(b"junk\x0b")
                self.heard.append(content)
                name = content.split(b"\r")[0].split(b"|")[9]
                connection.sendall(self.answer or b"\x0bMSH|^~\\&|||||||ACK|1|P|2.5.1\rMSA|%s|%s\r\x1c\r" % (self.code, name))


def test_set_count_rate_and_shift():
    with Yes() as peer:
        begun = time.monotonic()
        done = send(peer.port, BOOKED, "--set", "SCH-2.1=F2001", "--set", "PID-5.1=Zoë", "--count", 3, "--rate", "10/s", "--shift")
        took = time.monotonic() - begun
    assert [m.split(b"\r")[0].split(b"|")[9] for m in peer.heard] == [b"DEMO0004-1", b"DEMO0004-2", b"DEMO0004-3"]
    assert all(b"|F2001^SCHED|" in m and "|Zoë^".encode() in m for m in peer.heard)
    assert all(b"|" + time.strftime("%Y").encode() in m for m in peer.heard), "times are moved"
    assert peer.connections == 1, "one connection for all"
    assert took >= 0.2, "the third is not sent before its time"
    assert done.stdout.splitlines()[-1] == "3 sent, 3 accepted, 0 not"
    assert len(re.findall(r"^-> SIU\^S12 DEMO0004-\d  \d+ B   <- AA \d+ ms$", done.stdout, re.MULTILINE)) == 3, done.stdout


def test_every_shipped_sample_goes(daemon):
    names = [name.rsplit(".", 1)[0] for name in samples.hl7_texts()]
    rows, total = send_json(daemon.ports["mllp"], *(f"demo:{name}" for name in names))
    assert total == {"sent": len(names), "accepted": len(names), "not": 0} and len(rows) == len(names)
    rows, _ = send_json(daemon.ports["fhir"], "demo:12-appointment-booked")
    assert rows[0]["code"] in ("200", "201") and rows[0]["type"] == "Bundle"


@pytest.mark.parametrize("answer", [
    b"\x0bMSH|^~\\&|||||||ACK|1|P|2.5.1\rMSA|AA|OTHER\r\x1c\r", b"\x0bMSH|^~\\&|||||||ACK|1|P|2.5.1\rMSA|XX|DEMO0004\r\x1c\r",
    b"\x0bMSH|^~\\&|||||||ACK|1|P|2.5.1\rMSA|AA|DEMO0004\rMSA|AA|DEMO0004\r\x1c\r", b"\x0bAA\x1c\r"],
    ids=["forged", "unknown code", "two MSA", "no HL7"])
def test_what_is_no_answer_is_none(answer):
    with Yes(answer=answer) as peer:
        done = send(peer.port, BOOKED, "--timeout", 1, code=1)
    assert "<- no answer in time" in done.stdout and done.stdout.endswith("1 sent, 0 accepted, 1 not\n"), done.stdout


def test_refused_and_unreachable(tmp_path):
    with Yes(code=b"AR") as peer:
        assert "<- AR" in send(peer.port, BOOKED, code=1).stdout
        port = peer.port
    done = send(port, BOOKED, BOOKED, code=3)
    assert "not sent: " in done.stdout and done.stdout.endswith("0 sent, 0 accepted, 1 not\n"), done.stdout


def test_tls(make_daemon, tmp_path):
    ca, other = make_ca(tmp_path), make_ca(tmp_path, "other")
    server = make_server(tmp_path, ca)
    client = make_client(tmp_path, ca, "us", names=["us.example"])
    stranger = make_client(tmp_path, other, "stranger", names=["us.example"])
    daemon = make_daemon()
    text = daemon.settings_file.read_text()
    daemon.settings_file.write_text(text.replace(
        "{mllp: 127.0.0.1:0,", f"{{mllp: 127.0.0.1:0, tls: {{certificate: {server.certificate}, key: {server.key}, "
                               f"ca: {ca.certificate}}},"))
    daemon.start()
    port = daemon.ports["mllp"]
    done = send(port, BOOKED, "--tls", "--ca", ca.certificate, "--cert", client.certificate, "--key", client.key)
    assert "  TLS, " in done.stdout.splitlines()[0] and "<- AA" in done.stdout, done.stdout
    send(port, BOOKED, "--tls", "--ca", other.certificate, "--cert", client.certificate, "--key", client.key, code=3)
    for words in (("--cert", stranger.certificate, "--key", stranger.key), ()):  # 1: refused after the handshake (TLS 1.3)
        done = subprocess.run([release_program(), "send", BOOKED, "--to", f"127.0.0.1:{port}", "--tls", "--ca",
                               str(ca.certificate), *map(str, words)], capture_output=True, text=True, timeout=LONG)
        assert done.returncode in (1, 3) and "<- AA" not in done.stdout, done.stdout
    daemon.settled(acked=1)


# -- wrong words ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("words,said", [
    ((), "no file to send"), ((BOOKED, "--set", "SCH-2.1"), "PATH=VALUE"), ((BOOKED, "--set", "SCH2=1"), "no path"),
    ((BOOKED, "--set", "ZZZ-1=x"), "ZZZ"), ((BOOKED, "--set", "PID-5=a\rb"), "PID-5"), ((BOOKED, "--rate", "fast"), "--rate"),
    ((BOOKED, "--rate", "0/s"), "--rate"), ((BOOKED, "--count", "0"), "--count"), ((BOOKED, "--chaos", "slit"), "`split`"),
    ((BOOKED, "--chaos", ""), "--chaos"), ((BOOKED, "--fault", "MLLP_LF_AFTER_F"), "`MLLP_LF_AFTER_FS`"),
    (("--as", "epix"), "`epic`"), (("--as", "epic", "--chaos", "bom"), "not both"), (("demo:nonesuch",), "demo:"),
    ((BOOKED, "--ca", "x.pem"), "--tls"), ((BOOKED, "--tls", "--cert", "x.pem"), "--key"),
    ((BOOKED, "--tls", "--ca", "/nonexistent.pem"), "/nonexistent.pem"), (("demo:12-appointment-booked", "--fault", "MLLP_BOM"), "HL7"),
    (("demo:12-appointment-booked", "--tls"), "--tls"), (("demo:12-appointment-booked", "--set", "PID-3=1"), "FHIR"),
    (("demo:12-appointment-booked", "--as", "epic"), "--as")], ids=lambda v: " ".join(v) if isinstance(v, tuple) else v[:12])
def test_wrong_words(words, said):
    done = send(1, *words, code=2)
    assert said in done.stderr and not done.stdout, done.stderr


def test_a_file_with_framing_bytes_is_refused(tmp_path):
    (tmp_path / "m.hl7").write_bytes(frame(samples.booking(1).encode()))
    assert "0x0B" in send(1, tmp_path / "m.hl7", code=2).stderr


def test_standard_input(daemon):
    done = subprocess.run([release_program(), "send", "-", "--to", f"127.0.0.1:{daemon.ports['mllp']}"], timeout=LONG,
                          input=samples.booking(1).encode(), capture_output=True)
    assert done.returncode == 0 and b"<- AA" in done.stdout, done.stderr


# -- the return channel ---------------------------------------------------------------------------------


def test_application_acknowledgements_over_a_channel(make_daemon):
    """MSH-16 AL: CA at once, and the outcome later over the channel, on our own connection, until it is answered;
    after a kill, too, and never under another control id."""
    peer = Yes(code=b"AE")
    with peer:
        daemon = make_daemon()
        text = daemon.settings_file.read_text()
        daemon.settings_file.write_text(
            text.replace("{mllp: 127.0.0.1:0,", "{mllp: 127.0.0.1:0, app_ack: return_channel, channel: acks,")
            + f"channels:\n  - {{name: acks, to: 127.0.0.1:{peer.port}, plain: yes}}\n"
            + "outbound: {retry_first: 100ms, retry_most: 1s, max_tries: 100}\n")
        daemon.start()
        rows, _ = send_json(daemon.ports["mllp"], BOOKED, "--set", "MSH-15=AL", "--set", "MSH-16=ER", "--timeout", 5)
        assert rows[0]["code"] == "CA"
        rows, _ = send_json(daemon.ports["mllp"], "demo:01-siu-s12-booked", "--set", "MSH-15=AL", "--set", "MSH-16=AL",
                            "--timeout", 2, code=1)  # the second answer does not come on this connection
        assert rows[0]["code"] == "CA"
        until(lambda: len(peer.heard) >= 2, "the application acknowledgement, twice")
        daemon.kill()
        peer.code = b"CA"
        daemon.start()
        until(lambda: counted_event(daemon, "accepted") == 1, "its end")
    assert len({m for m in peer.heard}) == 1, "the same bytes each time"
    head, msa = peer.heard[0].split(b"\r")[:2]
    assert msa.startswith(b"MSA|A") and b"|DEMO0001" in msa and head.split(b"|")[14:16] == [b"AL", b"NE"], (head, msa)


def counted_event(daemon, event):
    _, _, text = daemon.http("admin", "GET", "/metrics")
    found = re.search(rb'^tidings_outbound_total\{event="%s"\} (\d+)$' % event.encode(), text, re.MULTILINE)
    return int(found[1]) if found else 0
