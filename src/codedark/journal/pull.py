"""Pulling a journal onto a second machine that has no key: copy, verify, keep, cosign.

The copy holds what the source cannot take back. When the source no longer extends what was pulled before, that is a
fork or a
rollback, and it is said, not repaired.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from codedark.errors import ChainBroken, ForkFound
from codedark.journal.epochs import SUFFIX
from codedark.journal.merkle import Frontier
from codedark.journal.model import SealedEntry
from codedark.journal.note import NoteSigner, cosign
from codedark.journal.origin import OriginStatement
from codedark.journal.reader import READ_MAX, JournalReader
from codedark.journal.rolling import volume_path
from codedark.journal.verification import Checker
from codedark.journal.volume import Volume


@dataclass(frozen=True, slots=True)
class PullReport:
    """What a pull did. `new`: entries added to the copy; `size`: entries it holds now; `note`: the cosigned
    checkpoint.
    """

    new: int
    size: int
    note: str


def pull(
    source: Path, copy: Path, witness: NoteSigner | None = None, *, at_us: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> PullReport:  # fmt: skip
    """Bring the keyless copy in `copy` up to `source`'s newest checkpoint. Raises ChainBroken, ForkFound.

    `witness` cosigns it as seen at `at_us` (µs UTC).

    The whole source is checked each time, and the copy's own head must lie on it. Nothing is written before the check
    of its
    entries passed; the copy is an ordinary journal folder that `verify` reads.
    """
    reader = JournalReader.open(source)
    newest = reader.checkpoint()
    if newest is None:
        raise ChainBroken(0, "the source has no checkpoint")
    target = _open_copy(copy, reader)
    held = target.newest_checkpoint()
    size_held, root_held = (held[0], held[1]) if held else (0, b"")
    if newest.size < size_held:
        raise ForkFound(newest.size, f"the source has fewer entries than the {size_held} pulled before: rolled back")
    checker = Checker(reader.statement)
    while checker.tree.size < newest.size:
        before = checker.tree.size
        batch = []
        for entry in reader.rows(before - 1, min(READ_MAX, newest.size - before)):
            checker.take(entry)
            if checker.tree.size == size_held and checker.tree.root() != root_held:
                raise ForkFound(size_held, "the source's history is not the one that was pulled before")
            if checker.tree.size > size_held:
                batch.append((checker.tree.size - 1, entry))
        if checker.tree.size == before:
            raise ChainBroken(before, "the entry is missing")
        keep_batch(target, batch, checker)
        if progress:
            progress(checker.tree.size, newest.size)
    checker.check_note(newest.note)
    note = cosign(newest.note, witness, at_us // 1_000_000) if witness else newest.note
    seal_copy(target, newest.size, newest.root, note, checker.tree, checker.counts)
    _copy_epochs(source, copy)
    reader.close()
    target.close()
    return PullReport(newest.size - size_held, newest.size, note)


def _open_copy(copy: Path, reader: JournalReader) -> Volume:
    copy.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = volume_path(copy, 1)
    if path.exists():
        target = Volume.open(path, readonly=False)
        if target.meta()["statement"] != reader.statement.text:
            raise ForkFound(0, "the copy is of another origin")
        # entries after the last kept checkpoint are from a pull that was cut off: they are fetched and checked again
        held = target.newest_checkpoint()
        size = held[0] if held else 0
        with target.connection:
            target.connection.execute("DELETE FROM entry WHERE position >= ?", (size,))
            target.connection.execute("DELETE FROM payload WHERE id >= ?", (size * 4096,))
        return target
    return new_copy(copy, reader.statement)


def new_copy(folder: Path, statement: OriginStatement) -> Volume:
    """An empty copy of an origin's chain in `folder`, to be filled with entries that were checked."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    meta: dict[str, bytes | str | int] = {
        "format": "CDJ1",
        "volume": 1,
        "first": 0,
        "previous": statement.first_previous,
        "frontier": b"",
        "statement": statement.text,
        "endorsement": statement.endorsement,
    }
    return Volume.create(volume_path(folder, 1), meta, synchronous="FULL", vfs=None)


def keep_batch(target: Volume, batch: list[tuple[int, SealedEntry]], checker: Checker) -> None:
    """Write entries that `checker` has taken, with the tiles they filled."""
    with target.connection:
        target.put_tiles(checker.tiles.full)
        checker.tiles.full.clear()
        target.insert_entries([(p, e.header, e.nonce, e.entry_hash) for p, e in batch])
        target.insert_payloads([(p, e.ciphertext) for p, e in batch])


def seal_copy(target: Volume, size: int, root: bytes, note: str, tree: Frontier, counts: dict[str, int]) -> None:
    """Write the checkpoint under which the copy stands."""
    with target.connection:
        target.put_checkpoint(size, root, note, tree.dump(), None)
        target.connection.execute("DELETE FROM counter")
        target.add_counts(counts)


def _copy_epochs(source: Path, copy: Path) -> None:
    (copy / "epochs").mkdir(mode=0o700, exist_ok=True)
    for path in (source / "epochs").glob(f"*{SUFFIX}"):
        if not (copy / "epochs" / path.name).exists():
            shutil.copy2(path, copy / "epochs" / path.name)
