"""Reading a journal beside its writer: sealed for anyone, opened for whoever has the keys.

A read transaction never covers more than 10,000 entries, because a long read pins SQLite's write-ahead log.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import zstandard

from codedark.errors import ChainBroken, JournalError
from codedark.journal import header as h
from codedark.journal.epochs import EpochKeys
from codedark.journal.model import Checkpoint, Entry, Flag, Head, Header, SealedEntry
from codedark.journal.origin import OriginStatement
from codedark.journal.proofs import Hashes
from codedark.journal.rolling import volume_path, volume_paths
from codedark.journal.volume import Volume

READ_MAX = 10_000


class JournalReader:
    """A read-only view of one origin's volumes. One thread at a time."""

    def __init__(self, folder: Path, volumes: list[Volume], opener: EpochKeys | None) -> None:
        self.folder, self._volumes, self._opener = folder, volumes, opener
        meta = volumes[0].meta()
        endorsement = meta["endorsement"]
        self.statement = OriginStatement.parse(str(meta["statement"]), bytes(endorsement))  # type: ignore[arg-type]

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

    def checkpoints(self) -> list[Checkpoint]:
        """All kept tree heads by size."""
        return [Checkpoint(s, r, n) for v in self._volumes for s, r, n, _ in v.checkpoints()]

    def counts(self) -> dict[str, int]:
        """Entries by kind, from the counters."""
        return self._newest().counts()

    def standing(self) -> tuple[int, dict[str, int]]:
        """Number of entries and entries by kind, both as of one moment of the newest volume."""
        return self._newest().standing()

    def befores(self) -> list[tuple[int, bytes]]:
        """For each closed volume: its first position and the SHA-256 that the volume after it names."""
        metas = [volume.meta() for volume in self._volumes]
        return [
            (int(closed["first"]), bytes(later["before"]))  # type: ignore[arg-type]
            for closed, later in pairwise(metas)
        ]

    def tile(self, level: int, number: int) -> bytes | None:
        """The hashes of a full tile, None when it is not stored."""
        found = (volume.tile(level, number) for volume in self._volumes)
        return next((data for data in found if data is not None), None)

    def duplicates(self) -> Iterator[tuple[str, str, bytes, int, int]]:
        """All rows of the duplicate table: scope, key, mac, position, recorded_at."""
        for volume in self._volumes:
            yield from volume.all_duplicates()

    def hashes(self) -> Hashes:
        """Subtree hashes, for proofs."""
        return Hashes(self._entry_hashes, self.tile)

    def _entry_hashes(self, first: int, count: int) -> list[bytes]:
        return [digest for volume in self._volumes for digest in volume.entry_hashes(first, count)]

    def size_bytes(self) -> int:
        """Bytes on disk of the journal's files."""
        return sum(p.stat().st_size for p in self.folder.glob("volume-*"))

    def rows(self, after: int, limit: int = READ_MAX) -> Iterator[SealedEntry]:
        """Sealed entries after a position, at most READ_MAX. Raises ChainBroken where a payload is missing."""
        limit = min(limit, READ_MAX)
        self._newest()
        for volume in self._volumes:
            for position, header, nonce, digest, first in volume.entries(after, limit):
                if first is None:
                    raise ChainBroken(position, "the payload is missing")
                if len(first) == 1 << 20:
                    first += volume.further_parts(position)
                yield SealedEntry(header, nonce, first, digest)
                after, limit = position, limit - 1
            if limit <= 0:
                return

    def sealed(self, after: int, limit: int = READ_MAX) -> list[tuple[Header, SealedEntry]]:
        """Sealed entries with their decoded headers: what a relay or an investigator sees."""
        return [(h.decode(s.header), s) for s in self.rows(after, limit)]

    def read(self, after: int, limit: int = READ_MAX) -> list[Entry]:
        """Opened entries after a position (-1: from the start), at most READ_MAX. Raises CannotUnseal, ChainBroken.

        Each entry's hash and seal are checked, so nothing that was changed on disk is ever served as if it were not.
        """
        if self._opener is None:
            raise JournalError("this reader has no keys", hint="Give it the facility key to open entries.")
        return [self._open(sealed, self._opener) for sealed in self.rows(after, limit)]

    def _open(self, sealed: SealedEntry, opener: EpochKeys) -> Entry:
        header = h.decode(sealed.header)
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
