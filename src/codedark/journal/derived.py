"""The table of natural keys, checked against the entries and made again from them. Needs the keys; nothing else does.

A changed duplicate row could make a new message look like a resend, so that it would be acknowledged and not kept:
that is
why the derived table is verified too, and why it can be thrown away and rebuilt.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from codedark.errors import ChainBroken
from codedark.journal.chain import MAC_SIZE
from codedark.journal.epochs import EpochKeys
from codedark.journal.reader import READ_MAX, UNREADABLE, JournalReader
from codedark.journal.rolling import DUPLICATE_HORIZON_US, volume_paths
from codedark.journal.volume import Volume
from codedark.journal.writer import locked

Row = tuple[str, str, bytes, int, int]
"""scope name, key, mac, position, recorded_at"""


Table = dict[tuple[str, str, bytes], tuple[int, int]]
"""(scope name, key, mac) → (position, recorded_at)"""


def expected_tables(reader: JournalReader, mac_key: bytes, size: int) -> Iterator[Table]:
    """For each volume the table that the first `size` entries give it: the first entry of a key and its bytes owns
    the row, and a new volume begins with the rows of the last 90 days.
    """
    metas, table, after = reader.metas(), Table(), -1
    starts = {int(meta["first"]): int(meta.get("recorded_at", 0)) for meta in metas[1:]}
    while after + 1 < size and (batch := reader.read(after, min(READ_MAX, size - after - 1))):
        for entry in batch:
            if (at := starts.pop(entry.position, None)) is not None:
                yield table
                table = {name: row for name, row in table.items() if row[1] >= at - DUPLICATE_HORIZON_US}
            if entry.once is not None:
                mac = hmac.digest(mac_key, entry.payload, sha256)[:MAC_SIZE]
                table.setdefault((*entry.once, mac), (entry.position, entry.recorded_at_us))
        after = batch[-1].position
    yield table


def check_duplicates(folder: Path, opener: EpochKeys, mac_key: bytes) -> int:
    """Compare each volume's table with the entries; returns the number of natural keys. Raises ChainBroken at the
    first that differs.
    """
    reader = JournalReader.open(folder, opener)
    try:
        size, keys = reader.head().size, set[tuple[str, str, bytes]]()
        tables = reader.duplicates()
        for expected, rows in zip(expected_tables(reader, mac_key, size), tables, strict=True):
            _compare(expected, rows, size)
            keys.update(expected)
    except (*UNREADABLE, TypeError, ValueError) as error:  # ValueError: a volume that no entry is in
        raise ChainBroken(-1, f"the duplicate table cannot be read ({type(error).__name__})") from error
    finally:
        reader.close()
    return len(keys)


def _compare(expected: Table, rows: list[Row], size: int) -> None:
    stored = {row[:3]: row[3:] for row in rows if row[3] < size}
    for name, row in expected.items():
        if stored.pop(name, None) != row:
            raise ChainBroken(row[0], "the duplicate table does not know this entry as it is")
    if stored:
        raise ChainBroken(min(row[0] for row in stored.values()), "the duplicate table names what no entry says")


def rebuild_duplicates(folder: Path, opener: EpochKeys, mac_key: bytes) -> int:
    """Make the newest volume's table again from the entries, in one transaction, while no writer runs. Raises
    Locked. Returns the number of its rows.
    """
    with locked(folder):
        reader = JournalReader.open(folder, opener)
        volume = Volume.open(volume_paths(folder)[-1], readonly=False)
        with volume.connection:
            volume.connection.execute("DELETE FROM duplicate")
            table = Table()
            for table in expected_tables(reader, mac_key, reader.head().size):  # noqa: B007 - the last is wanted
                pass
            rows = [(volume.scope_id(s), k, m, p, t) for (s, k, m), (p, t) in table.items()]
            volume.insert_duplicates(rows)
        volume.close()
        reader.close()
    return len(rows)
