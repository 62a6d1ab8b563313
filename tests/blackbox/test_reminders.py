"""Reminders of the real daemon: each leaves once at its time, what moved or ended is not reminded of, whatever is killed."""
import pytest

from harness.daemon import until
from harness.people import (AT_ONCE, DAY, DUE, FIRST, FIRST_REMINDER, LATER, People, later, now, notices, reminders, sent, settle, tenant)

BOOKED, REMINDED, CANCELLED = ("visit_update", FIRST), ("visit_reminder", FIRST), ("visit_cancelled", FIRST)
EARLY, LATE = 24 * 3600 * 1000, 2 * 3600 * 1000
WITHDRAWN, ACCEPTED = 7, 5


@pytest.fixture
def running(make_daemon, tmp_path):
    """A daemon whose clinic tells at once and reminds."""
    return make_daemon(feeds=tenant(tmp_path, AT_ONCE)).start()


@pytest.fixture
def booked(running, cloud):
    """... with an appointment in 30 days, of which the patient was told. (daemon, its people, the time)"""
    people, start = People(running), now() + 30 * DAY
    people.book("F1", start)
    until(lambda: sent(cloud) == [BOOKED], "the notice of the booking")
    running.quiet()
    return running, people, start


def planned(start):
    """What waits for an appointment at that Unix time: (how long before, when)."""
    return [(before, start * 1000 - before) for before in (EARLY, LATE)]


def waiting(daemon):
    return [(row[2], row[3]) for row in reminders(daemon)]


def test_at_its_time_and_once(running, cloud):
    """Nothing is taken away here: the reminder of 24 hours before is due some seconds after its booking."""
    people = People(running)
    for n, margin in enumerate((10, 40, 160)):  # a machine may be slow; one whose time has passed is not planned
        start = now() + DAY + margin
        people.book(f"F{n}", start, phone=FIRST)
        until(lambda: sent(cloud).count(BOOKED) == n + 1, "the notice of the booking")
        if (EARLY, start * 1000 - EARLY) in [(row[2], row[3]) for row in notices(running, "before_ms > 0")]:
            break
    until(lambda: REMINDED in sent(cloud), "the reminder", limit=300)
    post, = [p for p in cloud.accepted if p.template == "visit_reminder"]
    assert post.at >= start - DAY, "too early"
    running.restart()
    running.quiet()
    assert sent(cloud).count(REMINDED) == 1
    assert (LATE, start * 1000 - LATE) in waiting(running)


def test_what_waits_is_the_same_after_kills(booked, cloud):
    daemon, _, start = booked
    assert waiting(daemon) == planned(start)
    for _ in range(3):
        daemon.kill()
        daemon.start()
    daemon.quiet()
    assert waiting(daemon) == planned(start) and sent(cloud) == [BOOKED]
    assert daemon.ledger()["pending"] == 1, "the matter is open as long as something is to be said"
    assert later(daemon, FIRST_REMINDER) == 1
    until(lambda: sent(cloud) == [BOOKED, REMINDED], "the first reminder")
    assert later(daemon, FIRST_REMINDER) == 1
    until(lambda: sent(cloud) == [BOOKED, REMINDED, REMINDED], "the second reminder")
    assert later(daemon, FIRST_REMINDER) == 0
    daemon.settled(acked=1, notified=1, pending=0)
    assert sent(cloud) == [BOOKED, REMINDED, REMINDED]


def test_moved(booked, cloud):
    daemon, people, start = booked
    daemon.kill()
    daemon.start()
    people.book("F1", start + DAY, trigger="S13")
    until(lambda: sent(cloud) == [BOOKED, BOOKED], "the notice of the move")
    assert waiting(daemon) == planned(start + DAY)
    assert [row[1] for row in reminders(daemon, WITHDRAWN)] == ["a later event came first"] * 2
    assert later(daemon, "UPDATE notice SET due_ms = 1 WHERE before_ms > 0 AND state <> 1") == 2, "no going back"
    assert later(daemon, FIRST_REMINDER) == 1
    until(lambda: REMINDED in sent(cloud), "the reminder of the new time")
    daemon.quiet()
    assert sent(cloud) == [BOOKED, BOOKED, REMINDED]


def test_cancelled(booked, cloud):
    daemon, people, _ = booked
    daemon.kill()
    daemon.start()
    people.cancel("F1")
    daemon.settled(acked=2, notified=2)
    assert reminders(daemon) == [] and len(reminders(daemon, WITHDRAWN)) == 2
    daemon.restart()
    daemon.quiet()
    assert sent(cloud) == [BOOKED, CANCELLED]


def test_the_answer_to_a_reminder_is_lost(booked, cloud):
    """... and the daemon killed: it is not sent again, and the patient's own phone proves that it came."""
    daemon, _, _ = booked
    cloud.plan("drop_after")
    assert later(daemon, FIRST_REMINDER) == 1
    until(lambda: sent(cloud) == [BOOKED, REMINDED], "the reminder")
    assert cloud.fired == ["drop_after"]
    settle(daemon)
    daemon.kill()
    daemon.start()
    assert cloud.post_status(cloud.accepted[-1], "delivered") == 200
    until(lambda: len(reminders(daemon, ACCEPTED)) == 1, "the proof")
    daemon.quiet()
    assert len(cloud.posts) == 2


def test_both_are_late(booked, cloud):
    """The machine was off: one message, the last of them."""
    daemon, _, _ = booked
    assert later(daemon, "UPDATE notice SET due_ms = CASE WHEN before_ms > 50000000 THEN 1 ELSE 2 END WHERE state = 1 AND before_ms > 0") == 2
    until(lambda: sent(cloud) == [BOOKED, REMINDED], "one reminder")
    daemon.settled(notified=1, pending=0)
    assert [(row[1], row[2]) for row in reminders(daemon, WITHDRAWN)] == [("a reminder takes its place", EARLY)]
    assert [row[2] for row in reminders(daemon, ACCEPTED)] == [LATE]


def test_too_late(booked, cloud):
    """The machine was off until the appointment had begun."""
    daemon, _, _ = booked
    assert later(daemon, "UPDATE notice SET due_ms = 1, expires_ms = 2 WHERE state = 1 AND before_ms > 0") == 2
    daemon.settled(notified=1, pending=0)
    assert sent(cloud) == [BOOKED] and len(reminders(daemon, WITHDRAWN)) == 2


def test_a_new_number_reaches_what_waits(booked, cloud):
    daemon, people, _ = booked
    people.update(phone=LATER)
    daemon.quiet()
    assert later(daemon, FIRST_REMINDER) == 1
    until(lambda: sent(cloud) == [BOOKED, ("visit_reminder", LATER)], "the reminder, at the new number")


def test_reminders_of_a_window(make_daemon, cloud, tmp_path):
    """The first notice waits in a window and is brought to its end: the reminders come after it, not before."""
    daemon = make_daemon(feeds=tenant(tmp_path)).start()
    start = now() + 30 * DAY
    People(daemon).book("F1", start)
    until(lambda: waiting(daemon) == planned(start), "the reminders")
    assert cloud.posts == []
    assert later(daemon, DUE) == 1
    until(lambda: sent(cloud) == [BOOKED], "the notice of the booking")
    assert waiting(daemon) == planned(start)
