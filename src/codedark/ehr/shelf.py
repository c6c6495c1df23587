"""Where a job waits between two runs: one 0600 file for each server, sealed, because addresses of files are secrets."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV

from codedark.clock import Chance
from codedark.ehr.changes import Place
from codedark.ehr.export import ExportJob

_NONCE = 12


class _Kept(msgspec.Struct, omit_defaults=True):
    """`since`: the transaction time of the last export that was taken whole; `job`: one that is under way;
    `place`: how far the changes after it were followed."""

    since: str = ""
    job: ExportJob | None = None
    place: Place | None = None


class JobShelf:
    """The file of one server. `key`: 32 bytes. A file that is lost or damaged costs a full export, nothing else."""

    def __init__(self, path: Path, key: bytes, chance: Chance) -> None:
        self._path = path
        self._seal = AESGCMSIV(key)
        self._chance = chance
        self._kept = self._read()

    @property
    def since(self) -> str:
        """The transaction time of the last whole export, or ""."""
        return self._kept.since

    @property
    def job(self) -> ExportJob | None:
        """The export that was begun and not ended."""
        return self._kept.job

    @property
    def place(self) -> Place:
        """How far changes were followed: from the last whole export on, when none was followed yet."""
        return self._kept.place or Place(self._kept.since)

    def keep_place(self, place: Place) -> None:
        """Remember how far; durable when this returns."""
        self._kept.place = place
        self._write()

    def keep(self, job: ExportJob) -> None:
        """Remember the job as far as it got; durable when this returns."""
        self._kept.job = job
        self._write()

    def end(self, since: str | None = None) -> None:
        """Forget the job. `since`: its transaction time when it was taken whole; None leaves the last one."""
        self._kept = _Kept(self._kept.since if since is None else since, place=self._kept.place)
        self._write()

    def _read(self) -> _Kept:
        try:
            data = self._path.read_bytes()
            plain = self._seal.decrypt(data[:_NONCE], data[_NONCE:], self._path.name.encode())
            return msgspec.msgpack.decode(plain, type=_Kept)
        except (OSError, InvalidTag, ValueError, msgspec.MsgspecError):
            return _Kept()

    def _write(self) -> None:
        nonce = self._chance.bytes(_NONCE)
        plain = msgspec.msgpack.encode(self._kept)
        fresh = self._path.with_suffix(".new")
        self._path.parent.mkdir(mode=0o700, exist_ok=True)
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(nonce + self._seal.encrypt(nonce, plain, self._path.name.encode()))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._path)
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
