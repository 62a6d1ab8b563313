"""Deviations from a real socket: who did what stands in the status, how often in the metrics, and the flight recorder
shows the structure of what came, never a value. Looking is audited."""
import json
import re
import sqlite3
import stat

import pytest

from harness import canary
from harness.daemon import until
from harness.mllp import END, START, Ack, Connection, frame

SECRET = canary.marker(1).encode()
BODY = (b"MSH|^~\\&|BENCH|NORTH|TID|CLIN|20260101||ADT^A08|%s|P|2.5.1||||||UNICODE UTF-8\r" b"PID|1||" + SECRET + b"^^^A&" + SECRET + b"~" + SECRET
        + b"\rNTE|1||%d " % canary.NUMBER + SECRET + b"\rZZ1|" + SECRET + b"|" + SECRET * 40 + b"\r")
NOTES = "receive: {peers_interval: 100ms, frame_timeout: 300ms, min_rate: 0, max_message: 16K, recorder: 64K}\n"


def body(name):
    return BODY % name.encode()


def msh(name, **fields):
    """A message whose MSH fields are changed."""
    lines = body(name).split(b"\r")
    head = lines[0].split(b"|")
    for field, value in fields.items():
        head[int(field[1:]) - 1] = value
    return b"\r".join([b"|".join(head), *lines[1:]])


# code: (bytes on a connection of their own, the codes that answer; None: closed instead)
DEVIATIONS = {
    "MLLP_PAD_BETWEEN": (lambda m: b"\r\n" + frame(m), ["AA"]),
    "MLLP_JUNK_BETWEEN": (lambda m: SECRET + frame(m), ["AA"]),
    "MLLP_SB_MISSING": (lambda m: m + END, None),
    "MLLP_SB_DOUBLED": (lambda m: START + frame(m), ["AA"]),
    "MLLP_FRAME_CUT": (lambda m: START + m[:200] + frame(m), ["AA"]),
    "MLLP_SB_IN_CONTENT": (lambda m: frame(m[:200] + START + m[200:]), ["AE"]),
    "MLLP_LF_AFTER_FS": (lambda m: frame(m) + b"\n", ["AA"]),
    "MLLP_FS_NO_CR": (lambda m: START + m + b"\x1c", ["AA"]),
    "MLLP_FS_IN_CONTENT": (lambda m: START + m + b"\x1c" + SECRET + END, ["AE"]),
    "MLLP_EMPTY": (lambda m: START + END + frame(m), ["AA"]),
    "MLLP_BOM": (lambda m: frame(b"\xef\xbb\xbf" + m), ["AA"]),
    "MLLP_LEADING_BLANK": (lambda m: frame(b" \n" + m), ["AA"]),
    "MLLP_TOO_LARGE": (lambda m: frame(m + b"NTE|1||" + SECRET * 1200 + b"\r"), ["AE", None]),
    "MLLP_FRAME_TIMEOUT": (lambda m: START + m, None),
    "MLLP_EOF_IN_FRAME": (lambda m: START + m, "shut"),
    "MLLP_R2_BYTE": (lambda m: START + b"\x06" + END + frame(m), ["AA"]),
    "HL7_EOL_LF": (lambda m: frame(m.replace(b"\r", b"\n")), ["AA"]),
    "HL7_EOL_CRLF": (lambda m: frame(m.replace(b"\r", b"\r\n")), ["AA"]),
    "HL7_NO_FINAL_CR": (lambda m: frame(m[:-1]), ["AA"]),
    "HL7_BLANK_SEGMENT": (lambda m: frame(m.replace(b"\r", b"\r\r", 1)), ["AA"]),
    "HL7_MULTI_MSH": (lambda m: frame(m + body("X1")), ["AA", "AA"]),
    "HL7_ID_REUSED": (lambda m: frame(m) + frame(m.replace(b"NTE|1|", b"NTE|2|")), ["AA", "AA"]),
    "HL7_ACKMODE_HALF": (lambda m: frame(msh("X2", f15=b"AL")), ["CA"]),
    "HL7_ACKMODE_UNKNOWN": (lambda m: frame(msh("X3", f15=b"QQ", f16=b"QQ")), ["AA"]),
    "HL7_CHARSET_ALIAS": (lambda m: frame(msh("X4", f18=b"UTF-8")), ["AA"]),
    "HL7_CHARSET_UNKNOWN": (lambda m: frame(msh("X5", f18=b"NO-SUCH")), ["AA"]),
    "HL7_CHARSET_MISMATCH": (lambda m: frame(msh("X6", f18=b"ASCII")), ["AA"]),
}
# Refusals are told like deviations: the condition, with the sender's names.
REFUSED = {
    "HL7_BAD_TYPE": (lambda m: frame(msh("Y1", f9=b"-^A08")), ["AR"]),
    "HL7_BAD_VERSION": (lambda m: frame(msh("Y2", f12=b"9.9")), ["AR"]),
    "HL7_NO_ID": (lambda m: frame(msh("Y3", f10=b"")), ["AE"]),
    "HL7_BAD_PROCESSING": (lambda m: frame(msh("Y4", f11=b"X")), ["AR"]),
    "HL7_BAD_SYNTAX": (lambda m: frame(SECRET), ["AE"]),
}
NAMELESS = {"HL7_BAD_SYNTAX"}  # and the framing: nobody's but the connection's


