"""Durable ACKs a second of the release program, beside a bare libuv echo server in the same run.

Each round measures both, one after the other, so that a busy machine hurts both; figures are medians
of the rounds. The message is a booking without a telephone number: it is stored, mapped and dropped,
so no answer of WhatsApp is part of what is measured. Every message has its own control id.

Beside them stands what one append of a message's size with fdatasync takes, measured between the rounds on
the same disk, and how fast the messages are mapped: while they come in, and after the last one.

Then, each with a daemon of its own: whether mapping keeps up with a moderate rate; 64 connections beside 1,000
that trickle their bytes (--slow: only this); what an idle TLS connection costs (--idle: how many; 0: not
measured); and, with --rows, the store as it grows.

usage: bench.py [--rounds N] [--ms N] [--slow] [--idle N] [--rows N]"""
import argparse
import contextlib
import json
import os
import pathlib
import re
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/blackbox"))

from harness.certificates import make_ca, make_client, make_server  # noqa: E402
from harness.cloud import Cloud  # noqa: E402
from harness.daemon import PHONE_NUMBER_ID, Daemon  # noqa: E402

import bench_feed  # noqa: E402
import bench_hl7  # noqa: E402

RELEASE = pathlib.Path(os.environ.get("TIDINGS_RELEASE", str(ROOT / "build/release/tidings")))
TOOLS = RELEASE.parent / "tests"
MESSAGE = "\n".join([
    "MSH|^~\\&|BENCH|KH|TIDINGS|DEMO|20261121081500+0800||SIU^S12^SIU_S12|@@@@@@@@@@@@|P|2.5.1|||||TWN|UNICODE UTF-8",
    "SCH|A@@@@@@@@@@@@^BENCH|F@@@@@@@@@@@@^BENCH||||ROUTINE|CHK^健康檢查^L||30|min|^^30^20270304093000^20270304100000",
    "PID|1||MRN@@@@@@@@@@@@^^^KH^MR||王^小明^^^^^L||19800101|M|||^^台北市||||zho",
    "RGS|1|A",
    "AIS|1|A|CHK^健康檢查^L|20270304093000",
    "AIL|1|A|KH-2F^^^KH|||20270304093000", ""])


def load(port, connections, ms, first, need, rate=0):
    """One run of the generator, `rate` messages a second at most (0: no limit): its figures, with acks a second."""
    done = subprocess.run([TOOLS / "bench_load", str(port), str(connections), str(ms), str(first),
                           ROOT / "build/bench.hl7", need, str(rate)], capture_output=True, text=True, check=True)
    figures = json.loads(done.stdout.splitlines()[-1])
    assert figures["acks"] > 0 and figures["refused"] == 0, figures
    figures["rate"] = figures["acks"] / figures["seconds"]
    return figures


def memory(pid):
    """(resident now, most ever), MiB."""
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return tuple(int(re.search(rf"{key}:\s+(\d+) kB", text)[1]) / 1024 for key in ("VmRSS", "VmHWM"))


def sync_us(folder, times=300):
    """Median of one append of 920 bytes with fdatasync, microseconds."""
    path = pathlib.Path(folder) / "sync"
    took = []
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    for _ in range(times):
        start = time.perf_counter_ns()
        os.write(fd, bytes(920))
        os.fdatasync(fd)
        took.append((time.perf_counter_ns() - start) / 1000)
    os.close(fd)
    path.unlink()
    return statistics.median(took)


def unmapped(daemon):
    """How many stored messages wait to be mapped."""
    with contextlib.closing(sqlite3.connect(f"file:{daemon.state}/tidings.db?mode=ro", uri=True)) as db:
        return db.execute("SELECT count(*) FROM message WHERE mapped = 0").fetchone()[0]


def drain(daemon, acks, seconds):
    """Messages mapped a second: while they came in (acks in seconds), and after that."""
    behind, start = unmapped(daemon), time.perf_counter()
    daemon.settled()
    return {"during": max(acks - behind, 0) / seconds, "behind": behind,
            "after": behind / max(time.perf_counter() - start, 0.001)}


