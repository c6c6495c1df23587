"""Pulling a journal onto a second machine that has no key: copy, verify, keep, cosign.

The copy holds what the source cannot take back. When the source no longer extends what was pulled before, that is a
fork or a
rollback, and it is said, not repaired.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from codedark.errors import ChainBroken, ForkFound
from codedark.journal.epochs import SUFFIX
from codedark.journal.merkle import Frontier
from codedark.journal.model import SealedEntry
from codedark.journal.note import NoteSigner, cosign
from codedark.journal.origin import OriginStatement
from codedark.journal.reader import READ_BYTES, READ_MAX, UNREADABLE, JournalReader
from codedark.journal.rolling import volume_path
from codedark.journal.standing import Memory
from codedark.journal.stretches import STRETCH, hashing, processes_for
from codedark.journal.verification import Checker, verify
from codedark.journal.volume import Volume

EPOCH_MAX = 1 << 20
"""Bytes of an epoch file; one with a hundred recipients has 20,000."""
WHOLE_EVERY = 60
"""So many pulls of one copy begin where the last one ended before everything is looked at again."""


@dataclass(frozen=True, slots=True)
class PullReport:
    """What a pull did. `new`: entries added to the copy; `size`: entries it holds now; `note`: the cosigned
    checkpoint; `whole`: everything was looked at, not only what is new.
    """

    new: int
    size: int
    note: str
    whole: bool


def pull(
    source: Path, copy: Path, witness: NoteSigner | None = None, *, at_us: int = 0, whole: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> PullReport:  # fmt: skip
    """Bring the keyless copy in `copy` up to `source`'s newest checkpoint. Raises ChainBroken, ForkFound.

    `witness` cosigns it as seen at `at_us` (µs UTC), and signs where the pull ended: the next one begins there, and
    checks that what is new continues it to the root that the source signed. `whole`, every WHOLE_EVERY-th pull, one
    that finds anything wrong, and one whose memory is lost or changed check copy and source from the start.
    Nothing is written before the check of its entries passed; the copy is an ordinary journal folder that `verify`
    reads.
    """
    reader = JournalReader.open(source)
    try:
        return _pulled(reader, source, copy, witness, at_us, whole, progress)
    except UNREADABLE as error:
        # The source may be made by somebody who wants this machine to fall over: it is refused like any broken chain.
        raise ChainBroken(0, f"SQLite cannot read what is stored here ({type(error).__name__})") from error
    finally:
        reader.close()


def _pulled(
    reader: JournalReader, source: Path, copy: Path, witness: NoteSigner | None, at_us: int, whole: bool,
    progress: Callable[[int, int], None] | None,
) -> PullReport:  # fmt: skip
    pulling = _Pulling(reader, copy, witness, progress)
    try:
        note = None if whole else pulling.go_on(at_us)
    except (ChainBroken, ForkFound):
        note = None  # what is wrong, and where, is said by looking at everything
    if whole := note is None:
        note = pulling.from_the_start(at_us)
    _copy_epochs(source, copy)
    pulling.target.close()
    return PullReport(pulling.newest.size - pulling.held, pulling.newest.size, note, whole)


class _Pulling:
    """One pull into one copy."""

    def __init__(
        self, reader: JournalReader, copy: Path, witness: NoteSigner | None,
        progress: Callable[[int, int], None] | None,
    ) -> None:  # fmt: skip
        newest = reader.checkpoint()
        if newest is None:
            raise ChainBroken(0, "the source has no checkpoint")
        self.newest, self.reader, self.copy, self.witness, self.progress = newest, reader, copy, witness, progress
        self.target, self.memory = _open_copy(copy, reader), Memory(copy, witness)
        held = self.target.newest_checkpoint()
        self.held, self.root_held = (held[0], held[1]) if held else (0, b"")
        if newest.size < self.held:
            raise ForkFound(
                newest.size, f"the source has fewer entries than the {self.held} pulled before: rolled back"
            )

    def go_on(self, at_us: int) -> str | None:
        """From where the last pull ended; None when that is not known or when it is time to look at everything."""
        known = self.memory.recall(self.reader.statement, self.held, self.root_held)
        if known is None or known[1] + 1 >= WHOLE_EVERY:
            return None
        return self._ended(known[0], at_us, known[1] + 1)

    def from_the_start(self, at_us: int) -> str:
        """Copy and source, entry by entry."""
        _drop_unsealed(self.target)
        if self.held and not (found := verify(self.copy)).ok:
            raise ChainBroken(found.position, f"the copy is not what was pulled: {found.reason}")
        checker = Checker(self.reader.statement)
        self._pass_over_old(checker)
        return self._ended(checker, at_us, 0)

    def _pass_over_old(self, checker: Checker) -> None:
        """What is in the copy is hashed in long stretches; the first that does not come to what it should, and all
        after it, is looked at entry by entry."""
        whole = self.held // STRETCH * STRETCH
        with hashing(self.reader, whole, (), processes_for(whole)) as hashed:
            for first in range(0, whole, STRETCH):
                stretch = hashed(first)
                if stretch is None or not checker.follows(stretch):
                    break
                checker.take_stretch(stretch)
                if self.progress:
                    self.progress(checker.tree.size, self.newest.size)
        checker.tiles.full.clear()
        self._check_held(checker)

    def _check_held(self, checker: Checker) -> None:
        if 0 < self.held == checker.tree.size and checker.tree.root() != self.root_held:
            raise ForkFound(self.held, "the source's history is not the one that was pulled before")

    def _ended(self, checker: Checker, at_us: int, pulls: int) -> str:
        newest = self.newest
        while checker.tree.size < newest.size:
            self._some(checker)
        checker.check_note(newest.note)
        note = cosign(newest.note, self.witness, at_us // 1_000_000) if self.witness else newest.note
        seal_copy(self.target, checker.tree.size, checker.tree.root(), note, checker.tree, checker.counts)
        self.memory.keep(checker, pulls)
        return note

    def _some(self, checker: Checker) -> None:
        """Check some entries, and keep those that are new."""
        before, size, batch = checker.tree.size, 0, []
        for entry in self.reader.rows(before - 1, min(READ_MAX, self.newest.size - before)):
            checker.take(entry)
            self._check_held(checker)
            if checker.tree.size > self.held:
                batch.append((checker.tree.size - 1, entry))
                size += len(entry.ciphertext)
            if size >= READ_BYTES:
                break
        if checker.tree.size == before:
            raise ChainBroken(before, "the entry is missing")
        keep_batch(self.target, batch, checker)
        if self.progress:
            self.progress(checker.tree.size, self.newest.size)


def _open_copy(copy: Path, reader: JournalReader) -> Volume:
    copy.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = volume_path(copy, 1)
    if path.exists():
        target = Volume.open(path, readonly=False)
        if target.meta()["statement"] != reader.statement.text:
            raise ForkFound(0, "the copy is of another origin")
        _drop_unsealed(target)
        return target
    return new_copy(copy, reader.statement)


def _drop_unsealed(target: Volume) -> None:
    """Entries after the last kept checkpoint are from a pull that was cut off: they are fetched and checked again."""
    held = target.newest_checkpoint()
    size = held[0] if held else 0
    with target.connection:
        target.connection.execute("DELETE FROM entry WHERE position >= ?", (size,))
        target.connection.execute("DELETE FROM payload WHERE id >= ?", (size * 4096,))


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
    """The wrapped keys, each named by its own hash. A link, a pipe or something else under that name is left where it
    is: a source that somebody else made must not have files of this machine copied."""
    (copy / "epochs").mkdir(mode=0o700, exist_ok=True)
    for path in (source / "epochs").glob(f"*{SUFFIX}"):
        here = copy / "epochs" / path.name
        if here.exists() or path.is_symlink() or not path.is_file() or path.stat().st_size > EPOCH_MAX:
            continue
        data = path.read_bytes()
        if sha256(data).digest()[:16].hex() == path.stem:
            here.write_bytes(data)
            shutil.copystat(path, here)
