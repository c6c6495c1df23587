"""Epoch keys: made, wrapped to their recipients as age files, opened again (docs/formats/journal.md, "Epoch file").

The writer makes keys and holds them only in memory; it cannot open what an earlier run sealed. Readers hold identities.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import pyrage
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from codedark.errors import CannotUnseal, JournalError, UnknownFormat

_FIRST_LINE = b"codedark epoch v1\n"
SUFFIX = ".epoch"


@dataclass(frozen=True, slots=True)
class SealingKeys:
    """What a writer needs; none of it decrypts. `recipients`: audience → age public keys; `signing_key`: 32-byte
    Ed25519
    seed of this origin; `mac_key`: 32 bytes, finds duplicates."""

    recipients: Mapping[str, tuple[str, ...]]
    signing_key: bytes = field(repr=False)
    mac_key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Epoch:
    """One sealing key in use. `id`: 16 bytes; `file_hash`: SHA-256 of its epoch file; `day`: UTC day number it is
    for.
    """

    id: bytes
    audience: str
    day: int
    recipients: tuple[str, ...]
    file_hash: bytes
    cipher: AESGCM = field(repr=False)


def make_epoch(
    folder: Path, origin: bytes, audience: str, opened_us: int, recipients: Sequence[str], key: bytes
) -> Epoch:
    """Wrap `key` (32 random bytes) for the recipients, write and sync the epoch file, and return the epoch."""
    if not recipients:
        raise JournalError(f"no recipient is known for audience {audience!r}", hint="Run `codedark doctor`.")
    head = (
        f"origin {origin.hex()}\naudience {audience}\nopened {opened_us}\nrecipients {' '.join(recipients)}\n\n"
    ).encode()
    wrapped = pyrage.encrypt(key, [pyrage.x25519.Recipient.from_str(r) for r in recipients])
    data = _FIRST_LINE + head + wrapped
    digest = sha256(data).digest()
    _write_synced(folder / f"{digest[:16].hex()}{SUFFIX}", data)
    return Epoch(digest[:16], audience, opened_us // 86_400_000_000, tuple(recipients), digest, AESGCM(key))


def _write_synced(path: Path, data: bytes) -> None:
    """The key must be on disk before anything sealed with it is: file, then folder."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(handle, data)
        os.fsync(handle)
    finally:
        os.close(handle)
    parent = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(parent)
    finally:
        os.close(parent)


def read_epoch_file(data: bytes) -> tuple[bytes, str, bytes]:
    """(epoch id, audience, age file) of an epoch file. Raises UnknownFormat."""
    head, gap, wrapped = data.partition(b"\n\n")
    lines = head.decode("utf-8", "replace").split("\n")
    if not gap or not data.startswith(_FIRST_LINE) or len(lines) != 5 or not lines[2].startswith("audience "):
        raise UnknownFormat("not an epoch file")
    return sha256(data).digest()[:16], lines[2].removeprefix("audience "), wrapped


class EpochKeys:
    """Opens epoch keys with the identities given, and remembers them. `folder`: …/journal/epochs; `identities`: age
    secret keys (`AGE-SECRET-KEY-1…`)."""

    def __init__(self, folder: Path, identities: Sequence[str]) -> None:
        self._folder = folder
        self._identities = [pyrage.x25519.Identity.from_str(i) for i in identities]
        self._ciphers: dict[bytes, AESGCM] = {}

    def unseal(self, epoch: bytes, header: bytes, nonce: bytes, ciphertext: bytes, position: int) -> bytes:
        """The plaintext of one entry. Raises CannotUnseal, naming the position, never the content."""
        cipher = self._ciphers.get(epoch)
        if cipher is None:
            cipher = self._ciphers[epoch] = self._open(epoch, position)
        try:
            return cipher.decrypt(nonce, ciphertext, header)
        except InvalidTag as error:
            raise CannotUnseal(f"the seal of entry {position} is broken") from error

    def opens(self, epoch: bytes) -> bool:
        """Whether the identities open this epoch's key."""
        try:
            self._ciphers[epoch] = self._open(epoch, -1)
        except (CannotUnseal, UnknownFormat):
            return False
        return True

    def _open(self, epoch: bytes, position: int) -> AESGCM:
        path = self._folder / f"{epoch.hex()}{SUFFIX}"
        try:
            data = path.read_bytes()
        except FileNotFoundError as error:
            raise CannotUnseal(
                f"the epoch file of entry {position} is gone", hint="Content whose epoch file was deleted stays closed."
            ) from error
        if sha256(data).digest()[:16] != epoch:
            raise CannotUnseal(f"the epoch file of entry {position} was changed")
        wrapped = read_epoch_file(data)[2]
        try:
            return AESGCM(pyrage.decrypt(wrapped, self._identities))
        except pyrage.DecryptError as error:
            raise CannotUnseal(f"no key here opens the epoch of entry {position}") from error
        except ValueError as error:
            raise CannotUnseal(f"the epoch of entry {position} wraps something that is no key") from error
