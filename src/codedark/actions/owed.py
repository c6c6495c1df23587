"""Drafts that the journal could not take, kept where a full disk and a restart cannot reach them.

The file is made at its full size before it is needed and then only overwritten in place. It has two halves: drafts are
added to the newer one; to forget those that were written meanwhile, the rest goes into the older one first, which then
becomes the newer. Every record is sealed (AES-SIV, RFC 5297) for its half, number and place, so what an earlier use or
a torn write left behind is no record. A one-time code that was spent while nothing could be written is here before its
session is handed out.

    half: u64 number ‖ records    record: u32 length ‖ sealed MessagePack of a draft    both big-endian
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from codedark.access import derive
from codedark.journal import Draft, DraftRow

HALF = 1 << 20
"""Bytes of a half: about two thousand log-ins, or three thousand spent codes."""
_HEAD, _LENGTH = struct.Struct(">Q"), struct.Struct(">I")
_TAG = 16


class OwedFile:
    """The file of one process. `key`: 32 bytes of the node's; `half`: bytes of a half. Its owner locks it.

    Raises OSError when it cannot be made or read; `add` and `keep` never raise.
    """

    def __init__(self, path: Path, key: bytes, half: int = HALF) -> None:
        self._half = half
        self._cipher = AESSIV(derive(key, "owed-drafts", "", length=64))
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        if os.fstat(self._file).st_size < 2 * half:
            # Zeros that were written lie on the disk; a hole would still want room when it is filled.
            os.pwrite(self._file, bytes(2 * half), 0)
            os.fsync(self._file)
        self._number, self._end, self._count = 1, _HEAD.size, 0
        self.found = self._read()

    def add(self, draft: Draft) -> bool:
        """Keep one more; True when it is durable."""
        record = self._sealed(draft, self._number, self._count)
        if self._end + len(record) > self._half:
            return False
        try:
            if not self._count:
                os.pwrite(self._file, _HEAD.pack(self._number), self._at(self._number))
            os.pwrite(self._file, record, self._at(self._number) + self._end)
            os.fdatasync(self._file)
        except OSError:
            return False
        self._end += len(record)
        self._count += 1
        return True

    def keep(self, drafts: Iterable[Draft]) -> bool:
        """Forget everything but these; True when that is durable. Until then the old ones stay."""
        number, records = self._number + 1, b""
        rows = list(drafts)
        for index, draft in enumerate(rows):
            records += self._sealed(draft, number, index)
        if _HEAD.size + len(records) > self._half:
            return False
        try:
            os.pwrite(self._file, records + bytes(_LENGTH.size), self._at(number) + _HEAD.size)
            os.fdatasync(self._file)
            os.pwrite(self._file, _HEAD.pack(number), self._at(number))
            os.fdatasync(self._file)
        except OSError:
            return False
        self._number, self._end, self._count = number, _HEAD.size + len(records), len(rows)
        return True

    def close(self) -> None:
        """Let the file go."""
        os.close(self._file)

    def _at(self, number: int) -> int:
        return (number % 2) * self._half

    def _sealed(self, draft: Draft, number: int, index: int) -> bytes:
        plain = msgspec.msgpack.encode(DraftRow.of(draft))
        sealed = self._cipher.encrypt(plain, [_HEAD.pack(number), _LENGTH.pack(index)])
        return _LENGTH.pack(len(sealed)) + sealed

    def _read(self) -> list[Draft]:
        """What the newer half holds; sets where the next record goes."""
        numbers = [_HEAD.unpack(os.pread(self._file, _HEAD.size, place))[0] for place in (0, self._half)]
        self._number = max(1, *(number for place, number in enumerate(numbers) if number % 2 == place or not number))
        data = os.pread(self._file, self._half, self._at(self._number))
        found: list[Draft] = []
        while (draft := self._opened(data, len(found))) is not None:
            found.append(draft)
            self._end += _LENGTH.size + _LENGTH.unpack_from(data, self._end)[0]
        self._count = len(found)
        return found

    def _opened(self, data: bytes, index: int) -> Draft | None:
        if self._end + _LENGTH.size > len(data):
            return None
        (size,) = _LENGTH.unpack_from(data, self._end)
        sealed = data[self._end + _LENGTH.size : self._end + _LENGTH.size + size]
        if not _TAG <= len(sealed) == size:
            return None
        try:
            plain = self._cipher.decrypt(sealed, [_HEAD.pack(self._number), _LENGTH.pack(index)])
            return msgspec.msgpack.decode(plain, type=DraftRow).draft()
        except (InvalidTag, msgspec.MsgspecError):
            return None
