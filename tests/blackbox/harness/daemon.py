"""One daemon in a folder of its own: settings, secrets, key, process, log, ledger."""
import contextlib
import http.client
import json
import os
import pathlib
import re
import secrets
import signal
import sqlite3
import subprocess
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
PHONE_NUMBER_ID = "106540352242922"
FEEDS = pathlib.Path(os.environ.get("TIDINGS_FEEDS", str(ROOT / "mappings/demo")))
LISTENERS = ("mllp", "fhir", "link", "webhook", "admin")
SANITIZER = re.compile(rb"AddressSanitizer|LeakSanitizer|UndefinedBehaviorSanitizer|ThreadSanitizer|runtime error:")
LONG = 120  # seconds; a limit that ends a broken run, never what a test measures


def program():
    """The program under test."""
    return os.environ.get("TIDINGS", str(ROOT / "build/debug/tidings"))


def release_program():
    return os.environ.get("TIDINGS_RELEASE", str(ROOT / "build/release/tidings"))


# Messages not mapped, instances not planned, notices ready, flying or being checked.
BUSY = """
    SELECT (SELECT count(*) FROM message WHERE mapped = 0)
         + (SELECT count(*) FROM instance WHERE planned = 0 AND standing = 1)
         + (SELECT count(*) FROM notice WHERE state IN (2, 3, 4))"""


# Becomes the program with socket argv[1] as descriptor 3, as a service manager hands it over.
HAND_OVER = ("import os, sys; os.dup2(int(sys.argv[1]), 3); os.environ.update(LISTEN_FDS='1', LISTEN_PID=str(os.getpid())); "
             "os.execv(sys.argv[2], sys.argv[2:])")


class Timeout(AssertionError):
    pass


