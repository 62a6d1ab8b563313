"""A notice is on the wire when its matter ends, and the feed tells nobody of the end: it does not leave once more."""
import re
import threading

import pytest

from harness.daemon import until
from harness.samples import booking, cancelled
from test_reload import copy_feed, send

CANCELLED = """  - on: appointment/1
    when: status = cancelled
    template: visit_cancelled
    params: {site_name: site.name}
"""
WITHDRAWN = 7


@pytest.fixture
def silent(tmp_path):
    """The demo's feed without a notice of what is cancelled."""
    feed = copy_feed(tmp_path / "tenant" / "demo")
    text = (feed / "demo.yaml").read_text(encoding="utf-8")
    assert CANCELLED in text
    (feed / "demo.yaml").write_text(re.sub(r"(?s)\ntests:.*", "\ntests: []\n", text.replace(CANCELLED, "")), encoding="utf-8")
    return feed


@pytest.fixture
def held(cloud, monkeypatch):
    """The first POST waits for its answer, 130429, until `go` is set. (came, go)"""
    came, go, handle = threading.Event(), threading.Event(), cloud.handle

    def answer(request, raw):
        if came.is_set():
            return handle(request, raw)
        cloud.plan("code", code=130429)
        came.set()
        go.wait(60)
        return handle(request, raw)
    monkeypatch.setattr(cloud, "handle", answer)
    yield came, go
    go.set()


def rows(daemon, query):
    with daemon.store() as store:
        return store.execute(query).fetchall()


def test_cancelled_while_on_the_wire(make_daemon, cloud, silent, held):
    came, go = held
    daemon = make_daemon(feeds=silent, settings="send: {retry_first: 1s, retry_most: 1s}\n").start()
    message = booking(1)
    send(daemon, message)
    assert came.wait(60), "no POST"
    send(daemon, cancelled(message))
    until(lambda: rows(daemon, "SELECT count(*) FROM instance WHERE standing <> 1") == [(1,)], "the cancellation to be decided")
    go.set()
    until(lambda: rows(daemon, "SELECT state, reason FROM notice WHERE before_ms = 0") == [(WITHDRAWN, "a later event came first")],
          "the notice to be withdrawn")
    assert cloud.fired == ["code"] and rows(daemon, "SELECT count(*) FROM notice WHERE state IN (1, 2, 3, 4)") == [(0,)]
    daemon.restart()
    daemon.quiet()
    assert len(cloud.posts) == 1 and cloud.accepted == []
