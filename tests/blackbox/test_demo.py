"""`tidings demo --once`: what a visitor sees first, with and without --json; and the words of the command line."""
import json
import os
import re
import signal
import subprocess

import pytest

from harness.daemon import LONG, ROOT, release_program, until

PLAY = ROOT / "mappings/demo/demo.play"
FIGURES = ("acked", "notified", "recorded", "dropped", "held", "rejected", "duplicate", "pending")


def tidings(*words, **more):
    return subprocess.run([release_program(), *words], capture_output=True, text=True, timeout=LONG, **more)


def rows():
    """(file, outcome, words) of each line of the demo's script."""
    lines = [line for line in PLAY.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    return [tuple(part.strip() for part in line.split("|")) for line in lines]


def assert_played(text):
    """One line for each row, in its order, with its outcome and words; and the sum under them."""
    played = [line for line in text.splitlines() if line.startswith("-> ")]
    assert len(played) == len(rows()) > 10, text
    for line, (file, outcome, words) in zip(played, rows()):
        kind, _, reason = outcome.partition(" ")
        assert re.search(rf"<- \w+ +{kind}\b", line) and reason in line and line.endswith(words), (file, line)
    assert f"{len(played)} messages played, 0 not as expected; " in text and "none twice: yes" in text, text
    assert "NOT AS EXPECTED" not in text


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
    assert_played(done.stdout)
    assert os.listdir(elsewhere["env"]["TMPDIR"]) == [], "something was left behind"


def test_once_json(elsewhere):
    done = tidings("demo", "--once", "--json", **elsewhere)
    assert done.returncode == 0, done.stdout + done.stderr
    assert_played(done.stderr)
    balance = balance_of(done.stdout)
    assert balance["pending"] == 0
    for figure in ("notified", "dropped", "held", "rejected", "recorded", "duplicate"):
        played = sum(outcome.split()[0] == figure for _, outcome, _ in rows())
        assert balance[figure] == played, (figure, balance)


def test_twice_at_once_and_anywhere(elsewhere):
    """Free ports and a state of its own: two demos do not meet."""
    both = [subprocess.Popen([release_program(), "demo", "--once", "--json"], stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, text=True, **elsewhere) for _ in range(2)]
    balances = [balance_of(p.communicate(timeout=LONG)[0].splitlines()[-1]) for p in both]
    assert [p.returncode for p in both] == [0, 0]
    assert balances[0] == balances[1]


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGINT, signal.SIGTERM], ids=lambda s: s.name)
@pytest.mark.parametrize("words", ["phone http", "Open the phone"], ids=["while it plays", "when it waits"])
def test_stays_up_until_it_is_told(elsewhere, number, words):
    """Whatever tells it, and whenever: it ends with 0 and leaves nothing behind."""
    with open(elsewhere["cwd"] / "out", "w+") as out:
        demo = subprocess.Popen([release_program(), "demo"], stdout=out, stderr=subprocess.STDOUT, **elsewhere)
        try:
            def shown():
                assert demo.poll() is None, "the demo ended by itself"
                return words in (elsewhere["cwd"] / "out").read_text()
            until(shown, words)
            assert len(os.listdir(elsewhere["env"]["TMPDIR"])) == 1, "no temporary folder: nothing to leave behind"
        finally:
            demo.send_signal(number)
        assert demo.wait(LONG) == 0
    assert os.listdir(elsewhere["env"]["TMPDIR"]) == []


@pytest.mark.parametrize("words,code", [((), 2), (("nonsense",), 2), (("serve", "--nonsense"), 2), (("demo", "--port", "x"), 2),
                                        (("send",), 2), (("send", "no-such-file", "--to", "127.0.0.1:1"), 2),
                                        (("ledger", "-c", "/nonexistent.yaml"), 2), (("--help",), 0), (("help",), 0),
                                        (("demo", "x"), 2), (("serve", "extra"), 2), (("ledger", "foo"), 2),
                                        (("status", "foo"), 2), (("version", "foo"), 2), (("settings", "foo"), 2),
                                        (("keys",), 2), (("keys", "nonsense"), 2), (("keys", "init", "foo"), 2),
                                        (("explain",), 2), (("explain", "a", "b", "c"), 2),
                                        (("serve", "--help"), 0), (("demo", "-h"), 0), (("version",), 0)],
                         ids=lambda v: " ".join(v) if isinstance(v, tuple) and all(isinstance(w, str) for w in v) else str(v))
def test_words_and_codes(elsewhere, words, code):
    done = tidings(*words, **elsewhere)
    assert done.returncode in (code if isinstance(code, tuple) else (code,)), done.stdout + done.stderr
    if done.returncode == 0:
        assert done.stdout and not done.stderr
    else:
        assert done.stderr, "an error without a word on stderr"


@pytest.mark.parametrize("command", ["demo", "serve", "check", "test", "explain", "send", "status", "ledger", "keys",
                                     "settings", "version"])
def test_an_unknown_option_of_each_command(elsewhere, command):
    """One nobody has, and one that only others have."""
    others = "--to=127.0.0.1:1" if command != "send" else "--once"
    for option in ("--nonsense", "-x", "--json=1", others):
        done = tidings(command, option, **elsewhere)
        assert done.returncode == 2 and done.stderr and not done.stdout, (option, done.stdout, done.stderr)
    assert os.listdir(elsewhere["env"]["TMPDIR"]) == []


def test_a_near_miss_gets_a_suggestion(elsewhere):
    assert "serve" in tidings("serv", **elsewhere).stderr


def test_nobody_there(elsewhere, tmp_path):
    (tmp_path / "m.hl7").write_text("MSH|^~\\&|A|B|C|D|20261121||SIU^S12|1|P|2.5.1\r")
    done = tidings("send", "m.hl7", "--to", "127.0.0.1:1", **elsewhere)
    assert done.returncode == 3, done.stderr
