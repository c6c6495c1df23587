"""Resends across a restore: the natural keys of the chains that this one follows (docs/formats/journal.md).

The MAC key comes from the root, so it is the same before and after a restore; a closed chain's table of natural keys
answers for what it kept. A copy is pulled without that table: it is made from the entries when the chain is restored.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import apsw

from codedark.errors import ChainBroken, JournalError, UnknownFormat
from codedark.journal import header as h
from codedark.journal.epochs import EpochKeys
from codedark.journal.lineage import cited
from codedark.journal.origin import OriginStatement
from codedark.journal.reader import UNREADABLE, JournalReader
from codedark.journal.resends import check_carried, check_rows, keep_rows
from codedark.journal.rolling import DUPLICATE_HORIZON_US, volume_paths
from codedark.journal.volume import Volume

Row = tuple[bytes, bytes, int, int]
"""mac, origin, position, recorded_at"""


class Earlier:
    """The tables of the closed chains of the last 90 days, newest first. Used by the writer's thread alone."""

    def __init__(self, tables: Sequence[tuple[bytes, Volume]]) -> None:
        self._tables = list(tables)
        self._scopes: dict[tuple[bytes, str], int | None] = {}

    @classmethod
    def open(cls, statement: OriginStatement, origins: Path | None, now_us: int) -> Earlier:
        """The chains that `statement` follows, in `origins`/<origin hex>/. One that cannot be read is not asked: a
        resend is then kept once more, which harms nobody, while a journal that does not open would."""
        tables: list[tuple[bytes, Volume]] = []
        try:
            while origins is not None and (before := cited(statement.cites)) is not None:
                volume = Volume.open(volume_paths(origins / before[0])[-1], readonly=True)
                statement, last = volume.statement(), volume.last()
                if last is None or h.decode(last[1]).recorded_at_us < now_us - DUPLICATE_HORIZON_US:
                    volume.close()
                    break
                tables.append((statement.id, volume))
        except (JournalError, UnknownFormat, IndexError, apsw.Error, OSError):
            return cls(tables)
        return cls(tables)

    def known(self, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], list[Row]]:
        """(mac, origin, position, recorded_at) of every entry of an earlier chain under these (scope name, key)."""
        found: dict[tuple[str, str], list[Row]] = {}
        for origin, volume in tuple(self._tables):
            try:
                self._look(origin, volume, keys, found)
            except apsw.Error:
                self._tables.remove((origin, volume))
        return found

    def _look(
        self, origin: bytes, volume: Volume, keys: Sequence[tuple[str, str]], found: dict[tuple[str, str], list[Row]]
    ) -> None:
        scopes = {scope: self._scope(origin, volume, scope) for scope, _ in keys}
        names = {(scopes[scope], key): (scope, key) for scope, key in keys if scopes[scope] is not None}
        wanted = [(scope, key) for scope, key in names if scope is not None]
        for place, rows in (volume.duplicates(wanted) if wanted else {}).items():
            found.setdefault(names[place], []).extend((mac, origin, position, at) for mac, position, at in rows)

    def _scope(self, origin: bytes, volume: Volume, name: str) -> int | None:
        if (origin, name) not in self._scopes:
            self._scopes[origin, name] = volume.scope_known(name)
        return self._scopes[origin, name]

    def close(self) -> None:
        """Let the files go."""
        for _, volume in self._tables:
            volume.close()


def fill_closed(folder: Path, opener: EpochKeys, mac_key: bytes) -> int:
    """Make a closed chain's table of natural keys from its entries of the last 90 days before its end; its rows."""
    volume, reader = Volume.open(volume_paths(folder)[-1], readonly=False), JournalReader.open(folder, opener)
    try:
        with volume.connection:
            volume.connection.execute("DELETE FROM duplicate")
            keep_rows(reader, volume, *_recent(reader), mac_key)
            rows = volume.count_duplicates()
    finally:
        reader.close()
        volume.close()
    return rows


def check_closed(folder: Path, opener: EpochKeys, mac_key: bytes) -> int:
    """Compare a closed chain's table with its entries; its rows. Raises ChainBroken at the first that differs."""
    volume, reader = Volume.open(volume_paths(folder)[-1], readonly=True), JournalReader.open(folder, opener)
    try:
        first, end = _recent(reader)
        check_carried(volume, None, first, 0)
        return check_rows(reader, volume, first, end, mac_key)
    except (*UNREADABLE, TypeError, ValueError) as error:
        raise ChainBroken(-1, f"the duplicate table cannot be read ({type(error).__name__})") from error
    except ChainBroken as error:
        said = f"in the closed chain {folder.name[:8]}: {error.reason}"
        raise ChainBroken(error.position, said) from error
    finally:
        reader.close()
        volume.close()


def _recent(reader: JournalReader) -> tuple[int, int]:
    """The first position of the chain's last 90 days, and its size."""
    head = reader.head()
    return _first_since(reader, head.size, head.recorded_at_us - DUPLICATE_HORIZON_US), head.size


def _first_since(reader: JournalReader, size: int, since_us: int) -> int:
    """The first position kept at or after this moment: recorded times never decrease."""
    low, high = 0, size
    while low < high:
        middle = (low + high) // 2
        header = next(iter(reader.rows(middle - 1, 1))).header
        if h.decode(header).recorded_at_us < since_us:
            low = middle + 1
        else:
            high = middle
    return low
