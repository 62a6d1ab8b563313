"""MLLP servers that others wrote, as receivers of what Tidings sends: `tidings send`, and application acknowledgements
over a channel. Each server reads our message with its own parser and writes the answer by itself."""
import contextlib
import json
import pathlib
import queue
import re
import shutil
import subprocess
import threading

import pytest

from harness import samples
from harness.daemon import LONG, release_program, until
from harness.mllp import Ack, Connection

INTEROP = pathlib.Path(__file__).resolve().parent
SERVERS = ("medplum", "node-hl7-server", "simple-hl7")
BOOKED = "demo:04-siu-s12-new-york"
pytestmark = pytest.mark.skipif(not (INTEROP / "node_modules/node-hl7-server").is_dir() or not shutil.which("node"),
                                reason="node >= 20.19 with the packages of tests/interop is not here")


class Server:
    """A server of mllp_servers.mjs; `rows` are the messages it read."""

    def __init__(self, kind, *codes):
        self.process = subprocess.Popen(["node", "mllp_servers.mjs", kind, *codes], cwd=INTEROP, text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.port = json.loads(self.process.stdout.readline())["port"]
        self.coming, self.rows = queue.Queue(), []
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            self.coming.put(json.loads(line))

    def next(self):
        self.rows.append(self.coming.get(timeout=LONG))
        assert "error" not in self.rows[-1], self.rows[-1]
        return self.rows[-1]

    def close(self):
        self.process.stdin.close()
        self.process.wait(LONG)
        self.reader.join(LONG)
        self.process.stdout.close()


@pytest.fixture
def serve():
    with contextlib.ExitStack() as stack:
        def start(kind, *codes):
            it = Server(kind, *codes)
            stack.callback(it.close)
            return it
        yield start


def send(server, *words):
    return subprocess.run([release_program(), "send", *words, "--to", f"127.0.0.1:{server.port}"], capture_output=True,
                          text=True, timeout=LONG)


@pytest.mark.parametrize("kind", SERVERS)
def test_tidings_send(serve, kind):
    """Five on one connection, each accepted once. node-hl7-server keeps what it read, and answers it again with each
    further message of the connection: only the answer with the MSH-10 that was sent counts."""
    server = serve(kind, "AA")
    done = send(server, BOOKED, "--count", "5")
    assert done.returncode == 0 and done.stdout.endswith("5 sent, 5 accepted, 0 not\n"), done.stdout
    ids = [f"DEMO0004-{n}" for n in range(1, 6)]
    wanted = [i for n in range(1, 6) for i in ids[:n]] if kind == "node-hl7-server" else ids
    assert [server.next()["own"] for _ in wanted] == wanted


@pytest.mark.parametrize("kind", SERVERS)
@pytest.mark.parametrize("code", ["AE", "AR", "CE", "CR", "CA"])
def test_tidings_send_is_refused(serve, kind, code):
    done = send(serve(kind, code), BOOKED)
    assert f"<- {code} " in done.stdout and done.returncode == (0 if code == "CA" else 1), done.stdout


@pytest.mark.parametrize("kind", SERVERS)
def test_application_acknowledgements_over_a_channel(make_daemon, serve, kind):
    """AE, then silence, then CA: the same message three times, under one MSH-10, with the original's id in MSA-2. Then the
    next one."""
    server = serve(kind, "AE", "none", "CA")
    daemon = make_daemon(options={"mllp": {"app_ack": "return_channel", "channel": "acks"}},
                         settings=f"channels: [{{name: acks, to: 127.0.0.1:{server.port}, plain: yes}}]\n"
                                  "outbound: {retry_first: 100ms, retry_most: 200ms, answer_timeout: 1s, max_tries: 100}").start()
    with Connection(daemon.ports["mllp"]) as connection:
        for n in (1, 2):
            asking = samples.booking(n).with_(MSH_15="AL", MSH_16="AL")
            assert Ack(connection.ask(asking.encode())).code == "CA"
    tries = [server.next() for _ in range(3)]
    assert [t["code"] for t in tries] == ["AE", "none", "CA"]
    assert {(t["own"], tuple(t["msa"]), t["accept"]) for t in tries} == {
        (tries[0]["own"], ("AA", "B00000001"), "AL")} and len(tries[0]["own"]) == 20, tries
    while (row := server.next())["msa"] != ["AA", "B00000002"]:
        assert kind == "node-hl7-server", row  # it answers what it has read before once more
    assert row["own"] != tries[0]["own"]
    until(lambda: outbound(daemon, "accepted") == 2, "both to be accepted")
    daemon.settled(acked=2, notified=2)


def outbound(daemon, event):
    _, _, text = daemon.http("admin", "GET", "/metrics")
    found = re.search(rf'^tidings_outbound_total\{{event="{event}"\}} (\d+)$', text.decode(), re.MULTILINE)
    return int(found[1]) if found else 0
