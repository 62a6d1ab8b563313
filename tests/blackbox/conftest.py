"""Makes the harness importable and its fixtures known."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from harness.fixtures import cloud, daemon, make_daemon  # noqa: E402,F401
