"""Is this journal complete and untouched? Answered without any key, beside the writer, or from an export alone.

What is checked: every entry's hash, each link to the one before, canonical headers, that time never goes back, the
tree at every kept checkpoint, their signatures with the key in the statement, the tiles, with what each volume began,
the counters, and a checkpoint from outside when one is given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from codedark.errors import ChainBroken, ForkFound, UnknownFormat
from codedark.journal import header as h
from codedark.journal.merkle import Frontier
from codedark.journal.model import Checkpoint, SealedEntry
from codedark.journal.note import TreeHead, is_signed_by, read_checkpoint
from codedark.journal.origin import OriginStatement
from codedark.journal.reader import READ_MAX, UNREADABLE, JournalReader
from codedark.journal.rolling import file_hash, volume_paths
from codedark.journal.tiles import WIDTH, TileBuilder

UNWITNESSED = "self-consistent, unwitnessed"


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """The verdict. `witnessed`: "self-consistent, unwitnessed" or "matches checkpoint at N"; `root`: hex; when not
    `ok`,
    `position` is the first bad entry (-1: none in particular) and `reason` says what is wrong with it."""

    ok: bool
    entries: int
    root: str
    witnessed: str
    position: int = -1
    reason: str = ""
    origin: str = ""
    counts: dict[str, int] | None = None


class Checker:
    """Walks a chain from its start. Feed it entries in order; it raises at the first that does not fit."""

    def __init__(self, statement: OriginStatement) -> None:
        self.statement = statement
        self._origin, self._previous = statement.id, statement.first_previous
        self._at = -(1 << 63)
        self.tree, self.tiles = Frontier(), TileBuilder()
        self.counts: dict[str, int] = {}
        self._kinds: dict[bytes, str] = {}

    def take(self, entry: SealedEntry) -> None:
        """Check one entry against all before it. Raises ChainBroken(position, reason)."""
        position, header = self.tree.size, entry.header
        kind = self._kinds.get(header[h.FIXED_SIZE :])
        if kind is None or header[:4] != h.FORMAT or header[92] > 1:
            kind = self._read_kind(header, position)
        _, at_position, origin, previous, at, _, _, _, _, _, _, length = h.fixed(header)
        if at_position != position:
            raise ChainBroken(position, f"entry {at_position} stands where {position} belongs")
        if origin != self._origin:
            raise ChainBroken(position, "the header names another origin")
        if previous != self._previous:
            raise ChainBroken(position, "the header does not follow the entry before it")
        if len(entry.ciphertext) != length or len(entry.nonce) != h.NONCE_SIZE:
            raise ChainBroken(position, "the payload is longer or shorter than its header says")
        if h.entry_hash(header, entry.nonce, entry.ciphertext) != entry.entry_hash:
            raise ChainBroken(position, "the entry is not what was hashed")
        if at < self._at:
            raise ChainBroken(position, "the entry is dated before the one it follows")
        self._previous, self._at = entry.entry_hash, at
        self.tiles.add(self.tree.append(entry.entry_hash))
        self.counts[kind] = self.counts.get(kind, 0) + 1

    def beginning(self) -> dict[str, bytes | str | int]:
        """What the `meta` of a volume that begins here says of the chain before it."""
        said: dict[str, bytes | str | int] = {
            "statement": self.statement.text,
            "previous": self._previous,
            "frontier": self.tree.dump(),
        }
        return said | {"recorded_at": self._at, "leaves": self.tiles.open_leaves()} if self.tree.size else said

    def _read_kind(self, header: bytes, position: int) -> str:
        """The kind of a header whose variable end was not seen before; later ones with the same end are known by it."""
        try:
            kind = h.decode(header).kind
        except UnknownFormat as error:
            raise ChainBroken(position, "the header is not canonical") from error
        self._kinds[header[h.FIXED_SIZE :]] = kind
        return kind

    def check_note(self, note: str) -> TreeHead:
        """Check a checkpoint of exactly the current size. Raises ChainBroken."""
        try:
            head = read_checkpoint(note)
        except UnknownFormat as error:
            raise ChainBroken(self.tree.size, "a checkpoint cannot be read") from error
        if head.name != self.statement.name or head.size != self.tree.size:
            raise ChainBroken(self.tree.size, "a checkpoint is of another origin or size")
        if head.root != self.tree.root():
            raise ChainBroken(self.tree.size, "a checkpoint's root is not the root of these entries")
        if not is_signed_by(note, self.statement.name, self.statement.public_key):
            raise ChainBroken(self.tree.size, "a checkpoint's signature is not this origin's")
        return head


def verify(
    folder: Path, *, checkpoint_note: str | None = None, progress: Callable[[int, int], None] | None = None
) -> VerifyReport:
    """Verify a journal folder up to its newest checkpoint as of the start. Never raises for what is wrong with the
    journal:
    that is the report. Raises JournalError when there is none, UnknownFormat for a checkpoint note that is none.

    `checkpoint_note`: from a pack's cover, a puller or a neighbour; `progress(done, of)`.
    """
    if checkpoint_note:
        read_checkpoint(checkpoint_note)
    reader = JournalReader.open(folder)
    checker = Checker(reader.statement)
    try:
        return _verified(folder, reader, checker, checkpoint_note, progress)
    except (ChainBroken, ForkFound) as error:
        position, reason = error.position, error.reason
    except (*UNREADABLE, TypeError, ValueError, LookupError) as error:  # a row that lost its type or a column
        position, reason = checker.tree.size, f"what is stored cannot be read ({type(error).__name__})"
    finally:
        reader.close()
    root, name = checker.tree.root().hex(), reader.statement.name
    return VerifyReport(False, checker.tree.size, root, "", position, reason, name, checker.counts)


def _verified(
    folder: Path, reader: JournalReader, checker: Checker, note: str | None,
    progress: Callable[[int, int], None] | None,
) -> VerifyReport:  # fmt: skip
    outside = read_checkpoint(note) if note else None
    _check_closed(folder, reader)
    _walk(reader, checker, note, outside, progress)
    if outside and outside.size > checker.tree.size:
        raise ForkFound(checker.tree.size, f"the checkpoint covers {outside.size} entries; this journal has fewer")
    witnessed = f"matches checkpoint at {outside.size}" if outside else UNWITNESSED
    return VerifyReport(
        True, checker.tree.size, checker.tree.root().hex(), witnessed, origin=reader.statement.name,
        counts=checker.counts,
    )  # fmt: skip


def _walk(
    reader: JournalReader, checker: Checker, note: str | None, outside: TreeHead | None,
    progress: Callable[[int, int], None] | None,
) -> None:  # fmt: skip
    notes = {c.size: c for c in reader.checkpoints()}
    if not notes:
        raise ChainBroken(0, "there is no checkpoint")
    target, frontiers, metas = max(notes), reader.frontiers(), reader.metas()
    _check_metas(metas, checker)
    if outside and outside.name != reader.statement.name:
        raise ForkFound(0, "the checkpoint is of another origin")
    while checker.tree.size < target:
        before = checker.tree.size
        for entry in reader.rows(before - 1, min(READ_MAX, target - before)):
            checker.take(entry)
            size = checker.tree.size
            if size in notes:
                _check_row(checker, notes[size], frontiers.get(size))
                _check_metas(metas, checker)
            if outside and size == outside.size:
                _compare(checker, outside, note or "")
        if checker.tree.size == before:
            raise ChainBroken(before, "the entry is missing")
        _check_tiles(reader, checker)
        if progress:
            progress(checker.tree.size, target)
    _check_counts(reader, checker, target)


def _check_row(checker: Checker, kept: Checkpoint, frontier: bytes | None) -> None:
    if checker.check_note(kept.note).root != kept.root or frontier != checker.tree.dump():
        raise ChainBroken(checker.tree.size, "a checkpoint's row is not its note")


def _check_metas(metas: list[dict[str, bytes | str | int]], checker: Checker) -> None:
    """A volume says with what it began; it must have begun where the chain stands at its first entry. The
    endorsement is not looked at: the key it is by lies with the network.
    """
    for index, meta in enumerate(metas):
        if meta.get("first") != checker.tree.size:
            continue
        expected = {"format": "CDJ1", "volume": index + 1, "first": checker.tree.size, **checker.beginning()}
        given = {name: value for name, value in meta.items() if name not in ("before", "endorsement")}
        if given != expected:
            raise ChainBroken(checker.tree.size, f"volume {index + 1} does not begin where the chain stands")


def _compare(checker: Checker, outside: TreeHead, note: str) -> None:
    if outside.root != checker.tree.root():
        raise ForkFound(checker.tree.size, "the journal's root is not the one on the checkpoint given")
    if not is_signed_by(note, checker.statement.name, checker.statement.public_key):
        raise ForkFound(checker.tree.size, "the checkpoint given is not signed by this origin")


def _check_closed(folder: Path, reader: JournalReader) -> None:
    """A closed volume is known by its file's hash, so even bytes that no entry owns cannot change unseen."""
    paths = volume_paths(folder)
    for path, (first, before) in zip(paths, reader.befores(), strict=False):
        if file_hash(path) != before:
            raise ChainBroken(first, f"the closed volume {path.name} is not the file that was closed")


