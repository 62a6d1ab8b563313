"""Certificates for tests, made by the `openssl` program: an authority, servers, clients.

    ca = make_ca(folder)
    server = make_server(folder, ca, "server", names=["localhost", "127.0.0.1"])
    client = make_client(folder, ca, "epic", names=["epic.hospital.example"])

Each has .certificate and .key (paths; the key has mode 0600). `days` may be negative: expired.
"""
import dataclasses
import ipaddress
import pathlib
import subprocess


@dataclasses.dataclass(frozen=True)
class Pair:
    certificate: pathlib.Path
    key: pathlib.Path

    def fingerprint(self) -> str:
        """sha256:<hex>, as the configuration names a peer by its certificate."""
        text = openssl("x509", "-in", self.certificate, "-noout", "-fingerprint", "-sha256")
        return "sha256:" + text.strip().split("=", 1)[1].replace(":", "").lower()


def openssl(*words) -> str:
    done = subprocess.run(["openssl", *map(str, words)], capture_output=True, text=True, timeout=60)
    if done.returncode:
        raise RuntimeError(f"openssl {words[0]}: {done.stderr[-400:]}")
    return done.stdout


def make_key(folder, name) -> pathlib.Path:
    path = pathlib.Path(folder) / f"{name}.key"
    path.touch(mode=0o600)
    path.chmod(0o600)
    openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", path)
    path.chmod(0o600)
    return path


def make_ca(folder, name="ca", days=30) -> Pair:
    """An authority that signs itself."""
    key = make_key(folder, name)
    path = pathlib.Path(folder) / f"{name}.pem"
    openssl("req", "-x509", "-new", "-key", key, "-sha256", "-days", days, "-subj", f"/CN=Test {name}",
            "-addext", "basicConstraints=critical,CA:TRUE",
            "-addext", "keyUsage=critical,keyCertSign,cRLSign", "-out", path)
    return Pair(path, key)


def make_server(folder, ca, name="server", names=("localhost", "127.0.0.1"), days=30) -> Pair:
    return _make_leaf(folder, ca, name, names, days, "serverAuth")


def make_client(folder, ca, name="client", names=(), days=30) -> Pair:
    """`names` go into the subjectAltName; without any the peer is known by CN=<name>."""
    return _make_leaf(folder, ca, name, names, days, "clientAuth")


def _alternative(name) -> str:
    try:
        return f"IP:{ipaddress.ip_address(name)}"
    except ValueError:
        return f"{'URI' if ':' in name else 'DNS'}:{name}"


def _make_leaf(folder, ca, name, names, days, usage) -> Pair:
    folder = pathlib.Path(folder)
    key = make_key(folder, name)
    request, extensions, path = (folder / f"{name}{end}" for end in (".csr", ".ext", ".pem"))
    lines = ["basicConstraints=critical,CA:FALSE", "keyUsage=critical,digitalSignature",
             f"extendedKeyUsage={usage}"]
    if names:
        lines.append("subjectAltName=" + ",".join(_alternative(one) for one in names))
    extensions.write_text("\n".join(lines) + "\n")
    openssl("req", "-new", "-key", key, "-subj", f"/CN={name}", "-out", request)
    openssl("x509", "-req", "-in", request, "-CA", ca.certificate, "-CAkey", ca.key, "-CAcreateserial",
            "-sha256", "-days", days, "-extfile", extensions, "-out", path)
    request.unlink()
    extensions.unlink()
    return Pair(path, key)
