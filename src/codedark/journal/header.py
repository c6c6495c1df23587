"""The canonical header of an entry, and the hashes over it (docs/formats/journal.md, "An entry")."""

from __future__ import annotations

import struct
from hashlib import sha256

from codedark.errors import UnknownFormat
from codedark.journal.model import Flag, Header, Once

FORMAT = b"CDJ1"
NONCE_SIZE = 12
TAG_SIZE = 16
_FIXED = struct.Struct(">4sQ16s32sq16sQBH16sHQ")
_U16 = struct.Struct(">H")
FIXED_SIZE = _FIXED.size
fixed = _FIXED.unpack_from
"""The fixed fields of a header, in the order of the format page; kind, audience and source follow at FIXED_SIZE."""


def tail(kind: str, audience: str, source: str) -> bytes:
    """The variable end of a header: kind, audience, source, each behind its length."""
    k, a, s = kind.encode("ascii"), audience.encode("ascii"), source.encode()
    return b"%c%b%c%b%b%b" % (len(k), k, len(a), a, _U16.pack(len(s)), s)


def pack(
    position: int,
    origin: bytes,
    previous: bytes,
    recorded_at_us: int,
    boot: bytes,
    sequence: int,
    clock: bool,
    flags: int,
    epoch: bytes,
    version: int,
    length: int,
    end: bytes,
) -> bytes:
    """Canonical header bytes; `end` comes from `tail`. Flat arguments because this runs once an entry."""
    return (
        _FIXED.pack(
            FORMAT, position, origin, previous, recorded_at_us, boot, sequence, clock, flags, epoch, version, length
        )
        + end
    )


def encode(header: Header) -> bytes:
    """`Header` to canonical bytes."""
    return pack(
        header.position,
        header.origin,
        header.previous,
        header.recorded_at_us,
        header.boot,
        header.sequence,
        header.clock_trusted,
        header.flags,
        header.epoch,
        header.version,
        header.length,
        tail(header.kind, header.audience, header.source),
    )


def decode(data: bytes) -> Header:
    """Canonical bytes to `Header`. Raises UnknownFormat when they are not exactly one header of this version."""
    if len(data) < _FIXED.size + 4 or data[:4] != FORMAT:
        raise UnknownFormat("not a CDJ1 entry header")
    (_, position, origin, previous, at, boot, sequence, clock, flags, epoch, version, length) = _FIXED.unpack_from(data)
    try:
        kind, end = _short(data, _FIXED.size)
        audience, end = _short(data, end)
        (size,) = _U16.unpack_from(data, end)
        source = data[end + 2 : end + 2 + size].decode()
    except (IndexError, struct.error, UnicodeDecodeError) as error:
        raise UnknownFormat("an entry header ends before its fields do") from error
    if end + 2 + size != len(data) or clock > 1:
        raise UnknownFormat("an entry header is not canonical")
    return Header(
        position, origin, previous, at, boot, sequence, bool(clock), Flag(flags), epoch, kind, version, audience,
        source, length,
    )  # fmt: skip


def entry_hash(header: bytes, nonce: bytes, ciphertext: bytes) -> bytes:
    """SHA-256(header ‖ nonce ‖ ciphertext)."""
    if len(ciphertext) < 8192:  # joining is cheaper than feeding while it is small
        return sha256(header + nonce + ciphertext).digest()
    digest = sha256(header + nonce)
    digest.update(ciphertext)
    return digest.digest()


def position_of(header: bytes) -> int:
    """The position field alone, without decoding the rest."""
    return int.from_bytes(header[4:12], "big")


def wrap_plaintext(once: Once | None, payload: bytes) -> bytes:
    """Natural key and payload as the plaintext that is sealed."""
    if once is None:
        return b"\0\0\0\0" + payload
    scope, key = once.scope.encode(), once.key.encode()
    return b"%b%b%b%b%b" % (_U16.pack(len(scope)), scope, _U16.pack(len(key)), key, payload)


def unwrap_plaintext(plaintext: bytes) -> tuple[Once | None, bytes]:
    """The inverse of `wrap_plaintext`. Raises UnknownFormat for bytes that it never made, however well sealed."""
    try:
        (size,) = _U16.unpack_from(plaintext)
        at = 2 + size
        (key_size,) = _U16.unpack_from(plaintext, at)
        end = at + 2 + key_size
        if size == 0 and key_size == 0:
            return None, plaintext[end:]
        once = Once(plaintext[2:at].decode(), plaintext[at + 2 : end].decode())
    except (struct.error, UnicodeDecodeError) as error:
        raise UnknownFormat("a sealed entry begins with no natural key") from error
    if end > len(plaintext):
        raise UnknownFormat("a sealed entry ends inside its natural key")
    return once, plaintext[end:]


def _short(data: bytes, at: int) -> tuple[str, int]:
    size = data[at]
    end = at + 1 + size
    if end > len(data):
        raise IndexError
    return data[at + 1 : end].decode("ascii"), end
