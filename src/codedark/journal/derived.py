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
from codedark.journal.reader import JournalReader
from codedark.journal.rolling import volume_paths
from codedark.journal.volume import Volume
from codedark.journal.writer import locked

Row = tuple[str, str, bytes, int, int]
"""scope name, key, mac, position, recorded_at"""


def expected_rows(reader: JournalReader, mac_key: bytes) -> Iterator[Row]:
    """The row each entry with a natural key must have: the first entry of the same key and bytes owns it."""
    seen: set[tuple[str, str, bytes]] = set()
    after = -1
    while batch := reader.read(after):
        for entry in batch:
            if entry.once is None:
                continue
            mac = hmac.digest(mac_key, entry.payload, sha256)[:MAC_SIZE]
            name = (*entry.once, mac)
            if name not in seen:
                seen.add(name)
                yield (*name, entry.position, entry.recorded_at_us)
        after = batch[-1].position


def check_duplicates(folder: Path, opener: EpochKeys, mac_key: bytes) -> int:
    """Compare the table with the entries; returns the number of rows. Raises ChainBroken at the first that differs."""
    reader = JournalReader.open(folder, opener)
    size = reader.head().size
    stored = {row[:3]: row[3:] for row in reader.duplicates()}
    count = 0
    for scope, key, mac, position, at in expected_rows(reader, mac_key):
        count += 1
        if stored.pop((scope, key, mac), None) != (position, at):
            raise ChainBroken(position, "the duplicate table does not know this entry as it is")
    reader.close()
    later = [row for row in stored.values() if row[0] < size]
    if later:
        raise ChainBroken(min(position for position, _ in later), "the duplicate table names what no entry says")
    return count


def rebuild_duplicates(folder: Path, opener: EpochKeys, mac_key: bytes) -> int:
    """Make the table again from the entries, in one transaction, while no writer runs. Raises Locked."""
    with locked(folder):
        reader = JournalReader.open(folder, opener)
        volume = Volume.open(volume_paths(folder)[-1], readonly=False)
        with volume.connection:
            volume.connection.execute("DELETE FROM duplicate")
            rows = [(volume.scope_id(s), k, m, p, t) for s, k, m, p, t in expected_rows(reader, mac_key)]
            volume.insert_duplicates(rows)
        volume.close()
        reader.close()
    return len(rows)
