"""Bad FHIR and bad HTTP: an OperationOutcome with an expression, or a closed connection; nothing stored."""
import json
import re
import socket

import pytest

from harness import samples
from harness.daemon import until

JSON = "application/fhir+json"


def assert_outcome(answer, *statuses):
    status, headers, body = answer
    assert status in statuses, (status, body)
    assert headers["content-type"].startswith(JSON), headers
    assert body["resourceType"] == "OperationOutcome"
    assert body["issue"] and all(i["severity"] in ("fatal", "error") and i["code"] for i in body["issue"])
    return body["issue"][0]


def assert_works(daemon, n=99):
    assert daemon.fhir("POST", "Bundle", samples.fhir_booking(n))[0] in (200, 201)
    until(lambda: daemon.cloud.accepts_by(lambda p: p.to).get(samples.phone(n)), "the next booking's notice")


def nested(depth, kind):
    if kind == "object":
        return b'{"resourceType":"Appointment","x":' + b'{"x":' * depth + b"1" + b"}" * depth + b"}"
    return b'{"resourceType":"Appointment","x":' + b"[" * depth + b"]" * depth + b"}"


@pytest.mark.parametrize("body", [
    b"", b" ", b"{", b"null", b"[]", b"42", b'"x"', b"{}", b'{"a":1}', b'{"resourceType":1}', b'{"resourceType":""}',
    b'{"resourceType":"Appointment"', b'{"resourceType":"Appointment"}}', b'{"resourceType":"Appointment",}',
    b"{'resourceType':'Appointment'}", b'{"resourceType":"Appointment","x":NaN}', b'{"resourceType":"Appointment","x":01}',
    b'{"resourceType":"Appointment","x":"\xff"}', b'{"resourceType":"Appointment","x":"\\ud800"}',
    b'{"resourceType":"Appointment","x":"\x01"}', b'{"resourceType":"Appointment","resourceType":"Patient"}',
    b"<Appointment xmlns='http://hl7.org/fhir'/>", b"\xef\xbb\xbf{}", b"\x00" * 32], ids=lambda b: repr(b[:28]))
def test_not_fhir(daemon, body):
    assert_outcome(daemon.fhir("POST", "Appointment", body), 400, 422)
    assert daemon.ledger()["acked"] == 0
    assert_works(daemon)


@pytest.mark.parametrize("kind", ["object", "array"])
@pytest.mark.parametrize("depth", [64, 1000, 100000])
def test_nested_too_deep(daemon, kind, depth):
    assert_outcome(daemon.fhir("POST", "Appointment", nested(depth, kind)), 400, 413, 422)
    assert daemon.ledger()["acked"] == 0
    assert_works(daemon)


def test_a_fault_says_where(daemon):
    resource = {"resourceType": "Bundle", "type": "transaction", "entry": [{"resource": {"resourceType": "Appointment", "status": 7}}]}
    issue = assert_outcome(daemon.fhir("POST", "Bundle", resource), 400, 422)
    assert issue.get("expression"), issue
    assert daemon.ledger()["acked"] == 0


@pytest.mark.parametrize("content_type,status", [("text/plain", 415), ("application/xml", 415), ("application/fhir+xml", 415),
                                                 ("application/x-www-form-urlencoded", 415), ("", 415), ("multipart/form-data; boundary=x", 415)])
def test_wrong_content_type(daemon, content_type, status):
    assert_outcome(daemon.fhir("POST", "Bundle", samples.fhir_booking(1), content_type), status)
    assert daemon.ledger()["acked"] == 0


@pytest.mark.parametrize("content_type", [JSON, "application/json", "application/fhir+json; charset=utf-8",
                                          "application/fhir+json;fhirVersion=4.0", "APPLICATION/FHIR+JSON"])
def test_right_content_types(daemon, content_type):
    assert daemon.fhir("POST", "Bundle", samples.fhir_booking(1), content_type)[0] in (200, 201)
    daemon.settled(acked=1, notified=1)


@pytest.mark.parametrize("method,path,statuses", [
    ("POST", "Observation", (404, 400, 422)), ("POST", "NoSuchThing", (404, 400)), ("DELETE", "Appointment/1", (404, 405)),
    ("GET", "Appointment/1", (404, 405)), ("PUT", "Appointment", (404, 405, 400)), ("PATCH", "Appointment/1", (404, 405, 415)),
    ("POST", "Appointment/1", (404, 405)), ("POST", "../Appointment", (400, 404, 405)), ("POST", "%2e%2e/x", (400, 404, 405))])
