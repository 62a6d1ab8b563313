"""MLLP as bytes, for tests that must control each of them, and HL7 text that can be edited by field."""
import re
import socket

START, END = b"\x0b", b"\x1c\r"


def frame(content):
    return START + content + END


class Connection:
    """A blocking MLLP connection; `timeout` is only there so that a broken daemon cannot hang the run.

    tls: an ssl.SSLContext; source: the address of 127/8 to come from."""

    def __init__(self, port, timeout=60, receive_buffer=None, tls=None, source=None):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(timeout)
        self.buffer = b""
        if source:
            self.socket.bind((source, 0))
        try:
            self.socket.connect(("127.0.0.1", port))
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if tls:
                self.socket = tls.wrap_socket(self.socket, server_hostname="localhost")
        except OSError:
            self.socket.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *args):
        self.close()

    def close(self):
        self.socket.close()

    def send_raw(self, data):
        self.socket.sendall(data)

    def read_frame(self):
        """The next frame with its framing; None when the daemon closed instead."""
        while END not in self.buffer:
            try:
                more = self.socket.recv(65536)
            except ConnectionResetError:
                return None
            if not more:
                return None
            self.buffer += more
        at = self.buffer.index(END) + len(END)
        whole, self.buffer = self.buffer[:at], self.buffer[at:]
        return whole

    def ask(self, content):
        """Sends one message and reads its answer."""
        self.send_raw(frame(content))
        return self.read_frame()

    def is_closed_by_peer(self):
        """True once the daemon has closed; reads away what it still says."""
        try:
            while True:
                more = self.socket.recv(65536)
                if not more:
                    return True
                self.buffer += more
        except ConnectionResetError:
            return True
        except socket.timeout:
            return False


class Ack:
    """A parsed answer. Raises AssertionError when the bytes are not one well-formed ACK."""

    def __init__(self, raw):
        assert raw is not None, "no answer: the connection was closed"
        assert raw.startswith(START) and raw.endswith(END), "answer is not framed"
        content = raw[len(START):-len(END)]
        assert START not in content and b"\x1c" not in content, "framing bytes inside the answer"
        assert content.endswith(b"\r"), "answer does not end in CR"
        self.raw = raw
        self.segments = [s for s in content.split(b"\r") if s]
        assert self.segments[0].startswith(b"MSH"), "answer does not start with MSH"
        assert sum(s.startswith(b"MSH") for s in self.segments) == 1, "not exactly one MSH"
        self.separator = self.segments[0][3:4]
        msa = [s for s in self.segments if s.startswith(b"MSA" + self.separator)]
        assert len(msa) == 1, "not exactly one MSA"
        self.msa = msa[0].split(self.separator)
        self.msh = self.segments[0].split(self.separator)
        self.err = [s.split(self.separator) for s in self.segments if s.startswith(b"ERR" + self.separator)]
        assert self.msh[8].split(self.msh[1][:1])[0] == b"ACK", "MSH-9 is not ACK"
        assert self.msh[9], "the answer has no MSH-10"

    @property
    def code(self):
        return self.msa[1].decode()

    @property
    def control_id(self):
        return self.msa[2]

    @property
    def text(self):
        return self.msa[3].decode() if len(self.msa) > 3 else ""

    @property
    def condition(self):
        """The code of table 0357 in ERR-3 (2.5 on), else in ERR-1.4; '' without ERR."""
        if not self.err:
            return ""
        fields = self.err[0]
        if len(fields) > 3 and fields[3]:
            return fields[3].split(b"^")[0].decode()
        parts = fields[1].split(b"^") if len(fields) > 1 else []
        return parts[3].split(b"&")[0].decode() if len(parts) > 3 else ""


class Message:
    """HL7 text by fields: `m["PID-3.1"] = "X"`, first segment of that name. Knows no escapes."""

    def __init__(self, text):
        self.segments = [line for line in re.split(r"\r\n|\r|\n", text) if line]
        self.separator = self.segments[0][3]
        self.component = self.segments[0][4]

    def copy(self):
        return Message("\r".join(self.segments))

    @staticmethod
    def _place(path):
        found = re.match(r"^([A-Z0-9]{3})-(\d+)(?:\.(\d+))?$", path)
        assert found, path
        return found[1], int(found[2]), int(found[3] or 0)

    def _row(self, name):
        for at, line in enumerate(self.segments):
            if line.startswith(name):
                return at
        raise KeyError(name)

    def _fields(self, at):
        fields = self.segments[at].split(self.separator)
        return [fields[0], self.separator] + fields[1:] if fields[0] == "MSH" else fields

    def __getitem__(self, path):
        name, field, component = self._place(path)
        fields = self._fields(self._row(name))
        value = fields[field] if field < len(fields) else ""
        if not component:
            return value
        parts = value.split(self.component)
        return parts[component - 1] if component <= len(parts) else ""

    def __setitem__(self, path, value):
        name, field, component = self._place(path)
        at = self._row(name)
        fields = self._fields(at)
        fields += [""] * (field + 1 - len(fields))
        if component:
            parts = fields[field].split(self.component)
            parts += [""] * (component - len(parts))
            parts[component - 1] = value
            value = self.component.join(parts)
        fields[field] = value
        if name == "MSH":
            del fields[1]
        self.segments[at] = self.separator.join(fields)

    def with_(self, **changes):
        """A copy with fields changed: with_(MSH_10="X", PID_3__1="Y") sets MSH-10 and PID-3.1."""
        other = self.copy()
        for path, value in changes.items():
            other[path.replace("__", ".").replace("_", "-", 1)] = value
        return other

    def encode(self, charset="utf-8", errors="strict"):
        return ("\r".join(self.segments) + "\r").encode(charset, errors)
