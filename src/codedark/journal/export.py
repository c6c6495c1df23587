"""A journal as one file that a stranger verifies from the format page alone (docs/formats/journal.md, "Export")."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from codedark.errors import ChainBroken, JournalError, UnknownFormat
from codedark.journal import header as h
from codedark.journal.epochs import SUFFIX
from codedark.journal.model import SealedEntry
from codedark.journal.origin import OriginStatement
from codedark.journal.reader import READ_MAX, JournalReader
from codedark.journal.verification import Checker

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


def verify_export(source: BinaryIO) -> Checker:
    """Check an export to its last checkpoint. Raises ChainBroken or UnknownFormat; needs no key."""
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
            covered = False
        elif kind == b"C":
            checker.check_note(data.decode("utf-8", "replace"))
            covered = True
    if checker is None or not covered:
        raise ChainBroken(checker.tree.size if checker else 0, "the export does not end with a checkpoint")
    return checker


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
