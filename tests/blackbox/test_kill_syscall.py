"""kill -9 at each system call between the read of a message and its ACK, thread by thread.

strace counts the calls of one thread and kills at the k-th one; a kill that does not happen ends the list for that
call, so nothing has to be known about how many there are. After each kill the sender sends everything again: every
message that was acknowledged must still be there with the same answer, and each message must be there once."""
import os
import pathlib
import shutil
import signal
import subprocess

import pytest

from harness.daemon import LONG, release_program
from harness.mllp import Ack, Connection, frame

# What a thread of the daemon does between the read and the answer.
CALLS = ("epoll_wait", "epoll_pwait", "epoll_ctl", "read", "write", "writev", "sendmsg", "futex", "pwrite64", "pread64", "fdatasync",
         "fsync", "fcntl", "mmap", "ftruncate")
MOST = 200  # kills for one call of one thread: more would mean that the scenario never ends


def message(n):
    # The registration of a patient: stored and acknowledged, and the demo feed has no rule for it.
    return (f"MSH|^~\\&|HIS|NORTH|TIDINGS|NORTH|20261121093000+0000||ADT^A08^ADT_A01|K{n:06d}|P|2.5.1\r"
            f"EVN|A08|20261121093000\rPID|1||{n}^^^NORTH^MR||EXAMPLE^PAT\r").encode()


def threads(pid):
    return sorted(int(name) for name in os.listdir(f"/proc/{pid}/task"))


class Killer:
    """strace on one thread, which kills the process at that thread's k-th call."""

    def __init__(self, tid, call, k, log):
        self.log = pathlib.Path(log)
        self.process = subprocess.Popen(
            ["strace", "-q", "-e", f"trace={call}", "-e", f"inject={call}:signal=SIGKILL:when={k}", "-o", str(log),
             "-p", str(tid)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.attached = self._attached(tid)

    def _attached(self, tid):
        while self.process.poll() is None:
            try:
                status = pathlib.Path(f"/proc/{tid}/status").read_text()
            except OSError:
                continue
            if "TracerPid:\t0\n" not in status:
                return True
        # a call that was under way counts: it may have been the last one
        return self.log.exists() and "killed by SIGKILL" in self.log.read_text()

    def end(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        _, errors = self.process.communicate(timeout=LONG)
        return self.log.read_text() if self.log.exists() else "", errors.decode("utf-8", "replace")


def can_trace(folder):
    if not shutil.which("strace"):
        return "no strace here"
    probe = subprocess.Popen(["sleep", "60"])
    try:
        killer = Killer(probe.pid, "read", 1, folder / "probe.log")
        attached = killer.attached
        _, errors = killer.end()
        return "" if attached else f"strace may not trace here: {errors.strip()}"
    finally:
        probe.kill()
        probe.wait()


def exchange(port, contents):
    """Sends each in turn and gives the answers up to the first that does not come."""
    answers = []
    try:
        with Connection(port, timeout=LONG) as connection:
            for content in contents:
                connection.send_raw(frame(content))
                answer = connection.read_frame()
                if answer is None:
                    break
                answers.append(answer)
    except OSError:
        pass
    return answers


class Scenario:
    def __init__(self, daemon, folder):
        self.daemon, self.folder, self.n, self.kills = daemon, folder, 0, 0

    def run(self, thread, call, k):
        """True when the kill came. thread: its place among the daemon's threads."""
        daemon = self.daemon
        if daemon.process is None or daemon.process.poll() is not None:
            daemon.start()
        daemon.quiet()
        first, second = message(self.n + 1), message(self.n + 2)
        self.n += 2
        tid = threads(daemon.process.pid)[thread]
        killer = Killer(tid, call, k, self.folder / "strace.log")
        assert killer.attached, killer.end()
        answers = exchange(daemon.ports["mllp"], [first, second, first])
        if len(answers) < 3:
            daemon.process.wait(LONG)
        killer.end()
        if len(answers) == 3 and len(exchange(daemon.ports["mllp"], [first])) == 1:
            return False
        # Nobody else kills here; a kill may also come behind the last answer, or while strace lets go.
        assert daemon.wait_end() == -signal.SIGKILL, "it ended, but not by our kill"
        self.check(first, second, answers)
        self.kills += 1
        return True

    def check(self, first, second, answers):
        self.daemon.start()
        again = exchange(self.daemon.ports["mllp"], [first, second, first])
        assert len(again) == 3, "the next start answers"
        assert all(Ack(answer).code == "AA" for answer in again)
        for before, after in zip(answers, again):
            assert before == after, "an acknowledged message got another answer after the restart"
        assert again[0] == again[2], "a resend gets the stored answer"


def counted(daemon):
    with daemon.store() as store:
        return store.execute("SELECT count(*), count(DISTINCT key) FROM message").fetchone()


def test_kill_at_each_system_call(make_daemon, tmp_path, capsys):
    why = can_trace(tmp_path)
    if why:
        pytest.skip(why)
    daemon = make_daemon(run=release_program(), listen=("mllp",)).start()
    scenario = Scenario(daemon, tmp_path)
    table = {}
    for thread in range(len(threads(daemon.process.pid))):
        for call in CALLS:
            k = 1
            while scenario.run(thread, call, k):
                k += 1
                assert k <= MOST, f"{call} has no end"
            if k > 1:
                table[f"thread {thread} {call}"] = k - 1
    daemon.settled(acked=daemon.ledger()["acked"])
    rows, distinct = counted(daemon)
    assert rows == distinct == scenario.n, "each message is there once"
    with capsys.disabled():
        print(f"\n{scenario.kills} kills, each fired: {table}; {scenario.n} messages, 0 lost, 0 twice")
    assert scenario.kills >= 20, table