def median(rounds, key):
    return statistics.median(r[key] for r in rounds)


def row(name, rounds):
    return (f"{name:<22}{median(rounds, 'rate'):>10.0f}{median(rounds, 'p50_us'):>10.0f}"
            f"{median(rounds, 'p99_us'):>10.0f}{max(r['max_us'] for r in rounds):>10.0f}")


@contextlib.contextmanager
def fresh(cloud, **more):
    """A release daemon with nothing in its store, and the folder it lives in."""
    with tempfile.TemporaryDirectory(dir=ROOT / "build") as folder:
        daemon = Daemon(folder, cloud, run=str(RELEASE), **more).init_keys().start()
        yield daemon, pathlib.Path(folder)
        assert daemon.terminate() == 0


def steady(cloud, ms):
    """Rates below what is possible: how far mapping is behind, at most and at the end."""
    found = {}
    with fresh(cloud) as (daemon, _):
        first = 1
        for rate in (2000, 5000):
            behind, end = [0], threading.Event()

            def watch(behind=behind, end=end):
                while not end.wait(0.2):
                    behind.append(unmapped(daemon))

            watcher = threading.Thread(target=watch)
            watcher.start()
            figures = load(daemon.ports["mllp"], 64, ms, first, "MSA|AA|", rate)
            behind.append(unmapped(daemon))
            end.set()
            watcher.join()
            first += figures["acks"] + 64
            found[rate] = dict(figures, behind=max(behind), behind_at_end=behind[-1])
            print(row(f"tidings at {rate}/s", [figures]), f"  {max(behind)} not mapped at most")
            daemon.settled()
    return found


def slow(cloud, ms, rounds):
    """64 connections alone, then beside 1,000 that bring ten bytes a second each."""
    alone, beside = [], []
    with fresh(cloud, settings="receive: {max_connections: 2000, max_connections_overall: 2000}") as (daemon, _):
        port, first = daemon.ports["mllp"], 1
        for _ in range(rounds):
            for found, trickles in ((alone, False), (beside, True)):
                slow_ones = None
                if trickles:
                    slow_ones = subprocess.Popen([TOOLS / "bench_slow", str(port), "1000", ROOT / "build/bench.hl7"],
                                                 stdout=subprocess.PIPE, text=True)
                    assert slow_ones.stdout.readline() == "ready\n"
                found.append(load(port, 64, ms, first, "MSA|AA|"))
                first += found[-1]["acks"] + 64
                if slow_ones:
                    slow_ones.kill()
                    slow_ones.wait()
                daemon.settled()
    ratio = median(beside, "p99_us") / median(alone, "p99_us")
    print(row("64 conn alone", alone))
    print(row("beside 1,000 slow", beside), f"  p99 is {ratio:.2f} of it")
    return {"alone": alone, "beside": beside, "p99_ratio": ratio}


def idle_tls(cloud, connections):
    """Resident memory of the daemon for each idle TLS connection with a client certificate."""
    wanted = connections + 1000
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < wanted:
        print(f"idle TLS connections: not measured, `ulimit -Hn` is {hard}, {wanted} are needed")
        return None
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    with tempfile.TemporaryDirectory(dir=ROOT / "build") as keys:
        ca = make_ca(keys)
        server, _ = make_server(keys, ca), make_client(keys, ca)
        tls = {"tls": {"certificate": server.certificate, "key": server.key, "ca": ca.certificate}}
        with fresh(cloud, options={"mllp": tls},
                   settings=f"receive: {{max_connections: {connections}, max_connections_overall: {connections}}}") as (daemon, _):
            done = subprocess.run([TOOLS / "bench_idle", keys, str(connections), "tls", str(daemon.ports["mllp"]),
                                   str(daemon.process.pid)], capture_output=True, text=True, check=True)
    figures = json.loads(done.stdout.splitlines()[-1])
    print(f"{connections} idle TLS connections: {figures['kb_each']:.1f} KB each of the whole daemon")
    return figures


