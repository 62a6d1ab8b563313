"""What a template says besides its words, in the real daemon: quick replies, `ttl`, `resend_unknown_after`."""
import http.client
import json
import re

import pytest

from harness.daemon import until
from harness.people import AT_ONCE, DAY, FIRST, FIRST_REMINDER, LATER, People, SECOND, later, notices, now, sent, settle, tenant

RESEND = ("templates.yaml", "result_ready:\n", "result_ready:\n  resend_unknown_after: 10m\n")
TTL = ("templates.yaml", "result_ready:\n", "result_ready:\n  ttl: 30s\n")
NO_WINDOW = ("stories.yaml", "coalesce: {by: patient_key, within: 15m}", "")
CHECKING, ACCEPTED, HELD, WITHDRAWN = 4, 5, 6, 7
TEN_MINUTES = "UPDATE attempt SET started_ms = started_ms - 600001, ended_ms = ended_ms - 600001 WHERE state = 5"


@pytest.fixture
def reminded(make_daemon, cloud, tmp_path):
    """A daemon and the POST of a reminder, which has quick replies."""
    daemon = make_daemon(feeds=tenant(tmp_path, AT_ONCE)).start()
    People(daemon).book("F1", now() + 30 * DAY)
    until(lambda: len(cloud.accepted) == 1, "the notice of the booking")
    assert later(daemon, FIRST_REMINDER) == 1
    until(lambda: len(cloud.accepted) == 2, "the reminder")
    daemon.quiet()
    return daemon, cloud.accepted[1]


