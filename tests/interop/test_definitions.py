"""The tables of HL7 v2 and FHIR in the program are what their generators make of the pinned packages today."""
import pathlib
import shutil
import subprocess

import pytest

from harness.daemon import ROOT

INTEROP = pathlib.Path(__file__).resolve().parent
TABLES = [("hl7-definition.mjs", "src/hl7/definition.inc", "hl7v2-dictionary"),
          ("fhir-definition.mjs", "src/fhir/definition.inc", "@types/fhir")]


@pytest.mark.skipif(not shutil.which("node"), reason="no node here")
@pytest.mark.parametrize("script, table, package", TABLES, ids=[t[1] for t in TABLES])
def test_table_is_fresh(script, table, package):
    if not (INTEROP / "node_modules" / package).is_dir():
        pytest.skip(f"the package {package} of tests/interop is not here")
    made = subprocess.run(["node", str(INTEROP / script), str(INTEROP)], capture_output=True, text=True, timeout=120)
    assert made.returncode == 0, made.stderr[-2000:]
    kept = (ROOT / table).read_text(encoding="utf-8")
    assert made.stdout == kept, f"stale: node tests/interop/{script} tests/interop > {table}"