def test_wrong_method_or_path(daemon, method, path, statuses):
    status, headers, raw = daemon.http("fhir", method, "/fhir/" + path, json.dumps({"resourceType": "Appointment"}),
                                       {"Content-Type": JSON})
    assert status in statuses, (status, raw)
    assert json.loads(raw)["resourceType"] == "OperationOutcome"
    assert daemon.ledger()["acked"] == 0


def test_type_and_id_must_be_those_of_the_path(daemon):
    appointment = samples.fhir_appointment(samples.fhir_booking(1))
    assert_outcome(daemon.fhir("POST", "Patient", appointment), 400, 422)
    assert_outcome(daemon.fhir("PUT", "Appointment/other", dict(appointment, id="one")), 400, 422)
    assert daemon.ledger()["acked"] == 0


def test_metadata_says_what_is_taken(daemon):
    status, headers, raw = daemon.http("fhir", "GET", "/fhir/metadata")
    statement = json.loads(raw)
    assert status == 200 and headers["content-type"].startswith(JSON)
    assert statement["resourceType"] == "CapabilityStatement" and statement["fhirVersion"] == "4.0.1"
    assert {"Appointment", "DiagnosticReport", "Patient"} <= {r["type"] for r in statement["rest"][0]["resource"]}


def test_text_of_the_sender_is_not_in_the_answer(daemon):
    marker = "ZZmarkerZZ"
    for resource in ({"resourceType": marker}, {"resourceType": "Appointment", marker: {"a": marker}, "status": marker},
                     {"resourceType": "Bundle", "type": marker}, {"resourceType": "Bundle", "type": "transaction", "entry": marker}):
        status, headers, raw = daemon.http("fhir", "POST", "/fhir/Bundle", json.dumps(resource), {"Content-Type": JSON})
        assert marker.encode() not in raw, raw
        assert marker not in json.dumps(headers)
    assert marker.encode() not in b"".join(daemon.raw_log)


# -- HTTP itself ---------------------------------------------------------------------------------------------------


def raw_http(daemon, data, listener="fhir", timeout=60, half_close=True):
    """Everything the daemon says to these bytes until it closes."""
    with socket.create_connection(("127.0.0.1", daemon.ports[listener]), timeout=timeout) as s:
        try:
            s.sendall(data)
            if half_close:
                s.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        said = b""
        try:
            while True:
                more = s.recv(65536)
                if not more:
                    return said
                said += more
        except ConnectionResetError:
            return said


BODY = b'{"resourceType":"Appointment"}'
HEAD = b"POST /fhir/Appointment HTTP/1.1\r\nHost: x\r\nContent-Type: application/fhir+json\r\n"


@pytest.mark.parametrize("data", [
    HEAD + b"Content-Length: 30\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    HEAD + b"Transfer-Encoding: chunked\r\nContent-Length: 30\r\n\r\n0\r\n\r\n",
    HEAD + b"Content-Length: 30\r\nContent-Length: 31\r\n\r\n" + BODY,
    HEAD + b"Content-Length: +30\r\n\r\n" + BODY, HEAD + b"Content-Length: 30 0\r\n\r\n" + BODY,
    HEAD + b"Content-Length: 30abc\r\n\r\n" + BODY, HEAD + b"Content-Length : 30\r\n\r\n" + BODY,
    HEAD + b"X: a\r\n folded\r\nContent-Length: 30\r\n\r\n" + BODY, HEAD + b"X: a\rb\r\nContent-Length: 30\r\n\r\n" + BODY,
    HEAD + b"X: a\x00b\r\nContent-Length: 30\r\n\r\n" + BODY, HEAD + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n\r\n",
    HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}x0\r\n\r\n",
    b"POST /fhir/Appointment\r\n\r\n", b"POST /fhir/Appointment HTTP/1.7\r\nHost: x\r\n\r\n",
    b"POST  /fhir/Appointment HTTP/1.1\r\nHost: x\r\n\r\n", b"POST /fhir/Appointment HTTP/1.1\r\n\r\n",
    b"POST /fhir/Appointment HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 64,
    b"POST /fhir/Appoint\x00ment HTTP/1.1\r\nHost: x\r\n\r\n", HEAD + b"X: " + b"y" * 70000 + b"\r\n\r\n",
    HEAD + b"X: y\r\n" * 5000 + b"\r\n"], ids=range(22))