def replies(daemon):
    done = daemon.tool("status", "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["replies"]


def counted(daemon, word):
    return daemon.metric("tidings_patient_replies_total", reply=word)


# -- quick replies ------------------------------------------------------------------------------------


def test_a_tap_is_kept_once(reminded, cloud):
    daemon, post = reminded
    assert list(post.payloads) == ["confirm", "change", "cancel"] and post.token is None
    assert cloud.accepted[0].payloads == {}, "the notice of the booking has none"
    for word in ("confirm", "confirm", "change", "confirm"):
        assert cloud.post_tap(post, word) == 200
    assert replies(daemon) == {"confirm": 1, "change": 1, "cancel": 0}
    until(lambda: (counted(daemon, "confirm"), counted(daemon, "change"), counted(daemon, "cancel")) == (1, 1, 0), "the metric")
    said = daemon.tool("status").stdout
    assert re.search(r"^replies of patients: 1 confirm, 1 change, 0 cancel$", said, re.MULTILINE), said
    daemon.kill()
    daemon.start()
    assert cloud.post_tap(post, "confirm") == 200
    assert cloud.post_tap(post, "cancel") == 200
    assert replies(daemon) == {"confirm": 1, "change": 1, "cancel": 1}
    daemon.quiet()
    assert len(cloud.posts) == 2, "nothing is answered"


def test_a_tap_is_of_our_own_messages_only(reminded, cloud):
    daemon, post = reminded
    booking = cloud.accepted[0]
    stranger = cloud.tap_value(post, "confirm")
    stranger["metadata"]["phone_number_id"] = "999999999999999"
    invented = "c1.7ZZZZZZZZZZZZZZZZZZZZZZZZZ.ok"
    values = [stranger, cloud.tap_value(post, "confirm", payload=invented),
              cloud.tap_value(booking, "confirm", payload=f"c1.{booking.echo[3:]}.ok"),  # it was sent without replies
              *(cloud.tap_value(post, "confirm", payload=p) for p in
                ("", "c1", f"c1.{post.echo[3:]}", f"c1.{post.echo[3:]}.no", f"c2.{post.echo[3:]}.ok", "x" * 256))]
    assert cloud.post_values(values) == 200
    assert replies(daemon) == {"confirm": 0, "change": 0, "cancel": 0}
    assert cloud.post_tap(post, "confirm") == 200
    assert replies(daemon)["confirm"] == 1


def test_a_tap_proves_that_a_lost_send_arrived(make_daemon, cloud, tmp_path):
    daemon = make_daemon(feeds=tenant(tmp_path, AT_ONCE)).start()
    People(daemon).book("F1", now() + 30 * DAY)
    until(lambda: len(cloud.accepted) == 1, "the notice of the booking")
    cloud.plan("drop_after")
    assert later(daemon, FIRST_REMINDER) == 1
    until(lambda: len(notices(daemon, f"state = {CHECKING}")) == 1, "the lost answer")
    assert cloud.fired == ["drop_after"]
    assert cloud.post_tap(cloud.accepted[1], "confirm") == 200
    until(lambda: len(notices(daemon, f"state = {ACCEPTED} AND before_ms > 0")) == 1, "the proof")
    assert replies(daemon)["confirm"] == 1 and len(cloud.posts) == 2


def test_a_tap_on_the_simulated_phone(make_daemon, tmp_path):
    """`serve --simulate`: the phone of the sandbox is tapped, and its webhook comes in."""
    daemon = make_daemon(feeds=tenant(tmp_path, AT_ONCE, ("stories.yaml", "template: visit_update", "template: visit_reminder")))
    text = daemon.settings_file.read_text()
    daemon.settings_file.write_text(re.sub(r'phone_number_id: "\d+"', 'phone_number_id: "0"', text))
    daemon.start(words=("--simulate",))
    phone, = until(lambda: [int(found[1]) for found in map(re.compile(r"phone http://127\.0\.0\.1:(\d+)/").match, daemon.said) if found],
                   "the address of the phone")
    People(daemon).book("F1", now() + 30 * DAY)
    until(lambda: len(notices(daemon, f"state = {ACCEPTED}")) == 1, "the notice")
    with daemon.store() as store:
        (echo,), = store.execute("SELECT echo FROM attempt")

    def tap(word):
        connection = http.client.HTTPConnection("127.0.0.1", phone, timeout=60)
        connection.request("POST", "/__tap", json.dumps({"echo": echo, "reply": word}), {"Content-Type": "application/json"})
        status = connection.getresponse().status
        connection.close()
        return status
    assert [tap(word) for word in ("confirm", "confirm", "yes")] == [200, 200, 404]
    until(lambda: replies(daemon)["confirm"] == 1, "the tap")
    until(lambda: counted(daemon, "confirm") == 1, "the metric")


# -- resend_unknown_after -------------------------------------------------------------------------------


def lose(daemon, cloud, send):
    """A notice that WhatsApp took, and whose answer was lost."""
    cloud.plan("drop_after")
    send()
    until(lambda: len(notices(daemon, f"state = {CHECKING}")) == 1, "the lost answer")
    assert cloud.fired == ["drop_after"]
    return cloud.accepted[-1]


def hear(daemon, cloud, people, order):
    """Another patient's notice goes and comes back delivered: webhooks arrive, so a proof would have."""
    before = len(cloud.accepted)
    people.result(order, patient="1003", phone=LATER)
    until(lambda: len(cloud.accepted) == before + 1, "another notice")
    assert cloud.post_status(cloud.accepted[-1], "delivered") == 200


def posts_to(cloud, phone):
    return [post for post in cloud.posts if post.to == phone]


@pytest.fixture
def resends(make_daemon, tmp_path):
    daemon = make_daemon(feeds=tenant(tmp_path, AT_ONCE, NO_WINDOW, RESEND)).start()
    return daemon, People(daemon)


def test_sent_again_once_with_the_same_link(resends, cloud):
    daemon, people = resends
    first = lose(daemon, cloud, lambda: people.result("L1"))
    hear(daemon, cloud, people, "L2")
    assert len(posts_to(cloud, FIRST)) == 1, "ten minutes have not passed"
    cloud.plan("drop_after")  # the second answer is lost, too
    assert later(daemon, TEN_MINUTES) == 1
    until(lambda: len(posts_to(cloud, FIRST)) == 2, "the second copy")
    until(lambda: len(notices(daemon, f"state = {CHECKING}")) == 1, "its lost answer")
    assert cloud.fired == ["drop_after"] * 2
    again = posts_to(cloud, FIRST)[1]
    assert again.token == first.token and again.echo != first.echo
    hear(daemon, cloud, people, "L3")
    assert later(daemon, TEN_MINUTES) == 2
    hear(daemon, cloud, people, "L4")
    assert len(posts_to(cloud, FIRST)) == 2, "a third copy"
    assert cloud.post_status(first, "delivered") == 200
    daemon.settled(acked=4, notified=4, pending=0)
    assert len(posts_to(cloud, FIRST)) == 2


def test_not_as_long_as_no_webhook_came(resends, cloud):
    """The line of the proofs may be down itself."""
    daemon, people = resends
    lose(daemon, cloud, lambda: people.result("L1"))
    assert later(daemon, TEN_MINUTES) == 1
    people.result("L2", patient="1003", phone=LATER)
    until(lambda: len(posts_to(cloud, LATER)) == 1, "another notice")
    settle(daemon, 2)
    daemon.restart()
    assert len(posts_to(cloud, FIRST)) == 1
    assert len(notices(daemon, f"state = {CHECKING}")) == 1


def test_not_when_the_proof_came(resends, cloud):
    daemon, people = resends
    first = lose(daemon, cloud, lambda: people.result("L1"))
    assert cloud.post_status(first, "delivered") == 200
    hear(daemon, cloud, people, "L2")
    later(daemon, TEN_MINUTES)
    daemon.settled(acked=2, notified=2, pending=0)
    assert len(posts_to(cloud, FIRST)) == 1


def test_not_of_another_template(resends, cloud):
    daemon, people = resends
    lose(daemon, cloud, lambda: people.book("F1", now() + 30 * DAY))
    hear(daemon, cloud, people, "L2")
    assert later(daemon, TEN_MINUTES) == 1
    hear(daemon, cloud, people, "L3")
    assert len(posts_to(cloud, FIRST)) == 1
    assert len(notices(daemon, f"state = {CHECKING}")) == 1


def test_sent_again_to_the_newest_number_or_to_none(resends, cloud):
    daemon, people = resends
    lose(daemon, cloud, lambda: people.result("L1"))
    people.update(phone=SECOND)
    hear(daemon, cloud, people, "L2")
    assert later(daemon, TEN_MINUTES) == 1
    until(lambda: len(posts_to(cloud, SECOND)) == 1, "the second copy, at the new number")
    assert len(posts_to(cloud, FIRST)) == 1


# -- ttl --------------------------------------------------------------------------------------------------


def test_ttl(make_daemon, cloud, tmp_path):
    """What has not left so long after it was due is stale."""
    daemon = make_daemon(feeds=tenant(tmp_path, AT_ONCE, TTL)).start()
    people = People(daemon)
    people.result("L1")
    (_, _, _, due, expires), = until(lambda: notices(daemon, "state = 1"), "the notice in its window")
    assert expires - due == 30000
    assert later(daemon, "UPDATE notice SET expires_ms = 1 + expires_ms - due_ms, due_ms = 1") == 1
    balance = daemon.settled(acked=1, pending=0)
    assert balance["recorded"] == 1 and cloud.posts == []
    assert [row[1] for row in notices(daemon, f"state = {WITHDRAWN}")] == ["stale"]
    people.result("L2")
    until(lambda: notices(daemon, "state = 1"), "the next notice in its window")
    assert later(daemon, f"UPDATE notice SET due_ms = {now() * 1000}, expires_ms = {(now() + 3600) * 1000} WHERE state = 1") == 1
    until(lambda: sent(cloud) == [("result_ready", FIRST)], "the notice that was in time")
