"""The table of natural keys, checked against the entries and made again from them. Needs the keys; nothing else does.

A changed duplicate row could make a new message look like a resend, so that it would be acknowledged and not kept:
that is
why the derived table is verified too, and why it can be thrown away and rebuilt.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from codedark.errors import ChainBroken
from codedark.journal.epochs import EpochKeys
from codedark.journal.reader import UNREADABLE, JournalReader
from codedark.journal.resends import check_carried, check_rows, keep_rows
from codedark.journal.rolling import DUPLICATE_HORIZON_US, volume_paths
from codedark.journal.volume import Volume
from codedark.journal.writer import locked


def check_duplicates(folder: Path, opener: EpochKeys, mac_key: bytes) -> int:
    """Compare each volume's table with the entries; returns the number of natural keys. Raises ChainBroken at the
    first that differs.
    """
    reader = JournalReader.open(folder, opener)
    try:
        size, keys = reader.head().size, 0
        spans = _spans(reader, size)
        volumes = [Volume.open(path, readonly=True) for path in volume_paths(folder)[: len(spans)]]
        for index, (volume, (first, end, since_us)) in enumerate(zip(volumes, spans, strict=True)):
            check_carried(volume, volumes[index - 1] if index else None, first, since_us)
            keys += check_rows(reader, volume, first, end, mac_key, size)
    except (*UNREADABLE, TypeError, ValueError) as error:  # ValueError: a volume that no entry is in
        raise ChainBroken(-1, f"the duplicate table cannot be read ({type(error).__name__})") from error
    finally:
        reader.close()
    return keys


def _spans(reader: JournalReader, size: int) -> list[tuple[int, int, int]]:
    """For each volume its first position, the first after it, and since when it has rows of the one before (µs)."""
    metas = reader.metas()
    firsts = [*(int(meta["first"]) for meta in metas), size]
    since = [int(meta.get("recorded_at", 0)) - DUPLICATE_HORIZON_US for meta in metas]
    return [(first, max(end, first), at) for (first, end), at in zip(pairwise(firsts), since, strict=True)]


def rebuild_duplicates(folder: Path, opener: EpochKeys, mac_key: bytes) -> int:
    """Make the newest volume's table again from the entries, in one transaction, while no writer runs. Raises
    Locked. Returns the number of its rows.
    """
    with locked(folder):
        reader = JournalReader.open(folder, opener)
        volume = Volume.open(volume_paths(folder)[-1], readonly=False)
        with volume.connection:
            volume.connection.execute("DELETE FROM duplicate")
            for first, end, since_us in _spans(reader, reader.head().size):
                volume.connection.execute("DELETE FROM duplicate WHERE recorded_at < ?", (since_us,))
                keep_rows(reader, volume, first, end, mac_key)
            rows = volume.count_duplicates()
        volume.close()
        reader.close()
    return rows
