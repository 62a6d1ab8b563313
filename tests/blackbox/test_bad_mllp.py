"""Bad MLLP and bad HL7: each has a stated answer, hurts nobody else, and loses nothing."""
import socket
import threading
import time
import xml.dom.minidom

import pytest

from harness import samples
from harness.daemon import release_program, until
from harness.mllp import Ack, Connection, frame

FOUR_MIB = 4 * 1024 * 1024


@pytest.fixture
def mllp(daemon):
    with Connection(daemon.ports["mllp"]) as connection:
        yield connection


def assert_works(daemon, n):
    """The daemon takes and sends the next booking on a connection of its own."""
    with Connection(daemon.ports["mllp"]) as other:
        assert Ack(other.ask(samples.booking(n).encode())).code == "AA"
    until(lambda: daemon.cloud.accepts_by(lambda p: p.to).get(samples.phone(n)), "the next booking's notice")


# -- what is not HL7 ------------------------------------------------------------------------------------


@pytest.mark.parametrize("content", [b"hello", b"\x00\x01\x02\x03", b"MSH", b"MSH|", b"MSH|^~\\&", b"MSH||||||||||",
                                     b"PID|1||X\rMSH|^~\\&|A|B\r", b"{\"resourceType\":\"Bundle\"}", b"\xff\xfe" * 40,
                                     b"ISA*00*          *00*          ~", b"MSH" + b"\x00" * 60, b"MSH|^~\\&" + b"|" * 100000],
                         ids=lambda c: repr(c[:24]))
def test_not_hl7_is_refused(daemon, mllp, content):
    answer = mllp.ask(content)
    if answer is not None:
        assert Ack(answer).code in ("AE", "AR")
    assert daemon.ledger()["acked"] == 0
    assert_works(daemon, 1)
    assert len(daemon.cloud.posts) == 1


def test_stream_without_framing_is_closed(daemon, mllp):
    mllp.send_raw(samples.booking(1).encode())
    mllp.send_raw(b"\x1c\r" + b"GET / HTTP/1.1\r\n\r\n" * 400)
    assert mllp.is_closed_by_peer()
    assert daemon.ledger()["acked"] == 0
    assert_works(daemon, 2)


def test_missing_control_id(daemon, mllp):
    ack = Ack(mllp.ask(samples.booking(1).with_(MSH_10="").encode()))
    assert (ack.code, ack.condition) == ("AE", "101")
    assert daemon.ledger()["acked"] == 0
    assert Ack(mllp.ask(samples.booking(2).encode())).code == "AA", "the connection goes on"


@pytest.mark.parametrize("control", [b"A\x00B", b"A\x1bB", b"A\x7fB"])
def test_control_id_with_control_bytes(daemon, mllp, control):
    ack = Ack(mllp.ask(samples.booking(1).with_(MSH_10="CONTROL").encode().replace(b"CONTROL", control)))
    assert ack.code == "AE"
    assert all(byte >= 0x20 and byte != 0x7f for segment in ack.segments for byte in segment)
    assert daemon.ledger()["acked"] == 0


@pytest.mark.parametrize("path,value,code,condition", [
    ("MSH-9", "", "AR", "200"), ("MSH-9", "S-U^S12", "AR", "200"), ("MSH-9", "SIU^Q99Q", "AR", "201"),
    ("MSH-11", "X", "AR", "202"), ("MSH-12", "9.9", "AR", "203")])
def test_header_refused(daemon, mllp, path, value, code, condition):
    message = samples.booking(1)
    message[path] = value
    ack = Ack(mllp.ask(message.encode()))
    assert (ack.code, ack.condition) == (code, condition)
    assert ack.control_id == message["MSH-10"].encode()
    assert daemon.ledger()["acked"] == 0
    assert_works(daemon, 2)


