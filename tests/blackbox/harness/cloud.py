"""A look-alike of the WhatsApp Cloud API that is not the one inside the program under test.

It judges every POST by Meta's published rules, keeps the raw bytes of everything it saw, fails on
request, and posts webhooks signed in Meta's wire style (ASCII, lower-case escapes, escaped slashes)."""
import hashlib
import hmac
import http.client
import http.server
import itertools
import json
import re
import socket
import struct
import threading
import time
import urllib.parse

ECHO = re.compile(r"^a1:[0-9A-HJKMNP-TV-Z]{26}$")
E164 = re.compile(r"^\+[1-9][0-9]{6,14}$")
PAYLOAD = re.compile(r"^c1\.[0-9A-HJKMNP-TV-Z]{26}\.(ok|rs|cx)$")
WORDS = {"ok": "confirm", "rs": "change", "cx": "cancel"}
URL_SUFFIX = re.compile(r"^[A-Za-z0-9_-]+$")


class Post:
    """One POST to /messages as it came in, and what became of it."""

    def __init__(self, path, headers, raw):
        self.path, self.headers, self.raw = path, headers, raw
        self.body = None
        self.accepted = False
        self.wamid = None
        self.at = time.time()

    @property
    def to(self):
        return self.body["to"]

    @property
    def echo(self):
        return self.body["biz_opaque_callback_data"]

    @property
    def template(self):
        return self.body["template"]["name"]

    @property
    def token(self):
        """The suffix of the URL button: the link token; None without a button."""
        for part in self.body["template"].get("components", []):
            if part["type"] == "button" and part["sub_type"] == "url":
                return part["parameters"][0]["text"]
        return None

    @property
    def payloads(self):
        """{word: payload} of its quick replies."""
        found = [part["parameters"][0]["payload"] for part in self.body["template"].get("components", [])
                 if part["type"] == "button" and part["sub_type"] == "quick_reply"]
        return {WORDS[payload.rsplit(".", 1)[1]]: payload for payload in found}


def faults_of(body):
    """Why Meta would refuse this body; an empty list when it would not."""
    found = []

    def must(condition, code, text):
        if not condition:
            found.append((code, text))

    must(isinstance(body, dict), 100, "not an object")
    if found:
        return found
    must(body.get("messaging_product") == "whatsapp", 100, "messaging_product")
    must(body.get("recipient_type", "individual") == "individual", 100, "recipient_type")
    must(body.get("type") == "template", 131051, "type")
    must(isinstance(body.get("to"), str) and E164.match(body["to"]), 131009, "to is not E.164 with '+'")
    must(isinstance(body.get("biz_opaque_callback_data"), str)
         and ECHO.match(body["biz_opaque_callback_data"]), 131009, "biz_opaque_callback_data")
    unknown = set(body) - {"messaging_product", "recipient_type", "to", "type", "template",
                           "biz_opaque_callback_data"}
    must(not unknown, 100, f"unknown keys {sorted(unknown)}")
    template = body.get("template")
    must(isinstance(template, dict), 131008, "template")
    if not isinstance(template, dict):
        return found
    must(re.match(r"^[a-z0-9_]{1,512}$", str(template.get("name"))), 132001, "template.name")
    language = template.get("language")
    must(isinstance(language, dict) and re.match(r"^[a-z]{2,3}(_[A-Z]{2})?$", str(language.get("code"))),
         132001, "template.language.code")
    for part in template.get("components", []):
        found.extend(faults_of_component(part))
    return found


def faults_of_component(part):
    found = []
    if part.get("type") not in ("header", "body", "button"):
        return [(100, "component type")]
    if part["type"] == "button":
        if part.get("sub_type") not in ("url", "quick_reply") or not re.match(r"^[0-9]$", str(part.get("index"))) \
                or not isinstance(part["index"], str):
            found.append((131009, "button index is a string, sub_type url or quick_reply"))
    parameters = part.get("parameters")
    if not isinstance(parameters, list) or not parameters:
        return found + [(131008, "parameters")]
    if part.get("sub_type") == "quick_reply":
        good = len(parameters) == 1 and parameters[0].get("type") == "payload" and PAYLOAD.match(str(parameters[0].get("payload")))
        return found if good else found + [(131009, "payload of a quick reply")]
    for parameter in parameters:
        text = parameter.get("text")
        if parameter.get("type") != "text" or not isinstance(text, str) or not text:
            found.append((131008, "parameter text"))
        elif re.search(r"[\n\t]| {4}", text):
            found.append((132018, "parameter holds a line break, tab or four spaces"))
        elif part["type"] == "button" and not URL_SUFFIX.match(text):
            found.append((131009, "button suffix"))
    return found


