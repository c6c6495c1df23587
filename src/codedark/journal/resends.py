"""The table of natural keys of one volume, against the entries its rows are of: made, or checked, in one walk.

A row belongs to the first entry of its key and its bytes. A walk never holds more than one read's worth of entries, so
memory does not grow with the journal: each entry asks for its row, and rows that no entry asked for show in the count.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Iterator
from hashlib import sha256
from itertools import zip_longest

from codedark.errors import ChainBroken
from codedark.journal.chain import MAC_SIZE
from codedark.journal.model import Entry, Once
from codedark.journal.reader import JournalReader
from codedark.journal.volume import Volume

Row = tuple[str | None, str, bytes, int, int]
"""scope name (None: of no scope), key, mac, position, recorded_at"""
Keyed = tuple[Entry, Once, bytes]
"""An entry with a natural key, and the MAC of its payload"""
_UNKNOWN = "the duplicate table does not know this entry as it is"
_UNSAID = "the duplicate table names what no entry says"
_AT_ONCE = 1_000
_NAMED = (
    "SELECT s.name, d.key, d.mac, d.position, d.recorded_at FROM duplicate d LEFT JOIN scope s ON s.id = d.scope WHERE "
)


def keep_rows(reader: JournalReader, volume: Volume, first: int, end: int, mac_key: bytes) -> None:
    """Add the rows of entries `first` … `end` − 1 that are not there yet, inside the caller's transaction."""
    scopes: dict[str, int] = {}
    for batch in _batches(reader, first, end):
        rows = []
        for entry, once, mac in _keyed(batch, mac_key):
            if once.scope not in scopes:
                scopes[once.scope] = volume.scope_id(once.scope)
            rows.append((scopes[once.scope], once.key, mac, entry.position, entry.recorded_at_us))
        volume.connection.executemany("INSERT OR IGNORE INTO duplicate VALUES (?,?,?,?,?)", rows)


def check_rows(
    reader: JournalReader, volume: Volume, first: int, end: int, mac_key: bytes, below: int = 1 << 62
) -> int:
    """Compare the rows of entries `first` … `end` − 1 with those entries; how many there are. Raises ChainBroken.

    There must be no row of a later entry `below` a position (a writer may be adding some). Rows of earlier ones, that
    came from another volume, must have been compared before.
    """
    owners = 0
    for batch in _batches(reader, first, end):
        keyed = list(_keyed(batch, mac_key))
        known = _under(volume, keyed)
        for entry, once, mac in keyed:
            position, at = known.get((once.scope, once.key, mac), (end, 0))
            if position > entry.position or (position == entry.position and at != entry.recorded_at_us):
                raise ChainBroken(entry.position, _UNKNOWN)
            owners += position == entry.position
    if volume.count_duplicates(first, below) != owners:
        raise ChainBroken(_unsaid(reader, volume, first, below, mac_key), _UNSAID)
    return owners


def check_carried(volume: Volume, before: Volume | None, first: int, since_us: int) -> None:
    """Compare the rows that came with a volume with the recent ones of the one before it. Raises ChainBroken."""
    order = " ORDER BY s.name, d.key, d.mac"
    rows = volume.connection.execute(_NAMED + "d.position < ?" + order, (first,))
    expected: Iterator[Row] = iter(())
    if before is not None:
        expected = before.connection.execute(_NAMED + "d.recorded_at >= ?" + order, (since_us,))
    for row, wanted in zip_longest(rows, expected):
        if row != wanted:
            raise ChainBroken(wanted[3], _UNKNOWN) if wanted else ChainBroken(row[3], _UNSAID)


def _under(volume: Volume, keyed: list[Keyed]) -> dict[tuple[str, str, bytes], tuple[int, int]]:
    """(scope name, key, mac) → (position, recorded_at) of the rows under the keys of these entries."""
    scopes = {name: volume.scope_known(name) for name in {once.scope for _, once, _ in keyed}}
    names = {found: name for name, found in scopes.items() if found is not None}
    wanted = [(found, once.key) for _, once, _ in keyed if (found := scopes[once.scope]) is not None]
    return {
        (names[scope], key, mac): (position, at)
        for (scope, key), rows in volume.duplicates(wanted).items()
        for mac, position, at in rows
    }


def _unsaid(reader: JournalReader, volume: Volume, first: int, below: int, mac_key: bytes) -> int:
    """The position of the first row that is not its entry's."""
    sql = _NAMED + "d.position >= ? AND d.position < ? ORDER BY d.position"
    for scope, key, mac, position, at in volume.connection.execute(sql, (first, below)):
        keyed = list(_keyed(reader.read(position - 1, 1), mac_key))
        if not keyed or (*keyed[0][1], keyed[0][2], keyed[0][0].recorded_at_us) != (scope, key, mac, at):
            return int(position)
    return -1


def _batches(reader: JournalReader, first: int, end: int) -> Iterator[list[Entry]]:
    after = first - 1
    while after + 1 < end and (batch := reader.read(after, min(_AT_ONCE, end - after - 1))):
        yield batch
        after = batch[-1].position


def _keyed(batch: Iterable[Entry], mac_key: bytes) -> Iterator[Keyed]:
    for entry in batch:
        if entry.once is not None:
            yield entry, entry.once, hmac.digest(mac_key, entry.payload, sha256)[:MAC_SIZE]