def grown(rows):
    """The store as it grows: bench_store's own lines."""
    with tempfile.TemporaryDirectory(dir=ROOT / "build") as folder:
        done = subprocess.run([TOOLS / "bench_store", folder, "--rows", str(rows)], capture_output=True, text=True,
                              check=True)
    print(done.stdout, end="")
    return done.stdout.splitlines()


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--ms", type=int, default=3000)
    options.add_argument("--slow", action="store_true")
    options.add_argument("--idle", type=int, default=10000)
    options.add_argument("--rows", type=int, default=0)
    options = options.parse_args()
    (ROOT / "build/bench.hl7").write_text(MESSAGE, encoding="utf-8")
    cloud = Cloud(PHONE_NUMBER_ID, "bench-token", "bench-secret")
    if options.slow:
        slow(cloud, options.ms, options.rounds)
        cloud.close()
        return
    echo = subprocess.Popen([TOOLS / "bench_echo"], stdout=subprocess.PIPE, text=True)
    echo_port = int(echo.stdout.readline())
    report = {"hl7": bench_hl7.measure(9, 60), "feed": bench_feed.measure(9)}
    with tempfile.TemporaryDirectory(dir=ROOT / "build") as folder:
        daemon = Daemon(folder, cloud, run=str(RELEASE)).init_keys().start()
        idle = memory(daemon.process.pid)[0]
        print(f"release program: {idle:.1f} MiB resident when ready")
        print(f"{'':<22}{'msg/s':>10}{'p50 us':>10}{'p99 us':>10}{'max us':>10}")
        first = 1
        for connections in (1, 64):
            tidings, bare, syncs, drains = [], [], [], []
            for _ in range(options.rounds):
                syncs.append(sync_us(folder))
                bare.append(load(echo_port, connections, options.ms, 1, "PID|1"))
                tidings.append(load(daemon.ports["mllp"], connections, options.ms, first, "MSA|AA|"))
                first += tidings[-1]["acks"] + connections
                drains.append(drain(daemon, tidings[-1]["acks"], tidings[-1]["seconds"]))
            ratio = median(tidings, "rate") / median(bare, "rate")
            print(row(f"echo, {connections} conn", bare))
            print(row(f"tidings, {connections} conn", tidings), f"  {100 * ratio:.1f} % of echo")
            sync = statistics.median(syncs)
            print(f"{'':<22}one fdatasync: {sync:.0f} us; p50 is {median(tidings, 'p50_us') / sync:.2f} of it")
            print(f"{'':<22}mapped: {median(drains, 'during'):.0f}/s meanwhile, {median(drains, 'after'):.0f}/s "
                  f"after; {max(d['behind'] for d in drains)} behind at most")
            report[connections] = {"tidings": tidings, "echo": bare, "ratio": ratio, "sync_us": syncs,
                                   "mapped": drains}
        resident, most = memory(daemon.process.pid)
        acked = sum(r["acks"] for c in (1, 64) for r in report[c]["tidings"])
        print(f"memory after {acked} messages: {resident:.1f} MiB resident, {most:.1f} MiB at most")
        settled = daemon.settled()
        assert settled["acked"] >= acked, (settled, acked)
        print(f"ledger: {settled['acked']} acked, balanced")
        report.update(idle_mib=idle, resident_mib=resident, most_mib=most, ledger=settled)
        assert daemon.terminate() == 0
    echo.kill()
    report["steady"] = steady(cloud, options.ms)
    report["slow"] = slow(cloud, options.ms, options.rounds)
    if options.idle:
        report["idle_tls"] = idle_tls(cloud, options.idle)
    if options.rows:
        report["rows"] = grown(options.rows)
    cloud.close()
    (ROOT / "build/bench.json").write_text(json.dumps(report, indent=1))
    print("figures of every round: build/bench.json")


if __name__ == "__main__":
    main()