@pytest.mark.parametrize("separators", ["^~\\\\&", "&&&&", "^~\\&###", ""])
def test_damaged_separators_are_refused_by_name(daemon, mllp, separators):
    """The sender waits for its own control id: the refusal names it although the rest cannot be read."""
    message = samples.booking(1).encode().replace(b"MSH|^~\\&|", b"MSH|" + separators.encode() + b"|", 1)
    ack = Ack(mllp.ask(message))
    assert (ack.code, ack.control_id) == ("AE", samples.booking(1)["MSH-10"].encode())
    assert daemon.ledger()["acked"] == 0


def test_unknown_trigger_is_taken_and_dropped(daemon, mllp):
    """An event that the feed does not know must not stop a sender that waits for its turn."""
    message = samples.booking(1).with_(MSH_9="SIU^S23^SIU_S12")
    assert Ack(mllp.ask(message.encode())).code == "AA"
    balance = daemon.settled(acked=1, dropped=1)
    assert balance["notified"] == 0 and not daemon.cloud.posts


def test_test_message_is_recorded_and_never_sent(daemon, mllp):
    for n, kind in enumerate("TD"):
        assert Ack(mllp.ask(samples.booking(n).with_(MSH_11=kind).encode())).code == "AA"
    balance = daemon.settled(acked=2)
    assert balance["notified"] == 0 and not daemon.cloud.posts


def test_nul_inside_a_message(daemon, mllp):
    message = samples.booking(1)
    message["PID-5"] = "A\x00B^C"
    answer = mllp.ask(message.encode())
    assert Ack(answer).code in ("AA", "AE")
    balance = daemon.settled()
    assert balance["acked"] == (1 if Ack(answer).code == "AA" else 0)
    assert_works(daemon, 2)


@pytest.mark.parametrize("declared,encoding", [("UNICODE UTF-8", "big5"), ("UNICODE UTF-8", "latin-1"), ("", "utf-8"), ("", "big5"),
                                               ("8859/1", "utf-8"), ("BIG-5", "big5"), ("NO-SUCH-SET", "utf-8"),
                                               ("UNICODE UTF-16", "utf-8"), ("GB 18030-2000", "gb18030")])
def test_declared_and_actual_character_set(daemon, mllp, declared, encoding):
    """Whatever the bytes are, the answer is well formed, and the notice (if any) is the right person's."""
    message = samples.booking(1).with_(MSH_18=declared, PID_5="許^小明" if encoding != "latin-1" else "Müller^Jörg")
    answer = mllp.ask(message.encode(encoding, errors="replace"))
    ack = Ack(answer)
    assert ack.code in ("AA", "AE", "AR")
    if (declared, encoding) in (("BIG-5", "big5"), ("GB 18030-2000", "gb18030"), ("", "utf-8")):
        assert ack.code == "AA"
    balance = daemon.settled()
    assert balance["acked"] == (1 if ack.code == "AA" else 0)
    assert {p.to for p in daemon.cloud.accepted} <= {samples.phone(1)}
    assert_works(daemon, 2)


# -- what is badly framed ---------------------------------------------------------------------------------


