"""Markers that must not leave, and the search for them in every dress they could leave in."""
import base64
import urllib.parse

WORD = "QzCanary"  # in each marker; nothing of ours or of the samples holds it
TAIL = "探針"       # what a re-encoding would change
NUMBER = 7310426598001  # the marker where only a number may stand


def marker(n):
    return f"{WORD}{n}{TAIL}"


def dresses():
    """{name: bytes} under which the word, or its tail, would still be there."""
    found = {}
    for name, text in (("word", WORD), ("tail", TAIL), ("number", str(NUMBER))):
        for charset in ("utf-8", "utf-16-le", "utf-16-be", "big5", "gb18030"):
            raw = text.encode(charset)
            found[f"{name} {charset}"] = raw
            found[f"{name} {charset} hex"] = raw.hex().encode()
            found[f"{name} {charset} HEX"] = raw.hex().upper().encode()
            for shift in range(3):
                # The characters of base64 that depend on no byte around the text.
                inner = base64.b64encode(b"\0" * shift + raw)[-(-shift * 8 // 6):(shift + len(raw)) * 8 // 6]
                found[f"{name} {charset} base64+{shift}"] = inner
                found[f"{name} {charset} base64url+{shift}"] = inner.replace(b"+", b"-").replace(b"/", b"_")
        percent = "".join(f"%{byte:02X}" for byte in text.encode()).encode()
        found[f"{name} percent"] = percent
        found[f"{name} percent lower"] = percent.lower()
        found[f"{name} quoted"] = urllib.parse.quote(text).encode()
        escaped = "".join(f"\\u{ord(c):04x}" for c in text).encode()
        found[f"{name} json"] = escaped
        found[f"{name} json upper"] = escaped.upper().replace(b"\\U", b"\\u")
    found["number packed"] = NUMBER.to_bytes(6, "big")
    found["number packed little"] = NUMBER.to_bytes(6, "little")
    found["word lower"] = WORD.lower().encode()
    found["word upper"] = WORD.upper().encode()
    return {name: raw for name, raw in found.items() if len(raw) >= 4}


DRESSES = dresses()


def find(data):
    """The dresses in which a marker stands in these bytes."""
    return [name for name, raw in DRESSES.items() if raw in data]
