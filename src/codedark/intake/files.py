"""Files into the journal: FHIR NDJSON and bundles, HL7 messages; plain, gzip or zstd.

An import can be run again at any time: each piece has a natural key (label, file, first line), so what an earlier run
kept gets its old receipt and nothing is kept twice. What cannot be read is reported with file and line, and the rest
goes on.
"""

from __future__ import annotations

import gzip
import os
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import BinaryIO

import zstandard

from codedark.entries import FhirChunk, Refused, draft_of
from codedark.errors import Unparsable
from codedark.fhir import bundle_lines, deletion_lines, one_line, read_ndjson, resource
from codedark.hl7 import XML_REFUSED, is_xml, split_batch
from codedark.intake.report import ImportReport, Refusal
from codedark.journal import Draft, Once, Outcome, Receipt

CHUNK_LINES = 200
CHUNK_BYTES = 4 * 1024 * 1024
LINE_BYTES = 64 * 1024 * 1024
"""A longer line is refused and costs only itself."""
DOCUMENT_BYTES = 512 * 1024 * 1024
"""A larger document (a bundle, a file of HL7 messages), unpacked, is refused whole: it has to be in memory at once."""
COMMIT_DRAFTS = 512
COMMIT_BYTES = 16 * 1024 * 1024
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_BLANK = b" \t\r\n\xef\xbb\xbf\xff\xfe\x00\x0b"
_READ, _LOOK, _SLICE = 1 << 20, 1 << 16, 1 << 10
_MESSAGE = re.compile(rb"(?:^|[\r\n\x0b])[ \t]*(?:\xef\xbb\xbf)?(?:MSH|FHS|BHS)[^\w\s]")
_HL7_NAMES = (".hl7", ".er7", ".hl7v2", ".mllp")
_LINE_NAMES = (".ndjson", ".jsonl")

AppendAll = Callable[[Sequence[Draft]], list[Receipt]]
Progress = Callable[[str, int, int], None]
"""(file, bytes read, bytes of the file), as stored: compressed bytes for a compressed file."""
Line = tuple[int, bytes]


class _TooLarge(Exception):
    """A document over `DOCUMENT_BYTES`."""


def no_progress(file: str, done: int, total: int) -> None:
    """Say nothing."""


def from_the_start(file: str) -> int:
    """Resume nowhere: the natural keys alone keep a second run from doubling anything."""
    return 0


def import_files(
    paths: Iterable[Path], append_all: AppendAll, *, label: str,
    resume: Callable[[str], int] = from_the_start, progress: Progress = no_progress,
) -> ImportReport:  # fmt: skip
    """Keep every readable resource and message of these files (folders are walked), ~200 resources an entry.

    `label`: names this import; the same label and file again continues it. `resume(file)`: the last line known to be
    kept, 0 for none. Raises AppendFailed when the journal keeps nothing more; run it again then.
    """
    report = ImportReport()
    for path, name in _walk(paths):
        report.files += 1
        sink = _Sink(append_all, label, name, report)
        try:
            with path.open("rb") as file:
                tick = partial(_tell, progress, name, file.tell, path.stat().st_size)
                _take(_chunks(file), name, sink, resume(name), tick)
        except (OSError, EOFError, zlib.error, zstandard.ZstdError) as error:
            sink.refuse(0, f"cannot be read: {type(error).__name__}")
        except _TooLarge:
            sink.refuse(0, f"larger than {DOCUMENT_BYTES >> 20} MiB unpacked: split it")
        sink.flush()
        progress(name, path.stat().st_size, path.stat().st_size)
    return report


def import_lines(
    chunks: Iterator[bytes], name: str, append_all: AppendAll, *, label: str, as_of: str = "", deletions: bool = False,
) -> ImportReport:  # fmt: skip
    """Keep one NDJSON file that comes from elsewhere than a disk; nothing of it is written but to the journal.

    `name`: the file's, unique within the label; `as_of`: see `FhirChunk`; `deletions`: its lines are Bundles that say
    what was deleted. Raises AppendFailed, and whatever `chunks` raises: what came before is kept then, and the same
    file again under the same name doubles nothing.
    """
    report = ImportReport(files=1)
    sink = _Sink(append_all, label, name, report, as_of=as_of)
    try:
        if deletions:
            _take_deletions(chunks, sink)
        else:
            _take_lines(chunks, sink, 0, lambda: None)
    finally:
        sink.flush()
    return report