def test_malformed_requests(daemon, data):
    said = raw_http(daemon, data)
    assert not said or said.split(b" ", 2)[1][:1] in (b"4", b"5"), said[:200]
    assert len(re.findall(rb"(?m)^HTTP/1\.1 \d{3}", said)) <= 1, "one request was taken for two"
    assert daemon.ledger()["acked"] == 0
    assert_works(daemon)


def test_a_body_over_the_limit_is_refused_before_it_is_read(daemon):
    said = raw_http(daemon, HEAD + b"Content-Length: 99999999999\r\n\r\n" + b"x" * 1000, half_close=False)
    assert said.startswith(b"HTTP/1.1 413"), said[:100]
    chunks = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    said = raw_http(daemon, HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunks * 1024)
    assert said.startswith(b"HTTP/1.1 413") or said == b"", said[:100]
    assert daemon.ledger()["acked"] == 0
    assert_works(daemon)


def test_slow_peers_are_told_408(make_daemon):
    daemon = make_daemon(settings="http:\n  header_timeout: 1s\n  body_timeout: 1s").start()
    slow_header = raw_http(daemon, HEAD[:30], half_close=False)
    slow_body = raw_http(daemon, HEAD + b"Content-Length: 30\r\n\r\n" + BODY[:10], half_close=False)
    assert slow_header.startswith(b"HTTP/1.1 408") or slow_header == b""
    assert slow_body.startswith(b"HTTP/1.1 408") or slow_body == b""
    assert daemon.ledger()["acked"] == 0
    assert_works(daemon)


def test_a_peer_that_leaves_mid_body(daemon):
    body = json.dumps(samples.fhir_booking(1)).encode()
    head = b"POST /fhir/Bundle HTTP/1.1\r\nHost: x\r\nContent-Type: application/fhir+json\r\nContent-Length: %d\r\n\r\n" % len(body)
    for cut in (0, 1, len(body) // 2, len(body) - 1):
        assert not raw_http(daemon, head + body[:cut]).startswith(b"HTTP/1.1 2")
    assert daemon.ledger()["acked"] == 0
    assert_works(daemon)


def test_pipelined_requests_are_answered_in_order(daemon):
    one = b"GET /fhir/metadata HTTP/1.1\r\nHost: x\r\n\r\n"
    bad = HEAD + b"Content-Length: 2\r\n\r\n{}"
    said = raw_http(daemon, one + bad + one)
    codes = [part.split(b" ", 1)[0] for part in said.split(b"HTTP/1.1 ")[1:]]
    assert codes[:2] == [b"200", codes[1]] and codes[1] in (b"400", b"422"), codes


@pytest.mark.parametrize("path", ["/l/", "/l/x", "/l/" + "A" * 43, "/l/" + "A" * 44, "/l/" + "%00" * 10, "/l/" + "A" * 5000, "/", "/nothing"])
def test_guessing_links(daemon, path):
    status, headers, body = daemon.http("link", "POST", path, "", {"Content-Type": "application/x-www-form-urlencoded"})
    assert "code=" not in headers.get("location", "")
    assert b"<script" not in body.lower()
    assert status < 500 or status == 503
    status, _, _ = daemon.http("link", "GET", path)
    assert status < 500


@pytest.mark.parametrize("body,statuses", [(b"", (400, 401, 415)), (b"{}", (400, 404)), (b'{"code":7}', (400, 404)), (b'{"code":""}', (400, 404)),
                                           (b'{"code":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}', (404,)), (b"[" * 1000, (400,))])
def test_redeem_refuses(daemon, body, statuses):
    status, _, _ = daemon.http("link", "POST", "/links/redeem", body, {
        "Content-Type": "application/json", "Authorization": f"Bearer {daemon.redeem_token}"})
    assert status in statuses
    assert daemon.http("link", "POST", "/links/redeem", body, {"Content-Type": "application/json"})[0] == 401