def wire(value):
    """JSON as Meta writes it: ASCII, lower-case escapes, escaped slashes."""
    return json.dumps(value, ensure_ascii=True, separators=(",", ":")).replace("/", "\\/").encode("ascii")


def sign(secret, raw):
    return "sha256=" + hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_POST(self):
        length = int(self.headers.get("Content-Length", "0"))
        raw = self.rfile.read(length)
        if len(raw) < length:  # the sender died in the middle of it
            self.close_connection = True
            return
        self.server.cloud.handle(self, raw)

    def do_GET(self):
        """The probe of a stopped sender: the phone number, for the right token."""
        cloud = self.server.cloud
        if self.path.split("?")[0] != f"/v25.0/{cloud.phone_number_id}":
            return self.answer(404, cloud.error(100, "no such path"))
        if self.headers.get("Authorization") != f"Bearer {cloud.token}":
            return self.answer(401, cloud.error(190, "invalid token"))
        return self.answer(200, {"id": cloud.phone_number_id, "display_phone_number": "15550783881"})

    def answer(self, status, value):
        raw = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=UTF-8")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)
        self.wfile.flush()

    def cut(self):
        """Ends the connection with a reset and without a byte of answer."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request, client_address):
        """A peer that went away mid-answer is what several tests are about."""


class Cloud:
    """State: `posts` (everything seen), `accepted` (what a patient would have got), `fired` (faults used)."""

    def __init__(self, phone_number_id, token, app_secret):
        self.phone_number_id, self.token, self.app_secret = phone_number_id, token, app_secret
        self.posts, self.fired, self.webhook_answers, self.refused = [], [], [], []
        self.statuses = ()          # statuses posted after each accept, in this order
        self.webhook = None         # callable giving (host, port, path) of the daemon, or None
        self._plan = []
        self._lock = threading.RLock()
        self._numbers = itertools.count(1)
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.cloud = self
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    @property
    def graph(self):
        return f"http://127.0.0.1:{self.port}/v25.0"

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def plan(self, fault, n=1, **more):
        """The next n POSTs meet this fault: "drop_before", "drop_after", "delay", "code", "status"."""
        with self._lock:
            self._plan += [dict(more, fault=fault) for _ in range(n)]

    def clear_plan(self):
        with self._lock:
            self._plan.clear()

    @property
    def accepted(self):
        with self._lock:
            return [p for p in self.posts if p.accepted]

    def accepts_by(self, key):
        """How often each value of `key` (a function of a Post) was accepted."""
        counts = {}
        for post in self.accepted:
            counts[key(post)] = counts.get(key(post), 0) + 1
        return counts

    def handle(self, request, raw):
        post = Post(request.path, dict(request.headers.items()), raw)
        with self._lock:
            self.posts.append(post)
            fault = self._plan.pop(0) if self._plan else {"fault": None}
            if fault["fault"]:
                self.fired.append(fault["fault"])
        if fault["fault"] == "drop_before":
            return request.cut()
        if fault["fault"] == "status":
            return request.answer(fault["status"], fault.get("body", {}))
        if fault["fault"] == "code":
            return request.answer(fault.get("status", 400), self.error(fault["code"], "on request"))
        refusal = self.judge(post)
        if refusal:
            with self._lock:
                self.refused.append((refusal, raw))
            return request.answer(*refusal)
        with self._lock:
            post.accepted = True
            post.wamid = f"wamid.HBgL{next(self._numbers):012d}"
        if fault["fault"] == "delay":
            time.sleep(fault["seconds"])
        if fault["fault"] == "drop_after":
            request.cut()
        else:
            request.answer(200, {"messaging_product": "whatsapp",
                                 "contacts": [{"input": post.to, "wa_id": post.to[1:]}],
                                 "messages": [{"id": post.wamid, "message_status": "accepted"}]})
        for status in self.statuses:
            self.post_status(post, status)

    def judge(self, post):
        """(HTTP status, error object) of the refusal, or None."""
        if post.path != f"/v25.0/{self.phone_number_id}/messages":
            return 404, self.error(100, "no such path")
        if post.headers.get("Authorization") != f"Bearer {self.token}":
            return 401, self.error(190, "invalid token")
        if post.headers.get("Content-Type", "").split(";")[0].strip() != "application/json":
            return 400, self.error(100, "content type")
        try:
            post.body = json.loads(post.raw)
        except ValueError:
            return 400, self.error(100, "not JSON")
        faults = faults_of(post.body)
        return (400, self.error(*faults[0])) if faults else None

    @staticmethod
    def error(code, details):
        return {"error": {"message": f"(#{code})", "type": "OAuthException", "code": code,
                          "error_data": {"messaging_product": "whatsapp", "details": details},
                          "fbtrace_id": "Az8or2yhqkZfEZ-_4Qn_Bam"}}

    def status_value(self, post, status, timestamp=None, echo=True):
        """The `value` of one status webhook."""
        item = {"id": post.wamid, "status": status, "timestamp": str(timestamp or int(time.time())),
                "recipient_id": post.to[1:]}
        if echo:
            item["biz_opaque_callback_data"] = post.echo
        if status == "failed":
            item["errors"] = [{"code": 131026, "title": "Message undeliverable",
                               "error_data": {"details": "Message Undeliverable."}}]
        return {"messaging_product": "whatsapp",
                "metadata": {"display_phone_number": "15550783881", "phone_number_id": self.phone_number_id},
                "statuses": [item]}

    def post_status(self, post, status, **more):
        return self.post_values([self.status_value(post, status, **more)])

    def tap_value(self, post, word, payload=None):
        """The `value` of the webhook that follows when the patient taps that quick reply."""
        return {"messaging_product": "whatsapp",
                "metadata": {"display_phone_number": "15550783881", "phone_number_id": self.phone_number_id},
                "contacts": [{"profile": {"name": "A. Nybody"}, "wa_id": post.to[1:]}],
                "messages": [{"context": {"from": "15550783881", "id": post.wamid}, "from": post.to[1:],
                              "id": f"wamid.HBgT{next(self._numbers):012d}", "timestamp": str(int(time.time())), "type": "button",
                              "button": {"payload": post.payloads[word] if payload is None else payload, "text": word}}]}

    def post_tap(self, post, word):
        return self.post_values([self.tap_value(post, word)])

    def post_values(self, values):
        """Posts one signed webhook with a change for each value; the HTTP status, or None when nobody answered."""
        raw = wire({"object": "whatsapp_business_account",
                    "entry": [{"id": "102290129340398",
                               "changes": [{"field": "messages", "value": v} for v in values]}]})
        return self.post_raw(raw, sign(self.app_secret, raw))

    def post_raw(self, raw, signature):
        if not self.webhook:
            return None
        headers = {"Content-Type": "application/json"}
        if signature is not None:
            headers["X-Hub-Signature-256"] = signature
        try:
            host, port, path = self.webhook()
            connection = http.client.HTTPConnection(host, port, timeout=30)
            connection.request("POST", path, raw, headers)
            answer = connection.getresponse()
            answer.read()
            connection.close()
            status = answer.status
        except (OSError, http.client.HTTPException, KeyError):
            status = None
        with self._lock:
            self.webhook_answers.append(status)
        return status

    def handshake(self, token, challenge="1158201444"):
        """(status, body) of the GET verification."""
        host, port, path = self.webhook()
        query = urllib.parse.urlencode({"hub.mode": "subscribe", "hub.challenge": challenge,
                                        "hub.verify_token": token})
        connection = http.client.HTTPConnection(host, port, timeout=30)
        connection.request("GET", f"{path}?{query}")
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer.status, body
