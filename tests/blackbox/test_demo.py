"""`tidings demo --once`: what a visitor sees first, with and without --json; and the words of the command line."""
import json
import os
import re
import subprocess

import pytest

from harness.daemon import LONG, release_program, until

FIGURES = ("acked", "notified", "recorded", "dropped", "held", "rejected", "duplicate", "pending")


def tidings(*words, **more):
    return subprocess.run([release_program(), *words], capture_output=True, text=True, timeout=LONG, **more)


@pytest.fixture
def elsewhere(tmp_path):
    """An empty folder to run in, with a temporary folder of its own."""
    (tmp_path / "tmp").mkdir()
    return {"cwd": tmp_path, "env": dict(os.environ, TMPDIR=str(tmp_path / "tmp"))}


def balance_of(line):
    balance = json.loads(line)
    assert set(FIGURES) | {"balanced"} <= set(balance), balance
    assert balance["balanced"] is True
    assert balance["acked"] == sum(balance[f] for f in FIGURES[1:])
    return balance


def test_once(elsewhere):
    done = tidings("demo", "--once", **elsewhere)
    assert done.returncode == 0, done.stdout + done.stderr
    for word in FIGURES:
        assert word in done.stdout
    assert re.search(r"http://127\.0\.0\.1:\d+/phone", done.stdout), "the phone's address is not shown"
    assert len(re.findall(r"<- AA|AA", done.stdout)) >= 7, "not one line for each message"
    assert os.listdir(elsewhere["env"]["TMPDIR"]) == [], "something was left behind"


def test_once_json(elsewhere):
    done = tidings("demo", "--once", "--json", **elsewhere)
    assert done.returncode == 0, done.stdout + done.stderr
    balance = balance_of(done.stdout.splitlines()[-1])
    assert balance["pending"] == 0
    for figure in ("notified", "dropped", "held"):
        assert balance[figure] > 0, f"the demo shows nothing {figure}"


def test_twice_at_once_and_anywhere(elsewhere):
    """Free ports and a state of its own: two demos do not meet."""
    both = [subprocess.Popen([release_program(), "demo", "--once", "--json"], stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, text=True, **elsewhere) for _ in range(2)]
    balances = [balance_of(p.communicate(timeout=LONG)[0].splitlines()[-1]) for p in both]
    assert [p.returncode for p in both] == [0, 0]
    assert balances[0] == balances[1]


def test_stays_up_until_it_is_told(elsewhere):
    with open(elsewhere["cwd"] / "out", "w+") as out:
        demo = subprocess.Popen([release_program(), "demo"], stdout=out, stderr=subprocess.STDOUT, **elsewhere)
        try:
            def phone():
                assert demo.poll() is None, "the demo ended by itself"
                return re.search(r"http://127\.0\.0\.1:(\d+)/phone", (elsewhere["cwd"] / "out").read_text())
            until(phone, "the phone's address")
        finally:
            demo.terminate()
        assert demo.wait(LONG) in (0, 130)
    assert os.listdir(elsewhere["env"]["TMPDIR"]) == []


@pytest.mark.parametrize("words,code", [((), 2), (("nonsense",), 2), (("serve", "--nonsense"), 2), (("demo", "--port", "x"), 2),
                                        (("send",), 2), (("send", "no-such-file", "--to", "127.0.0.1:1"), 2),
                                        (("ledger", "-c", "/nonexistent.yaml"), (2, 3)), (("--help",), 0), (("help",), 0),
                                        (("serve", "--help"), 0), (("demo", "-h"), 0), (("version",), 0)],
                         ids=lambda v: " ".join(v) if isinstance(v, tuple) and all(isinstance(w, str) for w in v) else str(v))
def test_words_and_codes(elsewhere, words, code):
    done = tidings(*words, **elsewhere)
    assert done.returncode in (code if isinstance(code, tuple) else (code,)), done.stdout + done.stderr
    if done.returncode == 0:
        assert done.stdout and not done.stderr
    else:
        assert done.stderr, "an error without a word on stderr"


def test_a_near_miss_gets_a_suggestion(elsewhere):
    assert "serve" in tidings("serv", **elsewhere).stderr


def test_nobody_there(elsewhere, tmp_path):
    (tmp_path / "m.hl7").write_text("MSH|^~\\&|A|B|C|D|20261121||SIU^S12|1|P|2.5.1\r")
    done = tidings("send", "m.hl7", "--to", "127.0.0.1:1", **elsewhere)
    assert done.returncode == 3, done.stderr
