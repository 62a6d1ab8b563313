"""What one core reads of an 800-byte booking, beside what others wrote: bench_hl7's rows, then the peers' in the
same run. Processor time, not the clock, so that a busy machine hurts less.

usage: bench_hl7.py [--rounds N] [--ms N]"""
import argparse
import json
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = pathlib.Path(__file__).resolve().parent
MESSAGE = ROOT / "fixtures/hl7/siu-s12.hl7"
WANTED_PER_S = 1_000_000  # header, character set, index and five reads: hl7v2.md 18


def rows_of(command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode:
        print(f"{pathlib.Path(command[-3]).name}: did not run: {done.stderr.strip().splitlines()[-1:]}")
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def measure(rounds, ms):
    """The rows of all, printed and returned."""
    seconds = str(max(0.2, rounds * ms / 1000))
    rows = rows_of([ROOT / "build/release/tests/bench_hl7", MESSAGE, str(rounds), str(ms)])
    rows += rows_of([sys.executable, HERE / "hl7_peers.py", MESSAGE, seconds])
    if shutil.which("node"):
        rows += rows_of(["node", HERE / "hl7_peers.mjs", MESSAGE, seconds])
    print(f"{f'one core, {MESSAGE.stat().st_size}-byte booking':<36}{'ns':>10}{'msg/s':>12}{'MB/s':>9}")
    for r in rows:
        print(f"{r['name']:<36}{r['ns']:>10.1f}{r['per_s']:>12}{r.get('mb_s', ''):>9}")
    for r in rows:
        if "5 reads" in r["name"]:
            print(f"{r['name']}: {r['per_s'] / WANTED_PER_S:.2f} x of {WANTED_PER_S} messages a second")
    return rows


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--rounds", type=int, default=9)
    options.add_argument("--ms", type=int, default=60)
    options = options.parse_args()
    measure(options.rounds, options.ms)


if __name__ == "__main__":
    main()