def deviate(port, name, how):
    """Sends it; every expected answer comes, and where none is expected the daemon closes."""
    make, answers = how
    with Connection(port) as connection:
        connection.send_raw(make(body(name)))
        if answers == "shut":
            connection.socket.shutdown(1)
        for code in answers if isinstance(answers, list) else [None]:
            raw = connection.read_frame()
            assert (raw and Ack(raw).code) == code, (name, raw)


@pytest.fixture
def deviant(make_daemon):
    """A daemon that has seen each deviation once, each on a connection of its own."""
    daemon = make_daemon(settings=NOTES + "senders:\n  - {name: bench, application: BENCH, facility: NORTH}\n").start()
    for name, how in (DEVIATIONS | REFUSED).items():
        deviate(daemon.ports["mllp"], name, how)
    return daemon


def recordings(daemon):
    """{number: code} of `tidings recorder`."""
    done = daemon.tool("recorder")
    assert done.returncode == 0, done.stderr
    return {int(line.split()[0]): line.split()[2] for line in done.stdout.splitlines() if line[:1] == " "}


def dump(daemon):
    with daemon.store() as store:
        return "\n".join(store.iterdump()).encode("utf-8", "surrogateescape")


def test_each_deviation_is_told(deviant):
    for code in DEVIATIONS:
        until(lambda: deviant.metric("tidings_deviations_total", code=code), f"{code} in the metrics")
    assert deviant.metric("tidings_deviations_total", code="MLLP_SB_IN_CONTENT") == 1, "one start byte, one deviation"
    wanted = {(code, "/" if code in NAMELESS or code.startswith("MLLP_") else "BENCH/NORTH") for code in DEVIATIONS | REFUSED}
    until(lambda: wanted <= set(deviant.senders()), f"{wanted} in the status")
    text = deviant.tool("status").stdout
    for code, names in wanted:
        assert re.search(rf"^ +\d+ x {code}  \S+Z  mllp 127\.0\.0\.1:0  {'' if names == '/' else names + '  '}127\.0\.0\.1$", text, re.M), \
            (code, text)
    rows = json.loads(deviant.tool("status", "--json").stdout)["senders"]
    assert all(row["first_ms"] <= row["last_ms"] and row["listener"] and row["address"] == "127.0.0.1" for row in rows)
    assert not canary.find(text.encode() + json.dumps(rows, ensure_ascii=False).encode() + b"".join(deviant.raw_log) + dump(deviant))


