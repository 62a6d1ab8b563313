"""What is said about a patient, in the real daemon: a new number, none, a merge, a word against notices. It reaches what
waits and what names only the appointment, whatever is killed."""
import pytest

from harness.daemon import until
from harness.people import DAY, DUE, FIRST, FIRST_REMINDER, LATER, People, SECOND, later, notices, now, reminders, sent, settle, tenant

WITHDRAWN = 7


@pytest.fixture
def waiting(make_daemon, tmp_path):
    """A booking whose notice waits in its window. (daemon, its people)"""
    daemon = make_daemon(feeds=tenant(tmp_path)).start()
    people = People(daemon)
    people.book("F1", now() + 30 * DAY, patient="1002")
    until(lambda: len(notices(daemon, "state = 1")) == 3, "the notice and its two reminders")
    return daemon, people


def test_a_new_number(waiting, cloud):
    daemon, people = waiting
    people.update("1002", phone=SECOND)
    settle(daemon, 2)
    assert later(daemon, DUE) == 1
    until(lambda: sent(cloud) == [("visit_update", SECOND)], "the notice, at the new number")
    people.update("1002", phone=LATER)
    settle(daemon, 3)
    daemon.kill()
    daemon.start()
    people.cancel("F1")
    settle(daemon, 4)
    assert later(daemon, DUE) == 1
    until(lambda: sent(cloud)[1:] == [("visit_cancelled", LATER)], "the cancellation, at the newest number")
    daemon.settled(acked=4, pending=0)
    assert reminders(daemon) == []


def test_no_number_any_more(waiting, cloud):
    daemon, people = waiting
    people.update("1002", phone='""')
    settle(daemon, 2)
    assert notices(daemon, "state = 1") == [] and len(notices(daemon, f"state = {WITHDRAWN}")) == 3
    people.cancel("F1")
    settle(daemon, 3)
    daemon.kill()
    daemon.start()
    people.book("F2", now() + 40 * DAY, patient="1002", phone=LATER)  # who says a number again has one
    settle(daemon, 4)
    assert later(daemon, DUE) == 1
    until(lambda: sent(cloud) == [("visit_update", LATER)], "the notice of the second booking")
    daemon.quiet()
    assert len(cloud.posts) == 1


def test_a_merge(waiting, cloud):
    """What waits for the old number of the record goes to whom the one that stays belongs; so does the bare S15."""
    daemon, people = waiting
    people.merge("1001", "1002", phone=SECOND)
    settle(daemon, 2)
    assert later(daemon, DUE) == 1
    until(lambda: sent(cloud) == [("visit_update", SECOND)], "the notice, at the number of the record that stays")
    people.merge("1001", "1002", phone=SECOND)
    people.update("1002", phone=LATER)  # the old number of the record still names the patient
    settle(daemon, 4)
    assert later(daemon, FIRST_REMINDER) == 1
    until(lambda: sent(cloud)[1:] == [("visit_reminder", LATER)], "the reminder")
    people.cancel("F1")
    settle(daemon, 5)
    assert later(daemon, DUE) == 1
    until(lambda: sent(cloud)[2:] == [("visit_cancelled", LATER)], "the cancellation")
    daemon.settled(acked=5, pending=0)
    with daemon.store() as store:
        assert store.execute("SELECT count(*) FROM merged").fetchone() == (1,)


def test_a_merge_in_a_circle(waiting, cloud):
    daemon, people = waiting
    people.merge("1001", "1002", phone=SECOND)
    people.merge("1002", "1001", phone=FIRST)
    people.merge("1002", "1002", phone=FIRST)
    settle(daemon, 4)
    assert later(daemon, DUE) == 1
    until(lambda: sent(cloud) == [("visit_update", FIRST)], "the notice")
    with daemon.store() as store:
        assert store.execute("SELECT count(*) FROM merged").fetchone() == (1,)


def test_no_notices_for_this_patient(waiting, cloud):
    daemon, people = waiting
    people.update("1002", phone=FIRST, died="Y")
    settle(daemon, 2)
    assert [row[1] for row in notices(daemon, f"state = {WITHDRAWN}")] == ["no notices for this patient"] * 3
    people.book("F2", now() + 40 * DAY, patient="1002")
    people.cancel("F1")
    settle(daemon, 4)
    daemon.kill()
    daemon.start()
    balance = daemon.settled(acked=4, pending=0)
    assert balance["notified"] == 0 and cloud.posts == []