def flow(value):
    """A value in YAML's flow style."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k}: {flow(v)}" for k, v in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(flow, value)) + "]"
    text = str(value)
    return text if re.fullmatch(r"[\w./-][\w./:-]*", text) else json.dumps(text)


def until(condition, what, limit=LONG, every=0.02):
    """Waits until condition() is truthy and gives it back."""
    end = time.monotonic() + limit
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > end:
            raise Timeout(f"waited {limit} s in vain for {what}")
        time.sleep(every)


class Daemon:
    def __init__(self, folder, cloud, settings="", feeds=None, run=None, listen=LISTENERS, options=None):
        """settings: further YAML lines; run: the program; listen: which listeners, each on a free port;
        options: {listener: {option: value}}, further words of its entry."""
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.state.mkdir(mode=0o700, exist_ok=True)
        self.cloud = cloud
        self.run = run or program()
        self.extra = settings
        self.feeds = pathlib.Path(feeds or FEEDS)
        self.listen = {name: 0 for name in listen}
        self.options = options or {}
        self.ports = {}
        self.process = None
        self.raw_log = []
        self.lines = []
        self.reader = self.listener = None  # of what it logs and of what it says
        self.write_secrets()
        self.write_settings()

    # -- the folder -----------------------------------------------------------------------------

    @property
    def settings_file(self):
        return self.folder / "tidings.yaml"

    @property
    def state(self):
        return self.folder / "var"

    def secret(self, name, value):
        path = self.folder / "secrets" / name
        path.parent.mkdir(mode=0o700, exist_ok=True)
        path.write_text(value + "\n")
        path.chmod(0o600)

    def write_secrets(self):
        self.redeem_token = secrets.token_urlsafe(24)
        self.verify_token = secrets.token_urlsafe(24)
        self.secret("whatsapp.token", self.cloud.token)
        self.secret("whatsapp.app-secret", self.cloud.app_secret)
        self.secret("whatsapp.verify", self.verify_token)
        self.secret("redeem.token", self.redeem_token)

    def write_settings(self):
        rows = []
        for name, port in self.listen.items():
            feed = {"feed": self.feeds.name} if name in ("mllp", "fhir") else {}
            rows.append("  - " + flow({name: f"127.0.0.1:{port}"} | feed | self.options.get(name, {})))
        self.settings_file.write_text("\n".join([
            "state: var", "store: sqlite", "keys: secrets/tidings.key", f"feeds: {self.feeds}",
            "listen:", *rows,
            "whatsapp:",
            f"  graph: {self.cloud.graph}",
            f'  phone_number_id: "{self.cloud.phone_number_id}"',
            "  token_file: secrets/whatsapp.token",
            "  app_secret_file: secrets/whatsapp.app-secret",
            "  verify_token_file: secrets/whatsapp.verify",
            "links:",
            "  base: https://links.example.org/l/",
            "  portal: https://portal.example.org/open",
            "  ttl: 72h",
            "  redeem_token_file: secrets/redeem.token",
            self.extra, ""]))

    def init_keys(self):
        done = self.tool("keys", "init")
        assert done.returncode == 0, done.stderr
        return self

    # -- the command line -------------------------------------------------------------------------

    def tool(self, *args, **more):
        """A command of the release program over this folder's settings."""
        words = list(args)
        at = 2 if words[0] == "keys" else 1
        return subprocess.run([release_program(), *words[:at], "-c", str(self.settings_file), *words[at:]],
                              capture_output=True, text=True, timeout=LONG, **more)

    def ledger(self):
        done = self.tool("ledger", "--json")
        assert done.returncode in (0, 1), (done.returncode, done.stderr)
        balance = json.loads(done.stdout)
        assert (done.returncode == 0) == bool(balance["balanced"]), balance
        return balance

    def settled(self, **wanted):
        """Waits until nothing is pending and each named figure has its value; the balance."""
        def look():
            self.assert_alive()
            balance = self.ledger()
            assert balance["balanced"], balance
            done = balance["pending"] == 0 and all(balance[k] == v for k, v in wanted.items())
            return balance if done else None
        try:
            return until(look, f"a settled ledger with {wanted}", every=0.1)
        except Timeout as e:
            raise Timeout(f"{e}; it is {self.ledger()}") from None

    @contextlib.contextmanager
    def store(self):
        """A read-only look into the database beside the daemon."""
        database, = self.state.glob("*.db")
        look = sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=LONG)
        try:
            yield look
        finally:
            look.close()

    def quiet(self):
        """Waits until every message is decided and nothing is about to be sent; what waits for a time may wait."""
        def look():
            self.assert_alive()
            with self.store() as store:
                return store.execute(BUSY).fetchone()[0] == 0
        until(look, "nothing to be under way", every=0.005)

    # -- the process --------------------------------------------------------------------------------

    def start(self, wait=True, hand_over=None, words=()):
        """hand_over: a socket that listens already, for socket activation; words: further words of `serve`."""
        self.ports = {}
        self.lines = []
        self.said = []
        words = [self.run, "serve", "-c", str(self.settings_file), *words]
        if hand_over:
            words = [sys.executable, "-c", HAND_OVER, str(hand_over.fileno()), *words]
        self.process = subprocess.Popen(words, pass_fds=[hand_over.fileno()] if hand_over else (),
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, start_new_session=True,
                                        env=dict(os.environ, ASAN_OPTIONS="abort_on_error=0:detect_leaks=1",
                                                 UBSAN_OPTIONS="print_stacktrace=1"))
        self.reader = threading.Thread(target=self._read_log, args=(self.process, self.lines), daemon=True)
        self.reader.start()
        self.listener = threading.Thread(target=self._read_words, args=(self.process, self.said), daemon=True)
        self.listener.start()
        if wait:
            self.wait_ready()
        return self

    @staticmethod
    def _read_words(process, said):
        """Its standard output, as it comes."""
        for raw in process.stdout:
            said.append(raw.decode("utf-8", "replace").rstrip("\n"))

    def _read_log(self, process, lines):
        for raw in process.stderr:
            self.raw_log.append(raw)
            try:
                line = json.loads(raw)
            except ValueError:
                line = {"raw": raw.decode("utf-8", "replace")}
            found = re.match(r"^listen (\w+) 127\.0\.0\.1:(\d+)", line.get("text", ""))
            if found:
                self.ports[found[1]] = int(found[2])
            lines.append(line)

    def wait_ready(self):
        def look():
            if self.process.poll() is not None:
                self.reader.join(LONG)
                raise AssertionError(f"ended with {self.process.returncode} instead of being ready: {self.lines}")
            return any(line.get("text") == "ready" for line in list(self.lines))
        until(look, "the line 'ready'")
        for name in self.listen:
            assert self.ports.get(name), f"no line says where {name} listens"
        return self

    def says(self, pattern):
        """Log lines whose text matches."""
        return [line for line in list(self.lines) if re.search(pattern, line.get("text", ""))]

    def assert_alive(self):
        assert self.process.poll() is None, f"the daemon ended with {self.process.returncode}: {self.lines[-20:]}"

    def _ended(self):
        self.reader.join(LONG)
        self.listener.join(LONG)
        self.process.stdout.close()
        self.process.stderr.close()
        log = b"".join(self.raw_log)
        assert not SANITIZER.search(log), log[-8000:].decode("utf-8", "replace")
        return self.process.returncode

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(LONG)
        return self._ended()

    def terminate(self):
        """SIGTERM and the exit code; everything that is left must be finished before."""
        self.process.send_signal(signal.SIGTERM)
        return self.wait_end()

    def wait_end(self):
        self.process.wait(LONG)
        return self._ended()

    def restart(self):
        assert self.terminate() == 0
        return self.start()

    def close(self):
        if self.process and self.process.poll() is None:
            assert self.terminate() == 0

    def memory(self):
        """Resident MiB."""
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", text)[1]) / 1024

    def descriptors(self):
        """How many files and sockets the process holds."""
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    # -- its faces -------------------------------------------------------------------------------------

    def http(self, listener, method, path, body=None, headers=None):
        """(status, headers as a dict of lower-case names, body)."""
        connection = http.client.HTTPConnection("127.0.0.1", self.ports[listener], timeout=LONG)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def metric(self, name, **labels):
        """A figure of /metrics; 0 when there is no such line."""
        _, _, text = self.http("admin", "GET", "/metrics")
        inside = ",".join(f'{k}="{v}"' for k, v in labels.items())
        found = re.search(rf"^{re.escape(f'{name}{{{inside}}}' if labels else name)} (\d+)$", text.decode(), re.MULTILINE)
        return int(found[1]) if found else 0

    def senders(self):
        """{(code, "application/facility"): count} of `tidings status --json`, all addresses together."""
        done = self.tool("status", "--json")
        assert done.returncode == 0, (done.returncode, done.stderr)
        found = {}
        for row in json.loads(done.stdout)["senders"]:
            key = row["code"], f"{row.get('application', '')}/{row.get('facility', '')}"
            found[key] = found.get(key, 0) + row["count"]
        return found

    def fhir(self, method, path, resource, content_type="application/fhir+json"):
        body = resource if isinstance(resource, bytes) else json.dumps(resource).encode()
        status, headers, answer = self.http("fhir", method, "/fhir/" + path, body, {"Content-Type": content_type})
        return status, headers, json.loads(answer) if answer else None

    def webhook(self):
        return "127.0.0.1", self.ports["webhook"], "/webhook"

    def redeem(self, code, token=None):
        """(status, object) of the portal's exchange of a one-time code."""
        status, _, body = self.http("link", "POST", "/links/redeem", json.dumps({"code": code}),
                                    {"Content-Type": "application/json",
                                     "Authorization": f"Bearer {token or self.redeem_token}"})
        try:
            return status, json.loads(body)
        except ValueError:
            return status, None
