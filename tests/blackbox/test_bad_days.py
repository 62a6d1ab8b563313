"""Bad days of the operator: refused settings, and a machine that fails under a running daemon."""
import json
import os
import re
import signal
import socket
import subprocess

import pytest

from harness import samples
from harness.daemon import until
from harness.mllp import Ack, Connection, frame


def refused(daemon, *patterns):
    """Exit 78, and one error line that names file, line and column and matches each pattern."""
    daemon.start(wait=False)
    assert daemon.wait_end() == 78, daemon.lines
    text = "\n".join(line.get("text", line.get("raw", "")) for line in daemon.lines)
    for pattern in patterns:
        assert re.search(pattern, text), (pattern, text)
    assert not any(line.get("text") == "ready" for line in daemon.lines)
    return text


def edit(daemon, old, new):
    text = daemon.settings_file.read_text()
    assert old in text
    daemon.settings_file.write_text(text.replace(old, new, 1))


def line_of(daemon, text):
    return next(n for n, line in enumerate(daemon.settings_file.read_text().splitlines(), 1) if text in line)


@pytest.mark.parametrize("old,new,at,said", [
    ("state: var", "stat: var", "stat:", r"state"),
    ("listen:", "lsiten:", "lsiten:", r"listen"),
    ("store: sqlite", "store: punchcards", "punchcards", r"store|punchcards"),
    ("  ttl: 72h", "  ttl: 72 bananas", "ttl:", r"ttl"),
    ("  ttl: 72h", "  ttl: 72h\n  ttl: 71h", "ttl: 71h", r"ttl"),
    ("  - {mllp: 127.0.0.1:0", "  - {mllp: 0.0.0.0:0", "0.0.0.0", r"loopback|TLS"),
    ("  - {mllp: 127.0.0.1:0", "  - {mllp: 127.0.0.1:99999", "99999", r"port"),
    ("state: var", "state: [var", "", r"tidings\.yaml:\d+:\d+"),
    ("  graph: http://127.0.0.1", "  graph: http://203.0.113.7", "203.0.113.7", r"https|loopback"),
    ("  base: https://links.example.org/l/", "  base: ftp://x", "ftp", r"base|https"),
    ("state: var", "state: *x", "", r"tidings\.yaml:\d+:\d+")], ids=lambda v: str(v)[:28])
def test_settings_are_refused_with_a_place(make_daemon, old, new, at, said):
    daemon = make_daemon()
    edit(daemon, old, new)
    text = refused(daemon, r"tidings\.yaml:\d+:\d+", said)
    if at:
        assert f"tidings.yaml:{line_of(daemon, at)}:" in text


def test_no_settings_file(make_daemon):
    daemon = make_daemon()
    daemon.settings_file.unlink()
    refused(daemon, r"tidings\.yaml")


def test_settings_that_are_not_text(make_daemon):
    daemon = make_daemon()
    daemon.settings_file.write_bytes(b"\xff\xfe\x00s\x00t" * 100)
    refused(daemon, r"tidings\.yaml")
    daemon.settings_file.write_bytes(b"")
    daemon.start(wait=False)
    assert daemon.wait_end() == 78


@pytest.mark.parametrize("name", ["whatsapp.token", "whatsapp.app-secret", "whatsapp.verify", "redeem.token", "tidings.key"])
def test_a_secret_that_others_can_read(make_daemon, name):
    daemon = make_daemon()
    (daemon.folder / "secrets" / name).chmod(0o644)
    refused(daemon, re.escape(name), r"0600|mode|readable")


@pytest.mark.parametrize("name", ["whatsapp.token", "whatsapp.app-secret", "whatsapp.verify", "redeem.token", "tidings.key"])
def test_a_secret_that_is_absent(make_daemon, name):
    daemon = make_daemon()
    (daemon.folder / "secrets" / name).unlink()
    refused(daemon, re.escape(name))


