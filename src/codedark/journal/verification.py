"""Is this journal complete and untouched? Answered without any key, beside the writer, or from an export alone.

What is checked: every entry's hash, each link to the one before, canonical headers, that time never goes back, the
tree at every kept checkpoint, their signatures with the key in the statement, the tiles, with what each volume began,
the counters, and a checkpoint from outside when one is given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from codedark.errors import ChainBroken, ForkFound, JournalError, UnknownFormat
from codedark.journal import header as h
from codedark.journal.merkle import Frontier
from codedark.journal.model import Checkpoint, SealedEntry
from codedark.journal.note import TreeHead, is_signed_by, read_checkpoint
from codedark.journal.origin import OriginStatement
from codedark.journal.reader import READ_MAX, UNREADABLE, JournalReader
from codedark.journal.rolling import file_hash, volume_paths
from codedark.journal.stretches import STRETCH, Stretch, hashing, processes_for
from codedark.journal.tiles import HEIGHT, WIDTH, TileBuilder

UNWITNESSED = "self-consistent, unwitnessed"
Meta = dict[str, bytes | str | int]
"""What a volume says of itself"""


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
    """Walks a chain: feed it entries in order; it raises at the first that does not fit. `previous`, `at`: hash and
    time of the newest entry."""

    def __init__(
        self, statement: OriginStatement, tree: Frontier | None = None, tiles: TileBuilder | None = None,
        previous: bytes | None = None, at: int = -(1 << 63), counts: dict[str, int] | None = None,
    ) -> None:  # fmt: skip
        """From the start, or from where an earlier check had come to."""
        self.statement = statement
        self._origin, self.previous, self.at = statement.id, previous or statement.first_previous, at
        self.tree, self.tiles = tree or Frontier(), tiles or TileBuilder()
        self.counts = counts if counts is not None else {}
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
        if previous != self.previous:
            raise ChainBroken(position, "the header does not follow the entry before it")
        if len(entry.ciphertext) != length or len(entry.nonce) != h.NONCE_SIZE:
            raise ChainBroken(position, "the payload is longer or shorter than its header says")
        if h.entry_hash(header, entry.nonce, entry.ciphertext) != entry.entry_hash:
            raise ChainBroken(position, "the entry is not what was hashed")
        if at < self.at:
            raise ChainBroken(position, "the entry is dated before the one it follows")
        self.previous, self.at = entry.entry_hash, at
        self.tiles.add(self.tree.append(entry.entry_hash))
        self.counts[kind] = self.counts.get(kind, 0) + 1

    def beginning(self) -> dict[str, bytes | str | int]:
        """What the `meta` of a volume that begins here says of the chain before it."""
        said: dict[str, bytes | str | int] = {
            "statement": self.statement.text,
            "previous": self.previous,
            "frontier": self.tree.dump(),
        }
        return said | {"recorded_at": self.at, "leaves": self.tiles.open_leaves()} if self.tree.size else said

    def _read_kind(self, header: bytes, position: int) -> str:
        """The kind of a header whose variable end was not seen before; later ones with the same end are known by it."""
        try:
            kind = h.decode(header).kind
        except UnknownFormat as error:
            raise ChainBroken(position, "the header is not canonical") from error
        self._kinds[header[h.FIXED_SIZE :]] = kind
        return kind

    def take_stretch(self, stretch: Stretch) -> None:
        """Go on by a stretch that `follows` said yes to."""
        for root in stretch.roots:
            self.tree.append_subtree(root, HEIGHT)
            self.tiles.add_tile(root)
        self.previous, self.at = stretch.last, stretch.last_at
        for kind, entries in stretch.counts.items():
            self.counts[kind] = self.counts.get(kind, 0) + entries

    def follows(self, stretch: Stretch) -> bool:
        """True when the stretch begins where this chain stands."""
        before = (stretch.first, stretch.previous, stretch.previous_at)
        return before == (self.tree.size, self.previous, self.at) and not self.tree.size % WIDTH

    def check_note(self, note: str, tree: Frontier | None = None) -> TreeHead:
        """Check a checkpoint of exactly the current size, or that of `tree`. Raises ChainBroken."""
        tree = tree or self.tree
        try:
            head = read_checkpoint(note)
        except UnknownFormat as error:
            raise ChainBroken(tree.size, "a checkpoint cannot be read") from error
        if head.name != self.statement.name or head.size != tree.size:
            raise ChainBroken(tree.size, "a checkpoint is of another origin or size")
        if head.root != tree.root():
            raise ChainBroken(tree.size, "a checkpoint's root is not the root of these entries")
        if not is_signed_by(note, self.statement.name, self.statement.public_key):
            raise ChainBroken(tree.size, "a checkpoint's signature is not this origin's")
        return head


def verify(
    folder: Path, *, checkpoint_note: str | None = None, progress: Callable[[int, int], None] | None = None,
    processes: int | None = None,
) -> VerifyReport:  # fmt: skip
    """Verify a journal folder up to its newest checkpoint as of the start. Never raises for what is wrong with the
    journal:
    that is the report. Raises JournalError when there is none, UnknownFormat for a checkpoint note that is none.

    `checkpoint_note`: from a pack's cover, a puller or a neighbour; `progress(done, of)`; `processes`: how many hash
    beside each other (default: one for each core when the journal is long; 0: each entry is looked at alone, which is
    slower and gives the same verdict). Memory does not grow with the journal.
    """
    if checkpoint_note:
        read_checkpoint(checkpoint_note)
    reader = JournalReader.open(folder)
    checker = Checker(reader.statement)
    walk = _Walk(reader, checker, checkpoint_note, progress)
    try:
        return walk.verdict(processes)
    except (ChainBroken, ForkFound) as error:
        position, reason = error.position, error.reason
    except (*UNREADABLE, TypeError, ValueError, LookupError) as error:  # a row that lost its type or a column
        position, reason = checker.tree.size, f"what is stored cannot be read ({type(error).__name__})"
    finally:
        reader.close()
    root, name = checker.tree.root().hex(), reader.statement.name
    return VerifyReport(False, checker.tree.size, root, "", position, reason, name, checker.counts)


class _Walk:
    """One verification of a folder, from its start to the newest checkpoint."""

    def __init__(
        self, reader: JournalReader, checker: Checker, note: str | None, progress: Callable[[int, int], None] | None
    ) -> None:
        self.reader, self.checker, self.note, self.progress = reader, checker, note, progress
        self.outside = read_checkpoint(note) if note else None
        self.metas: dict[int, list[Meta]] = {}
        self.newest: tuple[Checkpoint, bytes] | None = None
        self.target = 0

    def verdict(self, processes: int | None) -> VerifyReport:
        """The report when all is well. Raises ChainBroken, ForkFound."""
        outside, tree = self.outside, self.checker.tree
        self._begin()
        whole = 0 if processes == 0 else self.target // STRETCH * STRETCH
        stops = [self.target] if outside is None else [self.target, outside.size]
        with hashing(self.reader, whole, stops, processes_for(whole, processes)) as hashed:
            _check_closed(self.reader)
            disorder = _disorder(self.reader)  # while the others hash; said last, because it names no entry
            self._check_metas()
            for first in range(0, whole, STRETCH):
                stretch = hashed(first)
                if stretch is None or not self._taken(stretch):
                    self._look_closely(first + STRETCH)
                self._moved()
        self._look_closely(self.target)
        self._moved()
        _check_counts(self.reader, self.checker, self.target)
        if disorder:
            raise ChainBroken(-1, f"rows are not where they are looked up ({disorder})")
        if self.metas:
            raise ChainBroken(min(self.metas), "a volume does not begin where it says")
        if outside and outside.size > tree.size:
            raise ForkFound(tree.size, f"the checkpoint covers {outside.size} entries; this journal has fewer")
        witnessed = f"matches checkpoint at {outside.size}" if outside else UNWITNESSED
        name, counts = self.reader.statement.name, self.checker.counts
        return VerifyReport(True, tree.size, tree.root().hex(), witnessed, origin=name, counts=counts)

    def _begin(self) -> None:
        metas, begins = self.reader.metas(), self.reader.beginnings()
        for index, (meta, first) in enumerate(zip(metas, begins, strict=True)):
            begin = meta.get("first", 0) if first is None else first
            if not isinstance(begin, int):
                raise ChainBroken(-1, f"volume {index + 1} does not say where it begins")
            self.metas.setdefault(begin, []).append(meta | {"index": index})
        newest = self.reader.checkpoint()
        if newest is None or self.reader.least_kept() < 1:
            raise ChainBroken(0, "there is no checkpoint" if newest is None else "a checkpoint covers no entries")
        self.target = newest.size
        # its row is read now: a writer beside us drops it when it has a newer one
        self.newest = self.reader.kept(newest.size - 1, newest.size)[-1]
        if self.outside and self.outside.name != self.reader.statement.name:
            raise ForkFound(0, "the checkpoint is of another origin")

    def _moved(self) -> None:
        _check_tiles(self.reader, self.checker)
        if self.progress:
            self.progress(self.checker.tree.size, self.target)

    def _kept(self, after: int, to: int) -> list[tuple[Checkpoint, bytes]]:
        """Checkpoint rows to be checked: those below the newest stay for good."""
        rows = self.reader.kept(after, min(to, self.target - 1))
        return rows + [self.newest] if self.newest and after < self.target <= to else rows

    def _taken(self, stretch: Stretch) -> bool:
        """Go on by a stretch in one step, when everything that is known of it is as it should be; else not at all."""
        if not self.checker.follows(stretch) or any(stretch.first < at <= stretch.end for at in self.metas):
            return False
        wanted: dict[int, list[tuple[Checkpoint, bytes]]] = {}
        for row in self._kept(stretch.first, stretch.end):
            wanted.setdefault(row[0].size, []).append(row)
        outside, tree = self.outside, self.checker.tree.copy()
        if outside and stretch.first < outside.size <= stretch.end:
            wanted.setdefault(outside.size, [])
        try:
            for size in sorted(wanted):
                while tree.size + WIDTH <= size:
                    tree.append_subtree(stretch.roots[(tree.size - stretch.first) // WIDTH], HEIGHT)
                self._check_at(Frontier(size, tree.roots + stretch.edges[size]), wanted[size])
        except (JournalError, LookupError, ValueError):
            return False
        self.checker.take_stretch(stretch)
        return True

    def _look_closely(self, end: int) -> None:
        """Entry by entry: whatever is wrong is found here, with its position and reason."""
        checker = self.checker
        while checker.tree.size < end:
            before = checker.tree.size
            to = min(before + READ_MAX, end)
            wanted: dict[int, list[tuple[Checkpoint, bytes]]] = {}
            for row in self._kept(before, to):
                wanted.setdefault(row[0].size, []).append(row)
            for entry in self.reader.rows(before - 1, to - before):
                checker.take(entry)
                size = checker.tree.size
                if size in wanted or (self.outside and size == self.outside.size):
                    self._check_at(checker.tree, wanted.get(size, ()))
                if size in self.metas:
                    self._check_metas()
            if checker.tree.size == before:
                raise ChainBroken(before, "the entry is missing")
            _check_tiles(self.reader, checker)

    def _check_at(self, tree: Frontier, rows: Iterable[tuple[Checkpoint, bytes]]) -> None:
        """The checkpoints kept at the size of `tree`, and the one from outside."""
        for kept, frontier in rows:
            if self.checker.check_note(kept.note, tree).root != kept.root or frontier != tree.dump():
                raise ChainBroken(tree.size, "a checkpoint's row is not its note")
        if self.outside and self.outside.size == tree.size:
            if self.outside.root != tree.root():
                raise ForkFound(tree.size, "the journal's root is not the one on the checkpoint given")
            if not is_signed_by(self.note or "", self.checker.statement.name, self.checker.statement.public_key):
                raise ForkFound(tree.size, "the checkpoint given is not signed by this origin")

    def _check_metas(self) -> None:
        """A volume says with what it began; it must have begun where the chain stands at its first entry. The
        endorsement is not looked at: the key it is by lies with the network.
        """
        size = self.checker.tree.size
        for meta in self.metas.pop(size, ()):
            number = int(meta.pop("index")) + 1
            expected = {"format": "CDJ1", "volume": number, "first": size, **self.checker.beginning()}
            given = {name: value for name, value in meta.items() if name not in ("before", "endorsement")}
            if given != expected:
                raise ChainBroken(size, f"volume {number} does not begin where the chain stands")


def _check_closed(reader: JournalReader) -> None:
    """A closed volume is known by its file's hash, so even bytes that no entry owns cannot change unseen."""
    paths = volume_paths(reader.folder)
    for path, (first, before) in zip(paths, reader.befores(), strict=False):
        if file_hash(path) != before:
            raise ChainBroken(first, f"the closed volume {path.name} is not the file that was closed")


def _disorder(reader: JournalReader) -> str:
    try:
        return reader.disorder()
    except UNREADABLE as error:
        return type(error).__name__


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
