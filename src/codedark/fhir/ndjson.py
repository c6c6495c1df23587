"""NDJSON: one JSON value a line (github.com/ndjson/ndjson-spec; FHIR Bulk Data 3.0.0, "File format")."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator
from typing import BinaryIO


def read_ndjson(source: bytes | BinaryIO | Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """(line number from 1, line without its end) for every line that is not blank.

    `source`: all the bytes, a binary stream, or chunks cut anywhere. A line end is LF or CRLF; a byte order mark at
    the start of the file is left out. Nothing is decoded here, so one bad line spoils only itself.
    """
    for number, line in enumerate(_lines(source), start=1):
        if number == 1 and line.startswith(codecs.BOM_UTF8):
            line = line[3:]
        line = line.strip()
        if line:
            yield number, line


def _lines(source: bytes | BinaryIO | Iterable[bytes]) -> Iterator[bytes]:
    if isinstance(source, bytes | bytearray | memoryview):
        yield from bytes(source).split(b"\n")
        return
    kept: list[bytes] = []
    for chunk in source:
        head, *rest = chunk.split(b"\n")
        kept.append(head)
        for part in rest:
            yield b"".join(kept)
            kept = [part]
    yield b"".join(kept)
