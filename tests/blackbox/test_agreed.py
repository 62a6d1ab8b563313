"""What tidings.yaml agrees with a sender holds behind the acknowledgement, too: the character set of its text up to the
phone that is called, and the application acknowledgement of a message whose connection was lost."""
import pytest

from harness import samples
from harness.daemon import until
from harness.mllp import Ack, Connection

# Big5 whose second bytes are a backslash and a bar; no two characters side by side, so that nothing gives the set away.
NAME = b"\xb3\x5c^\xa4\x7c^\xa4\x7c"


def in_big5(n, application):
    """A booking whose PID-13 stands behind that name; MSH-18 is empty."""
    booking = samples.booking(n).with_(MSH_3=application, MSH_18="", PID_5="NAME")
    text = "\r".join(booking.segments) + "\r"
    return "".join(c if c.isascii() else "x" for c in text).encode().replace(b"NAME", NAME), booking["MSH-10"]


@pytest.fixture
def agreed(make_daemon):
    return make_daemon(settings=(
        "senders:\n"
        "  - {name: forced, application: FORCED, charset: BIG-5}\n"
        "  - {name: assumed, application: ASSUMED, fallback_charset: BIG-5}\n")).start()


def test_text_in_the_charset_agreed(agreed, cloud):
    said = [in_big5(1, "FORCED"), in_big5(2, "ASSUMED"), in_big5(3, "NOBODY")]
    with Connection(agreed.ports["mllp"]) as mllp:
        for text, control_id in said:
            ack = Ack(mllp.ask(text))
            assert (ack.code, ack.control_id) == ("AA", control_id.encode())
    agreed.settled(acked=3, notified=2)
    assert sorted(post.to for post in cloud.accepted) == [samples.phone(1), samples.phone(2)], \
        "with nothing agreed there is no phone where it should be"
    for number, drops in ("1", False), ("2", False), ("3", True):
        shown = agreed.tool("explain", number)
        assert shown.returncode == 0, shown.stderr
        assert ("no usable phone" in shown.stdout) == drops, "explain reads a stored message as it was mapped"


@pytest.mark.parametrize("how", ["lost", "restart", "kill"])
def test_application_acknowledgement_after_a_lost_connection(daemon, cloud, how):
    """The peer hears CA, then its connection is gone, or the daemon is: the copy that it sends hears both answers."""
    booking = samples.booking(1).with_(MSH_15="AL", MSH_16="AL")
    with Connection(daemon.ports["mllp"]) as connection:
        first = connection.ask(booking.encode())
        assert Ack(first).code == "CA"
    if how == "restart":
        daemon.restart()
    elif how == "kill":
        daemon.kill()
        daemon.start()
    daemon.settled(acked=1, notified=1)
    heard = []
    for n in range(2):
        with Connection(daemon.ports["mllp"]) as connection:
            assert connection.ask(booking.encode()) == first, "the stored bytes"
            heard.append(connection.read_frame())
            answer = Ack(heard[-1])
            assert (answer.code, answer.control_id) == ("AA", booking["MSH-10"].encode())
            assert connection.ask(booking.encode()) == first
            assert Ack(connection.ask(samples.booking(10 + n).encode())).code == "AA", "once on one connection"
    assert heard[0] == heard[1], "whoever lost its connection again hears the same bytes"
    until(lambda: daemon.metric("tidings_replies_total") == 2, "both in the metrics")
    until(lambda: daemon.metric("tidings_wal_bytes") > 0, "the size of the log, too")
    daemon.settled(acked=7, notified=3, duplicate=4)