def _check_tiles(reader: JournalReader, checker: Checker) -> None:
    """Tiles are derived, and proofs are made of them: each full one must be what the entries give."""
    for level, number, hashes in checker.tiles.full:
        if reader.tile(level, number) != hashes:
            raise ChainBroken(number * WIDTH ** (level + 1), "a stored tile does not match the entries below it")
    checker.tiles.full.clear()


def _check_counts(reader: JournalReader, checker: Checker, target: int) -> None:
    """The counters are derived. Beside a live writer they may be ahead of the walk: then only their sum can be
    compared.
    """
    size, counts = reader.standing()
    if sum(counts.values()) != size or (size == target and counts != checker.counts):
        raise ChainBroken(-1, "the counters by kind do not match the entries")


def check_chain(statement: OriginStatement, entries: Iterable[SealedEntry], notes: Iterable[str]) -> Checker:
    """Check entries and notes from anywhere (an export, a wire). Raises ChainBroken; returns where it stands."""
    checker, by_size = Checker(statement), {}
    for note in notes:
        by_size[read_checkpoint(note).size] = note
    for entry in entries:
        checker.take(entry)
        if checker.tree.size in by_size:
            checker.check_note(by_size.pop(checker.tree.size))
    if by_size:
        raise ChainBroken(checker.tree.size, f"entries end before the checkpoint at {min(by_size)}")
    return checker
