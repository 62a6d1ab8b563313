"""What python-hl7 does with the bench's message: parse and the same five reads. One JSON object a row, as
bench_hl7 prints them. Time is what the process had of the processor.

usage: hl7_peers.py MESSAGE.hl7 [SECONDS]"""
import json
import sys
import time

import hl7

WANTED = "SIU 0000000000000000 MRN0099812 20261204093000+0800 +12125550123"


def main():
    text = open(sys.argv[1], encoding="utf-8", newline="").read().replace("\n", "\r")
    least = float(sys.argv[2]) if len(sys.argv) > 2 else 1.0
    messages = [text.replace("RV20261121093000001", f"{n:016x}") for n in range(64)]
    paths = ("MSH.9.1.1", "MSH.10", "PID.3.1.1", "SCH.11.1.4", "PID.13.1.12")
    first = hl7.parse(messages[0])
    assert " ".join(first[p] for p in paths) == WANTED, [first[p] for p in paths]
    seen = n = 0
    start = time.process_time()
    while time.process_time() - start < least:
        m = hl7.parse(messages[n % len(messages)])
        for path in paths:
            seen += len(m[path])
        n += 1
    ns = (time.process_time() - start) * 1e9 / n
    assert seen
    print(json.dumps({"name": f"python-hl7 {hl7.__version__}", "ns": round(ns, 1), "per_s": round(1e9 / ns)}))


main()
