"""The commit is on disk before its ACK is on the wire: the order of the daemon's system calls, as strace saw them.

    read(socket, message n) ... fdatasync(write-ahead log) = 0 ... write(socket, ACK of n)

for each of 50 messages that are sent one after the other on one connection."""
import re
import subprocess

import pytest

from harness.daemon import LONG, release_program, until
from harness.mllp import Ack, Connection
from test_kill_syscall import can_trace, message

MESSAGES = 50
CALLS = "read,recvfrom,recvmsg,write,writev,sendto,sendmsg,fdatasync,fsync"
LINE = re.compile(r"^(?P<tid>\d+) +(?:<\.\.\. (?P<resumed>\w+) resumed>|(?P<call>\w+)\()(?P<rest>.*)$")


class Tracer:
    """strace on all threads of a process, from attaching to its end."""

    def __init__(self, pid, log):
        self.log = log
        self.process = subprocess.Popen(["strace", "-f", "-y", "-s", "512", "-e", f"trace={CALLS}", "-o", str(log), "-p", str(pid)],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        line = self.process.stderr.readline()
        assert "attached" in line, line

    def end(self):
        self.process.terminate()
        self.process.communicate(timeout=LONG)
        return self.log.read_text()


def events(text):
    """[(what, text)] in order: "got" when a read with a message is done, "synced" when the log is on disk, "answer" when the
    write of an answer begins."""
    found, under_way = [], {}
    for line in text.splitlines():
        part = LINE.match(line)
        if not part:
            continue
        call = part["call"] or part["resumed"]
        whole = part["rest"]
        if part["call"]:
            if call in ("write", "writev", "sendto", "sendmsg") and "MSA|AA|" in whole:
                found.append(("answer", re.search(r"MSA\|AA\|(\w+)", whole)[1]))
            if whole.endswith("<unfinished ...>"):
                under_way[part["tid"]] = whole
                continue
        else:
            whole = under_way.pop(part["tid"], "") + whole
        if call in ("read", "recvfrom", "recvmsg") and (got := re.search(r"ADT\^A08\^ADT_A01\|(K\d+)\|", whole)):
            found.append(("got", got[1]))
        if call in ("fdatasync", "fsync") and whole.endswith("= 0") and "-wal>" in whole:
            found.append(("synced", ""))
    return found


def faults(found):
    """Ids answered without a sync between their read and their answer."""
    bad, synced, read = [], False, set()
    for what, name in found:
        if what == "got":
            read.add(name)
            synced = False
        elif what == "synced":
            synced = True
        elif not synced or name not in read:
            bad.append(name)
    return bad


def test_the_check_can_fail():
    got, answer = '7 read(9<TCP:[1]>, "\\vMSH|..ADT^A08^ADT_A01|K000001|P", 65536) = 90', '7 write(9<TCP:[1]>, "MSA|AA|K000001\\r", 90) = 90'
    sync, begun, done = "8 fdatasync(5</x/t.db-wal>) = 0", "8 fdatasync(5</x/t.db-wal> <unfinished ...>", "8 <... fdatasync resumed>) = 0"
    for good in ([got, sync, answer], [got, begun, done, answer], [begun, got, done, answer]):
        assert faults(events("\n".join(good))) == []
    for bad in ([got, answer, sync], [sync, got, answer], [got, begun, answer, done], [sync, answer], [got, sync.replace("= 0", "= -1 EIO"), answer]):
        assert faults(events("\n".join(bad))) == ["K000001"], bad


def test_sync_before_answer(make_daemon, tmp_path):
    why = can_trace(tmp_path)
    if why:
        pytest.skip(why)
    daemon = make_daemon(run=release_program(), listen=("mllp",)).start()
    with Connection(daemon.ports["mllp"]) as connection:
        assert Ack(connection.ask(message(0))).code == "AA"  # the database has its files
        daemon.quiet()
        tracer = Tracer(daemon.process.pid, tmp_path / "order.log")
        for n in range(1, MESSAGES + 1):
            assert Ack(connection.ask(message(n))).code == "AA"
    found = events(tracer.end())
    assert [name for what, name in found if what == "answer"] == [f"K{n:06d}" for n in range(1, MESSAGES + 1)], "strace missed some"
    assert faults(found) == []
    daemon.settled(acked=MESSAGES + 1)
