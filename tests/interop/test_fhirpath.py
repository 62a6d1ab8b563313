"""Our FHIRPath engine beside JavaScript's fhirpath: the official R4 cases inside the subset, and the expressions of
fhirpath-expressions.txt over invented resources and the corpus. One different answer fails."""
import pathlib
import shutil
import subprocess

import pytest

from harness.daemon import ROOT

INTEROP = pathlib.Path(__file__).resolve().parent
PROGRAM = ROOT / "build/debug/tests/fhirpath_cmd"


@pytest.mark.skipif(not (INTEROP / "node_modules/fhirpath").is_dir() or not shutil.which("node"),
                    reason="node >= 20.19 with the packages of tests/interop is not here")
@pytest.mark.skipif(not PROGRAM.is_file(), reason="build/debug has no fhirpath_cmd")
def test_both_engines_agree():
    run = subprocess.run(["node", str(INTEROP / "fhirpath-agree.mjs"), str(PROGRAM), str(INTEROP), str(ROOT.parent / "shared")],
                         capture_output=True, text=True, timeout=900)
    print(run.stdout[-2000:])
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-2000:]
