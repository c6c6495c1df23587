"""Pages of print reports as our own pixels, drawn in the cage and laid ready, sealed, for the screen and for packs.

The original of a report is in the journal and goes nowhere. What people see is drawn again from it, and lies in
`prints/` under a key derived from the views' key: like the views it is disposable and is made again.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import struct
import zlib
from collections.abc import Iterable
from pathlib import Path

import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from codedark.cage import Cage, Raster
from codedark.entries import ReportReceived, payload_of
from codedark.errors import CodedarkError, FileRefused
from codedark.journal import Entry, Lineage
from codedark.views import PrintReport, Record

DPI = 200
MOST_PAGES = 60
"""Pages of one report that are laid ready; the list says when there are more."""
REPORT_PAGES = 400
"""Pages of one report file: a unit's MAR of forty patients is far below."""
_NAME = re.compile(r"([0-9a-f-]{36})\.(\d{1,4})\.([0-9a-f]{8})\.page")
_MARGIN = 16
_TONES = bytes(value & 0xF0 | value >> 4 for value in range(256))
"""Sixteen greys are all that a laser printer shows of a page of text, and a third of the size."""


def reports_cage() -> Cage:
    """The cage that report files are opened in."""
    return Cage.start(pages=REPORT_PAGES)


class PrintShelf:
    """The folder of drawn pages. A file's name holds a report's id, which says nothing about anybody, and the mark of
    its key: pages under an earlier key are as good as none."""

    def __init__(self, folder: Path, views_key: bytes) -> None:
        self.folder = folder
        key = hmac.digest(views_key, b"codedark drawn print reports v1", hashlib.sha512)
        self._seal = AESSIV(key)
        self._mark = hmac.digest(key, b"mark", hashlib.sha256)[:4].hex()

    def put(self, report: str, page: int, png: bytes) -> None:
        """Keep one page (0600), whole or not at all. Raises OSError."""
        self.folder.mkdir(mode=0o700, exist_ok=True)
        name = self._name(report, page)
        part = self.folder / f"{name}.part"
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(self._seal.encrypt(png, [name.encode()]))
        part.replace(self.folder / name)

    def pages(self, report: str) -> tuple[bytes, ...]:
        """The pages of a report as PNG, in order; empty while they are not drawn, or when one is damaged."""
        found = []
        for page in range(1, MOST_PAGES + 1):
            name = self._name(report, page)
            try:
                found.append(self._seal.decrypt((self.folder / name).read_bytes(), [name.encode()]))
            except FileNotFoundError:
                return tuple(found)
            except (OSError, InvalidTag, ValueError):
                return ()
        return tuple(found)

    def there(self) -> set[str]:
        """The reports of which there are pages."""
        if not self.folder.is_dir():
            return set()
        found = (_NAME.fullmatch(path.name) for path in self.folder.iterdir())
        return {match[1] for match in found if match and match[3] == self._mark}

    def keep_only(self, reports: Iterable[str]) -> None:
        """Remove the pages of all other reports."""
        wanted = set(reports)
        for path in self.folder.iterdir() if self.folder.is_dir() else ():
            match = _NAME.fullmatch(path.name)
            if match is None or match[1] not in wanted or match[3] != self._mark:
                path.unlink(missing_ok=True)

    def _name(self, report: str, page: int) -> str:
        return f"{report}.{page}.{self._mark}.page"


class PrintRoom:
    """Draws the reports that are worth having ready: the newest of each kind of each patient, and the loose ones."""

    def __init__(self, shelf: PrintShelf, cage: Cage) -> None:
        self.shelf, self._cage = shelf, cage
        self._failed: set[str] = set()
        self._position = -2
        self.closed = False

    def close(self) -> None:
        """End the decoders; nothing is drawn from here on."""
        self.closed = True
        self._cage.close()

    def lay_ready(self, record: Record, reader: Lineage, most: int = 1_000_000) -> int:
        """Draw at most `most` reports that lack; how many were drawn. Raises `NoCage` where nothing can be."""
        position: int = record.store.meta("position", -1)
        if position == self._position:
            return 0
        wanted = {report.id: report for report in record.newest_prints()}
        lacking = [wanted[each] for each in wanted if each not in self.shelf.there() | self._failed]
        for report in lacking[:most]:
            self._draw(report, reader)
        if len(lacking) <= most:
            self.shelf.keep_only(wanted)
            self._position = position
        return len(lacking[:most])

    def _draw(self, report: PrintReport, reader: Lineage) -> None:
        original = _original(reader.read(report.stamp.position - 1, 1))
        if original is None:
            self._failed.add(report.id)
            return
        last = min(report.last, report.first + MOST_PAGES - 1)
        for number in range(report.first, last + 1):
            try:
                for page in self._cage.pages(original, DPI, page=number):
                    self.shelf.put(report.id, number - report.first + 1, png(page.raster))
            except FileRefused:
                self._failed.add(report.id)
                return


def _original(entries: Iterable[Entry]) -> bytes | None:
    for entry in entries:
        payload = payload_of(entry)
        if isinstance(payload, ReportReceived) and not payload.unread:
            return payload.content
    return None


def lay_prints_ready(
    room: PrintRoom, record: Record, reader: Lineage, log: structlog.typing.FilteringBoundLogger
) -> None:
    """One round beside the fold: a report at a time, so that the views never wait long. Says once that it cannot."""
    if room.closed:
        return
    try:
        room.lay_ready(record, reader, most=1)
    except (CodedarkError, OSError) as error:
        log.warning("print reports not drawn", error=type(error).__name__)
        room.close()


def png(raster: Raster) -> bytes:
    """Grey pixels as PNG (ISO/IEC 15948: 8 bits, no filter), in sixteen tones, without the white around the ink so that
    it stands as large as it can on a sheet; the same pixels give the same bytes."""
    tones, width = raster.pixels.translate(_TONES), raster.width
    rows = [tones[start : start + width] for start in range(0, len(tones), width)]
    left, top, right, bottom = _inked(rows, width)
    lines = b"".join(b"\0" + row[left:right] for row in rows[top:bottom])
    head = struct.pack(">IIBBBBB", right - left, bottom - top, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", zlib.compress(lines, 6)) + _chunk(b"IEND", b"")
    )


def _inked(rows: list[bytes], width: int) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of all that is not white, with a margin; the whole page when it is empty."""
    white = b"\xff"
    inked = [(number, row) for number, row in enumerate(rows) if row.strip(white)]
    if not inked:
        return 0, 0, width, len(rows)
    left = min(width - len(row.lstrip(white)) for _, row in inked)
    right = max(len(row.rstrip(white)) for _, row in inked)
    top, bottom = inked[0][0], inked[-1][0] + 1
    return max(0, left - _MARGIN), max(0, top - _MARGIN), min(width, right + _MARGIN), min(len(rows), bottom + _MARGIN)


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
