"""A stranger's verifier of exports: written from docs/formats/journal.md alone, with nothing of codedark imported."""

from __future__ import annotations

import base64
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pymerkle import InmemoryTree


class Broken(Exception):
    pass


def sections(data: bytes):
    at = 0
    while at < len(data):
        kind, size = data[at : at + 1], int.from_bytes(data[at + 1 : at + 9], "big")
        body = data[at + 9 : at + 9 + size]
        if len(data) < at + 9 or len(body) != size or kind not in (b"O", b"N", b"K", b"E", b"C"):
            raise Broken("unknown format")
        yield kind, body
        at += 9 + size


def statement_key(text: str) -> tuple[bytes, str, str]:
    """(public key, facility, origin id)"""
    lines = text.split("\n")
    heads = ["codedark origin v1", "facility ", "node ", "public-key ", "created ", "nonce ", "cites "]
    if len(lines) != 8 or lines[7] != "" or not all(a.startswith(b) for a, b in zip(lines, heads, strict=False)):
        raise Broken("unknown format")
    return base64.b64decode(lines[3][11:]), lines[1][9:], sha256(text.encode()).digest()[:16].hex()


def check_entry(body: bytes, position: int, origin: str, previous: bytes, before: int) -> tuple[bytes, int]:
    size = int.from_bytes(body[:4], "big")
    header, nonce, ciphertext = body[4 : 4 + size], body[4 + size : 16 + size], body[16 + size :]
    if header[:4] != b"CDJ1":
        raise Broken("format")
    if int.from_bytes(header[4:12], "big") != position:
        raise Broken("position")
    if header[12:28].hex() != origin:
        raise Broken("origin")
    if header[28:60] != previous:
        raise Broken("previous")
    at = int.from_bytes(header[60:68], "big", signed=True)
    if at < before:
        raise Broken("time")
    if int.from_bytes(header[113:121], "big") != len(ciphertext) or header[92] > 1:
        raise Broken("length")
    end = 121
    for width in (1, 1, 2):
        end += width + int.from_bytes(header[end : end + width], "big")
    if end != len(header):
        raise Broken("header")
    return sha256(header + nonce + ciphertext).digest(), at


def check_note(note: str, name: str, key: bytes, size: int, root: bytes) -> None:
    text, _, signatures = note.partition("\n\n")
    lines = text.split("\n")
    if lines[0] != name or lines[1] != str(size) or base64.b64decode(lines[2]) != root:
        raise Broken("checkpoint")
    wanted = sha256(name.encode() + b"\n\x01" + key).digest()[:4]
    for line in signatures.splitlines():
        blob = base64.b64decode(line.rsplit(" ", 1)[1])
        if line.startswith(f"— {name} ") and blob[:4] == wanted:
            Ed25519PublicKey.from_public_bytes(key).verify(blob[4:], (text + "\n").encode())
            return
    raise Broken("unsigned")


def verify(data: bytes) -> int:
    """The number of entries, or an exception that says no."""
    tree, key, name, origin, previous, before = InmemoryTree(algorithm="sha256"), b"", "", "", b"", -(1 << 63)
    count, covered = 0, False
    for kind, body in sections(data):
        if kind == b"O":
            text = body.decode()
            key, facility, origin = statement_key(text)
            name, previous = f"codedark/{facility}/{origin}", sha256(b"codedark journal v1\n" + body).digest()
        elif kind == b"E":
            previous, before = check_entry(body, count, origin, previous, before)
            tree.append_entry(previous)
            count, covered = count + 1, False
        elif kind == b"C":
            check_note(body.decode(), name, key, count, tree.get_root())
            covered = True
    if not covered:
        raise Broken("no checkpoint")
    return count
