"""Reading a journal beside its writer: sealed for anyone, opened for whoever has the keys.

A read transaction never covers more than 10,000 entries, because a long read pins SQLite's write-ahead log.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice, pairwise
from pathlib import Path

import apsw
import zstandard

from codedark.errors import ChainBroken, JournalError, UnknownFormat
from codedark.journal import header as h
from codedark.journal.epochs import EpochKeys
from codedark.journal.model import Checkpoint, Entry, Flag, Head, Header, SealedEntry
from codedark.journal.proofs import Hashes
from codedark.journal.rolling import volume_path, volume_paths
from codedark.journal.volume import ScannedRow, Volume

READ_MAX = 10_000
READ_BYTES = 32 << 20
"""Entries of more than this are read in several steps: memory does not grow with what a journal holds."""
UNREADABLE = (
    apsw.CorruptError, apsw.NotADBError, apsw.FormatError, apsw.IOError, apsw.SQLError, apsw.MismatchError,
    apsw.TooBigError, UnicodeDecodeError,
)  # fmt: skip
"""What SQLite raises over a damaged file; a busy or locked one is not damaged."""


class JournalReader:
    """A read-only view of one origin's volumes. One thread at a time."""

    def __init__(self, folder: Path, volumes: list[Volume], opener: EpochKeys | None) -> None:
        self.folder, self._volumes, self._opener = folder, volumes, opener
        self.statement = volumes[0].statement()

    @classmethod
    def open(cls, folder: Path, opener: EpochKeys | None = None) -> JournalReader:
        """Open the volumes of a journal folder; without `opener` only sealed reading works. Raises JournalError."""
        if not (paths := volume_paths(folder)):
            raise JournalError(f"there is no journal in {folder}", hint="Run `codedark init`, or name another folder.")
        return cls(folder, [Volume.open(path, readonly=True) for path in paths], opener)

    def _newest(self) -> Volume:
        """The last volume; the writer may have begun another since this reader was opened."""
        while (path := volume_path(self.folder, len(self._volumes) + 1)).exists():
            self._volumes.append(Volume.open(path, readonly=True))
        return self._volumes[-1]

    def head(self) -> Head:
        """Where the journal stands now."""
        last = self._newest().last()
        if last is None:
            meta = self._newest().meta()
            return Head(int(meta["first"]), bytes(meta["previous"]), int(meta.get("recorded_at", 0)))  # type: ignore[arg-type]
        return Head(last[0] + 1, last[3], h.decode(last[1]).recorded_at_us)

    def checkpoint(self) -> Checkpoint | None:
        """The newest signed tree head, None before the first commit."""
        newest = self._newest().newest_checkpoint()
        return Checkpoint(newest[0], newest[1], newest[2]) if newest else None

    def kept(self, after: int, to: int) -> list[tuple[Checkpoint, bytes]]:
        """The kept tree heads of more than `after` entries, up to `to`, with the subtree roots beside each."""
        rows = (row for volume in self._volumes for row in volume.checkpoints(after, to))
        return [(Checkpoint(size, root, note), frontier) for size, root, note, frontier in rows]

    def least_kept(self) -> int:
        """The size of the first kept tree head."""
        return min(volume.least_checkpoint() for volume in self._volumes)

    def beginnings(self) -> list[int | None]:
        """For each volume the position of its first entry; None when it has none yet."""
        return [volume.begins() for volume in self._volumes]

    def metas(self) -> list[dict[str, bytes | str | int]]:
        """What each volume says of itself, in order."""
        return [volume.meta() for volume in self._volumes]

    def counts(self) -> dict[str, int]:
        """Entries by kind, from the counters."""
        return self._newest().counts()

    def standing(self) -> tuple[int, dict[str, int]]:
        """Number of entries and entries by kind, both as of one moment of the newest volume."""
        return self._newest().standing()

    def disorder(self) -> str:
        """What SQLite finds wrong with the newest volume's trees; closed ones are known by their files' hashes."""
        return self._newest().disorder()

    def befores(self) -> list[tuple[int, bytes]]:
        """For each closed volume: its first position and the SHA-256 that the volume after it names."""
        return [
            (int(closed["first"]), bytes(later["before"]))  # type: ignore[arg-type]
            for closed, later in pairwise(self.metas())
        ]

    def tile(self, level: int, number: int) -> bytes | None:
        """The hashes of a full tile, None when it is not stored."""
        found = (volume.tile(level, number) for volume in self._volumes)
        return next((data for data in found if data is not None), None)

    def hashes(self) -> Hashes:
        """Subtree hashes, for proofs."""
        return Hashes(self._entry_hashes, self.tile)

    def _entry_hashes(self, first: int, count: int) -> list[bytes]:
        return [digest for volume in self._volumes for digest in volume.entry_hashes(first, count)]

    def size_bytes(self) -> int:
        """Bytes on disk of the journal's files."""
        return sum(p.stat().st_size for p in self.folder.glob("volume-*"))

    def rows(self, after: int, limit: int = READ_MAX) -> Iterator[SealedEntry]:
        """Sealed entries after a position, at most READ_MAX: each in its place, none left out before the newest
        checkpoint. Raises ChainBroken where that is not so, or where the file cannot be read.
        """
        expected, end = after + 1, after + 1 + min(limit, READ_MAX)
        previous = None
        try:
            newest = self._newest().newest_checkpoint()  # before the rows: a writer may add to both meanwhile
            for position, sealed in self._rows(after, end - expected):
                if position != expected:
                    raise ChainBroken(expected, "the entry is missing")
                _check_place(position, sealed, previous)
                yield sealed
                expected, previous = expected + 1, sealed.entry_hash
        except UNREADABLE as error:
            raise ChainBroken(expected, f"SQLite cannot read what is stored here ({type(error).__name__})") from error
        if newest and expected < min(end, newest[0]):
            raise ChainBroken(expected, "the entry is missing")

    def scan(self, first: int, end: int) -> Iterator[ScannedRow]:
        """Rows from a position on as they lie there, unchecked: the caller looks whether they belong there."""
        found = chain.from_iterable(volume.entries(first - 1, end - first) for volume in self._volumes)
        return islice(found, end - first)

    def further_parts(self, position: int) -> bytes:
        """The ciphertext of an entry after its first part."""
        return b"".join(volume.further_parts(position) for volume in self._volumes)

    def _rows(self, after: int, limit: int) -> Iterator[tuple[int, SealedEntry]]:
        for volume in self._volumes:
            for position, header, nonce, digest, first in volume.entries(after, limit):
                if first is None:
                    raise ChainBroken(position, "the payload is missing")
                if type(first) is not bytes:
                    raise ChainBroken(position, "the row is damaged")
                if len(first) == 1 << 20:
                    first += volume.further_parts(position)
                yield position, SealedEntry(header, nonce, first, digest)
                after, limit = position, limit - 1
            if limit <= 0:
                return

    def sealed(self, after: int, limit: int = READ_MAX) -> list[tuple[Header, SealedEntry]]:
        """Sealed entries with their decoded headers: what a relay or an investigator sees."""
        return [(h.decode(s.header), s) for s in self.rows(after, limit)]

    def read(self, after: int, limit: int = READ_MAX) -> list[Entry]:
        """Opened entries after a position (-1: from the start), at most READ_MAX, and no more after READ_BYTES; none
        only at the end. Raises CannotUnseal, ChainBroken.

        Each entry's hash and seal are checked, so nothing that was changed on disk is ever served as if it were not.
        """
        if self._opener is None:
            raise JournalError("this reader has no keys", hint="Give it the facility key to open entries.")
        found, size = [], 0
        for sealed in self.rows(after, limit):
            found.append(self._open(sealed, self._opener))
            size += len(found[-1].payload)
            if size >= READ_BYTES:
                break
        return found

    def _open(self, sealed: SealedEntry, opener: EpochKeys) -> Entry:
        try:
            header = h.decode(sealed.header)
        except UnknownFormat as error:
            raise ChainBroken(h.position_of(sealed.header), "the header is not canonical") from error
        if h.entry_hash(sealed.header, sealed.nonce, sealed.ciphertext) != sealed.entry_hash:
            raise ChainBroken(header.position, "the entry is not what was hashed")
        plaintext = opener.unseal(header.epoch, sealed.header, sealed.nonce, sealed.ciphertext, header.position)
        if header.flags & Flag.ZSTD:
            plaintext = zstandard.decompress(plaintext)
        once, payload = h.unwrap_plaintext(plaintext)
        return Entry(header, sealed.entry_hash, payload, once)

    def close(self) -> None:
        """Let the files go."""
        for volume in self._volumes:
            volume.close()


def _check_place(position: int, sealed: SealedEntry, previous: bytes | None) -> None:
    """A row must be of the type it was written with, hold the entry of its position, and follow the one before it."""
    header, nonce, ciphertext, digest = sealed
    if not (type(header) is type(nonce) is type(ciphertext) is type(digest) is bytes):
        raise ChainBroken(position, "the row is damaged")
    if (stands := int.from_bytes(header[4:12], "big")) != position:
        raise ChainBroken(position, f"entry {stands} stands where {position} belongs")
    if previous is not None and header[28:60] != previous:
        raise ChainBroken(position, "the header does not follow the entry before it")