def test_another_key_does_not_open_the_store(make_daemon):
    daemon = make_daemon().start()
    with Connection(daemon.ports["mllp"]) as mllp:
        assert Ack(mllp.ask(samples.booking(1).encode())).code == "AA"
    daemon.settled(notified=1)
    assert daemon.terminate() == 0
    (daemon.folder / "secrets/tidings.key").unlink()
    daemon.init_keys()
    daemon.lines.clear()
    refused(daemon, r"key")


def test_key_is_made_once_and_private(make_daemon):
    daemon = make_daemon()
    key = daemon.folder / "secrets/tidings.key"
    before = key.read_bytes()
    assert key.stat().st_mode & 0o777 == 0o600
    again = daemon.tool("keys", "init")
    assert again.returncode == 2 and str(key) in again.stderr, (again.returncode, again.stderr)
    assert key.read_bytes() == before


def test_an_occupied_port(make_daemon):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        daemon = make_daemon()
        edit(daemon, "{admin: 127.0.0.1:0", f"{{admin: 127.0.0.1:{taken.getsockname()[1]}")
        text = refused(daemon, r"tidings\.yaml:\d+")
        assert f"tidings.yaml:{line_of(daemon, 'admin:')}:" in text


def test_state_that_cannot_be_written(make_daemon):
    daemon = make_daemon()
    daemon.state.rmdir()
    daemon.state.write_text("a file where the folder should be")
    refused(daemon, r"state|var")


