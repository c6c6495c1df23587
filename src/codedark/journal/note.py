"""Signed notes, checkpoints, timestamped cosignatures (c2sp.org/signed-note, /tlog-checkpoint, /tlog-cosignature)."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from hashlib import sha256
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from codedark.errors import UnknownFormat

_DASH = "— "  # the signature line's em dash is part of signed-note
_ED25519, _COSIGNATURE = b"\x01", b"\x04"
_TIME_SIZE = 8
_SIZE = re.compile(r"0|[1-9][0-9]{0,17}")


class TreeHead(NamedTuple):
    """The body of a checkpoint: origin name, size in entries, RFC 6962 root (32 bytes)."""

    name: str
    size: int
    root: bytes


def key_id(name: str, public_key: bytes, kind: bytes = _ED25519) -> bytes:
    """Four bytes that name a signer's key on a note, for one kind of signature."""
    return sha256(name.encode() + b"\n" + kind + public_key).digest()[:4]


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

    def cosignature_line(self, text: str, at_s: int) -> str:
        """The line by which a witness says when it saw this checkpoint. `at_s`: seconds since 1970 UTC by its clock."""
        signed = at_s.to_bytes(_TIME_SIZE, "big") + self._key.sign(_cosigned(text, at_s))
        id_ = key_id(self.name, self.public_key, _COSIGNATURE)
        return f"{_DASH}{self.name} {base64.b64encode(id_ + signed).decode()}\n"

    def checkpoint(self, size: int, root: bytes, name: str | None = None) -> str:
        """A signed checkpoint of this signer's own log (or of `name`, for a witness)."""
        text = body(TreeHead(name or self.name, size, root))
        return f"{text}\n{self.signature_line(text)}"


def body(head: TreeHead) -> str:
    """The text of a checkpoint, without signatures."""
    return f"{head.name}\n{head.size}\n{base64.b64encode(head.root).decode()}\n"


def read_checkpoint(note: str) -> TreeHead:
    """The tree head a note claims; says nothing about its signatures. Raises UnknownFormat."""
    if not isinstance(note, str):  # a row of a damaged file may hold nothing
        raise UnknownFormat("not a checkpoint note")
    text, _, signatures = note.partition("\n\n")
    lines = text.split("\n")
    try:
        if len(lines) < 3 or not signatures.startswith(_DASH) or not _SIZE.fullmatch(lines[1]):
            raise ValueError
        root = base64.b64decode(lines[2], validate=True)
    except (ValueError, binascii.Error) as error:
        raise UnknownFormat("not a checkpoint note") from error
    if len(root) != 32:
        raise UnknownFormat("a checkpoint's root is not 32 bytes")
    return TreeHead(lines[0], int(lines[1]), root)


def cosign(note: str, signer: NoteSigner, at_s: int) -> str:
    """The same note with a witness's timestamped cosignature; an earlier one of the same witness is taken off."""
    text, _, signatures = note.partition("\n\n")
    kept = [line for line in signatures.splitlines() if not line.startswith(f"{_DASH}{signer.name} ")]
    return "\n".join([text, "", *kept]) + "\n" + signer.cosignature_line(text + "\n", at_s)


def cosigned_at_us(note: str, name: str, public_key: bytes) -> int | None:
    """When this witness says it saw the checkpoint (µs UTC), by its valid cosignature; None when there is none."""
    text = note.partition("\n\n")[0] + "\n"
    for blob in _signatures(note, name, key_id(name, public_key, _COSIGNATURE)):
        at_s = int.from_bytes(blob[:_TIME_SIZE], "big")
        if _verified(public_key, blob[_TIME_SIZE:], _cosigned(text, at_s)):
            return at_s * 1_000_000
    return None


def _cosigned(text: str, at_s: int) -> bytes:
    return f"cosignature/v1\ntime {at_s}\n{text}".encode()


def is_signed_by(note: str, name: str, public_key: bytes) -> bool:
    """True when one of the note's lines is a valid Ed25519 signature of this name and key."""
    text = note.partition("\n\n")[0] + "\n"
    found = _signatures(note, name, key_id(name, public_key))
    return any(_verified(public_key, blob, text.encode()) for blob in found)


def _signatures(note: str, name: str, wanted: bytes) -> Iterator[bytes]:
    """What follows the key id on each line of this name and key id."""
    for line in note.partition("\n\n")[2].splitlines():
        signer, _, encoded = line.removeprefix(_DASH).rpartition(" ")
        if not line.startswith(_DASH) or signer != name:
            continue
        try:
            blob = base64.b64decode(encoded, validate=True)
        except (ValueError, binascii.Error):
            continue
        if blob[:4] == wanted:
            yield blob[4:]


def _verified(public_key: bytes, signature: bytes, signed: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, signed)
    except (InvalidSignature, ValueError):
        return False
    return True
