"""A record that went on in new origins: the closed chains in order, then the one that is written now, read as one.

After a restore the record is several chains, each citing the head of the one before (`cites` in its statement). A
*place* numbers an entry across all of them: ordinal of the origin times 2^40 plus the position in it. In a first origin
place and position are the same number.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from codedark.errors import ChainBroken, JournalError
from codedark.journal.epochs import EpochKeys
from codedark.journal.model import Entry, Head
from codedark.journal.origin import OriginStatement
from codedark.journal.reader import READ_MAX, JournalReader

_CITED = re.compile(r"[0-9a-f]{32}/[0-9]{1,18}/[0-9a-f]{64}")
SPAN = 1 << 40
"""Places of one origin. A journal of a million entries a second would take 12 days to reach it."""


def place_of(ordinal: int, position: int) -> int:
    """The place of an entry: `ordinal` counts origins from 0."""
    return ordinal * SPAN + position


def split_place(place: int) -> tuple[int, int]:
    """(ordinal of the origin, position in it)."""
    return divmod(place, SPAN)


def cited(cites: str) -> tuple[str, int, str] | None:
    """(origin hex, size, root hex) of a statement's `cites`; None for a first origin. Raises ChainBroken."""
    if cites == "none":
        return None
    origin, _, rest = cites.partition("/")
    size, _, root = rest.partition("/")
    if not _CITED.fullmatch(cites):
        raise ChainBroken(0, "the statement cites something that is no head of a chain")
    return origin, int(size), root


def head_cited(reader: JournalReader) -> str:
    """What a new origin says of the chain it follows: "origin/size/root" of its newest checkpoint."""
    newest = reader.checkpoint()
    if newest is None:
        raise ChainBroken(0, "the chain has no checkpoint")
    return f"{reader.statement.id.hex()}/{newest.size}/{newest.root.hex()}"


class Lineage:
    """All chains of one node, oldest first; the last is the one in use. One thread at a time."""

    def __init__(self, readers: Sequence[JournalReader], ends: Sequence[int]) -> None:
        self._readers, self._ends = list(readers), list(ends)

    @classmethod
    def open(cls, journal: Path, origins: Path, identities: Sequence[str] = ()) -> Lineage:
        """Open `journal` and every chain it follows, from `origins`/<origin hex>/. Without `identities` nothing can be
        opened, only counted. Raises JournalError, ChainBroken when a chain is missing or is not the one cited."""
        readers, ends = [_reader(journal, identities)], list[int]()
        try:
            while (before := cited(readers[0].statement.cites)) is not None:
                origin, size, root = before
                readers.insert(0, _closed(origins / origin, identities, origin))
                newest = readers[0].checkpoint()
                if newest is None or (newest.size, newest.root.hex()) != (size, root):
                    raise ChainBroken(size, f"the closed chain {origin[:8]} is not the one that is cited")
                ends.insert(0, size)
        except BaseException:
            for reader in readers:
                reader.close()
            raise
        return cls(readers, ends)

    @property
    def current(self) -> JournalReader:
        """The chain that is written now."""
        return self._readers[-1]

    @property
    def statements(self) -> tuple[OriginStatement, ...]:
        """Of every chain, oldest first."""
        return tuple(reader.statement for reader in self._readers)

    def head(self) -> Head:
        """Where the record stands; `size` is the next place."""
        head = self.current.head()
        return Head(place_of(len(self._ends), head.size), head.entry_hash, head.recorded_at_us)

    def counts(self) -> dict[str, int]:
        """Entries by kind in all chains, from the counters."""
        found: Counter[str] = Counter()
        for reader in self._readers:
            found.update(reader.counts())
        return dict(sorted(found.items()))

    def size_bytes(self) -> int:
        """Bytes on disk of all chains."""
        return sum(reader.size_bytes() for reader in self._readers)

    def total(self) -> int:
        """Entries in all chains."""
        return sum(self._ends) + self.current.head().size

    def after(self, place: int) -> int:
        """How many entries come after a place (-1: all)."""
        if place < 0:
            return self.total()
        ordinal, position = split_place(place)
        if ordinal == len(self._ends):
            return max(self.current.head().size - position - 1, 0)
        later = sum(self._ends[ordinal + 1 :]) + self.current.head().size
        return max(self._ends[ordinal] - position - 1, 0) + later

    def holds(self, place: int, entry_hash: bytes | None = None) -> bool:
        """Whether there is an entry at this place, and, when a hash is given, that entry."""
        if place < 0:
            return entry_hash is None
        ordinal, position = split_place(place)
        if ordinal >= len(self._readers):
            return False
        end = self._ends[ordinal] if ordinal < len(self._ends) else self.current.head().size
        if position >= end:
            return False
        return entry_hash is None or [s.entry_hash for s in self._readers[ordinal].rows(position - 1, 1)] == [
            entry_hash
        ]

    def read(self, after: int, limit: int = READ_MAX) -> list[Entry]:
        """Opened entries after a place (-1: from the start), at most READ_MAX, with places as their positions.

        Raises CannotUnseal, ChainBroken.
        """
        ordinal, position = split_place(after) if after >= 0 else (0, -1)
        while ordinal < len(self._readers):
            room = limit if ordinal == len(self._ends) else min(limit, self._ends[ordinal] - position - 1)
            found = self._readers[ordinal].read(position, room) if room > 0 else []
            if found:
                return found if ordinal == 0 else [_placed(entry, ordinal) for entry in found]
            ordinal, position = ordinal + 1, -1
        return []

    def close(self) -> None:
        """Let the files go."""
        for reader in self._readers:
            reader.close()


def _placed(entry: Entry, ordinal: int) -> Entry:
    return replace(entry, header=replace(entry.header, position=place_of(ordinal, entry.position)))


def _reader(folder: Path, identities: Sequence[str]) -> JournalReader:
    return JournalReader.open(folder, EpochKeys(folder / "epochs", identities) if identities else None)


def _closed(folder: Path, identities: Sequence[str], origin: str) -> JournalReader:
    try:
        reader = _reader(folder, identities)
    except JournalError as error:
        raise ChainBroken(0, f"the chain {origin[:8]} that this one follows is not in {folder.parent.name}/") from error
    if reader.statement.id.hex() != origin:
        reader.close()
        raise ChainBroken(0, f"{folder.name} holds another chain")
    return reader