def mount(place, *options):
    """Mounts a file system of our own in memory, or changes it; skips where that is not allowed."""
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", ",".join(options), "tmpfs", str(place)],
                          capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"no tmpfs may be mounted here: {done.stderr.strip() or done.returncode}")


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 8 MiB of our own, with an empty state folder on it."""
    place = tmp_path / "disk"
    place.mkdir()
    mount(place, "size=8m")
    (place / "var").mkdir(mode=0o700)
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_state_that_may_not_be_written(make_daemon, request):
    """By its mode; root may write everywhere but on a disk that is read-only."""
    daemon = make_daemon()
    place = daemon.state
    if os.geteuid() == 0:
        disk = request.getfixturevalue("small_disk")
        place = disk / "var"
        edit(daemon, "state: var", f"state: {place}")
        mount(disk, "remount", "ro")
    else:
        place.chmod(0o500)
    refused(daemon, re.escape(str(place)), r"Read-only|Permission")
    assert list(place.iterdir()) == []


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o1777, 0o702])
def test_state_that_others_can_write(make_daemon, mode):
    daemon = make_daemon()
    daemon.state.chmod(mode)
    refused(daemon, re.escape(str(daemon.state)), rf"mode is {mode:04o}")
    assert list(daemon.state.iterdir()) == []


def test_two_daemons_on_one_store(make_daemon):
    first = make_daemon().start()
    second = make_daemon()
    edit(second, "state: var", f"state: {first.state}")
    edit(second, "keys: secrets/tidings.key", f"keys: {first.folder / 'secrets/tidings.key'}")
    refused(second, r"another|lock|in use")
    first.assert_alive()


def test_a_feed_that_does_not_load(make_daemon):
    daemon = make_daemon()
    feeds = daemon.folder / "feeds"
    feeds.mkdir()
    (feeds / "feeds.yaml").write_text("feed: feeds\nrules:\n  - rule: x\n    emit: nonsense/9\n")
    edit(daemon, f"feeds: {daemon.feeds}", f"feeds: {feeds}")
    for kind in ("mllp", "fhir"):
        edit(daemon, f"feed: {daemon.feeds.name}}}", "feed: feeds}")
    refused(daemon, r"feeds\.yaml:\d+")


def test_a_database_that_is_not_one(make_daemon):
    daemon = make_daemon().start()
    assert daemon.terminate() == 0
    database, = daemon.state.glob("*.db")
    database.write_bytes(b"not a database " * 1000)
    for other in daemon.state.glob("*.db-*"):
        other.unlink()
    refused(daemon, r"file is not a database -> not started")


def test_wrong_token_stops_sending_and_loses_nothing(make_daemon, cloud):
    """Meta says 190: nothing more is sent until the token file is right; intake goes on."""
    daemon = make_daemon(settings="send:\n  retry_first: 100ms")
    daemon.secret("whatsapp.token", "wrong-token")
    daemon.start()
    with Connection(daemon.ports["mllp"]) as mllp:
        for n in range(1, 6):
            assert Ack(mllp.ask(samples.booking(n).encode())).code == "AA"
    until(lambda: cloud.refused, "the refusal")
    assert {r[0][0] for r in cloud.refused} == {401}
    cloud.refused.clear()
    balance = daemon.ledger()
    assert balance["acked"] == 5 and balance["notified"] == 0 and balance["balanced"]
    daemon.secret("whatsapp.token", cloud.token)
    daemon.restart()
    until(lambda: daemon.ledger()["pending"] == 0, "the queue to drain")
    cloud.refused.clear()
    balance = daemon.ledger()
    assert balance["notified"] + balance["held"] == 5 and balance["notified"] >= 4, balance
    assert set(cloud.accepts_by(lambda p: p.to).values()) == {1}


def test_the_token_file_is_replaced_while_it_runs(make_daemon, cloud):
    """Found by the probe, without a restart: what was refused, and what came meanwhile, is sent once."""
    daemon = make_daemon(settings="send:\n  probe_interval: 200ms\n  retry_first: 100ms")
    daemon.secret("whatsapp.token", "wrong-token")
    daemon.start()
    with Connection(daemon.ports["mllp"]) as mllp:
        for n in range(1, 6):
            assert Ack(mllp.ask(samples.booking(n).encode())).code == "AA"
        until(lambda: daemon.says(r"stopped: .*-> probing"), "the stop")
        for n in range(6, 11):
            assert Ack(mllp.ask(samples.booking(n).encode())).code == "AA"
    assert daemon.ledger()["notified"] == 0 and not cloud.accepted
    assert {answer[0] for answer, _ in cloud.refused} == {401}
    cloud.refused.clear()
    daemon.secret("whatsapp.token", cloud.token)
    balance = daemon.settled(acked=10, notified=10)
    assert balance["held"] == 0 and daemon.says(r"^running again$")
    assert len(cloud.accepted) == 10 and set(cloud.accepts_by(lambda p: p.to).values()) == {1}


def test_nobody_answers_at_the_graph_address(make_daemon, cloud):
    """Proven unsent: tried again until it works, and then sent once."""
    daemon = make_daemon(settings="send:\n  retry_first: 100ms\n  retry_most: 300ms")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        free = taken.getsockname()[1]
    edit(daemon, cloud.graph, f"http://127.0.0.1:{free}/v25.0")
    daemon.start()
    with Connection(daemon.ports["mllp"]) as mllp:
        assert Ack(mllp.ask(samples.booking(1).encode())).code == "AA"
    until(lambda: daemon.says(r"^notice \d+: not sent "), "a line about it")
    assert daemon.ledger()["pending"] == 1
    assert daemon.terminate() == 0
    edit(daemon, f"http://127.0.0.1:{free}/v25.0", cloud.graph)
    daemon.start()
    daemon.settled(acked=1, notified=1)
    assert len(cloud.posts) == 1


def test_sigterm_under_load(make_daemon, cloud):
    """What was acknowledged before the end is there after it; the daemon ends with 0."""
    daemon = make_daemon(settings="send:\n  retry_first: 100ms").start()
    connections = [Connection(daemon.ports["mllp"]) for _ in range(8)]
    acked = []
    for n in range(8, 80):
        connection = connections[n % 8]
        acked.append((n, connection.ask(samples.booking(n).encode())))
    for n, connection in enumerate(connections):
        connection.send_raw(frame(samples.booking(100 + n).encode()))
    assert daemon.terminate() == 0
    late = [(100 + n, c.read_frame()) for n, c in enumerate(connections)]
    acked += [(n, answer) for n, answer in late if answer]
    assert all(Ack(answer).code == "AA" for _, answer in acked)
    daemon.start()
    with Connection(daemon.ports["mllp"]) as mllp:
        for n, answer in acked:
            assert mllp.ask(samples.booking(n).encode()) == answer, f"message {n} was acknowledged and is gone"
        for n, answer in late:
            if not answer:
                assert Ack(mllp.ask(samples.booking(n).encode())).code == "AA"
    daemon.settled(notified=80)
    assert set(cloud.accepts_by(lambda p: p.to).values()) == {1} and len(cloud.accepted) == 80


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda s: s.name)
def test_each_signal_stops_and_finishes_what_flies(make_daemon, cloud, number):
    """One signal waits for the answer of the Cloud API, within stop.grace."""
    cloud.plan("delay", seconds=1)
    daemon = make_daemon(settings="stop:\n  grace: 60s").start()
    with Connection(daemon.ports["mllp"]) as mllp:
        assert Ack(mllp.ask(samples.booking(1).encode())).code == "AA"
    until(lambda: cloud.fired, "the request to be in flight")
    daemon.process.send_signal(number)
    assert daemon.wait_end() == 0
    assert daemon.says(rf"^signal {number.value} -> stopping$")
    assert daemon.ledger()["notified"] == 1 and len(cloud.posts) == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda s: s.name)
def test_a_second_signal_ends_at_once(make_daemon, cloud, number):
    """It does not wait for the answer in flight; the next start takes that send as unknown, not as unsent."""
    cloud.plan("delay", seconds=600)
    daemon = make_daemon(settings="stop:\n  grace: 15m\nsend:\n  timeout: 10m").start()
    with Connection(daemon.ports["mllp"]) as mllp:
        assert Ack(mllp.ask(samples.booking(1).encode())).code == "AA"
    post, = until(lambda: cloud.accepted, "the request to be in flight")
    daemon.process.send_signal(signal.SIGTERM)
    until(lambda: daemon.says(r"^signal \d+ -> stopping$"), "the first signal to be seen")
    daemon.assert_alive()
    daemon.process.send_signal(number)
    assert daemon.wait_end() == 1  # far within the 600 s: LONG is the limit
    daemon.start()
    assert daemon.ledger()["pending"] == 1
    assert cloud.post_status(post, "delivered") == 200
    daemon.settled(acked=1, notified=1)
    assert len(cloud.posts) == 1, "it was sent again"


def test_full_disk(make_daemon, small_disk):
    """AE while the disk is full, alive all the time, everything acknowledged still there afterwards."""
    daemon = make_daemon(listen=("mllp", "link", "webhook", "admin", "fhir"))
    edit(daemon, "state: var", f"state: {small_disk / 'var'}")
    daemon.start()
    acked, refused_, n = [], 0, 0
    pad = "x" * 60000
    with Connection(daemon.ports["mllp"]) as mllp:
        while refused_ < 3 and n < 400:
            n += 1
            answer = mllp.ask(samples.booking(n).encode() + f"NTE|1||{pad}\r".encode())
            if Ack(answer).code == "AA":
                acked.append((n, answer))
            else:
                assert (Ack(answer).code, Ack(answer).condition) == ("AE", "207")
                refused_ += 1
    assert acked and refused_ == 3, "the disk never filled"
    daemon.assert_alive()
    status, _, raw = daemon.fhir("POST", "Bundle", dict(samples.fhir_booking(900), identifier={"value": pad * 2}))
    assert status in (503, 507), raw
    assert daemon.http("admin", "GET", "/healthz")[0] == 200
    daemon.assert_alive()
    assert daemon.terminate() == 0
    mount(small_disk, "remount", "size=256m")
    daemon.start()
    with Connection(daemon.ports["mllp"]) as mllp:
        for n, answer in acked:
            assert mllp.ask(samples.booking(n).encode() + f"NTE|1||{pad}\r".encode()) == answer, f"message {n} is gone"
    for post in daemon.cloud.accepted:  # outcomes that could not be stored are unknown until a status proves them
        assert daemon.cloud.post_status(post, "delivered") == 200
    balance = daemon.settled()
    assert balance["acked"] >= 2 * len(acked) and balance["duplicate"] >= len(acked)
    assert set(daemon.cloud.accepts_by(lambda p: p.to).values()) == {1}
    assert json.dumps(balance)
