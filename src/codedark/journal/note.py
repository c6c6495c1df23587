"""Signed notes and checkpoints (c2sp.org/signed-note, c2sp.org/tlog-checkpoint)."""

from __future__ import annotations

import base64
import binascii
from hashlib import sha256
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from codedark.errors import UnknownFormat

_DASH = "— "  # the signature line's em dash is part of signed-note
_ED25519 = b"\x01"


class TreeHead(NamedTuple):
    """The body of a checkpoint: origin name, size in entries, RFC 6962 root (32 bytes)."""

    name: str
    size: int
    root: bytes


def key_id(name: str, public_key: bytes) -> bytes:
    """Four bytes that name a signer's key on a note."""
    return sha256(name.encode() + b"\n" + _ED25519 + public_key).digest()[:4]


class NoteSigner:
    """Signs notes in one name with one Ed25519 key."""

    def __init__(self, name: str, seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.name = name
        self.public_key = self._key.public_key().public_bytes_raw()
        self._id = key_id(name, self.public_key)

    def signature_line(self, text: str) -> str:
        """The line to add under a note's text."""
        return f"{_DASH}{self.name} {base64.b64encode(self._id + self._key.sign(text.encode())).decode()}\n"

    def checkpoint(self, size: int, root: bytes, name: str | None = None) -> str:
        """A signed checkpoint of this signer's own log (or of `name`, for a witness)."""
        text = body(TreeHead(name or self.name, size, root))
        return f"{text}\n{self.signature_line(text)}"


def body(head: TreeHead) -> str:
    """The text of a checkpoint, without signatures."""
    return f"{head.name}\n{head.size}\n{base64.b64encode(head.root).decode()}\n"


def read_checkpoint(note: str) -> TreeHead:
    """The tree head a note claims; says nothing about its signatures. Raises UnknownFormat."""
    text, _, signatures = note.partition("\n\n")
    lines = text.split("\n")
    try:
        if len(lines) < 3 or not signatures.startswith(_DASH) or str(int(lines[1])) != lines[1]:
            raise ValueError
        root = base64.b64decode(lines[2], validate=True)
    except (ValueError, binascii.Error) as error:
        raise UnknownFormat("not a checkpoint note") from error
    if len(root) != 32:
        raise UnknownFormat("a checkpoint's root is not 32 bytes")
    return TreeHead(lines[0], int(lines[1]), root)


def cosign(note: str, signer: NoteSigner) -> str:
    """The same note with one more signature line."""
    text = note.partition("\n\n")[0] + "\n"
    return note.rstrip("\n") + "\n" + signer.signature_line(text)


def is_signed_by(note: str, name: str, public_key: bytes) -> bool:
    """True when one of the note's lines is a valid Ed25519 signature of this name and key."""
    text, gap, signatures = note.partition("\n\n")
    if not gap:
        return False
    wanted = key_id(name, public_key)
    for line in signatures.splitlines():
        signer, _, encoded = line.removeprefix(_DASH).rpartition(" ")
        if not line.startswith(_DASH) or signer != name:
            continue
        try:
            blob = base64.b64decode(encoded, validate=True)
            if blob[:4] == wanted:
                Ed25519PublicKey.from_public_bytes(public_key).verify(blob[4:], (text + "\n").encode())
                return True
        except (InvalidSignature, ValueError, binascii.Error):
            continue
    return False
