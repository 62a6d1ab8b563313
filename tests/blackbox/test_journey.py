"""From the EHR to the portal: every step over real sockets, each effect exactly once."""
import json
import re
import urllib.parse

import pytest

from harness import samples
from harness.daemon import until
from harness.mllp import Ack, Connection


def redirect_code(headers):
    """The one-time code in the redirect to the portal."""
    place = urllib.parse.urlsplit(headers["location"])
    assert f"{place.scheme}://{place.netloc}{place.path}" == "https://portal.example.org/open", headers["location"]
    query = urllib.parse.parse_qs(place.query)
    assert list(query) == ["code"], "the redirect carries more than the code"
    assert len(query["code"][0]) >= 22
    return query["code"][0]


def post_link(daemon, path):
    """What pressing the button does."""
    return daemon.http("link", "POST", path, "", {"Content-Type": "application/x-www-form-urlencoded"})


def follow_link(daemon, post, wanted):
    """GET twice, POST, redeem, and everything again: only the first POST and the first redeem give something."""
    path = "/l/" + post.token
    first, unknown = daemon.http("link", "GET", path), daemon.http("link", "GET", "/l/" + "A" * len(post.token))
    assert first[0] == 200
    same = [{k: v for k, v in answer[1].items() if k != "date"} for answer in (first, unknown)]
    assert same[0] == same[1] and first[2].replace(post.token.encode(), b"") == unknown[2].replace(
        b"A" * len(post.token), b""), "GET tells a live token from an unknown one"
    assert daemon.http("link", "HEAD", path)[0] == 200
    assert daemon.http("link", "GET", path)[2] == first[2]
    assert b"<script" not in first[2].lower()
    for name, value in {"cache-control": "no-store", "referrer-policy": "no-referrer"}.items():
        assert first[1][name] == value
    assert "noindex" in first[1]["x-robots-tag"]
    assert "default-src 'none'" in first[1]["content-security-policy"]

    status, headers, _ = post_link(daemon, path)
    assert status == 303, status
    code = redirect_code(headers)
    assert daemon.redeem(code, token="wrong")[0] == 401
    status, target = daemon.redeem(code)
    assert status == 200
    assert {part: target[part]["identifier"] for part in wanted} == wanted
    assert set(target) == {"patient", "resource", "purpose"}, target
    assert daemon.redeem(code)[0] == 404, "a code works twice"
    dead = [post_link(daemon, p) for p in (path, "/l/" + "A" * len(post.token))]
    assert [d[0] for d in dead] == [404, 404] and dead[0][2] == dead[1][2], "POST tells a used token from an unknown one"
    used = daemon.http("link", "GET", path)
    assert used[0] == 200 and used[2] == first[2], "GET tells a used token from a live one"


def test_hl7_booking_to_portal(daemon, cloud):
    message = samples.booking(1)
    with Connection(daemon.ports["mllp"]) as mllp:
        ack = Ack(mllp.ask(message.encode()))
    assert (ack.code, ack.control_id) == ("AA", message["MSH-10"].encode())
    daemon.settled(acked=1, notified=1)
    post, = cloud.accepted
    assert post.to == samples.phone(1)
    assert re.match(r"^[A-Za-z0-9_-]{43}$", post.token), "a token of 256 bits"
    for status in ("sent", "delivered", "read"):
        assert cloud.post_status(post, status) == 200
    follow_link(daemon, post, {"patient": message["PID-3.1"], "resource": samples.appointment_number(message)})
    assert daemon.settled()["balanced"]
    assert len(cloud.posts) == 1


def test_fhir_booking_to_portal(daemon, cloud):
    bundle = samples.fhir_booking(7)
    status, headers, answer = daemon.fhir("POST", "Bundle", bundle)
    assert status in (200, 201), answer
    assert headers["content-type"].startswith("application/fhir+json")
    daemon.settled(acked=1, notified=1)
    post, = cloud.accepted
    assert post.to == samples.phone(7)
    follow_link(daemon, post, {"patient": samples.fhir_patient_number(bundle),
                               "resource": samples.fhir_appointment_number(bundle)})


def test_same_event_from_both_standards_is_one_notice_template(daemon, cloud):
    with Connection(daemon.ports["mllp"]) as mllp:
        assert Ack(mllp.ask(samples.booking(11).encode())).code == "AA"
    assert daemon.fhir("POST", "Bundle", samples.fhir_booking(12))[0] in (200, 201)
    daemon.settled(acked=2, notified=2)
    assert len({p.template for p in cloud.accepted}) == 1


def test_resend_gets_the_same_bytes_and_no_second_effect(daemon, cloud):
    message = samples.booking(3).encode()
    with Connection(daemon.ports["mllp"]) as mllp:
        first = mllp.ask(message)
        assert mllp.ask(message) == first
    with Connection(daemon.ports["mllp"]) as other:
        assert other.ask(message) == first
    daemon.settled(acked=3, notified=1, duplicate=2)
    daemon.restart()
    with Connection(daemon.ports["mllp"]) as mllp:
        assert mllp.ask(message) == first, "the answer changed over a restart"
        restamped = samples.booking(3).with_(MSH_7="20261121235959+0800").encode()
        assert mllp.ask(restamped) == first, "a resend with a new MSH-7 is the same message"
    daemon.settled(acked=5, notified=1, duplicate=4)
    assert len(cloud.posts) == 1


