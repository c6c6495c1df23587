"""A journal as one file that a stranger verifies from the format page alone (docs/formats/journal.md, "Export")."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from codedark.errors import ChainBroken, ForkFound, JournalError, UnknownFormat
from codedark.journal import header as h
from codedark.journal.epochs import SUFFIX
from codedark.journal.model import SealedEntry
from codedark.journal.note import TreeHead
from codedark.journal.origin import OriginStatement
from codedark.journal.pull import keep_batch, new_copy, seal_copy
from codedark.journal.reader import READ_BYTES, READ_MAX, JournalReader
from codedark.journal.verification import Checker
from codedark.journal.volume import Volume

_SECTION = struct.Struct(">cQ")
_U32 = struct.Struct(">I")
_SECTION_MAX = 8 << 30


def export(folder: Path, out: BinaryIO, *, progress: Callable[[int, int], None] | None = None) -> int:
    """Write statement, endorsement, epoch files, entries and the newest checkpoint. Returns the number of entries."""
    reader = JournalReader.open(folder)
    newest = reader.checkpoint()
    if newest is None:
        raise JournalError("the journal has no checkpoint yet", hint="Try again after the first commit.")
    _put(out, b"O", reader.statement.text.encode())
    if reader.statement.endorsement:
        _put(out, b"N", reader.statement.endorsement)
    for path in sorted((folder / "epochs").glob(f"*{SUFFIX}")):
        _put(out, b"K", path.read_bytes())
    done = 0
    while done < newest.size:
        before = done
        for entry in reader.rows(done - 1, min(READ_MAX, newest.size - done)):
            _put(out, b"E", _U32.pack(len(entry.header)) + entry.header + entry.nonce + entry.ciphertext)
            done += 1
        if done == before:
            raise ChainBroken(done, "the entry is missing")
        if progress:
            progress(done, newest.size)
    _put(out, b"C", newest.note.encode())
    reader.close()
    return done


def sections(source: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    """(type, bytes) of each section. Raises UnknownFormat when the file ends inside one."""
    while head := source.read(_SECTION.size):
        if len(head) != _SECTION.size:
            raise UnknownFormat("the export ends inside a section")
        kind, size = _SECTION.unpack(head)
        if kind not in b"ONKEC" or size > _SECTION_MAX:
            raise UnknownFormat("the export has a section of unknown type or size")
        data = source.read(size)
        if len(data) != size:
            raise UnknownFormat("the export ends inside a section")
        yield kind, data


def verify_export(source: BinaryIO, outside: TreeHead | None = None) -> Checker:
    """Check an export to its last checkpoint; needs no key. `outside`: a tree head from elsewhere that it must contain.

    Raises ChainBroken, ForkFound or UnknownFormat.
    """
    checker: Checker | None = None
    text, covered = "", False
    for kind, data in sections(source):
        if kind == b"O":
            text = data.decode("utf-8", "replace")
            checker = Checker(OriginStatement.parse(text))
        elif checker is None:
            raise UnknownFormat("the export does not begin with a statement")
        elif kind == b"E":
            checker.take(sealed_entry(data))
            if outside and checker.tree.size == outside.size and checker.tree.root() != outside.root:
                raise ForkFound(outside.size, "the root is not the one on the checkpoint given")
            covered = False
        elif kind == b"C":
            checker.check_note(data.decode("utf-8", "replace"))
            covered = True
    if checker is None or not covered:
        raise ChainBroken(checker.tree.size if checker else 0, "the export does not end with a checkpoint")
    if outside and (outside.name != checker.statement.name or outside.size > checker.tree.size):
        raise ForkFound(checker.tree.size, "the checkpoint given is of another origin, or covers more entries")
    return checker


def keep_export(source: BinaryIO, folder: Path) -> OriginStatement:
    """Make an ordinary journal folder of an export, each entry checked before it is written. Whose it is.

    Raises ChainBroken, UnknownFormat; the folder is then not to be used.
    """
    statement: OriginStatement | None = None
    keeping: _Keeping | None = None
    for kind, data in sections(source):
        if kind == b"O":
            statement = OriginStatement.parse(data.decode("utf-8", "replace"))
        elif statement is None:
            raise UnknownFormat("the export does not begin with a statement")
        elif kind == b"N":
            statement = OriginStatement.parse(statement.text, data)
        else:
            keeping = keeping or _Keeping(folder, statement)
            keeping.take(kind, data)
    if keeping is None or statement is None:
        raise ChainBroken(0, "the export holds no entries")
    keeping.end()
    return statement


class _Keeping:
    """An export on its way into a folder."""

    def __init__(self, folder: Path, statement: OriginStatement) -> None:
        self.epochs = folder / "epochs"
        self.target: Volume = new_copy(folder, statement)
        self.epochs.mkdir(mode=0o700)
        self.checker, self.note = Checker(statement), ""
        self.batch: list[tuple[int, SealedEntry]] = []
        self.size = 0

    def take(self, kind: bytes, data: bytes) -> None:
        """One section."""
        if kind == b"K":
            path = self.epochs / f"{sha256(data).digest()[:16].hex()}{SUFFIX}"
            path.write_bytes(data)
            path.chmod(0o600)
        elif kind == b"E":
            entry = sealed_entry(data)
            self.checker.take(entry)
            self.batch.append((self.checker.tree.size - 1, entry))
            self.note, self.size = "", self.size + len(data)
            if len(self.batch) == READ_MAX or self.size >= READ_BYTES:
                self._write()
        elif kind == b"C":
            self.note = data.decode("utf-8", "replace")
            self.checker.check_note(self.note)

    def _write(self) -> None:
        keep_batch(self.target, self.batch, self.checker)
        self.batch, self.size = [], 0

    def end(self) -> None:
        """The last entries, and the checkpoint over all of them."""
        if not self.note:
            raise ChainBroken(self.checker.tree.size, "the export does not end with a checkpoint")
        self._write()
        tree = self.checker.tree
        seal_copy(self.target, tree.size, tree.root(), self.note, tree, self.checker.counts)
        self.target.close()


def sealed_entry(data: bytes) -> SealedEntry:
    """One `E` section. The hash is computed, not carried."""
    if len(data) < 4:
        raise UnknownFormat("an entry section is too short")
    (size,) = _U32.unpack_from(data)
    header, rest = data[4 : 4 + size], data[4 + size :]
    nonce, ciphertext = rest[: h.NONCE_SIZE], rest[h.NONCE_SIZE :]
    return SealedEntry(header, nonce, ciphertext, h.entry_hash(header, nonce, ciphertext))


def _put(out: BinaryIO, kind: bytes, data: bytes) -> None:
    out.write(_SECTION.pack(kind, len(data)))
    out.write(data)
