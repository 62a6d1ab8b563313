"""The same ground as the black-box tests, for judges that others wrote."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "blackbox"))

from harness.fixtures import cloud, daemon, make_daemon  # noqa: E402,F401