def _take_deletions(chunks: Iterator[bytes], sink: _Sink) -> None:
    """The deletions of a file numbered from 1: a file has thousands of Bundles, often with one each."""
    lines: list[Line] = []
    number = 0
    for at, line in read_ndjson(_without_long_lines(chunks, long := set[int]())):
        try:
            found = [] if at in long else deletion_lines(line)
        except Unparsable as error:
            sink.refuse(at, str(error))
            continue
        for each in found:
            number += 1
            lines.append((number, each))
            if len(lines) == CHUNK_LINES:
                sink.chunk("deleted", lines)
                lines = []
    if lines:
        sink.chunk("deleted", lines)
    for at in sorted(long):
        sink.refuse(at, f"longer than {LINE_BYTES >> 20} MiB")


def _tell(progress: Progress, file: str, place: Callable[[], int], total: int) -> None:
    progress(file, place(), total)


def _walk(paths: Iterable[Path]) -> Iterator[tuple[Path, str]]:
    for path in paths:
        if path.is_dir():
            yield from ((p, _named(p.relative_to(path))) for p in sorted(path.rglob("*")) if p.is_file())
        else:
            yield path, _named(Path(path.name))


def _named(path: Path) -> str:
    """A file's name as text. Linux lets a name be any bytes; those that are no UTF-8 are told as `\\xff`."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    """The plain bytes of a file. A cut archive ends in EOFError or the library's own error."""
    magic = file.read(4)
    file.seek(0)
    if magic.startswith(_GZIP):
        with gzip.open(file) as plain:
            yield from iter(partial(plain.read, _READ), b"")
    elif magic == _ZSTD:
        yield from _unpacked(file)
    else:
        yield from iter(partial(file.read, _READ), b"")


