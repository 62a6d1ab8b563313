"""Fixtures of the black-box tests: everything a test starts lives in its own folder and is ended with it."""
import pytest

from harness.cloud import Cloud
from harness.daemon import PHONE_NUMBER_ID, Daemon


@pytest.fixture
def cloud():
    """The look-alike of the Cloud API, outside the program under test."""
    it = Cloud(PHONE_NUMBER_ID, "EAAG-test-token", "test-app-secret")
    yield it
    it.close()
    assert it.refused == [], f"the Cloud API refused what the daemon sent: {it.refused[:3]}"


@pytest.fixture
def make_daemon(tmp_path, cloud):
    """make_daemon(**settings of Daemon): a daemon with keys, not yet started; all are ended at the end."""
    made = []

    def make(**more):
        folder = tmp_path / f"daemon-{len(made)}"
        daemon = Daemon(folder, cloud, **more).init_keys()
        cloud.webhook = daemon.webhook
        made.append(daemon)
        return daemon

    yield make
    for daemon in made:
        daemon.close()


@pytest.fixture
def daemon(make_daemon):
    """A running daemon with the demo feed."""
    return make_daemon().start()