def test_same_control_id_other_body_is_a_new_message(daemon, cloud):
    with Connection(daemon.ports["mllp"]) as mllp:
        first = mllp.ask(samples.booking(4).encode())
        other = samples.booking(5).with_(MSH_10=samples.booking(4)["MSH-10"]).encode()
        second = mllp.ask(other)
    assert Ack(first).code == Ack(second).code == "AA" and first != second
    daemon.settled(acked=2, notified=2, duplicate=0)


def test_fhir_resend(daemon, cloud):
    bundle = json.dumps(samples.fhir_booking(6)).encode()
    first = daemon.fhir("POST", "Bundle", bundle)
    second = daemon.fhir("POST", "Bundle", bundle)
    assert first[0] in (200, 201) and second[0] == first[0] and second[2] == first[2]
    daemon.settled(acked=2, notified=1, duplicate=1)
    assert len(cloud.posts) == 1


def test_moved_and_cancelled_are_told_once_each(daemon, cloud):
    booked = samples.booking(8)
    with Connection(daemon.ports["mllp"]) as mllp:
        for n, message in enumerate((booked, samples.moved(booked), samples.cancelled(booked)), 1):
            assert Ack(mllp.ask(message.encode())).code == "AA"
            daemon.settled(acked=n, notified=n)
    assert len(cloud.accepted) == 3
    assert len({p.token for p in cloud.accepted}) == 3, "a link is used for two notices"


def test_a_cancelled_appointment_revokes_the_link(daemon, cloud):
    booked = samples.booking(9)
    with Connection(daemon.ports["mllp"]) as mllp:
        mllp.ask(booked.encode())
        daemon.settled(notified=1)
        mllp.ask(samples.cancelled(booked).encode())
        daemon.settled(notified=2)
    status, headers, _ = post_link(daemon, "/l/" + cloud.accepted[0].token)
    assert status == 404 and "location" not in headers, "the link of a booking that is no more still opens"


def test_result_ready(daemon, cloud):
    with Connection(daemon.ports["mllp"]) as mllp:
        assert Ack(mllp.ask(samples.result(21).encode())).code == "AA"
        until(lambda: daemon.ledger()["pending"] in (0, 1), "the result to be mapped")
    assert daemon.ledger()["acked"] == 1


def test_restart_in_the_middle(make_daemon, cloud):
    """SIGTERM while the Cloud API is slow: nothing lost, nothing sent twice."""
    daemon = make_daemon().start()
    cloud.plan("delay", n=3, seconds=0.3)
    with Connection(daemon.ports["mllp"]) as mllp:
        for n in range(30, 40):
            assert Ack(mllp.ask(samples.booking(n).encode())).code == "AA"
    until(lambda: cloud.posts, "the first send")
    assert daemon.terminate() == 0
    daemon.start()
    cloud.statuses = ("delivered",)
    for post in cloud.accepted:
        cloud.post_status(post, "delivered")
    daemon.settled(acked=10, notified=10)
    assert set(cloud.accepts_by(lambda p: p.to).values()) == {1}
    assert len(cloud.accepts_by(lambda p: p.to)) == 10


@pytest.mark.parametrize("code", [130429, 2, 131016, 131056])
def test_a_temporary_refusal_is_tried_again(make_daemon, cloud, code):
    """Graph said in so many words that it did not take it: one more POST, one accept."""
    daemon = make_daemon(settings="send:\n  retry_first: 100ms\n  retry_most: 500ms").start()
    cloud.plan("code", code=code, status=400)
    with Connection(daemon.ports["mllp"]) as mllp:
        assert Ack(mllp.ask(samples.booking(41).encode())).code == "AA"
    daemon.settled(acked=1, notified=1)
    assert cloud.fired == ["code"] and len(cloud.posts) == 2 and len(cloud.accepted) == 1


def test_a_final_refusal_is_held_and_not_repeated(daemon, cloud):
    cloud.plan("code", code=131026, status=400)
    with Connection(daemon.ports["mllp"]) as mllp:
        assert Ack(mllp.ask(samples.booking(42).encode())).code == "AA"
    balance = daemon.settled(acked=1)
    assert cloud.fired == ["code"] and len(cloud.posts) == 1 and balance["notified"] == 0
    assert balance["held"] + balance["rejected"] == 1


@pytest.mark.parametrize("fault", [("drop_before", {}), ("status", {"status": 502}), ("status", {"status": 200}),
                                   ("code", {"status": 500, "code": 131000}), ("code", {"status": 400, "code": 131000}),
                                   ("code", {"status": 503, "code": 2})],
                         ids=["reset", "502 without a Graph error", "200 without an id", "131000 with 500", "131000 with 400",
                              "2 with 503"])
def test_a_lost_answer_is_never_sent_again(daemon, cloud, fault):
    cloud.plan(fault[0], **fault[1])
    with Connection(daemon.ports["mllp"]) as mllp:
        assert Ack(mllp.ask(samples.booking(43).encode())).code == "AA"
        until(lambda: cloud.fired, "the fault")
        assert Ack(mllp.ask(samples.booking(44).encode())).code == "AA"
    until(lambda: cloud.accepted, "the next notice to pass")
    daemon.restart()
    balance = daemon.ledger()
    assert balance["notified"] == 1 and balance["pending"] == 1, balance
    assert [p.to for p in cloud.accepted] == [samples.phone(44)]
    assert len(cloud.posts) == 2
