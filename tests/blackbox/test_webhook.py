"""Status webhooks: handshake, signatures on raw bytes, any order and multiplicity."""
import itertools
import json

import pytest

from harness import samples
from harness.cloud import sign, wire
from harness.daemon import until
from harness.mllp import Ack, Connection


def one_notice(daemon, cloud):
    """Sends one booking and gives back the POST the Cloud API accepted."""
    with Connection(daemon.ports["mllp"]) as mllp:
        assert Ack(mllp.ask(samples.booking(1).encode())).code == "AA"
    daemon.settled(notified=1)
    assert len(cloud.accepted) == 1
    return cloud.accepted[0]


def test_handshake(daemon, cloud):
    assert cloud.handshake(daemon.verify_token, "4711") == (200, b"4711")
    status, body = cloud.handshake("wrong")
    assert status == 403 and b"1158201444" not in body
    status, body = cloud.handshake("")
    assert status == 403 and b"1158201444" not in body


def test_signature_is_judged_on_raw_bytes(daemon, cloud):
    post = one_notice(daemon, cloud)
    raw = wire({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [
        {"field": "messages", "value": cloud.status_value(post, "delivered")}]}]})
    good = sign(cloud.app_secret, raw)
    assert cloud.post_raw(raw, good) == 200
    flipped = raw.replace(b"delivered", b"delivereD")
    assert flipped != raw
    for body, signature in [(flipped, good), (raw, None), (raw, ""), (raw, good[:-1]), (raw, good[7:]),
                            (raw, good.replace("sha256", "sha1")), (raw, sign("other secret", raw)),
                            (raw.replace(b"\\/", b"/") + b" ", good)]:
        assert cloud.post_raw(body, signature) == 401, signature
    reencoded = json.dumps(json.loads(raw)).encode()
    assert cloud.post_raw(reencoded, sign(cloud.app_secret, reencoded)) == 200


def test_authentic_but_unreadable_is_not_sent_again(daemon, cloud):
    for raw in (b"", b"{", b"[]", b"null", b'{"object":"page"}', b'{"entry":{}}',
                b'{"object":"whatsapp_business_account","entry":[{"changes":[{"field":"security","value":{}}]}]}'):
        assert cloud.post_raw(raw, sign(cloud.app_secret, raw)) == 200, raw
    daemon.assert_alive()


def test_larger_than_the_limit(daemon, cloud):
    raw = b'{"pad":"' + b"x" * (64 * 1024 * 1024) + b'"}'
    assert cloud.post_raw(raw, sign(cloud.app_secret, raw)) in (413, None)
    daemon.assert_alive()
    assert cloud.handshake(daemon.verify_token, "1")[0] == 200


def test_a_thousand_statuses_in_one_post(daemon, cloud):
    post = one_notice(daemon, cloud)
    values = [cloud.status_value(post, s) for s in itertools.islice(itertools.cycle(["sent", "delivered", "read"]), 1000)]
    assert cloud.post_values(values) == 200
    assert daemon.settled(notified=1)["acked"] == 1


@pytest.mark.parametrize("order", [("sent", "delivered", "read"), ("read", "delivered", "sent"),
                                   ("delivered", "sent", "sent", "read", "delivered"),
                                   ("failed", "delivered"), ("delivered", "failed")],
                         ids=lambda o: ",".join(o))
def test_any_order_and_multiplicity(daemon, cloud, order):
    post = one_notice(daemon, cloud)
    for status in order:
        assert cloud.post_status(post, status, timestamp=1763700000) == 200
    balance = daemon.settled(notified=1)
    assert balance["acked"] == 1
    assert len(cloud.accepted) == 1, "a status made the daemon send again"


def test_a_status_settles_a_lost_answer(daemon, cloud):
    """The answer of the send is lost after the accept; the echo in a status proves it happened."""
    cloud.plan("drop_after")
    with Connection(daemon.ports["mllp"]) as mllp:
        assert Ack(mllp.ask(samples.booking(2).encode())).code == "AA"
    until(lambda: cloud.accepted, "the accept")
    assert cloud.fired == ["drop_after"]
    assert daemon.ledger()["pending"] == 1, "an unknown outcome is neither sent nor failed"
    assert cloud.post_status(cloud.accepted[0], "delivered") == 200
    daemon.settled(notified=1)
    assert len(cloud.posts) == 1, "an unknown outcome was sent again"


def test_statuses_of_others_are_left_alone(daemon, cloud):
    post = one_notice(daemon, cloud)
    value = cloud.status_value(post, "failed")
    value["metadata"]["phone_number_id"] = "999999999999999"
    assert cloud.post_values([value]) == 200
    stranger = cloud.status_value(post, "failed", echo=False)
    stranger["statuses"][0]["id"] = "wamid.unknown"
    assert cloud.post_values([stranger]) == 200
    assert daemon.settled(notified=1)["held"] == 0
