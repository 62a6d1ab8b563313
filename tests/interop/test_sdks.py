"""SDKs of the Cloud API that others wrote: they accept every send the daemon makes and agree on signatures."""
import base64
import http.client
import json
import os
import pathlib
import shutil
import socket
import subprocess

import pytest

from harness import samples
from harness.cloud import sign, wire
from harness.daemon import LONG, ROOT, until
from harness.mllp import Ack, Connection

INTEROP = pathlib.Path(__file__).resolve().parent
MOCK = ROOT.parent / "shared/peers/wa-mock.mjs"
pytestmark = pytest.mark.skipif(not (INTEROP / "node_modules/@kapso").is_dir() or not shutil.which("node"),
                                reason="node >= 20.19 with the packages of tests/interop is not here")


def judge(questions):
    done = subprocess.run(["node", "sdk_judge.mjs"], cwd=INTEROP, input="".join(json.dumps(q) + "\n" for q in questions),
                          capture_output=True, text=True, timeout=LONG)
    assert done.returncode == 0, done.stderr[-2000:]
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == len(questions)
    return answers


def send_all(daemon, n=5):
    """Bookings, changes and every demo sample: what the daemon says in each of its templates and languages."""
    count = 0
    with Connection(daemon.ports["mllp"]) as mllp:
        for k in range(n):
            booked = samples.booking(k)
            for message in (booked, samples.moved(booked), samples.cancelled(booked)):
                assert Ack(mllp.ask(message.encode())).code == "AA"
                daemon.quiet()
                count += 1
        for k, text in enumerate(samples.hl7_texts().values(), 100):
            assert Ack(mllp.ask(samples.renumber(samples.Message(text), k, "S").encode())).code == "AA"
    for k, resource in enumerate(samples.fhir_resources().values(), 200):
        assert daemon.fhir("POST", "Bundle", samples.renumber_fhir(resource, k))[0] in (200, 201)
    daemon.quiet()
    return count


def test_both_sdks_accept_every_send(daemon, cloud):
    wanted = send_all(daemon)
    posts = cloud.accepted
    assert len(posts) >= wanted
    judged = judge([{"send": p.raw.decode()} for p in posts])
    assert [a for a in judged if a["faults"]] == []
    kinds = {(p.template, p.body["template"]["language"]["code"]) for p in posts}
    print(f"\nsdks: {len(posts)} sends judged, templates {sorted(kinds)}")


def test_the_judge_can_say_no(daemon, cloud):
    send_all(daemon, n=1)
    body = cloud.accepted[0].body
    broken = json.loads(json.dumps(body))
    broken["template"]["components"][-1]["parameters"] = []
    assert judge([{"send": json.dumps(broken)}])[0]["faults"]


def test_all_agree_on_signatures(daemon, cloud):
    """Two SDKs and the daemon say yes and no to the same webhooks."""
    send_all(daemon, n=1)
    post = cloud.accepted[0]
    questions, ours = [], []
    for status in ("sent", "delivered", "read", "failed"):
        raw = wire({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [
            {"field": "messages", "value": cloud.status_value(post, status)}]}]})
        good = sign(cloud.app_secret, raw)
        wrong = good[:-1] + ("0" if good[-1] != "0" else "1")
        for signature in (good, wrong, sign("another secret", raw)):
            questions.append({"webhook": base64.b64encode(raw).decode(), "signature": signature, "secret": cloud.app_secret})
            ours.append(cloud.post_raw(raw, signature) == 200)
    answers = judge(questions)
    assert [a["kapso"] for a in answers] == ours
    assert [a["other"] for a in answers] == ours
    assert any(ours) and not all(ours)


@pytest.fixture
def mock_port():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


@pytest.mark.skipif(not MOCK.is_file(), reason="no ../shared/peers/wa-mock.mjs")
def test_against_the_shared_mock(make_daemon, cloud, mock_port, tmp_path):
    """The mock of ../shared/peers in the place of Graph: it judges sends with the SDKs and posts statuses out of order."""
    shutil.copy(MOCK, tmp_path / "wa-mock.mjs")
    (tmp_path / "node_modules").symlink_to(INTEROP / "node_modules")
    daemon = make_daemon()
    text = daemon.settings_file.read_text()
    daemon.settings_file.write_text(text.replace(cloud.graph, f"http://127.0.0.1:{mock_port}/v25.0"))
    daemon.start()
    mock = subprocess.Popen(["node", "wa-mock.mjs"], cwd=tmp_path, stdout=subprocess.PIPE, text=True, env=dict(
        os.environ, PORT=str(mock_port), SECRET=cloud.app_secret, PHONE_ID=cloud.phone_number_id,
        HOOK=f"http://127.0.0.1:{daemon.ports['webhook']}/webhook"))
    try:
        assert mock.stdout.readline().startswith("wa-mock")
        with Connection(daemon.ports["mllp"]) as mllp:
            for n in range(20):
                assert Ack(mllp.ask(samples.booking(n).encode())).code == "AA"
        daemon.settled(acked=20, notified=20)
        sent = until(lambda: fetch(mock_port), "the mock's list")
        assert sorted(s["to"] for s in sent) == sorted(samples.phone(n) for n in range(20))
    finally:
        mock.terminate()
        hooks = [line for line in mock.communicate(timeout=LONG)[0].splitlines() if line.startswith("hook")]
    assert hooks and all(line.endswith("-> 200") for line in hooks), hooks[:5]


def fetch(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LONG)
    connection.request("GET", "/__sent")
    return json.loads(connection.getresponse().read())