def _unpacked(file: BinaryIO) -> Iterator[bytes]:
    """zstd frames one after another. The library's own stream reader passes over a cut frame in silence."""
    frame = None
    for packed in iter(partial(file.read, _READ // 8), b""):
        rest, at = memoryview(packed), 0
        while at < len(rest):
            frame = frame or zstandard.ZstdDecompressor().decompressobj()
            # Zstandard packs at most 32,768 to 1, so a slice never unpacks to more than 32 MiB.
            yield frame.decompress(rest[at : at + _SLICE])
            at += _SLICE
            if frame.eof:
                at, frame = min(at, len(rest)) - len(frame.unused_data), None
    if frame is not None:
        raise EOFError


def _take(chunks: Iterator[bytes], name: str, sink: _Sink, after: int, tick: Callable[[], None]) -> None:
    plain = name.lower().removesuffix(".gz").removesuffix(".zst").removesuffix(".zstd")
    start = b""
    while len(start) < _LOOK and (more := next(chunks, b"")):
        start += more
    bare = start[:_LOOK].replace(b"\x00", b"").lstrip(_BLANK)
    if plain.endswith(_LINE_NAMES) or (bare.startswith(b"{") and _first_line_is_whole(start)):
        _take_lines(chain((start,), chunks), sink, after, tick)
    elif bare.startswith(b"{"):
        _take_document(_whole(start, chunks), sink, after)
    elif plain.endswith(_HL7_NAMES) or _MESSAGE.search(bare):
        _take_messages(_whole(start, chunks), sink, after)
    elif is_xml(start):
        sink.unread(_whole(start, chunks), XML_REFUSED)
    else:
        sink.refuse(1, "neither HL7 nor FHIR JSON")


def _whole(start: bytes, chunks: Iterator[bytes]) -> bytes:
    pieces, size = [start], len(start)
    for chunk in chunks:
        size += len(chunk)
        if size > DOCUMENT_BYTES:
            raise _TooLarge
        pieces.append(chunk)
    return b"".join(pieces)


def _without_long_lines(chunks: Iterable[bytes], long: set[int]) -> Iterator[bytes]:
    """The same bytes, but of a line over `LINE_BYTES` only a beginning; its number goes into `long`."""
    number, size = 1, 0
    for chunk in chunks:
        end = chunk.find(b"\n")
        if size + (end if end >= 0 else len(chunk)) > LINE_BYTES:
            long.add(number)
            chunk = chunk[end:] if end >= 0 else b""
        last = chunk.rfind(b"\n")
        size = size + len(chunk) if last < 0 else len(chunk) - last - 1
        number += chunk.count(b"\n")
        if chunk:
            yield chunk


def _first_line_is_whole(start: bytes) -> bool:
    """Two lines or more, and the first is a whole JSON object by itself: lines, not one document."""
    head, _, rest = start.partition(b"\n")
    if not rest.strip():
        return False
    try:
        resource(head.strip())
    except Unparsable:
        return False
    return True


def _take_lines(chunks: Iterable[bytes], sink: _Sink, after: int, tick: Callable[[], None]) -> None:
    lines: list[Line] = []
    long: set[int] = set()
    size = 0
    for number, line in read_ndjson(_without_long_lines(chunks, long)):
        if number <= after:
            continue
        if number in long or len(line) > LINE_BYTES:
            long.add(number)
            continue
        kind = sink.kind_of(number, line)
        if kind == "Bundle":
            _take_bundle(line, sink, within=number)
        elif kind:
            lines.append((number, line))
            size += len(line)
        if lines and (number - lines[0][0] >= CHUNK_LINES - 1 or size >= CHUNK_BYTES):
            sink.chunk("ndjson", lines)
            lines, size = [], 0
            tick()
    if lines:
        sink.chunk("ndjson", lines)
    for number in sorted(long):
        sink.refuse(number, f"longer than {LINE_BYTES >> 20} MiB")


def _take_document(data: bytes, sink: _Sink, after: int) -> None:
    """One JSON document: a bundle, or a single resource."""
    kind = sink.kind_of(1, data)
    if kind == "Bundle":
        _take_bundle(data, sink, after=after)
    elif kind and not after:
        sink.chunk("ndjson", [(1, one_line(data))])


def _take_bundle(data: bytes, sink: _Sink, *, within: int = 0, after: int = 0) -> None:
    """The resources of a bundle, numbered from 1 by their place in it. `within`: the line it stands in, if it is one
    line of a file of many."""
    lines: list[Line] = []
    for index, body in bundle_lines(data):
        if index < after:
            continue
        if lines and index + 1 - lines[0][0] >= CHUNK_LINES:
            sink.chunk("bundle", lines, within=within)
            lines = []
        lines.append((index + 1, body))
    if lines:
        sink.chunk("bundle", lines, within=within)


def _take_messages(data: bytes, sink: _Sink, after: int) -> None:
    parts = split_batch(data)
    if not parts:
        sink.refuse(1, "no message in it")
    for part in parts:
        if part.line <= after:
            continue
        if part.reason:
            sink.refuse(part.line, part.reason)
        else:
            sink.message(part.raw, part.line)


@dataclass(slots=True)
class _Sink:
    """Gathers the drafts of one file and appends them in groups."""

    append_all: AppendAll
    label: str
    file: str
    report: ImportReport
    as_of: str = ""
    drafts: list[Draft] = field(default_factory=list)
    size: int = 0

    def refuse(self, line: int, reason: str) -> None:
        """Report one piece that is not taken."""
        self.report.refusals.append(Refusal(self.file, line, reason))

    def kind_of(self, line: int, data: bytes) -> str:
        """The resourceType of one JSON document; empty, and reported, when it is no resource."""
        try:
            return str(resource(data)["resourceType"])
        except Unparsable as error:
            self.refuse(line, str(error))
            return ""

    def chunk(self, form: str, lines: list[Line], *, within: int = 0) -> None:
        """One `fhir.imported`. A line that was left out stays as an empty one, so that every other keeps its number."""
        first, by_number = lines[0][0], dict(lines)
        body = b"\n".join(by_number.get(n, b"") for n in range(first, lines[-1][0] + 1))
        file = f"{self.file}:{within}" if within else self.file
        chunk = FhirChunk(file=file, first_line=first, format=form, lines=body, as_of=self.as_of)
        draft = draft_of(chunk, source=f"import:{self.label}")
        self.report.resources += len(lines)
        self._add(replace(draft, once=Once(f"import\x1f{self.label}\x1f{file}", f"{form}:{first}")))

    def message(self, raw: bytes, line: int) -> None:
        """One `hl7.received`. Its natural key is its place in the file: files are read again, senders do not resend."""
        once = Once(f"import\x1f{self.label}\x1f{self.file}", f"hl7:{line}")
        self.report.messages += 1
        self._add(Draft("hl7.received", 1, f"import:{self.label}", raw, once=once))

    def unread(self, raw: bytes, reason: str) -> None:
        """One `hl7.refused` with all bytes of a file that is of a known kind and not read: reported, kept, on the
        worklist. No keyed MAC is needed where everything is there."""
        self.refuse(1, f"{reason}; the file is kept whole, unread")
        self.report.unread += 1
        payload = Refused(prefix=raw, length=len(raw), mac=b"", reason=reason)
        draft = draft_of(payload, source=f"import:{self.label}")
        self._add(replace(draft, once=Once(f"import\x1f{self.label}\x1f{self.file}", "unread:1")))

    def flush(self) -> None:
        """Append what is gathered; returns when it is durable."""
        drafts, self.drafts, self.size = self.drafts, [], 0
        for receipt in self.append_all(drafts) if drafts else ():
            if receipt.outcome is Outcome.SAME:
                self.report.repeated += 1
                continue
            self.report.entries += 1
            self.report.differing += receipt.outcome is Outcome.DIFFERS

    def _add(self, draft: Draft) -> None:
        self.drafts.append(draft)
        self.size += len(draft.payload)
        if len(self.drafts) >= COMMIT_DRAFTS or self.size >= COMMIT_BYTES:
            self.flush()