def test_connection_ends_inside_a_frame(daemon):
    whole = frame(samples.booking(1).encode())
    for cut in (1, 5, 40, len(whole) // 2, len(whole) - 2, len(whole) - 1):
        with Connection(daemon.ports["mllp"]) as connection:
            connection.send_raw(whole[:cut])
            connection.socket.shutdown(socket.SHUT_WR)
            answer = connection.read_frame()
        if cut < len(whole) - 1:
            assert answer is None, "a cut frame was answered"
    assert daemon.ledger()["acked"] <= 1
    assert_works(daemon, 2)


def test_a_frame_that_was_cut_by_a_restart_of_its_sender(daemon, mllp):
    """The fragment before the second start block is not answered, or the answers would shift by one."""
    whole = frame(samples.booking(1).encode())
    mllp.send_raw(whole[:len(whole) // 2] + frame(samples.booking(2).encode()))
    ack = Ack(mllp.read_frame())
    assert (ack.code, ack.control_id) == ("AA", samples.booking(2)["MSH-10"].encode())
    daemon.settled(acked=1, notified=1)
    assert [p.to for p in daemon.cloud.accepted] == [samples.phone(2)]


def test_byte_by_byte_and_several_at_once(daemon, mllp):
    for byte in frame(samples.booking(1).encode()):
        mllp.send_raw(bytes([byte]))
    assert Ack(mllp.read_frame()).code == "AA"
    mllp.send_raw(b"".join(frame(samples.booking(n).encode()) for n in range(2, 12)))
    answered = [Ack(mllp.read_frame()) for _ in range(10)]
    assert [a.control_id for a in answered] == [samples.booking(n)["MSH-10"].encode() for n in range(2, 12)]
    daemon.settled(acked=11, notified=11)


def test_noise_around_frames(daemon, mllp):
    mllp.send_raw(b"\r\n\x00  " + frame(samples.booking(1).encode()) + b"\r\n\n" + b"\x0b\x1c\r"
                  + frame(samples.booking(2).encode()))
    assert [Ack(mllp.read_frame()).code for _ in range(2)] == ["AA", "AA"]
    daemon.settled(acked=2, notified=2)


@pytest.mark.parametrize("ending", [b"\n", b"\r\n"])
def test_line_ends_of_files(daemon, mllp, ending):
    assert Ack(mllp.ask(samples.booking(1).encode().replace(b"\r", ending))).code == "AA"
    daemon.settled(acked=1, notified=1)


def test_four_mib_and_one_byte(daemon):
    padded = samples.booking(1).encode() + b"NTE|1||"
    with Connection(daemon.ports["mllp"]) as connection:
        fits = padded + b"x" * (FOUR_MIB - len(padded) - 1) + b"\r"
        assert len(fits) == FOUR_MIB
        assert Ack(connection.ask(fits)).code == "AA"
    with Connection(daemon.ports["mllp"]) as connection:
        over = samples.booking(2).encode() + b"NTE|1||"
        over += b"x" * (FOUR_MIB - len(over)) + b"\r"
        assert len(over) == FOUR_MIB + 1
        try:
            connection.send_raw(frame(over))
        except OSError:
            pass  # closed before we had said everything
        answer = connection.read_frame()
        if answer is not None:
            assert Ack(answer).code == "AE"
            assert Ack(answer).control_id == samples.booking(2)["MSH-10"].encode()
        assert connection.is_closed_by_peer()
    daemon.settled(acked=1, notified=1)
    assert_works(daemon, 3)


def test_an_endless_frame_is_cut_off(make_daemon):
    daemon = make_daemon(run=release_program()).start()  # a sanitizer keeps freed memory for a while
    mllp = Connection(daemon.ports["mllp"])
    before = daemon.memory()
    sent = 0
    try:
        mllp.send_raw(b"\x0b" + samples.booking(1).encode())
        while sent < 16 * FOUR_MIB:
            mllp.send_raw(b"NTE|1||" + b"x" * 65529)
            sent += 65536
    except OSError:
        pass
    assert sent < 16 * FOUR_MIB, "64 MiB of one frame were taken"
    mllp.close()
    assert daemon.memory() - before < 64, "memory grew with what a peer sent"
    assert daemon.ledger()["acked"] == 0
    assert_works(daemon, 2)


# -- slow, silent, deaf ---------------------------------------------------------------------------------------


def test_silent_peers_and_an_unfinished_frame(make_daemon):
    """Peers that say nothing, and one that never ends its frame, keep nobody else waiting."""
    daemon = make_daemon(settings="receive:\n  frame_timeout: 1s").start()
    silent = [Connection(daemon.ports["mllp"]) for _ in range(20)]
    slow = Connection(daemon.ports["mllp"])
    slow.send_raw(frame(samples.booking(1).encode())[:50])
    assert_works(daemon, 2)
    assert slow.is_closed_by_peer(), "an unfinished frame is not closed"
    assert daemon.ledger()["acked"] == 1
    assert Ack(silent[7].ask(samples.booking(3).encode())).code == "AA", "an idle connection was closed"
    for connection in silent + [slow]:
        connection.close()


def test_a_peer_that_never_reads_its_acks(make_daemon):
    """Back-pressure: the daemon stops reading that peer, its memory stays bounded, others go on."""
    daemon = make_daemon(run=release_program(), settings="receive:\n  write_timeout: 2s").start()
    before = daemon.memory()
    deaf = Connection(daemon.ports["mllp"], timeout=2, receive_buffer=4096)
    message = samples.booking(1).with_(PID_13="").encode()
    sent = 0

    def shout():
        nonlocal sent
        try:
            while sent < 200000:
                deaf.send_raw(frame(message))
                sent += 1
        except OSError:
            pass

    shouting = threading.Thread(target=shout)
    shouting.start()
    for n in range(2, 12):
        assert_works(daemon, n)
    shouting.join()
    assert sent < 200000, "the daemon read on while its answers were not read"
    assert daemon.memory() - before < 64
    deaf.close()
    balance = daemon.settled()
    assert balance["balanced"] and balance["acked"] >= 10


def test_many_connections_come_and_go(daemon):
    for _ in range(20):
        some = [Connection(daemon.ports["mllp"]) for _ in range(20)]
        for n, connection in enumerate(some):
            if n % 3 == 0:
                connection.send_raw(b"\x0bMSH|^~")
            elif n % 3 == 1:
                connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        for connection in some:
            connection.close()
    assert_works(daemon, 1)
    until(lambda: daemon.descriptors() < 80, "closed connections to give back their descriptors")


def test_a_peer_that_leaves_before_its_answer(daemon):
    """It was committed or it was not; a resend settles it, and there is one effect."""
    message = samples.booking(1).encode()
    for _ in range(10):
        connection = Connection(daemon.ports["mllp"])
        connection.send_raw(frame(message))
        connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        connection.close()
    time.sleep(0.1)
    with Connection(daemon.ports["mllp"]) as connection:
        first = connection.ask(message)
        assert connection.ask(message) == first
    daemon.settled(notified=1)
    assert len(daemon.cloud.posts) == 1


XML = ('<?xml version="1.0"?><ADT_A01 xmlns="urn:hl7-org:v2xml"><MSH><MSH.1>|</MSH.1><MSH.2>^~\\&amp;</MSH.2>'
       '<MSH.3><HD.1>%s</HD.1></MSH.3><MSH.9><MSG.1>ADT</MSG.1><MSG.2>A01</MSG.2></MSH.9><MSH.10>%s</MSH.10>'
       '<MSH.11><PT.1>P</PT.1></MSH.11><MSH.12><VID.1>2.5.1</VID.1></MSH.12></MSH></ADT_A01>')


@pytest.mark.parametrize("value", ["", "&lt;/MSA.2&gt;", *(f'<escape V="{v}"/>' for v in (
    "XEFBFBF", "XEFBFBE", "X00", "X0D", "X1B", "X7F", "XC285", "XFF", "XEDA080", "XF09FBFBF", "X3C2F", "F", "E", "T"))])
def test_an_answer_in_xml_is_well_formed(mllp, value):
    """expat is the judge: whatever escapes make of the sender's name and its control id."""
    heard = xml.dom.minidom.parseString(mllp.ask((XML % ("N" + value, "I" + value)).encode()).strip(b"\x0b\x1c\r"))
    code, answered = (heard.getElementsByTagName(name)[0].firstChild.data for name in ("MSA.1", "MSA.2"))
    assert code == "AA" and answered.startswith("I"), (code, answered)


def test_two_messages_of_a_frame_each_with_its_own_separators(daemon, mllp):
    """Both are answered, and each is a message of its own in the store."""
    first, second = samples.booking(31).encode(), samples.booking(32).encode().replace(b"|", b"$")
    mllp.send_raw(frame(first + second))
    assert [mllp.read_frame().count(b"MSA" + bar + b"AA" + bar) for bar in (b"|", b"$")] == [1, 1]
    daemon.settled(acked=2, notified=2)
