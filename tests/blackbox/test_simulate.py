"""`tidings serve --simulate`: a tenant that `init` made, the real daemon, and a phone on this machine."""
import json
import os
import re
import signal
import subprocess
import urllib.request

import pytest

from harness.daemon import LONG, ROOT, release_program, until

SAMPLES = ROOT / "fixtures/tutorial"
SITES = """NGH:
  zone: Australia/Sydney
  country: AU
  language: en
  name: {en: North Clinic, zh-TW: 北區診所}
"""


def tidings(*words, **more):
    return subprocess.run([release_program(), *words], capture_output=True, text=True, timeout=LONG, **more)


@pytest.fixture
def tenant(tmp_path):
    """A folder as the tutorial has it, on free ports."""
    north = tmp_path / "north"
    made = tidings("init", str(north), "--from", str(SAMPLES / "from-his"), "--set", "country=AU")
    assert made.returncode == 0, made.stderr
    (north / "sites.yaml").write_text(SITES, encoding="utf-8")
    settings = north / "tidings.yaml"
    settings.write_text(re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:0", settings.read_text("utf-8")), encoding="utf-8")
    keys = tidings("keys", "init", "-c", str(settings))
    assert keys.returncode == 0, keys.stderr
    (tmp_path / "tmp").mkdir()
    return north


def environment(tenant):
    return dict(os.environ, TMPDIR=str(tenant.parent / "tmp"))


def phone(url):
    with urllib.request.urlopen(url + ".json", timeout=LONG) as answer:
        return json.load(answer)["messages"]


def test_a_booking_reaches_the_phone(tenant):
    log = tenant.parent / "log"
    with open(log, "wb") as to:
        daemon = subprocess.Popen([release_program(), "serve", "-c", str(tenant / "tidings.yaml"), "--simulate"],
                                  stdout=subprocess.PIPE, stderr=to, text=True, env=environment(tenant))
    try:
        assert "nothing leaves this machine" in daemon.stdout.readline(), log.read_text("utf-8")
        url = re.fullmatch(r"phone (http://127\.0\.0\.1:\d+/phone)\n", daemon.stdout.readline())[1]
        port = re.search(r"listen mllp 127\.0\.0\.1:(\d+) ", log.read_text("utf-8"))[1]
        sent = tidings("send", str(SAMPLES / "today/1-booking.hl7"), "--to", f"127.0.0.1:{port}", "--shift")
        assert sent.returncode == 0, sent.stdout
        until(lambda: phone(url), "a message on the phone")
        until(lambda: phone(url)[0]["delivery"] == "delivered", "its webhooks")
        message, = phone(url)
        assert message["template"] == "visit_update" and "North Clinic" in message["text"]
        with urllib.request.urlopen(message["button"]["url"], timeout=LONG) as page:
            assert page.status == 200
    finally:
        daemon.send_signal(signal.SIGTERM)
        assert daemon.wait(LONG) == 0
        daemon.stdout.close()
    assert os.listdir(environment(tenant)["TMPDIR"]) == [], "something was left behind"


def test_a_number_that_sends_is_not_simulated(tenant):
    settings = tenant / "tidings.yaml"
    settings.write_text(settings.read_text("utf-8").replace('phone_number_id: "0"', 'phone_number_id: "15"'), encoding="utf-8")
    done = tidings("serve", "-c", str(settings), "--simulate", env=environment(tenant))
    assert done.returncode == 78 and "--simulate is for settings with" in done.stderr, done.stderr
    assert not (tenant / "var").exists() and os.listdir(environment(tenant)["TMPDIR"]) == []
