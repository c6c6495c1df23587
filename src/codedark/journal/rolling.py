"""Closing a volume and beginning the next: the chain goes on, the file does not (architecture decision 6).

A closed volume is one read-only file whose write-ahead log is empty, known by its SHA-256. The next one carries what
the
chain needs
to go on without it: the hash, the tree's right edge, the tiles that are not full yet, and the natural keys of the
last 90 days.
"""

from __future__ import annotations

import os
from hashlib import file_digest
from itertools import islice
from pathlib import Path

from codedark.errors import JournalError
from codedark.journal.merkle import leaf
from codedark.journal.model import Head
from codedark.journal.tiles import LEVELS, WIDTH
from codedark.journal.volume import Volume

DUPLICATE_HORIZON_US = 90 * 86_400_000_000
_AT_ONCE = 4096


def volume_path(folder: Path, number: int) -> Path:
    """The file of a volume."""
    return folder / f"volume-{number:06d}.db"


def volume_paths(folder: Path) -> list[Path]:
    """All volume files, in order."""
    return sorted(folder.glob("volume-??????.db"))


def file_hash(path: Path) -> bytes:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").digest()


def close_volume(volume: Volume, path: Path) -> bytes:
    """Fold the write-ahead log into the file, close it, make it read-only. Returns its SHA-256.

    Raises JournalError, with the volume still open, while a reader is in the middle of the log.
    """
    ((busy, _, _),) = volume.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    if busy:
        raise JournalError("a reader is in the journal: the volume stays open", hint="Try again in a minute.")
    volume.close()
    path.chmod(0o400)
    return file_hash(path)


def begin_volume(folder: Path, number: int, closed: Volume, head: Head, before: bytes, synchronous: str) -> Path:
    """Write the next volume beside the closed one (open for reading) and put it in place. Returns its path."""
    meta, newest = closed.meta(), closed.newest_checkpoint()
    if newest is None:
        raise LookupError("a volume without a checkpoint cannot be closed")
    meta |= {
        "volume": number,
        "first": head.size,
        "previous": head.entry_hash,
        "recorded_at": head.recorded_at_us,
        "frontier": newest[3],
        "leaves": _open_leaves(closed, head.size),
        "before": before,
    }
    path = volume_path(folder, number)
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    fresh = Volume.create(draft, meta, synchronous=synchronous, vfs=None)
    with fresh.connection:
        fresh.put_checkpoint(*newest, None)
        fresh.put_tiles(_open_tiles(closed, head.size))
        fresh.add_counts(closed.counts())
        _carry_resends(closed, fresh, head.recorded_at_us - DUPLICATE_HORIZON_US)
    fresh.close()
    os.replace(draft, path)
    _sync_folder(folder)
    return path


def _carry_resends(closed: Volume, fresh: Volume, since_us: int) -> None:
    """The rows since then, a few at a time: there may be millions."""
    scopes: dict[str, int] = {}
    rows = closed.duplicates_since(since_us)
    while some := list(islice(rows, _AT_ONCE)):
        for name, *_ in some:
            if name not in scopes:
                scopes[name] = fresh.scope_id(name)
        fresh.insert_duplicates([(scopes[name], key, mac, at, us) for name, key, mac, at, us in some])


def _open_leaves(volume: Volume, size: int) -> bytes:
    """Leaf hashes of the level-0 tile that is not full yet."""
    start = size - size % WIDTH
    kept = volume.carried_leaves(start)
    hashes = volume.entry_hashes(start + len(kept), size - start - len(kept))
    return b"".join([*kept, *(leaf(h) for h in hashes)])


def _open_tiles(volume: Volume, size: int) -> list[tuple[int, int, bytes]]:
    """Full tiles that a tile above them, not full yet, is still made of."""
    rows, count = [], size // WIDTH
    for level in range(LEVELS - 1):
        for number in range(count - count % WIDTH, count):
            data = volume.tile(level, number)
            if data is None:
                raise LookupError(f"tile {level}/{number} is missing")
            rows.append((level, number, data))
        count //= WIDTH
    return rows


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