def test_recorder_shows_structure_only(make_daemon):
    """Each recording on its own: the framing, segment names and lengths are there, the values are not."""
    seen = {}
    for part in (list(DEVIATIONS)[:9], list(DEVIATIONS)[9:18], list(DEVIATIONS)[18:]):  # a receiver writes ten a minute
        daemon = make_daemon(settings=NOTES).start()
        for name in part:
            deviate(daemon.ports["mllp"], name, DEVIATIONS[name])
            until(lambda: name in recordings(daemon).values(), f"a recording of {name}")
        for number, code in recordings(daemon).items():
            done = daemon.tool("recorder", str(number))
            assert done.returncode == 0 and done.stdout.startswith(f"recording {number}, ") and f": {code} on " in done.stdout
            seen.setdefault(code, done.stdout)
        assert not canary.find(b"".join(daemon.raw_log) + dump(daemon) + audit(daemon))
        assert len(audit(daemon).splitlines()) == len(recordings(daemon))
        daemon.close()
    for code, text in seen.items():
        assert not canary.find(text.encode()), (code, text)
        assert SECRET[:4] not in text.encode() and "|ADT^A08|" in text and "\n" in text, (code, text)
        assert re.search(r"^ +\d+  PID\|9\|\|[^|]*\^\^\^A&x\(\d+\)~x\(\d+\)(<CR>|<LF>|\n)", text, re.M), (code, text)
        assert "BENCH" not in text and "NORTH" not in text, "names of the sender are values, too"
    assert "<FS><LF>" in seen["MLLP_LF_AFTER_FS"] or "<FS><CR><LF>" in seen["MLLP_LF_AFTER_FS"]
    assert "<BOM>MSH|" in seen["MLLP_BOM"] and "<SB><SB>" in seen["MLLP_SB_DOUBLED"] and "<CR><LF>" in seen["HL7_EOL_CRLF"]


def audit(daemon):
    file = daemon.state / "audit.log"
    return file.read_bytes() if file.exists() else b""


def one_recording(make_daemon):
    daemon = make_daemon(settings=NOTES).start()
    deviate(daemon.ports["mllp"], "A", DEVIATIONS["MLLP_SB_DOUBLED"])
    return daemon, next(iter(until(lambda: recordings(daemon), "a recording")))


def test_looking_is_audited(make_daemon):
    daemon, number = one_recording(make_daemon)
    assert audit(daemon) == b"", "the list shows no recording"
    for n in (1, 2):
        assert daemon.tool("recorder", str(number)).returncode == 0
        lines = audit(daemon).decode().splitlines()
        assert len(lines) == n
        assert re.match(rf"^\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{{3}}Z uid=\d+ recorder {number}$", lines[-1]), lines
    assert stat.S_IMODE((daemon.state / "audit.log").stat().st_mode) == 0o600


@pytest.mark.parametrize("obstacle", ["folder", "link"])
def test_no_audit_no_look(make_daemon, tmp_path, obstacle):
    """The line cannot be written, or would go elsewhere: nothing is shown."""
    daemon, number = one_recording(make_daemon)
    log = daemon.state / "audit.log"
    log.mkdir() if obstacle == "folder" else log.symlink_to(tmp_path / "elsewhere")
    done = daemon.tool("recorder", str(number))
    assert done.returncode not in (0, 1) and not done.stdout and "audit.log" in done.stderr, done
    assert not (tmp_path / "elsewhere").exists()


def test_what_is_not_there(make_daemon):
    daemon, number = one_recording(make_daemon)
    for word, said in ((str(number + 100), "recording"), ("0", "number"), ("x", "number"), ("-1", "")):
        done = daemon.tool("recorder", word)
        assert done.returncode == 2 and not done.stdout and said in done.stderr, (word, done)


def test_recordings_make_room(make_daemon):
    """The newest `recordings` are kept; with `recorder: 0` there are none."""
    daemon = make_daemon(settings="receive: {recordings: 2}\n").start()
    for name in list(DEVIATIONS)[3:8]:
        deviate(daemon.ports["mllp"], name, DEVIATIONS[name])
        until(lambda: name in recordings(daemon).values(), f"a recording of {name}")
    assert set(recordings(daemon).values()) == set(list(DEVIATIONS)[6:8])
    none = make_daemon(settings="receive: {recorder: 0}\n").start()
    deviate(none.ports["mllp"], "A", DEVIATIONS["MLLP_SB_DOUBLED"])
    none.close()
    assert recordings(none) == {}


def test_sealed_on_disk(make_daemon):
    """Damaged bytes of a recording are refused as damaged, and shown to nobody."""
    daemon, number = one_recording(make_daemon)
    daemon.close()
    database, = daemon.state.glob("*.db")
    with sqlite3.connect(database) as store:
        column = next(name for name, in store.execute("SELECT name FROM pragma_table_info('recording') WHERE type = 'BLOB'"))
        assert store.execute(f"UPDATE recording SET {column} = zeroblob(length({column})) WHERE id = ?", (number,)).rowcount == 1
    store.close()
    done = daemon.tool("recorder", str(number))
    assert done.returncode == 2 and not done.stdout and done.stderr, done
