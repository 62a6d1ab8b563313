"""A feed is paused by what must not leave: nothing leaves, restarts change nothing, and only a person ends it."""
import json
import re

import pytest

from harness.daemon import until
from harness.mllp import Ack, Connection
from harness.people import later, notices, settle
from harness.samples import booking

FEED = "demo"
HELD = "blocked: not what was approved"
SPOILS = {"language": "language = CASE language WHEN 'en' THEN 'zh_TW' ELSE 'en' END",
          "template": "template = 'result_ready'",
          "unit": "unit_key = 'pk_' || substr(unit_key, 5) || 'f'",
          "quick replies": "replies = 4",
          "approval": "approval = NULL"}


def status(daemon):
    done = daemon.tool("status", "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def send(daemon, n):
    """A booking, acknowledged."""
    with Connection(daemon.ports["mllp"]) as connection:
        assert Ack(connection.ask(booking(n).encode())).code == "AA"


def wait_with_one(daemon, cloud):
    """A notice that waits to be tried again."""
    cloud.plan("code", code=131056)
    send(daemon, 1)
    settle(daemon, 1)
    until(lambda: cloud.fired == ["code"], "a refusal")


def spoil(daemon, part):
    """Changes it while nobody looks; it is due at the next start."""
    assert later(daemon, f"UPDATE notice SET due_ms = 1, {SPOILS[part]} WHERE state = 1 AND before_ms = 0") == 1
    until(lambda: blocked(daemon), "the notice to be held")


def resume(daemon, feed=FEED):
    done = daemon.tool("resume", feed, "--because", "the disk was mended")
    return done.returncode, (done.stdout + done.stderr).strip()


def blocked(daemon):
    return [row for row in notices(daemon, "state = 6") if row[1] == HELD]


@pytest.mark.parametrize("part", SPOILS)
def test_what_was_changed_on_disk_does_not_leave(make_daemon, cloud, part):
    daemon = make_daemon().start()
    wait_with_one(daemon, cloud)
    spoil(daemon, part)
    assert len(cloud.posts) == 1 and cloud.accepted == [], "it was sent"
    assert daemon.metric("tidings_leak_blocked_total") == 1
    (alarm,) = daemon.says(r"^notice \d+: blocked, .*feed demo paused until `tidings resume`$")
    assert (alarm["level"], alarm["stage"]) == ("critical", "security")
    assert status(daemon)["paused"] == [FEED]


def test_a_pause_ends_by_a_person(make_daemon, cloud):
    daemon = make_daemon().start()
    wait_with_one(daemon, cloud)
    spoil(daemon, "language")
    send(daemon, 2)  # is taken and mapped, and waits
    until(lambda: notices(daemon, "state = 2"), "the next to be ready")
    daemon.kill()
    daemon.start()
    assert [row[0] for row in notices(daemon, "state = 2")] == [2] and cloud.accepted == []
    paused = daemon.tool("status").stdout
    assert re.search(r"^PAUSED demo: blocked: not what was approved \(tidings resume demo\)$", paused, re.M), paused

    assert resume(daemon, "another") == (1, "another is not paused")
    assert cloud.accepted == []
    assert resume(daemon) == (0, "demo sends again")
    until(lambda: len(cloud.accepted) == 1, "the next to leave")
    assert resume(daemon) == (1, "demo is not paused")
    assert len(blocked(daemon)) == 1, "what was blocked stays"
    assert "PAUSED" not in daemon.tool("status").stdout


def test_without_a_daemon(make_daemon, cloud):
    daemon = make_daemon().start()
    wait_with_one(daemon, cloud)
    spoil(daemon, "template")
    daemon.kill()
    assert resume(daemon, "another") == (1, "another is not paused")
    assert resume(daemon) == (0, "demo sends again at the next start")
    assert resume(daemon) == (1, "demo is not paused")
    daemon.start()
    send(daemon, 2)
    until(lambda: len(cloud.accepted) == 1, "the next to leave")


def test_without_a_reason_nothing_is_resumed(make_daemon, cloud):
    daemon = make_daemon().start()
    wait_with_one(daemon, cloud)
    spoil(daemon, "template")
    for words in ((), ("--because", "  ")):
        done = daemon.tool("resume", FEED, *words)
        assert done.returncode == 2 and "--because" in done.stderr
    assert status(daemon)["paused"] == [FEED]
    assert resume(daemon) == (0, "demo sends again")
    assert 'resume demo "the disk was mended"' in (daemon.state / "audit.log").read_text()


@pytest.mark.parametrize("words", [(), ("demo", "other")])
def test_called_wrongly(make_daemon, words):
    done = make_daemon().tool("resume", *words)
    assert done.returncode == 2 and "resume" in done.stderr, done.stderr
