"""What the feed language costs: one booking mapped, a tenant of about 2,000 lines checked and tested, a table of
10 MB read; each beside what the machine does with the same bytes in the same run. Processor time, medians.

usage: bench_feed.py [--rounds N] [--keep FOLDER]"""
import argparse
import json
import pathlib
import shutil
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEMO = ROOT / "mappings/demo"
BOOKING = "01-siu-s12-booked.hl7"
VALUES, OVERLAYS, TESTS = 60, 8, 300
# What is wanted, in ns: one message mapped; check and tests of the tenant together; the table read.
MAP, TENANT, TABLE = 20e3, 200e6, 1e9

EVENTS = """
  - rule: booking {n}
    on: {{hl7: [Z{n:02}^Z01]}}
    only_if: {{hl7: "present(PID-3) and MSH-9.1 = Z{n:02}", else: drop(not for this rule)}}
    emit: appointment/1
    with:
      visit_key: {{hl7: [SCH-2.1, SCH-1.1], as: pseudonym, else: reject(no appointment id)}}
      patient_key: values.patient_key
      phone: values.phone_{n}
      language: values.language
      site: values.site
      status: booked
      start: {{hl7: [TQ1-7, SCH-11.4, AIS-4, AIL-6], as: instant, agree: warn, else: hold(no start time)}}
"""
TEST = """
  - test: case {n}
    given: samples/{booking}
    change: {{MSH-9: Z{rule:02}^Z01, PID-13: "+1 212 555 {phone:04}^PRN^PH"}}
    expect: [{{appointment/1: {{status: booked, phone: "+1212555{phone:04}"}}}}, {{send: {{template: visit}}}}]
"""


def values():
    """The demo's own and one telephone value a rule: 60 in all."""
    phones = [
        f"  phone_{n}: {{hl7: [PID-13(3=CP), PID-13(2=PRN), PID-14(3=CP)], as: phone, else: drop(no usable phone)}}\n"
        for n in range(VALUES - 3)
    ]
    return "".join(phones)


def write_tenant(folder):
    """About 2,000 lines: 60 values, 57 rules, 8 overlays, 300 tests. The path of its feed file."""
    (folder / "samples").mkdir(parents=True)
    (folder / "overlays").mkdir()
    (folder / "tables").mkdir()
    shutil.copy(DEMO / "samples" / BOOKING, folder / "samples")
    shutil.copy(DEMO / "sites.yaml", folder)
    shutil.copy(DEMO / "tables/site.csv", folder / "tables")
    rules = range(VALUES - 3)
    (folder / "templates.yaml").write_text(
        'visit:\n  category: UTILITY\n  params: [site_name]\n  body:\n    zh-TW: "您在{{1}}的預約有更新。"\n'
        '    en: "An update from {{1}}."\n')
    head = (
        "feed: large\nreads: {hl7: \"2.5.1\"}\nuses: {sites: sites.yaml, templates: templates.yaml, tables: tables/}\n"
        "values:\n"
        "  site: {hl7: [AIL-3.1, PV1-3.4, MSH-4.1], table: site, else: hold(unknown site)}\n"
        "  patient_key: {hl7: PID-3(5=MR).1, as: pseudonym, else: reject(no medical record number)}\n"
        "  language: {hl7: PID-15.1, as: language, else: site.language}\n")
    tests = "".join(TEST.format(n=n, phone=100 + n % 100, rule=n % len(rules), booking=BOOKING) for n in range(TESTS))
    text = (head + values() + "rules:" + "".join(EVENTS.format(n=n) for n in rules) +
            "notify:\n  - {on: appointment/1, template: visit, params: {site_name: site.name}}\n" + "tests:" + tests)
    text = "\n".join(line for line in text.splitlines() if line) + "\n"
    (folder / "large.yaml").write_text(text)
    for n in range(OVERLAYS):
        (folder / f"overlays/o{n}.yaml").write_text(
            f"overlay: {{of: large, for: MSH-4.1 in (SITE{n})}}\nvalues:\n"
            f"  phone_{n}: {{hl7: [PID-14(3=CP), PID-13(3=CP)]}}\ntests: []\n")
    return folder / "large.yaml", text.count("\n")


def write_table(path, megabytes=10):
    """A code list as large hospitals have them: 350,000 rows or so."""
    rows, size = ["from,to,note"], 0
    while size < megabytes * 1_000_000:
        n = len(rows)
        row = f"{n * 7919 % 10_000_019:08}-{n % 10},ordinary,{'panel ' if n % 3 else ''}{n}"
        rows.append(row)
        size += len(row) + 1
    path.write_text("\n".join(rows) + "\n")
    return len(rows) - 1


def measure(rounds, keep=None):
    """The rows, printed and returned."""
    folder = pathlib.Path(keep) if keep else pathlib.Path(tempfile.mkdtemp(prefix="tidings-bench-"))
    feed, lines = write_tenant(folder / "tenant")
    n_rows = write_table(folder / "table.csv")
    done = subprocess.run(
        [ROOT / "build/release/tests/bench_feed", DEMO / "demo.yaml", DEMO / "samples" / BOOKING, feed,
         folder / "table.csv", str(rounds)], capture_output=True, text=True)
    if not keep:
        shutil.rmtree(folder)
    if done.returncode:
        raise SystemExit(done.stderr)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    print(f"{f'feeds: tenant of {lines} lines, table of {n_rows} rows':<56}{'median us':>12}{'least us':>12}{'MB/s':>9}")
    for r in rows:
        print(f"{r['name']:<56}{r['ns'] / 1e3:>12.1f}{r['least'] / 1e3:>12.1f}{r['bytes'] * 1e3 / r['ns']:>9.0f}"
              + (f"   arena {r['memory'] / r['bytes']:.1f} x the bytes" if r["memory"] else ""))
    ns = {r["name"]: r["ns"] for r in rows}
    together = ns["check the tenant"] + ns["run the tenant's tests"]
    print(f"map one booking: {ns['map one booking'] / 1e3:.1f} us, {MAP / 1e3:.0f} wanted")
    print(f"check and tests: {together / 1e6:.0f} ms, {TENANT / 1e6:.0f} wanted")
    print(f"10 MB table: {ns['read the table'] / 1e6:.0f} ms, {TABLE / 1e6:.0f} wanted")
    return rows


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--rounds", type=int, default=9)
    options.add_argument("--keep")
    options = options.parse_args()
    measure(options.rounds, options.keep)


if __name__ == "__main__":
    main()
